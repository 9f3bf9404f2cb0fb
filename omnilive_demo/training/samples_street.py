"""Sample stream "street": a walk to the station at dusk; the lamps come on and it begins to rain."""

from __future__ import annotations

import math

import numpy as np

from omnilive_demo.training.samples_art import (
    MARGIN,
    WIDTH,
    Canvas,
    Picture,
    Shot,
    blend,
    glow,
    keys,
    lit,
    mix,
    scaled,
    sway,
)  # fmt: skip
from omnilive_demo.training.samples_story import Line, Noise, Scene, Story
from omnilive_demo.training.samples_town import KERB, WAY, draw_hills, draw_houses, draw_station

_DUSK = keys((4.0, 0.0), (30.0, 1.0))
_RAIN = keys((33.0, 0.0), (37.0, 1.0))
_WALK = keys((0.0, 0.0), (54.0, 1.0))  # eased at both ends: set off, slow down, stand still
_LAMPS = tuple(150 + 330 * index for index in range(9))
_LAMP_ON_S = 22.5
_WALKER = 250.0


class Street:
    """The street moves past while the walker stays in the picture; light, lamps and rain follow the clock."""

    def __init__(self) -> None:
        self._pool = glow(WIDTH / 2, 240, 95, 120)
        self._wide = np.concatenate([np.zeros_like(self._pool), self._pool, np.zeros_like(self._pool)], axis=1)
        rng = np.random.default_rng(11)
        self._drops = rng.random((260, 3))
        self._stars = rng.random((46, 3))

    def __call__(self, t_s: float) -> Picture:
        """The picture at a stream time."""
        dusk, rain = _DUSK(t_s), _RAIN(t_s)
        way = _WALK(t_s) * WAY
        canvas = Canvas()
        self._sky(canvas, t_s, dusk, rain, way)
        draw_hills(canvas, dusk, way)
        draw_houses(canvas, t_s, way)
        draw_station(canvas, t_s, way)
        _pavement(canvas, t_s, rain, way)
        for x in _LAMPS:
            _lamp(canvas, x - way, t_s)
        _walker(canvas, t_s, way, rain)
        self._rain(canvas, t_s, rain)
        return self._light(canvas.frame(*sway(t_s, 1.2)), t_s, dusk, rain, way)

    def _sky(self, c: Canvas, t_s: float, dusk: float, rain: float, way: float) -> None:
        top = mix(mix("#6fa3cf", "#4a5a94", min(2 * dusk, 1)), "#141c38", max(2 * dusk - 1, 0))
        low = mix(mix("#f6d9a2", "#f08a5a", min(2 * dusk, 1)), "#39406a", max(2 * dusk - 1, 0))
        c.fade(
            -MARGIN, -MARGIN, WIDTH + 2 * MARGIN, 250, mix(top, "#2a3144", 0.5 * rain), mix(low, "#3a4256", 0.4 * rain)
        )
        sun_y = 90 + 150 * dusk
        c.oval(470 - way * 0.01, sun_y, 46, 46, "#ffe9b8", 0.22 * (1 - dusk))
        c.oval(470 - way * 0.01, sun_y, 24, 24, mix("#fff1c9", "#ff8a4c", min(dusk * 1.6, 1)), 1 - 0.4 * dusk)
        for x, y, size in self._stars:
            twinkle = 0.6 + 0.4 * math.sin(t_s * 1.7 + 40 * size)
            c.oval(
                x * WIDTH,
                y * 150,
                0.6 + 0.6 * size,
                0.6 + 0.6 * size,
                "#f5f1dc",
                max(0, 2 * dusk - 1) * twinkle * (1 - rain),
            )
        for index in range(6):
            x = (index * 163 + t_s * 2.2 - way * 0.03) % 860 - 110
            y = 40 + index * 37 % 88
            tone = mix(
                mix(mix("#ffffff", "#f7a67c", min(2 * dusk, 1)), "#2b3250", max(2 * dusk - 1, 0)), "#39425a", rain * 0.6
            )
            for dx, dy, r in ((-30, 3, 13), (-10, -4, 19), (13, -1, 16), (32, 4, 11)):
                c.oval(x + dx, y + dy, r * 1.6, r * (0.6 + 0.3 * rain), tone, 0.5 + 0.3 * rain)

    def _rain(self, c: Canvas, t_s: float, rain: float) -> None:
        for x, y, depth in self._drops[: round(rain * len(self._drops))]:
            fall = (y + t_s * (1.5 + 0.8 * depth)) % 1
            px, py = (x * (WIDTH + 60) - fall * 40) % (WIDTH + 40) - 10, fall * 380 - 20
            size = 7 + 8 * depth
            c.line([(px, py), (px - size * 0.22, py + size)], "#cfe0f2", 0.9, 0.28 + 0.3 * depth)

    def _light(self, picture: Picture, t_s: float, dusk: float, rain: float, way: float) -> Picture:
        day, red, night = (1.0, 0.99, 0.96), (1.0, 0.80, 0.70), (0.42, 0.46, 0.66)
        ambient = blend(day, red, min(2 * dusk, 1)) if dusk < 0.5 else blend(red, night, 2 * dusk - 1)
        lights = []
        for x in _LAMPS:
            screen = x - way
            on = _lamp_on(x, t_s)
            if on > 0 and -WIDTH / 2 < screen < 1.5 * WIDTH:
                begin = round(WIDTH + WIDTH / 2 - screen)
                lights.append((self._wide[:, begin : begin + WIDTH], scaled((0.85, 0.62, 0.26), on * (1 - 0.1 * rain))))
        return lit(picture, scaled(ambient, 1 - 0.1 * rain), *lights, lamps=True)


def _lamp_on(x: float, t_s: float) -> float:
    """How bright a lamp burns: they come on one after the other, with a flicker."""
    since_s = t_s - _LAMP_ON_S - (x % 7) * 0.25
    if since_s < 0:
        return 0.0
    return 1.0 if since_s > 0.7 else (0.35 if math.sin(since_s * 30) > 0 else 0.8)


def _pavement(c: Canvas, t_s: float, rain: float, way: float) -> None:
    c.fade(-MARGIN, KERB - 2, WIDTH + 2 * MARGIN, 34, "#b3a998", "#9d9383")
    for index in range(16):
        x = index * 46 - way % 46 - 20
        c.line([(x + 6, KERB - 2), (x, KERB + 30)], "#8b8172", 1)
    c.line([(-10, KERB + 14), (650, KERB + 14)], "#8b8172", 1)
    c.rect(-MARGIN, KERB + 30, WIDTH + 2 * MARGIN, 6, "#cfc5b2")
    c.fade(-MARGIN, KERB + 36, WIDTH + 2 * MARGIN, 50, "#5d6066", "#4a4d54")
    for index in range(9):
        c.rect(index * 96 - way % 96 - 40, KERB + 58, 46, 4, "#d8d2c0", 1, 0.8)
    if rain > 0:
        for x in _LAMPS:  # the wet road holds the lamps
            c.rect(x - way - 5, KERB + 37, 10, 48, "#ffd98a", 5, 0.30 * rain)
        for index in range(22):
            age = (t_s * 1.9 + index * 0.37) % 1
            x = (index * 97 + math.floor(t_s * 1.9 + index * 0.37) * 61 - way) % 680 - 20
            c.oval(x, KERB + 6 + index * 29 % 62, 9 * age, 2.4 * age, "#dbe8f4", 0.4 * rain * (1 - age))


def _lamp(c: Canvas, x: float, t_s: float) -> None:
    if not -40 < x < WIDTH + 40:
        return
    on = _lamp_on(x + _WALK(t_s) * WAY, t_s)
    c.oval(x, KERB + 22, 12, 3, "#2a2620", 0.4)
    c.rect(x - 2.5, 132, 5, 176, "#2f3a3c", 2)
    c.rect(x - 6, 292, 12, 16, "#2f3a3c", 3)
    c.rect(x - 9, 128, 18, 5, "#2f3a3c", 2)
    if on > 0:
        for reach in (34, 22):
            c.oval(x, 112, reach, reach, "#ffe29a", 0.16 * on)
    c.poly([(x - 8, 128), (x - 12, 102), (x + 12, 102), (x + 8, 128)], mix("#aab4b2", "#fff3c4", on))
    c.poly([(x - 14, 103), (x, 90), (x + 14, 103)], "#2f3a3c")


def _walker(c: Canvas, t_s: float, way: float, rain: float) -> None:
    speed = (_WALK(t_s + 0.1) - _WALK(t_s - 0.1)) * WAY / 0.2
    swing = min(speed / 40, 1.0) * math.sin(way / 9.5)
    bob = abs(swing) * 2
    x, foot = _WALKER, KERB + 20
    hip = foot - 46 - bob + 2
    c.oval(x, foot + 3, 24, 4, "#2a2620", 0.35)
    for side, tone in ((-1, "#27344a"), (1, "#33435e")):
        knee = (x + side * swing * 9 + 3, hip + 23)
        ankle = (x + side * swing * 18 - 1, foot - 3 - max(0.0, -side * swing * math.cos(way / 9.5)) * 5)
        c.line([(x, hip), knee, ankle], tone, 9)
        c.line([(ankle[0] - 1, ankle[1] + 3), (ankle[0] + 8, ankle[1] + 3)], "#6b3f2a", 6)
    c.line([(x - 2, hip - 36), (x - 9 - swing * 12, hip - 18), (x - 7 - swing * 17, hip - 4)], "#c98f1d", 8)
    c.blob(
        "#e8b12f",
        (x - 13, hip + 10),
        None,
        (x + 13, hip + 10),
        None,
        (x + 12, hip + 10),
        (x + 13, hip - 30),
        (x + 7, hip - 44),
        None,
        (x - 6, hip - 44),
        (x - 13, hip - 30),
        (x - 13, hip + 10),
    )
    c.line([(x + 7, hip - 40), (x + 9, hip + 8)], "#c98f1d", 1.5)
    c.oval(x + 2, hip - 55, 11, 12, "#d9a47c")
    c.pie(x, hip - 58, 13, 13, 150, 350, "#4a2f22")
    c.oval(x - 9, hip - 55, 6, 10, "#4a2f22")
    c.rect(x - 8, hip - 47, 17, 8, "#b3271e", 4)
    grip = (x + 17, hip - 24)
    if rain <= 0.02:
        c.line([(x + 3, hip - 36), (x + 8 + swing * 10, hip - 20), (x + 10 + swing * 16, hip - 6)], "#f2c14a", 8)
        return
    up = min(rain * 2, 1)
    peak = hip - 66 - 44 * up
    c.line([grip, (x + 12, peak)], "#5a4632", 2.5)
    half = 12 + 46 * up
    c.pie(x + 10, peak + 34 * up, half, 36 * up + 4, 180, 360, "#c23b33")
    for index in range(5):
        rib = x + 10 - half + (2 * half / 5) * (index + 0.5)
        c.pie(rib, peak + 34 * up, half / 5, 6, 180, 360, "#8f2a26")
    c.pie(x + 4, peak + 34 * up, half * 0.45, 33 * up + 3, 180, 360, "#d9554a")
    c.line([(x + 3, hip - 36), (x + 12, hip - 22), grip], "#f2c14a", 8)
    c.oval(*grip, 4.5, 4.5, "#d9a47c")


def _shots() -> dict[str, Shot]:
    return {"street": Street()}


STORY = Story(
    name="street",
    title="A walk at dusk",
    description="Somebody in a yellow coat walks to the station; the street lamps come on, and it begins to rain.",
    questions=("When does the train leave?", "When did it begin to rain?", "What did I hear in the street?"),
    poster_s=41.0,
    scenes=(
        Scene(0.0, 14.0, "street", "a street in the evening sun, with a bakery", "bright"),
        Scene(14.0, 23.0, "street", "a street at sunset; a dog behind a fence", "dim"),
        Scene(23.0, 34.0, "street", "a dark street with lamps coming on", "dark"),
        Scene(34.0, 52.0, "street", "a dark street in the rain; a red umbrella", "dark"),
        Scene(52.0, 66.0, "street", "a station in the rain; a green train comes in", "dark"),
    ),
    lines=(
        Line(1.8, "We are walking to the station.", "slt"),
        Line(8.0, "The baker closes at seven.", "slt"),
        Line(14.2, "My sister is coming on Sunday.", "slt"),
        Line(24.6, "It is getting dark, and the street lamps come on.", "slt"),
        Line(34.6, "Now it begins to rain.", "slt"),
        Line(42.0, "The train leaves at twenty past nine.", "slt"),
        Line(48.5, "Please call the doctor on Monday.", "slt"),
        Line(57.9, "The bell is ringing, and the train is coming.", "slt"),
    ),
    noises=(
        Noise(2.0, 52.0, "footsteps", "footsteps", -40),
        Noise(18.0, 20.6, "bark", "dog barking", -25),
        Noise(33.2, 66.0, "rain", "rain", -41),
        Noise(54.2, 57.4, "bell", "bell ringing", -25),
        Noise(59.8, 66.0, "train", "train arriving", -34),
    ),
    make_shots=_shots,
)
