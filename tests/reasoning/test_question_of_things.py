"""How questions are read when things have names that the eyes know."""

from __future__ import annotations

import json

import pytest
from reader_fake import NAMES
from reasoning_fakes import ScatteredEncoder

from omnilive_demo.models.text_encoder import MiniLM
from omnilive_demo.models.thing_names import ThingNames
from omnilive_demo.reasoning.question import QuestionReader
from omnilive_demo.reasoning.question_rules import Kind
from omnilive_demo.training.world.question_bank import DATA

READER = QuestionReader(ScatteredEncoder(), NAMES)


@pytest.mark.parametrize(
    ("text", "kind", "things"),
    [
        ("Where is the alarm clock?", Kind.WHERE, ("alarm clock",)),
        ("Did you see my saw?", Kind.DID_YOU_SEE, ("saw",)),
        ("When did you last see the mug?", Kind.WHEN, ("mug",)),
        ("How many mugs were there?", Kind.COUNT, ("mug",)),
        ("What colour was the bucket?", Kind.COLOUR, ("bucket",)),
        ("what color is the bucket", Kind.COLOUR, ("bucket",)),
        ("Tell me about the kettle.", Kind.WHERE, ("kettle",)),
        ("What happened to the dog?", Kind.WHERE, ("dog",)),
        ("I lost my keys", Kind.WHERE, ("key",)),
        ("Is there a dog?", Kind.NOW_WHAT, ("dog",)),
        ("Did you hear the dog?", Kind.HEARD, ("dog",)),
        ("What did I say about the umbrella?", Kind.SAID, ("umbrella",)),
        ("Tell me when you see a dog", Kind.STANDING, ("dog",)),
        ("What is this?", Kind.NOW_WHAT, ()),
        ("What color is this?", Kind.NOW_WHAT, ()),
        ("What was that?", Kind.WHAT_WAS, ()),
        ("Where did I leave it?", Kind.WHAT_WAS, ()),
        ("What was that noise?", Kind.HEARD, ()),
        ("What could I fry an egg in?", Kind.SUGGESTION, ("egg",)),
        ("How about the weather today, what should I take?", Kind.SUGGESTION, ()),
        ("I'm hungry, what could I eat?", Kind.SUGGESTION, ()),
        ("Is there something to cut paper with?", Kind.SUGGESTION, ()),
        ("What am I holding?", Kind.NOW_WHAT, ()),
        ("Is it dark?", Kind.NOW_WHAT, ()),
        ("When was it dark?", Kind.WHEN, ()),
        ("What happened a minute ago?", Kind.HAPPENED, ()),
        ("Thank you", Kind.THANKS, ()),
    ],
)  # fmt: skip
def test_the_kind_is_read_past_the_things(text: str, kind: Kind, things: tuple[str, ...]) -> None:
    reading = READER.read(text)
    assert (reading.kind, reading.things) == (kind, things)


def test_a_word_that_means_the_same_is_the_thing() -> None:
    minilm = MiniLM()
    names = ThingNames({"bicycle": "bicycles", "mug": "mugs"}, minilm)
    reading = QuestionReader(minilm, names).read("Where's my bike?")
    assert (reading.kind, reading.things) == (Kind.WHERE, ("bicycle",))
    described = QuestionReader(minilm, names).read("Did you see a fragile drinking vessel for a romantic dinner?")
    assert described.things == ()


def test_drawn_questions_about_a_thing_are_read_as_such() -> None:
    templates = json.loads((DATA / "questions_templates.json").read_text("utf-8"))["explicit"]
    texts = [text for split in ("train", "test") for text in templates[split]]
    about = {Kind.WHERE, Kind.WHEN, Kind.DID_YOU_SEE, Kind.COUNT, Kind.COLOUR, Kind.HOW_LONG, Kind.NOW_WHAT}
    wrong = []
    for text in texts:
        filled = text.replace("{the}", "the umbrella").replace("{a}", "an umbrella").replace("{plural}", "umbrellas")
        reading = READER.read(filled)
        if reading.kind not in about or reading.things != ("umbrella",):
            wrong.append((filled, reading.kind))
    assert len(wrong) <= 0.05 * len(texts), wrong
