"""Who may talk to us: pages that we served ourselves.

Browsers send the Origin of the page that makes a request; a foreign page cannot forge it. A request without one (a
command line client, a picture, a page's own GET) is let through, for everything private asks for a token besides.
A server that listens on loopback also insists on a loopback Host: else a foreign name that resolves to 127.0.0.1 would
make a foreign page look like our own. Behind a Space's proxy or a share tunnel the public name comes in
`X-Forwarded-Host`, which a browser's page cannot set across origins; nowhere else is that header believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from omnilive_demo.config import Settings, is_loopback

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def origin_allowed(headers: Mapping[str, str], settings: Settings) -> bool:
    """Whether a request with these headers (lower-case names) comes from our own page, or from no page at all."""
    host = headers.get("host", "")
    tunnelled = settings.on_space or settings.share
    if not settings.public and not is_loopback(_split(host)[0]):
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path not in ("", "/"):
        return False
    ours = [host]
    if tunnelled:
        ours += [name.strip() for name in headers.get("x-forwarded-host", "").split(",")]
    wanted = _split(parts.netloc, parts.scheme)
    return any(name and _split(name, parts.scheme) == wanted for name in ours)


def client_address(headers: Mapping[str, str], peer: str, settings: Settings) -> str:
    """Whom to count a request against; behind a proxy, the last address that the proxy itself wrote down."""
    if settings.on_space or settings.share:
        return headers.get("x-forwarded-for", peer).rsplit(",", 1)[-1].strip() or peer
    return peer


def _split(netloc: str, scheme: str = "http") -> tuple[str, int | None]:
    """Host name in lower case and port; a name that cannot be read equals nothing."""
    try:
        parts = urlsplit(f"//{netloc}")
        return (parts.hostname or "").rstrip("."), parts.port or _DEFAULT_PORTS[scheme]
    except ValueError:
        return "", None
