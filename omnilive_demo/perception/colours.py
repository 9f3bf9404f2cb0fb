"""Colour names: how much of each of the eleven basic colours of English a pixel shows.

Colours are compared in CIELAB, where distance is about how different they look. Each name has a few anchors (a light, a
full and a deep one, as people use the word); lightness counts half, because a name survives shade better than hue.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.models.descriptor_space import COLOURS

_ANCHORS: dict[str, str] = {
    "red": "e6194b d62020 b01818 ff3030 8c1414 c8403c",
    "orange": "ff8c1a f07020 ffa04d e68a2e",
    "yellow": "ffe119 f5e050 fff28c d8c020 e6d24d",
    "green": "3cb44b 20a020 1e6e32 8cd878 4d8c3c 6eb46e bfef45 2e8b6e",
    "blue": "2848d8 4363d8 5a8cf0 1a2878 8cc0f0 3c78a0 30b4dc 46b4b4 3c5078",
    "purple": "911eb4 7828a0 5a1e78 a064c8 c896e6 8c5aa0",
    "pink": "f06eb4 ffaec8 ff69b4 f0a0b4 f032c8 e68ca0",
    "brown": "78461e 8c5a2d 5a3214 a07846 6e5032 b48c64 c8a078",
    "white": "ffffff f0f0f0 e4e4e4 f5f2ea ecf0f6",
    "gray": "828282 a0a0a0 5f5f5f bebebe 787d87 878278 464646",
    "black": "000000 141414 242424 14141c 1c1814",
}
_SCALE = 9.0  # Lab units over which one name gives way to another
_LINEAR = np.where(
    np.arange(256) <= 0.04045 * 255, np.arange(256) / 255 / 12.92, ((np.arange(256) / 255 + 0.055) / 1.055) ** 2.4
).astype(np.float32)
_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]],
    np.float32,
) / np.array([[0.95047], [1.0], [1.08883]], np.float32)  # sRGB, white point D65


def to_lab(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """CIELAB `[..., 3]` (L 0..100) of sRGB bytes `[..., 3]`."""
    xyz = _LINEAR[rgb] @ _TO_XYZ.T
    bent = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = bent[..., 0], bent[..., 1], bent[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)


def _anchors() -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    codes = [(name, code) for name in COLOURS for code in _ANCHORS[name].split()]
    rgb = np.array([[int(code[i : i + 2], 16) for i in (0, 2, 4)] for _, code in codes], np.uint8)
    starts = [next(i for i, (other, _) in enumerate(codes) if other == name) for name in COLOURS]
    return _weighed(to_lab(rgb)), np.array(starts)


def _weighed(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    return lab * np.array([0.5, 1.0, 1.0], np.float32)


_ANCHOR_LAB, _STARTS = _anchors()
_ANCHOR_SQUARES = (_ANCHOR_LAB**2).sum(1)


def colour_shares(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """How well each name fits: `[n, 11]`, each row summing to 1, for pixels `[n, 3]` in CIELAB."""
    weighed = _weighed(lab)
    squares = (weighed**2).sum(1)[:, None] + _ANCHOR_SQUARES - 2 * weighed @ _ANCHOR_LAB.T
    nearest = np.sqrt(np.maximum(np.minimum.reduceat(squares, _STARTS, axis=1), 0))
    fits = np.exp((nearest.min(1, keepdims=True) - nearest) / _SCALE * 2)
    shares: NDArray[np.float32] = fits / fits.sum(1, keepdims=True)
    return shares
