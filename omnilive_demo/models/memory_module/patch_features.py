"""Where the memory module's patch rows come from: the seam between the released vision tower and our frame encoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isqrt
from typing import Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from transformers import CLIPVisionModel

Picture = NDArray[np.uint8]

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_SPREAD = (0.26862954, 0.26130258, 0.27577711)
_FRAMES_AT_ONCE = 16


class PatchFeatures(Protocol):
    """Turns pictures into merged rows."""

    def merged(self, pictures: Sequence[Picture]) -> Tensor:
        """RGB pictures `[H, W, 3]` of T frames -> merged features `[T*R, F]`, frame-major, each frame row-major."""
        ...


def merge_2x2(patches: Tensor) -> Tensor:
    """Patches `[T, P, C]`, each a row-major square grid with an even side -> `[T*P/4, 4C]` (specification 1.3).

    A row is a 2x2 block, side by side: top left, top right, bottom left, bottom right.

    Raises:
        ValueError: P is not the square of an even number.
    """
    frames, count, width = patches.shape
    half = isqrt(count) // 2
    if 4 * half * half != count:
        raise ValueError(f"{count} patches are not a square grid with an even side")
    blocks = patches.reshape(frames, half, 2, half, 2, width)
    return blocks.permute(0, 1, 3, 2, 4, 5).reshape(frames * half * half, 4 * width)


class EncodedPatches:
    """Patches of a frame encoder, merged.

    Args:
        encode: an RGB picture -> its patches `[P, C]`, a row-major square grid.
    """

    def __init__(self, encode: Callable[[Picture], NDArray[np.float32]]) -> None:
        self._encode = encode

    def merged(self, pictures: Sequence[Picture]) -> Tensor:
        """Merged features `[T*P/4, 4C]`."""
        return merge_2x2(torch.from_numpy(np.stack([self._encode(picture) for picture in pictures])))


class ClipPatches:
    """Patches of the released module's CLIP tower: the last layer but one, without the class token, merged."""

    def __init__(self, tower: CLIPVisionModel) -> None:
        self._tower = tower
        self._side = cast(int, tower.config.image_size)

    def pixels(self, pictures: Sequence[Picture]) -> Tensor:
        """Normalised pixels `[T, 3, side, side]` float32; another size is squashed, as in training (1.3)."""
        square = np.stack([self._square(picture) for picture in pictures])
        values = torch.from_numpy(square).permute(0, 3, 1, 2).float() / 255
        return (values - torch.tensor(CLIP_MEAN).view(3, 1, 1)) / torch.tensor(CLIP_SPREAD).view(3, 1, 1)

    def merged(self, pictures: Sequence[Picture]) -> Tensor:
        """Merged features `[T*R, 4C]`, in the tower's type and on its device."""
        return merge_2x2(self.patches(pictures))

    @torch.inference_mode()
    def patches(self, pictures: Sequence[Picture]) -> Tensor:
        """Patches `[T, P, C]`, each a row-major square grid, in the tower's type and on its device.

        Raises:
            ValueError: one of them is not an RGB picture.
        """
        weights = self._tower.embeddings.class_embedding
        parts = []
        for i in range(0, len(pictures), _FRAMES_AT_ONCE):
            pixels = self.pixels(pictures[i : i + _FRAMES_AT_ONCE]).to(weights.device, weights.dtype)
            parts.append(self._tower(pixels, output_hidden_states=True).hidden_states[-2][:, 1:])
        return torch.cat(parts)

    @property
    def count(self) -> int:
        """P, patches of a picture."""
        return (self._side // cast(int, self._tower.config.patch_size)) ** 2

    @property
    def width(self) -> int:
        """C, of a patch."""
        return self._tower.config.hidden_size

    def _square(self, picture: Picture) -> Picture:
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or 0 in picture.shape:
            raise ValueError(f"expected an RGB picture [H, W, 3] of bytes, not {picture.shape} of {picture.dtype}")
        if picture.shape[:2] == (self._side, self._side):
            return picture
        resized = Image.fromarray(picture).resize((self._side, self._side), Image.Resampling.BICUBIC)
        return np.asarray(resized)
