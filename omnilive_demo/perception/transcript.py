"""From a recogniser's raw words to text that a person reads."""

from __future__ import annotations

import re

_VARIANT = re.compile(r"\(\d+\)$")
_FIRST_PERSON = re.compile(r"\bi(?=$|[\s'])")


def readable(words: str) -> str:
    """Drop silence and noise tags and pronunciation marks; capital at the start, and for "I".

    `"<sil> what did(2) i say [NOISE]"` becomes `"What did I say"`.
    """
    kept = (_VARIANT.sub("", word) for word in words.split() if word[0] not in "<[+")
    text = " ".join(word for word in kept if word)
    if not text:
        return ""
    text = _FIRST_PERSON.sub("I", text.lower())
    return text[0].upper() + text[1:]
