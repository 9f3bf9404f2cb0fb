"""The words of a sound of any length, from a model that hears 30 seconds at a time.

The original says nothing about longer sounds. Here they are cut where they are quiet: within a pause just so, and else,
where somebody goes on speaking, so that the next stretch begins a little before the end of the one before; what both
say of the part that they share is said once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.models.chinese import SIGNS
from omnilive_demo.models.ixc25_omnilive.audio_model import AudioModel, Told
from omnilive_demo.models.ixc25_omnilive.audio_prompt import RATE_HZ

OVERLAP_S = 1.5
_LOOK_BACK = 0.3  # of the longest stretch, from its end, in which the cut is looked for
_HOP = 480  # 30 ms
_PAUSE_HOPS = 10  # so long a quiet place holds no word that a cut could break
_QUIETER = 10.0 ** (-24.0 / 10.0)  # in power, than the loudest moment: a pause
_FAINTEST = 10.0 ** (-58.0 / 10.0)
_SHARED, _CUT_OFF = 14, 2  # units that two texts may share; those that the cut may have broken
_UNIT = re.compile(rf"[{SIGNS}]|[^\s{SIGNS}]+")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Samples `start..end` of a sound. shares: it begins before the end of the stretch before."""

    start: int
    end: int
    shares: bool = False


def recognise_long(
    model: AudioModel, sounds: Sequence[NDArray[np.float32]], wanted: Callable[[int], bool] = lambda index: True
) -> list[Told]:
    """The words of each sound, of any length; all stretches of all of them are one batch. wanted: as in `recognise`."""
    cuts = [(at, one) for at, sound in enumerate(sounds) for one in stretches(sound, model.most_samples)]
    heard = [sounds[at][one.start : one.end] for at, one in cuts]
    told: list[Told | None] = [None] * len(sounds)
    for (at, one), more in zip(cuts, model.recognise(heard, lambda index: wanted(cuts[index][0])), strict=True):
        before = told[at]
        told[at] = more if before is None else _both(before, more, one.shares)
    return [one or Told("") for one in told]


def stretches(sound: NDArray[np.float32], most: int, overlap: int = round(OVERLAP_S * RATE_HZ)) -> list[Stretch]:
    """Cut a sound `[n]` into stretches of at most `most` samples. overlap: samples, where there is no pause."""
    overlap = min(overlap, most // 4)
    found: list[Stretch] = []
    start, shares = 0, False
    while len(sound) - start > most:
        end, paused = _cut(sound[start : start + most])
        found.append(Stretch(start, start + end, shares))
        start, shares = start + end - (0 if paused else overlap), not paused
    return [*found, Stretch(start, len(sound), shares)]


def joined(text: str, more: str, shares: bool) -> str:
    """Two texts as one. shares: the sound of the second began before the end of the first: words may be in both."""
    first, second = list(_UNIT.finditer(text)), list(_UNIT.finditer(more))
    if not first or not second:
        return text or more
    if shares and (match := _common([_key(one[0]) for one in first], [_key(one[0]) for one in second])):
        last, begin = match  # this word is taken from the second, which knows what mark follows it
        text, more = text[: first[last].start()].rstrip(), more[second[begin].start() :]
        if not text:
            return more
    return text + ("" if _is_sign(text[-1]) and _is_sign(more[0]) else " ") + more


# ---- details -------------------------------------------------------------------------------------------------------


def _both(first: Told, second: Told, shares: bool) -> Told:
    texts = len(first.text), len(second.text)
    mean = (first.log_prob * texts[0] + second.log_prob * texts[1]) / max(sum(texts), 1)
    return Told(
        joined(first.text, second.text, shares), first.language or second.language, mean,
        first.chance * second.chance, first.whole and second.whole,
    )  # fmt: skip


def _cut(sound: NDArray[np.float32]) -> tuple[int, bool]:
    """Where to end a stretch, in samples: the quietest place near its end, and whether that is a pause."""
    power = np.square(sound[: len(sound) // _HOP * _HOP], dtype=np.float32).reshape(-1, _HOP).mean(1)
    width = min(_PAUSE_HOPS, len(power))
    around = np.convolve(power, np.full(width, 1.0 / width), "valid")
    first = min(round(len(around) * (1.0 - _LOOK_BACK)), len(around) - 1)
    quietest = first + int(around[first:].argmin())
    quiet = power[quietest : quietest + width].max() <= max(float(power.max()) * _QUIETER, _FAINTEST)
    return (quietest + width // 2) * _HOP, bool(quiet)


def _common(first: Sequence[str], second: Sequence[str]) -> tuple[int, int] | None:
    """Where the last unit that both say is in the first, and where in the second."""
    before = max(0, len(first) - _SHARED)
    end, begin = first[before:], second[:_SHARED]
    match = SequenceMatcher(None, end, begin, autojunk=False).find_longest_match()
    broken = len(end) - match.a - match.size, match.b
    if not match.size or max(broken) > _CUT_OFF:
        return None
    return before + match.a + match.size - 1, match.b + match.size - 1


def _key(unit: str) -> str:
    return re.sub(r"\W", "", unit).casefold() or unit


def _is_sign(character: str) -> bool:
    return re.match(rf"[{SIGNS}。，！？]", character) is not None
