"""Whether the microphone hears us, or somebody else."""

from __future__ import annotations

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from omnilive_demo.perception.own_voice import OwnVoice
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


def echoes(played: Sound, heard: Sound, delay_s: float = 0.0) -> list[bool]:
    """For each window of 32 ms of what is heard: whether it is taken for our own voice. Played from 10 s on."""
    own, found, given = OwnVoice(), [], 0
    heard = np.concatenate([np.zeros(round(delay_s * 16_000), np.float32), heard])
    heard = heard + np.random.default_rng(2).normal(0, 0.0005, len(heard)).astype(np.float32)
    frames = (np.clip(played, -1, 1) * 32767).astype(np.int16).reshape(-1, 480)
    for end in range(WINDOW_SAMPLES, len(heard), WINDOW_SAMPLES):
        while given < len(frames) and given * 0.02 < end / 16_000 + 0.06:
            own.play(frames[given], RATE_HZ, 10.0 + given * 0.02)
            given += 1
        found.append(own.is_echo(heard[:end], 10.0 + end / 16_000))
    return found


def window(at_s: float) -> int:
    return round(at_s * 16_000 / WINDOW_SAMPLES)


def in_room(sound: Sound, seconds: float) -> Sound:
    """A direct path and as much again from all the walls."""
    n = round(seconds * 16_000)
    walls = np.random.default_rng(1).normal(0, 1, n) * np.exp(-6.9 * np.arange(n) / n)
    walls /= np.sqrt((walls**2).sum())
    walls[0] += 1
    return np.convolve(sound, walls)[: len(sound)].astype(np.float32)


@pytest.mark.parametrize("delay_s", [0.15, 0.45, 0.75])
@pytest.mark.parametrize("gain_db", [-10, -25])
def test_a_delayed_and_softer_copy_is_our_own_voice_from_its_beginning(delay_s: float, gain_db: float) -> None:
    played = babble(1, 2.4)
    heard = soxr.resample(played, RATE_HZ, 16_000) * 10 ** (gain_db / 20)
    found = echoes(played, heard.astype(np.float32), delay_s)
    assert np.mean(found[window(delay_s + 0.1) :]) > 0.95
    assert any(found[: window(delay_s + 0.1) + 1])


def test_so_is_one_in_a_bare_room() -> None:
    played = babble(1, 2.4)
    heard = in_room(soxr.resample(played, RATE_HZ, 16_000) * 0.1, 0.4)
    assert np.mean(echoes(played, heard, 0.2)[window(0.4) :]) > 0.9


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_another_voice_is_not(seed: int) -> None:
    assert np.mean(echoes(babble(1, 2.4), babble(seed, 2.4, 16_000), 0.1)) < 0.1


def test_a_voice_that_is_louder_than_the_echo_is_heard_through_it_at_once() -> None:
    played = babble(1, 2.4)
    echo = soxr.resample(played, RATE_HZ, 16_000) * 10 ** (-20 / 20)
    heard = echo.copy()
    heard[16_000:] += babble(6, 2.4, 16_000)[: len(heard) - 16_000]
    found = echoes(played, heard.astype(np.float32))
    assert np.mean(found[window(0.3) : window(1.0)]) > 0.95
    assert np.mean(found[window(1.1) :]) < 0.1


def test_the_way_through_the_room_is_remembered() -> None:
    """A faint copy among other sound is known where an echo was before, and not where none was."""
    played = babble(1, 2.4)
    mixed = 0.35 * babble(6, 2.4, 16_000) + 0.11 * soxr.resample(played, RATE_HZ, 16_000)
    clear = 0.11 * soxr.resample(played, RATE_HZ, 16_000)
    after = np.concatenate([clear[:16_000], 0.3 * mixed[16_000:]]).astype(np.float32)
    assert np.sum(echoes(played, after)[window(1.0) :]) > np.sum(
        echoes(played, mixed.astype(np.float32))[window(1.0) :]
    )


def test_nothing_is_an_echo_while_nothing_is_played() -> None:
    own = OwnVoice()
    assert not own.is_playing(5.0)
    assert not own.is_echo(babble(1, 1.0, 16_000), 5.0)
    own.play(np.full(480, 1000, np.int16), RATE_HZ, 5.0)
    assert own.is_playing(5.1)
    assert not own.is_playing(8.0)
