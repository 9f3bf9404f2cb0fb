"""The training-free compressor: pooling where the paper learned, behind the same three calls.

- compress: S_k is the paper's own initialisation of its slots (each frame's patch grid average-pooled to 2x2,
  row-major, frame-major); g_k is the mean of the frames' vectors, unit norm, so that it lies where words can point.
- integrate: the sequence is S_1..S_K, then g_1..g_K, read causally: each g_k attends once, with itself as the query and
  without weights, over every S row and over g_1..g_k; H̄_k is halfway between g_k and what it read.
- encode_question: the visual words of the question give a direction in the same space. A word that is not in the
  table counts as the visual word that it means (MiniLM), if it clearly means one. H̄ is not needed for that.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence

import numpy as np

from omnilive_demo.memory.compressor import TOKENS_PER_FRAME, Array
from omnilive_demo.memory.question_intent import STOP_WORDS
from omnilive_demo.models import descriptor_space
from omnilive_demo.models.text_encoder import TextEncoder
from omnilive_demo.records import FrameFeatures

ATTENTION_TEMPERATURE = 0.1
# "illuminated" means bright (0.70) and "walking" moving (0.66); "quiet" (0.54) and "lamp" (0.49) mean nothing.
SYNONYM_COSINE = 0.62
SYNONYM_MARGIN = 0.04  # a word that lies between two meanings has none


class PoolingCompressor:
    """Implements `Compressor` without weights. Safe to call from any thread."""

    name = "pooling"

    def __init__(self, text_encoder: TextEncoder, width: int = descriptor_space.WIDTH) -> None:
        self.width = width
        self._text_encoder = text_encoder
        self._meanings = tuple(sorted(set(descriptor_space.VISUAL_WORDS.values())))
        self._meaning_vectors: Array | None = None
        self._synonyms: dict[str, str | None] = {}
        self._lock = threading.Lock()

    def compress(self, frames: Sequence[FrameFeatures], start_s: float, end_s: float) -> tuple[Array, Array]:
        """A closed clip of T frames -> (S_k `[4T, C]`, g_k `[C]`)."""
        if not frames:
            raise ValueError("a clip holds at least one frame")
        short_term = np.concatenate([pool_to_slots(frame.patches) for frame in frames])
        return short_term, _unit(np.mean([frame.vector for frame in frames], axis=0, dtype=np.float32))

    def integrate(self, short_term: Sequence[Array], global_: Sequence[Array]) -> Array:
        """All S_k and g_k of a segment, in order -> long-term memory H̄ `[K, C]`, unit rows."""
        if not global_:
            return np.zeros((0, self.width), np.float32)
        slots = _unit(np.concatenate(short_term).astype(np.float32))
        globals_ = _unit(np.stack(global_).astype(np.float32))
        keys = np.concatenate([slots, globals_])
        scores = globals_ @ keys.T / ATTENTION_TEMPERATURE  # [K, rows of S + K]
        later = np.triu(np.ones((len(globals_), len(globals_)), bool), k=1)
        scores[:, len(slots) :][later] = -np.inf
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        return _unit(globals_ + _unit(weights @ keys))

    def expect(self, short_term: Sequence[Array]) -> None:
        """Nothing to be done: pooling is quick."""

    def encode_question(self, question: str, long_term: Array) -> Array | None:
        """Where the visual words of the question point, `[C]` unit norm; None when it has none."""
        words = [word for word in re.findall(r"[a-z]+", question.lower()) if word not in STOP_WORDS]
        known = [word for word in words if word in descriptor_space.VISUAL_WORDS]
        if not known:
            known = [meaning for word in words if (meaning := self._synonym(words, word)) is not None]
        return descriptor_space.direction(known) if known else None

    def _synonym(self, words: Sequence[str], word: str) -> str | None:
        """The visual word that `word` means; all new `words` of the question are looked up in one go."""
        with self._lock:
            new = sorted({other for other in words if other not in self._synonyms})
            if new:
                self._synonyms.update(self._look_up(new))
            found = self._synonyms[word]
            if len(self._synonyms) > 4096:  # a visitor can type any number of words
                self._synonyms.clear()
            return found

    def _look_up(self, words: Sequence[str]) -> dict[str, str | None]:
        if self._meaning_vectors is None:
            self._meaning_vectors = self._text_encoder.encode(self._meanings)
        cosines = self._text_encoder.encode(words) @ self._meaning_vectors.T
        found: dict[str, str | None] = {}
        for word, row in zip(words, cosines, strict=True):
            second, best = np.argsort(row)[-2:]
            clear = row[best] >= SYNONYM_COSINE and row[best] - row[second] >= SYNONYM_MARGIN
            found[word] = self._meanings[best] if clear else None
        return found


def pool_to_slots(patches: Array) -> Array:
    """One frame's patches `[P, C]` (row-major square grid) -> four slot rows `[4, C]`, each the mean of a quarter."""
    side = round(len(patches) ** 0.5)
    if side * side != len(patches) or side % 2:
        raise ValueError(f"{len(patches)} patches are not a square grid with an even side")
    half = side // 2
    grid = patches.reshape(2, half, 2, half, -1)
    slots: Array = grid.mean(axis=(1, 3), dtype=np.float32).reshape(TOKENS_PER_FRAME, -1)
    return slots


def _unit(rows: Array) -> Array:
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    unit: Array = (rows / np.maximum(lengths, 1e-8)).astype(np.float32)
    return unit
