from __future__ import annotations

import pytest

from omnilive_demo.reasoning.phrases import look_of, picture_is, quotation, things, visual_word, with_article
from omnilive_demo.records import Label


def labels(**scores: float) -> list[Label]:
    return [Label(name.replace("_", " "), score) for name, score in scores.items()]


def test_labels_without_enough_score_are_not_said() -> None:
    look = look_of(labels(dark=0.9, mostly_blue=0.49, cup=0.2))
    assert look.adjectives == ("dark",)
    assert look.things == ()


def test_of_opposites_only_the_surer_is_said() -> None:
    look = look_of(labels(dark=0.6, bright=0.8, moving=0.6, still=0.7))
    assert look.adjectives == ("bright",)
    assert look.moving is False


def test_light_comes_before_colour() -> None:
    assert picture_is(look_of(labels(mostly_green=0.9, bright=0.6))) == "bright and mostly green"
    assert picture_is(look_of(labels(dark=0.9))) == "dark"


@pytest.mark.parametrize(
    ("label", "word"),
    [
        ("mostly blue", "blue"),
        ("dark", "dark"),
        ("still", "still"),
        ("little movement", "still"),
        ("movement", "moving"),
        ("a red cup", None),
        ("red area on the left", None),
        ("some red", None),
    ],
)
def test_a_label_is_a_look_or_a_thing(label: str, word: str | None) -> None:
    assert visual_word(label) == word


def test_a_look_knows_what_it_shows_what_it_does_not_and_what_it_cannot_tell() -> None:
    look = look_of(labels(dark=0.9, mostly_blue=0.8, moving=0.7))
    assert look.shows("dark") is True
    assert look.shows("bright") is False
    assert look.shows("red") is False
    assert look.shows("moving") is True
    assert look.shows("still") is False
    assert look.shows("plain") is None
    assert look_of([]).shows("red") is None


def test_a_part_of_the_picture_may_have_a_colour_that_the_picture_has_not() -> None:
    look = look_of(labels(mostly_blue=0.8, red_area_on_the_left=0.7))
    assert look.shows("red") is False
    assert look.has("red")


def test_articles() -> None:
    assert things(["apple", "red cup", "some red", "music", "keys", "singing"]) == (
        "an apple, a red cup, some red, music, keys and singing"
    )
    assert with_article("red area on the left") == "a red area on the left"


def test_a_quotation_cannot_be_ended_from_inside_and_ends_its_own_sentence_nowhere() -> None:
    assert quotation("i said “stop”. really?") == "“I said stop. really”"
    assert quotation(" ".join(["word"] * 60)).endswith(" …”")
