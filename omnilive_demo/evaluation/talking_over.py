"""Talking over an answer: one try, and what came of it. Used by `interruption` and by `conversation`.

Times run from the onset of the visitor's speech (its first 10 ms above -40 dBFS, when the peer sent it): to the arrival
of `state: ducked`, and to the last audible sample of the answer that the peer decoded, jitter buffers included.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from omnilive_demo.evaluation.media import OpusClip
from omnilive_demo.evaluation.peer import Peer
from omnilive_demo.evaluation.record import Record
from omnilive_demo.evaluation.spoken_sentences import played, sentences_of, words_after

ANSWER_WITHIN_S = 8.0
TOLD_WITHIN_S = 4.0  # an interruption is told once it is sure that it is one
QUIET_S = 2.0


@dataclass(frozen=True, slots=True)
class TalkedOver:
    """What came of an interruption. ducked_ms: None when that was never told. words: said into the interruption."""

    ducked_ms: float | None
    silent_ms: float
    words: int | None


async def begin_answer(peer: Peer, question: str, timeout_s: float = ANSWER_WITHIN_S) -> tuple[int, float]:
    """Type a question and wait until its answer is audible; the turn, and when the question was sent.

    Raises:
        TimeoutError: nothing was to be heard in time.
    """
    since, asked_s = peer.inbox.mark(), time.monotonic()
    peer.send({"type": "text", "text": question})
    turn = int((await peer.inbox.wait_for("answer", timeout_s, since))["turn"])
    await peer.ear.sound_after(asked_s, timeout_s)
    return turn, asked_s


async def talk_over(
    peer: Peer, question: str, clip: OpusClip, number: int, record: Record | None = None
) -> TalkedOver | None:
    """One try; None when there was nothing to interrupt, or the speech was not taken for an interruption."""
    await quiet(peer)
    since = peer.inbox.mark()
    try:
        turn, asked_s = await begin_answer(peer, question)
        await asyncio.sleep(0.2 + 0.1 * (number % 5))
        said = await peer.say(clip)
        await peer.inbox.wait_for("interrupt", TOLD_WITHIN_S, since, turn=turn, reason="speech")
    except TimeoutError:
        return None
    last_s = peer.ear.last_between(asked_s, said.onset_s)
    if last_s is None or last_s < said.onset_s:
        return None
    ducked = [state for state in peer.inbox.of("state", since, state="ducked") if state.at_s >= said.onset_s]
    ducked_ms = round(1000 * (ducked[0].at_s - said.onset_s), 1) if ducked else None
    words = None
    if record is not None:
        text = str(peer.inbox.of("answer", since, turn=turn)[-1]["text"])
        spoken = await asyncio.to_thread(played, sentences_of(text), record, asked_s, last_s)
        words = words_after(spoken, said.onset_s, last_s)
    return TalkedOver(ducked_ms, round(1000 * (last_s - said.onset_s), 1), words)


async def quiet(peer: Peer, within_s: float = 60.0) -> None:
    """Wait until nothing was audible for a while and nobody waits for anything; not for ever."""
    until_s = time.monotonic() + within_s
    while time.monotonic() < until_s:
        last_s, states = peer.ear.last_sound_s(), peer.inbox.of("state")
        idle = not states or states[-1]["state"] == "idle"
        if idle and (last_s is None or time.monotonic() - last_s > QUIET_S):
            return
        await asyncio.sleep(0.1)
