"""Prompts of the reasoner (specification 1.8, 2.5 and 4.4): parts of words, pictures and memory rows, in order.

All begin with `<s>`. A turn is `[start]role\\n ... [end]\\n`; the last one is the answer's, and is left open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Picture = NDArray[np.uint8]
Wording = Literal["released", "paper"]

META = (
    "You are an AI assistant whose name is InternLM-XComposer (浦语·灵笔). You are a multimodal assistant of Shanghai "
    "AI Laboratory, made to be helpful, honest and harmless. You can talk fluently about what you see and hear, in the "
    "language of the user, such as English and 中文."
)
"""A system turn that says what those of the release say, in words of our own."""

_LONG_TERM = "This is video overview memory:"
_SHORT_TERM = "This is question related video memory:"
_FRAMES = "Here are some frames of a video. "
_SPEECH = frozenset(("", "speech", "silence"))


class Cutter(Protocol):
    """What a prompt needs of a tokenizer."""

    begin: int
    turn_begins: int
    turn_ends: int

    def encode(self, text: str) -> tuple[int, ...]:
        """Tokens of a text."""
        ...


@dataclass(frozen=True, slots=True)
class WordsPart:
    """Tokens. Visual ones get Partial-LoRA: the labels of memory do, as the release has it."""

    ids: tuple[int, ...]
    visual: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class PicturePart:
    """A canvas `[H, W, 3]` of 560 px tiles."""

    canvas: Picture
    visual: bool = field(default=True, init=False)


@dataclass(frozen=True, slots=True, eq=False)
class MemoryPart:
    """Memory rows `[n, M]`, as the memory module made them."""

    rows: Tensor
    visual: bool = field(default=True, init=False)


Part = WordsPart | PicturePart | MemoryPart


@dataclass(frozen=True, slots=True, eq=False)
class Recalled:
    """What is shown with a question. All may be absent.

    long_term: H̄ `[K, M]` of the whole stream. short_term: S of the retrieved clips, one behind the other `[n, M]`.
    canvas: their frames as one picture on a canvas.
    """

    long_term: Tensor | None = None
    short_term: Tensor | None = None
    canvas: Picture | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One question of the past, and its answer."""

    question: str
    answer: str


class PromptText:
    """A prompt being written. Words that follow each other are cut into tokens together."""

    def __init__(self, cutter: Cutter) -> None:
        self._cutter = cutter
        self._parts: list[Part] = []
        self._ids: list[int] = [cutter.begin]
        self._words = ""

    def words(self, text: str) -> PromptText:
        """Plain words."""
        self._words += text
        return self

    def label(self, text: str) -> PromptText:
        """Words that count as visual rows (hazard 10)."""
        self._flush()
        self._parts.append(WordsPart(self._cutter.encode(text), visual=True))
        return self

    def rows(self, part: PicturePart | MemoryPart) -> PromptText:
        """A picture, or memory."""
        self._flush()
        self._parts.append(part)
        return self

    def begin_turn(self, role: str) -> PromptText:
        """The mark of a turn and who speaks in it."""
        self._cut()
        self._ids.append(self._cutter.turn_begins)
        return self.words(role + "\n")

    def end_turn(self) -> PromptText:
        """The mark of its end."""
        self._cut()
        self._ids.append(self._cutter.turn_ends)
        return self.words("\n")

    def finish(self) -> tuple[Part, ...]:
        """All parts."""
        self._flush()
        return tuple(self._parts)

    def _cut(self) -> None:
        self._ids += self._cutter.encode(self._words) if self._words else ()
        self._words = ""

    def _flush(self) -> None:
        self._cut()
        if self._ids:
            self._parts.append(WordsPart(tuple(self._ids)))
            self._ids = []


def memory_prompt(
    cutter: Cutter,
    question: str,
    recalled: Recalled,
    history: Sequence[Turn] = (),
    system: str = "",
    wording: Wording = "released",
    begun: str = "",
) -> tuple[Part, ...]:
    """A question on what was seen.

    Args:
        cutter: the tokenizer.
        question: with its sound label, see `with_sound`.
        recalled: what is shown with it.
        history: the dialogue so far, the oldest first.
        system: a first turn for the model's part in it, "" for none, as in the release's memory example.
        wording: `released`: memory and picture under labels behind `user`, then the question. `paper`: the question,
            then picture and memory in the words of paper section 3.3; these are plain words.
        begun: how the answer begins; the release's example says `The answer is`.
    """
    text = _opening(cutter, system, history).begin_turn("user")
    picture = PicturePart(recalled.canvas) if recalled.canvas is not None else None
    long_term, short_term = (
        MemoryPart(rows) if rows is not None and len(rows) else None
        for rows in (recalled.long_term, recalled.short_term)
    )
    if wording == "released":
        if long_term:
            text.label(_LONG_TERM).rows(long_term)
        if short_term:
            text.label(_SHORT_TERM).rows(short_term)
        if picture:
            text.rows(picture)
        text.words(f"Question: {_FRAMES if picture else ''}{question}")
    else:
        text.words(f"Question: {question},\n")
        if picture:
            text.words("Here is the question related video clip ").rows(picture).words("; ")
        if long_term or short_term:
            text.words("Here is the question related memory ")
        for part in (long_term, short_term):
            if part:
                text.rows(part)
    return _answering(text, begun)


def chat_prompt(
    cutter: Cutter, words: str, pictures: Sequence[Picture] = (), history: Sequence[Turn] = (), system: str = META
) -> tuple[Part, ...]:
    """A plain turn: one picture comes first of all, several are numbered in the turn, as the release's chat does.

    Args:
        cutter: the tokenizer.
        words: what is said.
        pictures: canvases `[H, W, 3]`.
        history: the dialogue so far.
        system: the first turn, "" for none.
    """
    text = PromptText(cutter)
    if len(pictures) == 1:
        text.rows(PicturePart(pictures[0]))
    _opening(cutter, system, history, text).begin_turn("user")
    if len(pictures) > 1:
        for i, canvas in enumerate(pictures):
            text.words(f"Image{i + 1} ").rows(PicturePart(canvas)).words("; ")
    return _answering(text.words(words), "")


def instruction_prompt(cutter: Cutter, heard: str, system: str = "") -> tuple[Part, ...]:
    """Asks whether what was heard wants an answer; the first token says `Yes` or `No` (specification 4.4)."""
    asked = heard.strip().removesuffix("?").removesuffix("？")
    text = _opening(cutter, system, ()).begin_turn("user")
    return _answering(text.words(f'Is the following string an instruction? "{asked}"'), "")


def with_sound(words: str, label: str) -> str:
    """Words with what the audio model heard beside them; speech and silence are not worth a word (specification 3).

    The release has a stray apostrophe before it, and Chinese labels and words where most of the text is Chinese; the
    label is taken as it is given.
    """
    if label.casefold() in _SPEECH:
        return words
    chinese = sum("\u4e00" <= letter <= "\u9fff" for letter in words)
    return (
        f"声音是{label}。{words}" if words and 2 * chinese >= len(words) else f"Sound classification: {label}. {words}"
    )


def length_of(parts: Sequence[Part], picture_rows: int = 400) -> int:
    """Rows of a prompt of the release, without computing one; `picture_rows` of a tile after the merge."""
    from omnilive_demo.models.ixc25_omnilive.canvas import tiles_of
    from omnilive_demo.models.ixc25_omnilive.pictures import row_count

    side = round(picture_rows**0.5)
    return sum(
        len(part.ids) if isinstance(part, WordsPart)
        else len(part.rows) if isinstance(part, MemoryPart)
        else row_count(*tiles_of(part.canvas), side)
        for part in parts
    )  # fmt: skip


def _opening(cutter: Cutter, system: str, history: Sequence[Turn], text: PromptText | None = None) -> PromptText:
    text = text or PromptText(cutter)
    if system:
        text.begin_turn("system").words(system).end_turn()
    for turn in history:
        text.begin_turn("user").words(turn.question).end_turn()
        text.begin_turn("assistant").words(turn.answer).end_turn()
    return text


def _answering(text: PromptText, begun: str) -> tuple[Part, ...]:
    return text.end_turn().begin_turn("assistant").words(begun).finish()
