"""Held sounds are told from ends of sentences, on synthetic vowels and on a real synthesiser's sentences."""

from __future__ import annotations

import numpy as np
import pytest
import soxr

from omnilive_demo.evaluation.hesitating import HALVES
from omnilive_demo.evaluation.speech import RATE_HZ, VOICES, synthesize
from omnilive_demo.perception.prosody import is_drawn_out

SR = 16_000


def vowel(seconds: float, hz: tuple[float, float] = (120.0, 118.0), formants=(600, 1200, 2500)) -> np.ndarray:
    """A vowel whose pitch glides from the first to the second `hz`."""
    n = round(seconds * SR)
    pitch = np.geomspace(*hz, n)
    phase = 2 * np.pi * np.cumsum(pitch) / SR
    sound = np.zeros(n)
    for partial in range(1, 30):
        at_hz = partial * pitch
        colour = sum(np.exp(-(((at_hz - formant) / 150) ** 2)) for formant in formants) + 0.02
        sound += colour * np.sin(partial * phase)
    swell = np.minimum(1, np.minimum(np.arange(n), np.arange(n)[::-1]) / (0.02 * SR))
    return (0.1 * sound * swell / np.abs(sound).max()).astype(np.float32)


def word(*vowels: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(1)
    return (np.concatenate(vowels) + rng.normal(0, 0.0005, sum(map(len, vowels)))).astype(np.float32)


SHORT = vowel(0.12, (150, 140), (300, 2200, 3000))


@pytest.mark.parametrize("seconds", [0.4, 0.6, 0.9])
@pytest.mark.parametrize("hz", [90.0, 140.0, 220.0])
def test_a_held_vowel_is(seconds, hz):
    assert is_drawn_out(word(SHORT, vowel(seconds, (hz, 0.97 * hz))))


def test_so_is_one_that_fades_into_a_breath():
    breath = np.random.default_rng(2).normal(0, 0.002, SR // 10).astype(np.float32)
    assert is_drawn_out(word(SHORT, vowel(0.5), breath))


def test_short_vowels_changing_vowels_and_steep_falls_are_not():
    assert not is_drawn_out(word(SHORT, vowel(0.15)))
    assert not is_drawn_out(
        word(vowel(0.2, formants=(300, 2200, 3000)), vowel(0.2), vowel(0.2, formants=(350, 800, 2300)))
    )
    assert not is_drawn_out(word(SHORT, vowel(0.5, (220, 80))))


def test_noise_and_nothing_are_not():
    assert not is_drawn_out(np.random.default_rng(3).normal(0, 0.05, SR).astype(np.float32))
    assert not is_drawn_out(np.zeros(SR, np.float32))
    assert not is_drawn_out(np.zeros(100, np.float32))


def test_hardly_any_whole_question_sounds_drawn_out():
    held = 0
    for number, (first, second) in enumerate(HALVES):
        speech = synthesize(f"{first} {second}", VOICES[number % len(VOICES)])
        sound = soxr.resample(speech.samples[: speech.end_sample], RATE_HZ, SR).astype(np.float32)
        held += is_drawn_out(sound)
    assert held <= 0.1 * len(HALVES)
