"""Close-ups: one thing at a time, large, on a part of an empty snapshot. What the frame encoder begins with.

Learning 700 names from cluttered pictures alone begins very slowly; after some minutes of close-ups (a third of the
area of a snapshot, one thing in the middle of it, nothing in front) it goes on from there.
"""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import affine_grid, avg_pool2d, grid_sample

from omnilive_demo.training.frame_encoder_data import CELL, Batch, Pool, named_batch
from omnilive_demo.training.frame_encoder_names import NameTable
from omnilive_demo.training.world.sprites import SpriteSource
from omnilive_demo.training.world.things import Thing, all_things

WINDOW = 4  # cells a side
SIDE = WINDOW * CELL
SPRITE_SIDE = 112
BACKDROPS = 3000
KNOWN_SHARE = 0.7  # of the things that it shows; the others are rehearsed ones
COVERED = 0.35  # of a cell, from which on it is the thing's


class CloseUps:
    """Composes batches; keeps no state, so any thread may draw.

    Args:
        sprites: the drawings of the training style.
        pool: snapshots, of which those without a thing become backgrounds.
    """

    def __init__(self, sprites: SpriteSource, pool: Pool, table: NameTable) -> None:
        self._table = table
        things = all_things()
        self._taught = np.flatnonzero(table.column_of >= 0)
        known = table.column_of[self._taught] < table.known
        self._chances = np.where(known, KNOWN_SHARE / known.sum(), (1 - KNOWN_SHARE) / max(1, (~known).sum()))
        self._drawings = torch.stack([_premultiplied(sprites, things[i]) for i in self._taught])
        empty = pool.rows[pool.present[pool.rows, 0] < 0][:BACKDROPS]
        self._backdrops = torch.from_numpy(np.ascontiguousarray(pool.images[np.sort(empty)])).permute(0, 3, 1, 2)

    def draw(self, size: int, rng: np.random.Generator) -> Batch:
        """A batch of pictures of 4 x 4 cells (96 x 96 pixels)."""

        def each(low: float, high: float, channels: int = 1) -> Tensor:
            return torch.from_numpy(rng.uniform(low, high, (size, channels, 1, 1)).astype(np.float32))

        which = rng.choice(len(self._taught), size, p=self._chances)
        layer = grid_sample(
            self._drawings[which], affine_grid(_places(size, rng), [size, 4, SIDE, SIDE], False), align_corners=False
        )
        colours = _dyed(layer[:, :3], rng)
        pictures = self._backgrounds(size, rng) * (1 - layer[:, 3:]) + colours
        pictures = pictures * each(0.5, 1.4) * each(0.85, 1.15, 3) + each(-0.05, 0.05)
        soft = torch.from_numpy(rng.random(size) < 0.15)
        pictures[soft] = avg_pool2d(pictures[soft], 3, 1, 1, count_include_pad=False)
        grain = torch.from_numpy(rng.standard_normal((3, SIDE, SIDE), np.float32))
        pictures = (pictures + grain * each(0, 0.06)).clamp(0, 1).contiguous(memory_format=torch.channels_last)
        covered = avg_pool2d(layer[:, 3:], CELL)[:, 0].numpy()
        names = self._table.column_of[self._taught[which]]
        cells = np.where(covered >= COVERED, names[:, None, None], -1)
        whole = np.zeros((size, len(self._table.names) + 1), np.float32)
        whole[np.arange(size), names] = 1.0
        return named_batch(pictures, cells.reshape(size, -1), whole, rng)

    def _backgrounds(self, size: int, rng: np.random.Generator) -> Tensor:
        rows = rng.integers(len(self._backdrops), size=size)
        y, x = rng.integers(self._backdrops.shape[-1] - SIDE + 1, size=2)
        return self._backdrops[rows, :, y : y + SIDE, x : x + SIDE].float() / 255


def _places(size: int, rng: np.random.Generator) -> Tensor:
    """Where the drawings come to lie, as `affine_grid` wants it `[n, 2, 3]`: turned, squeezed, mirrored, moved."""
    scale, squeeze = rng.uniform(0.45, 1.0, size), rng.uniform(0.75, 1.3, size)
    turn, mirror = rng.normal(0.0, 0.35, size), rng.choice([-1.0, 1.0], size)
    x, y = (rng.uniform(-0.35, 0.35, size) * (1.1 - scale) for _ in range(2))
    cos, sin = np.cos(turn) / scale, np.sin(turn) / scale
    a, b, c, d = cos * mirror * squeeze, sin * squeeze, -sin * mirror, cos
    rows = [np.stack([a, b, -(a * x + b * y)], 1), np.stack([c, d, -(c * x + d * y)], 1)]
    return torch.from_numpy(np.stack(rows, 1).astype(np.float32))


def _dyed(colours: Tensor, rng: np.random.Generator) -> Tensor:
    """Some of the drawings in shades of one colour."""
    size = len(colours)
    much = torch.from_numpy(((rng.random(size) < 0.25) * rng.random(size)).astype(np.float32)).view(-1, 1, 1, 1)
    dye = torch.from_numpy(rng.uniform(0.2, 1.5, (size, 3, 1, 1)).astype(np.float32))
    return colours * (1 - much) + colours.mean(1, keepdim=True) * dye * much


def _premultiplied(sprites: SpriteSource, thing: Thing) -> Tensor:
    """A drawing in the middle of a square, RGBA `[4, 112, 112]` in 0..1, colours multiplied by alpha."""
    drawing = sprites.sprite(thing).convert("RGBA")
    side = max(drawing.size)
    page = Image.new("RGBA", (side, side))
    page.paste(drawing, ((side - drawing.width) // 2, (side - drawing.height) // 2))
    pixels = torch.from_numpy(np.array(page.resize((SPRITE_SIDE, SPRITE_SIDE)), np.float32) / np.float32(255))
    return torch.cat([pixels[..., :3] * pixels[..., 3:], pixels[..., 3:]], 2).permute(2, 0, 1)
