"""Held-out pictures for `recognise`: drawn, encoded, and everything noted that the figures need.

Groups: *single* (one known thing), *several* (two to six, in clutter), *held* (in a hand), *rehearsed* (only things
that were shown in training without a name), *unknown* (one thing that no training ever showed and no threshold was
chosen with), *empty* (backgrounds and clutter without any thing).
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm  # type: ignore[import-untyped]

from omnilive_demo.evaluation.nano_models import Weights, models_of
from omnilive_demo.evaluation.retrieval_jobs import Style, sprites_of
from omnilive_demo.training.world.snapshots import PRESENT_VISIBLE, Kind, snapshot
from omnilive_demo.training.world.strangers import with_stranger
from omnilive_demo.training.world.things import Thing, strangers_of, things_of
from omnilive_demo.training.world.truth import Picture

Group = Literal["single", "several", "held", "rehearsed", "unknown", "empty"]
GROUPS: tuple[Group, ...] = get_args(Group)
_CHUNK = 64
Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Look:
    """A picture and what was made of it.

    there: the known things that can be seen at all; clear: those that can be seen well (40 % or more), which ought to
    be named. stranger: the unknown thing in it. rank: of a single picture's true name among all names by the picture's
    vector, 0 is the best. said: what the app says, with its confidence. by_cell, by_vector: `[names]`, how well each
    known name fits the best cell, and the picture as a whole (of group *several* only).
    """

    group: Group
    there: frozenset[str]
    clear: frozenset[str]
    stranger: str = ""
    rank: int | None = None
    said: tuple[tuple[str, float], ...] = ()
    by_cell: Scores | None = field(default=None, compare=False)
    by_vector: Scores | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class PictureJob:
    """Some pictures of a group: numbers `first` to `last` (not included), each from a seed of its own."""

    group: Group
    first: int
    last: int
    seed: int
    style: Style
    openmoji: Path | None
    weights: Weights


def looks(jobs: Sequence[PictureJob], processes: int, title: str) -> list[Look]:
    """Every picture's `Look`, in order, with a progress bar on stderr. With one process it runs in this one."""
    parts = tqdm(_parts(jobs, processes), title, len(jobs), unit="batch", file=sys.stderr, mininterval=1.0)
    return [look for part in parts for look in part]


def jobs_of(
    counts: dict[Group, int], seed: int, style: Style, openmoji: Path | None, weights: Weights
) -> list[PictureJob]:
    """Jobs for so many pictures of each group."""
    return [
        PictureJob(group, first, min(first + _CHUNK, count), seed, style, openmoji, weights)
        for group, count in counts.items()
        for first in range(0, count, _CHUNK)
    ]


def look_at(job: PictureJob) -> list[Look]:
    """Draw and look at the pictures of a job."""
    models = models_of(job.weights)
    pictures = [draw(job.group, number, job.seed, job.style, job.openmoji) for number in range(job.first, job.last)]
    found: list[Look] = []
    for picture, stranger in pictures:
        features = models.frame_encoder.encode(picture.image, None)
        known = [one for one in picture.sightings if one.thing.role == "known"]
        clear = frozenset(one.thing.name for one in known if one.visible >= PRESENT_VISIBLE)
        by_vector = models.name_vectors[: len(models.names)] @ features.vector
        rank = None
        if job.group == "single" and len(clear) == 1:
            rank = int((by_vector > by_vector[models.names.index(next(iter(clear)))]).sum())
        crowded = job.group == "several"
        found.append(
            Look(
                job.group,
                frozenset(one.thing.name for one in known),
                clear,
                stranger,
                rank,
                models.names_said(features),
                models.name_scores(features) if crowded else None,
                by_vector if crowded else None,
            )
        )
    return found


def draw(group: Group, number: int, seed: int, style: Style, openmoji: Path | None) -> tuple[Picture, str]:
    """A picture of a group, and the unknown thing in it (one after another), if it is one of those."""
    rng = np.random.default_rng([seed, GROUPS.index(group), number])
    sprites = sprites_of(style, openmoji)
    known, rehearsed, strangers = things_of("known"), things_of("rehearsed"), strangers_of("test")
    if group == "unknown":
        stranger = strangers[number % len(strangers)]
        return with_stranger(rng, sprites, stranger), stranger.name
    if group == "rehearsed":
        return _only_rehearsed(rng, style, openmoji, known, rehearsed), ""
    kind: Kind = group
    return snapshot(rng, sprites, known, rehearsed, kind=kind), ""


def _only_rehearsed(
    rng: np.random.Generator, style: Style, openmoji: Path | None, known: Sequence[Thing], rehearsed: Sequence[Thing]
) -> Picture:
    """The kind *rehearsed* puts known things beside them at times: such a picture is drawn again."""
    while True:
        picture = snapshot(rng, sprites_of(style, openmoji), known, rehearsed, kind="rehearsed")
        if all(one.thing.role == "rehearsed" for one in picture.sightings):
            return picture


def _parts(jobs: Sequence[PictureJob], processes: int) -> Iterator[list[Look]]:
    if processes == 1:
        yield from map(look_at, jobs)
        return
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(look_at, jobs)
