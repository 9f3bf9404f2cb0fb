"""One measuring visitor: says its lines at its times, waits for what comes of each, and writes that down.

Nothing is dropped: a line without a caption and a question without an audible answer are kept as what they are.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from omnilive_demo.evaluation.inbox import Arrived
from omnilive_demo.evaluation.peer import Peer, PeerError
from omnilive_demo.evaluation.script import Line

ANSWER_WITHIN_S = 15.0
QUIET_S = 1.0  # this long nothing is audible: the answer is over
STATEMENT_EVERY_S = 6.0
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Asked:
    """A line that was said and what came of it. Times are of the machine's monotonic clock."""

    visitor: int
    line: Line
    onset_s: float
    end_s: float
    heard: str | None = None  # None: no final caption came
    answered: bool | None = None
    turn: int | None = None
    answer: str = ""
    first_sound_s: float | None = None
    last_sound_s: float | None = None
    caption_s: float | None = None
    answer_s: float | None = None
    premature: bool = False  # audible before the question was over
    stages_ms: dict[str, float] = field(default_factory=dict)


class Visitor:
    """Plays a script through a peer.

    Args:
        mouths: how many visitors may speak at once.
    """

    def __init__(self, number: int, peer: Peer, lines: Sequence[Line], mouths: asyncio.Semaphore) -> None:
        self.number = number
        self.peer = peer
        self.asked: list[Asked] = []
        self.failure = ""
        self._lines = lines
        self._mouths = mouths

    async def run(self, first_at_s: float, every_s: float, until_s: float) -> None:
        """Say the lines, questions `every_s` apart, until they or the time are over."""
        due_s = first_at_s
        for line in self._lines:
            if due_s >= until_s:
                return
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            try:
                await self._ask(line)
            except PeerError as error:
                self.failure = str(error)
                log.error("visitor %d left: %s", self.number, error)
                return
            step_s = every_s if line.question else min(every_s, STATEMENT_EVERY_S)
            due_s = max(due_s + step_s, time.monotonic() + QUIET_S)

    async def _ask(self, line: Line) -> None:
        since = self.peer.inbox.mark()
        async with self._mouths:
            said = await self.peer.say(line.clip)
        asked = Asked(self.number, line, said.onset_s, said.end_s)
        self.asked.append(asked)
        while time.monotonic() < said.end_s + ANSWER_WITHIN_S or self._still_speaking(asked):
            await asyncio.sleep(0.05)
            if self._is_over(asked, since):
                break
        self._write_down(asked, since)

    def _captions(self, since: int) -> list[Arrived]:
        """The final captions, the last version of each utterance."""
        finals = self.peer.inbox.of("caption", since, final=True, speaker="visitor")
        return list({arrived["utterance"]: arrived for arrived in finals if not arrived.message.get("typed")}.values())

    def _is_over(self, asked: Asked, since: int) -> bool:
        captions = self._captions(since)
        if not captions or time.monotonic() - captions[-1].at_s < QUIET_S:
            return False
        turns = [c["turn"] for c in captions if c["turn"] is not None]
        if not turns:
            return True
        if not self.peer.inbox.of("answer", since, turn=turns[-1], final=True):
            return False
        return self.peer.ear.first_after(asked.end_s) is not None and not self._still_speaking(asked)

    def _still_speaking(self, asked: Asked) -> bool:
        last_s = self.peer.ear.last_sound_s()
        return last_s is not None and last_s > asked.end_s and time.monotonic() - last_s < QUIET_S

    def _write_down(self, asked: Asked, since: int) -> None:
        inbox, ear = self.peer.inbox, self.peer.ear
        captions = self._captions(since)
        if captions:
            asked.heard = " ".join(c["text"] for c in captions).strip()
            asked.caption_s = captions[-1].at_s
            asked.answered = any(c["answered"] for c in captions)
            asked.turn = next((c["turn"] for c in reversed(captions) if c["turn"] is not None), None)
        asked.premature = ear.first_after(asked.onset_s, asked.end_s) is not None
        asked.first_sound_s = ear.first_after(asked.end_s)
        asked.last_sound_s = ear.last_between(asked.end_s)
        if asked.turn is None:
            return
        answers = inbox.of("answer", since, turn=asked.turn)
        if answers:
            asked.answer, asked.answer_s = answers[-1]["text"], answers[0].at_s
        for told in inbox.of("latency", since, turn=asked.turn):
            asked.stages_ms = {str(name): float(ms) for name, ms in told["stages_ms"]}
