from __future__ import annotations

import pytest

from omnilive_demo.training.world.nouns import fill, one, several, the
from omnilive_demo.training.world.things import by_name, things_of


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("umbrella", "an umbrella"), ("hourglass", "an hourglass"), ("mug", "a mug"), ("yo-yo", "a yo-yo"),
        ("sunglasses", "a pair of sunglasses"), ("grapes", "some grapes"), ("bread", "some bread"),
        ("salt", "some salt"), ("sheep", "a sheep"), ("toilet paper", "some toilet paper"),
    ],
)  # fmt: skip
def test_articles(name: str, said: str) -> None:
    assert one(by_name()[name]) == said


def test_a_colour_comes_before_the_name_and_changes_the_article() -> None:
    mug = by_name()["mug"]
    assert one(mug, "orange") == "an orange mug"
    assert one(by_name()["umbrella"], "red") == "a red umbrella"
    assert the(mug, "red") == "the red mug"
    assert several(mug, "red") == "red mugs"


def test_the_verb_agrees_with_a_plural_name() -> None:
    jeans, mug = by_name()["jeans"], by_name()["mug"]
    assert fill("Where is {the}?", mug) == "Where is the mug?"
    assert fill("Where is {the}?", jeans) == "Where are the jeans?"
    assert fill("Was {the} moving?", jeans, "red") == "Were the red jeans moving?"
    assert fill("Tell me where {the} was.", jeans) == "Tell me where the jeans were."
    assert fill("I need {the}, where is it?", jeans) == "I need the jeans, where are they?"
    assert fill("I lost {the}, where did you see it?", jeans) == "I lost the jeans, where did you see them?"
    assert fill("I need {the}, where is it?", mug) == "I need the mug, where is it?"
    assert fill("Who has {the}?", jeans) == "Who has the jeans?"
    assert fill("{the}, where?", mug) == "The mug, where?"
    assert fill("Were there any {plural}?", by_name()["bread"]) == "Were there any loaves of bread?"


def test_an_unknown_placeholder_is_an_error() -> None:
    with pytest.raises(KeyError):
        fill("Where is {it}?", by_name()["mug"])


def test_every_known_name_reads_as_a_noun() -> None:
    for thing in things_of("known"):
        assert one(thing).endswith(thing.name)
        assert one(thing).split()[0] in ("a", "an", "some")
