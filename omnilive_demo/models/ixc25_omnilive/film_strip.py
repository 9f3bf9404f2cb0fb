"""Frames of a video as one picture (specification 2.4): one below or beside the other, each under its label."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Picture = NDArray[np.uint8]
_T = TypeVar("_T")

MOST_FRAMES = 32
"""What the release's memory example shows at most; 64 in its benchmarks."""
_LONG_SIDE = 1120
_BAND, _GAP, _LINE = 40, 10, 2


def thinned(frames: Sequence[_T], most: int = MOST_FRAMES) -> list[_T]:
    """At most this many of them, evenly, the first and the last among them (specification 5)."""
    count = len(frames)
    if count <= most or most < 1:
        return list(frames)
    if most == 1:
        return [frames[-1]]
    return [frames[int(i * (count - 1) / (most - 1))] for i in range(most)]


def film_strip(frames: Sequence[Picture]) -> Picture:
    """RGB frames `[H, W, 3]` as one picture.

    Lying frames go below each other, standing or square ones beside; the last one decides. The labels `<IMAGE i>`
    count from 0. They are part of what the model sees: hazard 16, the release draws them in SimHei, which may not be
    passed on, and we in the free font that comes with Pillow.

    Raises:
        ValueError: there is no frame.
    """
    if not frames:
        raise ValueError("A film strip needs at least one frame.")
    sizes = [(frame.shape[1], frame.shape[0]) for frame in frames]
    below = _below(sizes)
    images = [_resized(frame) for frame in frames]
    width, height = strip_size(sizes)
    strip = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(strip)
    at = 0
    for i, image in enumerate(images):
        x, y = (0, at) if below else (at, 0)
        draw.text((x, y), f"<IMAGE {i}>", fill="black", font=_font())
        strip.paste(image, (x, y + _BAND))
        at += image.height + _BAND if below else image.width
        if i + 1 < len(images):
            middle = at + _GAP // 2
            draw.line([(0, middle), (width, middle)] if below else [(middle, 0), (middle, height)], "black", _LINE)
            at += _GAP
    return np.asarray(strip)


def strip_size(sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Width and height of the strip of frames of these widths and heights."""
    drawn = [_drawn(*size) for size in sizes]
    gaps = _GAP * (len(drawn) - 1)
    if _below(sizes):
        return max(width for width, _ in drawn), sum(height + _BAND for _, height in drawn) + gaps
    return sum(width for width, _ in drawn) + gaps, max(height for _, height in drawn) + _BAND


def _below(sizes: Sequence[tuple[int, int]]) -> bool:
    width, height = sizes[-1]
    return width > height


def _drawn(width: int, height: int) -> tuple[int, int]:
    longest = max(width, height)
    return max(width * _LONG_SIDE // longest, 1), max(height * _LONG_SIDE // longest, 1)


def _resized(frame: Picture) -> Image.Image:
    size = _drawn(frame.shape[1], frame.shape[0])
    return Image.fromarray(np.ascontiguousarray(frame)).resize(size, Image.Resampling.BILINEAR)


@cache
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(_BAND)
