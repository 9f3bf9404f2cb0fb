"""Frame encoding: a picture becomes patch features, a vector and, as far as it can be told, words."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.records import FrameFeatures, Label


class FrameEncoder(Protocol):
    """Encodes frames of any session; keeps no state."""

    name: str
    width: int  # C, of the vector and of every patch
    patches: int  # P, a square number

    def encode(self, image: NDArray[np.uint8], previous: FrameFeatures | None) -> FrameFeatures:
        """Features of an RGB picture `[H, W, 3]`; `previous` (the frame before) makes motion visible."""
        ...

    def describe(self, features: FrameFeatures) -> tuple[Label, ...]:
        """Words that truly hold for the picture, surest first; empty when it cannot tell."""
        ...
