"""Reasoning, as the session needs it: a question and its evidence in, an answer in pieces out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from omnilive_demo.cancel import CancelToken
from omnilive_demo.records import Delta, Question, Recall, SeenFrame


class LiveView(Protocol):
    """The present, pulled by the reasoner whenever it likes (StreamChat: the picture is refreshed while it answers)."""

    def latest(self, since_s: float | None = None) -> SeenFrame | None:
        """The newest perceived frame, or None if none is newer than `since_s`."""
        ...

    def recent(self, seconds: float) -> tuple[SeenFrame, ...]:
        """The frames of the last `seconds`, oldest first (at most 16)."""
        ...

    def now_s(self) -> float:
        """Stream time."""
        ...


class Reasoner(Protocol):
    """Answers questions of any session; keeps no state of one."""

    name: str
    languages: tuple[str, ...]
    """Two-letter codes of the languages that it answers in, the usual one first."""
    ahead_s: float
    """Its next sentence is begun when so much sound is left: no earlier, for it is to rest on what is seen then."""
    sees_pictures: bool
    """Whether it looks at remembered pictures; then evidence comes with them."""
    reads_memory: bool
    """Whether it reads long-term memory itself; then a recall comes with it."""

    def forget(self) -> None:
        """Drop what was kept of earlier prompts: somebody wants to be forgotten, or left."""
        ...

    def answer(self, question: Question, recall: Recall, view: LiveView, cancel: CancelToken) -> AsyncIterator[Delta]:
        """The answer, piece by piece, each naming the clips and the newest picture that it used.

        Begins behind `question.heard_sentences` (the answer goes on), and is one sentence when it is to be `brief`.
        Ends early, without an exception, once `cancel` is cancelled. Says what is not known instead of guessing.
        """
        ...
