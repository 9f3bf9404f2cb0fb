"""The change gate: which patches of a picture differ from the frame before (differential token dropping, on pixels)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

GRID = 8  # patches to a side, as the encoder's


class ChangeGate:
    """Compares small pictures patch by patch.

    Args:
        threshold: mean absolute difference of RGB values (0..255) from which a patch has changed. Camera noise in a
            small picture stays below 3.
    """

    def __init__(self, threshold: float = 8.0) -> None:
        self._threshold = threshold
        self._before: NDArray[np.int16] | None = None

    def changed(self, small: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Which patches `[GRID, GRID]` changed since the last call; all of them at the first.

        Args:
            small: RGB `[S, S, 3]`, S a multiple of GRID.
        """
        mask = self.differs(small)
        self._before = small.astype(np.int16)
        return mask

    def differs(self, small: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """The same, without taking the picture for the one before the next."""
        now, before = small.astype(np.int16), self._before
        if before is None or before.shape != now.shape:
            return np.ones((GRID, GRID), np.bool_)
        side = now.shape[0] // GRID
        difference = np.abs(now - before).reshape(GRID, side, GRID, side * 3).mean((1, 3))
        mask: NDArray[np.bool_] = difference > self._threshold
        return mask
