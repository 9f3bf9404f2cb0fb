"""Where a conversation does not simply go on: words out of order, a recogniser that hangs, forgetting, the end."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from session_fakes import Stage

from omnilive_demo import understanding
from omnilive_demo.ear_events import SpeechDismissed, SpeechEnded, SpeechStarted
from omnilive_demo.events import Caption, Fault, StateChanged
from omnilive_demo.speech.playout import FRAME_S, PAUSE_S

FRAMES_OF_ANSWER = 25 + round(PAUSE_S / FRAME_S) + 25  # two half-second sentences with a pause


async def test_utterances_are_understood_in_the_order_in_which_they_ended() -> None:
    stage = Stage({1: "one", 2: "two", 3: "three"})
    for utterance in (1, 2, 3):
        stage.say(utterance)
    await stage.settle()
    assert [said.text for said in stage.memory.words] == ["one", "two", "three"]


async def test_a_recogniser_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(understanding, "RECOGNITION_S", 0.01)
    stage = Stage({2: "What is this?"})
    stage.recognizer.hangs.add(1)
    stage.say(1)
    stage.say(2)
    for _ in range(200):
        await asyncio.sleep(0.001)
        if stage.reasoner.questions:
            break
    assert "took too long" in stage.of(Fault)[0].message
    assert stage.recognizer.cancelled == [1]
    assert stage.reasoner.questions[0].text == "What is this?"


async def test_what_is_forgotten_is_neither_quoted_nor_remembered_later() -> None:
    stage = Stage({1: "What is this?", 2: "my name is peter", 3: "What did I say?"})
    stage.say(1)
    await stage.settle()
    await stage.play(FRAMES_OF_ANSWER)
    await stage.settle()
    stage.say(2, end=False)  # under way while everything is forgotten
    stage.conversation.forget(0.0, float("inf"))
    stage.conversation.on_ear(SpeechEnded(2, 0.0, 1.0, 1.3, "visitor"))
    await stage.settle()
    assert all("peter" not in said.text for said in stage.memory.words)
    assert all("peter" not in caption.text for caption in stage.of(Caption))
    stage.say(3)
    await stage.settle()
    assert stage.reasoner.questions[-1].history == ()


async def test_forgetting_stops_an_answer_that_may_quote_it() -> None:
    stage = Stage({1: "What is this?"})
    stage.say(1)
    await stage.settle()
    await stage.play(5)
    stage.conversation.forget(0.0, float("inf"))
    assert stage.playout.speaking is None
    assert stage.of(StateChanged)[-1].state == "idle"


async def test_a_film_that_falls_silent_does_not_end_the_ducking_for_the_visitor() -> None:
    stage = Stage({1: "What is this?"})
    stage.say(1)
    await stage.settle()
    await stage.play(5)
    stage.conversation.on_ear(SpeechStarted(2, 1.0, "visitor"))
    stage.conversation.on_ear(SpeechStarted(3, 1.0, "source"))
    stage.conversation.on_ear(SpeechDismissed(3, 1.1, "source"))
    assert stage.playout.ducked


async def test_nothing_begins_after_the_end() -> None:
    stage = Stage({1: "What is this?"})
    await stage.conversation.close()
    stage.say(1)
    await stage.settle()
    assert not stage.of(Caption)


async def test_words_that_are_forgotten_while_it_is_decided_what_they_want_are_not_remembered() -> None:
    made = Stage({1: "hello there", 2: "good morning"})
    deciding, decided = asyncio.Event(), asyncio.Event()

    async def run(function: Any, *args: object, **_: object) -> Any:
        deciding.set()
        await decided.wait()
        return function(*args)

    made.engine.mind = SimpleNamespace(run=run)
    made.say(1)
    await asyncio.wait_for(deciding.wait(), 5)
    made.conversation.forget(0.0, made.clock.now_s())
    decided.set()
    await made.settle()
    assert made.memory.words == []
    assert not [caption for caption in made.of(Caption) if caption.final]
    made.say(2)
    await made.settle()
    assert [words.text for words in made.memory.words] == ["good morning"]
    await made.conversation.close()
