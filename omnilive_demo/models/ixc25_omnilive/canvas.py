"""Pictures on canvases of 560 px tiles (specification 2.4): the two ways of the release."""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.uint8]

TILE = 560
STILL_TILES = 24
"""Most tiles of a still in the release's chat; 25 elsewhere."""
SEVERAL_TILES = 6
"""The same where a prompt has several pictures."""


def still_canvas(picture: Picture, most_tiles: int = STILL_TILES) -> Picture:
    """A picture `[H, W, 3]`, as large as `most_tiles` allow and its own size asks, white below (or right of) it."""
    lying, turned = _lying(picture)
    height, width = lying.shape[:2]
    across = 1
    while (across + 1) * ceil((across + 1) / (width / height)) <= most_tiles:
        across += 1
    across = min(ceil(width / TILE), across)
    tall = max(int(across * TILE / (width / height)), 1)
    return _turned_back(_padded(_resized(lying, across * TILE, tall), across, ceil(tall / TILE)), turned)


def film_canvas(picture: Picture) -> Picture:
    """A composite of frames `[H, W, 3]`: its short side 560 px, white behind its long one."""
    lying, turned = _lying(picture)
    wide = _film_length(lying.shape[1], lying.shape[0])
    return _turned_back(_padded(_resized(lying, wide, TILE), ceil(wide / TILE), 1), turned)


def film_tiles(width: int, height: int) -> tuple[int, int]:
    """Tiles (down, across) of the canvas that a composite of this size gets."""
    many = ceil(_film_length(max(width, height), min(width, height)) / TILE)
    return (many, 1) if height > width else (1, many)


def tiles_of(canvas: Picture) -> tuple[int, int]:
    """Tiles of a canvas: (down, across)."""
    return canvas.shape[0] // TILE, canvas.shape[1] // TILE


def _film_length(long: int, short: int) -> int:
    return max(int(TILE * (long / short)), 1)


def _lying(picture: Picture) -> tuple[Picture, bool]:
    """The picture with its long side across, mirrored on the diagonal where it stood."""
    turned = picture.shape[0] > picture.shape[1]
    return (picture.transpose(1, 0, 2) if turned else picture), turned


def _turned_back(picture: Picture, turned: bool) -> Picture:
    return np.ascontiguousarray(picture.transpose(1, 0, 2) if turned else picture)


def _resized(picture: Picture, width: int, height: int) -> Picture:
    # Pillow's bilinear filter always averages when it shrinks, as the release's stack did (hazard 15).
    image = Image.fromarray(np.ascontiguousarray(picture))
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))


def _padded(picture: Picture, across: int, down: int) -> Picture:
    canvas = np.full((down * TILE, across * TILE, 3), 255, np.uint8)
    canvas[: picture.shape[0], : picture.shape[1]] = picture
    return canvas
