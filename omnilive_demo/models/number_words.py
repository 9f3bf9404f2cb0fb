"""Number words and counted times, as people say them and as a recogniser writes them: "to minutes and a half" -> "2.5
minutes". What rooms must read alike, whether a text looks back ("ten minutes ago") or ahead ("in ten minutes").
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_TO_NINETEEN = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen"""
_TENTHS = "twenty thirty forty fifty sixty seventy eighty ninety"
_TENS = {word: 10.0 * n for n, word in enumerate(_TENTHS.split(), start=2)}
_NUMBERS = {word: float(n) for n, word in enumerate(_TO_NINETEEN.split())} | _TENS | {"fourty": 40.0, "hundred": 100.0}

UNIT_S = {"second": 1.0, "sec": 1.0, "moment": 5.0, "minute": 60.0, "min": 60.0, "hour": 3600.0, "day": 86400.0}
"""Seconds of each unit of time that is counted."""

_MISHEARD = (
    (r"\b(?:to|too)(?= (?:second|minute|hour|day)s\b)", "2"),
    (r"\bwon(?= (?:second|minute|hour|day)\b)", "1"),
    (r"\bate(?= (?:second|minute|hour|day)s\b)", "8"),
    (r"\btan(?= (?:second|minute|hour|day)s\b)", "10"),
    (r"\bminute's\b|\bminuets?\b|\bminutes'", "minutes"),
)
_PHRASES = (
    (r"\b(?:a )?quarter of an? hour\b", "15 minutes"),
    (r"\bthree quarters of an? hour\b", "45 minutes"),
    (r"\b(?:a )?half (?:an? )?(hour|minute|day)\b", r"0.5 \1"),
    (r"\ban? (hour|minute|day) and a half\b", r"1.5 \1"),
    (r"\b(\d+) and a half (hour|minute|day)s?\b", r"\1.5 \2s"),
    (r"\ba (couple|few)(?: of)?\b", r"\1"),
    (r"\bcouple of\b", "couple"),
)


def normalise(text: str, also: Sequence[tuple[str, str]] = ()) -> str:
    """Lower case, no punctuation, numbers as digits, common misrecognitions mended.

    Args:
        text: as typed or recognised.
        also: (pattern, replacement) of what else is misheard, mended first.
    """
    words = re.sub(r"[^\w'.\s]|\.(?!\d)", " ", text.lower().replace("-", " ").replace("’", "'"))
    words = " ".join(words.split())
    words = re.sub(r"\bthree quarters of an? hour\b", "45 minutes", words)
    words = " ".join(_digits(words.split()))
    for wrong, right in (*also, *_MISHEARD, *_PHRASES):
        words = re.sub(wrong, right, words)
    return " ".join(words.split())


def _digits(words: list[str]) -> list[str]:
    """Number words to digits: "twenty five" -> "25", "a hundred" -> "100"."""
    out: list[str] = []
    total: float | None = None
    last = ""
    for word in [*words, ""]:
        value = _NUMBERS.get(word)
        if value is not None and last in _TENS and value < 10:
            total = (total or 0) + value
        elif word == "hundred" and total is not None:
            total *= 100
        elif word == "and" and last == "hundred" and total is not None:
            continue
        elif value is not None and last == "hundred" and total is not None:
            total += value
        elif value is not None:
            if total is not None:
                out.append(f"{total:g}")
            if word == "hundred" and out and out[-1] == "a":
                out.pop()
            total = value
        else:
            if total is not None:
                out.append(f"{total:g}")
                total = None
            if word:
                out.append(word)
        last = word
    return out
