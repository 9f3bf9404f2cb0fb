"""Sound and pictures of a visit: which line's count, what they wait for, and what a cut one leaves."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from transport_fakes import tone, until
from visit_room import Room

from omnilive_demo.events import Interrupted, SourceChanged

SILENCE = np.zeros(960, np.int16)
PICTURE = np.zeros((48, 64, 3), np.uint8)


@pytest.fixture
async def room(tmp_path):
    room = Room(tmp_path / "visit")
    yield room
    await room.visit.close("test")


async def test_a_browser_that_stops_sending_in_mid_sentence_has_ended_it(room: Room) -> None:
    _, line = await room.attached("a", "websocket")
    room.visit.media.take_audio(line, SILENCE, 16_000, 0.0)
    room.visit.sweep()
    assert room.session.calls == []
    room.time.advance(1.2)
    room.visit.sweep()
    room.visit.sweep()
    assert room.session.calls == [("sound_ended", "visitor")]


async def test_a_cut_line_ends_the_sentence_under_way(room: Room) -> None:
    _, line = await room.attached("a", "websocket")
    room.visit.media.take_audio(line, SILENCE, 16_000, 0.0)
    room.visit.disconnect(line)
    await until(lambda: ("sound_ended", "visitor") in room.session.calls)


async def test_media_count_only_from_the_line_that_carries_them(room: Room) -> None:
    _, socket = await room.attached("a", "websocket")
    _, peer = await room.attached("a", "webrtc")
    room.visit.media.take_audio(peer, SILENCE, 48_000, 0.0)
    room.visit.media.take_audio(socket, SILENCE, 16_000, 0.0)
    assert [block.rate_hz for block in room.session.blocks] == [48_000]
    assert room.session.history[-1].transport == "webrtc"
    room.time.advance(2.0)
    room.visit.media.take_audio(socket, SILENCE, 16_000, 0.0)
    assert [block.rate_hz for block in room.session.blocks] == [48_000, 16_000], "a line that fell silent is replaced"
    assert room.session.history[-1].transport == "websocket"


async def test_a_line_without_media_next_to_webrtc_is_a_live_channel_only(room: Room) -> None:
    _, socket = await room.attached("a", "websocket", media=False)
    room.visit.media.take_audio(socket, SILENCE, 16_000, 0.0)
    assert room.session.blocks == []
    room.say(socket, "text", text="hi")
    assert room.session.calls == [("ask", "hi")]


async def test_muted_sound_does_not_reach_the_session(room: Room) -> None:
    _, line = await room.attached()
    room.say(line, "mute", on=True)
    room.visit.media.take_audio(line, SILENCE, 48_000, 0.0)
    assert room.session.blocks == []
    room.say(line, "mute", on=False)
    room.visit.media.take_audio(line, SILENCE, 48_000, 0.02)
    assert len(room.session.blocks) == 1
    assert room.session.blocks[0].origin == "visitor"


async def test_the_cameras_pictures_wait_while_a_file_is_the_source(room: Room) -> None:
    _, line = await room.attached()
    room.session.announce(SourceChanged("sample", "kitchen", "playing"))
    assert not room.visit.media.wants_picture(line)
    room.visit.media.take_picture(line, PICTURE, 1.0)
    room.session.announce(SourceChanged("camera", "", "playing"))
    assert room.visit.media.wants_picture(line)
    room.visit.media.take_picture(line, PICTURE, 2.0)
    assert [frame.t_s for frame in room.session.pictures] == [2.0]


async def test_the_answers_sound_waits_for_a_listener_and_an_interruption_flushes_it(room: Room) -> None:
    room.session.playout.put(tone(frames=3))
    await asyncio.sleep(0.05)
    assert room.session.playout.handed_at == []
    link, _ = await room.attached()
    await until(lambda: len(link.played) == 3)
    before = link.flushed
    room.session.announce(Interrupted(1, "speech"))
    assert link.flushed == before + 1
