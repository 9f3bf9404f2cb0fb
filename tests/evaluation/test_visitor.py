from __future__ import annotations

import asyncio
import json
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from omnilive_demo.evaluation import visitor as visitor_module
from omnilive_demo.evaluation.ear import Ear
from omnilive_demo.evaluation.inbox import Inbox
from omnilive_demo.evaluation.media import OpusClip
from omnilive_demo.evaluation.peer import PeerError
from omnilive_demo.evaluation.script import Line
from omnilive_demo.evaluation.visitor import Visitor

LOUD = np.full(960, 5000, dtype=np.int16)


class Assistant:
    """Stands in for a peer: what is said to it is answered by a script of messages and sounds."""

    def __init__(self, *reactions: tuple[dict[str, Any] | str, ...]) -> None:
        self.inbox, self.ear = Inbox(), Ear()
        self._reactions = list(reactions)
        self._seq = 0
        self.speaking = 0
        self.most_speaking = 0

    async def say(self, clip: OpusClip) -> Any:
        self.speaking += 1
        self.most_speaking = max(self.most_speaking, self.speaking)
        onset_s = time.monotonic()
        await asyncio.sleep(0.01)
        self.speaking -= 1
        end_s = time.monotonic()
        if not self._reactions:
            raise PeerError("the live channel is not open")
        for what in self._reactions.pop(0):
            if what == "sound":
                self.ear.take(LOUD, 48_000, time.monotonic() + 0.1)
            else:
                assert isinstance(what, dict)
                self._seq += 1
                self.inbox.put(json.dumps({"v": 1, "seq": self._seq, "t_s": 0, **what}), time.monotonic())
        return SimpleNamespace(onset_s=onset_s, end_s=end_s)


def caption(text: str, turn: int | None = None, utterance: int = 1) -> dict[str, Any]:
    told = {"type": "caption", "utterance": utterance, "text": text, "final": True, "speaker": "visitor"}
    return {**told, "answered": turn is not None, "turn": turn}


def answer(turn: int, text: str) -> dict[str, Any]:
    return {"type": "answer", "turn": turn, "text": text, "final": True}


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor_module, "ANSWER_WITHIN_S", 0.5)
    monkeypatch.setattr(visitor_module, "QUIET_S", 0.1)


async def play(assistant: Assistant, *lines: Line) -> Visitor:
    visitor = Visitor(0, assistant, lines, asyncio.Semaphore(2))  # type: ignore[arg-type]
    await visitor.run(time.monotonic(), 0.01, time.monotonic() + 30)
    return visitor


QUESTION, STATEMENT = Line(OpusClip((), "what is this"), True), Line(OpusClip((), "it rains"), False)


async def test_a_question_and_all_that_came_of_it_are_written_down() -> None:
    latency = {"type": "latency", "turn": 1, "stages_ms": [["recognise", 120.0]], "total_ms": 120.0}
    visitor = await play(Assistant((caption("what is this", 1), answer(1, "A ball."), latency, "sound")), QUESTION)
    (asked,) = visitor.asked
    assert (asked.heard, asked.answered, asked.turn, asked.answer) == ("what is this", True, 1, "A ball.")
    assert asked.first_sound_s is not None
    assert asked.first_sound_s > asked.end_s
    assert asked.stages_ms == {"recognise": 120.0}


async def test_an_utterance_that_was_cut_in_two_is_put_together_and_its_last_turn_counts() -> None:
    said = (caption("what", 1, 1), caption("is this", 2, 2), answer(2, "A ball."), "sound")
    (asked,) = (await play(Assistant(said), QUESTION)).asked
    assert (asked.heard, asked.turn) == ("what is this", 2)


async def test_silence_is_an_outcome_and_the_next_line_still_comes() -> None:
    visitor = await play(Assistant((), (caption("it rains"),)), QUESTION, STATEMENT)
    first, second = visitor.asked
    assert (first.heard, first.answered, first.first_sound_s) == (None, None, None)
    assert (second.heard, second.answered) == ("it rains", False)


async def test_a_visitor_that_loses_its_connection_says_so() -> None:
    visitor = await play(Assistant((caption("it rains"),)), STATEMENT, QUESTION)
    assert "live channel" in visitor.failure
    assert len(visitor.asked) == 1


async def test_no_more_than_two_visitors_speak_at_once() -> None:
    assistant = Assistant(*[(caption("it rains"),)] * 5)
    mouths = asyncio.Semaphore(2)
    visitors = [Visitor(n, assistant, [STATEMENT], mouths) for n in range(5)]  # type: ignore[arg-type]
    begin_s = time.monotonic()
    await asyncio.gather(*(visitor.run(begin_s, 0.01, begin_s + 30) for visitor in visitors))
    assert assistant.most_speaking == 2
