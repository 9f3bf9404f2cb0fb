"""What a page that comes without history is told."""

from __future__ import annotations

from omnilive_demo.events import (
    AnswerGrew,
    Caption,
    ClipRemembered,
    Interrupted,
    MemoryFigures,
    Retrieved,
    SoundNoticed,
    SourceChanged,
    StandingChanged,
)
from omnilive_demo.told import CLIPS, STANDINGS, Told


def clip(number: int, start_s: float, open_: bool = False) -> ClipRemembered:
    return ClipRemembered(number, start_s, start_s + 10, 10, (), "", 0, 0, "", open=open_)


def caption(utterance: int, start_s: float, final: bool = True) -> Caption:
    return Caption(utterance, f"words {utterance}", final, "visitor", start_s, start_s + 1)


def test_a_question_stands_before_its_answer_and_the_next_question_after_it() -> None:
    told = Told()
    for turn in (1, 2):
        told.note(caption(turn, turn))
        told.note(Retrieved(turn, (), 3))
        told.note(AnswerGrew(turn, "", "an answer", True))
    kinds = [(event.TYPE, getattr(event, "turn", None) or getattr(event, "utterance", None)) for event in told.events()]
    assert kinds == [(kind, turn) for turn in (1, 2) for kind in ("caption", "retrieval", "answer")]


def test_an_answer_that_was_cut_off_is_told_as_cut_off() -> None:
    told = Told()
    told.note(AnswerGrew(1, "", "one two", True))
    told.note(Interrupted(1, "speech", "one"))
    told.note(AnswerGrew(1, "", "one two", True, heard_text="one"))
    events = told.events()
    assert any(isinstance(event, Interrupted) for event in events)
    assert [event.heard_text for event in events if isinstance(event, AnswerGrew)] == ["one"]


def test_partial_words_are_not_told_again() -> None:
    told = Told()
    told.note(caption(1, 0, final=False))
    assert told.events() == ()


def test_the_growing_clip_is_told_once_and_replaced_when_it_closes() -> None:
    told = Told()
    told.note(clip(1, 0, open_=True))
    told.note(clip(1, 0))
    assert [event.open for event in told.events() if isinstance(event, ClipRemembered)] == [False]


def test_a_long_memory_is_told_from_its_newest_end() -> None:
    told = Told()
    for number in range(CLIPS + 5):
        told.note(clip(number, number * 10.0))
    numbers = [event.id for event in told.events() if isinstance(event, ClipRemembered)]
    assert numbers == list(range(5, CLIPS + 5))


def test_what_was_forgotten_is_not_told_again_and_neither_are_answers_that_may_quote_it() -> None:
    told = Told()
    told.note(clip(1, 0))
    told.note(clip(2, 100))
    told.note(caption(1, 5))
    told.note(caption(2, 105))
    told.note(SoundNoticed("sound", 0.5, 6, 7))
    told.note(AnswerGrew(1, "", "words 1, you said", True))
    told.note(MemoryFigures(1, 10, 100, 10, 1, forgot_from_s=0.0, forgot_to_s=50.0))
    events = told.events()
    assert [event.id for event in events if isinstance(event, ClipRemembered)] == [2]
    assert [event.utterance for event in events if isinstance(event, Caption)] == [2]
    assert not any(isinstance(event, AnswerGrew | SoundNoticed) for event in events)
    # A page that comes later must not wipe what it was just told.
    assert [event.forgot_from_s for event in events if isinstance(event, MemoryFigures)] == [None]


def test_the_source_is_told_as_it_is_now() -> None:
    told = Told()
    told.note(SourceChanged("sample", "kitchen", "playing"))
    told.note(SourceChanged("sample", "kitchen", "ended"))
    assert [event.state for event in told.events() if isinstance(event, SourceChanged)] == ["ended"]


def standing(number: int, status: str, since_s: float = 5.0) -> StandingChanged:
    return StandingChanged(number, "a dog", status, "thing", since_s)  # type: ignore[arg-type]


def test_what_is_waited_for_is_told_as_it_is_now_and_of_the_ended_only_the_last() -> None:
    told = Told()
    told.note(standing(1, "waiting"))
    for number in range(2, STANDINGS + 10):
        told.note(standing(number, "waiting"))
        told.note(standing(number, "answered"))
    told.note(standing(99, "waiting"))
    kept = [(event.id, event.status) for event in told.events() if isinstance(event, StandingChanged)]
    assert kept[0] == (1, "waiting")
    assert kept[-1] == (99, "waiting")
    assert len(kept) == STANDINGS
    assert {status for _, status in kept[1:-1]} == {"answered"}


def test_what_was_asked_for_in_a_forgotten_stretch_is_not_told_again() -> None:
    told = Told()
    told.note(standing(1, "waiting", since_s=5.0))
    told.note(standing(2, "cancelled", since_s=6.0))
    told.note(standing(3, "waiting", since_s=100.0))
    told.note(MemoryFigures(1, 10, 100, 10, 1, forgot_from_s=0.0, forgot_to_s=50.0))
    assert [event.id for event in told.events() if isinstance(event, StandingChanged)] == [3]
