"""Looking for clips at two levels: first which stretches of the memory hold something alike, then which of their clips.

64 clips that follow each other are a block. Each full block is stood for by eight of its own clips, those that differ
most from each other (each next one is the farthest from those before): what is in it only once is the most different
there is, and so stands for itself. Their directions are kept in float32, an eighth of all; g_k itself stays in float16.
A question is compared with all of these, and then with every clip of the best 24 blocks and of the newest ones. So 600
blocks cost about as much as 100, and up to 24 blocks nothing is left out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.memory.growing import GrowingRows

BLOCK = 64
STAND_INS = 8
LOOKED_AT = 24  # blocks
UNSEEN = np.float32(-1.0)


class ClipIndex:
    """Stand-ins of the full blocks. One thread writes, any may read."""

    def __init__(self) -> None:
        self._stand_ins = GrowingRows()

    def grow(self, globals_: NDArray[np.float16], n: int) -> None:
        """Take note of the blocks that are full, now that there are n clips; `globals_` holds g_k of all of them."""
        while (first := len(self._stand_ins) // STAND_INS * BLOCK) + BLOCK <= n:
            self._stand_ins.extend(_most_different(units(globals_[first : first + BLOCK])))

    def cosines(
        self, question: NDArray[np.float32], globals_: NDArray[np.float16], also: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Cosine of q (unit norm) with g_k `[n, C]` of the best blocks, and of the clips in `also`; -1 for others."""
        n = len(globals_)
        full = min(n // BLOCK, len(self._stand_ins) // STAND_INS)
        if full <= LOOKED_AT:
            return (units(globals_) @ question).astype(np.float32) if n else np.zeros(0, np.float32)
        nearest = (self._stand_ins.first(full * STAND_INS) @ question).reshape(full, STAND_INS).max(axis=1)
        blocks = np.sort(np.argpartition(-nearest, LOOKED_AT)[:LOOKED_AT])
        inside = (blocks[:, None] * BLOCK + np.arange(BLOCK)).ravel()
        rest = also[also < full * BLOCK]
        rest = rest[~np.isin(rest // BLOCK, blocks)]
        looked_at = np.concatenate([inside, rest, np.arange(full * BLOCK, n)])
        found = np.full(n, UNSEEN, np.float32)
        found[looked_at] = units(globals_[looked_at]) @ question
        return found


def units(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    """Rows of length one, float32; one of zeros stays as it is."""
    whole = rows.astype(np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", whole, whole))
    whole /= np.maximum(lengths, 1e-8)[:, None]
    return whole


def _most_different(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    chosen = [0]
    nearest = rows @ rows[0]
    while len(chosen) < STAND_INS:
        nearest[chosen] = np.inf
        chosen.append(int(np.argmin(nearest)))
        nearest = np.maximum(nearest, rows @ rows[chosen[-1]])
    return rows[chosen]
