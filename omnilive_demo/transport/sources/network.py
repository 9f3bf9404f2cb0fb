"""Connections to stream servers, made by us and not by FFmpeg.

`Network` resolves, checks and connects (to the very address that was checked), verifies certificates, limits silence,
and can be cut from any thread, which wakes whatever waits for it. FFmpeg gets its bytes from `HttpFile` or through a
`Tunnel`, so it never opens an address of its own choice: not after a redirect, not from a playlist.
"""

from __future__ import annotations

import logging
import selectors
import socket
import ssl
import threading
import time

from omnilive_demo.transport.sources.failure import SourceFailed, explain, stalled
from omnilive_demo.transport.sources.urls import Resolver, StreamUrl, checked_addresses, system_resolver

log = logging.getLogger(__name__)

STALL_LIMIT_S = 10.0
_POLL_S = 0.2


class Network:
    """The connections of one source.

    Args:
        public: refuse private addresses.
        stall_limit_s: longest silence, and longest time to connect.
        resolve: names to addresses (tests put their own here).
    """

    def __init__(self, public: bool, stall_limit_s: float = STALL_LIMIT_S, resolve: Resolver = system_resolver) -> None:
        self.public = public
        self.stall_limit_s = stall_limit_s
        self.failure: SourceFailed | None = None  # the first thing that went wrong: FFmpeg may report less
        self._resolve = resolve
        self._cut = threading.Event()
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()

    @property
    def is_cut(self) -> bool:
        """Whether the source was stopped."""
        return self._cut.is_set()

    def connect(self, url: StreamUrl) -> socket.socket:
        """A connection to the server of `url`, encrypted where its scheme says so. Blocks; `cut` ends it.

        Raises:
            SourceFailed: with the reason in words (also kept in `failure`).
        """
        try:
            return self._connect(url)
        except (SourceFailed, OSError) as error:
            raise self.note(explain(error, self.stall_limit_s)) from error

    def note(self, failure: SourceFailed) -> SourceFailed:
        """Keep the first failure; returns it, to be raised."""
        self.failure = self.failure or failure
        return failure

    def release(self, sock: socket.socket) -> None:
        """Close one connection."""
        with self._lock:
            self._sockets.discard(sock)
        sock.close()

    def cut(self) -> None:
        """End everything, now and for good. From any thread."""
        self._cut.set()
        with self._lock:
            sockets, self._sockets = self._sockets, set()
        for sock in sockets:
            try:
                # The plain shutdown, below TLS: a thread that reads wakes up without its TLS state changing under it.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
            except OSError:
                log.debug("a connection was gone already")

    def keep(self, sock: socket.socket) -> socket.socket:
        """Make `cut` end this socket too."""
        with self._lock:
            if not self._cut.is_set():
                self._sockets.add(sock)
                return sock
        sock.close()
        raise SourceFailed("source_stopped", "The source was stopped.")

    def _connect(self, url: StreamUrl) -> socket.socket:
        deadline_s = time.monotonic() + self.stall_limit_s
        problem: OSError = TimeoutError()
        for address in checked_addresses(url, self.public, self._resolve):
            try:
                sock = self._reach(address, url.port, deadline_s)
            except OSError as error:
                problem = error
                continue
            return self._encrypt(sock, url.host) if url.secure else sock
        raise problem

    def _reach(self, address: str, port: int, deadline_s: float) -> socket.socket:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            sock.connect_ex((address, port))
            with selectors.DefaultSelector() as waiting:
                waiting.register(sock, selectors.EVENT_WRITE)
                while not waiting.select(_POLL_S):
                    if self._cut.is_set() or time.monotonic() > deadline_s:
                        raise TimeoutError
            if number := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(number, "connect")
            sock.settimeout(self.stall_limit_s)
            return self.keep(sock)
        except BaseException:
            sock.close()
            raise

    def _encrypt(self, sock: socket.socket, host: str) -> socket.socket:
        try:
            # The handshake waits until the wrapped socket is kept, so that `cut` can end it.
            wrapped = ssl.create_default_context().wrap_socket(
                sock, server_hostname=host, do_handshake_on_connect=False
            )
            self.keep(wrapped)
            wrapped.do_handshake()
            return wrapped
        finally:
            with self._lock:
                self._sockets.discard(sock)


class RtspGuard:
    """Reads along what an RTSP server answers, and refuses redirects: FFmpeg would follow them by itself."""

    _HEADER_LIMIT = 65_536

    def __init__(self) -> None:
        self._held = b""
        self._skip = 0

    def feed(self, data: bytes) -> None:
        """Take in the next bytes from the server.

        Raises:
            SourceFailed: a redirect, or something that is not RTSP.
        """
        self._held += data
        while self._held:
            if self._skip:
                n = min(self._skip, len(self._held))
                self._held, self._skip = self._held[n:], self._skip - n
            elif self._held[:1] == b"$":  # interleaved media: $, channel, 16-bit length
                if len(self._held) < 4:
                    return
                self._skip = 4 + int.from_bytes(self._held[2:4])
            elif not self._header():
                return

    def _header(self) -> bool:
        head, end, _ = self._held.partition(b"\r\n\r\n")
        if not end:
            if len(head) > self._HEADER_LIMIT:
                raise SourceFailed("source_broken", "The server does not speak RTSP.", "Check the address.")
            return False
        lines = head.split(b"\r\n")
        if lines[0].startswith(b"RTSP/") and lines[0].split(b" ")[1:2][:1] and lines[0].split(b" ")[1].startswith(b"3"):
            raise SourceFailed("source_redirect", "The stream has moved to another address.", "Give its new address.")
        lengths = [line.partition(b":")[2] for line in lines[1:] if line.lower().startswith(b"content-length:")]
        body = int(lengths[0]) if lengths and lengths[0].strip().isdigit() else 0
        self._skip = len(head) + 4 + body
        return True


class Tunnel:
    """A door on loopback through which FFmpeg speaks RTMP or RTSP with one server, and with that one only."""

    def __init__(self, network: Network, url: StreamUrl) -> None:
        self._network = network
        self._url = url
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(_POLL_S)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, name="source-tunnel", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with self._listener:
            while not self._network.is_cut:
                try:
                    local, _ = self._listener.accept()
                except TimeoutError:
                    continue
                with local:
                    self._relay(local)

    def _relay(self, local: socket.socket) -> None:
        try:
            remote = self._network.connect(self._url)
        except SourceFailed:
            return  # kept in network.failure; closing the local end tells FFmpeg
        guard = RtspGuard() if self._url.scheme in ("rtsp", "rtsps") else None
        try:
            self._network.keep(local)
            self._pump(local, remote, guard)
        except (SourceFailed, OSError) as error:
            if not self._network.is_cut:
                self._network.note(explain(error, self._network.stall_limit_s))
        finally:
            self._network.release(remote)
            self._network.release(local)

    def _pump(self, local: socket.socket, remote: socket.socket, guard: RtspGuard | None) -> None:
        local.settimeout(self._network.stall_limit_s)
        heard_s = time.monotonic()
        with selectors.DefaultSelector() as ready:
            ready.register(local, selectors.EVENT_READ)
            ready.register(remote, selectors.EVENT_READ)
            while not self._network.is_cut:
                waiting = {key.fileobj for key, _ in ready.select(_POLL_S)}
                if isinstance(remote, ssl.SSLSocket) and remote.pending():
                    waiting.add(remote)
                if local in waiting:
                    if not (data := local.recv(65_536)):
                        return
                    remote.sendall(data)
                if remote in waiting:
                    if not (data := remote.recv(65_536)):
                        return
                    heard_s = time.monotonic()
                    if guard is not None:
                        guard.feed(data)
                    local.sendall(data)
                elif time.monotonic() - heard_s > self._network.stall_limit_s:
                    raise stalled(self._network.stall_limit_s)
