from __future__ import annotations

import pytest

from omnilive_demo.models.text_encoder import MiniLM
from omnilive_demo.reasoning.question import QuestionReader, looks_of, topic_of
from omnilive_demo.reasoning.question_rules import Kind, by_rule
from omnilive_demo.reasoning.words import plain

BY_RULE = [
    ("What is this?", Kind.NOW_WHAT),
    ("what do you see", Kind.NOW_WHAT),
    ("um what's that thing", Kind.NOW_WHAT),
    ("Describe what you see.", Kind.NOW_WHAT),
    ("Is it dark in here?", Kind.NOW_WHAT),
    ("What color is the wall?", Kind.NOW_WHAT),
    ("Can you see me?", Kind.NOW_WHAT),
    ("What kind of thing is this?", Kind.NOW_WHAT),
    ("When was it dark?", Kind.WHEN),
    ("When is the meeting?", Kind.WHEN),
    ("how long ago was the light on", Kind.WHEN),
    ("What did I say about the meeting?", Kind.SAID),
    ("What did I mumble?", Kind.SAID),
    ("What did he say?", Kind.SAID),
    ("Who mentioned the dentist?", Kind.SAID),
    ("tell me what i said a minute ago", Kind.SAID),
    ("When did I say the meeting is?", Kind.SAID),
    ("What happened a minute ago?", Kind.HAPPENED),
    ("What happened so far?", Kind.HAPPENED),
    ("and before that", Kind.HAPPENED),
    ("Summarize the last five minutes.", Kind.HAPPENED),
    ("What did I miss?", Kind.HAPPENED),
    ("Did anybody knock?", Kind.HEARD),
    ("What was that noise?", Kind.HEARD),
    ("When did the bell ring?", Kind.HEARD),
    ("Where did I put my keys?", Kind.WHERE),
    ("I can't find my glasses", Kind.WHERE),
    ("Did you see my umbrella?", Kind.DID_YOU_SEE),
    ("Was anybody here?", Kind.DID_YOU_SEE),
    ("How long was it dark?", Kind.HOW_LONG),
    ("How long have you been watching?", Kind.HOW_LONG),
    ("How many people are there?", Kind.COUNT),
    ("What can you do?", Kind.CAPABILITY),
    ("Who are you?", Kind.CAPABILITY),
    ("Can you hear me?", Kind.CAPABILITY),
    ("Hello there!", Kind.GREETING),
    ("Good morning.", Kind.GREETING),
    ("okay thank you very much", Kind.THANKS),
    ("Stop!", Kind.STOP),
    ("okay stop talking please", Kind.STOP),
    ("never mind", Kind.STOP),
    ("Say that again, please.", Kind.REPEAT),
    ("what did you say", Kind.REPEAT),
    ("Tell me when the kettle boils.", Kind.STANDING),
    ("Let me know if somebody comes in.", Kind.STANDING),
    ("Remind me to call my mother.", Kind.STANDING),
    ("Remember that the code is four seven one nine", Kind.NOTE),
    ("What time is it?", Kind.OTHER),
]


@pytest.mark.parametrize(("text", "kind"), BY_RULE)
def test_a_common_question_is_known_by_rule(text: str, kind: Kind) -> None:
    assert by_rule(plain(text)) is kind


@pytest.mark.parametrize("text", ["tell me when you saw my keys", "tell me when it was dark"])
def test_asking_when_something_was_is_no_standing_query(text: str) -> None:
    assert by_rule(plain(text)) is not Kind.STANDING


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("give me a rundown of the events of the past hour", Kind.HAPPENED),
        ("my keys are gone where", Kind.WHERE),
        ("give me a shout when the kettle boils", Kind.STANDING),
        ("which capital does france have", Kind.OTHER),
        ("recommend me something to read", Kind.OTHER),
        ("how tall is the tower of pisa", Kind.OTHER),
        ("purple monkey dishwasher", Kind.OTHER),
    ],
)
def test_what_no_rule_knows_is_read_by_its_meaning(minilm: MiniLM, text: str, kind: Kind) -> None:
    assert by_rule(plain(text)) is None
    assert QuestionReader(minilm).read(text).kind is kind


@pytest.mark.parametrize(
    ("heard", "kind"),
    [
        ("but what did i say about the meeting", Kind.SAID),
        ("what did i say about the meet in", Kind.SAID),
        ("when was it dog", Kind.WHEN),
        ("what happened and minute ago", Kind.HAPPENED),
        ("where did i put my peace", Kind.WHERE),
        ("a what do you see", Kind.NOW_WHAT),
        ("and what was that noise", Kind.HEARD),
    ],
)
def test_misheard_words_do_not_change_the_kind(minilm: MiniLM, heard: str, kind: Kind) -> None:
    assert QuestionReader(minilm).read(heard).kind is kind


def test_the_topic_is_what_is_left_without_the_words_of_asking() -> None:
    assert topic_of("what did i say about the red car") == "red car"
    assert topic_of("what happened a minute ago") == ""


def test_visual_words_are_read_as_the_plain_word_they_stand_for() -> None:
    assert looks_of(plain("When was it gloomy, or bluish?")) == ("dark", "blue")
