"""The eyes of the profile omnilive: patches of the released memory module's own tower, for that module to compress.

The tower is CLIP ViT-L/14 at 224 px, its last layer but one; a whole picture is squashed into the square. The release
holds no text tower with it, so nothing is named here: the words are for light, colour and motion, from the plain
descriptor, whose patches also tell one scene from the next. What a clip shows is told by the reasoner's captions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from omnilive_demo.perception.descriptor import DescriptorEncoder
from omnilive_demo.records import FrameFeatures, Label


class Tower(Protocol):
    """What `models.memory_module.patch_features.ClipPatches` is."""

    @property
    def count(self) -> int:
        """P, patches of a picture."""
        ...

    @property
    def width(self) -> int:
        """C, of a patch."""
        ...

    def patches(self, pictures: Sequence[NDArray[np.uint8]]) -> Tensor:
        """Patches `[T, P, C]` of RGB pictures `[H, W, 3]`."""
        ...


class Ixc25FrameEncoder:
    """A `FrameEncoder`, for many frames at once too. Stateless, so sessions may share it; safe from any thread."""

    name = "CLIP ViT-L/14 of the released memory module"
    names: tuple[str, ...] = ()  # what it can name

    def __init__(self, tower: Tower) -> None:
        self.width = tower.width
        self.patches = tower.count
        self._tower = tower
        self._plain = DescriptorEncoder()

    def encode(self, image: NDArray[np.uint8], previous: FrameFeatures | None) -> FrameFeatures:
        """Features of an RGB picture `[H, W, 3]`: patches `[256, 1024]`, their mean as a unit vector, plain patches.

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
        if not images:
            return []
        before = [None] * len(images) if previous is None else previous
        patches = self._tower.patches(images).float().cpu().numpy()
        plain = [
            self._plain.encode(image, None if one is None else _plain_features(one)).patches
            for image, one in zip(images, before, strict=True)
        ]
        # Each frame with its own array: one that is kept must not keep the others.
        return [FrameFeatures(_unit(p.mean(0)), p.copy(), own) for p, own in zip(patches, plain, strict=True)]

    def describe(self, features: FrameFeatures) -> tuple[Label, ...]:
        """Words for light, colour and motion."""
        plain = _plain_features(features)
        return () if plain is None else self._plain.describe(plain)


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = (vector / max(float(np.linalg.norm(vector)), 1e-8)).astype(np.float32)
    return unit


def _plain_features(features: FrameFeatures) -> FrameFeatures | None:
    """What the descriptor itself made of the picture; it never looks at the vector of what it is given."""
    return None if features.plain is None else FrameFeatures(features.vector, features.plain)
