"""What a question is after, when things have names: on the questions that the compressor is trained with."""

from __future__ import annotations

import json

import pytest

from omnilive_demo.memory.question_intent import read_intent
from omnilive_demo.models.thing_names import ThingNames
from omnilive_demo.training.world.question_bank import DATA, shipped_bank
from omnilive_demo.training.world.things import things_of

NAMES = ThingNames({thing.name: thing.plural for thing in things_of("known")})
TEMPLATES = json.loads((DATA / "questions_templates.json").read_text("utf-8"))
POINTING = sorted(set(TEMPLATES["reference"]) - {"now"})


@pytest.mark.parametrize("pointer", POINTING)
def test_what_points_back_is_known_as_such(pointer: str) -> None:
    texts = [t for t in TEMPLATES["reference"][pointer]["train"] if "begin" not in t and "start" not in t]
    intents = [read_intent(text, "", NAMES) for text in texts]
    assert sum(intent.points for intent in intents) >= 0.8 * len(texts)
    assert sum(intent.now or intent.speech or intent.sound for intent in intents) <= 0.05 * len(texts)


def test_what_points_here_is_about_now() -> None:
    texts = TEMPLATES["reference"]["now"]["train"]
    assert sum(read_intent(text, "", NAMES).now for text in texts) >= 0.9 * len(texts)


def test_a_need_is_about_what_was_seen() -> None:
    bank = shipped_bank()
    texts = [text for thing in things_of("known") for text in bank.semantic_of(thing.name, "train")]
    intents = [read_intent(text, "", NAMES) for text in texts]
    for aside in ("now", "speech", "sound", "chat", "overview"):
        assert sum(getattr(intent, aside) for intent in intents) <= 0.03 * len(texts), aside


def test_a_thing_that_is_called_like_a_sound_is_none() -> None:
    for text in ("Where is the alarm clock?", "Did you see a bell?", "Where did I leave my ring?"):
        intent = read_intent(text, "", NAMES)
        assert (intent.sound, len(intent.things)) == (False, 1)
    assert read_intent("Did the bell ring?", "", NAMES).sound
    assert read_intent("Did you hear the alarm clock?", "", NAMES).sound


def test_without_names_a_question_is_read_as_it_stands() -> None:
    assert read_intent("Where is the alarm clock?").sound
    assert read_intent("Where is the mug?").things == ()
