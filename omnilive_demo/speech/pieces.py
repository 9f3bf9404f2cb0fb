"""A long sentence in pieces that can be said in one breath."""

from __future__ import annotations

import re
import unicodedata

BREATH_S = 0.1  # between two pieces

_CLAUSE = re.compile(r"[,;:，；：、—。！？!?.…]+[\"'”’)\]」』）】》]*\s*")


def pieces(text: str, most_bytes: int) -> list[tuple[int, str]]:
    """(offset, piece) of at most `most_bytes` each in UTF-8.

    Cut behind the last clause in the second half of what fits, else at a space, else anywhere.
    """
    found: list[tuple[int, str]] = []
    begin = 0
    while begin < len(text):
        end = begin + _fitting(text[begin:], max(most_bytes, 8))
        if end < len(text):
            clauses = [mark.end() for mark in _CLAUSE.finditer(text, begin, end)]
            middle = begin + (end - begin) // 2
            behind = text.rfind(" ", begin, end) + 1
            if clauses and clauses[-1] >= middle:
                behind = clauses[-1]
            end = behind if behind > begin else end
        found.append((begin, text[begin:end]))
        begin = end
    return found


def plain(text: str) -> str:
    """Control characters and lone surrogates become spaces; every offset stays as it is."""
    return "".join(" " if unicodedata.category(char) in ("Cc", "Cs") else char for char in text)


def _fitting(text: str, most_bytes: int) -> int:
    """How many characters fit."""
    return len(text.encode()[:most_bytes].decode("utf-8", errors="ignore"))
