"""Sample stream "kitchen": before dawn until the first visitor, seen by somebody who makes tea."""

from __future__ import annotations

import math

from omnilive_demo.training.samples_art import (
    Canvas,
    Picture,
    Shot,
    beam,
    blend,
    curve,
    glow,
    hand,
    keys,
    lit,
    mix,
    scaled,
    sway,
)  # fmt: skip
from omnilive_demo.training.samples_hall import SLEEVE, Drawer, Hall
from omnilive_demo.training.samples_story import Line, Noise, Scene, Story

_DAWN = keys((6.5, 0.0), (17.0, 1.0))
_FLAME = keys((8.5, 0.0), (9.0, 1.0), (45.2, 1.0), (45.5, 0.0))
_STEAM = keys((30.0, 0.0), (37.5, 0.25), (40.0, 1.0), (45.5, 1.0), (49.0, 0.15))


class Kitchen:
    """The kitchen with its window; night turns into morning."""

    def __init__(self) -> None:
        self._room = _draw_room()
        self._window = glow(140, 120, 190, 150)
        self._sun_patch = beam([(330, 40), (470, 52), (420, 232), (270, 232)], 9)
        self._flame = glow(408, 232, 60, 34)
        self._pendant = glow(320, 130, 210, 160, 0.8)

    def __call__(self, t_s: float) -> Picture:
        """The picture at a stream time."""
        day = _DAWN(t_s)
        canvas = self._room.copy()
        _sky_in_window(canvas, t_s, day)
        self._stove(canvas, t_s)
        self._cup(canvas, t_s)
        ambient = blend((0.20, 0.25, 0.40), (0.93, 0.92, 0.90), day)
        golden = math.sin(math.pi * min(day, 1.0))
        return lit(
            canvas.frame(*sway(t_s)),
            ambient,
            (self._window, blend((0.10, 0.14, 0.26), (0.16, 0.15, 0.12), day)),
            (self._sun_patch, scaled((0.34, 0.25, 0.10), day * 0.75)),
            (self._pendant, scaled((0.30, 0.12, -0.10), golden * 0.6)),
            (self._flame, scaled((0.12, 0.30, 0.85), _FLAME(t_s) * (1 - 0.75 * day))),
        )

    def _stove(self, canvas: Canvas, t_s: float) -> None:
        flame = _FLAME(t_s)
        for index in range(7):
            size = flame * (5 + 1.6 * math.sin(19 * t_s + index * 2.1))
            x = 387 + index * 7
            canvas.poly([(x - 3, 243), (x, 243 - size), (x + 3, 243)], "#5aa5ff")
        shake = 0.7 * math.sin(31 * t_s) * max(_STEAM(t_s) - 0.5, 0)
        _kettle(canvas, 408 + shake, 237)
        _steam(canvas, 455 + shake, 190, t_s, _STEAM(t_s))

    def _cup(self, canvas: Canvas, t_s: float) -> None:
        at = keys((13.0, 0.0), (15.0, 1.0))(t_s)
        away = keys((15.4, 0.0), (17.0, 1.0))(t_s)
        if at <= 0:
            return
        x, y = 300 + (1 - at) * 60, 300 + (1 - at) * 190
        if at >= 1:
            canvas.oval(300, 300, 32, 5, "#3a2615", 0.35)
        _cup(canvas, x, y)
        if away < 1:
            hand(canvas, x + 38 + away * 60, y - 38 + away * 190, SLEEVE, open_=away)


def _draw_room() -> Canvas:
    c = Canvas()
    c.fade(-10, -10, 660, 262, "#d6c6a6", "#c4b18c")
    for row in range(3):  # tiles behind the counter
        for column in range(23):
            c.rect(
                -8 + column * 29,
                176 + row * 24,
                27.5,
                22.5,
                mix("#e6dcc6", "#d8cab0", (column * 7 + row * 5) % 4 / 3),
                2,
            )
    c.shadow([(-10, 168), (650, 168), (650, 178), (-10, 178)], 4, 0.18)
    c.rect(-10, 168, 660, 7, "#b89f78")
    _window_frame(c)
    _shelf(c)
    _microwave(c)
    c.fade(-10, 250, 660, 120, "#9a7350", "#7d5a3c")  # the counter, from above
    c.rect(-10, 248, 660, 5, "#b48a63")
    for index in range(9):
        y = 264 + index * 12.5
        c.line([(-10, y), (200 + 37 * (index % 4), y + 2), (650, y - 1)], "#6b4a30", 0.8, 0.35)
    _hob(c)
    _bread(c)
    _fruit(c)
    return c


def _window_frame(c: Canvas) -> None:
    c.shadow([(50, 44), (238, 44), (238, 178), (50, 178)], 7, 0.25)
    c.rect(48, 38, 184, 136, "#f4efe4", 3)
    c.rect(40, 170, 200, 9, "#efe8d8", 2)
    c.rect(40, 177, 200, 3, "#cfc3ab")


def _sky_in_window(c: Canvas, t_s: float, day: float) -> None:
    top = mix(mix("#16233f", "#5b6fa8", min(day * 2, 1)), "#8fbfe2", max(day * 2 - 1, 0))
    low = mix(mix("#24365c", "#f2a06a", min(day * 2, 1)), "#e5eef2", max(day * 2 - 1, 0))
    c.fade(56, 46, 168, 120, top, low)
    for index in range(14):
        x, y = 62 + index * 37 % 158, 50 + index * 53 % 62
        c.oval(x, y, 0.9, 0.9, "#f5f1dc", max(0.0, 1 - 2.4 * day) * (0.6 + 0.4 * math.sin(t_s * 2 + index)))
    sun_y, risen = 150.0 - 68 * day, min(max(6 * day - 0.5, 0.0), 1.0)
    c.oval(180, sun_y, 24, 24, "#fff0c4", 0.25 * day)
    c.oval(180, sun_y, 13, 13, mix("#ff9d4a", "#fff3c9", day), risen)
    drift = (t_s * 1.6) % 230
    for left, low_y, size in ((drift + 20, 76, 1.0), (drift - 110, 96, 0.7)):
        if left - 24 * size > 52 and left + 30 * size < 228:
            cloud = mix(low, "#ffffff", 0.55)
            for dx, dy, r in ((-14, 2, 7), (0, -2, 10), (13, 1, 8)):
                c.oval(
                    left + dx * size,
                    low_y + dy * size,
                    r * size * 1.5,
                    r * size * 0.8,
                    cloud,
                    0.9 * min(day * 2, 1) + 0.05,
                )
    for hill, tone, shift in (((60, 30), "#6f8f6b", 0), ((75, 20), "#4f7355", 40)):
        fill = mix("#141e30", tone, day)
        c.blob(
            fill,
            (56, 166),
            None,
            (56, 150 - hill[1] / 4),
            (110 + shift, 166 - hill[0]),
            (170 + shift / 3, 152),
            (200, 140),
            (224, 150),
            None,
            (224, 166),
        )
    c.rect(136, 46, 8, 120, "#f4efe4")
    c.rect(56, 102, 168, 6, "#f4efe4")
    c.rect(48, 38, 184, 8, "#f4efe4", 2)
    for side in (-1, 1):  # curtains
        x = 140 + side * 100
        inner = 140 + side * 74
        c.blob(
            "#6d9a94",
            (x, 32),
            None,
            (inner + side * 4, 32),
            None,
            (inner, 34),
            (inner + side * 2, 110),
            (x - side * 4, 150),
            None,
            (x, 176),
        )
        c.line(curve((x - side * 8, 36), (x - side * 8, 100), (x - side * 2, 150)), "#578079", 2)
    c.line([(28, 32), (252, 32)], "#7b5b3d", 5)
    c.rect(84, 150, 26, 21, "#c9693f", 3)  # a plant on the sill
    c.rect(81, 147, 32, 7, "#d97a4d", 2)
    for index in range(7):
        bend = -21 + index * 7
        c.line(curve((97, 148), (97 + bend * 0.4, 128), (97 + bend, 121 + abs(bend) * 0.5)), "#4b8a4f", 3.4)


def _shelf(c: Canvas) -> None:
    c.shadow([(296, 96), (604, 96), (604, 106), (296, 106)], 5, 0.3)
    c.rect(290, 88, 316, 8, "#8d6844", 2)
    for x in (320, 570):
        c.poly([(x, 96), (x + 7, 96), (x + 2, 114), (x, 114)], "#6f5034")
    for index, (lid, body) in enumerate((("#8d6844", "#e9d9b4"), ("#8d6844", "#b6594a"), ("#8d6844", "#7f9a63"))):
        x = 304 + index * 31
        c.rect(x, 56, 24, 32, "#dfe8e6", 4)
        c.rect(x + 2, 66, 20, 21, body, 3)
        c.rect(x + 2, 50, 20, 8, lid, 2)
        c.rect(x + 4, 60, 3, 24, "#ffffff", 1, 0.5)
    for index, tone in enumerate(("#e7e0d0", "#d5e0df", "#e7e0d0", "#c6d6d8")):
        c.oval(426 + index * 8, 66, 7, 22, mix(tone, "#7a7466", 0.15))
        c.oval(424 + index * 8, 66, 7, 22, tone)
    for index, tone in enumerate(("#c8563a", "#3f6fa3", "#e0b04c", "#5d8a5a", "#8a5a86")):
        c.rect(478 + index * 13, 50 + index % 3 * 4, 11, 38 - index % 3 * 4, tone, 1)
        c.rect(480 + index * 13, 56 + index % 3 * 4, 7, 3, "#f3ead6", 0, 0.7)
    c.rect(556, 66, 30, 22, "#f1ede2", 4)
    c.arc(590, 76, 8, 7, -90, 90, "#f1ede2", 3.5)


def _microwave(c: Canvas) -> None:
    c.shadow([(508, 158), (634, 158), (634, 252), (508, 252)], 7, 0.4)
    c.rect(502, 152, 128, 98, "#59636c", 7)
    c.rect(504, 154, 124, 92, "#6b7680", 6)
    c.rect(512, 164, 78, 72, "#252d33", 5)
    c.poly([(520, 236), (546, 164), (562, 164), (536, 236)], "#3a454d")
    c.oval(609, 178, 8, 8, "#d6dde0")
    c.line([(609, 178), (609, 172)], "#59636c", 2)
    for index in range(3):
        c.rect(600, 198 + index * 13, 18, 7, "#8b969e", 2)


def _hob(c: Canvas) -> None:
    c.rect(352, 254, 116, 22, "#33383c", 5)
    c.rect(352, 252, 116, 18, "#454c51", 5)
    c.oval(408, 258, 38, 7, "#22262a")
    c.oval(408, 257, 29, 5, "#3b4247")
    c.rect(376, 246, 64, 4, "#1d2124", 2)
    for x in (382, 408, 434):
        c.rect(x - 1.5, 246, 3, 10, "#1d2124")


def _bread(c: Canvas) -> None:
    c.ground(106, 318, 92, 12)
    c.rect(20, 296, 172, 24, "#b98d5e", 8)
    c.rect(20, 294, 172, 19, "#d2a873", 8)
    c.blob("#b8743a", (46, 303), (38, 262), (74, 262), (140, 256), (150, 268), (168, 292), (156, 304))
    c.blob("#d08f4e", (52, 298), (46, 268), (76, 267), (136, 261), (146, 271), (158, 286), (152, 296))
    for index in range(4):
        x = 74 + index * 20
        c.line(curve((x, 270), (x + 8, 276), (x + 8, 286)), "#f0c98c", 3)


def _fruit(c: Canvas) -> None:
    c.ground(556, 316, 64, 10)
    for x, y, tone in (
        (530, 268, "#e58a2e"),
        (556, 260, "#c9412f"),
        (582, 268, "#e58a2e"),
        (544, 278, "#8fb04a"),
        (570, 278, "#e59a3a"),
    ):
        c.oval(x, y, 17, 16.5, mix(tone, "#3a1d0a", 0.2))
        c.oval(x - 1, y - 1.5, 15.5, 15, tone)
        c.oval(x - 5, y - 6, 4, 3, "#ffffff", 0.35)
    c.line([(556, 245), (559, 238)], "#5a3c22", 2)
    c.pie(556, 276, 58, 42, 0, 180, "#dcd6c8")
    c.pie(550, 276, 50, 36, 0, 180, "#eee9dd")
    c.rect(498, 273, 116, 6, "#f7f3ea", 3)


def _kettle(c: Canvas, x: float, y: float) -> None:
    c.blob("#2f7f86", (x - 37, y), None, (x + 37, y), (x + 34, y - 50), (x, y - 52), (x - 34, y - 50), (x - 37, y))
    c.blob(
        "#46a0a6",
        (x - 31, y - 3),
        None,
        (x - 6, y - 3),
        (x - 16, y - 40),
        (x - 4, y - 48),
        (x - 28, y - 46),
        (x - 31, y - 3),
    )
    c.poly([(x + 27, y - 14), (x + 35, y - 26), (x + 54, y - 44), (x + 47, y - 48), (x + 26, y - 34)], "#2f7f86")
    c.arc(x, y - 50, 27, 27, 180, 360, "#2b2b2b", 5.5)
    c.oval(x, y - 53, 6, 5, "#2b2b2b")
    c.rect(x - 37, y - 3, 74, 4, "#1f5f66", 2)


def _steam(c: Canvas, x: float, y: float, t_s: float, strength: float) -> None:
    for index in range(12):
        age = (t_s * 0.55 + index / 12) % 1
        drift = 7 * math.sin(index * 2.3 + t_s * 1.2) * age
        c.oval(
            x + 26 * age + drift, y - 92 * age, 4 + 15 * age, 4 + 12 * age, "#f7f5ef", strength * 0.6 * (1 - age) ** 1.2
        )


def _cup(c: Canvas, x: float, y: float) -> None:
    c.arc(x + 24, y - 19, 14, 13, -95, 95, "#d24515", 6)
    c.poly([(x - 26, y - 40), (x + 26, y - 40), (x + 20, y), (x - 20, y)], "#d24515")
    c.poly([(x - 20, y - 37), (x - 10, y - 37), (x - 9, y - 3), (x - 15, y - 3)], "#ea6a3c")
    c.oval(x, y, 20, 4, "#b8390f")
    c.oval(x, y - 40, 26, 5.5, "#f0835a")
    c.oval(x, y - 39.5, 22, 4, "#6b2a10")


def _shots() -> dict[str, Shot]:
    return {"kitchen": Kitchen(), "drawer": Drawer(), "hall": Hall()}


STORY = Story(
    name="kitchen",
    title="A morning in the kitchen",
    description="It is dark at first; then the sun comes up, tea is made, keys are put away, and somebody knocks.",
    questions=("Where are my keys?", "When is the meeting?", "When was it dark?"),
    poster_s=44.0,
    scenes=(
        Scene(0.0, 10.5, "kitchen", "a dark kitchen before dawn", "dark"),
        Scene(10.5, 24.5, "kitchen", "a kitchen at sunrise; a hand puts down a red cup", "dim"),
        Scene(24.5, 37.0, "drawer", "a hand puts keys into a blue drawer", "bright"),
        Scene(37.0, 50.5, "kitchen", "a bright kitchen with a boiling kettle", "bright"),
        Scene(50.5, 64.0, "hall", "a hall with a red door, which opens", "bright"),
    ),
    lines=(
        Line(1.6, "Good morning, it is still dark outside."),
        Line(9.6, "The kettle is on, and I am making tea."),
        Line(18.8, "The meeting is at three on Friday."),
        Line(26.0, "I am leaving my keys in the blue drawer."),
        Line(32.6, "Remember to buy milk and bread."),
        Line(46.4, "The water is boiling now."),
        Line(53.4, "Somebody is knocking at the door."),
        Line(57.6, "My umbrella is behind the door."),
    ),
    noises=(
        Noise(8.4, 8.9, "click", "click", -34),
        Noise(15.0, 15.3, "cup", "cup put down", -32),
        Noise(30.8, 31.8, "keys", "keys jingling", -30),
        Noise(35.4, 35.8, "thud", "drawer closing", -30),
        Noise(38.5, 45.4, "kettle", "kettle whistling", -25),
        Noise(51.2, 52.6, "knock", "knocking", -24),
        Noise(58.6, 61.5, "creak", "door opening", -36),
        Noise(59.6, 64.0, "birds", "birds singing", -34),
    ),
    make_shots=_shots,
)
