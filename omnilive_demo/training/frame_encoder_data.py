"""What the frame encoder learns from: batches out of a pool of drawn snapshots."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from omnilive_demo.perception.colours import colour_shares, to_lab
from omnilive_demo.training.frame_encoder_names import NameTable
from omnilive_demo.training.world import snapshot_pool

GRID = 8
CELL = 24  # pixels
OWNED_SHARE = 0.35  # of a cell, from which on it is a thing's
NOTHING_SHARE = 0.25  # of the cells that show nothing, which are most, are compared with the names


@dataclass(frozen=True, slots=True)
class Pool:
    """Drawn snapshots, as `training/world/snapshot_pool.py` keeps them; things are indices into `all_things()`.

    images: uint8 `[n, 192, 192, 3]`; cells: `[n, 8, 8]`, whose each cell is, -1: nobody's; present: `[n, 6]`, padded
    with -1; areas: `[n, 6]`, the shares of the picture that these cover; held: `[n]`, whether a hand holds something.
    rows: those that are drawn already.
    """

    images: NDArray[np.uint8]
    cells: NDArray[np.int16]
    present: NDArray[np.int16]
    areas: NDArray[np.float16]
    held: NDArray[np.bool_]
    rows: NDArray[np.int64]


def open_pool(folder: Path, most: int = 0) -> Pool:
    """The pool of a folder, pictures read from the disk as needed; at most the first `most` rows, 0 for all.

    Raises:
        FileNotFoundError: there is no pool, or nothing in it yet.
    """
    if not (folder / "done.npy").is_file():
        raise FileNotFoundError(f"{folder} is no pool of snapshots: python -m {snapshot_pool.__name__} --out {folder}")
    images, cells, present, areas, held = (
        np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("images", "cells", "present", "areas", "held")
    )
    done = np.load(folder / "done.npy").astype(bool).repeat(snapshot_pool.CHUNK)[: len(cells)]
    rows = np.flatnonzero(done)[: most or None]
    if not len(rows):
        raise FileNotFoundError(f"{folder} holds no snapshot yet")
    return Pool(images, cells, present, areas, held, rows)


@dataclass(frozen=True, slots=True)
class Batch:
    """n pictures and what they show. The class m (one past the last name) is "nothing".

    images: float32 `[n, 3, 192, 192]`, 0..1. cells: `[n, 64]`, the name of each cell. whole: `[n, m + 1]`, the share of
    each name in the picture. colours: `[n, 64, 11]`, how well each colour word fits a cell. learnt: `[n, 64]`, the
    cells to compare with the names: all of things, some of nothing. held: `[n]`, 1 where a hand holds something, 0
    where none does, nan where that is not known. In a cut picture there are fewer than 64 cells.
    """

    images: Tensor
    cells: Tensor
    whole: Tensor
    colours: Tensor
    learnt: Tensor
    held: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same on a device."""
        return Batch(
            *(
                tensor.to(device)
                for tensor in (self.images, self.cells, self.whole, self.colours, self.learnt, self.held)
            )
        )


class Sampler:
    """Draws batches at random, changed so that no picture comes twice. Keeps no state, so any thread may draw.

    held_share: how many of a batch are surely pictures with something in a hand, which are rare in a pool.
    """

    def __init__(self, pool: Pool, table: NameTable, held_share: float = 0.0) -> None:
        self._pool, self._table = pool, table
        self._held = pool.rows[pool.held[pool.rows]] if held_share else pool.rows[:0]
        self._held_share = held_share if len(self._held) else 0.0
        self._images = np.asarray(pool.images)  # the same memory, without the slow indexing of a memory map

    def draw(self, size: int, rng: np.random.Generator, window: int = GRID) -> Batch:
        """A batch. With a `window` below 8, only that many cells a side of each picture, around one of its things:
        a part shows more of what is learnt than a whole picture does, for the time that it takes."""
        held = rng.choice(self._held, round(self._held_share * size)) if self._held_share else self._held[:0]
        rows = np.sort(np.concatenate([held, rng.choice(self._pool.rows, size - len(held))]))
        images, cells, gone = self._moved(rows, rng, window)
        present = np.where(gone, -1, self._pool.present[rows])
        return made_batch(
            in_another_light(as_floats(images), rng), cells, present, self._pool.areas[rows], self._table, rng,
            self._pool.held[rows],
        )  # fmt: skip

    def _moved(
        self, rows: NDArray[np.int64], rng: np.random.Generator, window: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.int16], NDArray[np.bool_]]:
        """Pictures mirrored, shifted, partly covered and cut; their cells; which of the present things that takes."""
        present = self._pool.present[rows]
        images = np.empty((len(rows), window * CELL, window * CELL, 3), np.uint8)
        cells = np.empty((len(rows), window, window), np.int16)
        owned = _owned(self._pool.cells[rows], present)
        for k, row in enumerate(rows):
            image, own = self._images[row], self._pool.cells[row]
            if rng.random() < 0.5:
                image, own = image[:, ::-1], own[:, ::-1]
            whole = rng.integers(-1, 2, 2) if rng.random() < 0.3 else np.zeros(2, np.int64)
            own = _shifted(own, whole)
            cover = _cover(rng) if rng.random() < 0.25 else None
            if cover is not None:
                own[cover] = -1
            corner = _corner(own, rng, window)
            cells[k] = own[corner[0] : corner[0] + window, corner[1] : corner[1] + window]
            shift = whole * CELL + rng.integers(-7, 8, 2)
            images[k] = _part(image, corner[0] * CELL - shift[0], corner[1] * CELL - shift[1], window * CELL)
            if cover is not None:
                _paint_over(images[k], cover, corner, rng)
        left = _owned(cells, present)
        return images, cells, (left <= 0.34 * owned) & ((owned > 0) | (window < GRID))


Cover = tuple[slice, slice]


def _cover(rng: np.random.Generator) -> Cover:
    """Some cells, which something hides."""
    (top, left), (high, wide) = rng.integers(0, GRID, 2), rng.integers(1, 4, 2)
    return slice(top, top + high), slice(left, left + wide)


def _paint_over(image: NDArray[np.uint8], cover: Cover, corner: tuple[int, int], rng: np.random.Generator) -> None:
    """Paints over what a window that begins at `corner` has of a cover, with a colour or with what is there on the
    average."""
    rows, columns = (
        slice(max(0, (side.start - start) * CELL), max(0, (side.stop - start) * CELL))
        for side, start in zip(cover, corner, strict=True)
    )
    area = image[rows, columns]
    if area.size:
        area[:] = rng.integers(0, 256, 3) if rng.random() < 0.5 else area.mean((0, 1))


def _corner(cells: NDArray[np.int16], rng: np.random.Generator, window: int) -> tuple[int, int]:
    """Where a window begins: at random, with a thing's cell near its middle where there is a thing."""
    most = GRID - window
    if most == 0:
        return 0, 0
    places = np.argwhere(cells >= 0)
    if not len(places):
        return int(rng.integers(most + 1)), int(rng.integers(most + 1))
    middle = places[rng.integers(len(places))] - window // 2 + rng.integers(-1, 2, 2)
    y, x = np.clip(middle, 0, most)
    return int(y), int(x)


def plain_batch(pool: Pool, table: NameTable, rows: NDArray[np.int64]) -> Batch:
    """Pictures as they are."""
    images, held = as_floats(pool.images[rows]), pool.held[rows]
    return made_batch(images, pool.cells[rows], pool.present[rows], pool.areas[rows], table, held=held)


def made_batch(
    images: Tensor,
    cells: NDArray[np.int16],
    present: NDArray[np.int16],
    areas: NDArray,
    table: NameTable,
    rng: np.random.Generator | None = None,
    held: NDArray[np.bool_] | None = None,
) -> Batch:
    """Pictures and the truth about them in the table's terms. A thing that the table lacks is "nothing"."""
    names = len(table.names)
    column = np.append(table.column_of, -1)  # index -1 is no thing
    cell_names = column[cells.reshape(len(cells), -1)]
    whole = np.zeros((len(cells), names + 1), np.float32)
    for k, j in zip(*np.nonzero(present >= 0), strict=True):
        name = column[present[k, j]]
        if name >= 0:
            whole[k, name] += np.sqrt(max(float(areas[k, j]), 1e-3))
    whole[whole.sum(1) == 0, names] = 1.0
    return named_batch(images, cell_names, whole / whole.sum(1, keepdims=True), rng, held)


def named_batch(
    images: Tensor,
    cell_names: NDArray[np.int64],
    whole: NDArray[np.float32],
    rng: np.random.Generator | None,
    held: NDArray[np.bool_] | None = None,
) -> Batch:
    """Pictures with the name of each cell `[n, cells]` (-1: none) and the shares of the names `[n, m + 1]`."""
    names = whole.shape[1] - 1
    chances = np.zeros(cell_names.shape) if rng is None else rng.random(cell_names.shape)
    means = torch.nn.functional.avg_pool2d(images, CELL).permute(0, 2, 3, 1)
    lab = to_lab((means.reshape(-1, 3).clamp(0, 1) * 255).byte().numpy())
    return Batch(
        images=images,
        cells=torch.from_numpy(np.where(cell_names < 0, names, cell_names)),
        whole=torch.from_numpy(whole),
        colours=torch.from_numpy(colour_shares(lab)).view(*cell_names.shape, -1),
        learnt=torch.from_numpy((cell_names >= 0) | (chances < NOTHING_SHARE)),
        held=torch.full((len(images),), torch.nan) if held is None else torch.from_numpy(np.array(held)).float(),
    )


def as_floats(images: NDArray[np.uint8]) -> Tensor:
    """Bytes `[n, H, W, 3]` to `[n, 3, H, W]` in 0..1, a copy."""
    tensor = torch.from_numpy(np.array(images)).permute(0, 3, 1, 2)
    return tensor.to(torch.float32, memory_format=torch.channels_last).div_(255)


def in_another_light(pictures: Tensor, rng: np.random.Generator) -> Tensor:
    """Pictures `[n, 3, S, S]` with other exposure and white balance, some with grain, some softened; in place."""
    n, side = len(pictures), pictures.shape[-1]

    def each(low: float, high: float, channels: int = 1) -> Tensor:
        return torch.from_numpy(rng.uniform(low, high, (n, channels, 1, 1)).astype(np.float32))

    gain = each(0.75, 1.3) * each(0.92, 1.08, 3)
    mean = pictures.mean((1, 2, 3), keepdim=True)
    pictures.sub_(mean).mul_(each(0.75, 1.25)).add_(mean).mul_(gain).add_(each(-0.07, 0.07))
    soft = rng.random(n) < 0.15
    if soft.any():
        pictures[soft] = torch.nn.functional.avg_pool2d(pictures[soft], 3, 1, 1, count_include_pad=False)
    noisy = np.nonzero(rng.random(n) < 0.3)[0]
    if len(noisy):
        grain = torch.from_numpy(rng.standard_normal((side + 64, side + 64, 3), np.float32)).permute(2, 0, 1)
        for k in noisy:  # one sheet of grain a batch, laid down differently each time
            top, left = rng.integers(0, 65, 2)
            pictures[k] += float(rng.uniform(0.01, 0.06)) * grain[:, top : top + side, left : left + side]
    return pictures.clamp_(0, 1)


def _shifted(cells: NDArray[np.int16], by: NDArray[np.int64]) -> NDArray[np.int16]:
    """Moved down and right; what comes in is -1."""
    padded = np.pad(cells, 1, constant_values=-1)
    y, x = 1 - by
    moved: NDArray[np.int16] = padded[y : y + len(cells), x : x + len(cells)]
    return moved


def _part(image: NDArray[np.uint8], top: int, left: int, side: int) -> NDArray[np.uint8]:
    """A square of a picture; what lies outside repeats the edge."""
    height, width = image.shape[:2]
    inside = image[max(top, 0) : top + side, max(left, 0) : left + side]
    beyond = ((max(-top, 0), max(top + side - height, 0)), (max(-left, 0), max(left + side - width, 0)), (0, 0))
    return np.pad(inside, beyond, "edge") if any(map(any, beyond)) else inside


def _owned(cells: NDArray[np.int16], present: NDArray[np.int16]) -> NDArray[np.int64]:
    """How many cells each present thing has, `[n, 6]`."""
    flat = cells.reshape(len(cells), 1, -1)
    owned: NDArray[np.int64] = ((flat == present[:, :, None]) & (present[:, :, None] >= 0)).sum(2)
    return owned
