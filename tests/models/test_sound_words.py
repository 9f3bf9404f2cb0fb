from __future__ import annotations

import pytest

from omnilive_demo.models.sound_words import CLASSES, NAMED, UNTOLD, labels_of


@pytest.mark.parametrize(
    ("words", "label"),
    [
        ("dog bark", "barking"), ("doorbell", "bell"), ("chime", "bell"), ("alarm", "alarm"), ("applause", "clapping"),
        ("clapped", "clapping"), ("knock", "knocking"), ("laughter", "laughing"), ("whistle", "whistling"),
        ("steps", "footsteps"), ("motor", "engine"), ("siren", "siren"), ("phone ring", "ringing phone"),
        ("doorbell ring", "bell"), ("raining", "rain"), ("cough", "coughing"), ("keyboard", "typing"),
        ("song", "music"),
    ],
)  # fmt: skip
def test_what_people_say_is_the_sound_they_mean(words: str, label: str) -> None:
    assert labels_of(words.split()) == {label}


def test_a_word_for_several_sounds_means_any_of_them() -> None:
    assert labels_of(["rang"]) == {"bell", "ringing phone", "alarm"}
    assert labels_of(["umbrella"]) == frozenset()


def test_each_class_is_there_once_and_its_own_word_means_it() -> None:
    assert len(set(CLASSES)) == len(CLASSES) == len(UNTOLD) + len(NAMED)
    assert len(NAMED) + 2 >= 13
    for label in NAMED:
        assert label in labels_of(label.split())
