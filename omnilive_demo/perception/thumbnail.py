"""Small square pictures, quickly: what the change gate and the descriptor look at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 64


def thumbnail(image: NDArray[np.uint8], side: int = SIDE) -> NDArray[np.uint8]:
    """The picture `[H, W, 3]` averaged down to `[side, side, 3]`, its proportions given up.

    Raises:
        ValueError: not an RGB picture.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
        raise ValueError(f"expected an RGB picture [H, W, 3] of bytes, not {image.shape} of {image.dtype}")
    height, width = image.shape[:2]
    factor = min(height, width) // (2 * side)
    picture = Image.fromarray(image)
    if factor > 1:
        picture = picture.reduce(factor)  # a box average, many times cheaper than resampling
    return np.asarray(picture.resize((side, side), Image.Resampling.BOX))
