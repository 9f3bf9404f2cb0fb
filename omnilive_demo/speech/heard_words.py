"""Which words of a sentence were heard, when it was cut off in the middle."""

from __future__ import annotations

import re

from omnilive_demo.speech.synthesizer import SpokenSentence


def spoken_by(sentence: SpokenSentence, heard_s: float) -> str:
    """The words of a sentence that are complete after `heard_s` seconds of it."""
    text = sentence.text
    length_s = sentence.samples.size / sentence.rate_hz
    if heard_s >= length_s - 1e-6:
        return text
    starts = sentence.word_starts_s or _even_word_starts(text, length_s)
    offset = max((offset for offset, start_s in starts if start_s <= heard_s), default=0)
    offset = min(offset, len(text))
    while offset > 0 and not text[offset - 1].isspace() and _is_one_word(text[offset - 1 : offset + 1]):
        offset -= 1  # an event inside "3:30" or "$3.14" does not cut the word
    return text[:offset].rstrip()


def _is_one_word(pair: str) -> bool:
    """Whether there is no word boundary between two characters: Chinese and Japanese are heard by the character."""
    return not any("぀" <= char <= "鿿" for char in pair)


def _even_word_starts(text: str, length_s: float) -> tuple[tuple[int, float], ...]:
    """Word starts by length, for a voice that reports none."""
    return tuple((m.start(), length_s * m.start() / len(text)) for m in re.finditer(r"\S+", text))
