"""The WebSocket `/ws/live`: the live channel and, where no peer connection can be made, picture and sound as well.

Text frames are JSON both ways; binary frames are `MediaPacket`s: 16-bit PCM and JPEG in, PCM out. Pictures are decoded
in a thread, one at a time, the newest one only, and only if it is going to be looked at. Sound out is what the playout
hands over at the pace of life; a slow consumer loses the oldest of it, and events coalesce in the outbox.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Literal

import numpy as np
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from omnilive_demo.config import Settings
from omnilive_demo.events import Bye
from omnilive_demo.queues import DropOldest, LatestOnly
from omnilive_demo.speech.playout import RATE_HZ, PlayoutFrame
from omnilive_demo.transport import wire
from omnilive_demo.transport.line import Line, LinkClosed
from omnilive_demo.transport.lobby import Lobby
from omnilive_demo.transport.origin import origin_allowed
from omnilive_demo.transport.pictures import decode_jpeg
from omnilive_demo.transport.visit import Visit

log = logging.getLogger(__name__)

ATTACH_TIMEOUT_S = 5.0
QUEUED_FRAMES = 25  # 0.5 s of sound
MAX_PCM_BYTES = 192_000  # 1 s at 96 kHz
MAX_JPEG_BYTES = 2_000_000
GOING_AWAY, NOT_OURS, TOO_BIG, UNKNOWN, TOO_LATE = 1001, 4400, 1009, 4401, 4408


class SocketLink:
    """One WebSocket as a visit's link."""

    transport: Literal["websocket"] = "websocket"

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._sound: DropOldest[PlayoutFrame] = DropOldest(QUEUED_FRAMES)
        self.closed = asyncio.Event()

    async def send_text(self, text: str) -> None:
        """Send a message, waiting while the other side is slow. Raises LinkClosed."""
        await self._send(self._socket.send_text(text))

    def play(self, frame: PlayoutFrame) -> None:
        """Queue 20 ms of an answer."""
        self._sound.put(frame)

    def flush(self) -> int:
        """Drop all sound that has not left yet; returns how many frames that were."""
        return self._sound.clear()

    async def send_sound(self) -> None:
        """Send what is queued, for as long as the socket lives."""
        while True:
            frame = await self._sound.get()
            data = frame.samples.astype("<i2", copy=False).tobytes()
            packet = wire.MediaPacket(wire.PCM, RATE_HZ, frame.offset_s, frame.turn, data)
            await self._send(self._socket.send_bytes(packet.pack()))

    async def hang_up(self, reason: str, code: int = GOING_AWAY) -> None:
        """Close the connection. Safe to call twice."""
        if self.closed.is_set():
            return
        self.closed.set()
        if self._socket.application_state is WebSocketState.CONNECTED:
            try:
                await self._send(self._socket.close(code, reason))
            except LinkClosed:
                log.debug("the socket was closed already")

    async def _send(self, sending: Any) -> None:
        try:
            await sending
        except (WebSocketDisconnect, RuntimeError, ConnectionError, OSError) as error:
            raise LinkClosed(f"the socket is closed: {error!r}") from error


class Live:
    """One WebSocket's life."""

    def __init__(self, socket: WebSocket, lobby: Lobby, settings: Settings) -> None:
        self._socket = socket
        self._lobby = lobby
        self._settings = settings
        self._link = SocketLink(socket)
        self._jpegs: LatestOnly[tuple[bytes, float]] = LatestOnly()

    async def run(self) -> None:
        """From the handshake to the end."""
        if not origin_allowed(self._socket.headers, self._settings):
            await self._socket.close(4403)  # before `accept`: the handshake is answered with 403
            return
        await self._socket.accept()
        try:
            first = await asyncio.wait_for(self._socket.receive(), ATTACH_TIMEOUT_S)
        except TimeoutError:
            await self._refuse("attach_timeout", TOO_LATE)
            return
        if first["type"] != "websocket.receive":
            return
        text = first.get("text") or ""
        try:
            message = wire.from_wire(text)
        except wire.WireError:
            message = None
        if not isinstance(message, wire.Attach):
            await self._refuse("protocol", NOT_OURS)
            return
        visit = self._lobby.find(message.token)
        if visit is None:
            await self._refuse("unknown_session", UNKNOWN)
            return
        await self._serve(visit, text)

    async def _serve(self, visit: Visit, first: str) -> None:
        line = visit.connect(self._link)
        workers = [
            asyncio.create_task(self._sound_out(), name="ws-sound"),
            asyncio.create_task(self._pictures_in(visit, line), name="ws-pictures"),
        ]
        closed = asyncio.create_task(self._link.closed.wait())
        try:
            visit.take_text(line, first)
            while True:
                receiving = asyncio.ensure_future(self._socket.receive())
                await asyncio.wait({receiving, closed}, return_when=asyncio.FIRST_COMPLETED)
                if not receiving.done():
                    receiving.cancel()
                    break
                message = receiving.result()
                if message["type"] != "websocket.receive" or not await self._take(visit, line, message):
                    break
        except (WebSocketDisconnect, RuntimeError) as error:
            log.debug("the socket broke: %r", error)
        finally:
            for worker in (*workers, closed):
                worker.cancel()
            await asyncio.gather(*workers, closed, return_exceptions=True)
            visit.disconnect(line)

    async def _take(self, visit: Visit, line: Line, message: Any) -> bool:
        """Take one frame in; False when the socket is to be closed for it."""
        if (text := message.get("text")) is not None:
            visit.take_text(line, text)
            return True
        data = message.get("bytes") or b""
        if len(data) > MAX_JPEG_BYTES:
            await self._link.hang_up("a frame was too big", TOO_BIG)
            return False
        try:
            packet = wire.MediaPacket.unpack(data)
            if packet.kind == wire.PCM and len(packet.payload) > MAX_PCM_BYTES:
                raise wire.WireError("A sound packet holds one second at most.")
        except wire.WireError as error:
            visit.complain(line, error)
            return True
        if packet.kind == wire.PCM and packet.payload:
            samples = np.frombuffer(packet.payload, "<i2").astype(np.int16, copy=False)
            visit.media.take_audio(line, samples, packet.rate_hz, packet.media_s)
        elif packet.kind == wire.JPEG and visit.media.wants_picture(line):
            arrival_s = visit.session.clock.now_s()
            self._jpegs.put((packet.payload, line.picture_times.to_stream(packet.media_s, arrival_s)))
        return True

    async def _sound_out(self) -> None:
        try:
            await self._link.send_sound()
        except LinkClosed as error:
            log.debug("no more sound: %s", error)

    async def _pictures_in(self, visit: Visit, line: Line) -> None:
        while True:
            data, t_s = await self._jpegs.get()
            image = await asyncio.to_thread(decode_jpeg, data)
            if image is None:
                visit.complain(line, wire.WireError("A picture could not be read as JPEG."))
            else:
                visit.media.take_picture(line, image, t_s)

    async def _refuse(self, reason: str, code: int) -> None:
        """Say bye to a socket that belongs to no visit."""
        try:
            await self._link.send_text(wire.encode(wire.to_wire(Bye(reason), 0, 0.0)))
        except LinkClosed:
            log.debug("refused a socket that had gone already")
        await self._link.hang_up(reason, code)
