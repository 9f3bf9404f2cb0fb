from __future__ import annotations

import numpy as np
import pytest

from omnilive_demo.training.world.backdrop import PLACES, paint_backdrop
from omnilive_demo.training.world.camera import Defects, drawn_defects, shake, shoot
from omnilive_demo.training.world.clutter import paint_clutter


@pytest.mark.parametrize("place", PLACES)
def test_a_place_is_painted_and_varies(place: str) -> None:
    first = paint_backdrop(place, 1, 96)
    assert first.shape == (96, 96, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, paint_backdrop(place, 1, 96)), "all follows from the seed"
    means = np.array([paint_backdrop(place, seed, 96).reshape(-1, 3).mean(0) for seed in range(6)])
    assert means.std(0).max() > 4, "no two of a place look alike"


def test_an_unknown_place_is_refused() -> None:
    with pytest.raises(KeyError, match="no place"):
        paint_backdrop("moon", 1, 96)


def test_clutter_varies_and_follows_from_its_generator() -> None:
    rng = np.random.default_rng(0)
    pictures = np.stack([paint_clutter(rng, 96) for _ in range(40)])
    again = np.random.default_rng(0)
    assert all(np.array_equal(picture, paint_clutter(again, 96)) for picture in pictures)
    spreads = pictures.reshape(40, -1).std(1)
    assert (spreads > 8).mean() > 0.8, "something is to be seen in most"
    colourful = (pictures.max(-1).astype(int) - pictures.min(-1)).reshape(40, -1).mean(1)
    assert colourful.min() < 5 < 30 < colourful.max(), "gray pictures and coloured ones"


def ramp() -> np.ndarray:
    return np.repeat(np.repeat(np.arange(0, 256, 8, dtype=np.uint8), 2)[None, :, None], 64, 0).repeat(3, 2)


def test_a_good_camera_changes_nothing_and_each_defect_does_what_it_says() -> None:
    rng = np.random.default_rng(0)
    plain = ramp()
    assert np.abs(shoot(plain, Defects(), rng).astype(int) - plain)[:, :50].max() <= 1
    assert shoot(plain, Defects(light=0.5), rng).mean() < 0.6 * plain.mean()
    warm = shoot(plain, Defects(balance=(1.2, 1.0, 0.8)), rng).reshape(-1, 3).mean(0)
    assert warm[0] > warm[1] > warm[2]
    flat = np.full((64, 64, 3), 128, np.uint8)
    assert shoot(flat, Defects(noise=10), rng).std() == pytest.approx(10, rel=0.1)
    cornered = shoot(flat, Defects(corners=0.5), rng)
    assert cornered[0, 0, 0] < 0.6 * cornered[32, 32, 0]
    edge = np.zeros((64, 64, 3), np.uint8)
    edge[:, 32:] = 200
    for defects in (Defects(blur_px=2), Defects(streak_px=4)):
        assert (np.diff(shoot(edge, defects, rng)[32, :, 0].astype(int)) > 10).sum() >= 3, defects
    upright = shoot(edge, Defects(streak_px=4, streak_deg=90), rng)[32, :, 0]
    assert (np.diff(upright.astype(int)) > 10).sum() == 1, "a streak along the edge leaves it sharp"
    assert not np.array_equal(shoot(edge, Defects(jpeg=20), rng), edge)


def test_random_cameras_are_the_same_for_the_same_generator_and_mostly_usable() -> None:
    drawn = [drawn_defects(np.random.default_rng(seed)) for seed in range(200)]
    assert drawn[5] == drawn_defects(np.random.default_rng(5))
    assert 0.05 < np.mean([defects.blur_px > 0.5 for defects in drawn]) < 0.5
    assert all(0.4 < defects.light < 1.6 for defects in drawn)


def test_a_hand_held_camera_sways_slowly_within_its_reach() -> None:
    path = np.array([shake(4, t, 0.02) for t in np.arange(0, 20, 0.1)])
    assert np.abs(path).max() <= 0.02 + 1e-9
    assert 0.001 < np.abs(np.diff(path, axis=0)).max() < 0.015
    assert np.abs(path).max() > 0.008
