from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from omnilive_demo.training.world.painter import is_held, motion, paint, position
from omnilive_demo.training.world.staging import Actor, Setting, Waypoint
from omnilive_demo.training.world.things import Thing, by_name

STILL = Setting("wall", 3, shake=0.0, aspect=1.0, noise=0.0)


class Blocks:
    """Draws every thing as a full square, wide things twice as wide as high; hands green."""

    def sprite(self, what: Thing | str) -> Image.Image:
        if isinstance(what, str):
            return Image.new("RGBA", (80, 80), (20, 200, 40, 255))
        wide = what.name == "bus"
        return Image.new("RGBA", (120, 60) if wide else (100, 100), (200, 30, 30, 255))


@pytest.fixture
def sprites() -> Blocks:
    return Blocks()


def stays(name: str, x: float, y: float, size: float, **how: object) -> Actor:
    return Actor(by_name()[name], (Waypoint(0, x, y, size), Waypoint(10, x, y, size)), **how)  # type: ignore[arg-type]


def test_a_thing_is_where_it_was_put(sprites: Blocks) -> None:
    picture = paint(STILL, (stays("mug", 0.5, 0.25, 0.25),), 1.0, sprites)
    (seen,) = picture.sightings
    assert seen.thing.name == "mug"
    assert seen.box == pytest.approx((0.375, 0.125, 0.625, 0.375), abs=0.02)
    assert (seen.colour, seen.motion, seen.held, seen.place) == ("red", "still", False, "middle")
    assert seen.visible > 0.95
    assert picture.image.shape == (192, 192, 3)
    assert picture.image.dtype == np.uint8
    owned = np.argwhere(picture.owners == 1)
    assert owned.min(0) == pytest.approx((6, 18), abs=1)
    assert owned.max(0) == pytest.approx((17, 29), abs=1)
    inside = picture.image[40:56, 88:104].reshape(-1, 3).mean(0)
    assert inside[0] > 2 * inside[1], "the pixels show the red thing"


def test_the_longer_side_is_the_size_and_the_picture_is_squashed(sprites: Blocks) -> None:
    wide = Setting("wall", 3, shake=0.0, aspect=16 / 9, noise=0.0)
    (seen,) = paint(wide, (stays("bus", 0.5, 0.5, 0.64),), 0.0, sprites).sightings
    left, top, right, bottom = seen.box
    assert right - left == pytest.approx(0.64 * 9 / 16, abs=0.02)
    assert bottom - top == pytest.approx(0.32, abs=0.02)


def test_what_stands_in_front_covers_and_what_is_outside_is_not_seen(sprites: Blocks) -> None:
    behind = stays("mug", 0.5, 0.5, 0.4, depth=0.0)
    front = stays("book", 0.6, 0.5, 0.4, depth=1.0)
    picture = paint(STILL, (front, behind), 0.0, sprites)
    assert [seen.thing.name for seen in picture.sightings] == ["book", "mug"], "in the order of the actors"
    book, mug = picture.sightings
    assert book.visible > 0.95
    assert mug.visible == pytest.approx(0.25, abs=0.04)
    assert picture.owners[24, 30] == 1
    assert picture.owners[24, 15] == 2
    half_out = paint(STILL, (stays("mug", 0.0, 0.5, 0.4),), 0.0, sprites).sightings[0]
    assert half_out.visible == pytest.approx(0.5, abs=0.04)
    hidden = stays("mug", 0.5, 0.5, 0.2, depth=-1.0)
    assert [seen.thing.name for seen in paint(STILL, (hidden, front), 0.0, sprites).sightings] == ["book"]


def test_a_dyed_thing_has_its_dye_and_a_held_one_a_hand(sprites: Blocks) -> None:
    actor = stays("mug", 0.5, 0.5, 0.5, colour="blue", held=((2.0, 4.0),), hand="🫴")
    before, during = (paint(STILL, (actor,), t, sprites) for t in (1.0, 3.0))
    assert before.sightings[0].colour == "blue"
    assert (before.sightings[0].held, during.sightings[0].held) == (False, True)
    assert during.sightings[0].visible < before.sightings[0].visible, "the hand covers some of it"
    green = (during.image[..., 1] > 120) & (during.image[..., 0] < 90)
    assert green.sum() > 500


@pytest.mark.parametrize(
    ("start", "end", "word"),
    [
        ((0.5, 0.5, 0.3), (0.5, 0.5, 0.3), "still"),
        ((0.2, 0.5, 0.3), (0.8, 0.5, 0.3), "right"),
        ((0.8, 0.5, 0.3), (0.2, 0.6, 0.3), "left"),
        ((0.5, 0.2, 0.3), (0.5, 0.8, 0.3), "down"),
        ((0.5, 0.8, 0.3), (0.5, 0.2, 0.3), "up"),
        ((0.5, 0.5, 0.2), (0.55, 0.5, 0.8), "closer"),
        ((0.5, 0.5, 0.8), (0.5, 0.5, 0.2), "away"),
    ],
)
def test_motion(start: tuple[float, float, float], end: tuple[float, float, float], word: str) -> None:
    actor = Actor(by_name()["mug"], (Waypoint(0, *start), Waypoint(4, *end)))
    assert motion(actor, 2.0) == word
    assert motion(actor, 0.0) == word, "at the begin it looks ahead"
    assert motion(actor, 4.0) == word


def test_before_and_after_its_path_it_is_not_there(sprites: Blocks) -> None:
    actor = Actor(by_name()["mug"], (Waypoint(2, 0.2, 0.5, 0.3), Waypoint(4, 0.6, 0.5, 0.5)))
    assert position(actor, 1.9) is None
    assert position(actor, 4.1) is None
    middle = position(actor, 3.0)
    assert middle is not None
    assert (middle.x, middle.size) == pytest.approx((0.4, 0.4))
    assert paint(STILL, (actor,), 1.0, sprites).sightings == ()
    assert not paint(STILL, (actor,), 1.0, sprites).owners.any()
    assert not is_held(actor, 3.0)


def test_a_moment_is_painted_the_same_each_time_and_a_shaken_camera_moves(sprites: Blocks) -> None:
    setting = Setting("table", 11, shake=0.03, noise=0.3)
    actors = (stays("mug", 0.5, 0.5, 0.3),)
    first, again, later = (paint(setting, actors, t, sprites) for t in (1.0, 1.0, 2.0))
    assert np.array_equal(first.image, again.image)
    assert first.sightings == again.sightings
    assert first.sightings[0].box != later.sightings[0].box


def test_larger_pictures_show_the_same(sprites: Blocks) -> None:
    small, large = (paint(STILL, (stays("mug", 0.3, 0.6, 0.3),), 0.0, sprites, size) for size in (192, 384))
    assert large.image.shape == (384, 384, 3)
    assert large.sightings[0].box == pytest.approx(small.sightings[0].box, abs=0.02)
    assert (large.owners != small.owners).mean() < 0.02
