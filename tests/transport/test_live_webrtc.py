"""A real aiortc peer against our routes on loopback."""

from __future__ import annotations

import asyncio
import fractions
import json
import logging
from typing import Any

import av
import numpy as np
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from transport_fakes import caption, tone, until

from omnilive_demo.events import Interrupted
from omnilive_demo.transport import peer as peer_module
from omnilive_demo.transport.hurry import hurry

pytestmark = pytest.mark.live


class Microphone(MediaStreamTrack):
    """A 440 Hz tone in 20 ms packets."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._n = 0
        self._start = asyncio.get_running_loop().time()

    async def recv(self) -> av.AudioFrame:
        await asyncio.sleep(max(0.0, self._start + self._n / 48_000 - asyncio.get_running_loop().time()))
        wave = 6000 * np.sin(2 * np.pi * 440 * np.arange(self._n, self._n + 960) / 48_000)
        frame = av.AudioFrame.from_ndarray(wave.astype(np.int16).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, self._n, fractions.Fraction(1, 48_000)
        self._n += 960
        return frame


class Camera(MediaStreamTrack):
    """A red picture, ten times a second."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._n = 0

    async def recv(self) -> av.VideoFrame:
        await asyncio.sleep(0.1)
        red = np.zeros((120, 160, 3), np.uint8)
        red[:, :, 0] = 220
        frame = av.VideoFrame.from_ndarray(red, format="rgb24")
        frame.pts, frame.time_base = self._n * 9000, fractions.Fraction(1, 90_000)
        self._n += 1
        return frame


class Browser:
    """What a page's peer connection does."""

    def __init__(self, app: Any, session: dict[str, Any]) -> None:
        self.app, self.session = app, session
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.channel = self.pc.createDataChannel("live")
        self.messages: list[dict[str, Any]] = []
        self.loud: list[float] = []
        self.quiet: list[float] = []
        self.opened = asyncio.Event()
        self.channel.on("open", self.opened.set)
        self.channel.on("message", lambda text: self.messages.append(json.loads(text)))
        self.pc.on("track", self._track)
        self.tasks: list[asyncio.Task[None]] = []

    def _track(self, track: Any) -> None:
        if track.kind == "audio":
            self.tasks.append(asyncio.create_task(self._listen(track)))

    async def _listen(self, track: Any) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            level = np.abs(frame.to_ndarray().astype(np.int32)).mean()
            (self.loud if level > 300 else self.quiet).append(asyncio.get_running_loop().time())

    async def offer(self) -> Any:
        await self.pc.setLocalDescription(await self.pc.createOffer())
        body = {"sdp": self.pc.localDescription.sdp, "type": "offer", "webrtc_id": self.session["webrtc_id"]}
        return await self.app.http.post("/webrtc/offer", json=body, headers=bearer(self.session))

    async def connect(self, **attach: Any) -> None:
        answer = await self.offer()
        assert answer.status_code == 200, answer.text
        await self.pc.setRemoteDescription(RTCSessionDescription(answer.json()["sdp"], answer.json()["type"]))
        hurry(self.pc)
        async with asyncio.timeout(10):
            await self.opened.wait()
        self.say("attach", **{"tab": "a", **attach})
        await until(lambda: self.of("hello"), 10)

    def say(self, type_: str, **fields: Any) -> None:
        self.channel.send(json.dumps({"v": 1, "type": type_, **fields}))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [m for m in self.messages if m["type"] == kind]

    async def close(self) -> None:
        await self.pc.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


def bearer(session: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {session['token']}"}


def fastrtc_stream(app: Any) -> Any:
    route = next(r for r in app.routes if getattr(r, "path", "") == "/webrtc/offer")
    return route.endpoint.__wrapped__.__self__._webrtc._stream


async def test_picture_sound_and_messages_go_both_ways_and_everything_is_let_go(app: Any) -> None:
    session = await app.enter()
    browser = Browser(app, session)
    browser.pc.addTrack(Microphone())
    browser.pc.addTrack(Camera())
    await browser.connect()
    fake = app.sessions[0]
    await until(lambda: len(fake.blocks) > 25 and len(fake.pictures) > 2, 10)
    block = fake.blocks[20]
    assert (block.rate_hz, block.samples.shape, block.samples.dtype) == (48_000, (960,), np.int16)
    assert np.abs(block.samples.astype(int)).mean() > 1000
    times = [b.start_s for b in fake.blocks]
    assert times == sorted(times)
    red, green, blue = fake.pictures[-1].image.reshape(-1, 3).mean(0)
    assert red > 150
    assert max(green, blue) < 60
    await until(lambda: browser.of("media"))
    assert browser.of("hello")[0]["transport"] == "webrtc"
    assert browser.of("log") == [], "fastrtc does not send messages back"
    browser.say("text", text="what is this?")
    await until(lambda: ("ask", "what is this?") in fake.calls)

    fake.playout.put(tone(frames=60))
    await until(lambda: len(browser.loud) > 10, 10)
    stream = fastrtc_stream(app)
    assert len(stream.pcs) == 1
    await browser.close()
    await until(lambda: app.visit.attached == 0, 10)
    await until(lambda: not stream.pcs and not stream.connections and not stream.handlers, 10)
    names = ("player_worker_decode", "process_input_frames", "Peer")
    await until(lambda: not [t for t in asyncio.all_tasks() if any(n in repr(t.get_coro()) for n in names)], 10)
    assert app.lobby.find(session["token"]) is not None, "the visit outlives its connection"


async def test_a_cut_peer_resumes_with_a_new_id_and_gets_what_it_missed(app: Any) -> None:
    session = await app.enter()
    first = Browser(app, session)
    first.pc.addTrack(Microphone())
    await first.connect()
    app.sessions[0].announce(caption(1, "before", True))
    await until(lambda: first.of("caption"))
    last = max(m["seq"] for m in first.messages)
    await first.close()
    await until(lambda: app.visit.attached == 0, 10)
    app.sessions[0].announce(caption(2, "meanwhile", True))
    again = (await app.http.post("/session", headers=bearer(session))).json()
    assert again["token"] == session["token"]
    assert again["webrtc_id"] != session["webrtc_id"]
    second = Browser(app, again)
    second.pc.addTrack(Microphone())
    await second.connect(last_seq=last)
    await until(lambda: second.of("caption"))
    assert second.of("hello")[0]["resumed"] is True
    assert [m["text"] for m in second.of("caption")] == ["meanwhile"]
    assert len(app.sessions) == 1
    await second.close()


async def test_a_browser_without_a_microphone_hears_the_answers(app: Any) -> None:
    browser = Browser(app, await app.enter())
    browser.pc.addTransceiver("audio", direction="recvonly")
    await browser.connect()
    app.sessions[0].playout.put(tone(frames=80))
    await until(lambda: len(browser.loud) > 10, 10)
    assert app.sessions[0].blocks == []
    await browser.close()


async def test_offers_are_refused_in_words(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await app.enter()
    only_data = Browser(app, session)
    answer = await only_data.offer()
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_offer")
    await only_data.close()

    async def post(headers: dict[str, str] | None = None, **body: Any) -> Any:
        return await app.http.post("/webrtc/offer", json={"type": "offer", **body}, headers=headers or bearer(session))

    sdp = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=sendrecv\r\nm=application 9 X y\r\n"
    broken = await post(webrtc_id=session["webrtc_id"], sdp=sdp)
    assert (broken.status_code, broken.json()["code"]) == (400, "bad_offer")
    assert not fastrtc_stream(app).pcs
    used = await post(webrtc_id=session["webrtc_id"], sdp=sdp)
    assert used.json()["code"] == "webrtc_id_used"
    other = await app.enter()
    foreign = await post(webrtc_id=other["webrtc_id"], sdp=sdp)
    assert foreign.json()["code"] == "webrtc_id_used", "another visitor's id is of no use"
    nobody = await post(webrtc_id="x", sdp=sdp, headers={"Authorization": "Bearer nothing"})
    assert nobody.status_code == 401
    assert (await post(webrtc_id="x" * 100, sdp=sdp)).json()["code"] == "bad_request"
    late = await app.http.post(
        "/webrtc/offer",
        json={"type": "ice-candidate", "webrtc_id": "x", "candidate": {"candidate": "candidate:1"}},
        headers=bearer(session),
    )
    assert late.json() == {"status": "ignored"}


async def test_a_peer_that_never_attaches_is_dropped(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_module, "ATTACH_TIMEOUT_S", 0.2)
    browser = Browser(app, await app.enter())
    browser.pc.addTrack(Microphone())
    assert (await browser.offer()).status_code == 200
    await until(lambda: not fastrtc_stream(app).pcs, 5)
    await browser.close()


async def test_bye_reaches_the_peer_when_the_server_stops(app: Any) -> None:
    browser = Browser(app, await app.enter())
    browser.pc.addTrack(Microphone())
    await browser.connect()
    await app.lobby.close()
    await until(lambda: browser.of("bye"), 5)
    assert browser.of("bye")[0]["reason"] == "server_stopping"
    await browser.close()


async def test_sound_starts_and_stops_quickly_at_the_peer(app: Any) -> None:
    """Prints what it measures; the bounds are loose, for a busy machine."""
    browser = Browser(app, await app.enter())
    browser.pc.addTrack(Microphone())
    await browser.connect()
    fake = app.sessions[0]
    await until(lambda: len(fake.blocks) > 10, 10)
    starts, stops = [], []
    for _ in range(3):
        begun, heard = len(fake.playout.handed_at), len(browser.loud)
        fake.playout.put(tone(frames=100))
        await until(lambda enough=heard + 20: len(browser.loud) > enough, 10)
        starts.append(browser.loud[heard] - fake.playout.handed_at[begun])
        stopped = asyncio.get_running_loop().time()
        fake.playout.stop()
        fake.announce(Interrupted(1, "speech"))
        await asyncio.sleep(0.5)
        stops.append(max(0.0, browser.loud[-1] - stopped))
    logging.getLogger(__name__).warning(
        "first frame handed over -> first audible at the peer: %s ms; interruption -> last audible: %s ms",
        [round(1000 * s) for s in starts], [round(1000 * s) for s in stops],
    )  # fmt: skip
    assert sorted(starts)[1] < 0.35
    assert sorted(stops)[1] < 0.15
    await browser.close()


async def test_sound_that_stops_is_followed_by_silence_so_that_none_of_it_is_left_for_the_next(app: Any) -> None:
    browser = Browser(app, await app.enter())
    browser.pc.addTrack(Microphone())
    await browser.connect()
    fake = app.sessions[0]
    await until(lambda: len(fake.blocks) > 10, 10)
    for _ in range(2):
        quiet = len(browser.quiet)
        fake.playout.put(tone(frames=100))
        await until(lambda: len(browser.loud) > 20, 10)
        fake.playout.stop()
        fake.announce(Interrupted(1, "speech"))
        await until(lambda enough=quiet + peer_module.DRAIN_FRAMES // 2: len(browser.quiet) >= enough, 5)
        assert browser.loud[-1] < browser.quiet[-1]
        loud = len(browser.loud)
        await asyncio.sleep(0.3)
        assert len(browser.loud) == loud
        assert len(browser.quiet) <= quiet + peer_module.DRAIN_FRAMES + 2, "silence is not sent for ever"
        browser.loud.clear()
    await browser.close()
