"""Unknown things: which are for choosing a threshold and which for measuring, and their pictures."""

from __future__ import annotations

import numpy as np
import pytest

from omnilive_demo.training.world import strangers
from omnilive_demo.training.world.sprites import SpriteSource
from omnilive_demo.training.world.strangers import calibration_pictures
from omnilive_demo.training.world.things import Thing, strangers_of, things_of
from omnilive_demo.training.world.truth import Picture


def test_every_unknown_thing_is_in_one_part_by_its_name() -> None:
    chosen, measured = strangers_of("calibration"), strangers_of("test")
    assert not set(chosen) & set(measured)
    assert {*chosen, *measured} == set(things_of("unknown"))
    assert (len(chosen), len(measured)) == (68, 156)
    assert {"abacus", "koala"} <= {thing.name for thing in measured}  # a moved part would make old figures untrue


def test_pictures_to_calibrate_with_show_the_strangers_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Thing] = []
    drawn = strangers.with_stranger

    def watched(rng: np.random.Generator, sprites: SpriteSource, stranger: Thing) -> Picture:
        shown.append(stranger)
        return drawn(rng, sprites, stranger)

    few = strangers_of("calibration")[:3]
    monkeypatch.setattr(strangers, "strangers_of", lambda part: few if part == "calibration" else ())
    monkeypatch.setattr(strangers, "with_stranger", watched)
    images = calibration_pictures(2)
    assert shown == [*few, *few]
    assert images.shape == (6, 192, 192, 3)
    assert not np.array_equal(images[0], images[3])
    assert np.array_equal(images, calibration_pictures(2))
