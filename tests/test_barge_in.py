"""Talking over an answer: what silences it, what ends it, and what lets it go on where it was."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from session_fakes import Stage

from omnilive_demo.ear_events import (
    HintDismissed,
    SpeechAudio,
    SpeechDismissed,
    SpeechEnded,
    SpeechHinted,
    SpeechLikely,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
)
from omnilive_demo.events import AnswerGrew, Caption, Interrupted, StateChanged
from omnilive_demo.reasoning.back_channel import takes_the_word
from omnilive_demo.speech.playout import FRAME_S


async def answering(words: dict[int, str | Exception], frames: int = 5) -> Stage:
    """A stage on which the first answer is being spoken."""
    stage = Stage({1: "What is this?", **words})
    stage.say(1)
    await stage.settle()
    await stage.play(frames)
    return stage


def begin(stage: Stage, utterance: int = 2) -> float:
    """Somebody speaks for 130 ms; the time at which they began."""
    now_s = stage.clock.now_s()
    stage.conversation.on_ear(SpeechStarted(utterance, now_s, "visitor"))
    stage.conversation.on_ear(SpeechLikely(utterance, now_s + 0.06, "visitor"))
    return now_s


async def speak_for(stage: Stage, begun_s: float, seconds: float, utterance: int = 2) -> None:
    while stage.clock.now_s() < begun_s + seconds:
        stage.time.advance(0.032)
        stage.conversation.on_ear(SpeechAudio(utterance, np.zeros(512, np.float32), "visitor"))
        await stage.settle()


async def pause(stage: Stage, end_s: float, utterance: int = 2) -> None:
    stage.conversation.on_ear(SpeechPaused(utterance, end_s, end_s + 0.16, "visitor"))
    await stage.settle()


async def test_the_first_trace_of_a_voice_ducks_and_nothing_restores() -> None:
    stage = await answering({})
    stage.conversation.on_ear(SpeechHinted(1.0, "visitor"))
    assert stage.of(StateChanged)[-1].state == "ducked"
    stage.conversation.on_ear(HintDismissed(1.13, "visitor"))
    assert stage.of(StateChanged)[-1].state == "speaking"
    assert not stage.playout.ducked


async def test_a_hint_without_an_answer_changes_nothing() -> None:
    stage = Stage()
    stage.conversation.on_ear(SpeechHinted(1.0, "visitor"))
    assert not stage.playout.ducked
    assert not stage.told


async def test_a_likely_voice_silences_the_answer_and_takes_back_what_had_not_left() -> None:
    stage = await answering({2: "mm hmm"}, frames=10)
    stage.playout.take_back = lambda: 3
    begun_s = begin(stage)
    assert stage.of(StateChanged)[-1].state == "ducked"
    assert stage.waited_for == [2], "its pauses are told early"
    assert stage.recognizer.promptly == {1: False, 2: True}, "and its words are waited for"
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(stage.playout.next_frame(), 0.02)
    await pause(stage, begun_s + 0.3)
    assert stage.of(StateChanged)[-1].state == "speaking"
    assert not stage.of(Interrupted)
    frames = await stage.play(46)
    assert [round(frame.offset_s / FRAME_S) for frame in frames] == list(range(7, 53))  # none lost, none twice


@pytest.mark.parametrize("text", ["mm hmm", "yeah", "the", "", "okay right", "i see"])
async def test_a_listener_who_speaks_shortly_does_not_stop_the_answer(text: str) -> None:
    stage = await answering({2: text})
    begun_s = begin(stage)
    await pause(stage, begun_s + 0.4)
    stage.conversation.on_ear(SpeechEnded(2, begun_s, begun_s + 0.4, begun_s + 0.9, "visitor"))
    await stage.settle()
    assert not stage.of(Interrupted)
    assert not stage.playout.held
    assert stage.playout.speaking == 1
    assert stage.of(Caption)[-1].answered is False
    assert len(stage.reasoner.questions) == 1


@pytest.mark.parametrize("text", ["stop", "no", "wait", "and where is it", "never mind"])
async def test_words_that_are_for_us_stop_the_answer_at_the_first_pause(text: str) -> None:
    stage = await answering({2: text})
    begun_s = begin(stage)
    await pause(stage, begun_s + 0.4)
    assert stage.of(Interrupted)[0].reason == "speech"
    assert stage.playout.speaking is None


async def test_who_goes_on_speaking_is_not_kept_waiting_for_a_pause() -> None:
    stage = await answering({2: "i would like to know"})
    begun_s = begin(stage)
    await speak_for(stage, begun_s, 0.5)
    assert not stage.of(Interrupted)
    await speak_for(stage, begun_s, 0.7)
    assert stage.of(Interrupted)


async def test_who_speaks_for_long_is_heard_even_if_nothing_is_understood() -> None:
    stage = await answering({2: ""})
    begun_s = begin(stage)
    await speak_for(stage, begun_s, 1.3)
    assert not stage.of(Interrupted)
    await speak_for(stage, begun_s, 1.7)
    assert stage.of(Interrupted)


async def test_a_listener_who_goes_on_after_all_silences_again() -> None:
    stage = await answering({2: "yeah"})
    begun_s = begin(stage)
    await pause(stage, begun_s + 0.3)
    assert not stage.playout.held
    stage.conversation.on_ear(SpeechResumed(2, begun_s + 0.6, "visitor"))
    assert stage.playout.held
    stage.recognizer.words[2] = "yeah but what about that?"
    await pause(stage, begun_s + 1.2)
    assert stage.of(Interrupted)


async def test_a_candidate_that_was_nothing_gives_the_floor_back() -> None:
    stage = await answering({})
    begun_s = begin(stage)
    stage.conversation.on_ear(SpeechDismissed(2, begun_s + 0.3, "visitor"))
    assert not stage.playout.held
    assert stage.of(StateChanged)[-1].state == "speaking"
    assert (await stage.play(1))[0].offset_s == pytest.approx(5 * FRAME_S)


async def test_what_was_silenced_does_not_count_as_heard() -> None:
    stage = await answering({2: "stop"}, frames=20)
    begun_s = begin(stage)
    stage.time.advance(5.0)
    await pause(stage, begun_s + 0.4)
    assert stage.of(Interrupted)[0].heard_text == "One two"
    assert stage.of(AnswerGrew)[-1].heard_text == "One two"


async def test_a_question_that_goes_on_before_its_answer_sounds_is_answered_as_one() -> None:
    stage = Stage({1: "What is this?", 2: "on the red table?"})
    stage.say(1)
    await stage.settle()  # the answer is ready, and nobody heard any of it
    begun_s = begin(stage)
    await pause(stage, begun_s + 0.8)
    stage.conversation.on_ear(SpeechEnded(2, begun_s, begun_s + 0.8, begun_s + 1.2, "visitor"))
    await stage.settle()
    assert stage.reasoner.questions[-1].text == "What is this? on the red table?"


async def test_an_answer_without_sound_that_ends_while_somebody_hums_is_over() -> None:
    stage = Stage({1: "What is this?", 2: "hmm"})
    stage.voice = None
    stage.reasoner.hold = asyncio.Event()
    stage.say(1)
    await stage.settle()
    begun_s = begin(stage)
    stage.reasoner.hold.set()
    await stage.settle()
    await pause(stage, begun_s + 0.3)
    stage.conversation.on_ear(SpeechEnded(2, begun_s, begun_s + 0.3, begun_s + 0.8, "visitor"))
    await stage.settle()
    assert stage.of(StateChanged)[-1].state == "idle"


async def test_words_over_an_answer_that_was_stopped_by_hand_do_not_end_the_next_one() -> None:
    stage = await answering({2: "what a day it was"})
    begun_s = begin(stage)
    stage.conversation.stop("stop")
    stage.conversation.ask("When was it dark?")
    await stage.settle()
    await pause(stage, begun_s + 0.9)
    assert [one.reason for one in stage.of(Interrupted)] == ["stop"]
    assert stage.reasoner.questions[-1].text == "When was it dark?"
    assert not stage.playout.held


@pytest.mark.parametrize(
    ("text", "speech_s", "takes"),
    [
        ("", 0.4, False), ("mm-hmm", 0.5, False), ("Yeah.", 0.4, False), ("uh huh", 0.5, False), ("the", 0.3, False),
        ("all right okay", 1.0, False), ("go on", 0.5, False), ("the the", 0.9, False), ("stop", 0.3, True),
        ("bump em", 0.6, False), ("a fox runs", 0.6, True),
        ("no", 0.2, True), ("what", 0.3, True), ("where is my umbrella", 1.2, True), ("", 1.7, True),
        ("yeah yeah yeah yeah yeah", 1.2, True),
    ],
)  # fmt: skip
def test_who_takes_the_word(text: str, speech_s: float, takes: bool) -> None:
    assert takes_the_word(text, speech_s) is takes


@pytest.mark.parametrize(
    ("text", "speech_s", "noise", "own_text", "takes"),
    [
        ("ha ha ha who", 2.5, "laughing", "", False),
        ("the umbrella was on the", 1.0, "", "I saw it: the umbrella was on the chair.", False),
        ("where is the umbrella", 1.0, "", "I saw it: the umbrella was on the chair.", True),
    ],
)
def test_noises_and_our_own_words_do_not_take_it(
    text: str, speech_s: float, noise: str, own_text: str, takes: bool
) -> None:
    assert takes_the_word(text, speech_s, noise, own_text) is takes
