"""Answers about a thing that the question names: whether, where, when, how many and in which colour it was seen.

Everything comes from moments that show it (`sight`). The best moment to tell of is the newest one that does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from omnilive_demo.reasoning.answers_past import words_about
from omnilive_demo.reasoning.asked import Asked, Sentence, Sentences
from omnilive_demo.reasoning.findings import JOIN_S
from omnilive_demo.reasoning.phrases import capitalised
from omnilive_demo.reasoning.sight import PERHAPS, TELLS, THINKS, Sight, Thing, moments
from omnilive_demo.reasoning.when import ago, lasting, position

RECOGNISED = 0.65  # score of a picture that the memory found for a thing by its name
APART_S = 15.0  # the first time is told when it was so much earlier
_OWNED = re.compile(r"\b(my|our|his|her|their|your)\b")
_YOURS = {"my": "your", "our": "your", "your": "my"}


@dataclass(frozen=True, slots=True)
class Seen:
    """A named thing and the moments that show it, oldest first. `called`: "your mug", "the mug"."""

    name: str
    called: str
    things: tuple[Thing, ...]

    @property
    def newest(self) -> Thing:
        """It, in the newest moment that shows it."""
        return self.things[-1]


def find(asked: Asked, sight: Sight) -> Seen:
    """The thing that the question names, wherever the evidence shows it."""
    name = asked.reading.things[0]
    recall = asked.recall
    shown = moments((recall.first, *recall.evidence, recall.last))
    things = tuple(thing for one in shown if (thing := sight.thing(one, name)) is not None)
    best = recall.evidence[0] if recall.evidence else None
    if not things and best is not None and best.kind == "picture" and best.score >= RECOGNISED:
        things = (Thing(name, PERHAPS, best),)  # the memory has found it, though nobody can name it there
    return Seen(name, _called(asked, sight, name), things)


def where(asked: Asked, sight: Sight) -> Sentences:
    """Where and when it was seen."""
    seen = find(asked, sight)
    if not seen.things:
        yield from _never(asked, sight, seen)
        return
    thing = seen.newest
    yield Sentence(_saw(asked, sight, seen, thing), _clips(thing))
    yield from _first_time(asked, seen)
    yield from words_about(asked)


def whether(asked: Asked, sight: Sight) -> Sentences:
    """Whether it was seen."""
    seen = find(asked, sight)
    if not seen.things:
        yield from _never(asked, sight, seen)
        return
    thing = seen.newest
    what = sight.one(thing)
    when = ago(asked.ago_s(thing.evidence.end_s))
    begin = "Yes, I saw" if thing.plain else "I think I saw"
    yield Sentence(f"{begin} {what} {when}{_there(sight, thing)}.", _clips(thing))
    yield from _first_time(asked, seen)
    yield from words_about(asked)


def when(asked: Asked, sight: Sight) -> Sentences:
    """When it was seen; the first time too."""
    seen = find(asked, sight)
    if not seen.things:
        yield from _never(asked, sight, seen)
        return
    thing = seen.newest
    yield Sentence(_saw(asked, sight, seen, thing), _clips(thing))
    yield Sentence(f"That was {position(thing.evidence.start_s)}.", _clips(thing))
    yield from _first_time(asked, seen)


def how_long(asked: Asked, sight: Sight) -> Sentences:
    """For how long it was seen, in moments that adjoin."""
    seen = find(asked, sight)
    if not seen.things:
        yield from _never(asked, sight, seen)
        return
    start_s = end_s = seen.newest.evidence.end_s
    clips: list[int] = []
    for thing in reversed(seen.things):
        if start_s - thing.evidence.end_s > JOIN_S:
            break
        start_s = min(start_s, thing.evidence.start_s)
        clips += _clips(thing)
    length, until = lasting(end_s - start_s), ago(asked.ago_s(end_s))
    yield Sentence(f"I saw {seen.called} for {length}, until {until}.", tuple(clips))


def how_many(asked: Asked, sight: Sight) -> Sentences:
    """How many of it were seen at once."""
    seen = find(asked, sight)
    if not seen.things:
        yield from _never(asked, sight, seen)
        return
    thing = max(seen.things, key=lambda one: sight.count(one)[1])
    number, p = sight.count(thing)
    at = ago(asked.ago_s(thing.evidence.end_s))
    if p < THINKS:
        text = f"I saw {sight.names.one(seen.name)} {at}, but I couldn't count."
    else:
        begin = "I saw" if p >= TELLS and thing.plain else "I think I saw"
        words = sight.one(thing) if number > 1 else f"one {seen.name}"
        text = f"{begin} {words} {at}{_there(sight, thing)}."
    yield Sentence(text, _clips(thing))


def colour(asked: Asked, sight: Sight) -> Sentences:
    """Which colour it had."""
    seen = find(asked, sight)
    if not seen.things:
        yield from _never(asked, sight, seen)
        return
    thing = max(seen.things, key=lambda one: sight.colour(one)[1])
    called = seen.called.removesuffix(thing.name)
    called = f"{called}{sight.called(thing)}" if called != seen.called else seen.called
    yield Sentence(colour_sentence(sight, thing, capitalised(called)), _clips(thing))
    yield Sentence(f"I saw {sight.pronoun(thing)} {ago(asked.ago_s(thing.evidence.end_s))}.", _clips(thing))


def colour_sentence(sight: Sight, thing: Thing, called: str, present: bool = False) -> str:
    """ "The bucket was red."; with "I think", or "I can't tell", as sure as that is."""
    word, p = sight.colour(thing)
    plural = sight.pronoun(thing) == "them"
    verb = ("are" if plural else "is") if present else ("were" if plural else "was")
    if p < THINKS:
        return f"I can't tell which color {called[:1].lower()}{called[1:]} {verb}."
    if p < TELLS:
        return f"I think {called[:1].lower()}{called[1:]} {verb} {word}."
    return f"{called} {verb} {word}."


def now(asked: Asked, sight: Sight) -> Sentences:
    """Whether it is there now."""
    seen = find(asked, sight)
    present = [one for one in asked.recall.evidence if one.kind == "now"]
    thing = sight.thing(present[0], seen.name) if present else None
    if thing is not None:
        begin = "Yes, I see" if thing.plain else "I think I see"
        yield Sentence(f"{begin} {sight.one(thing)}{_there(sight, thing)}.", _clips(thing), asked.newest_s())
        return
    yield Sentence(f"I don't see {sight.names.none(seen.name)} right now.", picture_t_s=asked.newest_s())
    if seen.things:
        yield Sentence(f"I last saw {seen.called} {ago(asked.ago_s(seen.newest.evidence.end_s))}.", _clips(seen.newest))


# ---- parts ---------------------------------------------------------------------------------------------------------


def _saw(asked: Asked, sight: Sight, seen: Seen, thing: Thing) -> str:
    called = seen.called if thing.plain else sight.one(thing)
    number, p = sight.count(thing)
    if thing.plain and number > 1 and p >= TELLS:
        called = sight.one(thing)
    begin = "I saw" if thing.plain else "I think I saw"
    return f"{begin} {called} {ago(asked.ago_s(thing.evidence.end_s))}{_there(sight, thing)}."


def _there(sight: Sight, thing: Thing) -> str:
    place = sight.place(thing)
    return f", {place}" if place else ""


def _first_time(asked: Asked, seen: Seen) -> Sentences:
    first, last = seen.things[0], seen.newest
    if first is not last and last.evidence.start_s - first.evidence.start_s >= APART_S:
        yield Sentence(f"The first time was {ago(asked.ago_s(first.evidence.start_s))}.", _clips(first))


def _never(asked: Asked, sight: Sight, seen: Seen) -> Sentences:
    quoted = list(words_about(asked))
    yield from quoted or (Sentence(f"I haven't noticed {sight.names.none(seen.name)} so far."),)


def _called(asked: Asked, sight: Sight, name: str) -> str:
    """The thing as the answer speaks of it: "your mug" of my mug, else "the mug"."""
    words = asked.words.split()
    parts = name.split()
    plural = sight.names.plural(name).split()
    for form in (parts, plural):
        for i in range(1, len(words) - len(form) + 1):
            if words[i : i + len(form)] == form and _OWNED.fullmatch(words[i - 1]):
                return f"{_YOURS.get(words[i - 1], words[i - 1])} {' '.join(form)}"
    return f"the {name}"


def _clips(thing: Thing) -> tuple[int, ...]:
    return () if thing.evidence.clip_id is None else (thing.evidence.clip_id,)
