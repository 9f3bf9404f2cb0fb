"""Sample stream "hallway": somebody gets ready to go out. Rain is coming; keys, a camera and a parcel are at hand."""

from __future__ import annotations

import numpy as np

from omnilive_demo.training.samples_art import WIDTH, Canvas, Light, beam, blend, glow, keys, ring
from omnilive_demo.training.samples_room import Room
from omnilive_demo.training.samples_stage import Stage
from omnilive_demo.training.samples_story import Line, Noise, Question, Story, Take
from omnilive_demo.training.samples_surfaces import soft_lights, wooden_top

_DARK = keys((59.2, 0.0), (59.45, 1.0))  # the light is turned off
_GREY = keys((27.5, 0.0), (32.0, 1.0))  # clouds
_RAIN = keys((29.5, 0.0), (32.5, 1.0), (38.0, 1.0))


def _hall() -> Canvas:
    c = Canvas()
    c.fade(-10, -10, 660, 250, "#d9dccb", "#c3c9b4")
    for index in range(24):  # wallpaper
        c.rect(-10 + index * 28, -10, 10, 250, "#cfd4bf", 0, 0.55)
    c.fade(-10, 196, 660, 110, "#f3efe4", "#e4ddcd")
    c.rect(-10, 192, 660, 7, "#faf7ee")
    c.rect(-10, 199, 660, 3, "#c9c2ae")
    for index in range(6):
        x = -2 + index * 112
        c.rect(x, 214, 96, 100, "#d8d0be", 3)
        c.rect(x + 2, 216, 93, 97, "#efe9dc", 3)
    c.shadow([(150, 72), (490, 72), (490, 84), (150, 84)], 5, 0.22)
    c.rect(146, 62, 348, 13, "#a9794c", 4)
    c.rect(146, 62, 348, 4, "#c2905f", 2)
    for index in range(5):
        x = 182 + index * 69
        c.oval(x, 79, 5, 7, "#6a4a2d")
        c.oval(x - 1, 77, 3.5, 5, "#8d6844")
    c.shadow([(-10, 286), (650, 286), (650, 300), (-10, 300)], 9, 0.3)
    wooden_top(c, 288, "#b98552", "#8f5f37", 3, boards=3)
    return c


def _table() -> Canvas:
    c = Canvas()
    c.fade(-10, -10, 660, 160, "#a9b7a4", "#8fa08d")
    soft_lights(
        c, ((90, 40, 46, "#d8d2b4"), (210, 70, 30, "#c2b184"), (420, 30, 54, "#dfd9bd"), (560, 78, 36, "#b7a679"))
    )
    wooden_top(c, 118, "#a8744a", "#7c4e2c", 5, boards=5)
    c.shadow([(-10, 116), (650, 116), (650, 126), (-10, 126)], 7, 0.25)
    return c


def _window() -> Canvas:
    c = Canvas()
    c.fade(-10, -10, 660, 280, "#bfd6e4", "#e6ecdf")
    for x, y, rx, ry, tone in (
        (60, 250, 170, 60, "#7f9f7b"), (300, 262, 220, 54, "#8fae84"), (560, 246, 180, 64, "#76976f"),
        (120, 190, 60, 66, "#5f8561"), (540, 180, 74, 76, "#638a63"), (430, 216, 44, 40, "#84a574"),
    ):  # fmt: skip
        c.shadow(ring(x, y, rx, ry), 9, 0.9, tone)
    return c


def _window_frame(c: Canvas, t_s: float) -> None:
    grey, rain = _GREY(t_s), _RAIN(t_s)
    if grey > 0:
        c.rect(-10, -10, 660, 300, "#7f8d9c", 0, 0.42 * grey)
    for x, y, depth in _DROPS[: round(rain * len(_DROPS))]:
        fall = (y + t_s * (1.3 + 0.7 * depth)) % 1
        px, py = (x * 700 - fall * 34) % 690 - 20, fall * 320 - 20
        size = 9 + 9 * depth
        c.line([(px, py), (px - size * 0.16, py + size)], "#eef4fa", 1.0, 0.32 + 0.3 * depth)
    for left in (-10, 196, 438):
        c.rect(left, -10, 8 if left > 0 else 26, 300, "#f6f2e8")
        c.rect(left + (8 if left > 0 else 26), -10, 2, 300, "#b9b2a2", 0, 0.7)
    c.rect(624, -10, 26, 300, "#f6f2e8")
    c.rect(-10, -10, 660, 18, "#f6f2e8")
    c.rect(-10, 8, 660, 2, "#b9b2a2", 0, 0.7)
    c.fade(-10, 268, 660, 104, "#fbf8f0", "#ddd5c5")
    c.rect(-10, 266, 660, 5, "#ffffff")
    c.rect(-10, 330, 660, 3, "#cfc6b4")


_DROPS = np.random.default_rng(7).random((170, 3))


def _indoors(t_s: float) -> Light:
    return blend((0.93, 0.91, 0.88), (0.17, 0.20, 0.30), _DARK(t_s))


def _outdoors(t_s: float) -> Light:
    return blend((1.0, 0.99, 0.96), (0.80, 0.84, 0.90), _GREY(t_s))


def _rooms() -> dict[str, Room]:
    lamp = (glow(WIDTH / 2, 40, 380, 300), (0.14, 0.11, 0.05))
    sun = (beam([(20, 60), (150, 30), (330, 330), (130, 350)], 14), (0.10, 0.085, 0.04))
    return {
        "hall": Room(_hall(), _indoors, (lamp,), lambda t_s: 1 - _DARK(t_s)),
        "table": Room(_table(), _indoors, (lamp, sun), lambda t_s: 1 - _DARK(t_s)),
        "window": Room(_window(), _outdoors, behind=_window_frame),
    }


def _takes() -> tuple[Take, ...]:
    hall = Stage(0.0, 13.0)
    hall.held_up("umbrella", 1.0, 8.0, (0.46, 0.47, 0.76), (0.72, 0.53, 0.62), 0.84, grip=(0.06, 0.36))
    table = Stage(13.0, 26.0)
    table.put_down("key", 14.0, (0.28, 0.6, 0.62), 0.885)
    table.put_down("camera", 19.6, (0.72, 0.62, 0.52), 0.84)
    window = Stage(26.0, 38.0)
    window.moves(
        "cat", ((26.6, (-0.2, 0.62, 0.54)), (29.6, (0.5, 0.62, 0.54)), (38.0, (0.5, 0.62, 0.54))), 0.885,
        enters=True, flip=True,
    )  # fmt: skip
    parcel = Stage(38.0, 50.0)
    parcel.held_up("parcel", 41.8, 46.4, (0.5, 0.46, 0.7), (0.34, 0.52, 0.64), 0.835)
    call = Stage(50.0, 59.3)
    call.held_up("phone", 51.0, 55.8, (0.47, 0.46, 0.74), (0.6, 0.58, 0.56), 0.86, grip=(0.1, 0.3))
    return (
        hall.take("hall", "room", "a hall; an umbrella is held up and put down", "bright"),
        table.take("table", "table", "a table; a key is put down, then a camera", "bright"),
        window.take("window", "window", "a window; a cat comes, and it begins to rain", "bright"),
        parcel.take("hall", "room", "the hall; a parcel is held up and put down", "bright"),
        call.take("table", "table", "the table; a phone rings and is held up", "bright"),
        Take(59.3, 63.0, "hall", "room", "the hall in the dark", "dark"),
    )


STORY = Story(
    name="hallway",
    title="Leaving home",
    description="Somebody gets ready to go out: an umbrella, keys, a camera. A cat looks on, and it begins to rain.",
    questions=(
        Question("How about the weather today, what should I take?", "semantic", "umbrella"),
        Question("Where are my keys?", "explicit", "key"),
        Question("When does the bus leave?", "said", "bus"),
    ),
    seed=1_000_101,
    poster_s=5.0,
    takes=_takes(),
    lines=(
        Line(2.2, "Good morning. Let us get ready to go out."),
        Line(16.6, "I am leaving my keys on the table."),
        Line(22.6, "I will need this on the way."),
        Line(30.0, "The bus leaves at nine."),
        Line(43.0, "This is for my sister Anna."),
        Line(56.4, "I will be there soon."),
    ),
    noises=(
        Noise(15.2, 16.2, "keys", "keys jingling", -26),
        Noise(32.4, 37.9, "rain", "rain", -30, of_world=True),
        Noise(38.4, 41.6, "bell", "bell", -24),
        Noise(50.6, 55.0, "phone", "ringing phone", -27),
        Noise(59.2, 59.5, "click", "click", -22),
        Noise(60.0, 62.2, "footsteps", "footsteps", -24),
        Noise(62.4, 62.8, "thud", "door closing", -20),
    ),
    make_rooms=_rooms,
)
