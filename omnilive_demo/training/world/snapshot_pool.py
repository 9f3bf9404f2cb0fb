"""Many snapshots in a folder, drawn once by all cores and read quickly afterwards.

    python -m omnilive_demo.training.world.snapshot_pool --out FOLDER --count 60000 --seed 1

Layout, one row for each snapshot (`np.load(..., mmap_mode="r")`): `images.npy` uint8 `[n, 192, 192, 3]`; `cells.npy`
int16 `[n, 8, 8]` (see `cells_of`); `present.npy` int16 `[n, 6]` and `areas.npy` float16 `[n, 6]` (see `present_of`);
`held.npy` bool `[n]`; `kinds.npy` uint8 `[n]` (index in `KINDS`). `pool.json` says what the rows are and how many
chunks are drawn; `done.npy` uint8 marks them. Indices of things are places in `things.all_things()`.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm  # type: ignore[import-untyped]

from omnilive_demo.training.world.snapshots import (
    GRID,
    KINDS,
    MOST_PRESENT,
    PRESENT_VISIBLE,
    SHARES,
    cells_of,
    present_of,
    snapshot,
)
from omnilive_demo.training.world.sprites import NotoSprites
from omnilive_demo.training.world.things import all_things, things_of

CHUNK = 200


@dataclass(frozen=True, slots=True)
class SnapshotPool:
    """A folder of `count` snapshots that follow from `seed`; `size` is their side in pixels."""

    folder: Path
    count: int
    seed: int
    size: int = 192

    def draw(self, processes: int = 2) -> None:
        """Draws what is missing; a pool that was interrupted goes on where it was.

        Raises ValueError when the folder holds another pool, FileNotFoundError without the emoji font.
        """
        NotoSprites()
        self.folder.mkdir(parents=True, exist_ok=True)
        chunks = -(-self.count // CHUNK)
        if (self.folder / "pool.json").is_file():
            found = json.loads((self.folder / "pool.json").read_text("utf-8"))
            if {key: found.get(key) for key in self._identity()} != self._identity():
                raise ValueError(f"{self.folder} holds another pool: {found}")
        else:
            for name, (kind, shape) in self._arrays().items():
                np.lib.format.open_memmap(self.folder / f"{name}.npy", "w+", kind, (self.count, *shape)).flush()
            np.save(self.folder / "done.npy", np.zeros(chunks, np.uint8))
            self._say(0, chunks)
        done = np.load(self.folder / "done.npy", mmap_mode="r+")
        missing = [int(chunk) for chunk in np.flatnonzero(done == 0)]
        jobs = [(self, chunk) for chunk in missing]
        with multiprocessing.get_context("spawn").Pool(processes) as workers:
            for chunk in tqdm(workers.imap_unordered(_draw_chunk, jobs), total=len(jobs), unit="chunk", mininterval=5):
                done[chunk] = 1
                done.flush()
                self._say(int(done.sum()), chunks)

    def read(self, name: str) -> NDArray:
        """One of the arrays, read-only, from the disk as needed. Raises FileNotFoundError before the first draw."""
        array: NDArray = np.load(self.folder / f"{name}.npy", mmap_mode="r")
        return array

    def draw_chunk(self, chunk: int) -> None:
        """Draws one chunk of rows; the same rows whenever and wherever it is drawn."""
        rng = np.random.default_rng([self.seed, chunk])
        start, end = chunk * CHUNK, min((chunk + 1) * CHUNK, self.count)
        arrays = {name: np.load(self.folder / f"{name}.npy", mmap_mode="r+") for name in self._arrays()}
        for row in range(start, end):
            kind = int(rng.choice(len(KINDS), p=SHARES))
            drawn = snapshot(rng, _sprites(), things_of("known"), things_of("rehearsed"), self.size, KINDS[kind])
            arrays["images"][row] = drawn.image
            arrays["cells"][row] = cells_of(drawn)
            arrays["present"][row], arrays["areas"][row] = present_of(drawn)
            arrays["held"][row] = any(seen.held and seen.visible >= PRESENT_VISIBLE for seen in drawn.sightings)
            arrays["kinds"][row] = kind
        for array in arrays.values():
            array.flush()

    def _arrays(self) -> dict[str, tuple[type, tuple[int, ...]]]:
        return {
            "images": (np.uint8, (self.size, self.size, 3)),
            "cells": (np.int16, (GRID, GRID)),
            "present": (np.int16, (MOST_PRESENT,)),
            "areas": (np.float16, (MOST_PRESENT,)),
            "held": (np.bool_, ()),
            "kinds": (np.uint8, ()),
        }

    def _identity(self) -> dict[str, object]:
        return {"count": self.count, "seed": self.seed, "size": self.size, "chunk": CHUNK, "things": len(all_things())}

    def _say(self, drawn: int, chunks: int) -> None:
        described = {
            **self._identity(),
            "chunks": chunks,
            "chunks_done": drawn,
            "complete": drawn == chunks,
            "kinds": dict(zip(KINDS, SHARES, strict=True)),
            "arrays": {
                name: [np.dtype(kind).name, [self.count, *shape]] for name, (kind, shape) in self._arrays().items()
            },
        }
        part = self.folder / "pool.json.part"
        part.write_text(json.dumps(described, indent=1) + "\n", "utf-8")
        part.replace(self.folder / "pool.json")


def _draw_chunk(job: tuple[SnapshotPool, int]) -> int:
    pool, chunk = job
    pool.draw_chunk(chunk)
    return chunk


@lru_cache(maxsize=1)
def _sprites() -> NotoSprites:
    return NotoSprites()


def main(argv: Sequence[str] | None = None) -> int:
    """Draws a pool from the command line."""
    parser = argparse.ArgumentParser(description="Draw a pool of snapshots for the frame encoder.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=60_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args(argv)
    SnapshotPool(given.out, given.count, given.seed).draw(given.processes)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
