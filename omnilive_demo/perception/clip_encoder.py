"""The eyes of the profiles lite and standard: CLIP's vector and patches, names by zero-shot, and still the plain words.

Names come from a vocabulary that anybody can edit (`models/vocabulary.py`, `zero_shot.py`). Light, colour and motion
come from the plain descriptor, whose patches also tell one scene from the next: CLIP's vectors of two scenes in one
room lie close together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.models.clip_model import ClipSpace
from omnilive_demo.perception.descriptor import DescriptorEncoder
from omnilive_demo.perception.zero_shot import MOST, THRESHOLD, ZeroShotNames
from omnilive_demo.records import FrameFeatures, Label


class ClipFrameEncoder:
    """A `FrameEncoder` that names things. Stateless, so sessions may share it; safe from any thread."""

    def __init__(
        self,
        space: ClipSpace,
        vocabulary: Mapping[str, str],
        cache: Path | None = None,
        threshold: float = THRESHOLD,
        most: int = MOST,
    ) -> None:
        """Encodes the vocabulary, which takes a while the first time.

        Args:
            space: the model, which other roles may share.
            vocabulary: names of things and their plurals.
            cache: a folder where the names' vectors are kept; None keeps none.
            threshold: the share of the softmax from which on a name is said.
            most: names of one picture.
        """
        self.name = f"CLIP {space.name}"
        self.width = space.width
        self.patches = space.side**2
        self._space = space
        self._reader = ZeroShotNames(space, vocabulary, cache, threshold, most)
        self._plain = DescriptorEncoder()

    @property
    def names(self) -> tuple[str, ...]:
        """What it can name."""
        return self._reader.names

    def encode(self, image: NDArray[np.uint8], previous: FrameFeatures | None) -> FrameFeatures:
        """Features of an RGB picture `[H, W, 3]`: vector `[C]`, patches `[P, C]`, all unit, and the plain patches.

        Raises:
            ValueError: not an RGB picture.
        """
        return self.encode_many([image], [previous])[0]

    def encode_many(
        self, images: Sequence[NDArray[np.uint8]], previous: Sequence[FrameFeatures | None] | None = None
    ) -> list[FrameFeatures]:
        """Features of pictures of any sessions, in one go; `previous` is the frame before, of each.

        Raises:
            ValueError: one of them is not an RGB picture.
        """
        before = [None] * len(images) if previous is None else previous
        made = self._space.encode_images(images)
        plain = [
            self._plain.encode(image, None if one is None else _plain_features(one)).patches
            for image, one in zip(images, before, strict=True)
        ]
        return [FrameFeatures(*features) for features in zip(made.vectors, made.patches, plain, strict=True)]

    def describe(self, features: FrameFeatures) -> tuple[Label, ...]:
        """Names of things, surest first, then words for light, colour and motion."""
        if features.vector.shape != (self.width,):
            return ()  # another encoder's
        named = tuple(Label(name, round(share, 3)) for name, share in self._reader.of(features.vector))
        plain = _plain_features(features)
        words = () if plain is None else self._plain.describe(plain)
        return (*named, *words)


def _plain_features(features: FrameFeatures) -> FrameFeatures | None:
    """What the descriptor itself made of the picture; it never looks at the vector of what it is given."""
    return None if features.plain is None else FrameFeatures(features.vector, features.plain)
