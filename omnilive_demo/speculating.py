"""Work that begins at the first pause of a speaker, and is thrown away when the speaker goes on.

Whether an answer is wanted, and what the memory has on the question: both are ready when the turn really ends, and are
used if the final words are the ones that were guessed. Nothing of it is ever shown or spoken before.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from omnilive_demo.cancel import CancelToken
from omnilive_demo.records import Recall
from omnilive_demo.serving.lane import WorkCancelled

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Guess:
    """What would be done about a text. recall: None when no answer is wanted, or another text is to be answered."""

    text: str
    answer: bool
    recall: Recall | None


class Speculating:
    """At most one guess at a time: only one visitor speaks."""

    def __init__(self) -> None:
        self._utterance: int | None = None
        self._text = ""
        self._cancel = CancelToken()
        self._task: asyncio.Task[Guess | None] | None = None
        self.begun = 0
        self.hits = 0
        self.revoked = 0

    def begin(self, utterance: int, text: str, work: Callable[[CancelToken], Awaitable[Guess]]) -> None:
        """Guess that the utterance ends here with this text: `work` finds out, and ends early when it is cancelled.

        An older guess is revoked.
        """
        if self._task is not None and (self._utterance, self._text) == (utterance, text):
            return
        self.revoke()
        self.begun += 1
        self._utterance, self._text, self._cancel = utterance, text, CancelToken()
        self._task = asyncio.ensure_future(_quietly(work(self._cancel)))

    def revoke(self) -> None:
        """The speaker goes on: free the compute."""
        if self._task is not None:
            self.revoked += 1
            self._drop()

    async def take(self, utterance: int, text: str) -> Guess | None:
        """The guess, if it was right; None else."""
        task = self._task
        if task is None or self._utterance != utterance:
            return None
        if text != self._text:
            self.revoke()
            return None
        self._task = None  # it is needed now: whoever speaks next revokes it no more
        guess = await task
        if guess is not None:
            self.hits += 1
        return guess

    def _drop(self) -> None:
        self._cancel.cancel()
        if self._task is not None:
            self._task.cancel()
        self._task = None


async def _quietly(work: Awaitable[Guess]) -> Guess | None:
    """A guess that fails is none: the work is done again when the turn ends, and fails there if it must."""
    try:
        return await work
    except (RuntimeError, WorkCancelled) as error:
        log.info("a guess failed: %r", error)
        return None
