"""The paper's compressor as a protocol: compress a clip, integrate clips, turn a question into a feature.

Paper section 3.2; layouts in section 1 of the specification. The learned module and the training-free one stand behind
the same three calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.records import FrameFeatures

Array = NDArray[np.float32]
TOKENS_PER_FRAME = 4  # P of the paper: slot rows of S_k per frame


class Compressor(Protocol):
    """Works on features, never on pictures; keeps no state of a session."""

    name: str
    width: int  # C

    def compress(self, frames: Sequence[FrameFeatures], start_s: float, end_s: float) -> tuple[Array, Array]:
        """A closed clip of T frames -> (S_k `[4T, C]`, g_k `[C]`); of g_k only the direction is compared."""
        ...

    def integrate(self, short_term: Sequence[Array], global_: Sequence[Array]) -> Array:
        """All S_k and g_k of a segment, in order -> long-term memory H̄ `[K, C]`."""
        ...

    def expect(self, short_term: Sequence[Array]) -> None:
        """S_k of a segment's clips so far: an integration that begins with them will come, whatever speeds it up."""
        ...

    def encode_question(self, question: str, long_term: Array) -> Array | None:
        """Question feature q `[C]`, unit norm, in the space of g_k, read after H̄ `[K, C]` (K may be 0).

        None when the question says nothing about pictures that this compressor understands.
        """
        ...


@dataclass(frozen=True, slots=True)
class TokenCount:
    """Patch tokens of a clip: those that came in, and those that were not dropped."""

    seen: int
    kept: int


@runtime_checkable
class DropsTokens(Protocol):
    """What a compressor tells besides when it leaves patches out and looks at some frames more than at others."""

    def kept(self, frames: Sequence[FrameFeatures]) -> TokenCount:
        """How many patch tokens of a clip came in, and how many `compress` keeps."""
        ...

    def key_frames(self, frames: Sequence[FrameFeatures]) -> tuple[int, ...]:
        """Positions of the frames that show something new, in order."""
        ...
