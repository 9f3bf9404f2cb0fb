"""Reminders that come again and again: how often at most, until when, and how they are dropped and forgotten."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from standing_room import NAMES, Room

from omnilive_demo.reasoning.standing_request import read_request
from omnilive_demo.reasoning.standing_wanted import LEAST_EVERY_S, Dropped, Unfit, Wait, Wanted
from omnilive_demo.standing import EXPIRES_S, Standing


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    made = Room()
    yield made
    made.standing.close()


TOO_OFTEN = ("remind me every zero seconds to blink", "remind me every second to blink", "每0.00000001秒提醒我喝水",
             "每零秒提醒我喝水", "每秒提醒我喝水", "提醒我每隔二十九秒喝水")  # fmt: skip


@pytest.mark.parametrize("text", TOO_OFTEN)
async def test_what_would_come_too_often_is_refused_in_words(room: Room, text: str) -> None:
    assert room.take(text) in (
        "I can't remind you more often than every 30 seconds.", "我最多每隔三十秒提醒您一次，不能更频繁了。"
    )  # fmt: skip
    assert room.standing.open == ()
    assert read_request(text, NAMES) == Unfit("how often")


@pytest.mark.parametrize("text", ["remind me every thirty seconds to blink", "每三十秒提醒我眨眼"])
def test_half_a_minute_is_not_too_often(text: str) -> None:
    found = read_request(text, NAMES)
    assert isinstance(found, Wanted)
    assert found.delay_s == LEAST_EVERY_S


async def test_the_loop_goes_on_while_something_is_due_again_at_once() -> None:
    room = Room()
    waits = 0

    async def sleep(seconds: float) -> None:
        nonlocal waits
        assert seconds >= 0
        waits += 1
        if waits > 5:
            standing.close()
        await asyncio.sleep(0)

    standing = Standing(room.clock, NAMES, room.told.append, room.said.append, sleep)  # type: ignore[arg-type]
    standing.take("remind me in ten seconds to eat")
    room.time.advance(60.0)
    (query,) = standing._waiting.values()
    query.watch.wanted = Wanted(Wait.TIME, delay_s=0.0, every=True)  # as no text asks for it any more
    for _ in range(20):
        await asyncio.sleep(0)
    assert waits == 6


ONE_OF_EACH = ("remind me every ten minutes to drink", "每隔十分钟提醒我喝水")


@pytest.mark.parametrize("text", ONE_OF_EACH)
async def test_the_words_that_are_promised_to_end_it_end_it_however_long_ago(room: Room, text: str) -> None:
    promised = re.search(r"until you say (.+)\.$|直到您说(.+)。$", room.take(text))
    assert promised is not None
    words = promised[1] or promised[2]
    found = read_request(words, NAMES)
    assert isinstance(found, Dropped)
    assert found.sure
    for _ in range(7):
        room.time.advance(600.0)
        room.standing.tick()
    room.time.advance(300.0)
    assert len(room.said) == 7
    assert room.take(words) in ("Okay, no reminder to drink.", "好的，不再提醒您喝水了。")
    assert room.standing.open == ()


@pytest.mark.parametrize(
    "text",
    [
        "stop reminding me", "please stop reminding me", "Stop reminding me now.", "stop reminding me any more",
        "you can stop reminding me", "stop reminding me to drink", "quit reminding me about that", "don't remind me",
        "stop reminding me every ten minutes",
    ],
)  # fmt: skip
async def test_it_is_dropped_by_the_verb(room: Room, text: str) -> None:
    room.take("tell me when you see a dog")
    room.take(ONE_OF_EACH[0])
    room.time.advance(300.0)
    assert room.take(text) == "Okay, no reminder to drink."
    assert room.standing.open == (1,)


async def test_a_reminder_that_no_clock_ends_is_dropped_by_the_verb_as_well(room: Room) -> None:
    room.take("tell me when you see a dog")
    room.take("remind me to open when the bell rings")
    room.time.advance(300.0)
    assert room.take("stop reminding me") == "Okay, I'm no longer waiting for a bell."
    assert room.take("stop reminding me") == "I'm not waiting for that."
    assert room.standing.take("stop telling me about the cat") is None, "of what is being said, maybe"
    assert room.take("stop telling me about the dog") == "Okay, I'm no longer waiting for a dog."


async def test_it_does_not_end_by_itself(room: Room) -> None:
    room.take("remind me every hour to stand up")
    hours = round(EXPIRES_S / 3600) + 3
    for _ in range(hours):
        room.time.advance(3600.0)
        room.standing.tick()
    assert len(room.said) == hours
    assert len(room.standing.open) == 1
    assert "expired" not in [status for _, status in room.statuses]


async def test_it_is_forgotten_with_the_time_at_which_it_was_asked_for(room: Room) -> None:
    room.time.advance(10.0)
    room.take("remind me every minute to call Anna")
    for _ in range(5):
        room.time.advance(60.0)
        room.standing.tick()
    assert [(one.evidence[0].start_s, one.evidence[0].end_s) for one in room.said] == [(10.0, 10.0)] * 5
    room.standing.forget(200.0, 400.0)
    assert len(room.standing.open) == 1
    room.standing.forget(0.0, 20.0)
    assert room.standing.open == ()


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("每天提醒我吃药", "好的，我每天提醒您吃药，直到您说停止提醒。"),
        ("每隔一天提醒我吃药", "好的，我每两天提醒您吃药，直到您说停止提醒。"),
        ("每分钟提醒我眨眼", "好的，我每分钟提醒您眨眼，直到您说停止提醒。"),
        ("remind me every minute to blink",
         "Okay, I'll remind you to blink every minute, until you say stop reminding me."),
        ("remind me every minute or so to blink",
         "Okay, I'll remind you to blink every minute, until you say stop reminding me."),
        ("remind me every 90 minutes to blink",
         "Okay, I'll remind you to blink every 1 hour 30 minutes, until you say stop reminding me."),
    ],
)  # fmt: skip
async def test_how_often_is_said_as_people_say_it(room: Room, text: str, answer: str) -> None:
    assert room.take(text) == answer


async def test_it_is_dropped_in_chinese_with_how_often(room: Room) -> None:
    room.take(ONE_OF_EACH[1])
    assert room.take("别每隔十分钟提醒我喝水了") == "好的，不再提醒您喝水了。"


@pytest.mark.parametrize("text", ["remind me in {} days to eat", "remind me every {} days to eat"])
async def test_a_time_without_an_end_is_not_taken_on(room: Room, text: str) -> None:
    room.standing.take(text.format("9" * 330))
    assert room.standing.open == ()
