"""An answer of a model on this machine, token by token: cancelled, shared and refreshed between two of them.

Each token is a call of its own on a worker, and none is computed before it is asked for. So an answer ends within one
token of being cancelled, several sessions take turns, and before each sentence the live view can be asked: when the
scene has changed (StreamChat), the newest picture takes the place of the last, and the model goes on with the answer
that it has begun.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from omnilive_demo.cancel import CancelToken
from omnilive_demo.reasoning.answer_text import AnswerText, Piece
from omnilive_demo.reasoning.reasoner import LiveView
from omnilive_demo.reasoning.refresh import LONGEST_VIEW_S, changed_picture
from omnilive_demo.records import Delta, Question, Recall, SeenFrame
from omnilive_demo.serving.lane import Lane, Priority, WorkCancelled

MOST_TOKENS = 256
MOST_REFRESHES = 4


class Asked(Protocol):
    """A prompt, as far as an answer to it is concerned."""

    @property
    def begun(self) -> str:
        """What was heard of the answer already."""
        ...

    @property
    def clips(self) -> tuple[int, ...]:
        """What the answer may rest on."""
        ...

    @property
    def live(self) -> tuple[SeenFrame, ...]:
        """The live frames in it, oldest first."""
        ...

    @property
    def picture_t_s(self) -> float | None:
        """When the newest picture was taken."""
        ...


P = TypeVar("P", bound=Asked)


class Prompts(Protocol[P]):
    """Makes prompts, and puts a newer picture into them; both on a worker thread."""

    def ask(self, question: Question, recall: Recall, frames: Sequence[SeenFrame], now_s: float) -> P:
        """The prompt of a question that is answered from `now_s` on. frames: of the live view, oldest first."""
        ...

    def refresh(self, prompt: P, newest: SeenFrame) -> P:
        """The same prompt with the newest picture in place of its last one."""
        ...


class Words(Protocol):
    """An answer under way."""

    def next(self, cancel: CancelToken) -> str | None:
        """What the next token adds. None: the end, or cancelled."""
        ...

    def close(self) -> None:
        """Let go of what was read."""
        ...


class TokenAnswers(Generic[P]):
    """Answers one prompt after the other; keeps no state of a session.

    Args:
        lane: whose one thread runs the model.
        prompts: for this model.
        begin: called on that thread with a prompt and the answer so far.
        most_tokens: of one answer, after which it ends.
    """

    def __init__(
        self, lane: Lane, prompts: Prompts[P], begin: Callable[[P, str], Words], most_tokens: int = MOST_TOKENS
    ) -> None:
        self._lane = lane
        self._prompts = prompts
        self._begin = begin
        self._most_tokens = most_tokens

    async def answer(
        self, question: Question, recall: Recall, view: LiveView, cancel: CancelToken
    ) -> AsyncIterator[Delta]:
        """The answer, token by token."""
        frames, now_s = view.recent(LONGEST_VIEW_S), view.now_s()
        prompt = await asyncio.to_thread(self._prompts.ask, question, recall, frames, now_s)
        answer = AnswerText(prompt.begun, 0 if prompt.begun else question.heard_sentences, question.brief)
        left, refreshes = self._most_tokens, 0
        words: Words | None = None
        try:
            while not answer.over:
                if words is None:
                    words = await self._run(cancel, self._begin, prompt, answer.text)
                text = await self._run(cancel, words.next, cancel) if left > 0 else None
                left -= 1
                newest = None
                for piece in answer.push(text) if text is not None else answer.finish():
                    yield _delta(prompt, piece)
                    if cancel.cancelled:
                        return
                    # Whoever listens came back for the next sentence: look again before it is made.
                    if piece.ends_sentence and text is not None and refreshes < MOST_REFRESHES and not answer.over:
                        newest = changed_picture(view, prompt.live[-1] if prompt.live else None)
                        if newest is not None:
                            break
                if text is None:
                    return
                if newest is not None:
                    refreshes += 1
                    words.close()
                    words = None
                    answer.pause()
                    prompt = await asyncio.to_thread(self._prompts.refresh, prompt, newest)
        except WorkCancelled:
            return
        finally:
            if words is not None:
                words.close()

    async def _run(self, cancel: CancelToken, function: Any, *args: object) -> Any:
        result = await self._lane.run(function, *args, session="reasoner", priority=Priority.TURN, cancel=cancel)
        if cancel.cancelled:
            raise WorkCancelled("The answer is not wanted any more.")
        return result


def _delta(prompt: Asked, piece: Piece) -> Delta:
    return Delta(piece.text, prompt.clips, prompt.picture_t_s, piece.ends_sentence)
