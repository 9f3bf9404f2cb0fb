"""What was said, and whether it wants an answer: the final words of an utterance, judged once or guessed in advance."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from omnilive_demo.cancel import CancelToken
from omnilive_demo.engine import Engine
from omnilive_demo.events import Fault, PageEvent
from omnilive_demo.models.chinese import Language, language_of
from omnilive_demo.reasoning.fixed_phrases import NOT_UNDERSTOOD, SAY_IT_AGAIN, TOOK_TOO_LONG
from omnilive_demo.records import Question, Recall
from omnilive_demo.serving.lane import Priority
from omnilive_demo.speculating import Guess, Speculating
from omnilive_demo.utterance import OpenUtterance

RECOGNITION_S = 30.0  # longer than any queue for a decoder that somebody would sit through
FILM_CERTAINTY = 0.97  # people in a film mostly talk to each other: only what is surely a question is taken up


class Understanding:
    """Words and intentions of one session's utterances.

    Args:
        question: makes the question that a text of an utterance would be.
        recall: what the memory has on a question.
    """

    def __init__(
        self,
        session: str,
        engine: Engine,
        tell: Callable[[PageEvent], None],
        question: Callable[[str, OpenUtterance], Question],
        recall: Callable[[Question, CancelToken], Awaitable[Recall]],
    ) -> None:
        self._session = session
        self._engine = engine
        self._tell = tell
        self._question = question
        self._recall = recall
        self._speculating = Speculating()
        self.lost_utterances = 0
        self.language: Language = "en"  # that the visitor spoke or typed last

    async def words_of(self, utterance: OpenUtterance) -> str:
        """The final words; empty when there are none, or the recogniser failed (then the page is told)."""
        try:
            text = (await asyncio.wait_for(utterance.stream.finish(), RECOGNITION_S)).text
        except (RuntimeError, TimeoutError) as error:
            utterance.stream.cancel()
            self.lost_utterances += 1
            spoken = self.language
            why = TOOK_TOO_LONG.said(spoken) if isinstance(error, TimeoutError) else str(error)
            sentence = f"{NOT_UNDERSTOOD.said(spoken)}: {why}"
            self._tell(Fault("recognition_failed", sentence, SAY_IT_AGAIN.said(spoken)))
            return ""
        if text and utterance.origin == "visitor":
            self.language = language_of(text)
        return text

    async def wants_answer(self, text: str, visitor: bool) -> bool:
        """Instruction prediction; people in a film are answered only when they surely ask us."""
        instruction = await self._engine.mind.run(
            self._engine.instructions.predict, text, session=self._session, priority=Priority.TURN
        )
        return instruction.answer if visitor else instruction.probability >= FILM_CERTAINTY

    # ---- in advance --------------------------------------------------------------------------------------------------

    def guess(self, utterance: OpenUtterance, text: str, unwanted: Callable[[], None]) -> None:
        """The speaker paused behind these words: find out what to do about them, in case that was all.

        unwanted: called when nothing is to be done about them.
        """
        self._speculating.begin(utterance.number, text, lambda cancel: self._work(utterance, text, cancel, unwanted))

    def revoke(self) -> None:
        """The speaker goes on."""
        self._speculating.revoke()

    async def guessed(self, utterance: OpenUtterance, text: str) -> Guess | None:
        """What was found out about exactly these words, if it was."""
        return await self._speculating.take(utterance.number, text)

    async def _work(
        self, utterance: OpenUtterance, text: str, cancel: CancelToken, unwanted: Callable[[], None]
    ) -> Guess:
        answer = bool(utterance.before) or await self.wants_answer(text, visitor=True)
        if not answer and not cancel.cancelled:
            unwanted()
        if not answer or cancel.cancelled:
            return Guess(text, answer, None)
        return Guess(text, answer, await self._recall(self._question(text, utterance), cancel))

    def figures(self) -> dict[str, int]:
        """Counts for health and measurement."""
        return {
            "speculated": self._speculating.begun,
            "speculation_hits": self._speculating.hits,
            "speculation_revoked": self._speculating.revoked,
            "lost_utterances": self.lost_utterances,
        }
