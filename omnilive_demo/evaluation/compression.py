"""Recall by compression: memory tokens a frame against frames a clip, as a table and as a plot.

The same compressor makes every cell. Clips are cut in two ways: *scene*, by the app's rule with another longest clip,
so that most clips are as long as their scene; and *fixed*, at exactly so many frames whatever they show, so that a clip
of 32 frames holds several scenes in one g.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from omnilive_demo.evaluation.recall import KINDS, figures, of_kind
from omnilive_demo.evaluation.retrieval_jobs import Cell, Cut, StreamResult

TOKENS = (1, 4, 9)
FRAMES = (8, 16, 32)
_COLOURS = {"explicit": "#2b6cb0", "semantic": "#c05621", "reference": "#2f855a"}


CUTS: tuple[Cut, ...] = ("scene", "fixed")
CELLS = tuple(Cell(tokens, frames, cut) for cut in CUTS for frames in FRAMES for tokens in TOKENS)


def compression_table(results: Sequence[StreamResult]) -> list[dict[str, Any]]:
    """A row for each cell: `tokens`, `frames`, `cut`, `streams`, `clips` (mean), `learned|mean_pool|chance` by kind."""
    rows: list[dict[str, Any]] = []
    for cell in CELLS:
        done = [result for result in results if cell in result.trials]
        if not done:
            continue
        trials = list(chain.from_iterable(result.trials[cell] for result in done))
        row: dict[str, Any] = {"tokens": cell.tokens, "frames": cell.frames, "cut": cell.cut, "streams": len(done)}
        row["clips"] = round(float(np.mean([result.clip_counts[cell] for result in done])), 2)
        for method in ("learned", "mean_pool", "chance"):
            row[method] = {kind: figures(of_kind(trials, kind), method) for kind in KINDS}
        rows.append(row)
    return rows


def draw_compression(table: Sequence[dict[str, Any]], picture: Path) -> None:
    """Recall at 1 over memory tokens a frame: a panel for each cut and number of frames, a line for each kind.

    Bars are 95 % intervals; dotted lines are mean pooling.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # slow to import, and only wanted here
    from matplotlib.figure import Figure

    cuts = [cut for cut in CUTS if any(row["cut"] == cut for row in table)]
    figure = Figure(figsize=(10, 3.2 * len(cuts)), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(len(cuts), len(FRAMES), sharex=True, sharey=True, squeeze=False)
    for i, cut in enumerate(cuts):
        for j, frames in enumerate(FRAMES):
            rows = [row for row in table if row["cut"] == cut and row["frames"] == frames]
            _draw_panel(panels[i, j], rows)
            said = f"at most {frames} frames a clip, cut at scenes" if cut == "scene" else f"{frames} frames a clip"
            panels[i, j].set_title(said, fontsize=9)
    for panel in panels[-1]:
        panel.set_xlabel("memory tokens a frame")
    for panel in panels[:, 0]:
        panel.set_ylabel("recall@1")
    panels[0, 0].legend(fontsize=7, loc="lower right")
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture, dpi=110)


def _draw_panel(panel: Any, rows: Sequence[dict[str, Any]]) -> None:
    for kind, colour in _COLOURS.items():
        points = [(row["tokens"], row["learned"][kind], row["mean_pool"][kind]) for row in rows]
        points = [point for point in points if point[1]["n"]]
        if not points:
            continue
        tokens = [point[0] for point in points]
        recalls = [point[1]["recall_at_1"] for point in points]
        below = [max(0.0, r - point[1]["ci95"][0]) for r, point in zip(recalls, points, strict=True)]
        above = [max(0.0, point[1]["ci95"][1] - r) for r, point in zip(recalls, points, strict=True)]
        panel.errorbar(tokens, recalls, yerr=[below, above], color=colour, marker="o", capsize=3, label=kind)
        panel.plot(tokens, [point[2]["recall_at_1"] for point in points], color=colour, linestyle=":", linewidth=1)
    panel.set_xticks(TOKENS)
    panel.set_ylim(0, 1)
    panel.grid(alpha=0.25)
