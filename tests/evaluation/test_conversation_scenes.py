from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from omnilive_demo.evaluation.conversation_scenes import Happened, Span, judge, offsets_s, told
from omnilive_demo.evaluation.inbox import Arrived
from omnilive_demo.evaluation.record import Record
from omnilive_demo.evaluation.scene_files import Scene

LOUD, QUIET = np.full(960, 3000, np.int16), np.zeros(960, np.int16)
STEPS = {"question": Span(10.0, 11.0), "later": Span(20.0, 20.0)}


def record(*spans: tuple[float, float], until_s: float = 30.0) -> Record:
    kept = Record()
    for number in range(round((until_s - 10.0) / 0.02)):
        at_s = 10.0 + 0.02 * number
        kept.take(LOUD if any(a <= at_s + 1e-6 < b for a, b in spans) else QUIET, 48_000, at_s)
    return kept


def message(at_s: float, kind: str, **fields: Any) -> Arrived:
    return Arrived(at_s, {"type": kind, "turn": 1, **fields})


def scene(**expectation: Any) -> Scene:
    expect = {"after": "question", "within_ms": 2000, **expectation}
    steps = [{"wait": 1, "name": "question"}, {"wait": 1, "name": "later"}]
    return Scene.model_validate({"title": "t", "camera": "cat", "steps": steps, "expect": [expect]})


def failure(happened: Happened, **expectation: Any) -> str:
    (verdict,) = judge(scene(**expectation), happened)
    return verdict.failure


def happened(*messages: Arrived, sound: Record | None = None) -> Happened:
    return Happened(STEPS, messages, sound or record())


ANSWER = message(11.5, "answer", text="I see a Dog.", final=True, standing=3)


def test_an_event_within_its_budget_passes() -> None:
    assert failure(happened(ANSWER), event="answer", says=["cat", "dog"], where={"final": True}) == ""


@pytest.mark.parametrize(
    ("expectation", "why"),
    [
        ({"within_ms": 400}, "did not come within 400 ms; it came after 500 ms"),
        ({"says": ["cat"]}, "with 'cat'"),
        ({"where": {"standing": 4}}, "the last of its type: {'type': 'answer'"),
        ({"after": "later"}, "none of its type came"),
        ({"never": True}, "came after 500 ms"),
        ({"times": 2}, "came 1 times, not 2"),
    ],
)
def test_what_is_late_wrong_or_should_not_be_fails_with_the_reason(expectation: dict[str, Any], why: str) -> None:
    assert why in failure(happened(ANSWER), event="answer", **expectation)


def test_a_field_may_have_any_value_or_one_of_a_list() -> None:
    assert failure(happened(ANSWER), event="answer", where={"standing": "any"}) == ""
    assert failure(happened(ANSWER), event="answer", where={"standing": [2, 3]}) == ""
    assert failure(happened(message(11.5, "answer", text="")), event="answer", where={"standing": "any"})


def test_the_rest_of_an_older_answer_is_no_answer_to_the_step() -> None:
    rest = [message(9.0, "answer", text="I saw"), message(11.4, "answer", text="I saw a dog.")]
    assert failure(happened(*rest), event="answer", never=True) == ""


def test_something_for_later_counts_from_later() -> None:
    due = message(21.2, "answer", text="Call Anna.", standing=1)
    (verdict,) = judge(scene(event="answer", later_s=10.0, within_ms=500, temporal_offset=True), happened(due))
    assert verdict.failure == ""
    assert offsets_s([verdict]) == [pytest.approx(0.2)]
    assert failure(happened(due), event="answer", later_s=10.5, within_ms=500)


def test_the_answers_voice_is_heard_or_not() -> None:
    answered = happened(sound=record((12.0, 13.0)))
    assert failure(answered, event="voice", within_ms=1200) == ""
    assert "did not come within 800 ms" in failure(answered, event="voice", within_ms=800)
    assert "came after 1000 ms" in failure(answered, event="voice", never=True)


def test_silence_counts_from_the_last_loud_sample() -> None:
    stopped = happened(sound=record((10.0, 11.3), (15.0, 16.0)))
    assert failure(stopped, event="hush", within_ms=400) == ""
    assert "silent only after 300 ms, not 200" in failure(stopped, event="hush", within_ms=200)
    assert failure(happened(), event="hush", within_ms=200) == ""


def test_a_scene_is_told_with_its_reasons() -> None:
    one = scene(event="answer", says=["cat"])
    seen = happened(ANSWER, message(11.2, "caption", text="what is this", final=True))
    report = told(one, judge(one, seen), seen)
    assert (report["passed"], report["heard"], report["answers"]) == (False, ["what is this"], ["I see a Dog."])
    assert len(report["failures"]) == 1
