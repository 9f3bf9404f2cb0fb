"""What every neural voice's sound goes through before it is played, and where its words begin when nobody knows."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import soxr
from numpy.typing import NDArray

from omnilive_demo.speech.espeak import PEAK, TARGET_RMS
from omnilive_demo.speech.playout import RATE_HZ

QUIET = 0.01  # of the loudest moment (-40 dB): less than this before the first and after the last sound is cut off
MOMENT_S = 0.01
MARGIN_S = 0.03  # a breath and a soft consonant are quieter than the voice that follows
FADE_S = 0.005

_WORD = re.compile(r"[぀-鿿]|[^\s぀-鿿]+")


def finished(sound: NDArray[np.float32], rate_hz: int) -> tuple[NDArray[np.float32], float]:
    """Trim the silence around, resample to 24 kHz, bring to the common level, without a click at either end.

    Returns the sound and how many seconds went at the front. Silence gives an empty sound.

    Raises:
        RuntimeError: it holds what is no number.
    """
    if not np.isfinite(sound).all():
        raise RuntimeError("The voice made no sound that can be played.")
    moment = round(MOMENT_S * rate_hz)
    padded = np.concatenate([sound, np.zeros(-sound.size % moment, np.float32)])
    loudness = np.sqrt(np.mean(np.square(padded.reshape(-1, moment)), axis=1))
    loud = np.flatnonzero(loudness > max(QUIET * loudness.max(initial=0.0), 1e-6))
    if loud.size == 0:
        return np.zeros(0, np.float32), 0.0
    margin = round(MARGIN_S * rate_hz)
    begin = max(0, int(loud[0]) * moment - margin)
    end = min(sound.size, (int(loud[-1]) + 1) * moment + margin)
    kept = np.asarray(soxr.resample(sound[begin:end], rate_hz, RATE_HZ), np.float32)
    level, peak = float(np.sqrt(np.mean(np.square(kept)))), float(np.abs(kept).max())
    kept = kept * np.float32(min(TARGET_RMS / level, PEAK / peak))
    fade = min(round(FADE_S * RATE_HZ), kept.size // 2)
    ramp = np.linspace(0, 1, fade, dtype=np.float32)
    kept[:fade] *= ramp
    kept[kept.size - fade :] *= ramp[::-1]
    return kept, begin / rate_hz


def even_word_starts(text: str, begin_s: float, end_s: float, offset: int = 0) -> tuple[tuple[int, float], ...]:
    """Word starts of `text`, spoken from `begin_s` to `end_s`, by their share of the letters.

    A Chinese character is a word, and counts as three letters. `offset` is the place of `text` in the whole sentence.
    """
    weigh = max(len(text.encode()), 1)
    return tuple(
        (offset + word.start(), begin_s + (end_s - begin_s) * len(text[: word.start()].encode()) / weigh)
        for word in _WORD.finditer(text)
    )


def clause_word_starts(
    text: str, offset: int, groups_s: Sequence[float], end_s: float
) -> tuple[tuple[int, float], ...]:
    """Word starts of a clause whose groups of phonemes are timed.

    A group is a word, except where eSpeak NG runs words together ("in the"): then they share the time by letters.

    Args:
        text: of the clause, at `offset` in the sentence.
        groups_s: when each group begins, at least one.
        end_s: when the last one ends.
    """
    words = list(re.finditer(r"\S*\w\S*", text))
    if len(words) == len(groups_s):
        return tuple((offset + word.start(), at_s) for word, at_s in zip(words, groups_s, strict=True))
    return even_word_starts(text.rstrip(), groups_s[0], end_s, offset)
