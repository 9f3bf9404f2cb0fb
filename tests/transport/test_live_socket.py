"""A real WebSocket client against our routes on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

import numpy as np
import pytest
from transport_fakes import caption, jpeg, tone, until
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from omnilive_demo.events import Notice, StateChanged
from omnilive_demo.transport import websocket as websocket_module
from omnilive_demo.transport.wire import JPEG, PCM, MediaPacket

pytestmark = pytest.mark.live


class Page:
    """What a page does with its socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.messages: list[dict[str, Any]] = []
        self.packets: list[MediaPacket] = []
        self.heard_at: list[float] = []
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for data in self.socket:
                if isinstance(data, str):
                    self.messages.append(json.loads(data))
                else:
                    self.packets.append(MediaPacket.unpack(data))
                    self.heard_at.append(asyncio.get_running_loop().time())

    async def say(self, type_: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"v": 1, "type": type_, **fields}))

    async def send(self, kind: int, payload: bytes, rate_hz: int = 0, media_s: float = 0.0) -> None:
        await self.socket.send(MediaPacket(kind, rate_hz, media_s, 0, payload).pack())

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [m for m in self.messages if m["type"] == kind]

    async def close(self) -> None:
        await self.socket.close()
        await self.task


async def dial(app: Any, origin: str | None = None) -> Page:
    headers = {"Origin": origin} if origin else {}
    return Page(await connect(app.url.replace("http", "ws") + "/ws/live", additional_headers=headers, proxy=None))


async def join(app: Any, token: str = "", **attach: Any) -> Page:
    page = await dial(app, app.url)
    await page.say("attach", **{"token": token or (await app.enter())["token"], "tab": "a", **attach})
    await until(lambda: page.of("hello"))
    return page


async def test_sound_and_pictures_come_in_and_an_answer_goes_out_at_the_pace_of_life(app: Any) -> None:
    page = await join(app)
    fake = app.sessions[0]
    samples = np.arange(320, dtype="<i2")
    for i in range(5):
        await page.send(PCM, samples.tobytes(), 16_000, 10.0 + i * 0.02)
    await page.send(JPEG, jpeg(colour=(220, 10, 10)), media_s=10.0)
    await until(lambda: len(fake.blocks) == 5 and fake.pictures)
    assert fake.blocks[0].rate_hz == 16_000
    assert np.array_equal(fake.blocks[0].samples, samples)
    steps = np.diff([block.start_s for block in fake.blocks])
    assert steps == pytest.approx([0.02] * 4, abs=1e-6), "the browser's own clock is trusted over arrivals"
    assert fake.pictures[0].image.shape == (48, 64, 3)
    assert fake.pictures[0].image[..., 0].mean() > 180
    frames = tone(turn=7, frames=25)
    fake.playout.put(frames)
    await until(lambda: len(page.packets) == 25)
    assert {(p.kind, p.rate_hz, p.turn, len(p.payload)) for p in page.packets} == {(PCM, 24_000, 7, 960)}
    assert b"".join(p.payload for p in page.packets) == b"".join(f.samples.tobytes() for f in frames)
    assert page.heard_at[-1] - page.heard_at[0] > 0.35, "sound is not dumped at once"
    await page.close()


async def test_a_foreign_origin_is_turned_away_at_the_handshake(app: Any) -> None:
    with pytest.raises(InvalidStatus) as caught:
        await dial(app, "https://evil.example")
    assert caught.value.response.status_code == 403


@pytest.mark.parametrize(
    ("first", "reason", "code"),
    [
        ('{"type":"attach","token":"wrong"}', "unknown_session", 4401),
        ('{"type":"text","text":"hi"}', "protocol", 4400),
        ("nonsense", "protocol", 4400),
        (b"\x01\x02", "protocol", 4400),
    ],
)
async def test_a_socket_that_begins_wrongly_is_closed_with_a_reason(
    app: Any, first: str | bytes, reason: str, code: int
) -> None:
    await app.enter()
    page = await dial(app)
    await page.socket.send(first)
    await page.task
    assert page.messages[-1]["reason"] == reason
    assert page.socket.close_code == code
    assert app.visit.attached == 0


async def test_a_socket_that_says_nothing_is_closed(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket_module, "ATTACH_TIMEOUT_S", 0.05)
    page = await dial(app)
    await page.task
    assert page.messages[-1]["reason"] == "attach_timeout"
    assert page.socket.close_code == 4408


async def test_a_cut_connection_resumes_with_what_it_missed(app: Any) -> None:
    session = await app.enter()
    page = await join(app, session["token"])
    app.sessions[0].announce(caption(1, "before", True))
    await until(lambda: page.of("caption"))
    last = max(m["seq"] for m in page.messages)
    page.socket.transport.abort()
    await until(lambda: app.visit.attached == 0)
    app.sessions[0].announce(caption(2, "meanwhile", True))
    again = await join(app, session["token"], last_seq=last)
    await until(lambda: again.of("caption"))
    assert [m["text"] for m in again.of("caption")] == ["meanwhile"]
    assert again.of("hello")[0]["resumed"] is True
    await again.close()


async def test_two_visitors_hear_and_see_nothing_of_each_other(app: Any) -> None:
    one, two = await join(app), await join(app)
    first, second = app.sessions
    await one.say("text", text="mine")
    await one.send(PCM, b"\x01\x00" * 320, 16_000)
    first.announce(Notice("secret", "only for the first"))
    first.playout.put(tone(turn=1, frames=5))
    await until(lambda: one.of("notice") and len(one.packets) == 5 and first.blocks)
    second.announce(StateChanged("thinking"))
    await until(lambda: len(two.of("state")) == 2)
    assert (second.calls, second.blocks, two.of("notice"), two.packets) == ([], [], [], [])
    await one.close()
    await two.close()


async def test_bad_media_get_a_sentence_and_the_connection_goes_on(app: Any) -> None:
    page = await join(app)
    await page.socket.send(b"\x01short")
    await page.socket.send(MediaPacket(9, 0, 0.0, 0, b"").pack())
    await page.socket.send(MediaPacket(PCM, 16_000, 0.0, 0, b"odd").pack())
    await page.socket.send(MediaPacket(PCM, 16_000, float("nan"), 0, b"ok").pack())
    await page.socket.send(MediaPacket(PCM, 16_000, 0.0, 0, b"\0" * 300_000).pack())
    await page.send(JPEG, b"not a jpeg")
    await until(lambda: len(page.of("notice")) == 6)
    assert {m["code"] for m in page.of("notice")} == {"bad_message"}
    await page.send(PCM, b"\0\0" * 320, 16_000)
    await until(lambda: app.sessions[0].blocks)
    assert len(app.sessions[0].blocks) == 1
    await page.close()


async def test_a_frame_beyond_all_bounds_closes_the_socket(app: Any) -> None:
    page = await join(app)
    await page.send(JPEG, b"\xff" * 2_100_000)
    await page.task
    assert page.socket.close_code == 1009


async def test_pictures_that_nobody_wants_are_not_decoded(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[bytes] = []
    monkeypatch.setattr(websocket_module, "decode_jpeg", lambda data: decoded.append(data))
    page = await join(app)
    app.sessions[0].wants = False
    for _ in range(10):
        await page.send(JPEG, jpeg())
    await page.send(PCM, b"\0\0" * 320, 16_000)
    await until(lambda: app.sessions[0].blocks)
    assert decoded == []
    await page.close()


async def test_a_page_that_stops_reading_costs_nobody_else_anything(app: Any) -> None:
    stuck, other = await join(app), await join(app)
    stuck.task.cancel()
    stuck.socket.transport.pause_reading()
    thumbnail = "data:image/jpeg;base64," + "A" * 20_000
    slow, fast = app.sessions
    from transport_fakes import clip_event

    for i in range(600):
        slow.announce(clip_event(i, thumbnail))
    slow.playout.put(tone(frames=100))
    loop = asyncio.get_running_loop()
    asked = loop.time()
    await other.say("text", text="hi")
    await until(lambda: fast.calls)
    assert loop.time() - asked < 0.5
    assert app.lobby._visits[0].outbox.bytes <= 4_000_000
    await other.close()
    stuck.socket.transport.abort()


async def test_taking_over_closes_the_other_tabs_socket(app: Any) -> None:
    session = await app.enter()
    first = await join(app, session["token"], tab="a")
    second = await dial(app)
    await second.say("attach", token=session["token"], tab="b")
    await until(lambda: second.of("notice"))
    assert second.of("notice")[0]["code"] == "second_tab"
    await second.say("attach", token=session["token"], tab="b", role="take_over")
    await first.task
    assert first.of("bye")[0]["reason"] == "taken_over"
    await until(lambda: second.of("hello"))
    await second.close()


async def test_leaving_says_bye(app: Any) -> None:
    session = await app.enter()
    page = await join(app, session["token"])
    answer = await app.http.delete("/session", headers={"Authorization": f"Bearer {session['token']}"})
    assert answer.status_code == 204
    await page.task
    assert page.of("bye")[0]["reason"] == "left"
    assert app.lobby.sessions == 0
