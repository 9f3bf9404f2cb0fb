"""A model hub on loopback: the routes that a client uses, and the ways in which a real one lets people down."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "1234567890abcdef1234567890abcdef12345678"
LARGE = 10_000  # files above are stored as large ones, whose hash is SHA-256


@dataclass
class StandIn:
    """What it holds (repository -> path -> bytes), how it misbehaves, and what it was asked."""

    url: str = ""
    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    token: str = ""  # when set, only this token opens what is gated, and any other is refused
    hang_s: float = 0.0  # before every answer
    stall_at: int | None = None  # of a file's bytes from here on none comes, while the connection stays
    cut_after: list[int] = field(default_factory=list)  # one entry for each download: bytes until the cut
    truncate_to: int | None = None  # files end here, and their Content-Length says that this is all
    corrupt: int = 0  # so many downloads have a wrong byte
    ranges: bool = True
    status: int = 0  # answer everything with it
    html: bool = False  # the sign-in page of a hotel
    piece_s: float = 0.0  # between pieces of 16 KiB
    last_piece: threading.Event | None = None  # the last piece of a large file waits for it
    storage: bool = False  # large files lie on another host, to which is redirected
    told_storage: list[str] = field(default_factory=list)  # tokens that the other host was told
    requests: list[tuple[str, str, str]] = field(default_factory=list)  # method, path, Range

    def add(self, repository: str, files: dict[str, bytes]) -> None:
        self.repositories[repository] = files

    def add_folder(self, repository: str, folder: Path) -> None:
        """A model folder becomes a repository, as it is."""
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        self.add(repository, {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths})

    def downloads(self) -> list[tuple[str, str]]:
        return [(path.rsplit("/", 1)[-1], span) for method, path, span in self.requests if "/resolve/" in path]


def etag_of(content: bytes) -> str:
    if len(content) > LARGE:
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()


def lfs_of(content: bytes) -> dict:
    return {"sha256": etag_of(content), "size": len(content), "pointerSize": 134}


class _Handler(BaseHTTPRequestHandler):
    hub: StandIn
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append((self.command, path, self.headers.get("range", "")))
        time.sleep(self.hub.hang_s)
        if self.hub.html:
            return self._send(200, b"<html>Welcome to our hotel</html>", {"content-type": "text/html"})
        if self.hub.status:
            return self._send(self.hub.status)
        if path.startswith("/storage/"):
            self.hub.told_storage.append(self.headers.get("authorization", ""))
            path = path.removeprefix("/storage")
        elif self.hub.storage and path.endswith(".bin"):
            return self._send(
                302, headers={"location": self.hub.url.replace("127.0.0.1", "localhost") + "/storage" + path}
            )
        if path == "/api/models":
            return self._json([])
        if path.startswith("/api/models/"):
            repository, _, revision = path.removeprefix("/api/models/").partition("/revision/")
            if "/tree/" in repository:
                return self._tree(*repository.split("/tree/"))
            return self._list(repository, revision)
        repository, _, rest = path.removeprefix("/").partition("/resolve/")
        revision, _, name = rest.partition("/")
        return self._file(repository, revision, name)

    def _known(self, repository: str, revision: str) -> dict[str, bytes] | None:
        given = self.headers.get("authorization", "").removeprefix("Bearer ")
        if self.hub.token and given and given != self.hub.token:
            return self._send(401, headers={"x-error-message": "Invalid credentials in Authorization header"})
        files = self.hub.repositories.get(repository)
        if files is None:
            return self._send(404 if given else 401, headers={"x-error-code": "RepoNotFound"})
        if revision not in ("main", COMMIT):
            return self._send(404, headers={"x-error-code": "RevisionNotFound"})
        return files

    def _list(self, repository: str, revision: str) -> None:
        files = self._known(repository, revision)
        if files is None:
            return
        siblings = []
        for name, content in files.items():
            entry: dict = {"rfilename": name, "size": len(content), "blobId": etag_of(content)}
            if len(content) > LARGE:
                pointer = hashlib.sha1(content).hexdigest()
                entry |= {"blobId": pointer, "lfs": lfs_of(content)}
            siblings.append(entry)
        self._json({"id": repository, "sha": COMMIT, "siblings": siblings})

    def _tree(self, repository: str, revision: str) -> None:
        files = self._known(repository, revision)
        if files is None:
            return
        entries = []
        for name, content in files.items():
            entry: dict = {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
            if len(content) > LARGE:
                entry["lfs"] = lfs_of(content) | {"oid": etag_of(content)}
            entries.append(entry)
        self._json(entries)

    def _file(self, repository: str, revision: str, name: str) -> None:
        files = self._known(repository, revision)
        if files is None:
            return
        given = self.headers.get("authorization", "").removeprefix("Bearer ")
        if repository in self.hub.gated and (not given or given != self.hub.token):
            return self._send(403 if given else 401, headers={"x-error-code": "GatedRepo"})
        if name not in files:
            return self._send(404, headers={"x-error-code": "EntryNotFound"})
        content = files[name]
        headers = {"etag": f'"{etag_of(content)}"', "x-repo-commit": COMMIT, "accept-ranges": "bytes"}
        if len(content) > LARGE:
            headers |= {"x-linked-etag": headers["etag"], "x-linked-size": str(len(content))}
        if self.hub.truncate_to is not None:
            content = content[: self.hub.truncate_to]
        status, start = 200, 0
        span = self.headers.get("range", "")
        if span and self.hub.ranges:
            start = int(span.removeprefix("bytes=").partition("-")[0])
            if start >= len(content):
                return self._send(416, headers={"content-range": f"bytes */{len(content)}"})
            status, headers["content-range"] = 206, f"bytes {start}-{len(content) - 1}/{len(content)}"
        if self.hub.corrupt > 0:
            self.hub.corrupt -= 1
            content = content[:-1] + bytes([content[-1] ^ 1])
        self._send(status, content[start:], headers, start)

    def _json(self, told: object) -> None:
        self._send(200, json.dumps(told).encode(), {"content-type": "application/json"})

    def _send(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None, start: int = 0) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self._write(body, "etag" in (headers or {}), start)

    def _write(self, body: bytes, is_file: bool, start: int) -> None:
        cut = self.hub.cut_after.pop(0) if is_file and self.hub.cut_after else None
        end = len(body) if cut is None else cut
        if is_file and self.hub.stall_at is not None:
            end = min(end, max(0, self.hub.stall_at - start))
        try:
            for at in range(0, min(end, len(body)), 16_384):
                last = at + 16_384 >= len(body) and start + len(body) > LARGE
                if is_file and last and self.hub.last_piece is not None:
                    self.hub.last_piece.wait()
                self.wfile.write(body[at : min(at + 16_384, end)])
                time.sleep(self.hub.piece_s if is_file else 0)
            if end < len(body):
                self.wfile.flush()
                if cut is None:
                    time.sleep(1.0)
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
        except (ConnectionError, ValueError, OSError):
            self.close_connection = True  # the client has gone


@contextmanager
def hub_stand_in() -> Iterator[StandIn]:
    """A hub that serves until the block ends; `url` is its endpoint."""
    hub = StandIn()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        if hub.last_piece is not None:
            hub.last_piece.set()
        server.shutdown()
        server.server_close()
