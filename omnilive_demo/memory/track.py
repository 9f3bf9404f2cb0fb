"""Entries of one kind in order, each with the version that makes it visible; numbers beside them as arrays."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.memory.growing import GrowingRows

T = TypeVar("T")


class Track(Generic[T]):
    """One thread appends; what a version saw stays where it is.

    Args:
        dtype: of the vectors, where the kind has any.
    """

    def __init__(self, dtype: type[np.floating] = np.float32) -> None:
        self.items: list[T] = []
        self.versions = array("q")
        self.vectors = GrowingRows(dtype)
        self.lengths = GrowingRows(np.float32)  # of the vectors
        self.times = GrowingRows(np.float64)
        self.numbers = GrowingRows(np.int64)
        self._dtype = dtype

    def append(
        self, item: T, version: int, times: tuple[float, float], number: int, vector: NDArray | None = None
    ) -> None:
        """Add an entry; visible to readers of `version` and later.

        times: start_s, end_s. number: what ranking knows it by: a clip's, a row of words, the code of a sound's label.
        """
        self.extend([item], version, np.array([times]), [number], None if vector is None else vector[None])

    def extend(
        self,
        items: Sequence[T],
        version: int,
        times: NDArray[np.float64],
        numbers: Sequence[int],
        vectors: NDArray | None,
    ) -> None:
        """Add entries at once, with the versions that follow each other from `version` on."""
        if vectors is not None:
            self.vectors.extend(vectors)
            self.lengths.extend(np.linalg.norm(vectors.astype(np.float32), axis=1)[:, None])
        self.times.extend(times)
        self.numbers.extend(np.array(numbers, np.int64)[:, None])
        self.items.extend(items)
        self.versions.extend(range(version, version + len(items)))

    def upto(self, version: int) -> int:
        """How many entries a reader of `version` sees."""
        return bisect_right(self.versions, version)

    def keep(self, wanted: Callable[[T], bool]) -> Track[T]:
        """A new track of the wanted entries, with the versions that they had."""
        kept: Track[T] = Track(self._dtype)
        at = [i for i, item in enumerate(self.items) if wanted(item)]
        if not at:
            return kept
        vectors = self.vectors.all()[at] if len(self.vectors) else None
        kept.extend([self.items[i] for i in at], 0, self.times.all()[at], self.numbers.all()[at, 0].tolist(), vectors)
        kept.versions = array("q", [self.versions[i] for i in at])
        return kept
