"""Whether the microphone hears us, or somebody else."""

from __future__ import annotations

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from omnilive_demo.perception.own_voice import SETTLING_S, OwnVoice
from omnilive_demo.perception.voice_activity import WINDOW_SAMPLES

RATE_HZ = 24_000
Sound = NDArray[np.float32]


def babble(seed: int, seconds: float, rate_hz: int = RATE_HZ) -> Sound:
    """Something like speech: syllables of changing pitch and colour."""
    rng = np.random.default_rng(seed)
    t_s = np.arange(round(seconds * rate_hz)) / rate_hz
    pitch = 110 + 60 * np.interp(t_s, np.arange(0, seconds + 0.2, 0.17), rng.random(int((seconds + 0.2) / 0.17) + 1))
    phase = 2 * np.pi * np.cumsum(pitch) / rate_hz
    sound = np.zeros_like(t_s)
    for partial in range(1, 22):
        colour = np.interp(t_s, np.arange(0, seconds + 0.2, 0.11), rng.random(int((seconds + 0.2) / 0.11) + 1)) ** 2
        sound += colour * np.sin(partial * phase + rng.random() * 6) / partial**0.5
    beat = np.interp(t_s, np.arange(0, seconds + 0.2, 0.09), rng.random(int((seconds + 0.2) / 0.09) + 1))
    return (0.1 * sound * beat).astype(np.float32)


def share_of_echoes(played: Sound, heard: Sound, delay_s: float) -> float:
    """How much of what is heard from `delay_s` on is taken for our own voice, once the canceller has settled."""
    own, found = OwnVoice(), []
    before_s = SETTLING_S + 2.0
    own.play(np.zeros(round(before_s * RATE_HZ), np.int16), RATE_HZ, 10.0 - before_s)
    heard = np.concatenate([np.zeros(round(delay_s * 16_000), np.float32), heard])
    frames = (np.clip(played, -1, 1) * 32767).astype(np.int16).reshape(-1, 480)
    given = 0
    for end in range(8 * WINDOW_SAMPLES, len(heard), WINDOW_SAMPLES):
        while given < len(frames) and given * 0.02 < end / 16_000 + 0.06:
            own.play(frames[given], RATE_HZ, 10.0 + given * 0.02)
            given += 1
        if end > (delay_s + 0.4) * 16_000:
            found.append(own.is_echo(heard[:end], 10.0 + end / 16_000))
    return float(np.mean(found))


@pytest.mark.parametrize("delay_s", [0.15, 0.45, 0.75])
@pytest.mark.parametrize("gain_db", [-10, -25])
def test_a_delayed_and_softer_copy_is_our_own_voice(delay_s: float, gain_db: float) -> None:
    played = babble(1, 2.4)
    heard = soxr.resample(played, RATE_HZ, 16_000) * 10 ** (gain_db / 20)
    noise = np.random.default_rng(2).normal(0, 0.0005, len(heard))
    assert share_of_echoes(played, (heard + noise).astype(np.float32), delay_s) > 0.9


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_another_voice_is_not(seed: int) -> None:
    assert share_of_echoes(babble(1, 2.4), babble(seed, 2.4, 16_000), 0.1) < 0.1


def test_a_voice_that_is_louder_than_the_echo_is_not() -> None:
    played = babble(1, 2.4)
    echo = soxr.resample(played, RATE_HZ, 16_000) * 10 ** (-25 / 20)
    assert share_of_echoes(played, (babble(6, 2.4, 16_000) + echo).astype(np.float32), 0.1) < 0.1


def test_nothing_is_an_echo_while_nothing_is_played() -> None:
    own = OwnVoice()
    assert not own.is_playing(5.0)
    assert not own.is_echo(babble(1, 1.0, 16_000), 5.0)
    own.play(np.full(480, 1000, np.int16), RATE_HZ, 5.0)
    assert own.is_playing(5.1)
    assert not own.is_playing(8.0)
