"""Answers without a language model: spoken sentences made of the recalled evidence and the live view, of nothing else.

The question's kind picks the answer; the answer makes its sentences one by one, and each becomes a delta that names the
clips it rests on and the newest picture that it used. Between two sentences the picture may have changed, and an answer
about the present then says so (StreamChat's refresh). What is not in the evidence is said to be not known.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from omnilive_demo.cancel import CancelToken
from omnilive_demo.models.clip_reader import ClipReader
from omnilive_demo.models.text_encoder import TextEncoder
from omnilive_demo.models.thing_names import ThingNames
from omnilive_demo.reasoning import answers_following, answers_now, answers_past, answers_self, answers_summed
from omnilive_demo.reasoning.answers_by_sight import answer_by_sight
from omnilive_demo.reasoning.asked import Asked, Sentences
from omnilive_demo.reasoning.question import QuestionReader
from omnilive_demo.reasoning.question_rules import Kind
from omnilive_demo.reasoning.reasoner import LiveView
from omnilive_demo.reasoning.sight import Sight
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
        Kind.COLOUR: answers_now.describe_now,
        Kind.WHAT_WAS: answers_past.what_happened,
        Kind.SUGGESTION: answers_self.unknown,
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
        reader: reads S_k of the evidence; with it, answers are about things.
        names: of the things that labels, reader and questions share; needed with a reader.
    """

    name = "evidence answers"
    languages: tuple[str, ...] = ("en",)
    ahead_s: float = 0.35
    sees_pictures: bool = False
    reads_memory: bool = False

    def __init__(
        self,
        text_encoder: TextEncoder,
        names_things: bool = False,
        reader: ClipReader | None = None,
        names: ThingNames | None = None,
    ) -> None:
        if reader is not None and names is None:
            raise ValueError("a reader needs the names of the things that it reads")
        self._text_encoder = text_encoder
        self._reader = reader
        self._names = names if reader is not None else None
        self._questions = QuestionReader(text_encoder, self._names)
        self._names_things = names_things or reader is not None

    def forget(self) -> None:
        """Nothing is kept."""

    async def answer(
        self, question: Question, recall: Recall, view: LiveView, cancel: CancelToken
    ) -> AsyncIterator[Delta]:
        """The answer, one delta for each sentence."""
        # Off the loop: a question that no rule knows takes a sentence embedding, and S_k is read for a sentence.
        sentences = await asyncio.to_thread(self._begin, question, recall, view)
        gap, told = "", 0
        # An interruption and the next picture get their turn between two sentences.
        while (sentence := await asyncio.to_thread(next, sentences, None)) is not None:
            if cancel.cancelled:
                return
            told += 1
            if told <= question.heard_sentences:
                continue
            yield Delta(gap + sentence.text, sentence.clips, sentence.picture_t_s, ends_sentence=True)
            gap = " "
            if question.brief:
                return

    def _begin(self, question: Question, recall: Recall, view: LiveView) -> Sentences:
        reading = self._questions.read(question.text)
        asked = Asked(question, reading, recall, view, self._names_things)
        sight = (
            Sight(self._reader, self._names, self._text_encoder)
            if self._reader is not None and self._names is not None
            else None
        )
        return self._answered(asked, sight)

    def _answered(self, asked: Asked, sight: Sight | None) -> Sentences:
        follows, away, digest = asked.recall.follows, asked.recall.absence, asked.recall.digest
        if away is not None:
            return answers_summed.absence(asked, away)
        if digest is not None:
            return answers_summed.summary(asked, digest)
        if follows is not None and not answers_following.asks_again(asked):
            return answers_following.further(asked, sight)
        if follows is not None:
            question = replace(asked.question, text=follows.thread.asked)
            asked = replace(asked, question=question, reading=self._questions.read(question.text))
        answer = ANSWERS[asked.reading.kind]
        return answer(asked) if sight is None else answer_by_sight(asked, sight, answer)
