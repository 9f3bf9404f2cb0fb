"""Does a question find its clip? Recall over held-out streams, for the learned compressor and what it must beat.

`python -m omnilive_demo.evaluation retrieval --json FILE [--streams 200] [--openmoji FOLDER --style both]
[--compression]`. Each stream (30 to 60 clips) is painted, encoded, cut, compressed and integrated as the app does it;
then explicit, semantic and reference questions in held-out words are asked at its end. The methods:

    learned     cosine of the question's state, read behind H̄, with g of each clip
    mean_pool   cosine of the question's MiniLM vector with the mean of the clip's frame vectors (aligned with MiniLM)
    newest      the newest clips
    chance      clips drawn at random, worked out exactly

A hit is a clip that overlaps the evidence. Intervals: 95 % bootstrap over streams. `difference` is learned less
mean_pool on the same questions. The other drawing style (openmoji) stands under a key of its own.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from omnilive_demo.evaluation import report
from omnilive_demo.evaluation.compression import CELLS, compression_table, draw_compression
from omnilive_demo.evaluation.nano_models import FRAME_ENCODER, MEMORY, add_weight_options, chosen_weights, told_missing
from omnilive_demo.evaluation.recall import KINDS, METHODS, Trial, by_method, difference, of_kind
from omnilive_demo.evaluation.retrieval_jobs import AS_THE_APP, StreamJob, StreamResult, Style, run_jobs
from omnilive_demo.evaluation.stats import bare_share, percent, percents

NAME = "retrieval"
FIRST_SEED = 2_000_000
"""Above the first test seed, so that nothing was ever calibrated on these streams either."""
TARGETS = {"explicit": 0.85, "semantic": 0.60, "reference": 0.85}
LEAST_DIFFERENCE = 0.10
COMPRESSION_PLOT = Path("docs/images/compression.png")


def summary(results: Sequence[StreamResult]) -> dict[str, Any]:
    """Every figure of the streams of one style."""
    trials = list(chain.from_iterable(result.trials[AS_THE_APP] for result in results))
    kinds = {kind: of_kind(trials, kind) for kind in KINDS}
    figures_of = {kind: by_method(of) for kind, of in kinds.items()}
    found: dict[str, Any] = {method: {kind: figures_of[kind][method] for kind in KINDS} for method in METHODS}
    found["difference"] = {kind: difference(of, "learned", "mean_pool") for kind, of in kinds.items()}
    found["semantic_by_object"] = {
        subkind: by_method([trial for trial in kinds["semantic"] if trial.subkind == subkind])
        for subkind in ("taught", "held_out")
    }
    reference = kinds["reference"]
    found["reference_by_clip"] = {
        "newest": by_method([trial for trial in reference if trial.newest]),
        "older": by_method([trial for trial in reference if not trial.newest]),
    }
    for kind in ("reference", "explicit"):
        found[f"{kind}_by_subkind"] = {
            subkind: by_method([trial for trial in kinds[kind] if trial.subkind == subkind])
            for subkind in sorted({trial.subkind for trial in kinds[kind]})
        }
    found["streams"] = described(results, trials)
    found["targets"] = targets(found)
    return found


def described(results: Sequence[StreamResult], trials: Sequence[Trial]) -> dict[str, Any]:
    """What was asked of what."""
    reference = of_kind(trials, "reference")
    return {
        "n": len(results),
        "clips": _spread([result.clips for result in results]),
        "frames": _spread([result.frames for result in results]),
        "distinct_objects": _spread([result.things for result in results]),
        "questions": _spread([result.questions for result in results]),
        "questions_without_a_frame": sum(result.unseen for result in results),
        "reference_not_about_newest_clip": bare_share([not trial.newest for trial in reference]),
        "seconds_each": _spread([result.seconds for result in results]),
    }


def targets(found: dict[str, Any]) -> dict[str, Any]:
    """The targets of the specification, each with what was measured and whether it was met."""
    rows: dict[str, Any] = {}
    for kind, least in TARGETS.items():
        recall, gain = found["learned"][kind]["recall_at_1"], found["difference"][kind]
        if recall is None:
            continue
        rows[kind] = {
            "recall_at_1": recall, "target": least, "met": recall >= least, "difference": gain["recall_at_1"],
            "difference_met": gain["recall_at_1"] >= LEAST_DIFFERENCE and gain["ci95"][0] > 0,
        }  # fmt: skip
    return rows


def rows_of(found: dict[str, Any]) -> list[tuple[str, ...]]:
    """The table: a row for each kind of question and each method."""
    rows: list[tuple[str, ...]] = [("questions", "method", "n", "recall@1", "95 %", "recall@4", "95 %")]

    def add(kind: str, method: str, row: dict[str, Any]) -> None:
        if row["n"]:
            cells = (percent(row["recall_at_1"]), percents(row["ci95"]))
            rows.append((kind, method, str(row["n"]), *cells, percent(row["recall_at_4"]), percents(row["ci95_at_4"])))

    for kind in KINDS:
        for method in METHODS:
            add(kind, method, found[method][kind])
        add(kind, "learned - mean_pool", found["difference"][kind])
    for split in ("semantic_by_object", "reference_by_clip", "reference_by_subkind", "explicit_by_subkind"):
        for name, methods in found[split].items():
            for method in ("learned", "mean_pool", "newest"):
                add(f"{split.split('_')[0]}: {name}", method, methods[method])
    return rows


def main(argv: Sequence[str]) -> int:
    """Command line of the measurement `retrieval`."""
    options = _parser().parse_args(argv)
    styles: tuple[Style, ...] = ("noto", "openmoji") if options.style == "both" else (options.style,)
    if "openmoji" in styles and options.openmoji is None:
        print("The other style needs --openmoji FOLDER: `npm pack openmoji`, unpack it, and name the folder.")
        return 2
    weights = chosen_weights(options)
    if told_missing(weights, FRAME_ENCODER, MEMORY):
        return 1
    result = report.header(NAME, argv) | {"weights": weights.described()}
    every: list[Trial] = []
    for style in styles:
        results = run_jobs(_jobs(options, style), options.jobs, style)
        found = summary(results)
        result |= found if style == "noto" else {style: found}
        print(f"\n{style}: {len(results)} streams\n{report.table(rows_of(found))}")
        every += chain.from_iterable(one.trials[AS_THE_APP] for one in results)
        if options.compression and style == styles[0]:
            table = compression_table([one for one in results if len(one.trials) > 1])
            result["compression"] = table
            draw_compression(table, options.plot)
            print(f"\ncompression ({options.plot})\n{report.table(compression_rows(table))}")
    if options.json:
        report.write(options.json, result)
    if options.trials:
        options.trials.write_text("".join(json.dumps(asdict(trial)) + "\n" for trial in every), encoding="utf-8")
    return 0


def compression_rows(table: Sequence[dict[str, Any]]) -> list[tuple[str, ...]]:
    """The compression table for the terminal."""
    rows: list[tuple[str, ...]] = [("cut", "frames", "tokens", "clips", *KINDS, "chance (explicit)")]
    for row in table:
        cells = (percent(row["learned"][kind]["recall_at_1"]) for kind in KINDS)
        sizes = (row["cut"], str(row["frames"]), str(row["tokens"]), f"{row['clips']:.1f}")
        rows.append((*sizes, *cells, percent(row["chance"]["explicit"]["recall_at_1"])))
    return rows


def _jobs(options: argparse.Namespace, style: Style) -> list[StreamJob]:
    count = options.streams if style == "noto" else min(options.streams, options.openmoji_streams)
    deep = options.compression_streams if options.compression else 0
    weights = chosen_weights(options)
    return [
        StreamJob(
            options.first_seed + number, style, options.openmoji, weights, options.questions,
            CELLS if number < deep else (),
        )
        for number in range(count)
    ]  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"omnilive_demo.evaluation {NAME}",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    parser.add_argument("--trials", type=Path, metavar="FILE", help="write every question with its places (JSON lines)")
    parser.add_argument("--streams", type=int, default=200, help="held-out streams (default 200)")
    parser.add_argument("--questions", type=int, default=4, help="most questions of each kind a stream (default 4)")
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED, help=f"default {FIRST_SEED}")
    parser.add_argument("--style", choices=("noto", "openmoji", "both"), default="noto", help="drawing style")
    parser.add_argument("--openmoji", type=Path, metavar="FOLDER", help="the unpacked npm package openmoji")
    parser.add_argument("--openmoji-streams", type=int, default=100, help="at most so many of it (default 100)")
    parser.add_argument("--compression", action="store_true", help="also by memory tokens a frame and frames a clip")
    parser.add_argument("--compression-streams", type=int, default=60, help="on the first so many streams (default 60)")
    parser.add_argument(
        "--plot", type=Path, default=COMPRESSION_PLOT, metavar="PNG", help=f"default {COMPRESSION_PLOT}"
    )
    parser.add_argument("--jobs", type=int, default=2, help="processes, of one thread each (default 2)")
    add_weight_options(parser)
    return parser


def _spread(values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {}
    found = np.asarray(values, np.float64)
    return {"min": _rounded(found.min()), "mean": _rounded(found.mean()), "max": _rounded(found.max())}


def _rounded(value: np.floating) -> float:
    return round(float(value), 2)
