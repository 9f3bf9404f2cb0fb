"""Clips of drawn streams with the truth of every frame, in a folder: data for the training of the memory.

`clip_drawing.draw_pool` paints, `clip_drawing.encode_pool` makes patch features of the pictures, `ClipPool.open` reads.
The folder holds

- `pool.json`: what was drawn (seeds, frames, size),
- `parts/SEED.jsonl`: one row per clip of a stream (`DrawnClip`), written when the stream is finished,
- `images.npy`: uint8 `[frames, size, size, 3]`,
- `patches.npy`: float16 `[frames, 64, 128]`, with `encoded.json`: how far it is, and by which encoder.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.training.world.things import Role, all_things
from omnilive_demo.training.world.timeline import SEEN, Happening, Seen, Segment, Span, Timeline, moved
from omnilive_demo.training.world.truth import Motion, Place


@dataclass(frozen=True, slots=True)
class InFrame:
    """A thing in a frame. colour: what it looks like; dyed: what it was dyed in, None for its own colours."""

    name: str
    role: Role
    colour: str | None
    dyed: str | None
    visible: float
    motion: Motion
    place: Place
    held: bool
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class DrawnClip:
    """A clip: `frames` pictures from number `first` of the pool on, all of one shot.

    stream: the seed. shot, part: which shot of the stream, and which piece of it. times_s: of the frames.
    truth: what is in each frame (visible share >= 0.15). events: what happens in it, cut to the clip.
    """

    stream: int
    shot: int
    part: int
    place: str
    first: int
    frames: int
    start_s: float
    end_s: float
    times_s: tuple[float, ...]
    truth: tuple[tuple[InFrame, ...], ...]
    events: tuple[Happening, ...]

    def segment(self, scene: int | None = None) -> Segment:
        """The clip as a segment of a timeline, at its own times."""
        found: dict[tuple[str, str | None], list[tuple[int, InFrame]]] = {}
        for index, frame in enumerate(self.truth):
            for thing in frame:
                if thing.visible >= SEEN:
                    found.setdefault((thing.name, thing.dyed), []).append((index, thing))
        seen = tuple(
            Seen(
                name, _plurals().get(name, name), at[0][1].role, self._spans(sorted({index for index, _ in at})), dye,
                max(thing.visible for _, thing in at), max(thing.box[3] - thing.box[1] for _, thing in at),
                max(Counter(index for index, _ in at).values()),
            )
            for (name, dye), at in found.items()
        )  # fmt: skip
        number = self.stream * 1000 + self.shot if scene is None else scene
        return Segment(self.start_s, self.end_s, self.place, seen, self.events, number)

    def _spans(self, frames: Sequence[int]) -> tuple[Span, ...]:
        ends = [*self.times_s[1:], self.end_s]
        spans: list[Span] = []
        for index in frames:
            if spans and spans[-1][1] == self.times_s[index]:
                spans[-1] = (spans[-1][0], ends[index])
            else:
                spans.append((self.times_s[index], ends[index]))
        return tuple(spans)


def timeline_of(clips: Sequence[DrawnClip], gap_s: float = 0.0) -> Timeline:
    """Clips in the given order as a timeline from 0 on; parts of one shot that follow each other are one scene."""
    segments: list[Segment] = []
    now_s = 0.0
    for number, clip in enumerate(clips):
        before = clips[number - 1] if number else None
        goes_on = before is not None and (before.stream, before.shot, before.part + 1) == (
            clip.stream, clip.shot, clip.part,
        )  # fmt: skip
        scene = segments[-1].scene if goes_on else number
        segments.append(moved(clip.segment(), now_s, scene))
        now_s = segments[-1].end_s + gap_s
    return Timeline(tuple(segments))


class ClipPool:
    """A drawn pool, read. `patches` and `images` are memory maps; `patches` needs `encode_pool` before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.about: dict[str, Any] = json.loads((folder / "pool.json").read_text("utf-8"))

    @classmethod
    def open(cls, folder: Path) -> ClipPool:
        """Raises FileNotFoundError when there is no pool in the folder, or its drawing has not ended."""
        pool = cls(folder)
        missing = [seed for seed in pool.about["seeds"] if not part_path(folder, seed).exists()]
        if missing:
            raise FileNotFoundError(f"{len(missing)} streams of {folder} are not drawn yet")
        return pool

    @cached_property
    def clips(self) -> tuple[DrawnClip, ...]:
        """All clips, stream by stream, in order of time."""
        return tuple(clip for seed in self.about["seeds"] for clip in _read(part_path(self.folder, seed)))

    @cached_property
    def images(self) -> NDArray[np.uint8]:
        """uint8 `[frames, size, size, 3]`."""
        images: NDArray[np.uint8] = np.load(self.folder / "images.npy", mmap_mode="r")
        return images

    @cached_property
    def patches(self) -> NDArray[np.float16]:
        """float16 `[frames, P, C]`."""
        done = how_far(self.folder)
        if done.get("frames") != self.about["frames"]:
            raise FileNotFoundError(f"the pictures of {self.folder} are not encoded yet")
        patches: NDArray[np.float16] = np.load(self.folder / "patches.npy", mmap_mode="r")
        return patches

    def patches_of(self, clip: DrawnClip) -> NDArray[np.float16]:
        """float16 `[clip.frames, P, C]`."""
        return self.patches[clip.first : clip.first + clip.frames]


def part_path(folder: Path, seed: int) -> Path:
    """The file with the clips of a stream."""
    return folder / "parts" / f"{seed}.jsonl"


def _read(path: Path) -> Iterator[DrawnClip]:
    for row in map(json.loads, path.read_text("utf-8").splitlines()):
        row["times_s"] = tuple(row["times_s"])
        row["truth"] = tuple(
            tuple(InFrame(**{**one, "box": tuple(one["box"])}) for one in frame) for frame in row["truth"]
        )
        row["events"] = tuple(Happening(**event) for event in row["events"])
        yield DrawnClip(**row)


@lru_cache(maxsize=1)
def _plurals() -> dict[str, str]:
    return {thing.name: thing.plural for thing in all_things()}


def how_far(folder: Path) -> dict[str, Any]:
    """How many frames are encoded, and by which encoder; empty before the first."""
    path = folder / "encoded.json"
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}
