"""Which of the things that are waited for somebody means who wants one dropped: "the dog", "the five minute timer"."""

from __future__ import annotations

import re
from collections.abc import Mapping

from omnilive_demo.models.chinese import is_chinese
from omnilive_demo.models.descriptor_space import VISUAL_WORDS
from omnilive_demo.models.sound_words import waited_for
from omnilive_demo.reasoning.standing_clause import read_clause
from omnilive_demo.reasoning.standing_drop_zh import meant_zh
from omnilive_demo.reasoning.standing_things import named
from omnilive_demo.reasoning.standing_time import AMOUNT, plain_request, seconds_of
from omnilive_demo.reasoning.standing_wanted import Known, Wait, Wanted
from omnilive_demo.reasoning.words import word_set

THE_REMINDER = "the reminder"
"""What "stop reminding me" drops."""
_TIMERS = re.compile(r"\b(?:timers?|reminders?|alarms?|countdowns?)\b")
_AMOUNT = re.compile(AMOUNT)
_LITTLE = word_set(
    """
    a about alarm alarms alert all an and any countdown for from i in is it me my of on or please reminder reminders
    request tell that the them this timer timers to we when with you your
    """
)


def meant(about: str, waiting: Mapping[int, Wanted], known: Known) -> tuple[int, ...]:
    """The numbers of those that fit the words; a timer's length and a reminder's words count more than its kind.

    "The reminder" is one that a clock ends, or else one that something else brings about.
    """
    if is_chinese(about):
        return meant_zh(about, waiting, known)
    found = [number for number, wanted in waiting.items() if _names(about, wanted, known)]
    if not found and _TIMERS.search(about):
        found = [number for number, wanted in waiting.items() if wanted.kind is Wait.TIME]
        if not found and about == THE_REMINDER:
            found = [number for number, wanted in waiting.items() if wanted.note]
    return tuple(found)


def _names(about: str, wanted: Wanted, known: Known) -> bool:
    words = about.split()
    said = {word for word in words if word not in _LITTLE}
    if said & {word for word in plain_request(wanted.note).split() if word not in _LITTLE}:
        return True
    match wanted.kind:
        case Wait.TIME:
            amount = _AMOUNT.search(about)
            return amount is not None and seconds_of(amount[0]) == wanted.delay_s
        case Wait.THING | Wait.GONE:
            return bool(set(named(about, known.things)) & set(wanted.names)) or _same(about, wanted, known)
        case Wait.SOUND:
            meant_too = bool(waited_for(words, known.sounds) & set(wanted.sounds))
            return meant_too or bool(said & {"sound", "sounds", "noise", "noises"})
        case Wait.WORD:
            return bool(said & set(wanted.words.split()))
        case Wait.LOOK:
            return wanted.look in {VISUAL_WORDS.get(word) for word in words} or _same(about, wanted, known)


def _same(about: str, wanted: Wanted, known: Known) -> bool:
    """Whether it is said as it was when it was asked for: "when it gets dark"."""
    found = read_clause(about, known)
    return isinstance(found, Wanted) and (found.kind, found.names[:1], found.look) == (
        wanted.kind, wanted.names[:1], wanted.look
    )  # fmt: skip
