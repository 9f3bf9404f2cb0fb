"""The server side of RTMP, for publishers only: handshake, chunks, commands, and media as FLV bytes.

FFmpeg's own listening mode takes one publisher for each port and does not check the stream key (measured), so this is
ours. All lengths are bounded, and before a key was accepted they are small and the time is short.
Source: Adobe's Real Time Messaging Protocol specification 1.0.
"""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from omnilive_demo.transport.sources import amf

HANDSHAKE_BYTES = 1536
MAX_COMMAND_BYTES = 65_536
MAX_MEDIA_BYTES = 8_000_000
_MAX_CHUNK_STREAMS = 64
_OUR_CHUNK_BYTES = 4096
_WINDOW_BYTES = 2_500_000

SET_CHUNK_SIZE, ABORT, ACKNOWLEDGEMENT, USER_CONTROL, WINDOW_SIZE, PEER_BANDWIDTH = 1, 2, 3, 4, 5, 6
AUDIO, VIDEO, DATA_AMF3, COMMAND_AMF3, DATA, COMMAND = 8, 9, 15, 17, 18, 20


class RtmpError(Exception):
    """The other side does not speak RTMP as it should."""


@dataclass(frozen=True, slots=True)
class Message:
    """One RTMP message."""

    kind: int
    stream: int
    time_ms: int
    body: bytes


@dataclass(slots=True)
class _ChunkStream:
    time_ms: int = 0
    delta_ms: int = 0
    length: int = 0
    kind: int = 0
    stream: int = 0
    extended: bool = False
    begun: bool = False
    body: bytearray | None = None


class Connection:
    """One publisher's connection, below the level of commands."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.max_body_bytes = MAX_COMMAND_BYTES
        self._reader = reader
        self._writer = writer
        self._streams: dict[int, _ChunkStream] = {}
        self._chunk_bytes = 128
        self._received = 0
        self._acknowledged = 0

    async def handshake(self) -> None:
        """The plain handshake; publishers that offer the digest one accept it too."""
        if (await self._take(1))[0] != 3:
            raise RtmpError("not RTMP version 3")
        theirs = await self._take(HANDSHAKE_BYTES)
        ours = bytes(8) + os.urandom(HANDSHAKE_BYTES - 8)
        self._writer.write(b"\x03" + ours + theirs)
        await self._writer.drain()
        await self._take(HANDSHAKE_BYTES)

    async def messages(self) -> AsyncIterator[Message]:
        """Messages other than the protocol's own, until the other side closes."""
        while True:
            try:
                message = await self._chunk()
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            if message is None:
                continue
            await self._acknowledge()
            if message.kind in (SET_CHUNK_SIZE, ABORT, ACKNOWLEDGEMENT, USER_CONTROL, WINDOW_SIZE, PEER_BANDWIDTH):
                self._control(message)
            else:
                yield message

    def send(self, kind: int, body: bytes, stream: int = 0, channel: int = 2) -> None:
        """Queue a message (ours are small)."""
        header = struct.pack(">B3s3sB", channel, bytes(3), len(body).to_bytes(3), kind) + struct.pack("<I", stream)
        chunks = [body[at : at + _OUR_CHUNK_BYTES] for at in range(0, len(body), _OUR_CHUNK_BYTES)] or [b""]
        self._writer.write(header + bytes([0xC0 | channel]).join(chunks))

    def send_command(self, *values: Any, stream: int = 0) -> None:
        """Queue a command."""
        self.send(COMMAND, amf.encode(*values), stream, channel=3)

    def greet(self) -> None:
        """Window, bandwidth and chunk size, as publishers expect them after `connect`."""
        self.send(WINDOW_SIZE, struct.pack(">I", _WINDOW_BYTES))
        self.send(PEER_BANDWIDTH, struct.pack(">IB", _WINDOW_BYTES, 2))
        self.send(SET_CHUNK_SIZE, struct.pack(">I", _OUR_CHUNK_BYTES))

    async def flush(self) -> None:
        """Send what is queued."""
        await self._writer.drain()

    async def _take(self, n: int) -> bytes:
        self._received += n
        return await self._reader.readexactly(n)

    async def _chunk(self) -> Message | None:
        """Read one chunk; the message that it completes, if it does."""
        first = (await self._take(1))[0]
        form, channel = first >> 6, first & 0x3F
        if channel < 2:
            more = await self._take(channel + 1)
            channel = 64 + int.from_bytes(more, "little")
        state = self._streams.setdefault(channel, _ChunkStream())
        if len(self._streams) > _MAX_CHUNK_STREAMS or (form and not state.begun):
            raise RtmpError("chunks out of order")
        await self._header(state, form)
        if state.body is None:
            state.body = bytearray()
        state.body += await self._take(min(self._chunk_bytes, state.length - len(state.body)))
        if len(state.body) < state.length:
            return None
        body, state.body = bytes(state.body), None
        return Message(state.kind, state.stream, state.time_ms, body)

    async def _header(self, state: _ChunkStream, form: int) -> None:
        if form == 3:
            if state.extended:
                await self._take(4)
            if state.body is None:  # a new message that differs from the one before in nothing but time
                state.time_ms = (state.time_ms + state.delta_ms) & 0xFFFFFFFF
            return
        head = await self._take((11, 7, 3)[form])
        time_ms = int.from_bytes(head[:3])
        if form < 2:
            state.length, state.kind = int.from_bytes(head[3:6]), head[6]
        if form == 0:
            state.stream = int.from_bytes(head[7:11], "little")
        state.extended = time_ms == 0xFFFFFF
        if state.extended:
            time_ms = int.from_bytes(await self._take(4))
        state.delta_ms = time_ms
        state.time_ms = time_ms if form == 0 else (state.time_ms + time_ms) & 0xFFFFFFFF
        state.begun, state.body = True, None
        limit = self.max_body_bytes if state.kind in (AUDIO, VIDEO) else MAX_COMMAND_BYTES
        if state.length > limit:
            raise RtmpError(f"a message of {state.length} bytes is too long")

    def _control(self, message: Message) -> None:
        if message.kind == SET_CHUNK_SIZE and len(message.body) >= 4:
            size = int.from_bytes(message.body[:4])
            if not 1 <= size <= 0xFFFFFF:
                raise RtmpError(f"a chunk size of {size} is not allowed")
            self._chunk_bytes = size
        elif message.kind == ABORT and len(message.body) >= 4:
            self._streams.pop(int.from_bytes(message.body[:4]), None)
        elif message.kind == USER_CONTROL and message.body[:2] == b"\x00\x06":  # ping
            self.send(USER_CONTROL, b"\x00\x07" + message.body[2:6])

    async def _acknowledge(self) -> None:
        if self._received - self._acknowledged >= _WINDOW_BYTES // 2:
            self._acknowledged = self._received
            self.send(ACKNOWLEDGEMENT, struct.pack(">I", self._received & 0xFFFFFFFF))
            await self._writer.drain()


FLV_HEADER = b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00"
_SET_DATA_FRAME = amf.encode("@setDataFrame")


def flv_tag(message: Message) -> bytes:
    """A media or data message as a piece of an FLV file."""
    kind, body = message.kind, message.body
    if kind in (DATA, DATA_AMF3):
        kind = DATA
        body = body[1:] if message.kind == DATA_AMF3 else body
        body = body.removeprefix(_SET_DATA_FRAME)
    time = struct.pack(">I", message.time_ms)
    head = struct.pack(">B3s3sB3s", kind, len(body).to_bytes(3), time[1:], time[0], bytes(3))
    return head + body + struct.pack(">I", len(head) + len(body))
