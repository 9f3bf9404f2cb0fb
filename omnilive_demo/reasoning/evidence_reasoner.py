"""Answers without a language model: spoken sentences made of the recalled evidence and the live view, of nothing else.

The question's kind picks the answer; the answer makes its sentences one by one, and each becomes a delta that names the
clips it rests on and the newest picture that it used. Between two sentences the picture may have changed, and an answer
about the present then says so (StreamChat's refresh). What is not in the evidence is said to be not known.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from types import MappingProxyType

from omnilive_demo.cancel import CancelToken
from omnilive_demo.models.text_encoder import TextEncoder
from omnilive_demo.reasoning import answers_now, answers_past, answers_self
from omnilive_demo.reasoning.asked import Asked, Sentences
from omnilive_demo.reasoning.question import QuestionReader
from omnilive_demo.reasoning.question_rules import Kind
from omnilive_demo.reasoning.reasoner import LiveView
from omnilive_demo.records import Delta, Question, Recall

ANSWERS: Mapping[Kind, Callable[[Asked], Sentences]] = MappingProxyType(
    {
        Kind.NOW_WHAT: answers_now.describe_now,
        Kind.WHEN: answers_past.when_it_was,
        Kind.SAID: answers_past.what_was_said,
        Kind.HAPPENED: answers_past.what_happened,
        Kind.HEARD: answers_past.what_was_heard,
        Kind.WHERE: answers_past.where_it_is,
        Kind.DID_YOU_SEE: answers_past.whether_it_was_seen,
        Kind.HOW_LONG: answers_past.how_long_it_was,
        Kind.COUNT: answers_past.how_many,
        Kind.CAPABILITY: answers_self.capability,
        Kind.GREETING: answers_self.greeting,
        Kind.THANKS: answers_self.thanks,
        Kind.STOP: answers_self.stop,
        Kind.REPEAT: answers_self.repeat,
        Kind.NOTE: answers_self.note,
        Kind.STANDING: answers_self.standing,
        Kind.OTHER: answers_self.unknown,
    }
)


class EvidenceReasoner:
    """Implements `Reasoner`. Keeps no state of a session.

    Args:
        text_encoder: for questions that no rule knows.
        names_things: whether the frame encoder's labels name objects; without it, an answer says that they do not.
    """

    name = "evidence answers"

    def __init__(self, text_encoder: TextEncoder, names_things: bool = False) -> None:
        self._reader = QuestionReader(text_encoder)
        self._names_things = names_things

    async def answer(
        self, question: Question, recall: Recall, view: LiveView, cancel: CancelToken
    ) -> AsyncIterator[Delta]:
        """The answer, one delta for each sentence."""
        # Off the loop: a question that no rule knows takes a sentence embedding.
        reading = await asyncio.to_thread(self._reader.read, question.text)
        asked = Asked(question, reading, recall, view, self._names_things)
        gap = ""
        for sentence in ANSWERS[reading.kind](asked):
            if cancel.cancelled:
                return
            yield Delta(gap + sentence.text, sentence.clips, sentence.picture_t_s)
            gap = " "
            await asyncio.sleep(0)  # an interruption and the next picture get their turn between two sentences
