"""The sentence about a day or an hour: nothing but what its facts say.

"14 hours remembered; most often a mug and a book; heard barking three times and a bell once; 12 things said or typed."
"""

from __future__ import annotations

from collections.abc import Iterator

from omnilive_demo.memory.day_words import counted, lasting, listed, named, times
from omnilive_demo.memory.stretch import SeenThing, Stretch

MOSTLY = 0.5  # of the time
MOST_THINGS, MOST_SOUNDS = 3, 3
STILL_S = 1800.0  # longer without a change is worth a word
QUIET_S = 3600.0  # less is no quiet day, only a short one


def summary_of(stretch: Stretch) -> str:
    """One sentence in plain words."""
    if stretch.empty:
        return _nothing(stretch)
    facts = "; ".join(_facts(stretch))
    silent = not stretch.utterances and not stretch.sounds
    if silent and stretch.hour is None and stretch.seconds >= QUIET_S:
        return f"A quiet day: {facts}."
    return f"{facts[:1].upper()}{facts[1:]}."


def _nothing(stretch: Stretch) -> str:
    unit = "day" if stretch.hour is None else "hour"
    of = f"this {unit}" if stretch.length == 1 else f"these {counted(stretch.length, unit)}"
    return f"Nothing is remembered of {of}."


def _facts(stretch: Stretch) -> Iterator[str]:
    if stretch.seconds:
        yield f"{lasting(stretch.seconds)} remembered"
    else:
        yield "a moment remembered" if stretch.clips else "no pictures"
    if (seen := _seen(stretch)) is not None:
        yield seen
    if stretch.longest_s >= STILL_S:
        yield f"nothing changed for {lasting(stretch.longest_s)}"
    if stretch.sounds:
        heard = [f"{named(sound.label)} {times(sound.count)}" for sound in stretch.sounds[:MOST_SOUNDS]]
        yield f"heard {listed(heard)}"
    if stretch.utterances:
        yield f"{counted(stretch.utterances, 'thing')} said or typed"
    elif stretch.hour is not None or stretch.sounds:
        yield "nothing said"
    else:
        yield "nothing said or heard"


def _seen(stretch: Stretch) -> str | None:
    """Things that were there most of the time, else those that were seen most; without any, how it looked."""
    often = _mostly(stretch, stretch.seen)
    if often:
        return f"mostly {listed([named(thing.label) for thing in often])}"
    if stretch.seen:
        return f"most often {listed([named(thing.label) for thing in stretch.seen[:MOST_THINGS]])}"
    looked = _mostly(stretch, stretch.looks)
    return f"mostly {listed([look.label.removeprefix('mostly ') for look in looked])}" if looked else None


def _mostly(stretch: Stretch, found: tuple[SeenThing, ...]) -> list[SeenThing]:
    return [one for one in found if one.seconds >= MOSTLY * stretch.seconds > 0][:MOST_THINGS]
