"""What stands along the street of the "street" stream. `way` is how far the walker has come, in pixels."""

from __future__ import annotations

import math

from omnilive_demo.training.samples_art import MARGIN, WIDTH, Canvas, curve, keys, mix

KERB = 286
WAY = 2150.0
_STATION = WAY + 330
_TRAIN = keys((58.6, -1.0), (64.6, 0.0))
_SHOP_X, _GARDEN_X = 240, 843

_HOUSES = (  # x, width, height, wall, roof
    (-40, 150, 150, "#c98b6b", "#7a4a3e"), (115, 120, 182, "#d9b98a", "#6b5148"), (420, 140, 160, "#8fa3a0", "#51565c"),
    (565, 118, 190, "#c77f78", "#6d3f40"), (688, 150, 146, "#dcc79c", "#7d5a44"),
    (1000, 126, 176, "#9aa7bd", "#4d5264"),
    (1130, 150, 152, "#cf9a6c", "#71483a"), (1285, 118, 194, "#b9b48f", "#5b5648"),
    (1560, 150, 160, "#c58a86", "#68424a"),
    (1715, 126, 184, "#d4bd92", "#75583f"), (1845, 150, 150, "#92a7a0", "#4c5a58"),
)  # fmt: skip


def draw_hills(c: Canvas, dusk: float, way: float) -> None:
    """Two rows of hills, which move more slowly than the street."""
    for share, base, reach, tone in ((0.05, 190, 46, "#8ea0a8"), (0.1, 212, 34, "#6d8580")):
        points = [(-MARGIN, 300.0)]
        for step in range(24):
            x = step * 30 - MARGIN
            far = (x + way * share) / 90
            points.append((x, base - reach * (0.5 + 0.3 * math.sin(far) + 0.2 * math.sin(2.3 * far + 1))))
        c.poly([*points, (WIDTH + 60, 300)], mix(tone, "#2c3150", dusk * 0.6))


def draw_houses(c: Canvas, t_s: float, way: float) -> None:
    """Houses, the bakery and two gardens; more and more windows are lit."""
    for index in range(30):  # trees between and behind
        x = index * 96 - way * 0.8 - 40
        if -60 < x < WIDTH + 60 and x + way < _STATION - 160:
            c.rect(x - 3, 210, 6, 60, "#5a4230")
            c.oval(x, 200, 27, 34, "#4c7350")
            c.oval(x - 8, 192, 15, 19, "#5f8a5c")
    for index, (x, width, height, wall, roof) in enumerate(_HOUSES):
        if -200 < x - way < WIDTH + 40:
            _house(c, x - way, width, height, wall, roof, index, t_s)
    if -220 < _SHOP_X - way < WIDTH + 40:
        _bakery(c, _SHOP_X - way, t_s)
    for x in (_GARDEN_X, _GARDEN_X + 560):
        if -220 < x - way < WIDTH + 40:
            _garden(c, x - way, t_s, dog=x == _GARDEN_X)


def _house(c: Canvas, x: float, w: float, h: float, wall: str, roof: str, index: int, t_s: float) -> None:
    top = KERB - h
    c.rect(x, top, w, h, wall)
    c.rect(x + w - 10, top, 10, h, mix(wall, "#000000", 0.12))
    c.rect(x, KERB - 14, w, 14, mix(wall, "#000000", 0.25))
    if index % 3 == 1:
        c.poly([(x - 7, top + 2), (x + w / 2, top - 42), (x + w + 7, top + 2)], roof)
    else:
        c.poly([(x - 7, top + 2), (x + 12, top - 26), (x + w - 12, top - 26), (x + w + 7, top + 2)], roof)
    c.rect(x + w * 0.7, top - 40, 14, 26, mix(roof, "#000000", 0.2))
    columns, rows = (3, 3) if h > 170 else (3, 2)
    for row in range(rows):
        for column in range(columns):
            wx, wy = x + w * (0.13 + 0.28 * column), top + 20 + row * 48
            door = row == rows - 1 and column == index % 3
            if door:
                tone = ("#7a3b2e", "#2f5d62", "#5b6b3a", "#35507a")[index % 4]
                c.rect(wx - 2, KERB - 58, 30, 58, "#f0e8d8", 2)
                c.rect(wx + 1, KERB - 55, 24, 55, tone, 2)
                c.oval(wx + 21, KERB - 26, 2, 2, "#e0c070")
                continue
            on = t_s > 15 + (index * 7 + row * 5 + column * 11) % 17 and (index + row * 2 + column) % 3 != 0
            c.rect(wx - 2.5, wy - 2.5, 29, 35, "#f0e8d8", 2)
            c.fade(wx, wy, 24, 30, "#ffe7a0" if on else "#7d93a8", "#ffc65c" if on else "#5c7286")
            c.rect(wx + 11, wy, 2, 30, "#f0e8d8")
            c.rect(wx, wy + 13, 24, 2, "#f0e8d8")
            if (index + column) % 2:
                c.rect(wx - 3, wy + 30, 30, 6, "#8a5a3c", 1)
                for leaf in range(4):
                    c.oval(wx + 2 + leaf * 7, wy + 29, 4, 3.5, "#5f8f55" if leaf % 2 else "#d0574f")


def _bakery(c: Canvas, x: float, t_s: float) -> None:
    c.rect(x, 108, 172, KERB - 108, "#e6d3b0")
    c.poly([(x - 6, 110), (x + 10, 84), (x + 162, 84), (x + 178, 110)], "#6b4437")
    for at in (22, 72, 122):
        c.rect(x + at - 2, 122, 32, 36, "#f7f0e0", 2)
        c.fade(
            x + at,
            124,
            28,
            32,
            "#ffe7a0" if t_s > 16 + at / 20 else "#7d93a8",
            "#ffc65c" if t_s > 16 + at / 20 else "#5c7286",
        )
        c.rect(x + at + 13, 124, 2, 32, "#f7f0e0")
    c.rect(x + 8, 168, 156, 22, "#5d3a2d", 3)
    c.words(x + 86, 178.5, "BAKERY", "#ffe2a6", 15)
    c.rect(x + 12, 200, 100, 66, "#4d342a", 2)
    c.fade(x + 16, 204, 92, 58, "#fff0bf", "#ffcf7a")
    for shelf in (232, 258):
        c.rect(x + 16, shelf, 92, 3, "#8a5a3c")
        for loaf in range(5):
            c.oval(x + 27 + loaf * 18, shelf - 5, 8, 6, ("#b8743a", "#d08f4e", "#a8642f")[(loaf + shelf) % 3])
    c.rect(x + 120, 200, 40, KERB - 200, "#4d342a", 2)
    c.rect(x + 124, 204, 32, KERB - 206, "#2f6d62", 2)
    c.fade(x + 129, 210, 22, 34, "#fff0bf", "#ffd27e")
    for stripe in range(13):
        tone = "#c8493a" if stripe % 2 == 0 else "#f6ecd8"
        left = x + 4 + stripe * 12.6
        c.poly([(left, 190), (left + 12.6, 190), (left + 13.4, 208), (left - 0.8, 208)], tone)
        c.pie(left + 6.3, 208, 7, 6, 0, 180, tone)


def _garden(c: Canvas, x: float, t_s: float, dog: bool) -> None:
    c.rect(x + 20, 170, 12, 116, "#5f4632")
    c.oval(x + 26, 158, 50, 52, "#4a7049")
    c.oval(x + 8, 142, 28, 30, "#5c8858")
    c.oval(x + 48, 150, 26, 28, "#53804f")
    for index in range(6):
        c.oval(x - 4 + index * 28, 268, 22, 20, ("#4f7a4c", "#5b8a55")[index % 2])
    if dog:
        _dog(c, x + 104, 252, t_s)
    for index in range(12):
        c.poly(
            [
                (x - 4 + index * 13.5, 286),
                (x - 4 + index * 13.5, 254),
                (x + 0.5 + index * 13.5, 248),
                (x + 5 + index * 13.5, 254),
                (x + 5 + index * 13.5, 286),
            ],
            "#efe6d2",
        )
    for y in (260, 276):
        c.rect(x - 4, y, 158, 4, "#d9cdb2")


def _dog(c: Canvas, x: float, y: float, t_s: float) -> None:
    bark = max(0.0, math.sin((t_s - 18.0) * 2 * math.pi * 1.7)) if 18.0 < t_s < 20.6 else 0.0
    y -= 5 * bark
    c.oval(x, y + 22, 20, 26, "#a8703f")
    c.oval(x - 3, y + 24, 9, 18, "#f0dfc2")
    c.oval(x - 4, y - 8, 17, 15, "#b57c48")
    c.poly([(x - 18, y - 16), (x - 27, y + 2), (x - 17, y + 4), (x - 10, y - 18)], "#6f4526")
    c.poly([(x + 8, y - 18), (x + 18, y - 2), (x + 10, y + 4), (x + 2, y - 14)], "#6f4526")
    c.oval(x - 12, y - 2 + bark, 11, 8 + 2 * bark, "#f0dfc2")
    c.oval(x - 19, y - 4 - bark, 4, 3, "#221a14")
    c.oval(x - 8, y - 12, 2.2, 2.4, "#221a14")
    if bark > 0.2:
        c.oval(x - 14, y + 3, 5, 4 * bark, "#7a2f2a")


def draw_station(c: Canvas, t_s: float, way: float) -> None:
    """The clock tower and the platform, where a train comes in."""
    x = _STATION - way
    if x > WIDTH + 420:
        return
    left = x - 290
    _train(c, t_s, left + 70)
    c.rect(left + 66, 128, 620, 8, "#4c3a34")  # the platform roof
    c.poly([(left + 56, 130), (left + 76, 106), (left + 700, 106), (left + 700, 130)], "#7c4438")
    for at in (110, 270, 430, 590):
        c.rect(left + at, 134, 6, 152, "#3d4a50")
        c.line(curve((left + at + 3, 160), (left + at + 8, 142), (left + at + 30, 136)), "#3d4a50", 3)
    c.rect(left - 30, 70, 110, 216, "#b5664e")  # the clock tower
    for row in range(15):
        for column in range(4):
            c.rect(left - 28 + column * 28 + row % 2 * 12, 76 + row * 14, 22, 1.2, "#9a5240", 0, 0.7)
    c.rect(left + 68, 70, 12, 216, "#934f3d")
    c.poly([(left - 40, 72), (left + 25, 18), (left + 90, 72)], "#5a3a38")
    c.oval(left + 25, 104, 26, 26, "#3d2b28")
    c.oval(left + 25, 104, 22, 22, "#fff6dc")
    for hour in range(12):
        a = hour * math.pi / 6
        c.line(
            [
                (left + 25 + 17 * math.sin(a), 104 - 17 * math.cos(a)),
                (left + 25 + 20 * math.sin(a), 104 - 20 * math.cos(a)),
            ],
            "#3d2b28",
            1.6,
        )
    for reach, turn, width in ((11, 9.25 / 12, 2.6), (16, 15 / 60, 1.8)):  # a quarter past nine
        a = 2 * math.pi * turn
        c.line([(left + 25, 104), (left + 25 + reach * math.sin(a), 104 - reach * math.cos(a))], "#3d2b28", width)
    c.rect(left - 24, 146, 98, 22, "#35507a", 3)
    c.words(left + 25, 156.5, "STATION", "#f7efd8", 14)
    c.rect(left + 4, 190, 42, 96, "#f0e0c0", 2)
    c.fade(left + 8, 194, 34, 92, "#fff0bf", "#ffc968")
    c.rect(left + 24, 194, 2, 92, "#8a5a3c")
    c.oval(left + 104, 150, 8, 9, "#d8a93c")  # the bell
    c.line([(left + 104, 136), (left + 104, 144)], "#3d4a50", 2.5)


def _train(c: Canvas, t_s: float, left: float) -> None:
    at = _TRAIN(t_s)
    if at <= -1:
        return
    nose = left + 14 + 640 * (-at)
    c.rect(nose, 150, 800, 112, "#2d6a5f", 14)
    c.rect(nose, 206, 800, 56, "#24564d", 8)
    c.rect(nose, 210, 800, 5, "#f0d79a")
    c.rect(nose + 8, 160, 38, 40, "#fff0bf", 8)
    c.oval(nose + 10, 236, 7, 7, "#fff6d8")
    for index in range(9):
        x = nose + 62 + index * 58
        c.fade(x, 164, 44, 36, "#fff0bf", "#ffd27e")
        if index % 3 == 1:
            c.oval(x + 22, 184, 7, 8, "#5a4a48")
            c.rect(x + 12, 190, 20, 10, "#5a4a48", 5)
    for index in range(14):
        c.oval(nose + 40 + index * 50, 266, 10, 10, "#23282c")
