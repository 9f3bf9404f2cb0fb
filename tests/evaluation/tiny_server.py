"""A tiny WebRTC server with known behaviour: it answers with a tone, a fixed time after the last loud sound it got."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import av
import numpy as np
import uvicorn
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

ANSWER_AFTER_S = 0.4
TONE_S = 0.3
TOKEN = "tiny-token"


class Tone(AudioStreamTrack):
    """Silence, and a tone between two moments."""

    def __init__(self) -> None:
        super().__init__()
        self.on_s = float("inf")

    async def recv(self) -> av.AudioFrame:
        frame = await super().recv()
        now = time.monotonic()
        if self.on_s <= now < self.on_s + TONE_S:
            wave = 8000 * np.sin(2 * np.pi * 440 * np.arange(frame.samples) / frame.sample_rate)
            loud = av.AudioFrame.from_ndarray(wave.astype(np.int16)[None], "s16", "mono")
            loud.sample_rate, loud.pts, loud.time_base = frame.sample_rate, frame.pts, frame.time_base
            return loud
        return frame


class TinyServer:
    """Runs on the test's own loop."""

    def __init__(self) -> None:
        routes = [
            Route("/session", self.session, methods=["POST"]),
            Route("/webrtc/offer", self.offer, methods=["POST"]),
        ]
        config = uvicorn.Config(Starlette(routes=routes), port=0, log_level="error", lifespan="off")
        self._server = uvicorn.Server(config)
        self._task: asyncio.Task[Any] | None = None
        self._pcs: list[RTCPeerConnection] = []
        self.authorizations: list[str | None] = []
        self.received: list[dict[str, Any]] = []
        self.pictures = 0
        self.seq = 0

    async def __aenter__(self) -> TinyServer:
        self._task = asyncio.create_task(self._server.serve())
        while not self._server.started:
            await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_: object) -> None:
        for pc in self._pcs:
            await pc.close()
        self._server.should_exit = True
        assert self._task is not None
        await self._task

    @property
    def url(self) -> str:
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    async def session(self, request: Request) -> JSONResponse:
        self.authorizations.append(request.headers.get("authorization"))
        return JSONResponse({"token": TOKEN, "webrtc_id": f"id-{len(self.authorizations)}", "ice_servers": []})

    async def offer(self, request: Request) -> JSONResponse:
        self.authorizations.append(request.headers.get("authorization"))
        body = await request.json()
        if not body["webrtc_id"].startswith("id-"):
            return JSONResponse({"status": "failed", "meta": {"error": "no seat"}})
        pc, tone = RTCPeerConnection(RTCConfiguration(iceServers=[])), Tone()
        self._pcs.append(pc)
        pc.on("track", lambda track: asyncio.ensure_future(self._take(track, tone)))
        pc.on("datachannel", self._greet)
        await pc.setRemoteDescription(RTCSessionDescription(body["sdp"], body["type"]))
        pc.addTrack(tone)
        await pc.setLocalDescription(await pc.createAnswer())
        return JSONResponse({"sdp": pc.localDescription.sdp, "type": pc.localDescription.type})

    def _greet(self, channel: Any) -> None:
        def take(text: str) -> None:
            message = json.loads(text)
            self.received.append(message)
            if message["type"] == "attach":
                self.seq += 1
                channel.send(json.dumps({"v": 1, "seq": self.seq, "type": "hello", "t_s": 0.0, "profile": "tiny"}))

        channel.on("message", take)

    async def _take(self, track: Any, tone: Tone) -> None:
        try:
            while True:
                frame = await track.recv()
                if track.kind == "video":
                    self.pictures += 1
                    continue
                samples = frame.to_ndarray().reshape(-1, len(frame.layout.channels))[:, 0]
                if np.abs(samples.astype(np.float32)).mean() > 1000:
                    tone.on_s = time.monotonic() + ANSWER_AFTER_S
        except MediaStreamError:
            return
