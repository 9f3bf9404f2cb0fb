"""Looking for clips at two levels: a sketch of every clip tells which ones are worth a look, then g_k itself decides.

A sketch is 64 numbers in float32: g_k (unit norm) along the 32 directions in which the clips so far differ most, and
32 random projections of what these leave out. Clips like many others are well described by the first part, so the
second is nearly nothing for them; what is there only once is in the second. (Stretches of 64 clips, each stood for by
its eight most different ones, were tried as the first level: where every clip shows something else, they missed half of
what was there once.) The product of two sketches estimates the cosine; the best 1024 clips, the newest, and those that
the caller names are compared exactly, in float32 from float16. A week is 10 MB of sketches, whatever the width of g.

The directions are found anew, from 512 clips evenly spread, each time that the memory has grown fourfold.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.memory.growing import GrowingRows

MAIN, REST = 32, 32  # numbers of a sketch
LOOKED_AT = 1024
NEWEST = 64
AT_ONCE = 64  # clips are sketched by so many
SAMPLE = 512
GROWTH = 4
UNSEEN = np.float32(-1.0)


@dataclass(slots=True)
class _Sketches:
    """sketcher: `[MAIN + REST, C]`; rows: a sketch for each clip, in order; made_for: clips there were then."""

    sketcher: NDArray[np.float32]
    made_for: int
    rows: GrowingRows = field(default_factory=GrowingRows)

    def take(self, globals_: NDArray[np.float16]) -> None:
        """Sketch what has none yet."""
        while len(self.rows) < len(globals_):
            new = globals_[len(self.rows) : len(self.rows) + 4096]
            self.rows.extend(units(new) @ self.sketcher.T)


class ClipIndex:
    """One thread writes, any may read."""

    def __init__(self) -> None:
        self._sketches: _Sketches | None = None

    def grow(self, globals_: NDArray[np.float16]) -> None:
        """There are more clips now; `globals_` `[n, C]` holds g_k of all of them."""
        n = len(globals_)
        known = self._sketches
        if n <= LOOKED_AT or (known is not None and n < len(known.rows) + AT_ONCE):
            return
        if known is None or n >= GROWTH * known.made_for:
            known = _Sketches(_sketcher(globals_), n)
            known.take(globals_)
            self._sketches = known
        else:
            known.take(globals_)

    def cosines(
        self, question: NDArray[np.float32], globals_: NDArray[np.float16], also: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Cosine of q (unit norm) with g_k `[n, C]` of the best clips, and of those in `also`; -1 for the others."""
        n, known = len(globals_), self._sketches
        if n <= LOOKED_AT or known is None:
            return (units(globals_) @ question).astype(np.float32) if n else np.zeros(0, np.float32)
        sketched = min(len(known.rows), n - NEWEST)
        estimates = known.rows.first(sketched) @ (known.sketcher @ question)
        most = min(LOOKED_AT, sketched)
        best = np.argpartition(estimates, sketched - most)[sketched - most :]
        looked_at = np.zeros(n, np.bool_)
        looked_at[best] = looked_at[also] = looked_at[sketched:] = True
        at = np.flatnonzero(looked_at)
        found = np.full(n, UNSEEN, np.float32)
        found[at] = units(globals_[at]) @ question
        return found


def units(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    """Rows of length one, float32; one of zeros stays as it is."""
    whole = rows.astype(np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", whole, whole))
    whole /= np.maximum(lengths, 1e-8)[:, None]
    return whole


def _sketcher(globals_: NDArray[np.float16]) -> NDArray[np.float32]:
    at = np.linspace(0, len(globals_) - 1, min(SAMPLE, len(globals_))).round().astype(np.int64)
    sample = units(globals_[at]).astype(np.float64)
    strengths, ways = np.linalg.eigh(sample @ sample.T)  # of the sample's rows: small, however wide g is
    strengths, ways = strengths[-MAIN:], ways[:, -MAIN:]
    main = (ways / np.sqrt(np.maximum(strengths, 1e-9))).T @ sample
    main[strengths < 1e-6] = 0.0
    random = np.random.default_rng(1).normal(size=(REST, sample.shape[1])) / np.sqrt(REST)
    rest = random - (random @ main.T) @ main
    return np.concatenate([main, rest]).astype(np.float32)
