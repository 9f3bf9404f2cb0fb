from __future__ import annotations

import re

import pytest

from omnilive_demo.models.sound_words import _ALSO_SAID_AS, CLASSES, NAMED, ONLY_HEARD, UNTOLD, asked_for, labels_of


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


@pytest.mark.parametrize(
    ("words", "labels"),
    [
        ("baby crying", {"crying baby"}), ("cried", {"crying baby", "crying"}), ("cat", {"meowing cat"}),
        ("siren", {"siren"}), ("dog", {"barking"}), ("vacuum cleaner", {"vacuum cleaner"}), ("umbrella", set()),
        ("glass break", {"breaking glass"}), ("thunder", {"thunderstorm"}),
    ],
)  # fmt: skip
def test_what_a_larger_tagger_names_is_found_by_words_as_well(words: str, labels: set[str]) -> None:
    assert asked_for(words.split()) == labels


def test_each_name_is_found_by_its_own_words_and_none_is_a_class() -> None:
    assert not set(_ALSO_SAID_AS) & set(CLASSES)
    for label in _ALSO_SAID_AS:
        assert label in asked_for(label.split())


def test_words_that_nothing_but_a_sound_can_mean() -> None:
    for word in ("cry", "crying", "cried", "sneezed", "snore", "snoring", "sobbed", "meow", "thunder", "siren"):
        assert re.fullmatch(ONLY_HEARD, word), word
    for word in ("cricket", "buzzard", "creek", "snort", "chirpy", "sob story"):
        assert not re.fullmatch(ONLY_HEARD, word), word
