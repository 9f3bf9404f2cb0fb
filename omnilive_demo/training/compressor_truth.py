"""What the reader is taught about a clip: the truth of its frames in the words of `models/nano/words.py`.

A thing counts as seen in a frame when at least `SEEN` of it is visible. Things whose names are not taught are
"something", all of them together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from omnilive_demo.models.nano.words import (
    BREAK,
    COMMA,
    END,
    HAPPENINGS,
    MOTIONS,
    NOTHING,
    NUMBERS,
    SOMETHING,
    STILL,
    UNCLEAR,
    Vocabulary,
)
from omnilive_demo.training.compressor_stream import EVENTS, Reading
from omnilive_demo.training.world.clips import DrawnClip, InFrame
from omnilive_demo.training.world.timeline import SEEN, Happening, overlap_s

MOST_THINGS = 6  # in a caption
MOST_FACTS = 4
_HAPPENS = ("picked_up", "put_down", "shown", "leaves", "enters")  # what is told first
_AROUND_S = 0.5  # half a frame: what has just begun or ended is told by the frames around it
_SHARE = 0.3  # of the frames with a thing in which it must move or be held for it to be said


@dataclass(frozen=True, slots=True)
class ThingFacts:
    """What is true of one name in a clip. colour: None when no one colour, or not the same for all of them.

    size: the largest box, as a share of the picture. happens: kinds of events, and "held".
    """

    word: str
    number: int
    colour: str | None
    motion: str
    place: str
    size: float
    happens: frozenset[str]


def facts_of(clip: DrawnClip, vocabulary: Vocabulary) -> tuple[ThingFacts, ...]:
    """The things of a clip, largest first."""
    frames_of: dict[str, list[list[InFrame]]] = {}
    for frame in clip.truth:
        here: dict[str, list[InFrame]] = {}
        for thing in frame:
            if thing.visible >= SEEN:
                here.setdefault(_word(thing.name, thing.role == "known", vocabulary), []).append(thing)
        for word, things in here.items():
            frames_of.setdefault(word, []).append(things)
    happens: dict[str, set[str]] = {}
    for event in clip.events:
        happens.setdefault(_word(event.name, event.known, vocabulary), set()).add(event.kind)
    found = [_facts(word, frames, happens.get(word, set())) for word, frames in frames_of.items()]
    return tuple(sorted(found, key=lambda facts: (-round(facts.size, 2), facts.word)))


def caption_words(facts: Sequence[ThingFacts]) -> list[str]:
    """The caption of a clip with these things, without its end."""
    words: list[str] = []
    for one in facts[:MOST_THINGS]:
        colour = [one.colour] if one.colour and one.word != SOMETHING else []
        words += [COMMA] * bool(words) + [NUMBERS[one.number - 1], *colour, one.word]
    said = 0
    for one in facts[:MOST_THINGS]:
        fact = next((HAPPENINGS[kind] for kind in _HAPPENS if kind in one.happens), None)
        fact = fact or MOTIONS.get(one.motion) or (HAPPENINGS["held"] if "held" in one.happens else None)
        if fact and said < MOST_FACTS:
            words += [BREAK, one.word, fact]
            said += 1
    return words or [NOTHING]


def names_in(facts: Sequence[ThingFacts]) -> dict[str, float]:
    """What the names prompt is to find, with weights: every name alike."""
    return {one.word: 1.0 for one in facts} or {NOTHING: 1.0}


def moments_of(clip: DrawnClip) -> Tensor:
    """What is so in each frame, `[T, M]` of 0 and 1 for `MOMENTS`. An event shows a little before and after itself."""
    rows = [
        [any(event.kind == kind and _near(event, t_s) for event in clip.events) for kind in EVENTS]
        + [any(thing.held for thing in frame)]
        for t_s, frame in zip(clip.times_s, clip.truth, strict=True)
    ]
    return torch.tensor(rows, dtype=torch.float32)


def readings_of(
    facts: Sequence[ThingFacts], vocabulary: Vocabulary, rng: np.random.Generator, questions: int
) -> tuple[Reading, ...]:
    """The caption, and so many questions drawn at random: about what is there, what is not, and what happens."""
    caption = (*vocabulary.ids(caption_words(facts)), vocabulary.id(END))
    found = {"caption": Reading(tuple(vocabulary.prompt("caption")), caption, "caption")}
    named = [one for one in facts if one.word != SOMETHING]
    happening = [kind for kind in _PLAIN if any(kind in one.happens for one in facts)]
    for _ in range(3 * questions):
        if len(found) > questions:
            break
        chance = rng.random()
        if chance < 0.6 and named:
            reading = _about(named[int(rng.integers(len(named)))], _one_of(rng, tuple(_ANSWERS)), vocabulary)
        elif chance < 0.8 and len(named) < len(vocabulary.plurals):
            reading = _about_absent(facts, vocabulary, rng)
        else:
            kinds = happening if happening and rng.random() < 0.6 else _PLAIN
            reading = what_happens(facts, _one_of(rng, kinds), vocabulary)
        found.setdefault(f"{reading.prompt}", reading)
    return tuple(found.values())


def every_reading(facts: Sequence[ThingFacts], vocabulary: Vocabulary) -> tuple[Reading, ...]:
    """Each question that has an answer other than "nothing", and the caption: what is measured."""
    caption = (*vocabulary.ids(caption_words(facts)), vocabulary.id(END))
    named = [one for one in facts if one.word != SOMETHING]
    happening = [kind for kind in _PLAIN if any(kind in one.happens for one in facts)]
    return (
        Reading(tuple(vocabulary.prompt("caption")), caption, "caption"),
        *(_about(one, kind, vocabulary) for one in named for kind in _ANSWERS),
        *(what_happens(facts, kind, vocabulary) for kind in happening),
    )


def what_happens(facts: Sequence[ThingFacts], kind: str, vocabulary: Vocabulary) -> Reading:
    """What is held, shown, put down or picked up."""
    word = next((one.word for one in facts if kind in one.happens), NOTHING)
    return Reading(tuple(vocabulary.prompt(kind)), (vocabulary.id(word),), kind)


_PLAIN = ("held", "shown", "put_down", "picked_up")
_ANSWERS: dict[str, Callable[[ThingFacts], str]] = {
    "count": lambda one: NUMBERS[one.number - 1],
    "colour": lambda one: one.colour or UNCLEAR,
    "motion": lambda one: MOTIONS.get(one.motion, STILL),
    "place": lambda one: one.place,
}


def _about(one: ThingFacts, kind: str, vocabulary: Vocabulary) -> Reading:
    return Reading(tuple(vocabulary.prompt(kind, one.word)), (vocabulary.id(_ANSWERS[kind](one)),), kind)


def _about_absent(facts: Sequence[ThingFacts], vocabulary: Vocabulary, rng: np.random.Generator) -> Reading:
    there = {one.word for one in facts}
    name = _one_of(rng, tuple(name for name in vocabulary.plurals if name not in there))
    return Reading(tuple(vocabulary.prompt(_one_of(rng, tuple(_ANSWERS)), name)), (vocabulary.id(NOTHING),), "absent")


def _near(event: Happening, t_s: float) -> bool:
    return event.start_s - _AROUND_S <= t_s <= event.end_s + _AROUND_S


def _one_of(rng: np.random.Generator, values: Sequence[str]) -> str:
    return values[int(rng.integers(len(values)))]


def _word(name: str, known: bool, vocabulary: Vocabulary) -> str:
    return name if known and name in vocabulary.plurals else SOMETHING


def _facts(word: str, frames: Sequence[Sequence[InFrame]], happens: set[str]) -> ThingFacts:
    """`frames`: those of this word in each frame that has any."""
    every = [thing for frame in frames for thing in frame]
    colours = Counter(thing.colour for thing in every)
    colour, often = colours.most_common(1)[0]
    motions = Counter(thing.motion for thing in every if thing.motion != "still")
    motion, moving = motions.most_common(1)[0] if motions else ("still", 0)
    held = sum(thing.held for thing in every)
    last = max(frames[-1], key=lambda thing: thing.visible)
    enough = max(2 if len(frames) > 2 else 1, _SHARE * len(every))
    return ThingFacts(
        word,
        min(max(len(frame) for frame in frames), len(NUMBERS)),
        colour if often >= 0.7 * len(every) else None,
        motion if moving >= enough else "still",
        last.place,
        max((thing.box[2] - thing.box[0]) * (thing.box[3] - thing.box[1]) for thing in every),
        frozenset(happens | ({"held"} if held >= enough else set())),
    )


# -- pieces of clips


def cut(clip: DrawnClip, begin: int, end: int) -> DrawnClip:
    """The frames `begin` to `end` (not included) of a clip, as a clip."""
    if not 0 <= begin < end <= clip.frames:
        raise ValueError(f"frames {begin} to {end} are not in a clip of {clip.frames}")
    end_s = clip.times_s[end] if end < clip.frames else clip.end_s
    start_s = clip.start_s if begin == 0 else clip.times_s[begin]
    events = [_cut_event(event, start_s, end_s) for event in clip.events]
    return replace(
        clip, first=clip.first + begin, frames=end - begin, start_s=start_s, end_s=end_s,
        times_s=clip.times_s[begin:end], truth=clip.truth[begin:end], events=tuple(one for one in events if one),
    )  # fmt: skip


def joined(clips: Sequence[DrawnClip]) -> DrawnClip:
    """Clips that follow each other in one stream, as one; the shot and place are the last one's.

    Raises:
        ValueError: they do not follow each other.
    """
    for one, other in pairwise(clips):
        if one.stream != other.stream or one.first + one.frames != other.first:
            raise ValueError("only clips that follow each other can be joined")
    return replace(
        clips[-1], first=clips[0].first, frames=sum(clip.frames for clip in clips), start_s=clips[0].start_s,
        times_s=tuple(t for clip in clips for t in clip.times_s),
        truth=tuple(frame for clip in clips for frame in clip.truth),
        events=tuple(event for clip in clips for event in clip.events),
    )  # fmt: skip


def _cut_event(event: Happening, start_s: float, end_s: float) -> Happening | None:
    """The part of an event in a stretch, None when it is too little to be seen as that event."""
    inside = overlap_s((event.start_s, event.end_s), (start_s, end_s))
    if inside < min(1.5, 0.6 * (event.end_s - event.start_s)):
        return None
    return replace(event, start_s=max(event.start_s, start_s), end_s=min(event.end_s, end_s))
