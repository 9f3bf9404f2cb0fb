"""Streams measured one after another in several processes: one torch thread each, the models loaded once in each."""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from tqdm import tqdm  # type: ignore[import-untyped]

from omnilive_demo.evaluation.nano_models import Weights, models_of
from omnilive_demo.evaluation.recall import Trial
from omnilive_demo.evaluation.retrieval_streams import Watched, cut, questions_of, remember, trials_of, watch
from omnilive_demo.memory.clip_builder import ClipRule
from omnilive_demo.memory.compressor import TOKENS_PER_FRAME
from omnilive_demo.training.world.questions import Asked
from omnilive_demo.training.world.sprites import NotoSprites, OpenmojiSprites, SpriteSource

Style = Literal["noto", "openmoji"]
Cut = Literal["app", "scene", "fixed"]
"""app: by the app's rule. scene: by that rule with another longest clip. fixed: so many frames, whatever they show."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A way to cut and compress: memory tokens a frame, and the most frames a clip has."""

    tokens: int
    frames: int
    cut: Cut

    def rule(self, app: ClipRule) -> ClipRule:
        """The rule for `ClipBuilder`."""
        if self.cut == "app":
            return app
        if self.cut == "scene":
            return ClipRule(self.frames, app.shortest, app.scene_threshold, app.longest_gap_s)
        return ClipRule(self.frames, self.frames - 1, -2.0, app.longest_gap_s)


AS_THE_APP = Cell(TOKENS_PER_FRAME, ClipRule().longest, "app")


@dataclass(frozen=True, slots=True)
class StreamJob:
    """A stream to be measured. questions: at most so many of each kind. cells: measured besides `AS_THE_APP`."""

    seed: int
    style: Style
    openmoji: Path | None
    weights: Weights
    questions: int = 4
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class StreamResult:
    """What came of it. clip_counts: by cell. unseen: questions left out, since no frame lies in their evidence."""

    seed: int
    trials: Mapping[Cell, tuple[Trial, ...]]
    clip_counts: Mapping[Cell, int]
    frames: int
    things: int
    questions: int
    unseen: int
    seconds: float

    @property
    def clips(self) -> int:
        """As the app cuts it."""
        return self.clip_counts[AS_THE_APP]


def run_jobs(jobs: Sequence[StreamJob], processes: int, title: str) -> list[StreamResult]:
    """The results in order, with a progress bar on stderr. With one process it runs in this one."""
    return list(tqdm(_results(jobs, processes), title, len(jobs), unit="stream", file=sys.stderr, mininterval=1.0))


def measure(job: StreamJob) -> StreamResult:
    """Watch a stream and ask about it, in every way that is wanted."""
    begun_s = time.monotonic()
    models = models_of(job.weights)
    text_encoder = models.text_encoder
    stream = watch(job.seed, sprites_of(job.style, job.openmoji), models)
    questions = questions_of(stream, job.questions)
    trials: dict[Cell, tuple[Trial, ...]] = {}
    counts: dict[Cell, int] = {}
    for cell in (AS_THE_APP, *job.cells):
        clips = cut(stream.frames, cell.rule(models.clip_rule))
        compressor = models.compressor(cell.tokens)
        memory = remember(clips, compressor)
        trials[cell] = tuple(trials_of(stream, clips, memory, questions, compressor, text_encoder))
        counts[cell] = len(clips)
    return _result(stream, questions, trials, counts, time.monotonic() - begun_s)


@lru_cache(maxsize=2)
def sprites_of(style: Style, openmoji: Path | None) -> SpriteSource:
    """The drawings of a style.

    Raises:
        FileNotFoundError: what draws it is not installed.
        ValueError: openmoji without its folder.
    """
    if style == "noto":
        return NotoSprites()
    if openmoji is None:
        raise ValueError("the style openmoji needs the folder of its package")
    return OpenmojiSprites(openmoji)


def _results(jobs: Sequence[StreamJob], processes: int) -> Iterator[StreamResult]:
    if processes == 1:
        yield from map(measure, jobs)
        return
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(measure, jobs)


def _result(
    stream: Watched,
    questions: Sequence[Asked],
    trials: Mapping[Cell, tuple[Trial, ...]],
    counts: Mapping[Cell, int],
    seconds: float,
) -> StreamResult:
    things = {seen.name for part in stream.timeline.segments for seen in part.things if seen.known}
    asked = len(questions)
    unseen = asked - len(trials[AS_THE_APP])
    return StreamResult(stream.seed, trials, counts, len(stream.frames), len(things), asked, unseen, round(seconds, 2))
