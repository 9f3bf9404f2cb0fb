from __future__ import annotations

import numpy as np
import pytest

from omnilive_demo.models.descriptor_space import DIMENSIONS, VISUAL_WORDS, WIDTH, direction


def test_dimensions_are_distinct_and_counted():
    assert len(set(DIMENSIONS)) == len(DIMENSIONS) == WIDTH


@pytest.mark.parametrize("word", sorted(VISUAL_WORDS))
def test_every_visual_word_has_a_unit_direction(word):
    vector = direction([word])
    assert vector.shape == (WIDTH,)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
    assert vector[DIMENSIONS.index(VISUAL_WORDS[word])] > 0.5


def test_words_are_found_in_phrases_of_any_case():
    np.testing.assert_array_equal(direction(["When was it DARK?"]), direction(["dark"]))


def test_opposites_point_apart_and_cancel_out():
    assert direction(["dark"]) @ direction(["bright"]) == pytest.approx(-1.0)
    assert direction(["dark", "bright"]) is None


@pytest.mark.parametrize("words", [[], ["what", "happened"], ["are you still there"], ["I am fine"]])
def test_no_visual_word_gives_no_direction(words):
    assert direction(words) is None


def test_two_words_lie_between_both():
    both = direction(["dark", "red"])
    assert both @ direction(["dark"]) == pytest.approx(both @ direction(["red"]))
