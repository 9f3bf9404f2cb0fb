"""A question with everything that its answer may rest on, and the sentences that answers are made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from omnilive_demo.reasoning.question import Reading
from omnilive_demo.reasoning.reasoner import LiveView
from omnilive_demo.reasoning.words import plain
from omnilive_demo.records import Question, Recall


@dataclass(frozen=True, slots=True)
class Sentence:
    """One spoken sentence, the clips that it rests on, and the newest picture that it used."""

    text: str
    clips: tuple[int, ...] = ()
    picture_t_s: float | None = None


Sentences = Iterator[Sentence]
"""Made one by one, so that each sees the present of the moment at which it is asked for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it was read, what was recalled for it, and the present. `names_things`: the eyes know objects."""

    question: Question
    reading: Reading
    recall: Recall
    view: LiveView
    names_things: bool = False

    @property
    def words(self) -> str:
        """The question in plain form."""
        return plain(self.question.text)

    @property
    def yes_or_no(self) -> bool:
        """Whether it can be answered with yes or no."""
        return _YES_OR_NO.search(self.words) is not None

    def ago_s(self, t_s: float) -> float:
        """How long before now something was; what the memory was closed for counts."""
        return self.recall.ago_s(t_s, self.view.now_s())

    def newest_s(self) -> float | None:
        """When the newest picture was taken."""
        frame = self.view.latest()
        return frame.t_s if frame is not None else None

    @property
    def about(self) -> str:
        """What it is about, as the answer would say it: "the meeting", "your keys", or "that"."""
        match = _ABOUT.search(self.words) or _OF_WHAT.search(self.words)
        if match is None:
            return "that"
        words = [_TURNED.get(word, word) for word in match[1].split()]
        return " ".join(words) if len(words) <= 5 else "that"


_YES_OR_NO = re.compile(
    r"^(?:(?:uh|um|so|and|well|please|hey) )*"
    r"(?:is|are|am|was|were|do|does|did|has|have|had|can|could|isn't|wasn't|didn't|haven't)\b"
)
_ENDS = (
    r"(?= (?:a|an|\w+) (?:second|minute|hour|moment|while)s? ago\b| so far\b| earlier\b| before\b| today\b| please\b|$)"
)
_ABOUT = re.compile(rf"\babout ((?!a |an |\w+ (?:second|minute|hour)s?\b).+?){_ENDS}")
_OF_WHAT = re.compile(
    r"\b(?:where|when)(?:'s| is| are| was| were| did i (?:leave|put|lose|see|hide)| have i (?:left|put))"
    rf" ((?:the|my|our|his|her|your) .+?){_ENDS}"
)
_TURNED = {"my": "your", "your": "my", "i": "you", "me": "you", "you": "me", "our": "your"}
