"""Plays a scripted scene through a peer and judges what came of it: every expectation within its budget, or why not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from omnilive_demo.evaluation.ear import Ear
from omnilive_demo.evaluation.inbox import Arrived
from omnilive_demo.evaluation.media import OpusClip
from omnilive_demo.evaluation.peer import Peer
from omnilive_demo.evaluation.pictures import SwitchedCamera, loop_of
from omnilive_demo.evaluation.record import Record
from omnilive_demo.evaluation.scene_files import FOLDER, Expectation, Scene, Step
from omnilive_demo.evaluation.scene_sounds import sentence, sound

HUSH_S = 0.35  # silent for this long: longer than any pause inside an answer
QUIET_S = 1.0
SETTLE_S = 1.5  # the first pictures have to be seen
ANY = "any"  # in `where`: the field has a value


@dataclass(frozen=True, slots=True)
class Span:
    """When a step was done, on the monotonic clock."""

    onset_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Happened:
    """What a scene's judge looks at: named steps, messages, and how loud it was."""

    steps: Mapping[str, Span]
    messages: Sequence[Arrived]
    record: Record


@dataclass(frozen=True, slots=True)
class Verdict:
    """failure: empty, or the reason. after_ms: when it came, from the moment that its budget counts from."""

    expectation: Expectation
    failure: str
    after_ms: float | None = None


async def play(scene: Scene, peer: Peer, camera: SwitchedCamera, record: Record) -> Happened:
    """Do the steps, and wait until every budget is over. The peer is connected and listens with `record`.

    Raises:
        PeerError: the connection was lost.
        SpeechError: a sound cannot be made.
    """
    await asyncio.to_thread(prepare, scene)
    peer.send({"type": "forget"})  # a private server's only visitor finds the memory of the last scene
    await asyncio.sleep(SETTLE_S)
    since, steps = peer.inbox.mark(), dict[str, Span]()
    for number, step in enumerate(scene.steps):
        steps[step.name or str(number)] = await _do(step, peer, camera)
    until_s = max(_from_s(one, steps) + one.within_ms / 1000 for one in scene.expect) + HUSH_S
    await asyncio.sleep(max(0.0, until_s - time.monotonic()))
    messages = peer.inbox.arrived[since:]
    for waiting in {m["id"] for m in messages if m.message.get("type") == "standing"}:
        peer.send({"type": "cancel_standing", "id": waiting})
    return Happened(steps, messages, record)


def prepare(scene: Scene) -> None:
    """Make all sounds and pictures of a scene; making them while it is played would make the peer late.

    Raises:
        SpeechError: a sound cannot be made.
    """
    for step in scene.steps:
        if step.picture is not None:
            loop_of(step.picture)
        elif step.say is not None or step.play is not None:
            _clip(step)


def judge(scene: Scene, happened: Happened) -> list[Verdict]:
    """One verdict for each expectation."""
    return [_judge(one, happened) for one in scene.expect]


def told(scene: Scene, verdicts: Sequence[Verdict], happened: Happened) -> dict[str, Any]:
    """A scene in the report: passed or why not, and what was said, for whoever looks into it."""
    failures = [verdict.failure for verdict in verdicts if verdict.failure]
    return {
        "scene": scene.file,
        "title": scene.title,
        "passed": not failures,
        "failures": failures,
        "after_ms": [verdict.after_ms for verdict in verdicts],
        "heard": [m["text"] for m in happened.messages if m.message.get("type") == "caption" and m["final"]],
        "answers": [m["text"] for m in happened.messages if m.message.get("type") == "answer" and m["final"]],
    }


def offsets_s(verdicts: Sequence[Verdict]) -> list[float]:
    """Of the expectations that measure one: seconds from the evidence to the answer of a standing query."""
    return [v.after_ms / 1000 for v in verdicts if v.expectation.temporal_offset and v.after_ms is not None]


# ---- doing ---------------------------------------------------------------------------------------------------------


async def _do(step: Step, peer: Peer, camera: SwitchedCamera) -> Span:
    now_s = time.monotonic()
    if step.say is not None or step.play is not None:
        said = await peer.say(_clip(step))
        return Span(said.onset_s, said.end_s)
    if step.type is not None:
        peer.send({"type": "text", "text": step.type})
    elif step.send is not None:
        peer.send(step.send)
    elif step.picture is not None:
        camera.show(step.picture)
        while (shown_s := camera.since_s(step.picture, now_s)) is None:
            await asyncio.sleep(0.02)
        return Span(shown_s, shown_s)
    elif step.wait_for is not None:
        await _wait_for(step, peer.ear, peer)
        return Span(now_s, time.monotonic())
    else:
        await asyncio.sleep(step.wait or 0.0)
        return Span(now_s, time.monotonic())
    return Span(now_s, now_s)


def _clip(step: Step) -> OpusClip:
    if step.say is not None:
        return sentence(step.say, step.voice)
    return sound(step.play or "", step.seconds, step.level_db, FOLDER)


async def _wait_for(step: Step, ear: Ear, peer: Peer) -> None:
    """Wait, but not longer than the step's patience: that nothing came is for the expectations to say."""
    begun_s = time.monotonic()
    while time.monotonic() < begun_s + step.patience_s:
        last_s = ear.last_sound_s()
        quiet_s = time.monotonic() - last_s if last_s is not None else float("inf")
        states = peer.inbox.of("state")
        idle = bool(states) and states[-1]["state"] == "idle"
        if step.wait_for == "voice" and quiet_s < 0.1:
            return
        if step.wait_for == "hush" and quiet_s > QUIET_S and idle and time.monotonic() - begun_s > QUIET_S:
            return
        await asyncio.sleep(0.02)


# ---- judging -------------------------------------------------------------------------------------------------------


def _from_s(one: Expectation, steps: Mapping[str, Span]) -> float:
    span = steps[one.after]
    return (span.onset_s if one.since == "onset" else span.end_s) + one.later_s


def _judge(one: Expectation, happened: Happened) -> Verdict:
    from_s = _from_s(one, happened.steps)
    to_s = from_s + one.within_ms / 1000
    if one.event == "hush":
        return _judge_hush(one, happened.record, from_s, to_s)
    if one.event == "voice":
        moments = happened.record.onsets_s(from_s, to_s)
        return _judge_moments(one, moments, from_s, "nothing was audible")
    found = [m for m in _of_new_turns(one, happened) if from_s <= m.at_s <= to_s and _fits(one, m)]
    if one.times is not None:
        different = {m.message.get("id", m.message.get("turn")) for m in found}
        if len(different) != one.times:
            return Verdict(one, f"{_named(one)}: came {len(different)} times, not {one.times}")
    return _judge_moments(one, [m.at_s for m in found], from_s, _instead(one, happened, from_s))


def _judge_hush(one: Expectation, record: Record, from_s: float, to_s: float) -> Verdict:
    silent_s = record.falls_silent_s(from_s, HUSH_S)
    after_ms = round(1000 * (silent_s - from_s), 1)
    late = f"{_named(one)}: silent only after {after_ms:.0f} ms, not {one.within_ms}" if silent_s > to_s else ""
    return Verdict(one, late, after_ms)


def _judge_moments(one: Expectation, moments: Sequence[float], from_s: float, instead: str) -> Verdict:
    if not moments:
        return Verdict(one, "" if one.never else f"{_named(one)}: did not come within {one.within_ms} ms; {instead}")
    after_ms = round(1000 * (moments[0] - from_s), 1)
    return Verdict(one, f"{_named(one)}: came after {after_ms:.0f} ms" if one.never else "", after_ms)


def _instead(one: Expectation, happened: Happened, from_s: float) -> str:
    """What came in place of what was expected: it itself but late, else the last of its type."""
    later = [m for m in _of_new_turns(one, happened) if m.at_s >= from_s]
    late = next((m for m in later if _fits(one, m)), None)
    if late is not None:
        return f"it came after {1000 * (late.at_s - from_s):.0f} ms"
    return f"the last of its type: {_short(later[-1])}" if later else "none of its type came"


def _of_new_turns(one: Expectation, happened: Happened) -> list[Arrived]:
    """Messages of the expected type; an answer that had begun before the step is not an answer to it."""
    messages = [m for m in happened.messages if m.message.get("type") == one.event]
    if one.event != "answer":
        return messages
    before_s = happened.steps[one.after].onset_s
    old = {m.message.get("turn") for m in messages if m.at_s < before_s}
    return [m for m in messages if m.message.get("turn") not in old]


def _fits(one: Expectation, arrived: Arrived) -> bool:
    text = str(arrived.message.get("text", "")).lower()
    if one.says and not any(words.lower() in text for words in one.says):
        return False
    return all(_has(arrived.message.get(name), value) for name, value in one.where.items())


def _has(value: Any, wanted: Any) -> bool:
    if wanted == ANY:
        return value is not None
    return value in wanted if isinstance(wanted, list) else bool(value == wanted)


def _named(one: Expectation) -> str:
    parts = [one.event, *(f"{name} {value}" for name, value in one.where.items())]
    says = f" with {' or '.join(repr(words) for words in one.says)}" if one.says else ""
    never = "never " if one.never else ""
    why = f" ({one.why})" if one.why else ""
    return f"{never}{' '.join(parts)}{says} after {one.after}{why}"


def _short(arrived: Arrived) -> str:
    left_out = ("v", "seq", "t_s", "thumbnail", "evidence")
    return str({k: v for k, v in arrived.message.items() if k not in left_out})[:160]
