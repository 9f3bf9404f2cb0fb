"""Draws streams, cuts them into clips and encodes their pictures: what fills the folder of a `clips.ClipPool`.

Both steps give the same for the same arguments, and go on where they were stopped.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from omnilive_demo.training.world.clips import ClipPool, DrawnClip, InFrame, how_far, part_path
from omnilive_demo.training.world.painter import paint
from omnilive_demo.training.world.sprites import NotoSprites, SpriteSource
from omnilive_demo.training.world.staging import Actor
from omnilive_demo.training.world.story import Plan, Scene, moments, plan_stream
from omnilive_demo.training.world.timeline import Happening, overlap_s
from omnilive_demo.training.world.truth import Picture

LONGEST = 16  # frames in a clip (the paper's N)
SHORTEST = 3
_CUT_EARLY = 0.2

Encode = Callable[[NDArray[np.uint8]], NDArray[np.float16]]
"""Pictures uint8 `[n, size, size, 3]` -> patch features float16 `[n, P, C]`."""


def draw_pool(
    folder: Path,
    seeds: Sequence[int],
    sprites: Callable[[], SpriteSource] = NotoSprites,
    processes: int = 2,
    size: int = 192,
    clips: int | None = None,
    style: str = "noto",
) -> ClipPool:
    """Paints streams at 1 frame a second and cuts them into clips; `clips` as for `plan_stream`.

    sprites: makes the source of drawings, once in each process; `style` is its name in `pool.json`.

    Raises:
        ValueError: the folder holds another pool.
    """
    (folder / "parts").mkdir(parents=True, exist_ok=True)
    firsts, total = [], 0
    for seed in seeds:
        firsts.append(total)
        total += len(_moments(_plan(seed, clips)))
    about = {"seeds": list(seeds), "frames": total, "size": size, "clips": clips, "style": style}
    listed = folder / "pool.json"
    if listed.exists() and json.loads(listed.read_text("utf-8")) != about:
        raise ValueError(f"{folder} holds another pool")
    if not listed.exists():
        open_memmap(folder / "images.npy", "w+", np.uint8, (total, size, size, 3)).flush()
        listed.write_text(json.dumps(about), "utf-8")
    jobs = [
        (folder, seed, first, clips, size)
        for seed, first in zip(seeds, firsts, strict=True)
        if not part_path(folder, seed).exists()
    ]
    if processes > 1 and len(jobs) > 1:
        # Not forked: whoever calls may have threads, and what one of them holds would stay locked in the copy.
        with multiprocessing.get_context("spawn").Pool(processes, _set_sprites, (sprites,)) as pool:
            for done, _ in enumerate(pool.imap_unordered(_draw_stream, jobs), 1):
                _tell("drawn", done, len(jobs))
    else:
        _set_sprites(sprites)
        for job in jobs:
            _draw_stream(job)
    return ClipPool.open(folder)


def encode_pool(folder: Path, encode: Encode, encoder: str, batch: int = 64, keep_images: bool = True) -> ClipPool:
    """Writes `patches.npy`. encoder: what is encoded with; another one than before begins anew."""
    pool = ClipPool.open(folder)
    total, done = pool.about["frames"], how_far(folder)
    begin = done["frames"] if done.get("encoder") == encoder else 0
    if begin == total:
        return pool
    patches: Any = np.load(folder / "patches.npy", mmap_mode="r+") if begin else None
    for first in range(begin, total, batch):
        made = encode(np.ascontiguousarray(pool.images[first : first + batch]))
        if patches is None:
            patches = open_memmap(folder / "patches.npy", "w+", np.float16, (total, *made.shape[1:]))
        patches[first : first + len(made)] = made
        if first // batch % 50 == 49 or first + batch >= total:
            patches.flush()
            _write(folder / "encoded.json", json.dumps({"encoder": encoder, "frames": min(first + batch, total)}))
            _tell("encoded", min(first + batch, total), total)
    if not keep_images:
        (folder / "images.npy").unlink()
    return ClipPool.open(folder)


_sprites: list[SpriteSource] = []  # one source of drawings for each process, with its cache


def _set_sprites(make: Callable[[], SpriteSource]) -> None:
    _sprites[:] = [make()]


def _plan(seed: int, clips: int | None) -> tuple[Plan, float]:
    """A stream's plan, and when its first picture is taken."""
    return plan_stream(seed, clips=clips), float(np.random.default_rng([seed, 77]).uniform(0, 1))


def _moments(planned: tuple[Plan, float]) -> list[tuple[Scene, float]]:
    return list(moments(planned[0], 1.0, planned[1]))


def _draw_stream(job: tuple[Path, int, int, int | None, int]) -> None:
    folder, seed, first, clips, size = job
    plan, phase_s = _plan(seed, clips)
    images = np.load(folder / "images.npy", mmap_mode="r+")
    seen: dict[int, list[tuple[float, tuple[InFrame, ...]]]] = {}
    shot_of = {scene.shot.start_s: index for index, scene in enumerate(plan.shots)}
    for number, (scene, t_s) in enumerate(_moments((plan, phase_s)), first):
        picture = paint(scene.setting, scene.actors, t_s, _sprites[0], size)
        images[number] = picture.image
        seen.setdefault(shot_of[scene.shot.start_s], []).append((round(t_s, 3), _in_frame(picture, scene.actors)))
    images.flush()
    rows = [json.dumps(asdict(clip)) for clip in _cut_stream(plan, seen, first)]
    _write(part_path(folder, seed), "\n".join(rows) + "\n")


def _in_frame(picture: Picture, actors: Sequence[Actor]) -> tuple[InFrame, ...]:
    dyes = {(actor.thing, actor.colour) for actor in actors if actor.colour}
    return tuple(
        InFrame(
            one.thing.name, one.thing.role, one.colour, one.colour if (one.thing, one.colour) in dyes else None,
            round(one.visible, 3), one.motion, one.place, one.held,
            (round(one.box[0], 3), round(one.box[1], 3), round(one.box[2], 3), round(one.box[3], 3)),
        )
        for one in picture.sightings
    )  # fmt: skip


def _cut_stream(
    plan: Plan, seen: dict[int, list[tuple[float, tuple[InFrame, ...]]]], first: int
) -> Iterator[DrawnClip]:
    rng = np.random.default_rng([plan.seed, 78])
    for index, frames in seen.items():
        shot, begin = plan.shots[index].shot, 0
        for part, length in enumerate(cuts(len(frames), rng)):
            inside = frames[begin : begin + length]
            span = (inside[0][0], round(min(inside[-1][0] + 1, shot.end_s), 3))
            events = tuple(
                Happening(
                    event.kind, event.thing.name, max(event.start_s, span[0]), min(event.end_s, span[1]),
                    event.thing.role == "known",
                )
                for event in plan.events
                if overlap_s((event.start_s, event.end_s), span) >= min(1.6, 0.5 * (event.end_s - event.start_s))
            )  # fmt: skip
            yield DrawnClip(
                plan.seed, index, part, shot.place, first, length, *span,
                tuple(t_s for t_s, _ in inside), tuple(things for _, things in inside), events,
            )  # fmt: skip
            first, begin = first + length, begin + length


def cuts(frames: int, rng: np.random.Generator) -> Iterator[int]:
    """Lengths of the clips that a shot is cut into: at most 16 frames, at times fewer, none under 3 (if it has 3)."""
    while frames:
        length = min(LONGEST, frames)
        if frames >= 2 * SHORTEST and rng.random() < _CUT_EARLY:
            length = int(rng.integers(SHORTEST, length + 1))
        if 0 < frames - length < SHORTEST:
            length = frames - SHORTEST if frames - SHORTEST <= LONGEST and frames >= 2 * SHORTEST else frames
        yield length
        frames -= length


def _write(path: Path, text: str) -> None:
    """All or nothing, so that a kill leaves no half file."""
    half = path.with_suffix(f".{os.getpid()}.half")
    half.write_text(text, "utf-8")
    half.replace(path)


def _tell(what: str, done: int, total: int) -> None:
    if done % max(1, total // 20) == 0 or done == total:
        print(f"{what}: {done} of {total}", flush=True)
