"""The runtime's reader: what it says comes from S_k, and it is silent about what it does not know."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from omnilive_demo.memory.reading import LearnedClipReader
from omnilive_demo.models.nano.reader import Reader, ReaderConfig
from omnilive_demo.models.nano.words import Vocabulary

WORDS = Vocabulary({"umbrella": "umbrellas", "mug": "mugs"})


@pytest.fixture
def network() -> Reader:
    torch.manual_seed(2)
    return Reader(ReaderConfig(memory_width=16, hidden=32, layers=1, heads=4, kv_heads=2, intermediate=32), WORDS)


def slots(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((12, 16)).astype(np.float16)


def test_names_and_captions_are_those_of_the_network(network: Reader) -> None:
    reader = LearnedClipReader(network)
    rows = torch.from_numpy(slots(1)).float()
    network.presence_bias.data.zero_()
    labels, expected = reader.names(slots(1)), network.names(rows)
    assert [label.text for label in labels] == [name for name, _ in expected]
    assert [label.score for label in labels] == pytest.approx([p for _, p in expected], abs=1e-3)
    assert len(labels) >= 2
    caption, (text, log_p) = reader.caption(slots(1)), network.caption(rows)
    assert caption.text == text
    assert caption.score == pytest.approx(np.exp(log_p), abs=1e-4)
    assert reader.names(slots(1)) != reader.names(slots(2))


@pytest.mark.parametrize(("word", "said"), [("red", "red"), ("nothing", None), ("unclear", None)])
def test_an_answer_is_a_word_or_none(
    network: Reader, monkeypatch: pytest.MonkeyPatch, word: str, said: str | None
) -> None:
    asked: list[tuple[str, str | None]] = []

    def answer(short_term: torch.Tensor, kind: str, name: str | None = None) -> tuple[str, float]:
        asked.append((kind, name))
        return word, 0.75

    monkeypatch.setattr(network, "ask", answer)
    label = LearnedClipReader(network).ask(slots(1), "colour", "mug")
    assert (label and label.text) == said
    assert asked == [("colour", "mug")]


def test_it_is_not_asked_about_names_that_it_does_not_know(network: Reader) -> None:
    reader = LearnedClipReader(network)
    assert reader.knows("mug")
    assert not reader.knows("abacus")
    assert reader.ask(slots(1), "colour", "abacus") is None
    with pytest.raises(ValueError, match="asked with a name"):
        reader.ask(slots(1), "place")
