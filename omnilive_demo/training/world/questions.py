"""Questions about a stream and the evidence that answers them: explicit, semantic implicit, reference implicit.

The three kinds are the paper's (section 3.2): *explicit* ones name a thing, *semantic* ones name a need that it answers
("It's pouring outside, what could keep me dry?"), *reference* ones point at a moment ("What was that?"). Every text
belongs to one split; `split="test"` uses phrasings that no training sees, and the semantic questions about the things
of `semantic_held_out.json` are never asked in training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from omnilive_demo.training.world.nouns import fill
from omnilive_demo.training.world.question_bank import QuestionBank, Split, shipped_bank
from omnilive_demo.training.world.timeline import SEEN, Happening, Seen, Span, Timeline, overlap_s

Kind = Literal["explicit", "semantic", "reference"]
Pointer = Literal["now", "last_shown", "last_put_down", "before", "first_shown", "gone"]
"""What a reference question points at. now: the thing before the camera. last_shown, first_shown: what was held up to
it. last_put_down: put down by a hand. before: what the scene before this one showed. gone: it left or was taken."""

POINTERS: tuple[Pointer, ...] = get_args(Pointer)
_LATELY_S = 1.0  # what ended this long ago is not over yet


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its truth.

    asked_s: the moment of asking; only what was over by then may be used. evidence: the stretches, any of which answers
    it. thing: the name that answers it (None: something without a taught name). subkind: "plain" or "colour"
    (explicit), "taught" or "held_out" (semantic), a `Pointer` (reference). newest: it touches the newest segment.
    """

    kind: Kind
    text: str
    asked_s: float
    evidence: tuple[Span, ...]
    thing: str | None
    subkind: str
    newest: bool


def ask(
    timeline: Timeline,
    rng: np.random.Generator,
    split: Split,
    *,
    explicit: int = 4,
    semantic: int = 4,
    reference: int = 4,
    moments: int = 1,
    bank: QuestionBank | None = None,
) -> tuple[Asked, ...]:
    """Questions about a timeline, at most so many of each kind (fewer where it does not offer them).

    moments: at how many moments is asked: the end of the timeline, and ends of earlier segments (not before a third of
    the timeline). In training one fact may be asked about in several phrasings, in testing every question is about
    another fact. At most half of the reference questions are about the newest segment.
    """
    bank = bank or shipped_bank()
    times = _moments(timeline, rng, moments)
    repeats = 3 if split == "train" else 1
    asked = [
        *_pick(rng, list(_explicit(timeline, times, rng, split, bank)), explicit, repeats),
        *_pick(rng, list(_semantic(timeline, times, rng, split, bank)), semantic, repeats),
    ]
    pointing = list(_reference(timeline, times, rng, split, bank))
    old = [make for make, newest in pointing if not newest]
    new = [make for make, newest in pointing if newest]
    said_old = _pick(rng, old, reference - min(len(new) * repeats, reference // 2), repeats)
    return tuple(asked + said_old + _pick(rng, new, min(reference // 2, len(said_old)), repeats))


_Maker = Callable[[], Asked]


def _pick(rng: np.random.Generator, makers: Sequence[_Maker], wanted: int, repeats: int) -> list[Asked]:
    """So many questions by makers in random order, none twice."""
    made: dict[tuple[str, float], Asked] = {}
    for _ in range(repeats):
        for index in rng.permutation(len(makers)):
            if len(made) >= wanted:
                return list(made.values())
            question = makers[index]()
            made.setdefault((question.text, question.asked_s), question)
    return list(made.values())


def _moments(timeline: Timeline, rng: np.random.Generator, wanted: int) -> list[float]:
    ends = [segment.end_s for segment in timeline.segments]
    earlier = ends[len(ends) // 3 : -1]
    chosen = sorted(rng.permutation(len(earlier))[: wanted - 1].tolist())
    return [earlier[index] for index in chosen] + ends[-1:]


def _newest(timeline: Timeline, evidence: Sequence[Span]) -> bool:
    last = timeline.segments[-1]
    return any(overlap_s(span, (last.start_s, last.end_s)) > 0 for span in evidence)


def _one_of(rng: np.random.Generator, texts: Sequence[str]) -> str:
    return texts[int(rng.integers(len(texts)))]


def _things(timeline: Timeline) -> dict[str, list[Seen]]:
    """The known things that were seen, by name."""
    found: dict[str, list[Seen]] = {}
    for segment in timeline.segments:
        for seen in segment.things:
            if seen.known and seen.spans and seen.visible >= SEEN:
                found.setdefault(seen.name, []).append(seen)
    return found


def _explicit(
    timeline: Timeline, times: Sequence[float], rng: np.random.Generator, split: Split, bank: QuestionBank
) -> Iterator[_Maker]:
    at_s = times[int(rng.integers(len(times)))] if times else 0.0
    so_far = timeline.until(at_s)
    for name, seen in _things(so_far).items():
        # "The red mug" is a fair question only where every mug's colour is told, so that no other one is red too.
        dyes = [one.colour for one in seen if one.colour] if all(one.colour for one in seen) else []

        def make(name: str = name, noun: Seen = seen[0], dyes: Sequence[str] = dyes) -> Asked:
            colour = _one_of(rng, dyes) if dyes and rng.random() < 0.6 else None
            text = fill(_one_of(rng, bank.explicit[split]), noun, colour)
            evidence = so_far.sightings(name, colour)
            subkind = "colour" if colour else "plain"
            return Asked("explicit", text, at_s, evidence, name, subkind, _newest(so_far, evidence))

        if not dyes or all(so_far.sightings(name, dye) for dye in dyes):
            yield make


def _semantic(
    timeline: Timeline, times: Sequence[float], rng: np.random.Generator, split: Split, bank: QuestionBank
) -> Iterator[_Maker]:
    at_s = times[int(rng.integers(len(times)))] if times else 0.0
    so_far = timeline.until(at_s)
    present = {seen.name for segment in so_far.segments for seen in segment.things}
    for name in _things(so_far):
        texts = bank.semantic_of(name, split)
        if not texts or present & bank.share_a_purpose(name):
            continue  # another thing of this stream could be meant

        def make(name: str = name, texts: Sequence[str] = texts) -> Asked:
            evidence = so_far.sightings(name)
            subkind = "held_out" if name in bank.held_out else "taught"
            return Asked("semantic", _one_of(rng, texts), at_s, evidence, name, subkind, _newest(so_far, evidence))

        yield make


def _reference(
    timeline: Timeline, times: Sequence[float], rng: np.random.Generator, split: Split, bank: QuestionBank
) -> Iterator[tuple[_Maker, bool]]:
    for at_s in times:
        so_far = timeline.until(at_s)
        for pointer in POINTERS:
            found = _pointed_at(so_far, pointer)
            if found is None:
                continue
            evidence, name, newest = found[0], found[1], _newest(so_far, found[0])

            def make(
                at_s: float = at_s, pointer: Pointer = pointer, evidence: tuple[Span, ...] = evidence,
                name: str | None = name, newest: bool = newest,
            ) -> Asked:  # fmt: skip
                text = _one_of(rng, bank.reference[pointer][split])
                return Asked("reference", text, at_s, evidence, name, pointer, newest)

            yield make, newest


def _pointed_at(timeline: Timeline, pointer: Pointer) -> tuple[tuple[Span, ...], str | None] | None:
    """The evidence and the name of what a reference question at the end of a timeline means, None if it is unclear."""
    if not timeline.segments:
        return None
    if pointer == "now":
        return _before_the_camera(timeline)
    if pointer == "before":
        return _scene_before(timeline)
    if pointer in ("last_shown", "first_shown"):
        shown = timeline.events("shown")
        if pointer == "first_shown":
            return (((shown[0].start_s, shown[0].end_s),), _name(shown[0])) if len(shown) > 1 else None
        if not shown or shown[-1].end_s > timeline.end_s - _LATELY_S:
            return None  # it is still being shown: "that" would be "this"
        return ((shown[-1].start_s, shown[-1].end_s),), _name(shown[-1])
    events = timeline.events("put_down") if pointer == "last_put_down" else timeline.events("picked_up", "leaves")
    if not events:
        return None
    return _sight_around(timeline, events[-1]), _name(events[-1])


def _name(event: Happening) -> str | None:
    return event.name if event.known else None


def _sight_around(timeline: Timeline, event: Happening) -> tuple[Span, ...]:
    """When the thing of an event is seen in the scene of that event (at least the event itself)."""
    span = (event.start_s, event.end_s)
    for scene in timeline.scenes():
        if overlap_s((scene[0].start_s, scene[-1].end_s), span) > 0:
            seen = Timeline(tuple(scene)).sightings(event.name)
            return tuple(one for one in seen if overlap_s(one, span) > 0) or (span,)
    return (span,)


def _before_the_camera(timeline: Timeline) -> tuple[tuple[Span, ...], str | None] | None:
    """What is held up to the camera now, or the only thing that is there."""
    scene = Timeline(timeline.scenes()[-1])
    still = scene.end_s - _LATELY_S
    shown = scene.events("shown")
    if shown and shown[-1].end_s >= still:
        return ((shown[-1].start_s, shown[-1].end_s),), _name(shown[-1])
    there = {
        seen.name: seen.known
        for segment in scene.segments
        for seen in segment.things
        if any(end_s >= still for _, end_s in seen.spans)
    }
    if len(there) != 1:
        return None
    (name, known), *_ = there.items()
    spans = tuple(span for span in scene.sightings(name) if span[1] >= still)
    return (spans, name if known else None) if spans else None


def _scene_before(timeline: Timeline) -> tuple[tuple[Span, ...], str | None] | None:
    """The scene before the newest one, named by the largest known thing in it."""
    scenes = timeline.scenes()
    if len(scenes) < 2:
        return None
    seen = [one for segment in scenes[-2] for one in segment.things if one.known and one.spans]
    if not seen:
        return None
    return ((scenes[-2][0].start_s, scenes[-2][-1].end_s),), max(seen, key=lambda one: one.size).name


def as_row(asked: Asked) -> dict[str, Any]:
    """A question as JSON values."""
    return {
        "kind": asked.kind, "subkind": asked.subkind, "text": asked.text, "asked_s": round(asked.asked_s, 2),
        "evidence": [[round(a, 2), round(b, 2)] for a, b in asked.evidence],
        "thing": asked.thing, "newest": asked.newest,
    }  # fmt: skip
