"""Two more camera positions of the "kitchen" stream: the chest with the blue drawer, the hall with the red door."""

from __future__ import annotations

import math

from omnilive_demo.training.samples_art import Canvas, Picture, beam, curve, glow, hand, keys, lit, mix, scaled, sway

SLEEVE = "#3f6b68"


class Drawer:
    """The chest with the blue drawer: it opens, the keys go in, it closes."""

    def __init__(self) -> None:
        self._chest = _draw_chest()
        self._light = glow(200, 120, 420, 260)

    def __call__(self, t_s: float) -> Picture:
        """The picture at a stream time."""
        out = keys((26.0, 0.0), (28.2, 1.0), (33.6, 1.0), (35.6, 0.0))(t_s)
        drop = keys((29.0, 0.0), (30.8, 1.0))(t_s)
        away = keys((31.0, 0.0), (32.8, 1.0))(t_s)
        canvas = self._chest.copy()
        top = _open_drawer(canvas, out)
        hand_x, hand_y = 330 + (1 - drop) * 90, 172 + (1 - drop) * 220
        if 0 < drop < 1 or (drop >= 1 and away == 0):
            _keys(canvas, hand_x - 8, hand_y + 6, math.sin(t_s * 5) * (1 - drop))
        elif drop >= 1 and out > 0.25:
            _keys(canvas, 318, top - 14 * out, 0.9)
            _drawer_front(canvas, out)
        if drop > 0 and away < 1:
            hand(canvas, hand_x + away * 90, hand_y + away * 220, SLEEVE, lean=0.4, open_=away)
        return lit(canvas.frame(*sway(t_s, 2.0)), (0.84, 0.82, 0.80), (self._light, (0.22, 0.18, 0.10)))


def _draw_chest() -> Canvas:
    c = Canvas()
    c.fade(-10, -10, 660, 332, "#e2d3b4", "#c3ae86")
    c.shadow([(60, 70), (600, 70), (600, 330), (60, 330)], 14, 0.3)
    c.fade(-10, 318, 660, 60, "#8b6a4a", "#6f5138")
    c.rect(74, 92, 492, 262, "#f0e9da", 6)
    c.rect(58, 80, 524, 18, "#a97c52", 4)
    c.rect(58, 80, 524, 5, "#c2966a", 3)
    for x in (96, 412):  # cream neighbours of the blue drawer
        _panel(c, x, 116, 132, 96, "#e6dcc6", "#cdbf9f")
    for x in (96, 254, 412):
        _panel(c, x, 232, 132, 96, "#e6dcc6", "#cdbf9f")
    # a vase with flowers, and a picture
    for dx, dy, tone in ((-22, -26, "#e0b04c"), (0, -40, "#d96a4b"), (22, -24, "#e8c86a")):
        c.line(curve((120, 44), (120 + dx * 0.3, 20 + dy * 0.2), (120 + dx, 34 + dy)), "#4b7a4b", 3)
        c.oval(120 + dx, 34 + dy, 10, 10, tone)
        c.oval(120 + dx, 34 + dy, 4, 4, "#7a4a22")
    c.poly([(104, 40), (136, 40), (142, 62), (134, 80), (106, 80), (98, 62)], "#4f86a8")
    c.poly([(108, 44), (114, 44), (112, 76), (108, 76), (104, 62)], "#76a8c6")
    c.rect(430, -12, 120, 74, "#7b5b3d", 2)
    c.rect(437, -12, 106, 67, "#f3ecdc")
    c.rect(444, -12, 92, 60, "#9cc3d6")
    c.poly([(444, 48), (476, 18), (500, 40), (514, 28), (536, 48)], "#5f8464")
    return c


def _panel(c: Canvas, x: float, y: float, w: float, h: float, face: str, rim: str) -> None:
    c.rect(x - 2, y - 2, w + 4, h + 4, mix(rim, "#5a4630", 0.35), 4)
    c.rect(x, y, w, h, rim, 3)
    c.rect(x + 3, y + 3, w - 6, h - 6, face, 3)
    c.rect(x + 14, y + 14, w - 28, h - 28, mix(face, "#ffffff", 0.18), 2)
    c.oval(x + w / 2, y + h / 2 + 2, 8.5, 8.5, "#5a4630", 0.5)
    c.oval(x + w / 2, y + h / 2, 8, 8, "#b8904c")
    c.oval(x + w / 2 - 2, y + h / 2 - 2.5, 3, 3, "#f0d79a")


def _open_drawer(c: Canvas, out: float) -> float:
    """Draws the drawer, pulled out towards the camera; returns the upper rim of its front."""
    if out > 0:
        grow, sink = 26 * out, 52 * out
        c.rect(252, 114, 136, 100, "#2a2016", 3)
        c.poly([(258, 122), (382, 122), (388 + grow, 122 + sink), (252 - grow, 122 + sink)], "#6b5236")
        c.poly([(268, 124), (372, 124), (376 + grow, 120 + sink), (264 - grow, 120 + sink)], "#8a6c48")
        c.poly([(268, 124), (372, 124), (374, 134), (266, 134)], "#4d3a25")
    _drawer_front(c, out)
    return 116 + 52 * out


def _drawer_front(c: Canvas, out: float) -> None:
    grow, sink = 26 * out, 52 * out
    if out > 0:
        c.oval(320, 222 + sink + 6 * out, 84 + grow, 12 * out, "#1c1208", 0.22)
    _panel(c, 254 - grow, 116 + sink, 132 + 2 * grow, 96 + grow * 0.6, "#2f64ad", "#234d88")


def _keys(c: Canvas, x: float, y: float, swing: float) -> None:
    c.arc(x, y, 11, 11, 0, 360, "#8f9499", 3)
    for index, tone in enumerate(("#d8b25a", "#c3c9cd", "#d8b25a")):
        angle = math.pi / 2 + (index - 1) * 0.5 + swing
        dx, dy = math.cos(angle), math.sin(angle)
        c.oval(x + 19 * dx, y + 19 * dy, 8, 8, tone)
        c.oval(x + 19 * dx, y + 19 * dy, 3, 3, "#6b5236")
        c.line([(x + 24 * dx, y + 24 * dy), (x + 46 * dx, y + 46 * dy)], tone, 4.5)
        for at in (36, 43):
            c.line([(x + at * dx, y + at * dy), (x + at * dx + 5 * dy, y + at * dy - 5 * dx)], tone, 3)
    c.poly([(x + 8, y - 2), (x + 22, y - 12), (x + 30, y), (x + 16, y + 10)], "#c9412f")


class Hall:
    """The hall with the red door; at the end it opens and the morning comes in."""

    def __init__(self) -> None:
        self._hall = _draw_hall()
        self._lamp = glow(180, 60, 300, 200)
        self._sun = beam([(300, 100), (440, 100), (520, 360), (150, 360)], 22)

    def __call__(self, t_s: float) -> Picture:
        """The picture at a stream time."""
        canvas = self._hall.copy()
        knock = max(0.0, math.sin((t_s - 51.2) * 2 * math.pi * 2.6)) * 1.2 if 51.2 < t_s < 52.6 else 0.0
        opened = keys((58.6, 0.0), (61.5, 1.0))(t_s)
        door(canvas, 300, 62, 138, 250, opened, "#b3271e", knock)
        return lit(
            canvas.frame(*sway(t_s, 1.8)),
            (0.72, 0.70, 0.70),
            (self._lamp, (0.24, 0.19, 0.10)),
            (self._sun, scaled((0.42, 0.36, 0.20), opened)),
        )


def _draw_hall() -> Canvas:
    c = Canvas()
    c.fade(-10, -10, 660, 330, "#e8ddc8", "#d3c3a4")
    for index in range(16):
        c.rect(-8 + index * 42, -10, 20, 330, "#dccdb0", 0, 0.45)
    c.rect(-10, 232, 660, 5, "#b89d74")
    c.fade(-10, 237, 660, 76, "#c5b08a", "#b59e77")
    c.rect(-10, 306, 660, 8, "#8d6f4c")
    c.fade(-10, 312, 660, 60, "#a87c55", "#80593a")
    for index in range(9):
        c.line([(40 + index * 75, 312), (-40 + index * 93, 370)], "#7a5637", 1.2)
    c.shadow([(288, 50), (452, 50), (452, 314), (288, 314)], 8, 0.35)
    c.rect(286, 48, 166, 266, "#f6f0e2", 3)
    c.rect(300, 62, 138, 250, "#1d1a17")
    c.ground(369, 330, 100, 9)
    c.poly([(276, 322), (462, 322), (486, 346), (252, 346)], "#6f7f5b")
    c.poly([(288, 326), (450, 326), (468, 342), (270, 342)], "#859770")
    c.rect(70, 96, 130, 9, "#8d6844", 3)  # hooks, a coat, a hat
    for x in (90, 134, 178):
        c.oval(x, 104, 5, 7, "#4d3a25")
    c.blob("#e0a92f", (76, 112), None, (104, 112), (118, 160), (116, 226), (90, 236), (64, 226), (62, 160), (76, 112))
    c.line([(90, 116), (90, 230)], "#b98618", 2)
    c.line(curve((76, 122), (62, 160), (60, 196)), "#c9941f", 11)
    c.line(curve((104, 122), (118, 160), (120, 196)), "#c9941f", 11)
    c.oval(178, 122, 26, 7, "#5d4632")
    c.pie(178, 122, 17, 22, 180, 360, "#6f5540")
    c.rect(161, 114, 34, 5, "#b3271e")
    c.ground(534, 318, 40, 8)
    c.line(curve((520, 296), (512, 190), (516, 176)), "#2c53a0", 13)  # an umbrella in its stand
    c.poly([(508, 176), (524, 176), (534, 262), (508, 262)], "#2f5fb8")
    c.arc(508, 168, 8, 9, 180, 360, "#6b4a2c", 4)
    c.line([(516, 168), (516, 178)], "#6b4a2c", 4)
    c.poly([(500, 240), (568, 240), (560, 320), (508, 320)], "#7c8b93")
    c.poly([(506, 240), (524, 240), (526, 320), (512, 320)], "#93a2aa")
    c.oval(534, 240, 34, 6, "#5c6970")
    c.line(curve((516, 240), (516, 220), (516, 178)), "#2c53a0", 5)
    c.rect(500, 70, 96, 72, "#7b5b3d", 3)  # a mirror with a landscape in it
    c.fade(508, 78, 80, 56, "#cfdfe4", "#e9ead9")
    c.poly([(508, 134), (540, 100), (562, 122), (574, 112), (588, 126), (588, 134)], "#8aa487")
    return c


def door(c: Canvas, x: float, y: float, w: float, h: float, opened: float, tone: str, knock: float = 0.0) -> None:
    """A panelled door, hinged on its left; behind it a bright garden."""
    if opened > 0:
        c.fade(x, y, w, h * 0.62, "#bfe0ee", "#f4f2d8")
        c.blob(
            "#83b062",
            (x, y + h * 0.5),
            (x + w / 2, y + h * 0.4),
            (x + w, y + h * 0.52),
            None,
            (x + w, y + h),
            None,
            (x, y + h),
        )
        c.poly(
            [(x + w * 0.42, y + h * 0.52), (x + w * 0.58, y + h * 0.52), (x + w * 0.9, y + h), (x + w * 0.2, y + h)],
            "#e2d2a8",
        )
        c.rect(x + w * 0.75, y + h * 0.3, 8, h * 0.26, "#6b4a2c")
        c.oval(x + w * 0.78, y + h * 0.26, 28, 34, "#4f8a4a")
        c.oval(x + w * 0.7, y + h * 0.24, 16, 18, "#63a05a")
    edge = x + w * (1 - 0.86 * opened) + knock
    lean = 26 * opened  # the free edge swings towards the camera

    def at(u: float, v: float) -> tuple[float, float]:
        return (x + (edge - x) * u, y - lean * u + (h + 2 * lean * u) * v - lean * u * 0.2 * opened)

    def face(u0: float, v0: float, u1: float, v1: float, fill: str) -> None:
        c.poly([at(u0, v0), at(u1, v0), at(u1, v1), at(u0, v1)], fill)

    face(0, 0, 1, 1, mix(tone, "#000000", 0.12 + 0.2 * opened))
    face(0.03, 0.015, 0.97, 0.99, mix(tone, "#2a0000", 0.15 * opened))
    for v0, v1 in ((0.07, 0.43), (0.52, 0.92)):
        for u0, u1 in ((0.12, 0.46), (0.54, 0.88)):
            face(u0, v0, u1, v1, mix(tone, "#000000", 0.25))
            face(u0 + 0.03, v0 + 0.012, u1, v1, mix(tone, "#ffffff", 0.12))
            face(u0 + 0.03, v0 + 0.012, u1 - 0.03, v1 - 0.012, mix(tone, "#000000", 0.04))
    knob = at(0.93, 0.5)
    c.oval(knob[0], knob[1] + 2, 7, 7, "#2a0000", 0.4)
    c.oval(*knob, 6.5, 6.5, "#d8a93c")
    c.oval(knob[0] - 2, knob[1] - 2, 2.5, 2.5, "#fff0c0")
