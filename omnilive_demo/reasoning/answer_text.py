"""An answer of a language model as it comes, piece by piece, made fit to be spoken and cut into deltas.

Sentences are known to end as soon as what follows shows it, so that the picture can be refreshed between two of them.
What models do wrong is put right here: marks of markdown, thoughts in `<think>`, and saying the same thing again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_SENTENCES = 8
MOST_REPEATS = 2  # sentences that were told already, after which a model goes round in circles
# Only where no small letter follows: “Go on!” he said.
_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s+[^\sa-z])|[。！？]+[\"'”’)\]」』）》]*")
_NO_END = re.compile(
    r"(?:^|[\s(\[\"“])(?:dr|mr|mrs|ms|prof|st|vs|e\.g|i\.e|approx|fig|(?!i\b)[a-z])\.$|^\s*\d+\.$", re.IGNORECASE
)
_MARKS = re.compile(r"[*#`_~|]+")
_CIRCLE = re.compile(r"(.{2,60}?)\1{4,}$", re.DOTALL)
_THOUGHT = "<think>", "</think>"


@dataclass(frozen=True, slots=True)
class Piece:
    """Text to be told, and whether a sentence ends with it for sure."""

    text: str
    ends_sentence: bool = False


class AnswerText:
    """One answer.

    Args:
        begun: what was heard of it already; it is not told again.
        skip: sentences that were heard of it, where their words are not known: so many are passed over.
        brief: one sentence is enough.
    """

    def __init__(self, begun: str = "", skip: int = 0, brief: bool = False) -> None:
        self._skip = skip
        self._most = 1 if brief else MOST_SENTENCES
        self._told: list[str] = [_plain(one) for one in sentences_of(begun)]
        self._before = begun
        self._open = ""  # of the sentence under way: all of it
        self._given = 0  # how much of it was told
        self._thinking = False
        self._raw = ""  # what may become a mark of thinking
        self._fresh = True  # a new part of the answer begins
        self._repeats = 0
        self._count = 0
        self._text = ""  # told by this object
        self.over = False

    @property
    def text(self) -> str:
        """The whole answer as a model must believe to have given it: what was begun, told or passed over."""
        return self._before + self._open

    @property
    def told(self) -> bool:
        """Whether anything was told."""
        return bool(self._text.strip())

    @property
    def within_sentence(self) -> bool:
        """Whether a sentence was told in part."""
        return self._given > 0

    def push(self, text: str) -> list[Piece]:
        """Take in what the model said next; nothing any more once it is `over`."""
        self._open += _MARKS.sub("", self._thoughtless(text))
        pieces: list[Piece] = []
        while not self.over and (end := _first_end(self._open)) is not None:
            sentence, self._open = self._open[:end], self._open[end:]
            pieces += self._close(sentence)
        if not self.over and _CIRCLE.search(self._open):
            self.over = True
        if not self.over and (part := self._tellable()):
            pieces.append(Piece(part))
        return pieces

    def pause(self) -> None:
        """The model begins anew behind what it said so far (between two sentences): the rest is dropped."""
        self._open, self._raw, self._given = "", "", 0
        self._thinking, self._fresh = False, True

    def finish(self) -> list[Piece]:
        """The model has ended: what is left is the last sentence."""
        if self.over or self._thinking:
            return []
        self._open += self._raw
        self._raw = ""
        rest, self._open = self._open, ""
        return self._close(rest.rstrip()) if rest.strip() else []

    def _close(self, sentence: str) -> list[Piece]:
        """A sentence that is complete, a part of which may have been told."""
        plain, given = _plain(sentence), self._given
        self._given = 0
        if not plain:  # marks alone
            return []
        if plain in self._told and not given:
            self._repeats += 1
            self.over = self._repeats >= MOST_REPEATS
            return []
        joined = self._joined(sentence)
        self._told.append(plain)
        self._before += joined
        self._count += 1
        if self._skip:
            self._skip -= 1
            self._fresh = False
            return []
        rest = joined[given:] if given else joined
        self._fresh = False
        self.over = self._count >= self._most
        self._text += rest
        return [Piece(rest, ends_sentence=True)]

    def _tellable(self) -> str:
        """What can be told of the sentence under way: nothing while it may be one that was told, or is passed over."""
        plain = _plain(self._open)
        if self._skip or not plain or (not self._given and any(one.startswith(plain) for one in self._told)):
            return ""
        # White space at the end waits for a word, so that no piece ends a sentence without saying so.
        whole = self._joined(self._open).rstrip()
        part = whole[self._given :]
        self._given = max(self._given, len(whole))
        self._text += part
        return part

    def _joined(self, sentence: str) -> str:
        """With the space that a new part of the answer needs before it, or without one that it does not need."""
        if not self._before:
            return sentence.lstrip()
        if not self._fresh:
            return sentence
        gap = "" if self._before[-1:] in "。！？，；：、 " else " "
        return gap + sentence.lstrip()

    def _thoughtless(self, text: str) -> str:
        self._raw += text
        out = ""
        while True:
            mark = _THOUGHT[self._thinking]
            at = self._raw.find(mark)
            if at < 0:
                break
            out += "" if self._thinking else self._raw[:at]
            self._raw = self._raw[at + len(mark) :]
            self._thinking = not self._thinking
        kept = next((n for n in range(len(mark) - 1, 0, -1) if self._raw.endswith(mark[:n])), 0)
        out += "" if self._thinking else self._raw[: len(self._raw) - kept]
        self._raw = self._raw[len(self._raw) - kept :]
        return out


def sentences_of(text: str) -> list[str]:
    """The sentences of a complete text."""
    found: list[str] = []
    while (end := _first_end(text)) is not None:
        found.append(text[:end])
        text = text[end:]
    return [*found, text] if text.strip() else found


def _first_end(text: str) -> int | None:
    """Where the first sentence ends for sure; None while that is not certain."""
    for match in _END.finditer(text):
        if match.group() == "." and _NO_END.search(text[: match.end()]):
            continue
        return match.end()
    line = text.find("\n", len(text) - len(text.lstrip()))
    return line if line > 0 else None


def _plain(sentence: str) -> str:
    """A sentence as it is compared with others."""
    return " ".join(re.findall(r"\w+", sentence.lower()))
