"""Which clips have which labels: for every label, and every word of one, the clips' positions and scores.

Rows of float32 (position, score), eight bytes a label: positions are whole numbers below 2^24, which float32 holds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.memory.growing import GrowingRows
from omnilive_demo.records import Label

_NONE: NDArray[np.float32] = np.zeros((0, 2), np.float32)


def words_of(label: Label) -> tuple[str, ...]:
    """What a label is found by: its text, and every word of it."""
    text = label.text.lower()
    return text, *text.split()


class NameIndex:
    """Grows with the clips; any thread may read."""

    def __init__(self) -> None:
        self._rows: dict[str, GrowingRows] = {}

    def add(self, first: int, labels: Sequence[Sequence[Label]]) -> None:
        """Make clips findable: the labels of each, from position `first` on. Positions come in order."""
        new: dict[str, list[tuple[int, float]]] = {}
        words: dict[str, tuple[str, ...]] = {}  # of labels, of which there are few
        for position, of_clip in enumerate(labels, first):
            best: dict[str, float] = {}
            for label in of_clip:
                for word in words.get(label.text) or words.setdefault(label.text, words_of(label)):
                    if label.score > best.get(word, 0.0):
                        best[word] = label.score
            for word, score in best.items():
                new.setdefault(word, []).append((position, score))
        for word, found in new.items():
            rows = self._rows.get(word)
            if rows is None:
                rows = self._rows.setdefault(word, GrowingRows())
            rows.extend(np.array(found, np.float32))

    def positions(self, word: str, n: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Of the first n clips, those with this label or word, in order, and its scores."""
        rows = self._rows.get(word)
        found = _NONE if rows is None else rows.all()
        found = found[: np.searchsorted(found[:, 0], n)]
        return found[:, 0].astype(np.int64), found[:, 1]

    def scores(self, words: Sequence[str], n: int) -> NDArray[np.float32]:
        """For each of the first n clips the best score of its labels that are, or hold, one of the words; else 0."""
        best = np.zeros(n, np.float32)
        for word in words:
            at, scores = self.positions(word, n)
            best[at] = np.maximum(best[at], scores)
        return best
