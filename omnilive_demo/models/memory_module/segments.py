"""How a stream without an end is read: clips in segments, and a bounded number of rows of H̄ for a question."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SEGMENT_CLIPS = 64
MOST_ROWS = 512


def rows_read(n: int) -> NDArray[np.int64]:
    """Which of n rows of H̄ a question reads: all, or at most `MOST_ROWS`.

    Of the full 64s of clips the newest 224 and an even selection of 224 older ones, and all that came after them: so
    what is read begins the same until another 64 clips have come.
    """
    if n <= MOST_ROWS:
        return np.arange(n)
    full = n - n % SEGMENT_CLIPS
    newest = (MOST_ROWS - SEGMENT_CLIPS) // 2
    older = np.linspace(0, full - newest - 1, newest).round().astype(np.int64)
    return np.concatenate([np.unique(older), np.arange(full - newest, n)])


def cut(rows: Sequence[int], most_clips: int, most_rows: int) -> list[slice]:
    """Clips with so many rows of S each, in order, as segments; a clip's g is one row more.

    Raises:
        ValueError: one clip alone has more than `most_rows`.
    """
    segments: list[slice] = []
    start = held = 0
    for i, n in enumerate(rows):
        if n + 1 > most_rows:
            raise ValueError(f"a clip of {n} rows is more than {most_rows} positions hold")
        if i - start == most_clips or held + n + 1 > most_rows:
            segments.append(slice(start, i))
            start, held = i, 0
        held += n + 1
    return [*segments, slice(start, len(rows))] if len(rows) else []
