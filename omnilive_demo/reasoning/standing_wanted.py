"""What somebody may ask to be told later, as values: what is waited for, what cannot be, what is to be dropped."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from omnilive_demo.models.sound_words import NAMED
from omnilive_demo.models.thing_names import ThingNames

LEAST_EVERY_S = 30.0
"""Seconds between two tellings of a reminder that comes again and again: oftener, nobody else would get a word in."""


@dataclass(frozen=True, slots=True)
class Known:
    """What can be waited for by its name.

    things: that the eyes know; None: they know none. sounds: the names that those who listen may give.
    """

    things: ThingNames | None = None
    sounds: tuple[str, ...] = NAMED


class Wait(StrEnum):
    """What ends the waiting."""

    THING = "thing"  # a thing comes into view
    GONE = "gone"  # a thing goes out of view
    LOOK = "look"  # the picture looks so
    SOUND = "sound"
    WORD = "word"  # it is said
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that can be waited for.

    names: of things, any of which will do. groups: of things to be gone, those of `names` that are one to whoever asks
    (a word may mean several: "杯子"), any group of which will do; none: they are all one. look: a plain visual word
    ("dark"). sounds: labels, any of which will do; none of them: any sound. words: what is to be said. delay_s: seconds
    from the request on. note: what to remind of, as it goes on after "remind you": "to call Anna". again: what is so
    already does not count. every: it was asked for each time; but for a reminder that comes again and again, it is told
    once all the same.
    """

    kind: Wait
    names: tuple[str, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()
    look: str = ""
    sounds: tuple[str, ...] = ()
    words: str = ""
    delay_s: float = 0.0
    note: str = ""
    again: bool = False
    every: bool = False


Lack = Literal["thing", "names", "person", "sound", "event", "clock", "when", "how long", "how often"]


@dataclass(frozen=True, slots=True)
class Unfit:
    """Something that cannot be waited for: `why`, and `what` it was ("a unicorn", "the laundry is done")."""

    why: Lack
    what: str = ""


Found = Wanted | Unfit | None
"""What a clause is read as; None: as none of it."""
Read = Callable[[re.Match[str], Known], Found]


def gone(groups: tuple[tuple[str, ...], ...]) -> Wanted:
    """A wait for one of some things to go, each with the names that it may have."""
    names = tuple(dict.fromkeys(name for group in groups for name in group))
    return Wanted(Wait.GONE, names, groups if len(groups) > 1 else ())


def repeated(delay_s: float, note: str) -> Wanted | Unfit:
    """A reminder that comes again each time `delay_s` seconds have passed; refused where that would be too often."""
    if not LEAST_EVERY_S <= delay_s < math.inf:
        return Unfit("how often" if delay_s < LEAST_EVERY_S else "how long")
    return Wanted(Wait.TIME, delay_s=delay_s, note=note, every=True)


@dataclass(frozen=True, slots=True)
class Dropped:
    """What was asked for is not wanted any more.

    about: which one, as it was said ("the dog", "the reminder to call anna"); empty: the last one. all: every one of
    them. sure: it can mean nothing else ("stop watching for the dog"); if not ("never mind the dog"), it is only meant
    so when there is such a one.
    """

    about: str = ""
    all: bool = False
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """What is waited for is to be told."""


Request = Wanted | Unfit | Dropped | Listed
