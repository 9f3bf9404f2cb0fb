"""Surfaces that several backdrops of the sample streams share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from omnilive_demo.training.samples_art import Canvas, mix, ring


def wooden_top(c: Canvas, top: float, tone: str, dark: str, seed: int, boards: int = 4) -> None:
    """The top of a piece of furniture from `top` to the lower edge of the frame: boards with grain."""
    c.fade(-10, top, 660, 372 - top, tone, dark)
    rng = np.random.default_rng(seed)
    for board in range(boards):
        low = top + (372 - top) * ((board + 0.2) / boards) ** 1.25
        for _ in range(5):
            y = low + rng.uniform(0, (372 - top) / boards)
            bend = rng.uniform(-3, 3, 5)
            points = [(-10 + 165 * step, y + bend[step]) for step in range(5)]
            c.line(points, mix(dark, "#2a170b", 0.35), 0.8, 0.22)
        if board:
            c.line([(-10, low), (650, low)], mix(dark, "#1c1008", 0.6), 1.2, 0.55)
            c.line([(-10, low + 1.4), (650, low + 1.4)], mix(tone, "#ffffff", 0.3), 0.8, 0.35)
    c.rect(-10, top, 660, 3, mix(tone, "#ffffff", 0.28))


def soft_lights(c: Canvas, spots: Sequence[tuple[float, float, float, str]]) -> None:
    """Something bright far out of focus: (x, y, radius, tone) each."""
    for x, y, radius, tone in spots:
        c.shadow(ring(x, y, radius, radius * 0.9), 16, 0.5, tone)


def tiled_wall(c: Canvas, top: float, bottom: float, joint: str, tones: Sequence[str], high: float = 26) -> None:
    """Rows of glazed tiles, each a little different, half a tile shifted from row to row."""
    c.rect(-10, top, 660, bottom - top, joint)
    wide, rows = 2 * high, round((bottom - top) / high)
    for row in range(rows):
        for column in range(-1, round(660 / wide) + 2):
            x, y = -10 + (column + row % 2 / 2) * wide, top + row * high
            tone = tones[(column * 7 + row * 5 + column * row) % len(tones)]
            c.rect(x + 1, y + 1, wide - 2, high - 2, tone, 2)
            c.rect(x + 3, y + 2.5, wide - 8, 2, mix(tone, "#ffffff", 0.5), 1, 0.6)
