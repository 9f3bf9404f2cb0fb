"""The turns of a conversation: at most one answer is under way, and only what was heard of it joins the history."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, Literal

from omnilive_demo.answering import Answering, Reply, Stopwatch
from omnilive_demo.cancel import CancelToken, Generations
from omnilive_demo.events import AnswerGrew, Interrupted, PageEvent
from omnilive_demo.records import Question, Recall, Thread
from omnilive_demo.speech.playout import Playout

HISTORY_TURNS = 8

Reason = Literal["speech", "stop", "question", "closed", "fault"]


@dataclass(frozen=True, slots=True)
class Stopped:
    """An answer that was cut off: to what, what was heard of it, and how many sentences of that to their end."""

    question: Question | None  # None: it was a reply to nothing
    heard: str
    heard_sentences: int


class Turns:
    """Starts answers, cuts them off, and keeps what was heard of them.

    Args:
        tell: puts an event into the session's stream.
        spawn: runs a coroutine beside the conversation.
    """

    def __init__(
        self,
        playout: Playout,
        answering: Answering,
        tell: Callable[[PageEvent], None],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._playout = playout
        self._answering = answering
        self._tell = tell
        self._spawn = spawn
        self._generations = Generations()
        self._history: deque[tuple[str, str]] = deque(maxlen=HISTORY_TURNS)
        self._count = 0
        self._text: dict[int, tuple[str, str]] = {}  # the turn under way -> question, answer
        self._question: Question | None = None  # of the turn under way
        self._watches: dict[int, Stopwatch] = {}
        self._written = 0  # the newest turn whose text is complete
        self._played = 0  # the newest turn whose sound was played to its end
        self.current = 0  # the turn under way, or the last one
        self.last: Question | None = None  # what was answered last, to its end or not
        self.stopped: Stopped | None = None  # the last answer that was cut off and not taken up again

    def next(self) -> int:
        """The number of a new turn."""
        self._count += 1
        return self._count

    @property
    def history(self) -> tuple[tuple[str, str], ...]:
        """(question, answer as it was heard), oldest first."""
        return tuple(self._history)

    @property
    def thread(self) -> Thread | None:
        """What was spoken of last, for whoever follows it up."""
        return self._answering.thread

    @property
    def under_way(self) -> bool:
        """Whether an answer is being written or played."""
        return bool(self._text)

    def start(
        self,
        question: Question,
        watch: Stopwatch,
        reason: Literal["speech", "question"],
        recall: Recall | None = None,
    ) -> None:
        """Answer a question; an older answer under way is cut off for `reason`. recall: if it is known already."""
        cancel = self._begin(question.turn, question.text, watch, reason)
        self._question = self.last = question
        self._spawn(self._run(question.turn, cancel, self._answering.run(question, cancel, watch, recall)))

    def say(self, turn: int, asked: str, reply: Reply, watch: Stopwatch) -> None:
        """Say what is known already, to what was asked (nothing: unasked)."""
        cancel = self._begin(turn, asked, watch, "question")
        self._spawn(self._run(turn, cancel, self._answering.recite(turn, reply, cancel, watch)))

    def stop(self, reason: Reason) -> None:
        """Cut off the answer under way: its reasoning, its voice and its sound."""
        under_way = self.under_way
        self._generations.cancel()
        heard = self._playout.stop()
        if under_way:
            question, _ = self._text.pop(self.current, ("", ""))
            before = self._question.heard_sentences if self._question is not None else 0
            self.stopped = Stopped(self._question, heard, before + self._playout.heard_sentences())
            self._tell(Interrupted(self.current, reason, heard))
            told = self._answering.told or AnswerGrew(self.current, "", "", True)
            self._tell(replace(told, delta="", final=True, heard_text=heard))
            if heard:
                self._history.append((question, heard))

    def forget(self) -> None:
        """What was answered may quote what is to be forgotten."""
        if self.under_way:
            self.stop("stop")
        self._answering.clear()
        self._answering.thread = None
        self._history.clear()
        self.last = self.stopped = None

    def on_started(self, turn: int) -> None:
        """The playout's first sound of a turn went out."""
        watch = self._watches.pop(turn, None)
        if watch is not None:
            watch.lap("playout")
            self._tell(watch.latency(turn))

    def on_finished(self, turn: int) -> None:
        """The last sound of a turn was played."""
        self._played = turn
        self._close(turn)

    def _begin(self, turn: int, asked: str, watch: Stopwatch, reason: Literal["speech", "question"]) -> CancelToken:
        if self.under_way:
            self.stop(reason)
        self._question = None
        self.current = turn
        self._answering.clear()
        self._playout.begin(turn)
        self._text[turn] = (asked, "")
        self._watches = {turn: watch}
        return self._generations.begin()

    async def _run(self, turn: int, cancel: CancelToken, answer: Coroutine[Any, Any, str]) -> None:
        text = await answer
        if cancel.cancelled:
            return
        self._text[turn] = (self._text[turn][0], text)
        self._written = turn
        self._close(turn)

    def _close(self, turn: int) -> None:
        """A turn is over when it is both written and played, whichever comes last."""
        if turn == self._written == self._played and turn in self._text:
            self._history.append(self._text.pop(turn))
