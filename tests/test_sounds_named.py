"""A larger tagger names sounds after the ears did: for the page, the memory, what waits, and the words they go with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from session_fakes import Stage

from omnilive_demo.config import Settings
from omnilive_demo.ear_events import SoundDoubted, SoundHeard, SpeechSurrounded
from omnilive_demo.events import AnswerGrew, SoundNoticed
from omnilive_demo.perception.sound_tagger import Tag
from omnilive_demo.records import Heard
from omnilive_demo.serving.lane import WorkCancelled
from omnilive_demo.session import Session
from omnilive_demo.sounds import LOOKS


class SlowLane:
    """A lane whose calls wait until the test lets them through."""

    name = "slow"
    depth = 0

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[..., Any], Any, asyncio.Future[Any]]] = []
        self.asked: list[dict[str, Any]] = []

    async def run(self, function: Callable[..., Any], argument: object, **how: Any) -> Any:
        self.asked.append(how)
        result = asyncio.get_running_loop().create_future()
        self.waiting.append((function, argument, result))
        return await result

    async def let_through(self, late: bool = False) -> None:
        function, argument, result = self.waiting.pop(0)
        if late:
            result.set_exception(WorkCancelled("too late"))
        else:
            result.set_result(function(argument))
        await asyncio.sleep(0)
        await asyncio.sleep(0)


class Namer:
    """Knows a stretch by its first sample."""

    name = "namer"
    names = ("meowing cat", "crying baby", "fan")

    def __init__(self, *tags: Tag) -> None:
        self.tags = tags

    def tag(self, sound: NDArray[np.float32]) -> Tag:
        return self.tags[int(sound[0])]


CAT, BABY, FAN, SPEECH, SOUND = (
    Tag("meowing cat", 0.9), Tag("crying baby", 0.95), Tag("fan", 0.9), Tag("speech", 0.99), Tag("sound", 0.3),
)  # fmt: skip
TAGS = (CAT, BABY, FAN, SPEECH, SOUND)


def stage(words: dict[int, str | Exception] | None = None) -> tuple[Stage, SlowLane]:
    made, lane = Stage(words), SlowLane()
    made.engine.sound_namer, made.engine.sounds = Namer(*TAGS), lane
    return made, lane


def samples(tag: Tag) -> NDArray[np.float32]:
    return np.full(16_000, TAGS.index(tag), np.float32)


def bang(start_s: float, label: str = "sound") -> Heard:
    return Heard(start_s, start_s + 0.5, label, 0.6)


async def test_a_sound_is_told_at_once_and_gets_its_better_name_when_it_comes() -> None:
    made, lane = stage()
    made.conversation.on_ear(SoundHeard(bang(1.0), samples(CAT)))
    await made.settle()
    assert [event.label for event in made.of(SoundNoticed)] == ["sound"]
    assert [heard.label for heard in made.memory.sounds] == ["sound"]
    assert lane.asked[0]["session"] == "test"
    await lane.let_through()
    first, better = made.of(SoundNoticed)
    assert (better.label, better.score) == ("meowing cat", 0.9)
    assert (better.start_s, better.end_s, better.origin) == (first.start_s, first.end_s, first.origin)
    assert made.memory.sounds == [Heard(1.0, 1.5, "meowing cat", 0.9)]
    await made.conversation.close()


@pytest.mark.parametrize("tag", [SPEECH, SOUND])
async def test_who_knows_no_better_changes_nothing(tag: Tag) -> None:
    made, lane = stage()
    made.conversation.on_ear(SoundHeard(bang(1.0, "knocking"), samples(tag)))
    await made.settle()
    await lane.let_through()
    assert [event.label for event in made.of(SoundNoticed)] == ["knocking"]
    await made.conversation.close()


async def test_without_a_larger_tagger_nothing_is_looked_at() -> None:
    made, lane = stage()
    made.engine.sound_namer = None
    made.conversation.on_ear(SoundHeard(bang(1.0), samples(CAT)))
    await made.settle()
    assert not lane.asked
    assert len(made.of(SoundNoticed)) == 1
    await made.conversation.close()


async def test_when_too_much_waits_the_oldest_keeps_its_name_and_that_is_counted() -> None:
    made, lane = stage()
    for number in range(LOOKS + 3):
        made.conversation.on_ear(SoundHeard(bang(float(number)), samples(CAT)))
        await made.settle()
    while lane.waiting:
        await lane.let_through(late=len(lane.asked) == LOOKS + 1)
    labels = [heard.label for heard in made.memory.sounds]
    assert labels == ["meowing cat", "sound", "sound", *["meowing cat"] * (LOOKS - 1), "sound"]
    assert made.conversation.figures["sounds_not_named"] == 3
    await made.conversation.close()


async def test_of_what_was_forgotten_no_name_comes_back() -> None:
    made, lane = stage()
    made.conversation.on_ear(SoundHeard(bang(1.0), samples(CAT)))
    made.conversation.on_ear(SoundHeard(bang(2.0), samples(CAT)))
    await made.settle()
    made.conversation.forget(0.0, 10.0)
    made.memory.sounds.clear()
    made.told.clear()
    await lane.let_through()
    assert not lane.waiting
    assert not made.of(SoundNoticed)
    assert not made.memory.sounds
    made.conversation.on_ear(SoundHeard(bang(3.0), samples(CAT)))
    await made.settle()
    await lane.let_through()
    assert [heard.label for heard in made.memory.sounds] == ["meowing cat"]
    await made.conversation.close()


async def test_while_a_time_is_being_forgotten_nothing_of_it_is_noted_again(tmp_path: Path) -> None:
    made, lane = stage()
    session = Session("one", made.engine, Settings(data_dir=tmp_path), tmp_path / "one", 0.0)
    session._conversation = made.conversation
    session._opened.set()
    queued, forgotten = asyncio.Event(), asyncio.Event()

    async def forget(from_s: float | None, to_s: float | None) -> None:
        queued.set()
        await forgotten.wait()

    session._remembering = SimpleNamespace(forget=forget)  # type: ignore[assignment]
    made.conversation.on_ear(SoundDoubted(bang(1.0), samples(BABY)))
    await made.settle()
    asked = asyncio.create_task(session.forget(0.0, 10.0))
    await queued.wait()
    await lane.let_through()
    assert not made.memory.sounds, "it would be written behind the forgetting"
    assert not made.of(SoundNoticed)
    forgotten.set()
    await asked
    await made.conversation.close()


async def test_what_is_waited_for_is_told_by_its_better_name() -> None:
    made, lane = stage()
    assert made.standing.take("tell me when you hear an alarm")
    made.engine.sound_namer = Namer(Tag("alarm", 0.9))
    made.conversation.on_ear(SoundHeard(bang(1.0, "bell"), np.zeros(16_000, np.float32)))
    await made.settle()
    assert not made.of(AnswerGrew)
    await lane.let_through()
    await made.settle()
    assert "an alarm" in made.of(AnswerGrew)[-1].text
    await made.conversation.close()


async def test_what_was_before_an_utterance_goes_with_its_words() -> None:
    made, lane = stage({1: "What is this?", 2: "And what is that?"})
    for number, in_time in ((1, True), (2, False)):
        made.say(number, end=False)
        made.conversation.on_ear(SpeechSurrounded(number, samples(BABY), "visitor"))
        await made.settle()
        if in_time:
            await lane.let_through()
        made.say(number, confirm=False)
        await made.settle()
    assert [words.sound_label for words in made.memory.words] == ["crying baby", "speech"], "nobody waits for it"
    assert made.reasoner.questions[0].sound_label == "crying baby"
    assert not made.of(SoundNoticed), "it was no sound of its own"
    await made.conversation.close()


async def test_what_was_taken_for_speech_and_has_no_words_may_be_a_sound() -> None:
    made, lane = stage({1: "", 2: "Hello there.", 3: ""})
    for number, tag in ((1, BABY), (2, BABY), (3, SPEECH)):
        made.say(number, end=False)
        made.conversation.on_ear(SoundDoubted(bang(float(number)), samples(tag), number))
        made.say(number, confirm=False)
        await made.settle()
    await lane.let_through()
    await lane.let_through()
    assert not lane.waiting, "what has words was not looked at"
    assert made.memory.sounds == [Heard(1.0, 1.5, "crying baby", 0.95)]
    await made.conversation.close()


async def test_what_goes_on_is_told_once() -> None:
    made, lane = stage()
    for start_s in (1.0, 4.0, 8.0, 30.0):
        made.conversation.on_ear(SoundDoubted(bang(start_s), samples(FAN)))
        await made.settle()
        await lane.let_through()
    assert [heard.start_s for heard in made.memory.sounds] == [1.0, 30.0]
    await made.conversation.close()
