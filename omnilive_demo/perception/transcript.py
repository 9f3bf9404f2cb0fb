"""From a recogniser's raw words to text that a person reads, and what of it is settled already."""

from __future__ import annotations

import re

_PIECE = re.compile(r"[ぁ-ヿ㐀-鿿豈-﫿]|[^\sぁ-ヿ㐀-鿿豈-﫿]+")
"""A word; in a script that puts no space between words, a character."""
_VARIANT = re.compile(r"\(\d+\)$")
_FIRST_PERSON = re.compile(r"\bi(?=$|[\s'])")
_SOMEBODY = r"(did|has) (anybody|anyone|somebody|someone)"
_AT_THE_DOOR = r"(?:(?:of |kept |get |off )?(?:at |on )?(?:(?:the|my|a|our) door|mine are))"
_MISHEARD = (
    (rf"{_SOMEBODY} (?:not|know|knot|nod|know that)", "knock"),
    (rf"{_SOMEBODY} (?:not|know|knot|nod|off) {_AT_THE_DOOR}", "knock at the door"),
    (rf"{_SOMEBODY} (?:off|cause|cost|call if|car)", "cough"),
)
"""Questions that the en-us language model hardly ever gives, and what it makes of them. A guess: "did anybody know?"
can be said, but the profile that hears with that model could answer nothing to it."""
_QUESTIONS = tuple((re.compile(wrong), right) for wrong, right in _MISHEARD)


def readable(words: str) -> str:
    """Drop silence and noise tags and pronunciation marks; capital at the start, and for "I".

    `"<sil> what did(2) i say [NOISE]"` becomes `"What did I say"`.
    """
    kept = (_VARIANT.sub("", word) for word in words.split() if word[0] not in "<[+")
    text = _mended(" ".join(word for word in kept if word).lower())
    if not text:
        return ""
    text = _FIRST_PERSON.sub("I", text)
    return text[0].upper() + text[1:]


def pieces(text: str) -> int:
    """How many words a text has; of a script that puts no space between them, characters and marks."""
    return sum(1 for _ in _PIECE.finditer(text))


def agreed(newer: str, older: str) -> str:
    """The beginning that two hypotheses have in common, in whole words: what is shown of it changes no more."""
    end = 0
    for piece, before in zip(_PIECE.finditer(newer), _PIECE.finditer(older), strict=False):
        if piece.group() != before.group():
            break
        end = piece.end()
    return " ".join(newer[:end].split())


def _mended(text: str) -> str:
    """A whole question about a knock or a cough, which nearly always comes out as other words."""
    for wrong, right in _QUESTIONS:
        if found := wrong.fullmatch(text):
            asked, who = found.groups()
            verb = right if asked == "did" else re.sub(r"^\w+", lambda word: word[0] + "ed", right)
            return f"{asked} {who} {verb}"
    return text
