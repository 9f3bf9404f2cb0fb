"""Which standing queries wait: how many, how long, how they are dropped, listed and refused."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from standing_room import Room

from omnilive_demo.standing import EXPIRES_S, MOST


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    made = Room()
    yield made
    made.standing.close()


async def test_no_more_than_eight_wait(room: Room) -> None:
    for n in range(2, 2 + MOST):
        room.take(f"remind me in {n} minutes")
    assert room.take("tell me when you see a dog").startswith("I'm already waiting for eight things")
    assert len(room.standing.open) == MOST
    room.take("cancel the 2 minute timer")
    assert room.take("tell me when you see a dog").startswith("Okay")


async def test_the_same_is_not_waited_for_twice(room: Room) -> None:
    room.take("tell me when you see a dog")
    assert room.take("let me know if you see a dog") == "I'm already waiting for that."
    assert room.standing.open == (1,)


async def test_what_waits_for_too_long_expires(room: Room) -> None:
    room.take("tell me when you see a dog")
    room.time.advance(EXPIRES_S - 1)
    room.standing.tick()
    assert room.standing.open == (1,)
    room.see(3, "cat")
    assert room.statuses == [(1, "waiting"), (1, "expired")]
    room.see(3, "dog")
    assert room.said == []


async def test_it_is_dropped_by_voice(room: Room) -> None:
    room.take("tell me when you see a dog")
    room.take("remind me in two minutes to call Anna")
    room.take("let me know when somebody knocks")
    room.take("tell me when it gets dark")
    assert room.take("Never mind the dog.") == "Okay, I'm no longer waiting for a dog."
    assert room.take("cancel the reminder") == "Okay, no reminder to call Anna."
    assert room.take("stop listening for the knock") == "Okay, I'm no longer waiting for knocking."
    assert room.take("you don't have to tell me when it gets dark any more").startswith("Okay")
    room.see(5, "dog", "dark")
    room.time.advance(200)
    room.standing.tick()
    assert room.said == []
    assert [status for _, status in room.statuses].count("cancelled") == 4


@pytest.mark.parametrize(
    ("asked", "dropped", "answer"),
    [
        ("十分钟后提醒我给我妈打电话", "不用提醒我给我妈打电话了", "好的，不再提醒您给您妈打电话了。"),
        ("十分钟后提醒我给Anna打电话", "不用提醒我给Anna打电话了", "好的，不再提醒您给Anna打电话了。"),
        ("每隔十分钟提醒我喝一次水", "不用提醒我喝水了", "好的，不再提醒您喝水了。"),
    ],
)
async def test_a_reminder_is_dropped_by_what_it_is_of(room: Room, asked: str, dropped: str, answer: str) -> None:
    room.take("五分钟后提醒我关火")
    room.take(asked)
    assert room.take(dropped) == answer
    assert room.standing.open == (1,)


async def test_who_could_mean_several_is_asked_which(room: Room) -> None:
    room.take("remind me in two minutes to call Anna")
    room.take("set a timer for five minutes")
    assert room.take("cancel the timer") == "Which one: call Anna or 5 minutes?"
    assert room.take("cancel the five minute timer") == "Okay, the timer for 5 minutes is off."
    assert room.take("cancel the timer") == "Okay, no reminder to call Anna."
    assert room.take("cancel the timer") == "I'm not waiting for anything."


async def test_never_mind_is_no_business_of_it_when_nothing_fits(room: Room) -> None:
    assert room.standing.take("never mind the dog") is None
    assert room.standing.take("cancel that") is None
    assert room.standing.take("cancel all of them") is None
    room.take("tell me when you see a cat")
    assert room.standing.take("forget the dog") is None
    assert room.take("stop watching for the dog") == "I'm not waiting for that."
    assert room.take("cancel that") == "Okay, I'm no longer waiting for a cat."


async def test_all_are_dropped_at_once(room: Room) -> None:
    room.take("tell me when you see a dog")
    room.take("set a timer for five minutes")
    room.take("tell me when it gets dark")
    assert room.take("cancel all of them") == "Okay, I dropped all three."
    assert room.standing.open == ()


async def test_a_click_drops_it(room: Room) -> None:
    room.take("tell me when you see a dog")
    assert room.standing.cancel(1)
    assert not room.standing.cancel(1)
    assert not room.standing.cancel(7)
    assert room.statuses == [(1, "waiting"), (1, "cancelled")]


async def test_they_are_listed(room: Room) -> None:
    assert room.take("what are you waiting for") == "I'm not waiting for anything."
    room.take("tell me when you see a dog")
    room.take("let me know when it gets dark")
    room.take("remind me in five minutes to call Anna")
    room.take("set a timer for ten minutes")
    room.time.advance(60)
    assert room.take("what are you waiting for?") == (
        "I'm waiting for a dog and for it to get dark. In 4 minutes I'll remind you to call Anna. "
        "In 9 minutes the timer for 10 minutes ends."
    )


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("tell me when you see a unicorn", "I don't know what a unicorn looks like, so I could not tell you."),
        ("watch out for unicorns", "I don't know what unicorns look like, so I could not tell you."),
        ("tell me when you hear a whale", "I don't know what a whale sounds like, so I could not tell you."),
        ("tell me when my laundry is done", "I would not notice when your laundry is done. I can watch"),
        ("tell me when somebody comes in", "I can't tell people by sight, so I could not tell you."),
        ("wake me at seven", "I don't know what time of day it is where you are."),
        ("remind me to call Anna", "I need to know when."),
        ("set a timer", "For how long?"),
    ],
)
async def test_what_cannot_be_done_is_refused_in_words_and_not_listed(room: Room, text: str, answer: str) -> None:
    assert room.take(text).startswith(answer)
    assert room.told == []


async def test_what_is_asked_for_each_time_is_taken_on_once_and_said_so(room: Room) -> None:
    answer = room.take("tell me whenever the dog barks")
    assert answer == "Okay, I'll tell you the next time, once: when I hear barking."


@pytest.mark.parametrize("text", ["what is this", "tell me when you saw the dog", "stop", "thank you", ""])
async def test_other_words_are_left_alone(room: Room, text: str) -> None:
    assert room.standing.take(text) is None


async def test_what_was_asked_for_in_a_forgotten_stretch_is_forgotten_without_a_word(room: Room) -> None:
    room.take("tell me when you see a dog")
    room.time.advance(100)
    room.take("tell me when you see a cat")
    told = list(room.told)
    room.standing.forget(50.0, 200.0)
    assert room.standing.open == (1,)
    room.standing.forget()
    assert room.standing.open == ()
    assert room.told == told
    room.see(5, "dog", "cat")
    assert room.said == []
