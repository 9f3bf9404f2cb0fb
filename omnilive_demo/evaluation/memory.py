"""A memory of days: what it costs, what it finds again, and what a kill takes from it.

`python -m omnilive_demo.evaluation memory --days 7 --json FILE`. A stream of that length (`memory_week`: recorded
features of drawn scenes, at 1 frame a second) goes through the memory that the app has: clips are cut, compressed,
integrated, merged and written to a store on the disk. Planted moments are asked for at the end. Keys:

    clip_ms        of `first_hour` and `last_hour`: mean time of `see` for all frames of a new clip, over whole segments
    question_ms    question text to ranked clips; `ranking_ms`: the same with what the models make of it at hand
                   (with `_cpu`: the processor's time alone, for machines that do something else besides)
    rss_growth_mb  of this process, from the opened memory to the end; `disk_mb`: of the store; `reopen_s`
    recall_at_4    of planted things, words and sounds, by age
    cosines        of g of two clips: a still picture's, and those of two scenes (`memory_sameness`)
    kills, lost    how often a writing process was killed (`--kills`), and how many entries that it had kept were lost

What is asked on the way, and the two simple ways beside it, are in the plot.
"""

from __future__ import annotations

import argparse
import gc
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from omnilive_demo.evaluation import kills, memory_naive, report
from omnilive_demo.evaluation.memory_asking import USUAL, Asking, ReadyCompressor, ReadyTexts, recall_table
from omnilive_demo.evaluation.memory_pool import opened
from omnilive_demo.evaluation.memory_sameness import sameness
from omnilive_demo.evaluation.memory_week import DAY_S, Week
from omnilive_demo.evaluation.nano_models import (
    FRAME_ENCODER,
    MEMORY,
    NanoModels,
    add_weight_options,
    chosen_weights,
    told_missing,
)
from omnilive_demo.memory.clip_index import MAIN, REST
from omnilive_demo.memory.long_term import MOST_CLOSED_BYTES
from omnilive_demo.memory.picture_scores import SAME, PictureScale
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.memory.store import session_folder
from omnilive_demo.models.memory_module.segments import SEGMENT_CLIPS
from omnilive_demo.models.memory_module.weight_files import read_file
from omnilive_demo.models.thing_names import ThingNames
from omnilive_demo.records import SeenFrame, Spoken
from omnilive_demo.training.world.things import things_of

NAME = "memory"
CACHE = Path.home() / ".cache" / "omnilive-demo" / "memory-pool"
PLOT = Path("docs/images/memory.png")
CHECKED_AT_S = (360.0, 1800.0, 3600.0, 21_600.0, DAY_S, 2 * DAY_S, 4 * DAY_S, 6 * DAY_S)
RELEASED_WIDTH = 3584
MB = 1_000_000


class Run:
    """One memory, fed with one stream."""

    def __init__(self, models: NanoModels, folder: Path, limit_bytes: int | None) -> None:
        self._models = models
        self._folder = folder
        self._limit_bytes = limit_bytes
        self.compressor = ReadyCompressor(models.compressor())
        self.texts = ReadyTexts(models.text_encoder)
        self._names = ThingNames({thing.name: thing.plural for thing in things_of("known")}, self.texts)
        self._names.meant("What is this?")
        self._scale = _scale(models)
        self.memory = self.opened()
        self.clip_ends_s: list[float] = []
        self.clip_ms: list[float] = []
        self.clip_cpu_ms: list[float] = []
        self.still_ms: list[float] = []
        self.checks: list[dict[str, float]] = []
        self.rss_mb: list[float] = []

    def opened(self) -> SessionMemory:
        """The memory in the folder."""
        return SessionMemory(
            self._folder, self.compressor, self.texts, epoch_s=1.7e9, rule=self._models.clip_rule, scale=self._scale,
            names=self._names, space="measured", limit_bytes=self._limit_bytes,
        )  # fmt: skip

    def feed(self, week: Week) -> None:
        """All of the stream."""
        checks = [t_s for t_s in CHECKED_AT_S if t_s < 0.9 * week.end_s]
        spent, day = (0.0, 0.0), 0
        for frames, heard in week.clips():
            for frame in frames:
                spent = self._see(frame, spent)
            for one in heard:
                if isinstance(one, Spoken):
                    self.memory.add_spoken(one)
                else:
                    self.memory.add_heard(one)
            now_s = frames[-1].t_s
            if checks and now_s >= checks[0]:
                self.check(checks.pop(0), now_s)
            if now_s >= day * DAY_S:
                self.rss_mb.append(round(rss_bytes() / MB, 1))
                print(f"day {now_s / DAY_S:.2f}: {self.memory.figures().clips} clips", flush=True)
                day += 1

    def _see(self, frame: SeenFrame, spent: tuple[float, float]) -> tuple[float, float]:
        """Take a frame; milliseconds, and those of the processor, since the last clip closed."""
        before = self.memory.next_clip
        begun_s, used_s = time.perf_counter(), time.process_time()
        closed = self.memory.see(frame)
        wall_ms, cpu_ms = 1000 * (time.perf_counter() - begun_s), 1000 * (time.process_time() - used_s)
        spent = spent[0] + wall_ms, spent[1] + cpu_ms
        if closed is None:
            return spent
        if self.memory.next_clip > before:
            self.clip_ms.append(spent[0])
            self.clip_cpu_ms.append(spent[1])
            self.clip_ends_s.append(closed.end_s)
        else:
            self.still_ms.append(spent[0])
        return 0.0, 0.0

    def check(self, age_s: float, now_s: float) -> None:
        """Ask on the way: a row of the plot."""
        figures = Asking(self.memory, self.compressor, self.texts, now_s).timed(USUAL, 1)
        row = {key: float(figures[key]["p50"]) for key in ("question_ms", "ranking_ms")}
        self.checks.append({"age_s": age_s, "clip_ms": round(float(np.mean(self.clip_ms[-SEGMENT_CLIPS:])), 2), **row})

    def hour_ms(self, times_ms: Sequence[float], last: bool) -> float:
        """Mean time of a clip in the first or the last hour, over whole segments."""
        ends_s = np.array(self.clip_ends_s)
        inside = np.flatnonzero(ends_s > ends_s[-1] - 3600.0) if last else np.flatnonzero(ends_s <= 3600.0)
        whole = len(inside) - len(inside) % SEGMENT_CLIPS or len(inside)
        chosen = inside[-whole:] if last else inside[:whole]
        return round(float(np.mean(np.array(times_ms)[chosen])), 2)


def measured(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """All figures but those of the kills."""
    models = NanoModels(chosen_weights(options))
    pool = opened(options.pool, options.scenes, models, options.drawn)
    week = Week(pool, options.days)
    run = Run(models, folder, options.limit_mb * MB or None)
    run.compressor.encode_question("What is this?", np.zeros((0, run.compressor.width), np.float32))
    gc.collect()
    at_first = rss_bytes()
    run.feed(week)
    now_s = week.end_s
    asking = Asking(run.memory, run.compressor, run.texts, now_s)
    times = asking.timed((*USUAL, *(one.question for one in week.planted)), options.times)
    run.check(now_s, now_s)
    recall = recall_table(asking, week)
    gc.collect()
    growth = rss_bytes() - at_first
    figures = run.memory.figures()
    run.memory.close()
    disk = sum(file.stat().st_size for file in folder.iterdir())
    begun_s = time.perf_counter()
    again = run.opened()
    reopen_s = time.perf_counter() - begun_s
    came_back = again.figures().clips
    again.close()
    rows = [n for n in memory_naive.ROWS if n <= options.naive_rows]
    costs = memory_naive.row_costs(models.memory_module, rows)
    if options.plot:
        memory_naive.draw(run.checks, costs, options.plot)
    return {
        "days": options.days,
        "frames": int(week.end_s),
        "clips": figures.clips,
        "reopened_clips": came_back,
        "still_clips_merged": len(run.still_ms),
        "let_go": figures.let_go,
        **times,
        "clip_ms": {
            "first_hour": run.hour_ms(run.clip_ms, last=False),
            "last_hour": run.hour_ms(run.clip_ms, last=True),
            "first_hour_cpu": run.hour_ms(run.clip_cpu_ms, last=False),
            "last_hour_cpu": run.hour_ms(run.clip_cpu_ms, last=True),
            "still": round(float(np.mean(run.still_ms)), 2) if run.still_ms else None,
        },
        "rss_growth_mb": round(growth / MB, 1),
        "rss_by_day_mb": run.rss_mb,
        "disk_mb": round(disk / MB, 1),
        "reopen_s": round(reopen_s, 3),
        "recall_at_4": recall,
        "cosines": sameness(models.compressor(), pool),
        "state": state(run.compressor.width, figures.clips, growth),
        "by_age": run.checks,
        "naive": costs | _naive_at_the_end(costs, week.end_s),
    }


def state(width: int, clips: int, growth: int) -> dict[str, Any]:
    """What a clip takes in RAM, and what that makes with the released module's width (worked out, not measured)."""
    own = _arrays_bytes(width, clips)
    released = growth - own + _arrays_bytes(RELEASED_WIDTH, clips)
    return {
        "width": width,
        "dtype": "float16 (and a sketch of 64 float32 for each clip)",
        "arrays_mb": round(own / MB, 1),
        "released_width": RELEASED_WIDTH,
        "released_rss_growth_mb": round(released / MB, 1),
    }


def _arrays_bytes(width: int, clips: int) -> int:
    """g_k and its sketch, and closed segments of H̄ up to their bound."""
    return (2 * width + 4 * (MAIN + REST)) * clips + min(2 * width * clips, MOST_CLOSED_BYTES)


def _naive_at_the_end(costs: dict[str, Any], age_s: float) -> dict[str, float]:
    return {
        "frames_in_context_ms": round(memory_naive.frames_in_context_ms(costs, age_s), 1),
        "integrated_anew_ms": round(memory_naive.integrated_anew_ms(costs, age_s), 1),
    }


def targets(found: dict[str, Any]) -> dict[str, Any]:
    """The targets of the design, each with what was measured and whether it was met."""
    explicit = [row["recall"] for row in found["recall_at_4"].get("explicit", {}).values()]
    named = [row["recall"] for row in found["recall_at_4"].get("explicit_named", {}).values()]
    rows: dict[str, tuple[float | None, float, bool]] = {
        "ranking_ms p50": (found["ranking_ms"]["p50"], 10.0, False),
        "ranking_ms p99": (found["ranking_ms"]["p99"], 20.0, False),
        "question_ms p50": (found["question_ms"]["p50"], 60.0, False),
        "clip_ms last / first": (round(found["clip_ms"]["last_hour"] / found["clip_ms"]["first_hour"], 3), 1.5, False),
        "rss_growth_mb": (found["rss_growth_mb"], 300.0, False),
        "reopen_s": (found["reopen_s"], 2.0, False),
        "recall_at_4 explicit, worst age": (min(explicit, default=None), 0.8, True),
        "recall_at_4 explicit and named by the eyes, worst age": (min(named, default=None), 0.8, True),
        "lost": (found["lost"], 0.0, False),
    }
    found_rows: dict[str, Any] = {}
    for name, (value, limit, least) in rows.items():
        met = value is not None and (value >= limit if least else value <= limit)
        found_rows[name] = {"value": value, "target": limit, "met": met}
    return found_rows


def main(argv: Sequence[str]) -> int:
    """Command line of the measurement `memory`."""
    options = _parser().parse_args(argv)
    if told_missing(chosen_weights(options), FRAME_ENCODER, MEMORY):
        return 1
    result = report.header(NAME, argv) | {"weights": chosen_weights(options).described()}
    root = Path(tempfile.mkdtemp(prefix="omnilive-memory-", dir=options.disk))
    try:
        result |= measured(options, session_folder(root, "week"))
    finally:
        shutil.rmtree(root, ignore_errors=True)
    killed = kills.trials(options.kills, seed=1)
    result |= {"kills": killed.kills, "lost": killed.lost}
    result["targets"] = targets(result)
    rows = [("what", "measured", "target", "met")]
    for name, row in result["targets"].items():
        rows.append((name, f"{row['value']}", f"{row['target']:g}", "yes" if row["met"] else "no"))
    print(f"\n{result['clips']} clips\n{report.table(rows)}")
    if options.json:
        report.write(options.json, result)
    return 0


def rss_bytes() -> int:
    """What this process holds in RAM."""
    return int(psutil.Process().memory_info().rss)


def _scale(models: NanoModels) -> PictureScale:
    """As the engine has it."""
    if models.weights.untrained is not None:
        return PictureScale(0.3, 0.7, learned=True, same=SAME)
    return PictureScale.of_module(read_file(models.weights.folder / MEMORY, lambda name: False)[1])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"omnilive_demo.evaluation {NAME}",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    parser.add_argument("--days", type=float, default=7.0, help="length of the stream (default 7)")
    parser.add_argument("--kills", type=int, default=200, help="kill a writing process so often (default 200)")
    parser.add_argument("--times", type=int, default=5, help="ask each question so often (default 5)")
    parser.add_argument("--scenes", type=int, default=300, help="scenes of the pool, if it is made now (default 300)")
    parser.add_argument("--pool", type=Path, default=CACHE, metavar="DIR", help=f"the pool (default {CACHE})")
    parser.add_argument("--drawn", type=Path, metavar="DIR", help="make the pool of this folder of drawn clips")
    parser.add_argument("--disk", type=Path, metavar="DIR", help="where the store lies meanwhile")
    parser.add_argument("--limit-mb", type=int, default=4096, help="the memory's limit on disk (default 4096; 0: none)")
    parser.add_argument(
        "--naive-rows", type=int, default=4096, help="the simple ways' cost is measured up to so many rows (4096)"
    )
    parser.add_argument("--plot", type=Path, default=PLOT, metavar="PNG", help=f"default {PLOT}")
    add_weight_options(parser)
    return parser
