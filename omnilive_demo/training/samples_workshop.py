"""Sample stream "workshop": a blue room, an old radio, the red door to the garden, and the light goes out."""

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
from omnilive_demo.training.samples_hall import door
from omnilive_demo.training.samples_radio import SLEEVE, Radio, apple, radio
from omnilive_demo.training.samples_story import Line, Noise, Scene, Story

_LIGHT = keys((51.35, 1.0), (51.45, 0.0), (60.55, 0.0), (60.65, 1.0))


class Room:
    """The bench in the blue room under its lamp."""

    def __init__(self) -> None:
        self._room = _draw_room()
        self._lamp = glow(206, 250, 210, 130, 0.9)
        self._cone = beam([(176, 132), (222, 132), (330, 262), (66, 262)], 10)
        self._moon = beam([(452, 60), (560, 60), (500, 360), (330, 360)], 16)
        self._pane = beam([(474, 40), (594, 40), (594, 158), (474, 158)], 3)

    def __call__(self, t_s: float) -> Picture:
        """The picture at a stream time."""
        on = _LIGHT(t_s)
        canvas = self._room.copy()
        _window(canvas, t_s)
        _plant(canvas)
        _clock(canvas, t_s)
        _lamp(canvas, on)
        self._work(canvas, t_s)
        return lit(
            canvas.frame(*sway(t_s, 1.5)),
            blend((0.16, 0.19, 0.32), (0.82, 0.82, 0.83), on),
            (self._lamp, scaled((0.36, 0.28, 0.10), on)),
            (self._cone, scaled((0.20, 0.16, 0.06), on)),
            (self._moon, scaled((0.10, 0.14, 0.24), 1 - on)),
            (self._pane, blend((0.5, 0.5, 0.5), (0.16, 0.15, 0.12), on)),
            lamps=True,
        )

    def _work(self, canvas: Canvas, t_s: float) -> None:
        radio(canvas, 330, 266, 0.82, glowing=0.0 if t_s < 26 else _LIGHT(t_s) + 0.6, dial=0.6)
        if 8.0 < t_s < 13.6:  # the screwdriver turns at the back of the radio
            here = keys((8.0, 0.0), (9.2, 1.0), (12.4, 1.0), (13.6, 0.0))(t_s)
            x, y = 372 + (1 - here) * 120, 214 + (1 - here) * 220
            turn = 3 * math.sin(t_s * 9) * here
            canvas.line([(x - 28, y - 18), (x - 4, y + 2)], "#c3c9cd", 3.5)
            canvas.line([(x - 4, y + 2), (x + 22, y + 24)], "#d9772f", 9)
            hand(canvas, x + turn, y + 6, SLEEVE)
        if 14.2 < t_s < 20.0:  # the hand fetches screws from the yellow box
            here = keys((14.2, 0.0), (15.6, 1.0), (17.0, 1.0), (19.6, 0.0))(t_s)
            x, y = 512 + (1 - here) * 60, 246 + (1 - here) * 200
            hand(canvas, x, y, SLEEVE, open_=0.7 * keys((15.6, 1.0), (16.2, 0.0))(t_s))


def _draw_room() -> Canvas:
    c = Canvas()
    c.fade(-10, -10, 660, 272, "#4f86bd", "#3d6fa3")
    for index in range(12):
        c.rect(index * 58 - 10, -10, 1.5, 268, "#356597", 0, 0.6)
    _pegboard(c)
    c.shadow([(468, 36), (604, 36), (604, 166), (468, 166)], 6, 0.3)
    c.rect(466, 32, 136, 134, "#f2eee2", 3)
    c.rect(458, 164, 152, 8, "#e5dfcf", 2)
    c.fade(-10, 256, 660, 120, "#b98a58", "#8b6238")
    c.rect(-10, 254, 660, 5, "#d3a672")
    for index in range(8):
        y = 270 + index * 13
        c.line([(-10, y), (180 + 53 * (index % 4), y + 2), (650, y - 2)], "#7a5430", 0.8, 0.4)
    c.ground(330, 304, 110, 12)
    _yellow_box(c)
    apple(c, 106, 302)
    for index in range(5):  # loose screws
        x, y = 236 + index * 17, 322 + index * 7 % 12
        c.line([(x, y), (x + 8, y + 3)], "#8f9499", 2.2)
        c.oval(x, y, 3, 3, "#c9cfd3")
    return c


def _pegboard(c: Canvas) -> None:
    c.shadow([(248, 34), (440, 34), (440, 156), (248, 156)], 5, 0.25)
    c.rect(244, 28, 192, 122, "#d9b98a", 4)
    for row in range(7):
        for column in range(12):
            c.oval(256 + column * 15.2, 40 + row * 16.5, 1.3, 1.3, "#a98a5e")
    c.line([(268, 62), (268, 128)], "#8d5a34", 7)  # a hammer
    c.rect(252, 48, 34, 15, "#5c666d", 3)
    c.line([(312, 48), (312, 84)], "#c3c9cd", 4)  # a screwdriver
    c.line([(312, 84), (312, 122)], "#b3271e", 9)
    c.line([(348, 60), (348, 122)], "#8f9aa1", 8)  # a spanner
    c.arc(348, 52, 11, 11, -50, 230, "#8f9aa1", 7)
    c.poly([(378, 50), (424, 50), (424, 60), (388, 76)], "#c3c9cd")  # a saw
    c.rect(372, 46, 16, 30, "#7a4a2c", 4)
    c.line([(392, 92), (408, 110), (400, 134)], "#2f64ad", 6)  # pliers
    c.line([(408, 92), (394, 110), (404, 134)], "#24508f", 6)
    c.oval(400, 104, 4, 4, "#8f9aa1")


def _yellow_box(c: Canvas) -> None:
    c.ground(520, 322, 76, 10)
    c.rect(452, 262, 136, 16, "#6b5212", 3)
    for index in range(16):
        c.oval(464 + index * 7.6, 270 + index % 3 * 2, 4, 3, ("#aab2b7", "#8a949a", "#c9cfd3")[index % 3])
    c.poly([(446, 236), (594, 236), (588, 264), (452, 264)], "#d9a91c")  # the open lid
    c.poly([(454, 241), (586, 241), (582, 259), (458, 259)], "#b98c12")
    c.rect(448, 276, 144, 46, "#f2c42a", 5)
    c.rect(448, 276, 144, 8, "#f8d75c", 4)
    c.rect(448, 312, 144, 10, "#d4a61c", 4)
    c.rect(506, 288, 28, 14, "#8a6a0e", 3)
    c.rect(510, 291, 20, 8, "#d9dee0", 2)


def _window(c: Canvas, t_s: float) -> None:
    late = keys((20.0, 0.0), (50.0, 1.0))(t_s)
    c.fade(474, 40, 120, 118, mix("#8fbfe2", "#1a2748", late), mix("#f0e6c8", "#3a4570", late))
    c.oval(560, 66, 12, 12, "#fdf3cf", late)
    c.oval(555, 63, 10.5, 10.5, mix("#8fbfe2", "#1d2a4c", late), late * 0.9)
    for index in range(9):
        c.oval(480 + index * 47 % 110, 46 + index * 31 % 60, 0.9, 0.9, "#f5f1dc", max(0.0, 2 * late - 1))
    c.blob(
        mix("#6a9a63", "#16233a", late),
        (474, 158),
        None,
        (474, 134),
        (504, 110),
        (536, 138),
        (566, 116),
        (594, 140),
        None,
        (594, 158),
    )
    c.rect(531, 40, 6, 118, "#f2eee2")
    c.rect(474, 96, 120, 5, "#f2eee2")


def _plant(c: Canvas) -> None:
    for index in range(9):
        bend = -28 + index * 7
        tone = mix("#3f7d4b", "#6aa660", index % 3 / 2)
        c.line(curve((508, 140), (508 + bend * 0.3, 116), (508 + bend, 108 + abs(bend) * 0.8)), tone, 5)
    c.rect(494, 138, 28, 27, "#c9693f", 3)
    c.rect(490, 135, 36, 9, "#dc7d50", 2)


def _clock(c: Canvas, t_s: float) -> None:
    c.oval(72, 72, 36, 36, "#274b73", 0.5)
    c.oval(70, 70, 35, 35, "#7a4a2c")
    c.oval(70, 70, 30, 30, "#f6f0e0")
    for hour in range(12):
        a = hour * math.pi / 6
        c.oval(70 + 25 * math.sin(a), 70 - 25 * math.cos(a), 1.8, 1.8, "#5a4632")
    ticks = math.floor(t_s) / 60
    for reach, turn, width, tone in (
        (14, (4 + t_s / 3600) / 12, 4, "#3a2c20"),
        (21, t_s / 3600 + 0.2, 3, "#3a2c20"),
        (23, ticks, 1.4, "#c23b33"),
    ):
        a = 2 * math.pi * turn
        c.line([(70, 70), (70 + reach * math.sin(a), 70 - reach * math.cos(a))], tone, width)
    c.oval(70, 70, 3, 3, "#3a2c20")


def _lamp(c: Canvas, on: float) -> None:
    c.ground(150, 262, 40, 6)
    c.rect(112, 252, 76, 10, "#22333b", 5)
    c.line([(146, 254), (108, 176), (168, 112)], "#22333b", 6)
    c.oval(108, 176, 7, 7, "#35505c")
    c.poly([(160, 100), (188, 86), (232, 132), (170, 148)], "#d94f30")
    c.poly([(166, 102), (180, 95), (196, 138), (176, 144)], "#ec7450")
    c.oval(198, 140, 30, 7, mix("#6a5a44", "#fff3c4", on))


class GardenDoor:
    """The red door in the blue wall opens onto the garden."""

    def __init__(self) -> None:
        c = Canvas()
        c.fade(-10, -10, 660, 322, "#4f86bd", "#3d6fa3")
        for index in range(12):
            c.rect(index * 58 - 10, -10, 1.5, 318, "#356597", 0, 0.6)
        c.rect(-10, 300, 660, 10, "#e9e4d6")
        c.fade(-10, 310, 660, 60, "#b58a5c", "#85603a")
        for index in range(9):
            c.line([(60 + index * 70, 310), (-20 + index * 88, 370)], "#7a5637", 1.2)
        c.shadow([(232, 24), (414, 24), (414, 312), (232, 312)], 8, 0.35)
        c.rect(232, 22, 182, 290, "#f3efe3", 3)
        c.ground(98, 314, 44, 8)
        c.rect(66, 246, 64, 66, "#f2c42a", 5)  # a pot with a sunflower
        c.rect(60, 240, 76, 14, "#f8d75c", 4)
        c.line(curve((98, 242), (92, 180), (102, 118)), "#3f7d4b", 6)
        for side in (-1, 1):
            c.blob("#5b9a57", (97, 200), (98 + side * 34, 168), (98 + side * 52, 186), (98 + side * 30, 208), (97, 200))
        for index in range(14):
            a = index * math.pi / 7
            c.oval(102 + 27 * math.cos(a), 104 + 27 * math.sin(a), 10, 10, "#f2b72a")
        c.oval(102, 104, 19, 19, "#6b4320")
        c.rect(486, 70, 96, 8, "#8d6844", 2)  # a shelf with paint pots and a watering can
        for index, tone in enumerate(("#c23b33", "#e8c23a", "#5b9a57")):
            c.rect(492 + index * 30, 44, 24, 26, "#d6dadb", 3)
            c.rect(492 + index * 30, 52, 24, 12, tone)
        c.ground(540, 320, 60, 8)
        c.poly([(506, 262), (574, 262), (580, 318), (500, 318)], "#4f9a8c")
        c.poly([(514, 266), (528, 266), (526, 314), (510, 314)], "#74b8aa")
        c.line([(504, 300), (470, 268), (462, 258)], "#4f9a8c", 8)
        c.poly([(452, 262), (468, 246), (474, 252), (458, 268)], "#3c7d71")
        c.arc(540, 262, 30, 26, 180, 360, "#3c7d71", 6)
        self._wall = c
        self._sun = beam([(250, 60), (400, 60), (500, 360), (120, 360)], 24)

    def __call__(self, t_s: float) -> Picture:
        """The picture at a stream time."""
        opened = keys((40.0, 0.0), (42.8, 1.0))(t_s)
        canvas = self._wall.copy()
        canvas.rect(248, 36, 150, 276, "#1d1a17")
        door(canvas, 248, 36, 150, 276, opened, "#b3271e")
        if opened > 0.5:  # a butterfly in the garden
            x, y = 330 + 34 * math.sin(t_s * 0.9), 170 + 26 * math.sin(t_s * 1.7)
            wing = 3 + 5 * abs(math.sin(t_s * 9))
            canvas.oval(x - wing, y, wing, 6, "#f2b72a")
            canvas.oval(x + wing, y, wing, 6, "#f2b72a")
        light = blend((0.68, 0.69, 0.72), (0.86, 0.85, 0.84), opened)
        return lit(canvas.frame(*sway(t_s, 1.8)), light, (self._sun, scaled((0.40, 0.36, 0.20), opened)))


def _shots() -> dict[str, Shot]:
    return {"room": Room(), "radio": Radio(), "garden": GardenDoor()}


STORY = Story(
    name="workshop",
    title="The blue room",
    description="An old radio is mended in a blue workshop; a red door opens, and later the light is turned off.",
    questions=("Where are the screws?", "What is the password?", "When was the light off?"),
    poster_s=11.0,
    scenes=(
        Scene(0.0, 24.0, "room", "a blue room with a lamp, a radio and a yellow box", "bright"),
        Scene(24.0, 37.4, "radio", "an old radio close by; a hand turns its dial", "bright"),
        Scene(37.4, 48.6, "garden", "a red door opens onto a green garden", "bright"),
        Scene(48.6, 51.4, "room", "the blue room in the evening", "bright"),
        Scene(51.4, 60.6, "room", "the blue room in the dark", "dark"),
        Scene(60.6, 65.0, "room", "the blue room with the lamp on again", "bright"),
    ),
    lines=(
        Line(1.6, "This is the blue room where I work."),
        Line(7.4, "Today I am fixing the old radio."),
        Line(14.0, "The screws are in the yellow box."),
        Line(20.2, "The doctor called this morning."),
        Line(33.9, "The password is green apple."),
        Line(38.0, "The red door leads to the garden."),
        Line(44.2, "Please water the plants on Monday."),
        Line(49.0, "I am turning off the light."),
        Line(61.6, "We are having dinner at eight."),
    ),
    noises=(
        Noise(9.4, 12.4, "ratchet", "screwdriver", -38),
        Noise(26.2, 26.5, "click", "radio switched on", -32),
        Noise(26.6, 30.0, "static", "radio noise", -36),
        Noise(30.2, 33.7, "tune", "music on the radio", -29),
        Noise(40.1, 42.4, "creak", "door opening", -38),
        Noise(42.0, 48.5, "birds", "birds singing", -36),
        Noise(51.3, 51.6, "click", "light switched off", -30),
        Noise(54.6, 58.4, "phone", "phone ringing", -26),
        Noise(60.5, 60.8, "click", "light switched on", -30),
    ),
    make_shots=_shots,
)
