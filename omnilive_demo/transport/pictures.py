"""JPEG in and out, for threads: decoding takes milliseconds, which the event loop does not have."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

MOST_SIDE = 8192
WANTED_SIDE = 1280  # bigger pictures are scaled down while they are decoded
QUALITY = 80


def decode_jpeg(data: bytes) -> NDArray[np.uint8] | None:
    """RGB `[H, W, 3]`; None when the bytes are no JPEG of a reasonable size."""
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as picture:
            if max(picture.size) > MOST_SIDE or min(picture.size) < 8:
                return None
            picture.draft("RGB", (WANTED_SIDE, WANTED_SIDE))
            return np.asarray(picture.convert("RGB"))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def encode_jpeg(image: NDArray[np.uint8]) -> bytes:
    """An RGB picture as a JPEG file."""
    out = io.BytesIO()
    Image.fromarray(image).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
