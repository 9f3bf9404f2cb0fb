"""What kind of question something is: rules first, then the nearest of some example sentences by meaning.

The rules are a table of patterns over plain words, tried in order; they know the questions that people ask of a thing
that watches and listens. What no rule knows (other words, a misheard word) goes to the nearest prototype in the space
of the text encoder, if it is near enough; the rest is OTHER. Only that second step costs anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from omnilive_demo.models.descriptor_space import VISUAL_WORDS
from omnilive_demo.models.question_words import is_need, points_back
from omnilive_demo.models.text_encoder import TextEncoder
from omnilive_demo.models.thing_names import ThingNames
from omnilive_demo.reasoning.prototypes import PROTOTYPES
from omnilive_demo.reasoning.question_rules import (
    ABOUT_LOOKS,
    ABOUT_THINGS,
    COLOUR_ASKED,
    HERE,
    NO_TOPIC,
    PLAIN,
    Kind,
    by_rule,
)
from omnilive_demo.reasoning.words import plain

NEAR_ENOUGH = 0.55
MOST_TOPIC_WORDS = 2


@dataclass(frozen=True, slots=True)
class Reading:
    """A question as it was understood. `topic`: the words that it is about; `looks`: visual words, as the plain word
    that each stands for ("gloomy" -> "dark"); `things`: names of known things in it.
    """

    kind: Kind
    topic: str
    looks: tuple[str, ...]
    things: tuple[str, ...] = ()


class QuestionReader:
    """Reads questions. Stateless after loading; any thread. Reading takes as long as a few embeddings at most.

    Args:
        text_encoder: for questions that no rule knows.
        names: of things that the eyes know; without it, questions about them are read like any other.
    """

    def __init__(self, text_encoder: TextEncoder, names: ThingNames | None = None) -> None:
        self._encoder = text_encoder
        self._names = names
        self._kinds = [kind for kind, texts in PROTOTYPES.items() for _ in texts]
        self._prototypes = text_encoder.encode([text for texts in PROTOTYPES.values() for text in texts])

    def read(self, text: str) -> Reading:
        """What kind of question `text` is, and what it is about."""
        words = plain(text)
        if self._names is not None:
            return self._read_with_names(text, words, self._names)
        kind = by_rule(words)
        return Reading(kind if kind is not None else self._by_meaning(words), topic_of(words), looks_of(words))

    def _read_with_names(self, text: str, words: str, names: ThingNames) -> Reading:
        """The things that a question names say nothing of its kind: an alarm clock is no alarm."""
        masked, topic = plain(names.masked(text)), topic_of(words)
        kind = by_rule(masked)
        things = names.mentioned(text)
        if not things and kind in ABOUT_THINGS:
            few = topic.split() if len(topic.split()) <= MOST_TOPIC_WORDS else ()  # a description names nothing
            synonym = names.synonym(few)
            things = (synonym,) if synonym else ()
        looks = () if things else looks_of(words)
        if kind in PLAIN and not (things and kind is Kind.CAPABILITY):
            return Reading(kind, topic, looks, things)
        need = is_need(masked)
        if things and kind in ABOUT_THINGS:
            kind = Kind.COLOUR if COLOUR_ASKED.search(masked) else kind
        elif things:
            kind = Kind.COLOUR if COLOUR_ASKED.search(masked) else Kind.SUGGESTION if need else Kind.WHERE
        elif points_back(masked):
            kind = Kind.WHAT_WAS
        elif need and (kind not in ABOUT_LOOKS or (kind is Kind.NOW_WHAT and not (looks or HERE.search(masked)))):
            kind = Kind.SUGGESTION
        return Reading(kind if kind is not None else self._by_meaning(words), topic, looks, things)

    def _by_meaning(self, words: str) -> Kind:
        if not words:
            return Kind.OTHER
        nearness = self._prototypes @ self._encoder.encode([words])[0]
        best = int(np.argmax(nearness))
        return Kind(self._kinds[best]) if nearness[best] >= NEAR_ENOUGH else Kind.OTHER


def topic_of(words: str) -> str:
    """The words that a question is about, in order: "what did i say about the red car" -> "red car"."""
    return " ".join(word for word in words.split() if word not in NO_TOPIC)


def looks_of(words: str) -> tuple[str, ...]:
    """The visual words of a question, each as the plain word that it stands for."""
    return tuple(dict.fromkeys(VISUAL_WORDS[word] for word in words.split() if word in VISUAL_WORDS))
