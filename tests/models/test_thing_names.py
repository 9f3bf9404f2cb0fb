from __future__ import annotations

import pytest

from omnilive_demo.models.question_words import is_need, points_back
from omnilive_demo.models.text_encoder import MiniLM
from omnilive_demo.models.thing_names import ThingNames

PLURALS = {
    "mug": "mugs", "alarm clock": "alarm clocks", "ice cream": "ice creams", "orange": "oranges", "saw": "saws",
    "can": "cans", "sunglasses": "sunglasses", "bread": "bread", "umbrella": "umbrellas", "yo-yo": "yo-yos",
    "bicycle": "bicycles", "watch": "watches", "dice": "dice",
}  # fmt: skip
NAMES = ThingNames(PLURALS)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Where is my mug?", ("mug",)),
        ("did you see two red mugs, or the alarm clock's hands", ("mug", "alarm clock")),
        ("Was there any ice cream?", ("ice cream",)),
        ("the orange mug", ("mug",)),
        ("an orange", ("orange",)),
        ("can you see what i saw and watch it", ()),
        ("where is the saw and my watch", ("saw", "watch")),
        ("my YO-YO!", ("yo-yo",)),
        ("how many watches", ("watch",)),
        ("", ()),
    ],
)  # fmt: skip
def test_names_are_found_in_any_form_and_other_uses_are_not(text: str, names: tuple[str, ...]) -> None:
    assert NAMES.mentioned(text) == names


def test_a_question_without_its_things_is_what_is_asked() -> None:
    assert NAMES.masked("Where's the alarm clock?") == "where's the object"


@pytest.mark.parametrize(
    ("name", "said"),
    [("umbrella", "an umbrella"), ("mug", "a mug"), ("bread", "some bread"), ("sunglasses", "sunglasses")],
)
def test_a_name_has_its_article(name: str, said: str) -> None:
    assert NAMES.one(name) == said


def test_what_is_missed_has_its_article_too() -> None:
    assert [NAMES.none(name) for name in ("umbrella", "bread", "sunglasses")] == [
        "an umbrella", "any bread", "any sunglasses",
    ]  # fmt: skip


def test_a_colour_goes_before_the_name() -> None:
    assert NAMES.one("umbrella", "red") == "a red umbrella"
    assert NAMES.one("mug", "orange") == "an orange mug"


def test_only_pairs_are_many_of_themselves() -> None:
    assert NAMES.is_plural("sunglasses")
    assert not NAMES.is_plural("dice")
    assert not NAMES.is_plural("mug")


def test_a_word_that_means_the_same_is_found() -> None:
    names = ThingNames(PLURALS, MiniLM())
    assert names.synonym(["bike"]) == "bicycle"
    assert names.synonym(["meeting", "dentist"]) is None
    assert NAMES.synonym(["bike"]) is None


@pytest.mark.parametrize("words", ["what was that", "what did i just put down", "where did i leave it", "what is gone"])
def test_pointing_back_is_noticed(words: str) -> None:
    assert points_back(words)


@pytest.mark.parametrize("words", ["what is this", "where is the object", "what happened a minute ago", "was it dark"])
def test_other_questions_point_nowhere(words: str) -> None:
    assert not points_back(words)


@pytest.mark.parametrize(
    "words",
    [
        "how about the weather today what should i take",
        "i'm hungry where can i heat my sandwich",
        "something to write with",
    ],
)
def test_a_need_is_noticed(words: str) -> None:
    assert is_need(words)
    assert not is_need("when was it dark")


def test_where_one_can_see_something_names_no_can() -> None:
    names = ThingNames({"can": "cans", "lollipop": "lollipops"})
    assert names.mentioned("The part where one can see the lollipop.") == ("lollipop",)
    assert names.mentioned("I had one can of soup.") == ("can",)
    assert names.mentioned("Where is the can?") == ("can",)
