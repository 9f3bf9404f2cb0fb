"""A picture being painted: cutouts are put on it one over another, and it keeps whose each pixel is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from omnilive_demo.training.world.sprites import MARGIN, OPAQUE, Cutout

CELLS = 48
CELL_SHARE = 0.25
"""A cell of the owners' map belongs to nobody unless this share of it is covered."""

Quad = NDArray[np.float64]
"""Where a cutout's corners go, `[4, 2]` pixels: top left, top right, bottom right, bottom left."""


@dataclass(slots=True)
class _Put:
    area: float
    box: tuple[int, int, int, int]


class Canvas:
    """Paints onto a copy of a backdrop, uint8 `[size, size, 3]`."""

    def __init__(self, backdrop: NDArray[np.uint8]) -> None:
        self.image = backdrop.copy()
        self.size = backdrop.shape[0]
        self._owner = np.zeros((self.size, self.size), np.uint8)
        self._puts: list[_Put] = []

    def put(self, cut: Cutout, quad: Quad, owned: bool = True, light: float = 1.0) -> int:
        """Paints a cutout into a quad over what is there.

        owned: it is a thing whose pixels are counted; else it only covers others. Returns the thing's number (from 1),
        or 0 when it is not owned.
        """
        number = 0
        if owned:
            self._puts.append(_Put(_area(quad) * cut.opaque, (0, 0, 0, 0)))
            number = len(self._puts)
        left, top = np.maximum(np.floor(quad.min(0)).astype(int) - 2, 0)
        right, bottom = np.minimum(np.ceil(quad.max(0)).astype(int) + 2, self.size)
        if right <= left or bottom <= top:
            return number
        level, data = _mapping(cut, quad - (left, top))
        part = cut.levels[level].transform(
            (int(right - left), int(bottom - top)), Image.Transform.PERSPECTIVE, data, Image.Resampling.BILINEAR
        )
        paint = np.frombuffer(part.tobytes(), np.uint8).reshape(bottom - top, right - left, 4)
        alpha = paint[..., 3]
        window = np.s_[top:bottom, left:right]
        below = self.image[window]
        front: NDArray = paint[..., :3]
        if light != 1.0:
            front = np.minimum(front * np.float32(light), alpha[..., None]).astype(np.uint8)
        clear = (255 - alpha).astype(np.uint16)[..., None]
        rest = below * clear + np.uint16(128)
        self.image[window] = front + ((rest + (rest >> 8)) >> 8).astype(np.uint8)  # exact division by 255
        solid = alpha > OPAQUE
        self._owner[window][solid] = number
        if owned:
            rows, columns = np.flatnonzero(solid.any(1)), np.flatnonzero(solid.any(0))
            if rows.size:
                box = (left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1)
                self._puts[-1].box = (int(box[0]), int(box[1]), int(box[2]), int(box[3]))
        return number

    def cover(self, mask: NDArray[np.bool_], pixels: NDArray[np.uint8]) -> None:
        """Hides everything under a mask `[size, size]` behind other pixels."""
        self.image[mask] = pixels[mask]
        self._owner[mask] = 0

    def visible(self) -> NDArray[np.float64]:
        """For each thing put so far the share of it that can be seen, `[n]`."""
        seen = self.seen_pixels()
        return np.array([min(seen[index] / max(put.area, 1.0), 1.0) for index, put in enumerate(self._puts)])

    def seen_pixels(self) -> NDArray[np.int64]:
        """For each thing put so far how many of its pixels can be seen, `[n]`."""
        return np.bincount(self._owner.ravel(), minlength=len(self._puts) + 1)[1:]

    def box(self, number: int) -> tuple[float, float, float, float]:
        """Where a thing is inside the picture, as shares of it: left, top, right, bottom."""
        left, top, right, bottom = self._puts[number - 1].box
        return left / self.size, top / self.size, right / self.size, bottom / self.size

    def owners(self, renumbered: dict[int, int]) -> NDArray[np.uint8]:
        """The owners' map, uint8 `[48, 48]`: of each cell the new number of the thing with most of it, or 0."""
        edges = np.linspace(0, self.size, CELLS + 1).astype(int)
        heights, widths = np.diff(edges)[:, None], np.diff(edges)[None, :]
        best = np.full((CELLS, CELLS), CELL_SHARE)
        owners = np.zeros((CELLS, CELLS), np.uint8)
        for old, new in renumbered.items():
            counts = np.add.reduceat(
                np.add.reduceat(self._owner == old, edges[:-1], axis=0, dtype=np.int32), edges[:-1], axis=1
            )
            share = counts / (heights * widths)
            more = share >= best
            owners[more] = new
            best[more] = share[more]
        return owners


def upright(x: float, y: float, width: float, height: float) -> Quad:
    """An upright quad around a middle; all in pixels."""
    half = np.array([width / 2, height / 2])
    quad: Quad = np.array([x, y]) + half * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    return quad


def turned(quad: Quad, degrees: float, flip: bool = False, squash: float = 1.0) -> Quad:
    """A quad tilted clockwise around its middle, mirrored if wanted, then made `squash` times as wide."""
    middle = quad.mean(0)
    corners = quad - middle
    if flip:
        corners = corners[[1, 0, 3, 2]]
    angle = np.deg2rad(degrees)
    spin = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    result: Quad = corners @ spin * (squash, 1.0) + middle
    return result


def _area(quad: Quad) -> float:
    x, y = quad[:, 0], quad[:, 1]
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def _mapping(cut: Cutout, quad: Quad) -> tuple[int, tuple[float, ...]]:
    """Which level of the cutout to take, and Pillow's 8 numbers that map a painted pixel to one of that level."""
    scale = np.sqrt(max(_area(quad), 1.0) / (cut.width * cut.height))
    level = int(np.clip(np.floor(np.log2(max(1 / scale, 1.0)) + 0.3), 0, len(cut.levels) - 1))
    picture = cut.levels[level]
    across = picture.width / (cut.width + 2 * MARGIN)
    along = picture.height / (cut.height + 2 * MARGIN)
    left, top = MARGIN * across, MARGIN * along
    right, bottom = (MARGIN + cut.width) * across, (MARGIN + cut.height) * along
    source = ((left, top), (right, top), (right, bottom), (left, bottom))
    rows = np.zeros((8, 8))
    wanted = np.zeros(8)
    for index, ((u, v), (x, y)) in enumerate(zip(source, quad, strict=True)):
        rows[2 * index] = (x, y, 1, 0, 0, 0, -u * x, -u * y)
        rows[2 * index + 1] = (0, 0, 0, x, y, 1, -v * x, -v * y)
        wanted[2 * index : 2 * index + 2] = (u, v)
    return level, tuple(float(value) for value in np.linalg.solve(rows, wanted))
