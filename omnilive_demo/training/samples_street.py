"""Sample stream "street": a walk past the bus and the park to the toy shop, and home in the rain."""

from __future__ import annotations

import numpy as np
from PIL import ImageFilter

from omnilive_demo.training.samples_art import HEIGHT, WIDTH, Canvas, Light, blend, glow, keys, mix
from omnilive_demo.training.samples_room import Room
from omnilive_demo.training.samples_stage import Stage
from omnilive_demo.training.samples_story import Line, Noise, Question, Story, Take
from omnilive_demo.training.samples_surfaces import soft_lights, wooden_top

_RAIN = keys((53.6, 0.0), (56.0, 1.0), (66.0, 1.0))
_DROPS = np.random.default_rng(11).random((260, 3))
_HOUSES = (  # x, width, height, wall, roof
    (-60, 150, 158, "#c98b6b", "#7a4a3e"), (92, 118, 196, "#d9b98a", "#6b5148"), (212, 132, 168, "#8fa3a0", "#51565c"),
    (346, 118, 204, "#c77f78", "#6d3f40"), (466, 124, 164, "#dcc79c", "#7d5a44"), (592, 120, 190, "#9aa7bd", "#4d5264"),
)  # fmt: skip
_KERB = 236.0


def _far(c: Canvas, blur: float) -> None:
    """What is drawn so far is out of focus."""
    c.image.paste(c.image.filter(ImageFilter.GaussianBlur(blur)))


def _row(night: bool) -> Canvas:
    c = Canvas()
    if night:
        c.fade(-10, -10, 660, 260, "#232c4e", "#5a5a86")
    else:
        c.fade(-10, -10, 660, 260, "#7fb2dc", "#f2e7c9")
        for x, y, r in ((90, 40, 20), (118, 34, 26), (150, 42, 20), (452, 26, 18), (480, 20, 24), (512, 28, 18)):
            c.oval(x, y, r * 1.7, r * 0.8, "#ffffff", 0.75)
    for index, (x, w, h, wall, roof) in enumerate(_HOUSES):
        top = _KERB - h + 12
        tone = mix(wall, "#20264a", 0.45) if night else wall
        c.rect(x, top, w, h, tone)
        c.rect(x + w - 9, top, 9, h, mix(tone, "#000000", 0.12))
        c.poly([(x - 6, top + 2), (x + 14, top - 26), (x + w - 14, top - 26), (x + w + 6, top + 2)],
               mix(roof, "#12162c", 0.4) if night else roof)  # fmt: skip
        for row in range(3):
            for column in range(3):
                on = night and (index * 7 + row * 5 + column * 3) % 4 < 2
                left, high = x + w * (0.13 + 0.28 * column), top + 18 + row * 46
                if high + 32 < _KERB:
                    c.rect(left - 2, high - 2, 25, 33, "#efe6d4" if not night else "#6f6a7c", 2)
                    c.fade(left, high, 21, 29, "#ffe7a0" if on else "#7d93a8", "#ffc65c" if on else "#5c7286")
    _far(c, 4)
    c.fade(-10, _KERB, 660, 44, "#c3b9a6", "#aba08d")
    for index in range(12):
        x = -20 + index * 60
        c.line([(x + 14, _KERB), (x, _KERB + 44)], "#998e7c", 1)
    c.rect(-10, _KERB + 42, 660, 7, "#d8cfbd")
    c.fade(-10, _KERB + 49, 660, 90, "#6a6e75", "#4d5158")
    for index in range(8):
        c.rect(-30 + index * 92, 336, 48, 5, "#d8d2c0", 1, 0.8)
    return c


def _park() -> Canvas:
    c = Canvas()
    c.fade(-10, -10, 660, 220, "#86bce4", "#e8f0e0")
    for x, y, r in ((110, 46, 22), (142, 38, 28), (178, 48, 22), (500, 60, 20), (530, 52, 26), (562, 62, 20)):
        c.oval(x, y, r * 1.7, r * 0.75, "#ffffff", 0.8)
    for x, y, rx, ry, tone in (
        (80, 210, 240, 60, "#8fb77f"),
        (430, 214, 320, 66, "#7eaa72"),
        (640, 206, 180, 60, "#98bf85"),
    ):
        c.oval(x, y, rx, ry, tone)
    for x, y, r in ((40, 168, 44), (84, 150, 50), (590, 156, 48), (636, 172, 46)):
        c.oval(x, y, r, r * 1.05, "#5f9160")
        c.oval(x - r * 0.25, y - r * 0.3, r * 0.55, r * 0.5, "#74a570", 0.7)
    _far(c, 4)
    c.fade(-10, 214, 660, 160, "#86b65f", "#5f9247")
    c.poly([(-10, 330), (650, 286), (650, 316), (-10, 374)], "#d9c79d")
    rng = np.random.default_rng(4)
    for x, y in rng.random((150, 2)):
        y = 222 + 146 * y**1.3
        if not 330 - (x * 640) * 0.07 < y + 4 < 372 - x * 50:
            c.line([(x * 660 - 10, y), (x * 660 - 8, y - 5)], "#4f8240", 1.2, 0.6)
    return c


def _shop(wall: str, low: str, stripe: str, wood: tuple[str, str], seed: int) -> Canvas:
    c = Canvas()
    c.fade(-10, -10, 660, 300, wall, low)
    for index in range(12):
        c.rect(-10 + index * 58, -10, 29, 300, stripe, 0, 0.35)
    soft_lights(c, ((110, 26, 34, "#fff1c4"), (320, 16, 40, "#fff1c4"), (530, 26, 34, "#fff1c4")))
    c.shadow([(-10, 274), (650, 274), (650, 290), (-10, 290)], 9, 0.3)
    wooden_top(c, 282, *wood, seed, boards=2)
    c.fade(-10, 342, 660, 40, mix(wood[1], "#1c1008", 0.35), mix(wood[1], "#1c1008", 0.5))
    c.rect(-10, 342, 660, 3, mix(wood[0], "#ffffff", 0.3))
    return c


def _rain(c: Canvas, t_s: float) -> None:
    rain = _RAIN(t_s)
    for x, y, depth in _DROPS[: round(rain * len(_DROPS))]:
        fall = (y + t_s * (1.4 + 0.8 * depth)) % 1
        px, py = (x * (WIDTH + 60) - fall * 40) % (WIDTH + 40) - 10, fall * 400 - 20
        size = 8 + 9 * depth
        c.line([(px, py), (px - size * 0.22, py + size)], "#dfeaf6", 0.9, 0.25 + 0.3 * depth)


def _dusk(t_s: float) -> Light:
    return blend((0.62, 0.62, 0.78), (0.50, 0.53, 0.70), _RAIN(t_s))


def _rooms() -> dict[str, Room]:
    lamps = tuple((glow(x, 150, 120, 190), (0.30, 0.21, 0.06)) for x in (150, 500))
    shop = (glow(WIDTH / 2, 30, 420, HEIGHT * 0.9), (0.10, 0.08, 0.02))
    return {
        "street": Room(_row(night=False)),
        "park": Room(_park()),
        "shelf": Room(_shop("#f0d9c2", "#e3c3a3", "#e9cbb0", ("#c08a54", "#8f5f37"), 21), lights=(shop,)),
        "counter": Room(_shop("#a9cfcf", "#86b5b8", "#98c2c4", ("#d6ab73", "#a97c48"), 23), lights=(shop,)),
        "dusk": Room(_row(night=True), _dusk, lamps, before=_rain),
    }


def _takes() -> tuple[Take, ...]:
    road = 0.9
    street = Stage(0.0, 13.5)
    street.moves("bus", ((0.8, (1.4, 0.66, 0.72)), (4.2, (0.5, 0.66, 0.72)), (9.6, (0.5, 0.66, 0.72)),
                         (12.8, (-0.45, 0.66, 0.72))), road, enters=True, leaves=True)  # fmt: skip
    park = Stage(13.5, 26.5)
    park.moves("dog", ((14.2, (-0.2, 0.66, 0.46)), (17.0, (0.34, 0.66, 0.46)), (26.5, (0.34, 0.66, 0.46))), 0.885,
               enters=True, flip=True)  # fmt: skip
    park.moves("kite", ((18.6, (1.25, 0.5, 0.5)), (22.0, (0.72, 0.38, 0.5)), (26.5, (0.75, 0.32, 0.5))), None,
               enters=True)  # fmt: skip
    shelf = Stage(26.5, 40.0)
    shelf.held_up("teddy bear", 28.0, 33.4, (0.48, 0.47, 0.74), (0.36, 0.55, 0.58), 0.84)
    counter = Stage(40.0, 52.0)
    counter.held_up("rocket", 41.0, 46.0, (0.48, 0.45, 0.68), (0.5, 0.57, 0.54), 0.83)
    home = Stage(52.0, 66.0)
    home.moves("car", ((55.4, (1.4, 0.68, 0.66)), (58.6, (0.52, 0.68, 0.66)), (60.0, (0.46, 0.68, 0.66)),
                       (62.4, (-0.4, 0.68, 0.66))), road, enters=True, leaves=True)  # fmt: skip
    return (
        street.take("street", "street", "a street; a bus comes, waits and leaves", "bright"),
        park.take("park", "grass", "a park; a dog comes, and a kite", "bright"),
        shelf.take("shelf", "shelf", "a toy shop; a teddy bear is held up", "bright"),
        counter.take("counter", "shelf", "another shelf of the shop; a rocket is held up", "bright"),
        home.take("dusk", "street", "the street at dusk in the rain; a car passes", "dark"),
    )


STORY = Story(
    name="street",
    title="A walk to the toy shop",
    description="A bus, a dog, a kite; then a present is chosen, and on the way home it rains.",
    questions=(
        Question("What could I give a child to cuddle?", "semantic", "teddy bear"),
        Question("How much does it cost?", "said", "dollars"),
        Question("When did you hear rain?", "heard", "rain"),
    ),
    seed=1_000_103,
    poster_s=31.0,
    takes=_takes(),
    lines=(
        Line(4.8, "This one goes to the harbor.", "awb"),
        Line(21.0, "I think he wants to play.", "awb"),
        Line(29.6, "That would be nice for my little brother.", "awb"),
        Line(46.9, "It costs twenty dollars.", "awb"),
        Line(63.2, "I am glad to be home.", "awb"),
    ),
    noises=(
        Noise(0.9, 4.2, "engine", "engine", -27, of_world=True),
        Noise(9.6, 12.8, "engine", "engine", -28, of_world=True),
        Noise(16.8, 19.4, "bark", "barking", -24),
        Noise(22.9, 26.2, "birds", "birds singing", -30),
        Noise(35.2, 39.6, "music", "music", -26, of_world=True),
        Noise(49.2, 51.8, "footsteps", "footsteps", -24),
        Noise(53.8, 62.8, "rain", "rain", -28, of_world=True),
    ),
    make_rooms=_rooms,
)
