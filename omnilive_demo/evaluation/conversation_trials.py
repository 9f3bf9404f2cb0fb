"""The trials of `conversation`: interruptions, stimuli that are none, hesitating questions. What came of each is kept.

All are played against long answers about a stream of a few pictures. A trial whose answer was over by itself before it
could be judged is not usable and is made once more.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from omnilive_demo.evaluation.hesitating import Heard, Hesitation, Outcome, outcome
from omnilive_demo.evaluation.inbox import Arrived
from omnilive_demo.evaluation.media import speech_clip
from omnilive_demo.evaluation.pictures import loop_of
from omnilive_demo.evaluation.stimuli import LONG_S, Echo, Stimulus, tripped_s
from omnilive_demo.evaluation.talking_over import begin_answer, quiet
from omnilive_demo.evaluation.visits import Visit

LONG_QUESTION = "What happened since the beginning?"
STREAM = ("doughnuts", "teddy bear", "rocket", "bus", "cat")
STREAM_STEP_S = 4.0
WATCHED_S = 3.0  # after a stimulus: an interruption or a resumption has come by then
ECHO_S = 5.0  # how long an answer is played with its echo
HELD_S = 1.5  # an answer that is silent for this long, though nobody speaks any more, has been stopped
ANSWERED_WITHIN_S = 8.0


@dataclass(frozen=True, slots=True)
class Disturbed:
    """What a stimulus did to an answer.

    stopped: it was cut off, or did not go on. ducked_ms: from the stimulus's onset to `state: ducked`. resume_gap_ms:
    from the end of the stimulus (of an echo, which has no end, from `ducked`) to `state: speaking`; None when it was
    never ducked or never went on. silence_ms: the longest silence of the answer from the onset on.
    """

    kind: str
    name: str
    tripped_s: float
    stopped: bool
    ducked_ms: float | None
    resume_gap_ms: float | None
    silence_ms: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A hesitating question and what came of it. voice_ms: from its last sound to the first of the answer."""

    text: str
    voice: str
    pause_s: float
    outcome: Outcome
    heard: tuple[str, ...]
    answer: str
    voice_ms: float | None


async def show_stream(visit: Visit) -> None:
    """Give the memory something to tell at length."""
    for name in STREAM:
        await asyncio.to_thread(loop_of, name)
    visit.peer.send({"type": "forget"})
    for name in STREAM:
        visit.camera.show(name)
        await asyncio.sleep(STREAM_STEP_S)


async def disturb(visit: Visit, stimulus: Stimulus | Echo, number: int) -> Disturbed | None:
    """Play a stimulus into an answer; twice, if the first answer was over too soon. None when both were.

    Raises:
        TimeoutError: no answer could be heard.
    """
    for attempt in range(2):
        await quiet(visit.peer)
        if isinstance(stimulus, Echo):
            one = await _with_echo(visit, stimulus if attempt == 0 else stimulus.louder())
        else:
            one = await _with_stimulus(visit, stimulus, number)
        visit.peer.send({"type": "stop"})
        if one is not None:
            return one
    return None


async def ask_hesitating(visit: Visit, question: Hesitation) -> Asked:
    """Ask a question with a pause, and wait for what comes of it."""
    peer, clip = visit.peer, await asyncio.to_thread(speech_clip, question.speech)
    await quiet(peer)
    since = peer.inbox.mark()
    said = await peer.say(clip)
    until_s = said.end_s + ANSWERED_WITHIN_S
    while time.monotonic() < until_s and visit.record.last_audible_s(said.end_s) is None:
        await asyncio.sleep(0.05)
    await asyncio.sleep(1.0)  # the end of the first sentence's text
    captions = {c["utterance"]: c for c in peer.inbox.of("caption", since, final=True, speaker="visitor")}
    spoken = [caption for caption in captions.values() if not caption.message.get("typed")]
    premature = visit.record.last_audible_s(said.onset_s, said.end_s) is not None
    answers = peer.inbox.of("answer", since)
    first_s = next(iter(visit.record.onsets_s(said.end_s)), None)
    peer.send({"type": "stop"})
    return Asked(
        question.speech.text,
        question.speech.voice,
        question.pause_s,
        outcome(Heard(spoken, premature), said.end_s),
        tuple(str(caption["text"]) for caption in spoken),
        str(answers[-1]["text"]) if answers else "",
        None if premature or first_s is None else round(1000 * (first_s - said.end_s), 1),
    )


async def _with_stimulus(visit: Visit, stimulus: Stimulus, number: int) -> Disturbed | None:
    clip = await asyncio.to_thread(speech_clip, stimulus.speech)
    since = visit.peer.inbox.mark()
    turn, _ = await begin_answer(visit.peer, LONG_QUESTION)
    await asyncio.sleep(0.3 + 0.1 * (number % 5))
    said = await visit.peer.say(clip)
    await asyncio.sleep(max(0.0, said.end_s + WATCHED_S - time.monotonic()))
    return _judged(visit, turn, since, stimulus.kind, stimulus.name, stimulus.tripped_s, said.onset_s, said.end_s)


async def _with_echo(visit: Visit, echo: Echo) -> Disturbed | None:
    since = visit.peer.inbox.mark()
    visit.echo.on(echo)
    try:
        turn, asked_s = await begin_answer(visit.peer, LONG_QUESTION)
        onset_s = (visit.peer.ear.first_after(asked_s) or time.monotonic()) + echo.delay_s
        await asyncio.sleep(ECHO_S)
        one = _judged(visit, turn, since, "echo", echo.name, 0.0, onset_s, None)
    finally:
        sent = visit.echo.off()
    long_s = round(await asyncio.to_thread(tripped_s, sent), 3)
    # An echo that ends with the answer that it stopped may be too short to count; it did its harm all the same.
    return replace(one, tripped_s=long_s) if one is not None and (long_s >= LONG_S or one.stopped) else None


def _judged(
    visit: Visit, turn: int, since: int, kind: str, name: str, long_s: float, onset_s: float, end_s: float | None
) -> Disturbed | None:
    inbox, now_s = visit.peer.inbox, time.monotonic()
    states = [state for state in inbox.of("state", since) if state.at_s >= onset_s]
    interrupted = bool(inbox.of("interrupt", since, turn=turn))
    silence_s = visit.record.longest_silence_s(onset_s, now_s)
    held = visit.record.last_audible_s(max(onset_s, now_s - HELD_S)) is None
    if not interrupted and any(state["state"] == "idle" for state in states):
        return None  # the answer was over
    ducked = next((state.at_s for state in states if state["state"] == "ducked"), None)
    return Disturbed(
        kind,
        name,
        long_s,
        interrupted or held,
        None if ducked is None else round(1000 * (ducked - onset_s), 1),
        None if interrupted or held else resume_gap_ms(states, end_s),
        round(1000 * silence_s, 1),
    )


def resume_gap_ms(states: Sequence[Arrived], end_s: float | None) -> float | None:
    """How long an answer was kept down for nothing, in ms: from `end_s` (or each `ducked`) to the last `speaking`.

    None when it was never ducked. 0 when it was restored before the stimulus was over.
    """
    pairs = [(a.at_s, b.at_s) for a, b in pairwise(states) if (a["state"], b["state"]) == ("ducked", "speaking")]
    if not pairs:
        return None
    if end_s is None:
        return round(1000 * max(restored - ducked for ducked, restored in pairs), 1)
    return round(1000 * max(0.0, pairs[-1][1] - end_s), 1)
