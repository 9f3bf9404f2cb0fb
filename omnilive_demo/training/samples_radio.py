"""The radio of the "workshop" stream: on the bench, and close by with a hand that tunes it."""

from __future__ import annotations

import math

from omnilive_demo.training.samples_art import Canvas, Picture, curve, glow, hand, keys, lit, mix, scaled, sway

SLEEVE = "#8a4b3a"
_RADIO_ON = keys((26.3, 0.0), (26.6, 1.0), (45.0, 1.0))
_DIAL = keys((27.0, 0.15), (29.2, 0.62), (29.8, 0.55), (30.6, 0.6))


def apple(c: Canvas, x: float, y: float) -> None:
    """A green apple."""
    c.ground(x, y + 20, 30, 6)
    c.oval(x - 8, y, 19, 21, "#6fa23a")
    c.oval(x + 8, y, 19, 21, "#6fa23a")
    c.oval(x - 6, y - 2, 17, 18, "#8cbf4c")
    c.oval(x - 12, y - 9, 4, 6, "#d6ecac")
    c.line(curve((x, y - 16), (x + 2, y - 24), (x + 7, y - 28)), "#5a3c22", 3)
    c.blob("#4f8a3f", (x + 5, y - 23), (x + 14, y - 34), (x + 25, y - 29), (x + 16, y - 19), (x + 5, y - 23))


def radio(c: Canvas, x: float, y: float, size: float, glowing: float, dial: float) -> None:
    """An old radio, centred on (x, y) at its foot line's middle."""

    def box(dx: float, dy: float, w: float, h: float, fill: str, radius: float = 0.0) -> None:
        c.rect(x + dx * size, y + dy * size, w * size, h * size, fill, radius * size)

    warm = min(max(glowing, 0.0), 1.0)
    c.line([(x + 88 * size, y - 96 * size), (x + 128 * size, y - 176 * size)], "#b9c0c4", 2.5 * size)
    box(-122, -104, 244, 150, "#5a3119", 22)
    box(-118, -102, 236, 144, "#8c4f2a", 20)
    box(-118, -102, 236, 12, "#a8663a", 12)
    box(-104, -84, 118, 112, "#3a2113", 12)
    box(-100, -80, 110, 104, "#d8bf8c", 10)
    for index in range(13):
        box(-96 + index * 8.2, -76, 3.2, 96, "#a88c5c", 1.5)
    box(24, -80, 82, 44, "#3a2113", 8)
    face = mix("#8f8468", "#ffe9a8", warm)
    box(28, -76, 74, 36, face, 6)
    for index in range(9):
        box(34 + index * 7.6, -70, 1.4, 8 if index % 2 else 13, "#5a3119")
    box(34 + 62 * dial, -74, 2.6, 32, "#c9301f", 1)
    for dx in (44, 86):
        cx, cy = x + dx * size, y - 2 * size
        c.oval(cx, cy + 2, 18 * size, 18 * size, "#3a2113")
        c.oval(cx, cy, 17 * size, 17 * size, "#e6d9b8")
        c.oval(cx, cy, 11 * size, 11 * size, "#cbb98e")
        a = dial * 5 + dx
        c.line([(cx, cy), (cx + 14 * size * math.cos(a), cy + 14 * size * math.sin(a))], "#5a3119", 2.5 * size)
    for dx in (-96, 74):
        box(dx, 42, 24, 9, "#2c180d", 3)


class Radio:
    """The radio close by: it is switched on and tuned, and plays a little tune."""

    def __init__(self) -> None:
        c = Canvas()
        c.fade(-10, -10, 660, 272, "#4a80b6", "#38689b")
        for index in range(7):
            c.rect(index * 104 - 10, -10, 2, 268, "#356597", 0, 0.6)
        c.fade(-10, 252, 660, 126, "#b98a58", "#855c34")
        c.rect(-10, 250, 660, 6, "#d3a672")
        c.ground(330, 318, 230, 20, 0.5)
        apple(c, 76, 306)
        self._bench = c
        self._lamp = glow(140, 60, 420, 330)
        self._dial = glow(432, 150, 110, 60)

    def __call__(self, t_s: float) -> Picture:
        """The picture at a stream time."""
        canvas = self._bench.copy()
        on = _RADIO_ON(t_s)
        beat = 0.8 * math.sin(t_s * 2 * math.pi * 2) if 30.6 < t_s < 36 else 0.0
        radio(canvas, 325, 226 + beat, 1.55, on, _DIAL(t_s))
        for index in range(4):  # notes rise while the tune plays
            age = (t_s - 30.6) * 0.35 - index * 0.4
            if 0 < age < 1.2 and t_s < 37:
                x, y = 210 - 40 * index % 90 + 14 * math.sin(age * 5 + index), 62 - 62 * age
                canvas.oval(x, y, 6.5, 5, "#f6ecd2")
                canvas.line([(x + 5.5, y), (x + 5.5, y - 22), (x + 14, y - 17)], "#f6ecd2", 2.5)
        if t_s < 31.2:
            here = keys((24.6, 0.0), (26.2, 1.0), (29.9, 1.0), (31.2, 0.0))(t_s)
            hand(canvas, 456 + (1 - here) * 90 + 3 * math.sin(t_s * 6), 218 + (1 - here) * 200, SLEEVE)
        return lit(
            canvas.frame(*sway(t_s, 1.8)), (0.80, 0.79, 0.78), (self._lamp, (0.26, 0.20, 0.08)),
            (self._dial, scaled((0.25, 0.18, 0.03), on)),
        )  # fmt: skip
