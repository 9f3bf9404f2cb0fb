"""What the two simple ways would cost, and the plot that sets ours beside them.

- *all frames in context*: a question is read behind the patches of every frame so far (a frame is 16 rows after the 2x2
  merge);
- *everything integrated for each frame*, as the released code does: S of all clips (4 rows a frame) and every g are
  read anew with each new frame.
Days of either would take weeks to run. Both are one pass of the memory module over so many rows, so this measures
passes over 256 to 4096 rows on this machine, fits a·n + b·n², and works out the rest. (The module's positions end at
32,768 rows, too: beyond half an hour of frames in context, or two of clips, neither way would run at all.)
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from omnilive_demo.models.memory_module.module import MemoryModule

ROWS = (256, 512, 1024, 2048, 4096)
ROWS_A_FRAME, ROWS_A_CLIP, FRAMES_A_CLIP = 16, 65, 16


@torch.inference_mode()
def row_costs(module: MemoryModule, rows: Sequence[int] = ROWS, times: int = 3) -> dict[str, Any]:
    """Milliseconds of one pass by its rows, the best of a few; and a, b of a·n + b·n² fitted to them."""
    best: dict[int, float] = {}
    for n in rows:
        block = torch.randn(1, n, module.config.hidden, generator=torch.Generator().manual_seed(1))
        best[n] = min(_pass_ms(module, block) for _ in range(times))
    counts = np.array(list(best), np.float64)
    weights = 1 / np.array(list(best.values()))  # relative errors count
    powers = np.stack([counts, counts**2], axis=1) * weights[:, None]
    a, b = np.maximum(np.linalg.lstsq(powers, np.ones(len(counts)), rcond=None)[0], 0.0)
    return {"pass_ms": {str(n): round(ms, 2) for n, ms in best.items()}, "a_ms": float(a), "b_ms": float(b)}


def _pass_ms(module: MemoryModule, block: torch.Tensor) -> float:
    begun_s = time.perf_counter()
    module.read(block)
    return 1000 * (time.perf_counter() - begun_s)


def frames_in_context_ms(costs: Mapping[str, Any], age_s: float) -> float:
    """A question behind all frames of a stream of that age."""
    return _cost_ms(costs, ROWS_A_FRAME * age_s)


def integrated_anew_ms(costs: Mapping[str, Any], age_s: float) -> float:
    """A frame, when everything before it is integrated anew."""
    return _cost_ms(costs, ROWS_A_CLIP * age_s / FRAMES_A_CLIP)


def _cost_ms(costs: Mapping[str, Any], rows: float) -> float:
    return float(costs["a_ms"]) * rows + float(costs["b_ms"]) * rows**2


def draw(ages: Sequence[Mapping[str, float]], costs: Mapping[str, Any], picture: Path) -> None:
    """Milliseconds over stream age, both logarithmic. ages: rows of `age_s`, `clip_ms`, `question_ms`, `ranking_ms`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # slow to import, and only wanted here
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    panel = figure.subplots()
    hours = [row["age_s"] / 3600 for row in ages]
    for key, colour, said in (
        ("question_ms", "#2b6cb0", "ours: a question, text to ranked clips"),
        ("ranking_ms", "#63b3ed", "ours: ranking, question feature ready"),
        ("clip_ms", "#2f855a", "ours: a new clip (16 s of stream)"),
    ):
        panel.plot(hours, [row[key] for row in ages], "o-", color=colour, markersize=3, label=said)
    dense = np.geomspace(60.0, max(row["age_s"] for row in ages), 60)
    for cost, colour, said in (
        (frames_in_context_ms, "#c05621", "worked out: a question behind all frames in context"),
        (integrated_anew_ms, "#9b2c2c", "worked out: a frame, everything integrated anew"),
    ):
        panel.plot(dense / 3600, [cost(costs, age_s) for age_s in dense], "--", color=colour, label=said)
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xlabel("age of the stream, hours")
    panel.set_ylabel("milliseconds")
    panel.grid(True, which="major", alpha=0.3)
    panel.legend(fontsize=8, loc="upper left")
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture, dpi=110)
