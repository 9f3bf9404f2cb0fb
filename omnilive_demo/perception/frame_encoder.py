"""Frame encoding: a picture becomes patch features, a vector and, as far as it can be told, words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

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


@runtime_checkable
class ManyFramesEncoder(Protocol):
    """A frame encoder that takes pictures of several sessions at once."""

    def encode_many(
        self, images: Sequence[NDArray[np.uint8]], previous: Sequence[FrameFeatures | None]
    ) -> list[FrameFeatures]:
        """Features of each picture; `previous` is the frame before, of each."""
        ...
