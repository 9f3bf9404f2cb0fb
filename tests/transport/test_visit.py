from __future__ import annotations

import asyncio

import numpy as np
import pytest
from transport_fakes import caption, until
from visit_room import Room, told

from omnilive_demo.events import MemoryFigures, Notice, StateChanged
from omnilive_demo.transport.outbox import RING_MESSAGES
from omnilive_demo.transport.visit import HEARTBEAT_TIMEOUT_S, MOST_ERRORS

SILENCE = np.zeros(960, np.int16)
PICTURE = np.zeros((48, 64, 3), np.uint8)


@pytest.fixture
async def room(tmp_path):
    room = Room(tmp_path / "visit")
    yield room
    await room.visit.close("test")


async def test_the_first_tab_is_greeted_and_then_hears_events(room: Room) -> None:
    link, line = await room.attached()
    room.session.announce(StateChanged("thinking"))
    await until(lambda: len(told(link)) == 5)
    assert [m["type"] for m in told(link)] == ["hello", "state", "memory", "media", "state"]
    numbers = [m["seq"] for m in told(link)]
    assert numbers[:2] == [0, 0], "a greeting that is cut off must not count as received"
    assert 0 < numbers[2] < numbers[3] < numbers[4]
    assert told(link, "media")[0]["transport"] == "websocket"
    assert line.role == "main"


async def test_a_reconnect_replays_exactly_what_was_missed(room: Room) -> None:
    link, line = await room.attached()
    room.session.announce(caption(1, "hello", True))
    await until(lambda: told(link, "caption"))
    last = told(link)[-1]["seq"]
    room.visit.disconnect(line)
    await until(lambda: room.visit.attached == 0)
    for words in ("one", "two"):
        room.session.announce(caption(2, words, True))
    again, _ = await room.attached(last_seq=last)
    await until(lambda: len(told(again, "caption")) == 2)
    assert told(again)[0]["type"] == "hello"
    assert told(again)[0]["resumed"] is True
    assert [m["text"] for m in told(again, "caption")] == ["one", "two"]
    assert not told(again, "memory"), "what the page has already is not sent again"


async def test_a_page_that_was_away_too_long_is_given_the_whole_picture(room: Room) -> None:
    link, line = await room.attached()
    await until(lambda: told(link, "media"))
    last = told(link)[-1]["seq"]
    room.session.announce(caption(1, "kept", True))
    room.visit.disconnect(line)
    for i in range(RING_MESSAGES + 5):
        room.session.announce(Notice("n", str(i)))
    again, _ = await room.attached(last_seq=last)
    await until(lambda: told(again, "memory"))
    assert told(again, "hello")[0]["resumed"] is False
    assert [m["text"] for m in told(again, "caption")] == ["kept"]


async def test_a_link_that_stalls_past_the_ring_is_greeted_afresh_and_blocks_nobody(room: Room) -> None:
    slow, _ = await room.attached("a")
    fast, _ = await room.attached("b", role="watch")
    slow.open.clear()
    room.session.announce(caption(1, "final", True))
    for i in range(RING_MESSAGES + 50):
        room.session.announce(Notice("n", str(i)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    await until(lambda: f'"message":"{RING_MESSAGES + 49}"' in fast.sent[-1])
    assert len(told(fast, "hello")) == 1
    slow.open.set()
    await until(lambda: len(told(slow, "hello")) == 2)
    assert "final" in [m["text"] for m in told(slow, "caption")]


async def test_a_second_tab_is_asked_and_may_take_over(room: Room) -> None:
    first, one = await room.attached("a")
    second, two = room.connect()
    room.say(two, "attach", tab="b")
    await until(lambda: second.sent)
    assert [m["code"] for m in told(second, "notice")] == ["second_tab"]
    room.say(two, "text", text="not yet")
    assert room.session.calls == []
    room.say(two, "attach", tab="b", role="take_over")
    await until(lambda: told(second, "hello") and first.hung_up)
    assert told(first, "bye")[0]["reason"] == "taken_over"
    assert (one.role, two.role) == ("closed", "main")
    room.say(one, "text", text="from the old tab")
    room.say(two, "text", text="from the new tab")
    assert room.session.calls == [("ask", "from the new tab")]


async def test_a_watching_tab_hears_events_but_commands_nothing(room: Room) -> None:
    await room.attached("a")
    second, two = await room.attached("b", role="watch")
    room.session.announce(StateChanged("speaking"))
    await until(lambda: len(told(second, "state")) == 2)
    room.say(two, "stop")
    room.say(two, "forget")
    room.visit.media.take_audio(two, SILENCE, 48_000, 0.0)
    await until(lambda: len(told(second, "notice")) == 2)
    assert {m["code"] for m in told(second, "notice")} == {"watching"}
    assert room.session.calls == []
    assert room.session.blocks == []
    room.say(two, "attach", tab="b", role="take_over")
    room.say(two, "stop")
    assert room.session.calls == [("stop", "stop")]


async def test_a_connection_replaces_the_older_one_of_its_tab_without_a_bye(room: Room) -> None:
    old, _ = await room.attached("a")
    new, _ = await room.attached("a")
    await until(lambda: old.hung_up)
    assert told(old, "bye") == []
    assert told(new, "hello")


async def test_commands_reach_the_session(room: Room) -> None:
    _, line = await room.attached()
    room.say(line, "text", text="what is this?")
    room.say(line, "stop")
    room.say(line, "mute", on=True)
    room.say(line, "settings", language="en", voice="en-us", rate=1.2)
    room.say(line, "settings", remarks=True)
    room.say(line, "playout", turn=3, heard_ms=1200.0)
    room.say(line, "cancel_standing", id=4)
    room.say(line, "forget", from_s=1.0, to_s=2.0)
    room.say(line, "source", kind="sample", name="kitchen")
    room.say(line, "heartbeat")
    await until(lambda: room.sources.started and len(room.session.calls) == 9)
    assert sorted(call[0] for call in room.session.calls) == [
        "ask", "cancel_standing", "forget", "heard", "mute", "remarks", "settings", "settings", "stop"
    ]  # fmt: skip
    assert ("remarks", True) in room.session.calls
    assert ("forget", 1.0, 2.0) in room.session.calls
    assert room.sources.started[0].name == "kitchen"


async def test_what_cannot_be_done_is_told_in_the_sessions_own_words(room: Room) -> None:
    link, line = await room.attached()
    room.say(line, "text", text="   ")
    room.say(line, "source", kind="url")
    await until(lambda: len(told(link, "notice")) == 2)
    assert {m["code"] for m in told(link, "notice")} == {"empty_question", "bad_url"}


@pytest.mark.parametrize(
    "text",
    ["", "not json", "[]", '{"type":"nothing"}', '{"type":"text"}', '{"type":"playout","turn":-1,"heard_ms":0}',
     '{"type":"playout","turn":1,"heard_ms":1e999}', '{"type":"text","text":"' + "x" * 20_000 + '"}'],
)  # fmt: skip
async def test_a_message_that_makes_no_sense_gets_a_sentence_and_changes_nothing(room: Room, text: str) -> None:
    link, line = await room.attached()
    room.visit.take_text(line, text)
    await until(lambda: told(link, "notice"))
    assert told(link, "notice")[0]["code"] == "bad_message"
    assert room.session.calls == []
    assert line.role == "main"


async def test_a_connection_that_only_talks_nonsense_is_hung_up(room: Room) -> None:
    link, line = await room.attached()
    for _ in range(MOST_ERRORS):
        room.visit.take_text(line, "?")
    await until(lambda: link.hung_up)
    assert told(link, "bye")[0]["reason"] == "protocol"


async def test_nothing_is_obeyed_or_told_before_attach(room: Room) -> None:
    link, line = room.connect()
    room.say(line, "text", text="hello")
    room.session.announce(StateChanged("thinking"))
    await until(lambda: told(link))
    assert [m["code"] for m in told(link)] == ["attach_first"]
    assert room.session.calls == []


async def test_a_silent_connection_is_gone_after_the_heartbeat_time(room: Room) -> None:
    link, line = await room.attached()
    room.time.advance(HEARTBEAT_TIMEOUT_S - 1)
    room.say(line, "heartbeat")
    room.time.advance(HEARTBEAT_TIMEOUT_S - 1)
    room.visit.sweep()
    assert room.visit.attached == 1
    room.time.advance(2)
    room.visit.sweep()
    await until(lambda: link.hung_up)
    assert room.visit.attached == 0
    assert room.visit.detached_s == room.time()


async def test_while_nobody_listens_no_answer_goes_on(room: Room) -> None:
    _, line = await room.attached()
    room.visit.disconnect(line)
    await until(lambda: room.visit.attached == 0)
    room.time.advance(4)
    room.visit.sweep()
    assert room.session.calls == []
    for _ in range(3):
        room.time.advance(2)
        room.visit.sweep()
    # Again each time: a film may have asked something meanwhile.
    assert room.session.calls == [("stop", "closed")] * 3


async def test_a_forgotten_range_reaches_a_page_that_was_away(room: Room) -> None:
    link, line = await room.attached()
    await until(lambda: told(link, "media"))
    last = told(link)[-1]["seq"]
    room.visit.disconnect(line)
    room.session.announce(MemoryFigures(1, 1.0, 1, 1, 1, 5.0, 6.0))
    room.session.announce(MemoryFigures(1, 1.0, 1, 1, 1))
    again, _ = await room.attached(last_seq=last)
    await until(lambda: len(told(again, "memory")) == 2)
    assert told(again, "memory")[0]["forgot_from_s"] == 5.0


async def test_closing_says_bye_to_everybody_and_removes_the_folder(room: Room) -> None:
    main, _ = await room.attached("a")
    watcher, _ = await room.attached("b", role="watch")
    asked, line = room.connect()
    room.say(line, "attach", tab="c")
    (room.visit.folder / "upload").write_bytes(b"x")
    await room.visit.close("left")
    for link in (main, watcher, asked):
        assert [m["reason"] for m in told(link, "bye")] == ["left"]
        assert link.hung_up == ["left"]
    assert room.session.closed == "left"
    assert room.sources.closed
    assert not room.visit.folder.exists()


async def test_closing_does_not_wait_for_a_link_that_never_takes_anything(room: Room) -> None:
    link, _ = await room.attached()
    link.open.clear()
    async with asyncio.timeout(3):
        await room.visit.close("left")
    assert link.hung_up


async def test_webrtc_ids_are_good_for_one_offer_of_their_own_visit(room: Room) -> None:
    name = room.visit.issue_webrtc_id()
    assert not room.visit.claim_webrtc_id("guess")
    assert not room.visit.owns_webrtc_id(name)
    assert room.visit.claim_webrtc_id(name)
    assert room.visit.owns_webrtc_id(name)
    assert not room.visit.claim_webrtc_id(name)
    names = [room.visit.issue_webrtc_id() for _ in range(40)]
    assert not room.visit.claim_webrtc_id(names[0]), "unused ones do not pile up"
    assert room.visit.claim_webrtc_id(names[-1])


async def test_a_broken_link_ends_its_line(room: Room) -> None:
    link, line = await room.attached()
    link.broken = True
    room.session.announce(StateChanged("thinking"))
    await until(lambda: link.hung_up)
    assert line.role == "closed"
    assert room.visit.attached == 0
