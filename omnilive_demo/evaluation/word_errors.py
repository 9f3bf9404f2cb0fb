"""Word error rate: the edits that turn what was understood into what was said, per word said.

Case, punctuation and the way numbers under a hundred are written do not count as errors; everything else does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


@dataclass(frozen=True, slots=True)
class WordErrors:
    """Counts over one or many utterances."""

    substitutions: int = 0
    insertions: int = 0
    deletions: int = 0
    words: int = 0

    @property
    def edits(self) -> int:
        """All edits together."""
        return self.substitutions + self.insertions + self.deletions

    @property
    def rate(self) -> float | None:
        """Edits per reference word; None when nothing was said."""
        return self.edits / self.words if self.words else None

    def __add__(self, other: WordErrors) -> WordErrors:
        return WordErrors(
            self.substitutions + other.substitutions,
            self.insertions + other.insertions,
            self.deletions + other.deletions,
            self.words + other.words,
        )


def words_of(text: str) -> list[str]:
    """The words of a text, lower case, without punctuation, small numbers spelled out."""
    found = re.findall(r"[a-z0-9]+(?:'[a-z]+)?", text.lower().replace("\u2019", "'"))
    return [word for raw in found for word in _spelled(raw)]


def word_errors(reference: str, heard: str) -> WordErrors:
    """Align two texts by the fewest edits."""
    said, got = words_of(reference), words_of(heard)
    # Each cell: (edits, substitutions, insertions, deletions); one row at a time.
    row = [(j, 0, j, 0) for j in range(len(got) + 1)]
    for i, word in enumerate(said, 1):
        above, row = row, [(i, 0, 0, i)]
        for j, other in enumerate(got, 1):
            edits, subs, ins, dels = above[j - 1]
            same = word == other
            row.append(
                min(
                    (edits + (not same), subs + (not same), ins, dels),
                    (row[j - 1][0] + 1, row[j - 1][1], row[j - 1][2] + 1, row[j - 1][3]),
                    (above[j][0] + 1, above[j][1], above[j][2], above[j][3] + 1),
                )
            )
    _, subs, ins, dels = row[-1]
    return WordErrors(subs, ins, dels, len(said))


def total(parts: Iterable[WordErrors]) -> WordErrors:
    """Add the counts of many utterances (long utterances weigh more, as is usual)."""
    return sum(parts, WordErrors())


def _spelled(word: str) -> list[str]:
    if not word.isdigit() or len(word) > 2:
        return [word]
    number = int(word)
    if number < 20:
        return [_ONES[number]]
    tens, ones = divmod(number, 10)
    return [_TENS[tens - 2], _ONES[ones]] if ones else [_TENS[tens - 2]]
