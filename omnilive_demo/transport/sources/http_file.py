"""A resource on a web server as a file that PyAV reads: pinned address, checked redirects, ranges for seeking."""

from __future__ import annotations

import base64
import http.client
import io
from http import HTTPStatus
from urllib.parse import urljoin

from omnilive_demo.transport.sources.failure import SourceFailed, explain, http_status
from omnilive_demo.transport.sources.network import Network
from omnilive_demo.transport.sources.urls import WEB, StreamUrl, parse_url

MAX_REDIRECTS = 5
MAX_PLAYLIST_BYTES = 4_000_000
_SKIP_LIMIT = 262_144  # a shorter way forward is read and thrown away, a longer one is asked for anew
_MOVED = (301, 302, 303, 307, 308)


class HttpFile:
    """One resource. Blocking; every wait ends after the network's stall limit or when the network is cut."""

    def __init__(self, network: Network, url: StreamUrl) -> None:
        self.name = url.shown
        self._network = network
        self._url = url
        self._connection: http.client.HTTPConnection | None = None
        self._size: int | None = None
        self._at = 0  # where the response body stands
        self._wanted = 0  # where the reader stands
        self._playlist = False
        self._response = self._request(0)
        self._seekable = self._response.status == HTTPStatus.PARTIAL_CONTENT and self._size is not None

    def read(self, n: int) -> bytes:
        """Up to `n` bytes; none at the end.

        Raises:
            SourceFailed: the server went silent, cut the connection, or does not give the range.
        """
        try:
            self._catch_up()
            data = self._response.read1(n)
        except (OSError, http.client.HTTPException) as error:
            raise self._failed(error) from error
        if not data and self._size is not None and self._at < self._size:
            raise self._failed(ConnectionResetError(104, "cut"))
        self._playlist = self._playlist or (self._at == 0 and data.startswith(b"#EXTM3U"))
        self._at = self._wanted = self._at + len(data)
        if self._playlist and self._at > MAX_PLAYLIST_BYTES:
            raise self._network.note(SourceFailed("source_broken", "The playlist is far too long."))
        return data

    def seekable(self) -> bool:
        """Whether the server gives ranges."""
        return self._seekable

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go elsewhere; nothing is asked of the server until the next read."""
        if whence == io.SEEK_END and self._size is None:
            raise OSError("the length is unknown")
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._wanted, io.SEEK_END: self._size or 0}[whence]
        self._wanted = max(0, base + offset)
        return self._wanted

    def tell(self) -> int:
        """Where the next read begins."""
        return self._wanted

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None and connection.sock is not None:
            self._network.release(connection.sock)

    def _catch_up(self) -> None:
        gap = self._wanted - self._at
        if gap < 0 or gap > _SKIP_LIMIT:
            if self._size is not None and self._wanted >= self._size:
                return
            self._response = self._request(self._wanted)
        while self._at < self._wanted and (data := self._response.read1(self._wanted - self._at)):
            self._at += len(data)

    def _request(self, start: int) -> http.client.HTTPResponse:
        for _ in range(MAX_REDIRECTS + 1):
            self.close()
            try:
                response = self._ask(start)
            except (OSError, http.client.HTTPException) as error:
                raise self._failed(error) from error
            if response.status not in _MOVED:
                return self._accept(response, start)
            self._url = self._moved(response.headers.get("Location", ""))
        raise self._network.note(SourceFailed("source_redirect", "The address leads round in circles."))

    def _ask(self, start: int) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(self._url.host, self._url.port)
        connection.sock = self._network.connect(self._url)
        self._connection = connection
        connection.putrequest("GET", self._url.target, skip_host=True, skip_accept_encoding=True)
        headers = {"Host": self._url.netloc, "User-Agent": "omnilive-demo", "Accept": "*/*", "Connection": "close"}
        headers |= {"Range": f"bytes={start}-", "Accept-Encoding": "identity"}
        if self._url.user is not None:
            pair = f"{self._url.user}:{self._url.password or ''}".encode()
            headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection.getresponse()

    def _moved(self, location: str) -> StreamUrl:
        try:
            target = parse_url(urljoin(self._url.bare, location), WEB)
        except SourceFailed as failure:
            raise self._network.note(failure) from failure
        if (target.host, target.port, target.scheme) == (self._url.host, self._url.port, self._url.scheme):
            return StreamUrl(target.scheme, target.host, target.port, target.target, self._url.user, self._url.password)
        return target  # a password never travels on to another server

    def _accept(self, response: http.client.HTTPResponse, start: int) -> http.client.HTTPResponse:
        if response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and start == 0:
            raise self._network.note(SourceFailed("source_empty", "The file is empty."))
        if response.status not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
            raise self._network.note(http_status(response.status))
        self._at = self._wanted = start if response.status == HTTPStatus.PARTIAL_CONTENT else 0
        if start and self._at == 0:
            raise self._network.note(SourceFailed("source_http", "The server cannot send the file from its middle."))
        if response.length is not None:
            self._size = self._at + response.length
        return response

    def _failed(self, error: Exception) -> SourceFailed:
        if isinstance(error, http.client.HTTPException):
            error = ConnectionResetError(104, "cut") if isinstance(error, http.client.IncompleteRead) else error
        return self._network.note(explain(error, self._network.stall_limit_s))
