"""How long we wait behind words: what is told to the end of turn about the voice and the speaker."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from session_fakes import Stage

from omnilive_demo.ear_events import (
    SpeechConfirmed,
    SpeechDismissed,
    SpeechEnded,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
)
from omnilive_demo.listening import FRAGMENT_S
from omnilive_demo.perception.end_of_turn import Said


def listening(words: dict[int, str | Exception]) -> tuple[Stage, list[Said]]:
    stage, asked = Stage(words), []
    stage.conversation._engine.end_of_turn = SimpleNamespace(
        pause_s=lambda said, finished=None: asked.append(said) or 0.5
    )  # type: ignore[assignment]
    return stage, asked


async def speak(
    stage: Stage, utterance: int, pause_s: float, origin: str = "visitor", drawn_out: bool = False, then_s: float = 10.0
) -> None:
    """Half a second, a pause, half a second more; and then quiet, so long that what follows is a new turn."""
    begun_s = stage.clock.now_s()
    at = (utterance, begun_s + 0.5, begun_s + 0.66, origin, drawn_out)
    stage.conversation.on_ear(SpeechStarted(utterance, begun_s, origin))
    stage.conversation.on_ear(SpeechConfirmed(utterance, begun_s + 0.2, origin))
    stage.conversation.on_ear(SpeechPaused(*at))
    await stage.settle()
    stage.conversation.on_ear(SpeechResumed(utterance, begun_s + 0.5 + pause_s, origin))
    end_s = begun_s + 1.0 + pause_s
    stage.conversation.on_ear(SpeechPaused(utterance, end_s, end_s + 0.16, origin))
    await stage.settle()
    stage.conversation.on_ear(SpeechEnded(utterance, begun_s, end_s, end_s + 0.5, origin))
    await stage.settle()
    stage.time.advance(then_s)


async def test_a_speaker_who_pauses_is_known_after_two_turns() -> None:
    stage, asked = listening({1: "well you know", 2: "i think so", 3: "so it is"})
    for utterance in (1, 2, 3):
        await speak(stage, utterance, 0.7)
    known = [said.speaker_pause_s for said in asked]
    assert known[:2] == [0.0, 0.0]
    assert known[2:] == [0.0, *[known[3]] * 3]  # the pause of the second turn is the second one
    assert 0.69 < known[3] < 0.71


async def test_who_speaks_again_before_an_answer_had_not_finished() -> None:
    stage, asked = listening({1: "well", 2: "you know", 3: "so"})
    for utterance in (1, 2, 3):
        begun_s = stage.clock.now_s()
        stage.conversation.on_ear(SpeechStarted(utterance, begun_s, "visitor"))
        stage.conversation.on_ear(SpeechConfirmed(utterance, begun_s + 0.2, "visitor"))
        stage.conversation.on_ear(SpeechPaused(utterance, begun_s + 0.5, begun_s + 0.66, "visitor"))
        stage.conversation.on_ear(SpeechEnded(utterance, begun_s, begun_s + 0.5, begun_s + 1.0, "visitor"))
        await stage.settle()
        stage.time.advance(1.4 if utterance == 1 else 12.0)
    assert asked[-1].speaker_pause_s == 0.0  # 0.9 s once: a single thought
    begun_s = stage.clock.now_s()
    await speak(stage, 4, 0.8)
    assert 0.79 < asked[-1].speaker_pause_s < 0.81


async def test_how_the_voice_ended_is_passed_on() -> None:
    stage, asked = listening({1: "i put it on", 2: "and"})
    await speak(stage, 1, 0.5, drawn_out=True)
    assert [said.drawn_out for said in asked] == [True, False]


async def test_people_in_a_film_teach_nothing_about_the_visitor() -> None:
    stage, asked = listening({1: "well you know", 2: "i think so", 3: "so it is"})
    await speak(stage, 1, 0.7, "source")
    await speak(stage, 2, 0.7, "source")
    await speak(stage, 3, 0.7)
    assert {said.speaker_pause_s for said in asked} == {0.0}


async def test_a_cough_between_two_turns_teaches_nothing() -> None:
    stage, asked = listening({1: "well you know", 3: "i think so", 5: "so it is"})
    for utterance in (1, 3, 5):
        await speak(stage, utterance, 0.3, then_s=2.3)  # a second after it ended
        cough_s = stage.clock.now_s()
        stage.conversation.on_ear(SpeechStarted(utterance + 1, cough_s, "visitor"))
        stage.conversation.on_ear(SpeechDismissed(utterance + 1, cough_s + 0.3, "visitor"))
        stage.time.advance(12.0)
    assert asked[-1].speaker_pause_s < 0.31


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("the umbrella that", True),
        ("where is it?", False),  # an answer is due: no more time than the words ask for
        ("okay right", False),  # who only listens
        ("never mind", False),  # a command
        ("my brother wants to buy a bicycle", False),  # a whole statement
        ("我的自行车", True),
        ("嗯嗯对", False),
        ("我弟弟想买一辆新的自行车", False),
    ],
)
async def test_a_few_words_that_want_nothing_are_given_time(text: str, given: bool) -> None:
    stage = Stage({1: text})
    stage.conversation.on_ear(SpeechStarted(1, 0.0, "visitor"))
    stage.conversation.on_ear(SpeechConfirmed(1, 0.2, "visitor"))
    stage.conversation.on_ear(SpeechPaused(1, 1.0, 1.16, "visitor"))
    await stage.settle()
    assert stage.pauses == ([0.3, FRAGMENT_S] if given else [0.3])
