"""What S_k holds: answers read from it, from nothing (S_k zeroed) and from another clip of the same stream.

`python -m omnilive_demo.evaluation reading --json FILE [--streams 40]`. Held-out streams are watched and compressed as
the app does it; the reader is then asked about random clips. If an answer came from anywhere but S_k, zeroing it would
change nothing. What is asked:

    name          the likeliest name is in the clip
    name_f1       names with a probability of at least 0.5, against all that are in it (F1)
    count, colour, motion, place     of each thing that is in the clip
    happens       what is held, shown, put down or picked up
    absent        the colour of a thing that is not there: "nothing" is right
    caption       words in common with the true caption (F1)

`calibration`: of all names with a probability, how many are in the clip, by tenths. Intervals: 95 %, over streams.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm  # type: ignore[import-untyped]

from omnilive_demo.evaluation import report
from omnilive_demo.evaluation.nano_models import (
    FRAME_ENCODER,
    MEMORY,
    READER,
    NanoModels,
    add_weight_options,
    chosen_weights,
    models_of,
    told_missing,
)
from omnilive_demo.evaluation.reading_trials import KINDS, Answer, Condition, answers_of, clip_truth, reliability
from omnilive_demo.evaluation.retrieval_jobs import Style, sprites_of
from omnilive_demo.evaluation.retrieval_streams import cut, span_of, watch
from omnilive_demo.evaluation.stats import percent, percents, share_of

NAME = "reading"
FIRST_SEED = 2_100_000
CONDITIONS: tuple[Condition, ...] = ("read", "zeroed", "other_clip")


def measure(seed: int, models: NanoModels, style: Style, folder: Path | None, clips: int) -> list[Answer]:
    """Every answer about some clips of a stream, in all conditions."""
    compressor, reader = models.compressor(), models.reader
    stream = watch(seed, sprites_of(style, folder), models)
    cuts = cut(stream.frames, models.clip_rule)
    rng = np.random.default_rng([seed, 59])
    chosen = sorted(rng.choice(len(cuts), min(clips + 1, len(cuts)), replace=False).tolist())
    truth_at = {frame.t_s: sightings for frame, sightings in zip(stream.frames, stream.truth, strict=True)}
    memories = []
    for number in chosen:
        slots, _ = compressor.compress([frame.features for frame in cuts[number]], *span_of(cuts[number]))
        memories.append(torch.from_numpy(slots.astype(np.float16).astype(np.float32)))
    answers: list[Answer] = []
    for place, number in enumerate(chosen[:clips]):
        truth = clip_truth(cuts[number], truth_at, stream.timeline)
        other = memories[(place + 1 + int(rng.integers(len(chosen) - 1))) % len(chosen)]
        for condition, memory in zip(
            CONDITIONS, (memories[place], torch.zeros_like(memories[place]), other), strict=True
        ):
            answers += answers_of(reader, memory, truth, condition, seed)
    return answers


def summary(answers: Sequence[Answer]) -> dict[str, Any]:
    """Condition -> kind -> `accuracy`, `n`, `ci95`; `lost_when_zeroed`, `lost_with_other_clip` -> kind -> the same."""
    found: dict[str, Any] = {}
    for condition in CONDITIONS:
        rows = [one for one in answers if one.condition == condition]
        found[condition] = {kind: _figures([(r.stream, r.value) for r in rows if r.kind == kind]) for kind in KINDS}
    for lost, condition in (("lost_when_zeroed", "zeroed"), ("lost_with_other_clip", "other_clip")):
        found[lost] = {kind: _figures(_pairs(answers, kind, condition)) for kind in KINDS}
    found["calibration"] = reliability(answers)
    return found


def rows_of(found: dict[str, Any]) -> list[tuple[str, ...]]:
    """The table."""
    rows: list[tuple[str, ...]] = [
        ("what", "n", "from S_k", "95 %", "S_k zeroed", "another clip's", "lost when zeroed")
    ]
    for kind in KINDS:
        read = found["read"][kind]
        if read["n"]:
            others = (percent(found[condition][kind]["accuracy"]) for condition in CONDITIONS[1:])
            lost = found["lost_when_zeroed"][kind]
            both = f"{percent(lost['accuracy'])} ({percents(lost['ci95'])})"
            rows.append((kind, str(read["n"]), percent(read["accuracy"]), percents(read["ci95"]), *others, both))
    return rows


def main(argv: Sequence[str]) -> int:
    """Command line of the measurement `reading`."""
    parser = argparse.ArgumentParser(
        prog=f"omnilive_demo.evaluation {NAME}",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    parser.add_argument("--streams", type=int, default=40, help="held-out streams (default 40)")
    parser.add_argument("--clips", type=int, default=12, help="clips of each that are asked about (default 12)")
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED, help=f"default {FIRST_SEED}")
    parser.add_argument("--style", choices=("noto", "openmoji"), default="noto", help="drawing style")
    parser.add_argument("--openmoji", type=Path, metavar="FOLDER", help="the unpacked npm package openmoji")
    add_weight_options(parser)
    options = parser.parse_args(argv)
    if options.style == "openmoji" and options.openmoji is None:
        print("The other style needs --openmoji FOLDER: `npm pack openmoji`, unpack it, and name the folder.")
        return 2
    weights = chosen_weights(options)
    if told_missing(weights, FRAME_ENCODER, MEMORY, READER):
        return 1
    result = report.header(NAME, argv) | {"weights": weights.described(), "style": options.style}
    models = models_of(weights)
    answers: list[Answer] = []
    for number in tqdm(range(options.streams), NAME, unit="stream", file=sys.stderr):
        answers += measure(options.first_seed + number, models, options.style, options.openmoji, options.clips)
    found = summary(answers)
    print(report.table(rows_of(found)))
    error = found["calibration"]["error"]
    print(f"\nnames: mean gap between probability and truth {percent(error)} over {found['calibration']['n']} names")
    if options.json:
        report.write(options.json, result | {"streams": options.streams} | found)
    return 0


def _pairs(answers: Sequence[Answer], kind: str, condition: str) -> list[tuple[int, float]]:
    """(stream, what reading it gains over a condition) of the same question."""
    read = [one for one in answers if one.kind == kind and one.condition == "read"]
    other = [one for one in answers if one.kind == kind and one.condition == condition]
    return [(one.stream, one.value - two.value) for one, two in zip(read, other, strict=True)]


def _figures(values: Sequence[tuple[int, float]]) -> dict[str, Any]:
    if not values:
        return {"accuracy": None, "n": 0, "ci95": None}
    streams = sorted({stream for stream, _ in values})
    sums = np.array([sum(value for of, value in values if of == stream) for stream in streams])
    counts = np.array([sum(1 for of, _ in values if of == stream) for stream in streams], np.float64)
    found = share_of(sums, counts)
    return {"accuracy": found["share"], "n": found["n"], "ci95": found["ci95"]}
