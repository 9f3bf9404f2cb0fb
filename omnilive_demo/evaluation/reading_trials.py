"""Questions to the reader about one clip, and what its answers are worth.

The truth of a clip is put into words by the very code that taught the reader (`training/compressor_truth`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from torch import Tensor

from omnilive_demo.evaluation.retrieval_streams import ClipFrames
from omnilive_demo.models.nano.reader import LONGEST_CAPTION, Reader
from omnilive_demo.models.nano.words import BREAK, COMMA, END, NOTHING, SOMETHING
from omnilive_demo.training.compressor_truth import ThingFacts, caption_words, every_reading, facts_of, names_in
from omnilive_demo.training.world.clips import DrawnClip, InFrame
from omnilive_demo.training.world.timeline import Happening, Timeline, overlap_s
from omnilive_demo.training.world.truth import Sighting

Condition = Literal["read", "zeroed", "other_clip"]
KINDS = ("name", "name_f1", "count", "colour", "motion", "place", "happens", "absent", "caption")
HAPPENS = ("held", "shown", "put_down", "picked_up")
SURE = 0.5
_ENOUGH_S = 1.5  # of an event, or most of it, for it to be seen as that


@dataclass(frozen=True, slots=True)
class Answer:
    """value: 1 right, 0 wrong, or an F1 between. names: (probability, whether it is there), with kind `name` only."""

    stream: int
    condition: Condition
    kind: str
    value: float
    names: tuple[tuple[float, bool], ...] = ()


def clip_truth(frames: ClipFrames, truth_at: Mapping[float, Sequence[Sighting]], timeline: Timeline) -> DrawnClip:
    """What is true of a clip that the app cut, as the training writes it down; it may reach over a change of scene."""
    start_s, end_s = frames[0].t_s, frames[-1].t_s + 1.0
    events = [event for segment in timeline.segments for event in segment.events]
    times_s = tuple(frame.t_s for frame in frames)
    inside = tuple(event for event in events if _is_seen(event, start_s, end_s))
    truth = tuple(tuple(map(_in_frame, truth_at[t_s])) for t_s in times_s)
    return DrawnClip(0, 0, 0, "", 0, len(frames), start_s, end_s, times_s, truth, inside)


def answers_of(reader: Reader, memory: Tensor, clip: DrawnClip, condition: Condition, stream: int) -> list[Answer]:
    """Everything that is asked about a clip, answered from `memory` `[rows, C]`; always the same questions in order."""
    vocabulary = reader.vocabulary
    facts = facts_of(clip, vocabulary)
    found = _names(reader, memory, facts)
    for reading in every_reading(facts, vocabulary):
        if reading.kind == "caption":
            continue
        name = vocabulary.words[reading.prompt[1]] if len(reading.prompt) > 1 else None
        said, _ = reader.ask(memory, reading.kind, name)
        kind = "happens" if reading.kind in HAPPENS else reading.kind
        found.append((kind, float(said == vocabulary.words[reading.answer[0]]), ()))
    there = {one.word for one in facts}
    absent = [name for name in vocabulary.plurals if name not in there]
    missing = absent[int(np.random.default_rng([stream, round(clip.start_s)]).integers(len(absent)))]
    found.append(("absent", float(reader.ask(memory, "colour", missing)[0] == NOTHING), ()))
    words, _ = reader.write(memory, vocabulary.prompt("caption"), LONGEST_CAPTION)
    found.append(("caption", word_f1(words, caption_words(facts)), ()))
    return [Answer(stream, condition, kind, value, names) for kind, value, names in found]


def word_f1(said: Sequence[str], true: Sequence[str]) -> float:
    """F1 of the words in common, each counted as often as it comes; marks between parts do not count."""
    one, other = (Counter(word for word in words if word not in (COMMA, BREAK, END)) for words in (said, true))
    common = (one & other).total()
    return 2 * common / (one.total() + other.total()) if common else float(not one and not other)


def reliability(answers: Sequence[Answer]) -> dict[str, Any]:
    """Of what was read: for each tenth of probability the mean, the share that is true, and how many.

    `error` is the mean gap between probability and truth, weighted by count.
    """
    pairs = [pair for one in answers if one.condition == "read" for pair in one.names]
    if not pairs:
        return {"n": 0, "error": None, "tenths": []}
    said, true = np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs], np.float64)
    tenth = np.minimum((said * 10).astype(int), 9)
    rows = [
        {"probability": float(said[of].mean()), "true": float(true[of].mean()), "n": int(of.sum())}
        for t in np.unique(tenth)
        if (of := tenth == t).any()
    ]
    error = sum(row["n"] * abs(row["probability"] - row["true"]) for row in rows) / len(pairs)
    return {
        "n": len(pairs),
        "error": round(error, 4),
        "tenths": [{k: round(v, 4) for k, v in row.items()} for row in rows],
    }


_Found = tuple[str, float, tuple[tuple[float, bool], ...]]


def _names(reader: Reader, memory: Tensor, facts: Sequence[ThingFacts]) -> list[_Found]:
    there = set(names_in(facts)) - {SOMETHING, NOTHING}
    named = [(name, p) for name, p in reader.names(memory, 0.0) if name not in (SOMETHING, NOTHING)]
    pairs = tuple((p, name in there) for name, p in named if p >= 0.02)
    said = {name for name, p in named if p >= SURE}
    found: list[_Found] = []
    if there:
        common = len(said & there)
        found.append(("name", float(named[0][0] in there), pairs))
        found.append(("name_f1", 2 * common / (len(said) + len(there)), ()))
    return found


def _is_seen(event: Happening, start_s: float, end_s: float) -> bool:
    least = min(_ENOUGH_S, 0.6 * (event.end_s - event.start_s))
    return overlap_s((event.start_s, event.end_s), (start_s, end_s)) >= max(least, 1e-6)


def _in_frame(one: Sighting) -> InFrame:
    return InFrame(
        one.thing.name, one.thing.role, one.colour, None, one.visible, one.motion, one.place, one.held, one.box
    )
