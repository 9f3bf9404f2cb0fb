"""When standing queries are answered."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standing_room import NAMES, Room

from omnilive_demo.events import StandingChanged
from omnilive_demo.models.thing_names import ThingNames
from omnilive_demo.standing import EXPIRES_S, MOST, Standing


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    made = Room()
    yield made
    made.standing.close()


async def test_a_thing_is_told_once_when_it_comes(room: Room) -> None:
    room.see(5)
    assert room.take("Tell me when you see a dog.") == "Okay, I'll tell you when I see a dog."
    assert room.told == [StandingChanged(1, "a dog", "waiting", "thing", 5.0)]
    room.see(20, "dog")
    assert room.texts == ["You asked me to tell you: a dog just came into view."]
    (remark,) = room.said
    assert (remark.standing, remark.picture_t_s, remark.until_s) == (1, 7.0, None)
    (evidence,) = remark.evidence
    assert (evidence.kind, evidence.text, evidence.clip_id, evidence.score) == ("picture", "dog", None, 0.9)
    assert room.told[1:] == [StandingChanged(1, "a dog", "answered", "thing", 5.0, None, 7.0)]
    assert room.standing.open == ()


async def test_what_is_in_view_is_answered_at_once_and_not_waited_for(room: Room) -> None:
    room.see(5, "dog")
    assert room.take("tell me when you see a dog") == "I see a dog right now."
    room.see(20, "dog")
    assert room.told == []
    assert room.said == []


async def test_what_was_in_view_long_ago_is_waited_for(room: Room) -> None:
    room.see(5, "dog")
    room.time.advance(60)
    assert room.take("tell me when you see a dog").startswith("Okay")


async def test_another_one_is_told_when_it_comes_again(room: Room) -> None:
    room.see(5, "dog")
    assert room.take("tell me when the dog comes back") == (
        "I see a dog right now. I'll tell you when I see a dog again."
    )
    room.see(10, "dog")
    assert room.said == []
    room.see(8)
    room.see(3, "dog")
    assert len(room.said) == 1


async def test_a_thing_that_goes_is_told_with_when_it_was_seen_last(room: Room) -> None:
    room.see(5, "dog")
    assert room.take("tell me when the dog is gone") == "Okay, I'll tell you when I no longer see the dog."
    room.see(20)
    assert room.texts == ["You asked me to tell you: the dog just went out of view."]
    assert room.said[0].evidence[0].start_s == 5.0
    room.take("tell me when the cat is gone")
    room.see(30)
    assert len(room.said) == 1
    room.see(3, "cat")
    room.see(10)
    assert len(room.said) == 2


@pytest.mark.parametrize(
    ("text", "taken", "answer"),
    [
        ("tell me when the dog or the cat is gone", "Okay, I'll tell you when the dog or the cat is gone.",
         "You asked me to tell you: the cat just went out of view."),
        ("狗或者猫不见了告诉我", "好的，狗或猫一不见我就告诉您。", "您让我告诉您：刚才猫不见了。"),
    ],
)  # fmt: skip
async def test_of_two_things_the_first_that_goes_is_told(room: Room, text: str, taken: str, answer: str) -> None:
    room.see(5, "dog", "cat")
    assert room.take(text) == taken
    room.see(3, "dog", "cat")
    room.see(20, "dog")
    assert room.texts == [answer]
    assert room.said[0].evidence[0].start_s == 8.0


async def test_of_two_things_one_that_was_never_there_is_not_gone(room: Room) -> None:
    room.see(10, "dog")
    room.take("tell me when the dog or the cat is gone")
    room.see(20, "dog")
    assert room.said == []
    room.see(10)
    assert room.texts == ["You asked me to tell you: the dog just went out of view."]


async def test_of_what_has_two_names_both_have_to_go() -> None:
    room = Room(ThingNames({"mug": "mugs", "cup": "cups", "dog": "dogs"}))
    room.see(5, "mug")
    assert room.take("杯子或者狗不见了告诉我").startswith("好的")
    room.see(10, "cup")
    assert room.said == []
    room.see(10)
    assert len(room.said) == 1
    room.standing.close()


@pytest.mark.parametrize(
    ("text", "label", "answer"),
    [
        ("let me know when somebody knocks", "knocking", "You asked me to tell you: I just heard knocking."),
        ("tell me when it rings", "bell", "You asked me to tell you: I just heard a bell."),
        ("tell me when you hear something", "sound", "You asked me to tell you: I just heard a sound."),
        ("remind me to open when the bell rings", "bell", "You asked me to remind you to open: I just heard a bell."),
    ],
)
async def test_a_sound_is_told(room: Room, text: str, label: str, answer: str) -> None:
    room.take(text)
    room.hear("rain" if label != "sound" else label)
    room.hear(label)
    room.hear(label)
    assert room.texts == [answer]
    assert room.said[0].evidence[0].kind == "sound"


async def test_a_sound_of_just_now_is_told_with_the_request(room: Room) -> None:
    room.hear("barking")
    assert room.take("tell me if the dog barks") == "I heard barking just now. I'll tell you when I hear it again."
    room.hear("barking")
    assert len(room.said) == 1


async def test_a_word_is_told_but_not_when_it_is_asked_about(room: Room) -> None:
    room.take("tell me when somebody says lunch")
    room.words("Tell me when somebody says lunch")
    room.words("Did anybody mention lunch")
    room.words("never mind the lunch")
    assert room.said == []
    room.words("It is time for Lunch now", "source")
    room.words("lunch lunch lunch")
    assert room.texts == ["You asked me to tell you: the video just said “lunch”."]
    assert room.said[0].evidence[0].text == "It is time for Lunch now"


async def test_the_light_is_told(room: Room) -> None:
    room.see(5, "bright")
    assert room.take("tell me when it gets dark") == "Okay, I'll tell you when it gets dark."
    room.see(1, "dark")
    assert room.said == []
    room.see(5, "dark")
    assert room.texts == ["You asked me to tell you: it just got dark."]
    assert room.take("tell me when it is dark") == "It is dark right now."


async def test_a_reminder_is_due_by_the_clock(room: Room) -> None:
    answer = room.take("Remind me in two minutes to call Anna.")
    assert answer == "Okay, in 2 minutes I'll remind you to call Anna."
    assert (room.told[0].text, room.told[0].kind, room.told[0].due_s) == ("call Anna", "time", 120.0)
    await asyncio.sleep(0)
    assert room.slept == [1.0]
    room.time.advance(119.9)
    room.standing.tick()
    assert room.said == []
    room.time.advance(0.2)
    room.standing.tick()
    room.standing.tick()
    assert room.texts == ["You asked me to remind you to call Anna."]
    assert room.said[0].evidence[0].text == "Remind me in two minutes to call Anna."


async def test_the_timer_task_does_it_alone_and_ends() -> None:
    room = Room()

    async def sleep(seconds: float) -> None:
        assert 0 < seconds <= 1.0
        room.time.advance(seconds)
        await asyncio.sleep(0)

    standing = Standing(room.clock, NAMES, room.told.append, room.said.append, sleep)  # type: ignore[arg-type]
    standing.take("set a timer for two seconds")
    standing.take("set a timer for four seconds")
    for _ in range(20):
        await asyncio.sleep(0)
    assert room.texts == [f"You asked me to tell you: {n} seconds are over." for n in (2, 4)]
    assert len([task for task in asyncio.all_tasks() if task.get_name() == "standing"]) == 0


async def test_there_is_never_more_than_one_timer_task(room: Room) -> None:
    for n in range(2, 7):
        room.take(f"remind me in {n} minutes")
    await asyncio.sleep(0)
    assert len([task for task in asyncio.all_tasks() if task.get_name() == "standing"]) == 1
    room.standing.close()
    await asyncio.sleep(0)
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "standing"]


async def test_something_new_is_remarked_only_when_it_is_switched_on(room: Room) -> None:
    room.see(20)
    room.see(5, "bus")
    assert not room.standing.remark_on_new
    room.standing.remark_on_new = True
    assert room.standing.remark_on_new
    room.see(10, "bus")
    room.see(5, "bus", "scissors")
    room.see(30, "bus", "scissors")
    room.hear("barking")
    room.see(40)
    room.see(40, "dark")
    assert room.texts == ["Scissors just came into view.", "I just heard barking.", "It just got dark."]
    assert all(remark.standing is None and remark.evidence for remark in room.said)
    assert all(remark.until_s is not None for remark in room.said)


async def test_what_was_asked_for_is_not_remarked_as_well(room: Room) -> None:
    room.standing.remark_on_new = True
    room.see(20)
    room.take("tell me when you see a dog")
    room.take("tell me when it barks")
    room.see(5, "dog")
    room.hear("barking")
    assert len(room.said) == 2
    assert all(remark.standing for remark in room.said)


async def test_eyes_without_names_say_so(room: Room) -> None:
    blind = Room(None)
    assert blind.take("tell me when you see a dog").startswith("I don't know things by name")
    assert blind.take("tell me when it gets dark").startswith("Okay")
    blind.see(3, "dark", "dog")
    assert len(blind.said) == 1
    blind.standing.close()


STEPS = st.one_of(
    st.tuples(st.just("take"), st.sampled_from((
        "tell me when you see a dog", "tell me when the dog is gone", "tell me when the dog comes back",
        "tell me when it gets dark", "tell me when the light goes on", "let me know when it rings",
        "tell me when somebody says lunch", "remind me in ten seconds to eat", "set a timer for a minute",
        "remind me to eat when you see a cat", "stop watching for the dog", "cancel all of them", "cancel that",
        "cancel the timer", "what are you waiting for",
    ))),
    st.tuples(st.just("see"), st.sets(st.sampled_from(("dog", "cat", "dark", "bright")), max_size=2)),
    st.tuples(st.just("hear"), st.sampled_from(("bell", "barking", "sound"))),
    st.tuples(st.just("words"), st.sampled_from(("lunch is ready", "hello", "did you say lunch"))),
    st.tuples(st.just("wait"), st.sampled_from((1.0, 9.0, 70.0, EXPIRES_S))),
    st.tuples(st.just("cancel"), st.integers(0, 12)),
    st.tuples(st.just("forget"), st.booleans()),
    st.tuples(st.just("remarks"), st.booleans()),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, max_size=60))
def test_each_is_answered_at_most_once_and_only_while_it_waits(steps: list) -> None:
    async def play() -> None:
        room = Room()
        standing = room.standing
        for what, value in steps:
            said, waited = len(room.said), set(standing.open)
            match what:
                case "take":
                    standing.take(value)
                    waited |= set(standing.open)
                case "see":
                    room.see(1, *value)
                case "hear":
                    room.hear(value)
                case "words":
                    room.words(value)
                case "wait":
                    room.time.advance(value)
                    standing.tick()
                case "cancel":
                    assert standing.cancel(value) == (value in waited)
                case "forget":
                    standing.forget(*((room.clock.now_s() - 30, room.clock.now_s()) if value else ()))
                case "remarks":
                    standing.remark_on_new = value
            answered = [remark.standing for remark in room.said[said:] if remark.standing is not None]
            assert set(answered) <= waited - set(standing.open)
            assert len(standing.open) <= MOST
        answers = Counter(remark.standing for remark in room.said if remark.standing is not None)
        assert all(count == 1 for count in answers.values())
        ends = Counter(event.id for event in room.told if event.status != "waiting")
        assert all(count == 1 for count in ends.values())
        begun = [event.id for event in room.told if event.status == "waiting"]
        assert begun == sorted(set(begun))
        assert {number for number, _ in answers.items()} == {e.id for e in room.told if e.status == "answered"}
        standing.close()

    asyncio.run(play())
