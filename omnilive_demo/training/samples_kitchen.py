"""Sample stream "kitchen": somebody cooks, takes a pill, and has a visitor with a cake."""

from __future__ import annotations

import math

from omnilive_demo.training.samples_art import WIDTH, Canvas, Light, beam, glow
from omnilive_demo.training.samples_room import Room
from omnilive_demo.training.samples_stage import Stage
from omnilive_demo.training.samples_story import Line, Noise, Question, Story, Take
from omnilive_demo.training.samples_surfaces import soft_lights, tiled_wall, wooden_top


def _worktop() -> Canvas:
    c = Canvas()
    c.fade(-10, -10, 660, 100, "#e9e3d4", "#dcd4c0")
    c.shadow([(-10, 60), (650, 60), (650, 72), (-10, 72)], 6, 0.22)
    c.rect(-10, 50, 660, 14, "#8d6844")
    c.rect(-10, 50, 660, 4, "#a9825a")
    tiled_wall(c, 84, 250, "#c9d2c6", ("#e7efe6", "#dfe9df", "#d8e5da", "#eaf1ea", "#d3e0d5"))
    c.shadow([(-10, 238), (650, 238), (650, 254), (-10, 254)], 8, 0.28)
    wooden_top(c, 246, "#c9955c", "#9c6b3c", 9, boards=3)
    return c


def _stove() -> Canvas:
    c = Canvas()
    tiled_wall(c, -10, 240, "#8fa7ad", ("#b9d0d4", "#aec8cd", "#c3d8db", "#a6c2c8"), high=34)
    c.shadow([(-10, 226), (650, 226), (650, 246), (-10, 246)], 10, 0.35)
    c.fade(-10, 238, 660, 134, "#5b646b", "#3c4349")
    c.rect(-10, 238, 660, 4, "#8b969d")
    for x in (170, 470):
        c.oval(x, 304, 118, 25, "#2b3035")
        c.oval(x, 303, 110, 22, "#343a40")
        c.arc(x, 303, 84, 16, 0, 360, "#525b62", 2)
        c.arc(x, 303, 50, 9, 0, 360, "#525b62", 2)
    return c


def _cloth() -> Canvas:
    c = Canvas()
    c.fade(-10, -10, 660, 150, "#d9c3a4", "#c3a985")
    soft_lights(c, ((120, 50, 50, "#f3e3bf"), (330, 30, 40, "#e9d3a8"), (520, 64, 56, "#f0deb8")))
    c.fade(-10, 124, 660, 250, "#eef2f3", "#d7dfe3")
    for index in range(9):  # stripes of a cloth that run away from the camera
        x = index - 4.0
        c.poly(
            [(320 + x * 78 - 13, 124), (320 + x * 78 + 13, 124), (320 + x * 134 + 22, 372), (320 + x * 134 - 22, 372)],
            "#7fa3bd", 0.22,
        )  # fmt: skip
    for y, high in ((146, 9), (190, 13), (250, 18), (326, 24)):
        c.rect(-10, y, 660, high, "#7fa3bd", 0, 0.14)
    c.shadow([(-10, 118), (650, 118), (650, 128), (-10, 128)], 7, 0.25)
    return c


def _steam(canvas: Canvas, t_s: float) -> None:
    """From the spout of the teapot, while it whistles."""
    strength = max(0.0, min(1.0, (t_s - 21.6) / 1.0, (26.0 - t_s) / 0.8))
    if strength <= 0:
        return
    for index in range(14):
        age = (t_s * 0.5 + index / 14) % 1
        x = 538 + 22 * age + 8 * math.sin(index * 2.3 + t_s * 1.3) * age
        canvas.oval(x, 190 - 110 * age, 4 + 17 * age, 4 + 14 * age, "#fbfaf6", strength * 0.5 * (1 - age) ** 1.3)


def _day(t_s: float) -> Light:
    return (0.95, 0.94, 0.92)


def _rooms() -> dict[str, Room]:
    sun = (beam([(60, 0), (240, 0), (470, 360), (240, 360)], 16), (0.11, 0.09, 0.03))
    lamp = (glow(WIDTH / 2, 60, 360, 280), (0.10, 0.08, 0.03))
    return {
        "worktop": Room(_worktop(), _day, (sun,)),
        "stove": Room(_stove(), _day, (lamp,), before=_steam),
        "cloth": Room(_cloth(), _day, (sun, lamp)),
    }


def _takes() -> tuple[Take, ...]:
    making = Stage(0.0, 13.0)
    making.put_down("bread", 1.2, (0.27, 0.6, 0.54), 0.865)
    making.put_down("watermelon", 6.4, (0.71, 0.61, 0.54), 0.84)
    stove = Stage(13.0, 26.0)
    stove.held_up("pan", 14.0, 19.0, (0.44, 0.45, 0.74), grip=(0.42, 0.44))
    stove.put_down("teapot", 19.8, (0.7, 0.63, 0.54), 0.84, grip=(0.3, 0.2))
    medicine = Stage(26.0, 38.0)
    medicine.held_up("pill", 27.0, 32.4, (0.46, 0.46, 0.6), (0.28, 0.66, 0.44), 0.86)
    medicine.put_down("honey", 34.0, (0.72, 0.6, 0.54), 0.86)
    party = Stage(38.0, 50.0)
    party.held_up("cake", 42.0, 46.6, (0.48, 0.46, 0.62), (0.5, 0.6, 0.54), 0.85)
    sweets = Stage(50.0, 63.0)
    for x, y, size in ((0.5, 0.45, 0.38), (0.33, 0.7, 0.41), (0.67, 0.7, 0.41)):
        sweets.stands("doughnut", (x, y, size), y + 0.44 * size)
    return (
        making.take("worktop", "kitchen", "a worktop; bread and a watermelon are put down", "bright"),
        stove.take("stove", "kitchen", "a stove; a pan is held up, a teapot whistles", "bright"),
        medicine.take("cloth", "table", "a table; a pill is held up, honey is put down", "bright"),
        party.take("worktop", "kitchen", "the worktop; a cake is held up and put down", "bright"),
        sweets.take("cloth", "table", "the table with three doughnuts", "bright"),
    )


STORY = Story(
    name="kitchen",
    title="A day in the kitchen",
    description="Bread, a pan and a whistling teapot; a pill is taken, and a visitor brings a cake.",
    questions=(
        Question("I want to fry an egg, what can I use?", "semantic", "pan"),
        Question("When must I take my medicine?", "said", "medicine"),
        Question("How many doughnuts did you see?", "explicit", "doughnut"),
    ),
    seed=1_000_102,
    poster_s=17.0,
    takes=_takes(),
    lines=(
        Line(2.6, "Let us make something to eat.", "slt"),
        Line(10.2, "That will be enough.", "slt"),
        Line(15.4, "This one is still hot.", "slt"),
        Line(28.4, "I must take my medicine at eight in the evening.", "slt"),
        Line(41.0, "The door is open. Come in.", "slt"),
        Line(43.8, "Happy birthday. I made this for you.", "rms"),
        Line(52.0, "The party begins at six.", "slt"),
    ),
    noises=(
        Noise(7.6, 7.9, "thud", "something put down", -26),
        Noise(21.6, 25.8, "kettle", "whistling", -27),
        Noise(35.2, 35.5, "cup", "jar put down", -24),
        Noise(38.6, 40.2, "knock", "knocking", -20),
        Noise(47.2, 49.9, "clapping", "clapping", -29, of_world=True),
        Noise(55.0, 60.8, "music", "music", -26, of_world=True),
    ),
    make_rooms=_rooms,
)
