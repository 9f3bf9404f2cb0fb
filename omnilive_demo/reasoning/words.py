"""Words as a recogniser writes them: lower case, no punctuation, one space. The common ground of the rooms' rules."""

from __future__ import annotations

import re
import unicodedata

_NOT_WORD = re.compile(r"[^\w']+|_+")
_LOOSE_APOSTROPHE = re.compile(r"(?<!\w)'+|'+(?!\w)")


def plain(text: str) -> str:
    """Lower case without punctuation or accents, apostrophes kept inside words: "What's this?" -> "what's this"."""
    text = text.replace("’", "'").replace("‘", "'").casefold()
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    text = _LOOSE_APOSTROPHE.sub(" ", _NOT_WORD.sub(" ", text))
    return " ".join(text.split())


def word_set(words: str) -> frozenset[str]:
    """The words of a text, for tables."""
    return frozenset(words.split())
