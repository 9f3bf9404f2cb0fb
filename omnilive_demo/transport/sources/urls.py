"""Which stream addresses may be opened.

`parse_url` reads an address strictly and once: everything later (resolving, connecting, redirects, playlist entries)
uses its result, so no second parser can understand it differently. `checked_addresses` resolves a host and, when the
server is public, refuses it if any of its addresses is not a public one; the caller connects to exactly the addresses
returned, which leaves no gap for a name that changes its address after the check.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, cast
from urllib.parse import SplitResult, unquote, urlsplit

from omnilive_demo.transport.sources.failure import CHECK_ADDRESS, SourceFailed

Scheme = Literal["http", "https", "rtmp", "rtmps", "rtsp", "rtsps"]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], list[str]]
"""Host and port to IP addresses, as text. Raises socket.gaierror."""

PORTS: Final[dict[str, int]] = {"http": 80, "https": 443, "rtmp": 1935, "rtmps": 443, "rtsp": 554, "rtsps": 322}
WEB: Final = frozenset({"http", "https"})
SECURE: Final = frozenset({"https", "rtmps", "rtsps"})
MAX_URL_CHARS: Final = 2000

_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?")
_LOCAL_NAMES = ("localhost", "local", "internal", "lan", "home", "intranet", "localdomain", "home.arpa")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class StreamUrl:
    """A stream's address in parts. `host` is ASCII, lower case, without brackets and trailing dot."""

    scheme: Scheme
    host: str
    port: int
    target: str  # path and query as they go to the server
    user: str | None = None
    password: str | None = None

    @property
    def secure(self) -> bool:
        """Whether the connection is encrypted."""
        return self.scheme in SECURE

    @property
    def netloc(self) -> str:
        """Host and port as a server expects them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def bare(self) -> str:
        """The address without user and password."""
        return f"{self.scheme}://{self.netloc}{self.target}"

    @property
    def shown(self) -> str:
        """What may be shown and logged: no user, password, query or stream key."""
        path = self.target.partition("?")[0]
        if self.scheme in ("rtmp", "rtmps"):
            path = path.rpartition("/")[0] + "/…" if path.count("/") > 1 else path
        elif "?" in self.target:
            path += "?…"
        return f"{self.scheme}://{self.netloc}{path}"

    def __repr__(self) -> str:
        return f"StreamUrl({self.shown})"


def parse_url(text: str, allowed: frozenset[str] = frozenset(PORTS)) -> StreamUrl:
    """Read an address.

    Raises:
        SourceFailed: not an address, or a protocol that is not allowed.
    """
    text = text.strip()
    if not text or len(text) > MAX_URL_CHARS or any(c.isspace() or c == "\\" or not c.isprintable() for c in text):
        raise _not_an_address()
    scheme = text.partition(":")[0].lower()
    if scheme not in PORTS or scheme not in allowed:
        names = ", ".join(f"{name}://" for name in PORTS if name in allowed)
        raise SourceFailed("source_protocol", "That kind of address cannot be opened.", f"It must begin with {names}.")
    try:
        parts = urlsplit(text)
        host, port = _host(parts), parts.port or PORTS[scheme]
    except ValueError as error:
        raise _not_an_address() from error
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    user, password = (None if part is None else unquote(part) for part in (parts.username, parts.password))
    return StreamUrl(cast(Scheme, scheme), host, port, _ascii(target), user, password)


def _not_an_address() -> SourceFailed:
    return SourceFailed(
        "source_address", "This is not a stream address.", "It looks like https://example.org/live.m3u8."
    )


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if ":" in host:  # only IPv6 in brackets gets here; a scoped address (fe80::1%eth0) is local by nature
        if "%" in host:
            raise ValueError("scoped address")
        return str(ipaddress.IPv6Address(host))
    host = host.encode("idna").decode("ascii").lower().rstrip(".")
    if not _HOST.fullmatch(host):
        raise ValueError("not a host name")
    return host


def _ascii(target: str) -> str:
    """Percent-encode what is not ASCII; the rest stays as it is."""
    return "".join(c if c.isascii() else "".join(f"%{byte:02X}" for byte in c.encode()) for c in target)


def refuse_private_literal(url: StreamUrl) -> None:
    """Refuse at once, without asking a name server, what is visibly private.

    Raises:
        SourceFailed: a private address in any spelling (decimal, octal, hexadecimal, short), or a local name.
    """
    labels = "." + url.host
    if any(labels.endswith("." + name) for name in _LOCAL_NAMES):
        raise _private()
    literal = _literal(url.host)
    if literal is not None and not is_public(literal):
        raise _private()


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))  # 2130706433, 0x7f.1, 0177.0.0.1
    except (OSError, ValueError):
        return None


def is_public(address: Address) -> bool:
    """Whether an address is one of the open internet, and so are the IPv4 addresses that it may embed."""
    if isinstance(address, ipaddress.IPv6Address):
        embedded = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in _NAT64 or int(address) >> 32 == 0:
            embedded.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if any(inner is not None and not is_public(inner) for inner in embedded):
            return False
        if address.ipv4_mapped is not None:
            return True
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _private() -> SourceFailed:
    return SourceFailed(
        "source_private",
        "Addresses inside private networks are not opened here.",
        "Run the app on your own machine for that.",
    )


def system_resolver(host: str, port: int) -> list[str]:
    """What the operating system knows of a name, IPv4 first (it is the likelier one to have a route)."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = sorted({str(info[4][0]): info[0] for info in found}.items(), key=lambda item: item[1] != socket.AF_INET)
    return [address for address, _ in addresses]


def checked_addresses(url: StreamUrl, public: bool, resolve: Resolver = system_resolver) -> list[str]:
    """The IP addresses of a host, after the check; connect to one of these and to nothing else. May block for seconds.

    Raises:
        SourceFailed: no such host, or (on a public server) any of its addresses is not a public one.
    """
    if public:
        refuse_private_literal(url)
    try:
        addresses = resolve(url.host, url.port)
    except (socket.gaierror, UnicodeError) as error:
        raise SourceFailed("source_unknown_host", "There is no server of that name.", CHECK_ADDRESS) from error
    if not addresses:
        raise SourceFailed("source_unknown_host", "There is no server of that name.", CHECK_ADDRESS)
    if public and not all(is_public(ipaddress.ip_address(address.partition("%")[0])) for address in addresses):
        raise _private()
    return addresses
