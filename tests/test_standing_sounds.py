"""What can be waited for by its sound is what the taggers that run can name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from session_fakes import Stage
from standing_room import NAMES

from omnilive_demo.ear_events import SoundHeard
from omnilive_demo.events import AnswerGrew, StandingChanged
from omnilive_demo.models.sound_words import NAMED
from omnilive_demo.perception.audioset_labels import spelled, told_names
from omnilive_demo.perception.sound_tagger import Tag
from omnilive_demo.reasoning.standing_request import read_request
from omnilive_demo.reasoning.standing_wanted import Unfit, Wait, Wanted
from omnilive_demo.records import Heard

ALL = told_names(spelled())
DOGS, CRYING = ("barking", "howling", "growling"), ("crying baby", "crying")


class Namer:
    """Takes every sound for the same."""

    name = "namer"
    names = ALL

    def __init__(self, label: str) -> None:
        self._label = label

    def tag(self, sound: NDArray[np.float32]) -> Tag:
        return Tag(self._label, 0.9)


def stage(label: str | None) -> Stage:
    made = Stage()
    made.engine.sound_namer = Namer(label) if label else None
    return made


async def sounds(made: Stage, start_s: float = 1.0) -> None:
    samples = np.zeros(16_000, np.float32)
    made.conversation.on_ear(SoundHeard(Heard(start_s, start_s + 0.5, "sound", 0.6), samples))
    await made.settle()


@pytest.mark.parametrize(
    ("asked", "label", "told"),
    [
        ("tell me when a baby cries", "crying baby", "I just heard a crying baby"),
        ("let me know when the cat meows", "meowing cat", "I just heard a meowing cat"),
        ("tell me if you hear glass breaking", "breaking glass", "I just heard"),
        ("listen for thunder", "thunderstorm", "I just heard a thunderstorm"),
        ("tell me when you hear a dog", "growling", "I just heard growling"),
        ("tell me when somebody cries", "crying baby", "I just heard a crying baby"),
        ("玻璃碎了告诉我", "breaking glass", "刚才听到了玻璃破碎声"),
        ("猫叫的时候告诉我", "meowing cat", "刚才听到了猫叫声"),
        ("听到狗就告诉我", "howling", "刚才听到了嚎叫声"),
    ],
)
async def test_what_the_larger_tagger_names_is_waited_for_and_told(asked: str, label: str, told: str) -> None:
    made = stage(label)
    assert made.standing.take(asked)
    assert [event.status for event in made.of(StandingChanged)] == ["waiting"], "it was not refused"
    await sounds(made)
    assert told in made.of(AnswerGrew)[-1].text
    assert [event.status for event in made.of(StandingChanged)] == ["waiting", "answered"]
    await made.conversation.close()


@pytest.mark.parametrize("asked", ["tell me when you hear a cat", "猫叫的时候告诉我", "tell me when the water runs"])
async def test_without_it_they_are_refused_as_before(asked: str) -> None:
    made = stage(None)
    assert made.standing.take(asked)
    assert not made.of(StandingChanged)
    await made.conversation.close()


async def test_another_of_its_sounds_does_not_end_the_wait() -> None:
    made = stage("howling")
    assert made.standing.take("tell me when the dog barks")
    await sounds(made)
    assert [event.status for event in made.of(StandingChanged)] == ["waiting"]
    await made.conversation.close()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("tell me when a baby cries", "I can't tell a crying baby from other sounds any more"),
        ("婴儿哭的时候告诉我", "我现在听不出婴儿的哭声了"),
    ],
)
async def test_when_the_larger_tagger_goes_it_says_that_it_waits_no_longer(asked: str, told: str) -> None:
    made = stage("crying baby")
    assert made.standing.take(asked)
    assert made.standing.take("tell me when you hear a bell")
    made.engine.sound_namer = None
    made.standing.tick()
    await made.settle()
    assert [(event.id, event.status) for event in made.of(StandingChanged)] == [
        (1, "waiting"), (2, "waiting"), (1, "cancelled"),
    ]  # fmt: skip
    assert told in made.of(AnswerGrew)[-1].text
    assert made.standing.open == (2,), "every tagger knows a bell"
    await made.conversation.close()


async def test_what_can_still_be_heard_of_it_is_waited_for() -> None:
    made = stage("howling")
    assert made.standing.take("tell me when you hear a dog")
    made.engine.sound_namer = None
    made.standing.tick()
    assert [event.text for event in made.of(StandingChanged)] == ["barking, howling or growling", "barking"]
    await made.conversation.close()


async def test_it_is_dropped_by_its_name() -> None:
    made = stage("crying baby")
    assert made.standing.take("tell me when you hear the vacuum cleaner")
    assert made.standing.take("tell me when a baby cries")
    assert made.standing.take("never mind the baby") == "Okay, I'm no longer waiting for a crying baby."
    assert made.standing.open == (1,)
    await made.conversation.close()


def heard(*labels: str) -> Wanted:
    return Wanted(Wait.SOUND, sounds=tuple(label for label in ALL if label in labels))


@pytest.mark.parametrize(
    ("clause", "labels"),
    [
        ("the doorbell rings", ["bell"]), ("you hear sirens", ["siren"]), ("the baby is crying", ["crying baby"]),
        ("somebody is crying", CRYING), ("a glass breaks", ["breaking glass"]),
        ("the window shatters", ["breaking glass"]),
        ("the phone is ringing", ["ringing phone"]), ("a cat is meowing", ["meowing cat"]),
        ("you hear the vacuum cleaner", ["vacuum cleaner"]), ("the vacuum cleaner is running", ["vacuum cleaner"]),
        ("the water is running", ["running water"]), ("there is thunder", ["thunderstorm"]),
        ("you hear thunder", ["thunderstorm"]), ("the dog howls", ["howling"]), ("you hear a dog", DOGS),
        ("you hear a car", ["engine", "car horn", "squealing tires"]), ("a car honks", ["car horn"]),
        ("you hear a car alarm", ["alarm"]), ("the alarm clock rings", ["alarm"]),
        ("the door slams", ["slamming door"]),
        ("the door creaks", ["creaking"]), ("birds are chirping", ["singing birds"]),
        ("you hear a bird singing", ["singing birds"]),
        ("you hear birds", ["singing birds", "cawing crow", "hooting owl"]), ("the toilet flushes", ["toilet flush"]),
        ("you hear a dog or a helicopter", [*DOGS, "helicopter"]), ("somebody sneezes", ["sneezing"]),
        ("there is an explosion", ["explosion", "gunshot", "fireworks"]), ("you hear a gunshot", ["gunshot"]),
    ],
)  # fmt: skip
def test_common_words_for_its_names(clause: str, labels: Sequence[str]) -> None:
    assert read_request(f"tell me when {clause}", NAMES, ALL) == heard(*labels)


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("门铃响了告诉我", ["bell"]), ("听到警笛就告诉我", ["siren"]), ("婴儿哭了告诉我", ["crying baby"]),
        ("有人哭的时候告诉我", CRYING), ("玻璃被打碎了告诉我", ["breaking glass"]),
        ("电话响了告诉我", ["ringing phone"]),
        ("猫叫了告诉我", ["meowing cat"]), ("听到吸尘器的声音告诉我", ["vacuum cleaner"]),
        ("听到流水声告诉我", ["running water"]),
        ("打雷的时候提醒我", ["thunderstorm"]), ("狗叫了告诉我", ["barking"]), ("听到汽车喇叭告诉我", ["car horn"]),
        ("听到鸟叫告诉我", ["singing birds", "cawing crow", "hooting owl"]), ("听到马桶冲水告诉我", ["toilet flush"]),
        ("有人摔门告诉我", ["slamming door"]), ("听到爆炸声告诉我", ["explosion", "gunshot", "fireworks"]),
    ],
)  # fmt: skip
def test_common_words_for_its_names_in_chinese(text: str, labels: Sequence[str]) -> None:
    assert read_request(text, NAMES, ALL) == heard(*labels)


@pytest.mark.parametrize(
    "text",
    [
        "tell me when the car breaks down on the road", "tell me when somebody waves at me",
        "tell me when the baby wakes up", "tell me when the train ticket is printed",
    ],
)  # fmt: skip
def test_a_word_that_may_mean_a_sound_is_not_waited_for_where_nothing_says_that_it_sounds(text: str) -> None:
    found, before = read_request(text, NAMES, ALL), read_request(text, NAMES, NAMED)
    assert not isinstance(found, Wanted) or found == before


def test_every_name_can_be_asked_for_by_itself() -> None:
    for name in ALL:
        found = read_request(f"tell me when you hear {name}", NAMES, ALL)
        assert isinstance(found, Wanted), name
        assert name in found.sounds, name
    assert read_request("tell me when you hear a unicorn", NAMES, ALL) == Unfit("sound", "a unicorn")
