"""The curves of a run as a picture: one panel for each figure in its log."""

from __future__ import annotations

import json
from pathlib import Path

COLUMNS = 3
NOT_FIGURES = ("step", "share", "spent_s")


def draw_curves(log: Path, picture: Path) -> None:
    """Draws every figure of `log` (JSON lines) over the steps; a figure `val_x` joins the panel of `x`.

    Draws nothing when the log is empty or missing.
    """
    curves = _curves(log)
    if not curves:
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # slow to import, and only wanted here
    from matplotlib.figure import Figure

    panels: dict[str, list[str]] = {}
    for name in curves:
        base = name.removeprefix("val_")
        panels.setdefault(base if base in curves else name, []).append(name)
    rows = -(-len(panels) // COLUMNS)
    figure = Figure(figsize=(4.2 * COLUMNS, 2.8 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    for place, (title, names) in enumerate(sorted(panels.items())):
        axes = figure.add_subplot(rows, COLUMNS, place + 1)
        for name in names:
            steps, values = zip(*curves[name], strict=True)
            axes.plot(steps, values, marker="." if name.startswith("val_") else "", linewidth=1, label=name)
        axes.set_title(title, fontsize=9)
        axes.set_xlabel("step", fontsize=8)
        axes.tick_params(labelsize=7)
        axes.grid(alpha=0.3)
        if len(names) > 1:
            axes.legend(fontsize=7)
    part = picture.with_suffix(".part.png")
    figure.savefig(part, dpi=90)
    part.replace(picture)


def _curves(log: Path) -> dict[str, list[tuple[int, float]]]:
    """`{figure: [(step, value), ...]}`."""
    curves: dict[str, list[tuple[int, float]]] = {}
    if log.exists():
        for line in log.read_text("utf-8").splitlines():
            row = json.loads(line)
            for name, value in row.items():
                if name not in NOT_FIGURES:
                    curves.setdefault(name, []).append((row["step"], value))
    return curves
