"""What a language model is told of a follow-up, of an absence and of a long stretch, in its own language."""

from __future__ import annotations

import pytest

from omnilive_demo.models.chinese import is_chinese
from omnilive_demo.reasoning.prompt import Prompter, TextPart, said_and_heard
from omnilive_demo.records import (
    Absence,
    Digest,
    Evidence,
    Follow,
    FollowKind,
    Met,
    Question,
    Recall,
    Snapshot,
    Spoken,
    Thread,
)

MUG = Evidence(2, 10.0, 18.0, 0.9, "picture", "A mug.")
THREAD = Thread("Where is the mug?", (MUG,), (MUG,))
KINDS: tuple[FollowKind, ...] = ("before", "after", "other", "when", "else", "said", "heard", "seen")


def told(text: str, recall: Recall, now_s: float = 100.0) -> str:
    prompt = Prompter().ask(Question(1, text, now_s, Snapshot(0, now_s), False), recall, (), now_s)
    return "\n".join(part.text for part in prompt.memory if isinstance(part, TextPart))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", ["The other one?", "另一个呢？"])
def test_a_model_is_told_what_a_follow_up_is_about(kind: FollowKind, text: str) -> None:
    found = told(text, Recall((MUG,), follows=Follow(kind, THREAD))).splitlines()
    nothing = told(text, Recall(follows=Follow(kind, THREAD))).splitlines()
    unknown = told(text, Recall(follows=Follow(kind, Thread("hello")))).splitlines()
    alone = told(text, Recall((MUG,))).splitlines()
    assert found[1:] == alone
    assert len({found[0], nothing[0], unknown[0]}) == 3 or kind in ("when", "else")
    assert all(is_chinese(lines[0]) == is_chinese(text) for lines in (found, nothing, unknown))


def test_a_model_is_told_of_an_absence_and_counts_it() -> None:
    recall = Recall((MUG,), absence=Absence("events", 7200.0, 50.0), gaps=((50.0, 7200.0),))
    text = told("What happened while I was away?", recall)
    assert "away for 2 hours" in text
    assert "recorded" in text
    assert "about two hours ago" in text  # the mug, which was seen before
    assert "两小时" in told("我不在的时候发生了什么？", recall)
    assert "not been away" in told("How long was I away?", Recall(absence=Absence("length", 0.0, 0.0)))


def test_a_model_is_told_what_a_day_comes_to() -> None:
    digest = Digest(
        (Met("mug", 3, 10.0, 90.0),), (Met("knock", 1, 20.0, 20.5),), (Spoken(1, 1.0, 2.0, "hi", "visitor"),), 4,
        1.0, 95.0, 60.0,
    )  # fmt: skip
    text = told("What happened today?", Recall((MUG,), digest=digest))
    assert "a mug (3 times, first about a minute and a half ago, last a moment ago)" in text
    assert "a knock (about a minute and a half ago)" in text
    assert "4" in text
    chinese = told("今天发生了什么？", Recall((MUG,), digest=digest))
    assert "3次" in chinese
    assert "4句" in chinese


def test_the_released_prompt_has_the_same_lines() -> None:
    assert said_and_heard(Recall((MUG,)), 100.0, "en") == ""
    assert "before" in said_and_heard(Recall((MUG,), follows=Follow("before", THREAD)), 100.0, "en")
