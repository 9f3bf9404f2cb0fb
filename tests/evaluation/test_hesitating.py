from __future__ import annotations

import shutil

import numpy as np
import pytest

from omnilive_demo.evaluation.hesitating import HALVES, PAUSE_S, Heard, hesitation, hesitations, outcome
from omnilive_demo.evaluation.inbox import Arrived
from omnilive_demo.evaluation.speech import RATE_HZ

needs_flite = pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")


def caption(text: str, at_s: float, turn: int | None = None) -> Arrived:
    return Arrived(at_s, {"type": "caption", "text": text, "final": True, "turn": turn})


def test_there_are_at_least_forty_different_ones() -> None:
    assert len(set(HALVES)) == len(HALVES) >= 40


@needs_flite
def test_pauses_cover_the_range_and_voices_take_turns() -> None:
    made = hesitations()
    pauses = [one.pause_s for one in made]
    assert (min(pauses), max(pauses)) == PAUSE_S
    assert len({one.speech.voice for one in made}) == 4
    assert [one.pause_s for one in hesitations(5)] == pauses[:5]


@needs_flite
def test_the_pause_is_as_long_as_it_says() -> None:
    one = hesitation("Where did I put", "my keys?", "slt", 0.9)
    assert one.speech.text == "Where did I put my keys?"
    begin = one.speech.onset_sample + round(one.first_end_s * RATE_HZ)
    quiet = one.speech.samples[begin : begin + round(0.9 * RATE_HZ)]
    assert np.abs(quiet).max() == 0.0
    assert one.second_s == pytest.approx(one.first_end_s + 0.9)
    assert np.abs(one.speech.samples[begin + quiet.size : begin + quiet.size + 480]).mean() > 0.005


END_S = 10.0


def test_one_caption_after_the_end_is_the_whole_question() -> None:
    assert outcome(Heard([caption("where did i put my keys", 10.4, 1)], False), END_S) == "whole"


def test_sound_before_the_end_cuts_off_whatever_was_understood() -> None:
    assert outcome(Heard([caption("where did i put my keys", 10.4, 1)], True), END_S) == "cut off"
    assert outcome(Heard([], True), END_S) == "cut off"


def test_a_turn_before_the_end_cuts_off() -> None:
    halves = [caption("what is", 8.0, 1), caption("this", 10.4, 2)]
    assert outcome(Heard(halves, False), END_S) == "cut off"


def test_an_end_without_its_beginning_is_cut_off() -> None:
    halves = [caption("where did i put", 8.0), caption("my keys", 10.4, 1)]
    assert outcome(Heard(halves, False), END_S) == "cut off"


def test_what_was_parted_and_put_together_again_is_mended() -> None:
    halves = [caption("where did i put", 8.0), caption("where did i put my keys", 10.4, 1)]
    assert outcome(Heard(halves, False), END_S) == "mended"


def test_nothing_heard_is_nothing_cut_off() -> None:
    assert outcome(Heard([], False), END_S) == "not heard"
