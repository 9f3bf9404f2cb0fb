"""Held-out streams as the app would remember them: painted, encoded at 1 FPS, cut into clips, compressed, integrated.

All but the compressor's sizes is the app's own code: the frame encoder's network, `ClipBuilder`, `LearnedCompressor`
and `LongTerm` (segments of 64 clips, S and g in float16, as the store keeps them). A stream is watched once; it can be
cut and compressed in several ways afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.evaluation.nano_models import NanoModels
from omnilive_demo.evaluation.recall import Trial, first_right
from omnilive_demo.memory.clip_builder import ClipBuilder, ClipRule
from omnilive_demo.memory.compressor import Array, Compressor
from omnilive_demo.memory.long_term import LongTerm
from omnilive_demo.memory.store import MemoryStore
from omnilive_demo.models.text_encoder import TextEncoder
from omnilive_demo.perception.eyes import scene_similarity
from omnilive_demo.records import SeenFrame
from omnilive_demo.training.world.painter import paint
from omnilive_demo.training.world.questions import Asked, ask
from omnilive_demo.training.world.sprites import SpriteSource
from omnilive_demo.training.world.story import FIRST_TEST_SEED, Scene, plan_stream
from omnilive_demo.training.world.timeline import Span, Timeline
from omnilive_demo.training.world.truth import Sighting

FEWEST_CLIPS, MOST_CLIPS = 30, 60
FEWEST_THINGS, FEWEST_QUESTIONS = 20, 5
_ENOUGH_SHOTS = 90
ClipFrames = tuple[SeenFrame, ...]


@dataclass(frozen=True, slots=True)
class Watched:
    """A stream that was seen to its end. truth: what each frame shows. timeline: what is true up to the end."""

    seed: int
    frames: tuple[SeenFrame, ...]
    truth: tuple[tuple[Sighting, ...], ...]
    timeline: Timeline


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is kept of a stream's clips, in order: their times, S `[P*T, C]` of each, g `[K, C]`, H̄ `[rows, C]`."""

    spans: tuple[Span, ...]
    short_term: tuple[Array, ...]
    globals_: Array
    long_term: Array


def watch(seed: int, sprites: SpriteSource, models: NanoModels) -> Watched:
    """Paint and encode a stream until it has its number of clips (30 to 60, drawn from the seed), to a shot's end.

    Raises:
        ValueError: the seed is one of training's, or the stream is not as it should be.
    """
    if seed < FIRST_TEST_SEED:
        raise ValueError(f"seed {seed} is for training; test streams begin at {FIRST_TEST_SEED}")
    wanted = int(np.random.default_rng([seed, 47]).integers(FEWEST_CLIPS, MOST_CLIPS - 3))
    plan = plan_stream(seed, clips=_ENOUGH_SHOTS)
    frames: list[SeenFrame] = []
    truth: list[tuple[Sighting, ...]] = []
    for scene in plan.shots:
        seen, shown = _watch_shot(scene, frames[-1] if frames else None, sprites, models)
        if len(cut([*frames, *seen], models.clip_rule)) > MOST_CLIPS:
            break
        frames += seen
        truth += shown
        if len(cut(frames, models.clip_rule)) >= wanted:
            break
    end_s = frames[-1].t_s
    timeline = plan.timeline().until(max(s.shot.end_s for s in plan.shots if s.shot.start_s <= end_s))
    things = {seen.name for part in timeline.segments for seen in part.things if seen.known}
    clips = len(cut(frames, models.clip_rule))
    if len(things) < FEWEST_THINGS or not FEWEST_CLIPS <= clips <= MOST_CLIPS:
        raise ValueError(f"stream {seed} has {clips} clips and {len(things)} things")
    return Watched(seed, tuple(frames), tuple(truth), timeline)


def cut(frames: Sequence[SeenFrame], rule: ClipRule) -> list[ClipFrames]:
    """The clips that the app would make of these frames."""
    builder = ClipBuilder(rule)
    clips = [closed for frame in frames if (closed := builder.add(frame)) is not None]
    last = builder.flush()
    return [*clips, last] if last else clips


def questions_of(stream: Watched, each: int = 4) -> tuple[Asked, ...]:
    """Up to `each` questions of each kind in held-out words, asked at the end of the stream.

    Raises:
        ValueError: there are fewer than five.
    """
    asked = ask(
        stream.timeline, np.random.default_rng([stream.seed, 53]), "test", explicit=each, semantic=each, reference=each
    )
    if len(asked) < min(FEWEST_QUESTIONS, 3 * each):
        raise ValueError(f"stream {stream.seed} offers only {len(asked)} questions")
    return asked


def remember(clips: Sequence[ClipFrames], compressor: Compressor) -> Remembered:
    """Compress and integrate clips as the app does."""
    memory = LongTerm(compressor, cast(MemoryStore, _NothingStored()))
    short_term: list[Array] = []
    globals_: list[Array] = []
    for number, clip in enumerate(clips):
        slots, g = compressor.compress([frame.features for frame in clip], clip[0].t_s, clip[-1].t_s)
        memory.add(number, slots)
        short_term.append(_kept(slots))
        globals_.append(_kept(g))
    stacked = np.stack(globals_)
    long_term = memory.read(np.arange(len(clips)), stacked, None)
    return Remembered(tuple(map(span_of, clips)), tuple(short_term), stacked, long_term)


def span_of(clip: ClipFrames) -> Span:
    """From its first to its last frame, as the app keeps it."""
    return clip[0].t_s, clip[-1].t_s


def right_clips(spans: Sequence[Span], evidence: Sequence[Span]) -> NDArray[np.bool_]:
    """Which clips overlap the evidence `[a, b)`; one that only has its first or last frame in it does."""
    return np.array([any(a <= end_s and start_s < b for a, b in evidence) for start_s, end_s in spans])


def trials_of(
    stream: Watched,
    clips: Sequence[ClipFrames],
    memory: Remembered,
    questions: Sequence[Asked],
    compressor: Compressor,
    text_encoder: TextEncoder,
) -> list[Trial]:
    """Rank the clips for each question in every way. A question whose evidence no frame shows is left out."""
    pooled = unit_rows(np.stack([np.mean([frame.features.vector for frame in clip], axis=0) for clip in clips]))
    globals_ = unit_rows(memory.globals_)
    newest = np.arange(len(clips), dtype=np.float32)
    trials: list[Trial] = []
    for asked in questions:
        right = right_clips(memory.spans, asked.evidence)
        if not right.any():
            continue
        q = compressor.encode_question(asked.text, memory.long_term)
        if q is None:
            raise ValueError(f"the compressor cannot read {asked.text!r}")
        scores = {
            "learned": globals_ @ q,
            "mean_pool": pooled @ text_encoder.encode([asked.text])[0],
            "newest": newest,
        }
        places = {method: first_right(values, right) for method, values in scores.items()}
        trials.append(
            Trial(
                stream.seed,
                asked.kind,
                asked.subkind,
                asked.text,
                len(clips),
                int(right.sum()),
                places,
                bool(right[-1]),
            )
        )
    return trials


def unit_rows(rows: NDArray[np.floating]) -> Array:
    """Rows `[n, C]` of length one."""
    unit: Array = (rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-8)).astype(np.float32)
    return unit


def _watch_shot(
    scene: Scene, before: SeenFrame | None, sprites: SpriteSource, models: NanoModels
) -> tuple[list[SeenFrame], list[tuple[Sighting, ...]]]:
    """The frames of a shot at whole seconds, encoded together, and what they show."""
    begin, end = int(np.ceil(scene.shot.start_s)), int(np.ceil(scene.shot.end_s))
    painted = [paint(scene.setting, scene.actors, float(t_s), sprites) for t_s in range(begin, end)]
    frames: list[SeenFrame] = []
    encoded = models.encode([picture.image for picture in painted], before.features if before else None)
    for picture, features in zip(painted, encoded, strict=True):
        similarity = 1.0 if before is None else scene_similarity(features, before.features)
        before = SeenFrame(picture.t_s, picture.image, features, (), 0.0, similarity)
        frames.append(before)
    return frames, [picture.sightings for picture in painted]


def _kept(rows: Array) -> Array:
    """As it comes back from the store."""
    return rows.astype(np.float16).astype(np.float32)


class _NothingStored:
    """Stands for the store of `LongTerm`: S of all clips of a stream is in RAM, and no segment was kept before."""

    def read_long_term(self, segment: int) -> None:
        """None was kept."""

    def read_short_term(self, clip: int) -> None:
        """It is not needed: at most 128 clips."""
