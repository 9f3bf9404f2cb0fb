"""Which answer a kind of question gets when things can be recognised; the others stay as they are without."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from omnilive_demo.reasoning import answers_past, answers_pointed, answers_scene, answers_seen, answers_self
from omnilive_demo.reasoning.asked import Asked, Sentences
from omnilive_demo.reasoning.question_rules import Kind
from omnilive_demo.reasoning.sight import Sight

ABOUT_A_THING: Mapping[Kind, Callable[[Asked, Sight], Sentences]] = MappingProxyType(
    {
        Kind.WHERE: answers_seen.where,
        Kind.WHEN: answers_seen.when,
        Kind.DID_YOU_SEE: answers_seen.whether,
        Kind.CAPABILITY: answers_seen.whether,  # "do you remember my umbrella?"
        Kind.COUNT: answers_seen.how_many,
        Kind.COLOUR: answers_seen.colour,
        Kind.HOW_LONG: answers_seen.how_long,
        Kind.NOW_WHAT: answers_seen.now,
    }
)
SURELY_HELPFUL = 0.7  # for a question that does not tell of a need in words that are known


def answer_by_sight(asked: Asked, sight: Sight, otherwise: Callable[[Asked], Sentences]) -> Sentences:
    """The sentences of an answer; `otherwise` makes those that sight has no part in."""
    kind = asked.reading.kind
    if asked.reading.things and kind in ABOUT_A_THING:
        return ABOUT_A_THING[kind](asked, sight)
    if kind is Kind.NOW_WHAT or (kind is Kind.COLOUR):
        return answers_scene.describe_scene(asked, sight)
    if kind is Kind.WHAT_WAS:
        return answers_pointed.what_was(asked, sight)
    if kind is Kind.SUGGESTION:
        return answers_pointed.suggestion(asked, sight) or answers_self.unknown(asked)
    if kind in (Kind.WHERE, Kind.DID_YOU_SEE) and not asked.reading.looks:
        return _words_or_suggestion(asked, sight, otherwise)
    if kind is Kind.OTHER and any(e.kind == "picture" and e.score >= SURELY_HELPFUL for e in asked.recall.evidence):
        return answers_pointed.suggestion(asked, sight) or otherwise(asked)
    return otherwise(asked)


def _words_or_suggestion(asked: Asked, sight: Sight, otherwise: Callable[[Asked], Sentences]) -> Sentences:
    quoted = list(answers_past.words_about(asked))
    if quoted:
        return iter(quoted)
    return answers_pointed.suggestion(asked, sight) or otherwise(asked)
