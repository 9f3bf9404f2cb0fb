from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnilive_demo.evaluation.word_errors import WordErrors, total, word_errors

sentences = st.lists(st.sampled_from(["the", "meeting", "is", "on", "thursday", "not"]), max_size=8).map(" ".join)


@pytest.mark.parametrize(
    ("said", "heard", "expected"),
    [
        ("what is this", "what is this", WordErrors(0, 0, 0, 3)),
        ("what is this", "What is this?", WordErrors(0, 0, 0, 3)),
        ("what is this", "what is", WordErrors(0, 0, 1, 3)),
        ("what is this", "what is this here", WordErrors(0, 1, 0, 3)),
        ("what is this", "what was this", WordErrors(1, 0, 0, 3)),
        ("what is this", "", WordErrors(0, 0, 3, 3)),
        ("it's at 21", "it\u2019s at twenty one", WordErrors(0, 0, 0, 4)),
        ("meet at 7", "meet at seven", WordErrors(0, 0, 0, 3)),
    ],
)
def test_edits_are_counted_by_kind(said: str, heard: str, expected: WordErrors) -> None:
    assert word_errors(said, heard) == expected


def test_long_utterances_weigh_more() -> None:
    parts = [word_errors("yes", "no"), word_errors("a b c d e f g h i", "a b c d e f g h i")]
    assert total(parts).rate == pytest.approx(0.1)


def test_the_rate_of_nothing_said_is_unknown() -> None:
    assert total([]).rate is None


@given(sentences, sentences)
def test_edits_are_the_same_distance_both_ways(a: str, b: str) -> None:
    forth, back = word_errors(a, b), word_errors(b, a)
    assert forth.edits == back.edits
    assert forth.insertions - forth.deletions == len(b.split()) - len(a.split())
    assert (forth.edits == 0) == (a.split() == b.split())
