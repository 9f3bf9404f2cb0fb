"""A compressor that stands in for the learned one: it always has an opinion, and its S tells what it was made of."""

from __future__ import annotations

from collections.abc import Sequence

from omnilive_demo.memory.compressor import Array
from omnilive_demo.memory.pooling import PoolingCompressor
from omnilive_demo.models import descriptor_space
from omnilive_demo.records import FrameFeatures


class LearnedFake(PoolingCompressor):
    """Questions point where `means` says (words of the descriptor space), all others at bright pictures.

    Every row of S holds the number of frames that it was made of, then their mean vector.
    """

    name = "learned"

    def __init__(self, text_encoder, means: dict[str, tuple[str, ...]]) -> None:
        super().__init__(text_encoder)
        self._means = means

    def compress(self, frames: Sequence[FrameFeatures], start_s: float, end_s: float) -> tuple[Array, Array]:
        short_term, global_ = super().compress(frames, start_s, end_s)
        short_term[:, 0] = len(frames)
        return short_term, 5.0 * global_

    def encode_question(self, question: str, long_term: Array) -> Array | None:
        return descriptor_space.direction(self._means.get(question, ("bright",)))
