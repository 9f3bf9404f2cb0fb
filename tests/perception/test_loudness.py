from __future__ import annotations

import numpy as np
import pytest

from omnilive_demo.perception.loudness import HOP_SAMPLES, LoudnessEvents, level_db
from omnilive_demo.records import Heard

HOP_S = HOP_SAMPLES / 16_000


def listen(events: LoudnessEvents, levels: list[float], start_s: float = 0.0, **kwargs) -> list[Heard]:
    heard = (events.step(level, start_s + i * HOP_S, HOP_S, **kwargs) for i, level in enumerate(levels))
    return [sound for sound in heard if sound is not None]


def stretch(level: float, seconds: float) -> list[float]:
    wobble = np.random.default_rng(0).normal(0, 1.0, round(seconds / HOP_S))
    return list(level + wobble)


def test_level_of_a_full_scale_sine_is_three_decibels_below_full_scale():
    assert level_db(np.sin(np.arange(16_000) * 0.1).astype(np.float32)) == pytest.approx(-3.0, abs=0.1)
    assert level_db(np.zeros(10, np.float32)) == level_db(np.zeros(0, np.float32)) == -90.0


def test_knock_of_60_ms_is_caught():
    (heard,) = listen(LoudnessEvents("visitor"), [*stretch(-60, 2), *stretch(-30, 0.06), *stretch(-60, 1)])
    assert heard.label == "sound"
    assert heard.start_s == pytest.approx(2.0, abs=0.03)
    assert heard.end_s - heard.start_s == pytest.approx(0.06, abs=0.03)
    assert 0.3 < heard.score <= 1.0


def test_louder_sound_scores_higher():
    def score(level: float) -> float:
        return listen(LoudnessEvents("visitor"), [*stretch(-60, 2), *stretch(level, 0.2), *stretch(-60, 1)])[0].score

    assert score(-38) < score(-28)


def test_two_knocks_close_together_are_one_sound():
    knocks = [*stretch(-30, 0.06), *stretch(-60, 0.4), *stretch(-30, 0.06)]
    assert len(listen(LoudnessEvents("visitor"), [*stretch(-60, 2), *knocks, *stretch(-60, 1)])) == 1


def test_two_knocks_a_second_apart_are_two_sounds():
    knocks = [*stretch(-30, 0.06), *stretch(-60, 1.0), *stretch(-30, 0.06)]
    assert len(listen(LoudnessEvents("visitor"), [*stretch(-60, 2), *knocks, *stretch(-60, 1)])) == 2


def test_a_walk_of_six_seconds_is_told_as_a_walk_and_not_by_the_step():
    steps = [*stretch(-30, 0.08), *stretch(-60, 0.49)] * 11
    assert len(listen(LoudnessEvents("visitor"), [*stretch(-60, 2), *steps, *stretch(-60, 1)])) <= 2


def test_a_knock_just_before_speech_is_told():
    events = LoudnessEvents("visitor")
    assert listen(events, [*stretch(-60, 2), *stretch(-30, 0.06), *stretch(-60, 0.3)]) == []
    (knock,) = listen(events, stretch(-25, 0.1), start_s=2.36, maybe_speech=True)
    assert knock.end_s == pytest.approx(2.06, abs=0.03)
    assert events.speech() is None
    listen(events, [*stretch(-60, 2), *stretch(-30, 0.06), *stretch(-60, 0.3)], start_s=5.0)
    assert events.speech() is not None


def test_noise_that_stays_is_told_once_and_becomes_the_floor():
    events = LoudnessEvents("visitor")
    assert len(listen(events, [*stretch(-60, 2), *stretch(-30, 120)])) == 1
    assert events.floor_db == pytest.approx(-30, abs=4)
    later = listen(events, [*stretch(-60, 2), *stretch(-30, 0.1), *stretch(-60, 1)], start_s=122.0)
    assert len(later) == 1


def test_steady_noise_from_the_start_is_no_sound():
    assert listen(LoudnessEvents("visitor"), stretch(-30, 60)) == []


def test_noise_that_swells_slowly_is_no_sound():
    assert listen(LoudnessEvents("visitor"), list(np.linspace(-60, -25, round(30 / HOP_S)))) == []


def test_faint_rustle_over_digital_silence_is_no_sound():
    assert listen(LoudnessEvents("visitor"), [*stretch(-90, 2), *stretch(-55, 0.2), *stretch(-90, 1)]) == []


def test_speech_is_not_told_as_a_sound_and_leaves_the_floor():
    events = LoudnessEvents("visitor")
    listen(events, stretch(-60, 2))
    before = events.floor_db
    assert listen(events, stretch(-25, 0.3), start_s=2.0, maybe_speech=True) == []
    events.speech()
    assert listen(events, stretch(-60, 1), start_s=4.0) == []
    assert events.floor_db == pytest.approx(before, abs=2)


def test_sound_that_turned_out_not_to_be_speech_is_told():
    events = LoudnessEvents("visitor")
    listen(events, stretch(-60, 2))
    assert listen(events, [*stretch(-25, 0.2), *stretch(-60, 0.3)], start_s=2.0, maybe_speech=True) == []
    assert len(listen(events, stretch(-60, 0.6), start_s=2.5)) == 1
