from __future__ import annotations

import numpy as np
import pytest

from omnilive_demo.models.sound_words import CLASSES
from omnilive_demo.training.world.sounds import plain, synthesise, take, windows
from omnilive_demo.training.world.sounds_parts import Dice


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("label", CLASSES)
@pytest.mark.parametrize("beyond", [False, True])
def test_every_class_is_a_clean_sound_of_the_asked_length(label: str, beyond: bool) -> None:
    sound = synthesise(label, rng(), 1.5, beyond=beyond)
    assert sound.dtype == np.float32
    assert sound.shape == (24_000,)
    assert np.isfinite(sound).all()
    assert 1e-5 < np.abs(sound).max() <= 1.0
    np.testing.assert_array_equal(sound, synthesise(label, rng(), 1.5, beyond=beyond))
    assert not np.array_equal(sound, synthesise(label, rng(1), 1.5, beyond=beyond))


def test_other_rates_have_as_many_seconds() -> None:
    assert synthesise("bell", rng(), 1.25, rate=48_000).shape == (60_000,)
    assert plain("rain", rng(), 2.0).shape == (32_000,)


def test_silence_is_quieter_than_any_sound() -> None:
    def level(label: str, seed: int) -> float:
        return float(np.sqrt(np.square(take(label, rng(seed), 1.0).sound).mean()))

    silent = max(level("silence", seed) for seed in range(20))
    assert silent < 10 ** (-45 / 20)
    assert silent < 4 * min(level("rain", seed) for seed in range(20))


def test_windows_hold_the_sound_and_not_the_quiet_around_it() -> None:
    for seed in range(10):
        one = take("knocking", rng(seed), 3.0)
        energy = np.square(one.clean)
        for window in windows(one, rng(seed), 3):
            places = [
                i for i in range(0, one.sound.size - 15_999, 160) if np.array_equal(one.sound[i : i + 16_000], window)
            ]
            assert energy[places[0] : places[0] + 16_000].sum() > 0.05 * energy.sum()


def test_dice_leave_the_range_of_training_only_when_told_to() -> None:
    inside, outside = Dice(rng()), Dice(rng(), beyond=True)
    assert all(100 <= inside.ratio(100, 400) <= 400 for _ in range(200))
    far = [value for value in (outside.ratio(100, 400) for _ in range(200)) if not 100 <= value <= 400]
    assert 60 < len(far) < 140
    assert all(70 < value < 570 for value in far)
    assert {inside.pick("abcd", 2) for _ in range(100)} == {"a", "b"}
    assert {outside.pick("abcd", 2) for _ in range(100)} == {"a", "b", "c", "d"}
    assert all(outside.even(0.0, 1.0) >= 0 for _ in range(200))
