"""A headless visitor over WebRTC: speaks from a script, shows a scene, hears the answers, keeps every message.

It does what the page does: opens a session, sends an offer with its token, attaches on the data channel, beats its
heart, and resumes the same session on a new connection after a cut.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcrtpsender import RTCRtpSender
from numpy.typing import NDArray

from omnilive_demo.evaluation.bad_network import BadNetwork
from omnilive_demo.evaluation.ear import Ear
from omnilive_demo.evaluation.inbox import Inbox, Message
from omnilive_demo.evaluation.media import OpusClip
from omnilive_demo.evaluation.tracks import Camera, Microphone, Room, Scene, Speaker, Utterance
from omnilive_demo.transport.hurry import hurry

HEARTBEAT_S = 5.0
Listener = Callable[[NDArray[np.int16], int, float], None]
"""Takes mono samples, their rate in hertz, and when they begin to play (monotonic clock)."""
log = logging.getLogger(__name__)


class PeerError(RuntimeError):
    """The server did not let the peer in; the text has its words."""


async def open_session(http: httpx.AsyncClient, token: str = "") -> Message:
    """`POST /session`; with a token, ask for another connection to the same session.

    Raises:
        PeerError: no seat, or the server's words for why not.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    response = await http.post("/session", headers=headers)
    if response.status_code != 200:
        raise PeerError(f"POST /session: {response.status_code} {response.text[:300]}")
    answer: Message = response.json()
    return answer


async def leave(http: httpx.AsyncClient, token: str) -> None:
    """`DELETE /session`. A server that has ended already needs no goodbye."""
    with contextlib.suppress(httpx.HTTPError):
        await http.delete("/session", headers={"Authorization": f"Bearer {token}"}, timeout=5.0)


class Peer:
    """One visitor.

    Args:
        url: where the app is, e.g. `http://127.0.0.1:7860`.
        camera: the scene to show; None for a visitor without a camera.
        network: the link to the server; a perfect one if not given.
        token: of a session that is open already (a second tab).
        tab: tells two tabs of one session apart.
    """

    def __init__(
        self,
        url: str,
        camera: Scene | None = None,
        network: BadNetwork | None = None,
        token: str = "",
        tab: str = "peer",
    ) -> None:
        self.inbox = Inbox()
        self.ear = Ear()
        self.listeners: list[Listener] = [self.ear.take]
        self.network = network or BadNetwork()
        self.token = token
        self.tab = tab
        self.connected_in_s = 0.0
        self.http = httpx.AsyncClient(base_url=url, timeout=30.0)
        self._camera = camera
        self._speaker = Speaker()
        self._pc: RTCPeerConnection | None = None
        self._channel: Any = None
        self._tracks: list[Microphone | Camera] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended_by_itself: asyncio.Future[None]

    async def connect(self, timeout_s: float = 20.0, role: str = "ask") -> Message:
        """Open a session, or another connection to the same one; the server's `hello`.

        Raises:
            PeerError: the server refused.
            TimeoutError: no connection or no greeting in time.
        """
        begun_s = time.monotonic()
        since = self.inbox.mark()
        session = await open_session(self.http, self.token)
        self.token = str(session.get("token") or self.token)
        async with asyncio.timeout(timeout_s):
            opened = await self._negotiate(str(session["webrtc_id"]))
            await opened
        self.send({"type": "attach", "tab": self.tab, "last_seq": self.inbox.last_seq, "role": role})
        self._start(self._beat())
        hello = await self.inbox.wait_for("hello", timeout_s, since)
        self.connected_in_s = time.monotonic() - begun_s
        return hello.message

    def send(self, message: Message) -> None:
        """Send a message over the live channel.

        Raises:
            PeerError: the channel is not open.
        """
        if self._channel is None or self._channel.readyState != "open":
            raise PeerError("the live channel is not open")
        self._channel.send(json.dumps({"v": 1, **message}))

    def begin(self, clip: OpusClip) -> Utterance:
        """Begin to say a sentence with the next packet; `done` tells when it is over."""
        return self._speaker.say(clip)

    async def say(self, clip: OpusClip) -> Utterance:
        """Say a sentence; returns when its last packet was sent.

        Raises:
            PeerError: the connection ended by itself meanwhile.
        """
        utterance = self.begin(clip)
        await asyncio.wait({utterance.done, self._ended_by_itself}, return_when=asyncio.FIRST_COMPLETED)
        if not utterance.done.done():
            raise PeerError("the connection ended by itself")
        return utterance

    def stand_in(self, room: Room | None) -> None:
        """What the microphone picks up while nobody speaks; None: the quiet room again."""
        self._speaker.room = room

    async def cut(self) -> None:
        """Lose the connection without a word, as in a tunnel: the server hears nothing of it."""
        self.network.sever()
        await self._hang_up()

    async def resume(self, timeout_s: float = 20.0) -> Message:
        """Come back to the same session on a new connection; what was missed is replayed."""
        self.network.mend()
        return await self.connect(timeout_s)

    async def get(self, path: str, **params: Any) -> httpx.Response:
        """A GET with the session's token."""
        return await self.http.get(path, params=params, headers={"Authorization": f"Bearer {self.token}"})

    async def close(self) -> None:
        """Leave for good: the seat is free for the next visitor."""
        await self._hang_up()
        await leave(self.http, self.token)
        await self.http.aclose()

    def latest_s(self) -> float:
        """By how much the harness itself was late with a packet, at worst."""
        return max((track.pace.latest_s for track in self._tracks), default=0.0)

    def forget_lateness(self) -> None:
        """Count lateness from now on: connecting is not what is measured."""
        for track in self._tracks:
            track.pace.latest_s = 0.0

    async def _negotiate(self, webrtc_id: str) -> asyncio.Future[None]:
        """Offer and answer; the future is done when the channel is open."""
        pc = self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        over = self._ended_by_itself = asyncio.get_running_loop().create_future()

        def changed() -> None:
            if pc.connectionState in ("failed", "closed") and not over.done():
                over.set_result(None)

        pc.on("connectionstatechange", changed)
        self._channel = pc.createDataChannel("text")
        self._channel.on("open", lambda: None if opened.done() else opened.set_result(None))
        self._channel.on("message", lambda text: self.inbox.put(text, time.monotonic()))
        self._tracks = [Microphone(self._speaker)]
        if self._camera is not None:
            self._tracks.append(Camera(self._camera))
        for track in self._tracks:
            pc.addTrack(track)
        _prefer_vp8(pc)
        pc.on("track", lambda track: self._start(self._listen(track)) if track.kind == "audio" else None)
        await pc.setLocalDescription(await pc.createOffer())
        _put_between(pc, self.network)
        offer = {"sdp": pc.localDescription.sdp, "type": pc.localDescription.type, "webrtc_id": webrtc_id}
        response = await self.http.post("/webrtc/offer", json=offer, headers={"Authorization": f"Bearer {self.token}"})
        answer = response.json() if response.status_code == 200 else {}
        if "sdp" not in answer:
            raise PeerError(f"POST /webrtc/offer: {response.status_code} {response.text[:300]}")
        await pc.setRemoteDescription(RTCSessionDescription(sdp=answer["sdp"], type=answer["type"]))
        hurry(pc)  # a browser's buffer holds one packet as well when the network is even
        return opened

    async def _listen(self, track: Any) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            samples = frame.to_ndarray().reshape(-1, len(frame.layout.channels))[:, 0]
            arrived_s = time.monotonic()
            for listen in self.listeners:
                listen(samples, frame.sample_rate, arrived_s)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            if self._channel is not None and self._channel.readyState == "open":
                self.send({"type": "heartbeat"})

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("the peer's task failed: %r", error)

    async def _hang_up(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._pc is not None:
            await self._pc.close()
        self._pc, self._channel = None, None


def _prefer_vp8(pc: RTCPeerConnection) -> None:
    """The scene is VP8: offer nothing else (besides retransmission)."""
    codecs = [c for c in RTCRtpSender.getCapabilities("video").codecs if c.mimeType in ("video/VP8", "video/rtx")]
    for transceiver in pc.getTransceivers():
        if transceiver.kind == "video":
            transceiver.setCodecPreferences(codecs)


def _put_between(pc: RTCPeerConnection, network: BadNetwork) -> None:
    """Put the network between every gathered UDP socket and ICE (aiortc has no public way to do this)."""
    transports = {transceiver.sender.transport.transport for transceiver in pc.getTransceivers()}
    if pc.sctp is not None:
        transports.add(pc.sctp.transport.transport)
    for transport in transports:
        for protocol in transport.iceGatherer._connection._protocols:
            network.install(protocol)
