"""What kind of question something is: rules first, then the nearest of some example sentences by meaning.

The rules are a table of patterns over plain words, tried in order; they know the questions that people ask of a thing
that watches and listens. What no rule knows (other words, a misheard word) goes to the nearest prototype in the space
of the text encoder, if it is near enough; the rest is OTHER. Only that second step costs anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from omnilive_demo.models.descriptor_space import VISUAL_WORDS
from omnilive_demo.models.text_encoder import TextEncoder
from omnilive_demo.reasoning.prototypes import PROTOTYPES
from omnilive_demo.reasoning.question_rules import NO_TOPIC, Kind, by_rule
from omnilive_demo.reasoning.words import plain

NEAR_ENOUGH = 0.55


@dataclass(frozen=True, slots=True)
class Reading:
    """A question as it was understood. `topic`: the words that it is about; `looks`: visual words, as the plain word
    that each stands for ("gloomy" -> "dark").
    """

    kind: Kind
    topic: str
    looks: tuple[str, ...]


class QuestionReader:
    """Reads questions. Stateless after loading; any thread. Reading takes as long as one sentence embedding at most."""

    def __init__(self, text_encoder: TextEncoder) -> None:
        self._encoder = text_encoder
        self._kinds = [kind for kind, texts in PROTOTYPES.items() for _ in texts]
        self._prototypes = text_encoder.encode([text for texts in PROTOTYPES.values() for text in texts])

    def read(self, text: str) -> Reading:
        """What kind of question `text` is, and what it is about."""
        words = plain(text)
        kind = by_rule(words)
        return Reading(kind if kind is not None else self._by_meaning(words), topic_of(words), looks_of(words))

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
