"""A headless visitor over the WebSocket fallback: the same session, 16-bit PCM and JPEG instead of RTP."""

from __future__ import annotations

import asyncio
import io
import json
import time
from typing import Any

import av
import httpx
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from omnilive_demo.evaluation.ear import Ear
from omnilive_demo.evaluation.inbox import Inbox, Message
from omnilive_demo.evaluation.media import FRAME_SAMPLES, VideoLoop, pcm_frames, to_pcm
from omnilive_demo.evaluation.peer import HEARTBEAT_S, PeerError, leave, open_session
from omnilive_demo.evaluation.speech import RATE_HZ, Speech
from omnilive_demo.evaluation.tracks import PACKET_S, Pace
from omnilive_demo.transport.wire import JPEG, PCM, MediaPacket

_QUIET = to_pcm(np.random.default_rng(2).normal(0, 8e-4, FRAME_SAMPLES).astype(np.float32))


class WebSocketPeer:
    """One visitor whose network lets no peer connection through.

    Args:
        url: where the app is, e.g. `http://127.0.0.1:7860`.
        pictures: JPEG files to send round and round, one a second.
    """

    def __init__(self, url: str, pictures: tuple[bytes, ...] = ()) -> None:
        self.inbox = Inbox()
        self.ear = Ear()
        self.token = ""
        self.turns_heard: set[int] = set()
        self.http = httpx.AsyncClient(base_url=url, timeout=30.0)
        self._url = url.replace("http", "ws", 1).rstrip("/") + "/ws/live"
        self._pictures = pictures
        self._socket: ClientConnection | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._to_say: list[NDArray[np.int16]] = []
        self._said: asyncio.Future[float] | None = None

    async def connect(self, timeout_s: float = 20.0, role: str = "ask", origin: str | None = None) -> Message:
        """Open a session (or come back to it) and attach; the server's `hello`.

        Raises:
            PeerError: no seat.
            TimeoutError: no greeting in time.
        """
        if not self.token:
            self.token = str((await open_session(self.http))["token"])
        since = self.inbox.mark()
        headers = {"Origin": origin} if origin else {}
        self._socket = await connect(self._url, additional_headers=headers, max_size=2**22, proxy=None)
        attach = {"type": "attach", "token": self.token, "tab": "ws-peer", "last_seq": self.inbox.last_seq}
        await self.send({**attach, "role": role, "media": True})
        self._tasks = [
            asyncio.create_task(work) for work in (self._receive(), self._speak(), self._show(), self._beat())
        ]
        return (await self.inbox.wait_for("hello", timeout_s, since)).message

    async def send(self, message: Message) -> None:
        """Send a message.

        Raises:
            PeerError: not connected.
        """
        if self._socket is None:
            raise PeerError("the WebSocket is not open")
        await self._socket.send(json.dumps({"v": 1, **message}))

    async def say(self, speech: Speech) -> float:
        """Say a sentence; returns the moment its last packet was sent (100 ms after the last sound of speech)."""
        if self._to_say:
            raise RuntimeError("one mouth says one sentence at a time")
        self._said = asyncio.get_running_loop().create_future()
        self._to_say = list(pcm_frames(speech))
        return await self._said

    async def get(self, path: str, **params: Any) -> httpx.Response:
        """A GET with the session's token."""
        return await self.http.get(path, params=params, headers={"Authorization": f"Bearer {self.token}"})

    async def disconnect(self) -> None:
        """Close the socket; the session outlives it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()
            self._socket = None

    async def close(self) -> None:
        """Leave for good."""
        await self.disconnect()
        await leave(self.http, self.token)
        await self.http.aclose()

    async def _receive(self) -> None:
        assert self._socket is not None
        try:
            async for data in self._socket:
                if isinstance(data, str):
                    self.inbox.put(data, time.monotonic())
                    continue
                packet = MediaPacket.unpack(data)
                self.turns_heard.add(packet.turn)
                self.ear.take(np.frombuffer(packet.payload, "<i2"), packet.rate_hz, time.monotonic())
        except ConnectionClosed:
            return

    async def _speak(self) -> None:
        pace = Pace(PACKET_S)
        while True:
            number = await pace.next()
            samples = self._to_say.pop(0) if self._to_say else _QUIET
            await self._media(PCM, RATE_HZ, (number + 1) * PACKET_S, samples.astype("<i2").tobytes())
            if not self._to_say and self._said is not None and not self._said.done():
                self._said.set_result(time.monotonic())

    async def _show(self) -> None:
        pace = Pace(1.0)
        while self._pictures:
            number = await pace.next()
            await self._media(JPEG, 0, float(number), self._pictures[number % len(self._pictures)])

    async def _media(self, kind: int, rate_hz: int, media_s: float, payload: bytes) -> None:
        assert self._socket is not None
        await self._socket.send(MediaPacket(kind, rate_hz, media_s, 0, payload).pack())

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            await self.send({"type": "heartbeat"})


def jpegs(loop: VideoLoop, every: int = 15) -> tuple[bytes, ...]:
    """One frame of every so many of a video loop, as JPEG files."""
    codec = av.CodecContext.create("vp8", "r")
    pictures = []
    for number, data in enumerate(loop.packets):
        for frame in codec.decode(av.Packet(data)):
            if number % every == 0:
                out = io.BytesIO()
                Image.fromarray(frame.to_ndarray(format="rgb24")).save(out, "JPEG", quality=80)
                pictures.append(out.getvalue())
    return tuple(pictures)
