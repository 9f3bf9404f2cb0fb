"""Lengths, counts and names as a summary says them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from omnilive_demo.models.descriptor_space import CHROMA, COLOURS, LIGHT, MOTION, SURFACE, VISUAL_WORDS


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_TIMES = ("never", "once", "twice")
_SMALL = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_LOOKS = frozenset((*VISUAL_WORDS, *LIGHT, *COLOURS, *CHROMA, *SURFACE, *MOTION))
_HELPERS = _set("mostly very quite rather slightly a bit little picture the is")
_UNCOUNTED = _set("music laughter applause thunder rain water wind silence speech traffic noise static")
_SOME = _set("bread cheese corn broccoli milk honey salt sushi spaghetti salad chocolate soap lotion yarn thread fire")


def is_look(label: str) -> bool:
    """Whether a label says how the picture looks ("mostly blue") and not what is in it; "orange" is the fruit."""
    words = re.findall(r"[\w'-]+", label.lower())
    return words != ["orange"] and any(word in _LOOKS for word in words) and set(words) <= _LOOKS | _HELPERS


def lasting(seconds: float) -> str:
    """ "40 seconds", "42 minutes", "2 hours 20 minutes", "14 hours"."""
    if seconds < 59.5:
        return counted(max(1, round(seconds)), "second")
    minutes = round(seconds / 60)
    if minutes < 60:
        return counted(minutes, "minute")
    hours, rest = divmod(minutes, 60)
    if hours >= 10 or not rest:
        return counted(round(minutes / 60), "hour")
    return f"{counted(hours, 'hour')} {counted(rest, 'minute')}"


def counted(n: int, noun: str) -> str:
    """ "1 hour", "12 hours"."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def times(n: int) -> str:
    """ "once", "twice", "three times", "34 times"."""
    if n < len(_TIMES):
        return _TIMES[n]
    return f"{_SMALL[n] if n < len(_SMALL) else f'{n:,}'} times"


def named(name: str) -> str:
    """A name with its article where it takes one: "an umbrella", "some bread", "sunglasses", "barking"."""
    last = name.split()[-1] if name.split() else ""
    if name in _SOME:
        return f"some {name}"
    if last in _UNCOUNTED or last.endswith("ing") or (last.endswith("s") and not last.endswith(("ss", "us"))):
        return name
    return (
        f"{'an' if name[:1] in 'aeiou' and not name.startswith(('uni', 'use', 'one', 'uku', 'euro')) else 'a'} {name}"
    )


def listed(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else list(parts))
