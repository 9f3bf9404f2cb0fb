"""Asking a memory: how long it takes, with the models and without, and whether what was planted comes back."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.cancel import CancelToken
from omnilive_demo.evaluation.memory_week import Week
from omnilive_demo.evaluation.stats import summary
from omnilive_demo.memory.compressor import Array, Compressor
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.models.text_encoder import TextEncoder
from omnilive_demo.records import FrameFeatures, Question, Recall

USUAL = (
    "What was that?", "Where is my umbrella?", "What did I say about the weather?", "Did you hear music?",
    "What happened this morning?", "What happened two hours ago?", "Is it dark?",
    "I am thirsty, where can I find something?", "What is this?", "What did I just put down?",
)  # fmt: skip
"""Questions of every kind that are asked besides the planted ones, for the times alone."""


class ReadyCompressor:
    """A compressor whose question features can be kept: asked again, they are ready."""

    def __init__(self, compressor: Compressor) -> None:
        self.name, self.width = compressor.name, compressor.width
        self._compressor = compressor
        self._features: dict[str, Array | None] = {}
        self._compressed: dict[tuple[float, float, int], tuple[Array, Array]] = {}
        self._integrated: dict[tuple[int, bytes], Array] = {}
        self.keeps = False

    def compress(self, frames: Sequence[FrameFeatures], start_s: float, end_s: float) -> tuple[Array, Array]:
        """S and g of a clip; kept, of one that was open when a question was asked."""
        key = (start_s, end_s, len(frames))
        if self.keeps and key in self._compressed:
            return self._compressed[key]
        made = self._compressor.compress(frames, start_s, end_s)
        if self.keeps:
            self._compressed[key] = made
        return made

    def integrate(self, short_term: Sequence[Array], global_: Sequence[Array]) -> Array:
        """H̄, or what is ready of it."""
        key = (len(global_), global_[0].tobytes() + global_[-1].tobytes()) if self.keeps and len(global_) else None
        if key is not None and key in self._integrated:
            return self._integrated[key]
        made = self._compressor.integrate(short_term, global_)
        if key is not None:
            self._integrated[key] = made
        return made

    def expect(self, short_term: Sequence[Array]) -> None:
        """As the compressor does it."""
        self._compressor.expect(short_term)

    def encode_question(self, question: str, long_term: Array) -> Array | None:
        """The question feature, or the one that is ready."""
        if self.keeps and question in self._features:
            return self._features[question]
        made = self._compressor.encode_question(question, long_term)
        if self.keeps:
            self._features[question] = made
        return made

    def forget_features(self) -> None:
        """Nothing is ready any more."""
        self._features.clear()
        self._compressed.clear()
        self._integrated.clear()


class ReadyTexts:
    """A text encoder of which the same can be said."""

    def __init__(self, encoder: TextEncoder) -> None:
        self.name, self.width = encoder.name, encoder.width
        self._encoder = encoder
        self._vectors: dict[tuple[str, ...], NDArray[np.float32]] = {}
        self.keeps = False

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Sentence vectors, or those that are ready."""
        key = tuple(texts)
        if self.keeps and key in self._vectors:
            return self._vectors[key]
        made = self._encoder.encode(texts)
        if self.keeps:
            self._vectors[key] = made
        return made

    def forget_features(self) -> None:
        """Nothing is ready any more."""
        self._vectors.clear()


class Asking:
    """Asks one memory at one moment."""

    def __init__(self, memory: SessionMemory, compressor: ReadyCompressor, texts: ReadyTexts, now_s: float) -> None:
        self._memory = memory
        self._ready = (compressor, texts)
        self._now_s = now_s

    def timed(self, questions: Sequence[str], times: int = 3) -> dict[str, dict[str, Any]]:
        """`question_ms`: from the text to ranked clips, everything computed. `ranking_ms`: the same once more with all
        that models make of the question (its feature, its sentence vector) and of the newest clips at hand. The same
        with `_cpu`: the processor's time alone, which a busy machine does not stretch as much.
        """
        whole: list[tuple[float, float]] = []
        ranking: list[tuple[float, float]] = []
        for _ in range(times):
            for text in questions:
                whole.append(self._ask(text)[1])
                for ready in self._ready:
                    ready.keeps = True
                self._ask(text)
                ranking.append(self._ask(text)[1])
                for ready in self._ready:
                    ready.keeps = False
                    ready.forget_features()
        found: dict[str, dict[str, Any]] = {}
        for name, times_ms in (("question", whole), ("ranking", ranking)):
            found[f"{name}_ms"] = summary([wall for wall, _ in times_ms], 2)
            found[f"{name}_cpu_ms"] = summary([cpu for _, cpu in times_ms], 2)
        return found

    def found(self, question: str, span: tuple[float, float], most: int = 4) -> bool:
        """Whether a moment is among the first pieces of evidence."""
        evidence = self._ask(question)[0].evidence[:most]
        return any(e.start_s <= span[1] and e.end_s >= span[0] for e in evidence)

    def _ask(self, text: str) -> tuple[Recall, tuple[float, float]]:
        question = Question(1, text, self._now_s, self._memory.snapshot(self._now_s), spoken=False)
        begun_s, used_s = time.perf_counter(), time.process_time()
        recall = self._memory.recall(question, CancelToken())
        return recall, (1000 * (time.perf_counter() - begun_s), 1000 * (time.process_time() - used_s))


def recall_table(asking: Asking, week: Week) -> dict[str, Any]:
    """Share of the planted moments that are found, by kind and age: `{kind: {"all": …, "10 min": …}}`.

    explicit_named: of the explicit ones those whose thing the frame encoder named while it was shown. What it did not
    name is found by g_k alone, or not at all; that has nothing to do with age.
    """
    hits: dict[str, dict[str, list[bool]]] = {}
    for one in week.planted:
        found = asking.found(one.question, week.span_of(one))
        for kind in (one.kind, *(["explicit_named"] if week.is_named(one) else [])):
            ages = hits.setdefault(kind, {"all": []})
            ages["all"].append(found)
            ages.setdefault(age_in_words(one.age_s), []).append(found)
    return {
        kind: {age: {"recall": round(float(np.mean(of)), 4), "n": len(of)} for age, of in ages.items()}
        for kind, ages in hits.items()
    }


def age_in_words(age_s: float) -> str:
    """ "10 min", "6 h", "4.5 d"."""
    for unit, length_s in (("d", 86_400.0), ("h", 3600.0)):
        if age_s >= length_s:
            return f"{age_s / length_s:g} {unit}"
    return f"{age_s / 60:g} min"
