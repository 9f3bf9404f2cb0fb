"""Pictures of unknown things, which no training shows: to find out whether something is named that is not there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.training.world.snapshots import snapshot
from omnilive_demo.training.world.sprites import NotoSprites, SpriteSource
from omnilive_demo.training.world.things import Thing, strangers_of, things_of
from omnilive_demo.training.world.truth import Picture

SEED = 900_002  # of the pictures to calibrate with
EACH = 8  # pictures of each thing


def with_stranger(rng: np.random.Generator, sprites: SpriteSource, stranger: Thing) -> Picture:
    """One picture, 192 pixels a side, with this one thing in it. Raises what `sprites` raises."""
    return snapshot(rng, sprites, (stranger,), things_of("rehearsed"), kind="single")


def calibration_pictures(each: int = EACH) -> NDArray[np.uint8]:
    """Pictures `[n, 192, 192, 3]` of the strangers to calibrate with, so many of each; the same ones at every call.

    Raises:
        FileNotFoundError: the emoji font is not installed.
    """
    sprites = NotoSprites()
    strangers = strangers_of("calibration") * each
    return np.stack(
        [
            with_stranger(np.random.default_rng([SEED, number]), sprites, stranger).image
            for number, stranger in enumerate(strangers)
        ]
    )
