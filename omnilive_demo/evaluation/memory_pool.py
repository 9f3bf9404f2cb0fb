"""Recorded clips for long streams: drawn scenes that the nano frame encoder saw once, to be put together many times.

A pool is made once and kept in a folder: `clips.json` (which things each clip shows, by the drawing's own truth, and
the labels that the encoder gave each frame) and `frames.npz` (vectors, patches, plain patches in float16, small
pictures, and how much each frame changed). Nothing is drawn or encoded while a stream is fed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from omnilive_demo.evaluation.nano_models import NanoModels
from omnilive_demo.memory.clip_builder import ClipRule
from omnilive_demo.perception.eyes import scene_similarity
from omnilive_demo.perception.gate import ChangeGate
from omnilive_demo.perception.thumbnail import thumbnail
from omnilive_demo.records import FrameFeatures, Label, SeenFrame
from omnilive_demo.training.world.clip_drawing import draw_pool
from omnilive_demo.training.world.clips import ClipPool
from omnilive_demo.training.world.timeline import SEEN

FIRST_SEED = 2_100_000
"""Above the seeds of the other measurements: nothing was calibrated on these streams."""
SHOTS_A_STREAM = 30
PICTURE_SIDE = 96


@dataclass(frozen=True, slots=True)
class RecordedClip:
    """Frames `first` to `first + frames` of the pool. things: known ones by name, with how large they are shown: the
    seen share times the height in pictures, at best.
    """

    first: int
    frames: int
    things: Mapping[str, float]


class RecordedPool:
    """A pool in RAM."""

    def __init__(self, folder: Path) -> None:
        about = json.loads((folder / "clips.json").read_text("utf-8"))
        self.clips = tuple(RecordedClip(**row) for row in about["clips"])
        self._labels = [tuple(Label(text, score) for text, score in labels) for labels in about["labels"]]
        with np.load(folder / "frames.npz") as arrays:
            self._pictures = arrays["pictures"]
            self._changes = arrays["changes"].tolist()
            rows = zip(*(arrays[name].astype(np.float32) for name in ("vectors", "patches", "plain")), strict=True)
            self._features = [FrameFeatures(*row) for row in rows]

    def frames(self, clip: RecordedClip, t_s: float, before: SeenFrame | None) -> list[SeenFrame]:
        """The frames of a clip, one a second from `t_s` on, behind another frame: every seam is a cut."""
        seen: list[SeenFrame] = []
        for i in range(clip.frames):
            at = clip.first + i
            similarity = 1.0 if before is None else scene_similarity(self._features[at], before.features)
            change = self._changes[at] if i else 1.0
            before = SeenFrame(
                t_s + i, self._pictures[at], self._features[at], self._labels[at], change, similarity
            )  # fmt: skip
            seen.append(before)
        return seen

    def still(self, clip: RecordedClip, t_s: float, similarity: float) -> SeenFrame:
        """The first frame of a clip, at which somebody goes on looking."""
        at = clip.first
        return SeenFrame(
            t_s, self._pictures[at], self._features[at], self._labels[at], 0.0 if similarity == 1.0 else 1.0, similarity
        )


def opened(folder: Path, scenes: int, models: NanoModels, drawn: Path | None = None) -> RecordedPool:
    """The pool of a folder; made first when there is none yet. drawn: a pool of drawn clips, else they are drawn."""
    if not (folder / "clips.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        if drawn is None:
            seeds = range(FIRST_SEED, FIRST_SEED + -(-scenes // SHOTS_A_STREAM))
            drawing = draw_pool(folder / "drawn", list(seeds), processes=1, clips=min(scenes, SHOTS_A_STREAM))
        else:
            drawing = ClipPool.open(drawn)
        _record(drawing, folder, scenes, models)
    return RecordedPool(folder)


def _record(drawing: ClipPool, folder: Path, scenes: int, models: NanoModels) -> None:
    chosen = [clip for clip in drawing.clips if clip.frames >= ClipRule().shortest]
    chosen = chosen[:: max(1, len(chosen) // scenes)][:scenes]
    rows: list[dict[str, Any]] = []
    labels: list[list[tuple[str, float]]] = []
    parts: dict[str, list[NDArray]] = {name: [] for name in ("vectors", "patches", "plain", "pictures", "changes")}
    for number, clip in enumerate(chosen):
        pictures = [np.array(drawing.images[clip.first + i]) for i in range(clip.frames)]
        gate = ChangeGate()
        things: dict[str, float] = {}
        for one in (one for frame in clip.truth for one in frame if one.role == "known" and one.visible >= SEEN):
            size = round(one.visible * (one.box[3] - one.box[1]), 3)
            things[one.name] = max(size, things.get(one.name, 0.0))
        rows.append({"first": len(labels), "frames": clip.frames, "things": things})
        for picture, features in zip(pictures, models.encode(pictures), strict=True):
            assert features.plain is not None
            labels.append([(label.text, label.score) for label in models.frame_encoder.describe(features)])
            small = Image.fromarray(picture).resize((PICTURE_SIDE, PICTURE_SIDE), Image.Resampling.BOX)
            found = (features.vector, features.patches, features.plain)
            for name, value in zip(("vectors", "patches", "plain"), found, strict=True):
                parts[name].append(value.astype(np.float16))
            parts["pictures"].append(np.asarray(small))
            parts["changes"].append(np.array(gate.changed(thumbnail(picture)).mean(), np.float32))
        if number % 25 == 24:
            print(f"recorded: {number + 1} of {len(chosen)} scenes", flush=True)
    np.savez(folder / "frames.npz", **{name: np.stack(values) for name, values in parts.items()})  # type: ignore[arg-type]
    half = folder / "clips.half"
    half.write_text(json.dumps({"clips": rows, "labels": labels}), "utf-8")
    half.replace(folder / "clips.json")


def rare_things(clips: Sequence[RecordedClip], most: int = 3) -> dict[str, list[RecordedClip]]:
    """Things in at most so many clips, by name with these clips, both with what is shown largest first."""
    found: dict[str, list[RecordedClip]] = {}
    for clip in clips:
        for name in clip.things:
            found.setdefault(name, []).append(clip)
    rare = {name: sorted(shown, key=lambda c: -c.things[name]) for name, shown in found.items() if len(shown) <= most}
    return dict(sorted(rare.items(), key=lambda item: (-item[1][0].things[item[0]], item[0])))
