"""Sounds of any length: cut where they are quiet, and said once."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from models.ixc25.tiny_audio import HIGH_HZ, LOW_HZ, RATE_HZ, tone

from omnilive_demo.models.ixc25_omnilive.audio_long import (
    OVERLAP_S,
    joined,
    recognise_long,
    stretches,
)
from omnilive_demo.models.ixc25_omnilive.audio_model import AudioModel, Told

MOST = 30 * RATE_HZ


def noise(seconds: float, level: float) -> np.ndarray:
    return np.random.default_rng(1).normal(0, level, round(seconds * RATE_HZ)).astype(np.float32)


def test_every_sample_is_heard_and_no_stretch_is_too_long() -> None:
    random = np.random.default_rng(4)
    for seconds in (0.0, 12.0, 30.0, 30.01, 61.5, 200.0):
        sound = noise(seconds, 0.1)
        for at in random.uniform(0, max(seconds, 1), 40):  # pauses of different lengths here and there
            begin = round(at * RATE_HZ)
            sound[begin : begin + round(random.uniform(0.05, 0.8) * RATE_HZ)] *= 0.001
        found = stretches(sound, MOST)
        assert found[0].start == 0
        assert found[-1].end == len(sound)
        for before, after in pairwise(found):
            assert after.shares == (after.start < before.end)
            assert before.end - after.start == (round(OVERLAP_S * RATE_HZ) if after.shares else 0)
            assert before.start < after.start
        assert all(0.7 * MOST - RATE_HZ < one.end - one.start <= MOST for one in found[:-1])
        assert found[-1].end - found[-1].start <= MOST


def test_a_pause_is_cut_in_its_middle_and_shared_by_nobody() -> None:
    sound = noise(40.0, 0.1)
    sound[round(24.0 * RATE_HZ) : round(25.0 * RATE_HZ)] *= 0.001
    first, second = stretches(sound, MOST)
    assert 24.1 < first.end / RATE_HZ < 24.9
    assert second.start == first.end
    assert not second.shares


def test_where_nobody_pauses_it_is_cut_at_the_quietest_place_and_shared() -> None:
    sound = noise(40.0, 0.1)
    sound[round(26.0 * RATE_HZ) : round(26.4 * RATE_HZ)] *= 0.4
    first, second = stretches(sound, MOST)
    assert 26.0 < first.end / RATE_HZ < 26.4
    assert first.end - second.start == round(OVERLAP_S * RATE_HZ)
    assert second.shares


@pytest.mark.parametrize(
    ("first", "second", "whole"),
    [
        ("I left my keys on the", "keys on the kitchen table.", "I left my keys on the kitchen table."),
        ("I left my keys on the kit", "eys on the kitchen table.", "I left my keys on the kitchen table."),
        ("So we went home.", "Went home, and then we slept.", "So we went home, and then we slept."),
        ("No", "No.", "No."),
        ("one two three", "two three", "one two three"),
        ("钥匙在厨房的桌", "厨房的桌子上。", "钥匙在厨房的桌子上。"),
        ("It is red", "but not blue", "It is red but not blue"),
        ("你好", "吗", "你好吗"),
        ("", "Hello.", "Hello."),
        ("Hello.", "", "Hello."),
    ],
)
def test_what_both_say_is_said_once(first: str, second: str, whole: str) -> None:
    assert joined(first, second, shares=True) == whole


def test_what_is_said_twice_on_both_sides_of_a_pause_stays() -> None:
    assert joined("No, no", "no, no.", shares=False) == "No, no no, no."


def test_only_what_lies_at_the_cut_is_compared() -> None:
    first = "the cat sat on the mat and nobody knew why it did so for all of the day"
    second = "we then saw that nobody knew why"
    assert joined(first, second, shares=True) == f"{first} {second}"


def test_a_long_sound_is_transcribed_stretch_by_stretch(audio_model: AudioModel) -> None:
    quiet = np.zeros(round(0.6 * RATE_HZ), np.float32)
    sound = np.concatenate([tone(LOW_HZ, 3.2), quiet, tone(HIGH_HZ, 2.8), quiet, tone(LOW_HZ, 3.3)])
    said = "Where are my keys? 你好 Where are my keys?"
    told = recognise_long(audio_model, [tone(LOW_HZ, 1.0), sound, np.zeros(0, np.float32)])
    assert [one.text for one in told] == ["Where are my keys?", said, ""]
    assert told[1].language == "zh"
    assert told[1].chance < told[0].chance
    assert told[1].whole
    assert told[2] == Told("")


def test_a_long_sound_that_is_cancelled_is_heard_no_further(audio_model: AudioModel) -> None:
    sound = np.concatenate([tone(LOW_HZ, 3.2), np.zeros(8000, np.float32), tone(HIGH_HZ, 3.0)])
    asked: list[int] = []

    def wanted(index: int) -> bool:
        asked.append(index)
        return index == 1

    told = recognise_long(audio_model, [sound, tone(LOW_HZ, 1.0)], wanted)
    assert [one.text for one in told] == ["", "Where are my keys?"]
    assert not told[0].whole
    assert set(asked) == {0, 1}, "each stretch is asked about as the sound that it is cut from"
