"""Servers on loopback that behave, and some that do not."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import av
import numpy as np

Answer = Callable[[str, dict[str, str], asyncio.StreamWriter], Awaitable[None]]


class WebServer:
    """Answers GET by its own rules; remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.answers: dict[str, Answer] = {}
        self.port = 0
        self.open = 0

    def url(self, path: str, account: str = "") -> str:
        return f"http://{account}127.0.0.1:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            path = lines[0].split(" ")[1]
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:] if line)}
            self.asked.append((path, headers))
            await self.answers.get(path.partition("?")[0], not_found)(path, headers, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return
        finally:
            self.open -= 1
            writer.close()


@contextlib.asynccontextmanager
async def web_server() -> AsyncIterator[WebServer]:
    web = WebServer()
    tasks: set[asyncio.Task] = set()

    async def serve(reader, writer):
        tasks.add(asyncio.current_task())
        await web.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    web.port = server.sockets[0].getsockname()[1]
    try:
        yield web
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def not_found(path, headers, writer) -> None:
    writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()


def status(line: str, *headers: str) -> Answer:
    async def answer(path, asked, writer) -> None:
        writer.write("\r\n".join([f"HTTP/1.1 {line}", *headers, "Content-Length: 0", "", ""]).encode())
        await writer.drain()

    return answer


def file(path: Path, *, ranges: bool = True, stop_after: int | None = None, then: str = "hang") -> Answer:
    """Serves a file, with ranges; perhaps only its first bytes, and then nothing any more (hang) or a cut."""

    async def answer(_, headers, writer) -> None:
        data = path.read_bytes()
        begin = (
            int(headers["range"].removeprefix("bytes=").partition("-")[0]) if ranges and "range" in headers else None
        )
        if begin is None:
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(data)}\r\n\r\n".encode())
        else:
            where = f"Content-Range: bytes {begin}-{len(data) - 1}/{len(data)}"
            writer.write(f"HTTP/1.1 206 Partial\r\nContent-Length: {len(data) - begin}\r\n{where}\r\n\r\n".encode())
        body = data[begin or 0 :]
        writer.write(body if stop_after is None else body[: max(0, stop_after - (begin or 0))])
        await writer.drain()
        if stop_after is not None and then == "hang":
            await asyncio.Event().wait()

    return answer


async def silence(path, headers, writer) -> None:
    """Accepts and never answers."""
    await asyncio.Event().wait()


@contextlib.contextmanager
def refusing_port() -> Iterator[int]:
    """A port on loopback that refuses connections, and that nobody else can be given meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound but not listening
        yield held.getsockname()[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RtspServer:
    """Plays a 440 Hz tone as mu-law over interleaved RTP, a little faster than life; or answers with a status only."""

    def __init__(self, status_line: str = "", extra: str = "", account: str = "", seconds: float = 2.0) -> None:
        self.methods: list[str] = []
        self.port = 0
        self._status, self._extra, self._account, self._seconds = status_line, extra, account, seconds

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                method = lines[0].split(" ")[0]
                self.methods.append(method)
                headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:] if line)}
                self._answer(method, headers, writer)
                await writer.drain()
                if method == "PLAY":
                    await self._play(writer)
                    return
        writer.close()

    def _answer(self, method: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        body, more = "", ""
        status_line = "200 OK"
        if method == "DESCRIBE":
            status_line = self._status or status_line
            body = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=x\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\na=control:track\r\n"
            more = self._extra + "Content-Type: application/sdp\r\n"
        elif method == "SETUP":
            more = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 7\r\n"
        elif method == "PLAY":
            more = "Session: 7\r\n"
        head = f"RTSP/1.0 {status_line}\r\nCSeq: {headers['cseq']}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
        writer.write((head + body).encode())

    async def _play(self, writer: asyncio.StreamWriter) -> None:
        n = int(self._seconds * 8000)
        data = _mu_law((9000 * np.sin(np.arange(n) * 2 * np.pi * 440 / 8000)).astype(np.int16))
        for k in range(0, n, 160):
            packet = struct.pack(">BBHII", 0x80, 0, k // 160 & 0xFFFF, k, 99) + data[k : k + 160]
            writer.write(b"$\x00" + struct.pack(">H", len(packet)) + packet)
            await writer.drain()
            await asyncio.sleep(0.005)
        writer.close()


def _mu_law(samples: np.ndarray) -> bytes:
    encoder = av.CodecContext.create("pcm_mulaw", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 8000, "mono", "s16"
    frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
    frame.rate = 8000
    return b"".join(bytes(packet) for packet in encoder.encode(frame))


_PUBLISHER = """
import sys, time, av
movie, address, speed = sys.argv[1], sys.argv[2], float(sys.argv[3])
with av.open(movie) as source, av.open(address, "w", format="flv") as out:
    streams = {s.index: out.add_stream_from_template(s) for s in source.streams}
    began = time.monotonic()
    for packet in source.demux():
        if packet.dts is None:
            continue
        time.sleep(max(0.0, float(packet.dts * packet.time_base) / speed - (time.monotonic() - began)))
        packet.stream = streams[packet.stream.index]
        out.mux(packet)
"""


async def publish(movie: Path, address: str, speed: float = 4.0) -> asyncio.subprocess.Process:
    """Publishes a film to `address`, `speed` times as fast as life; its return code is 0 when all of it was taken.

    In a process of its own: PyAV keeps the interpreter locked while it connects, and the server is in this one.
    """
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PUBLISHER, str(movie), address, str(speed), stderr=asyncio.subprocess.DEVNULL
    )
