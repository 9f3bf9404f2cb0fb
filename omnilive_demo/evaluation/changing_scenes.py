"""Scenes that change while they are described, and the judge: is each sentence true of the picture when it is played?

The judge knows which things each picture shows (the truth of the sample streams) and reads a sentence for the things
that it says are there now. What it says of the past, or says is gone, is no claim about now. A sentence is *false* when
it begins to be played while the camera shows a picture without one of the things it claims. It is *stale* when it was
true of a picture shown before in the scene, else *misnamed*: the eyes' mistake, not the answer's age.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from omnilive_demo.config import ASSETS
from omnilive_demo.evaluation.peer import Peer
from omnilive_demo.evaluation.pictures import Picture, SwitchedCamera, picture
from omnilive_demo.evaluation.record import Record
from omnilive_demo.evaluation.spoken_sentences import Played, gaps_ms, played, sentences_of
from omnilive_demo.models.thing_names import ThingNames

ANSWER_WITHIN_S = 10.0
QUIET_S = 1.2
LONGEST_S = 30.0
_BEFORE_S = 5.0  # how long the first picture is shown before the question
_AFTER_S = 0.3  # after the first sound the picture changes

Judgement = Literal["true", "stale", "misnamed", "no claim"]


@dataclass(frozen=True, slots=True)
class Change:
    """A question about one picture, and the other one that comes while it is answered."""

    before: str
    after: str
    question: str


CHANGES = (
    Change("bread and watermelon", "dog and kite", "What is this?"),
    Change("key and camera", "pill and honey", "Describe what you see."),
    Change("dog and kite", "key and camera", "What is this?"),
    Change("pill and honey", "bread and watermelon", "What is this?"),
    Change("key and camera", "cat", "What is this?"),
    Change("dog and kite", "dark", "What do you see?"),
    Change("bread and watermelon", "phone", "What is this?"),
    Change("pill and honey", "bus", "What is this?"),
    Change("doughnuts", "teddy bear", "Describe what you see."),
    Change("dog and kite", "pill and honey", "What is this?"),
    Change("key and camera", "bread and watermelon", "What is this?"),
    Change("bread and watermelon", "rocket", "Tell me what you see."),
)
"""Mostly two things and "What is this?", which takes a sentence for each: the second one can come too late."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A sentence as it was played. claims: the things that it says are there now."""

    text: str
    judgement: Judgement
    claims: tuple[str, ...]
    since_change_s: float


_NOT_NOW = re.compile(
    r"\b(?:no longer|not|n't|isn't|aren't|don't|gone|was|were|had|been|saw|seen|before|ago|earlier|used to|without"
    r"|instead of|disappeared|until|any more|anymore)\b|n't\b"
)
_NOW = re.compile(r"\b(?:now|right now|at the moment|i see|i also see|there is|there are|this is|these are|there's)\b")


def claims(sentence: str, names: ThingNames) -> tuple[str, ...]:
    """The things that a sentence says are there now; each clause keeps the tense of the one before it."""
    found: list[str] = []
    present = True
    for clause in re.split(r"[,:;]|\bbut\b|\bwhile\b|\band (?=now\b|it\b|that\b|i\b|there\b)", sentence.lower()):
        if _NOT_NOW.search(clause):
            present = False
        elif _NOW.search(clause):
            present = True
        if present:
            found += names.mentioned(clause)
    return tuple(dict.fromkeys(found))


def judge(
    sentence: str, now: Picture, before: Sequence[Picture], names: ThingNames
) -> tuple[Judgement, tuple[str, ...]]:
    """Whether a sentence is true of the picture that is shown, and what it claims. `before`: pictures shown earlier."""
    claimed = claims(sentence, names)
    if not claimed:
        return "no claim", claimed
    if now.things.issuperset(claimed):
        return "true", claimed
    return ("stale" if any(one.things.issuperset(claimed) for one in before) else "misnamed"), claimed


def judge_played(
    spoken: Sequence[Played], camera: SwitchedCamera, from_s: float, change_s: float, names: ThingNames
) -> list[Judged]:
    """Every sentence at the moment at which it began to be played. The scene began at `from_s`, and then changed."""
    judged = []
    for one in spoken:
        before = [picture(name) for at_s, name in camera.shown if from_s <= at_s <= one.start_s]
        judgement, claimed = judge(one.text, camera.at(one.start_s), before, names)
        judged.append(Judged(one.text, judgement, claimed, round(one.start_s - change_s, 2)))
    return judged


def stale_rate(sentences: Sequence[Judged]) -> dict[str, Any]:
    """`rate`: the share of all sentences that were false when they were played; how many of what, and of how many."""
    n = len(sentences)
    counts = {kind: sum(one.judgement == kind for one in sentences) for kind in ("true", "stale", "misnamed")}
    false = counts["stale"] + counts["misnamed"]
    claiming = [one for one in sentences if one.judgement != "no claim"]
    after = [one for one in claiming if one.since_change_s >= 0]
    false_after = sum(one.judgement != "true" for one in after)
    return {
        "rate": round(false / n, 4) if n else None,
        "n": n,
        **counts,
        "no_claim": n - len(claiming),
        "after_the_change": {"rate": round(false_after / len(after), 4) if after else None, "n": len(after)},
    }


async def show(change: Change, peer: Peer, camera: SwitchedCamera, record: Record) -> dict[str, Any]:
    """Play one change; what was said, with its judgement. `usable` is false when there was no answer to be heard."""
    from_s = time.monotonic()
    camera.show(change.before)
    await asyncio.sleep(_BEFORE_S)
    since, asked_s = peer.inbox.mark(), time.monotonic()
    peer.send({"type": "text", "text": change.question})
    told: dict[str, Any] = {"before": change.before, "after": change.after, "question": change.question}
    try:
        turn = (await peer.inbox.wait_for("answer", ANSWER_WITHIN_S, since))["turn"]
        first_s = await peer.ear.sound_after(asked_s, ANSWER_WITHIN_S)
    except TimeoutError as error:
        return {**told, "usable": False, "why": str(error), "sentences": [], "gaps_ms": []}
    await asyncio.sleep(max(0.0, first_s + _AFTER_S - time.monotonic()))
    asked_to_change_s = time.monotonic()
    camera.show(change.after)
    while time.monotonic() < asked_s + LONGEST_S:
        await asyncio.sleep(0.1)
        last_s = peer.ear.last_sound_s()
        final = peer.inbox.of("answer", since, turn=turn, final=True)
        if final and last_s is not None and time.monotonic() - last_s > QUIET_S:
            break
    answers = peer.inbox.of("answer", since, turn=turn)
    text = str(answers[-1]["text"])
    spoken = await asyncio.to_thread(played, sentences_of(text), record, asked_s, time.monotonic())
    change_s = camera.since_s(change.after, asked_to_change_s) or asked_to_change_s
    judged = judge_played(spoken, camera, from_s, change_s, nano_names())
    return {**told, "usable": True, "answer": text, "sentences": judged, "gaps_ms": gaps_ms(spoken, record)}


@cache
def nano_names() -> ThingNames:
    """The names of the nano profile's eyes."""
    entries = json.loads((ASSETS / "nano" / "names.json").read_text("utf-8"))
    return ThingNames({str(entry["name"]): str(entry["plural"]) for entry in entries})
