"""What one step of the compressor's training is made of, whatever it came from: a stream, ready as tensors.

A source of streams (`compressor_drawn` from the drawn world, `manifest` from real videos) makes `Stream`s;
`compressor_learner` turns one into losses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from omnilive_demo.models.nano.words import Vocabulary

EVENTS = ("shown", "put_down", "picked_up", "enters", "leaves")
"""What may happen in a clip."""
MOMENTS = (*EVENTS, "held")
"""What may be so in a frame: an event is going on, something is in a hand."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A question to the reader about one clip: prompt words, and the words of the answer with what ends them."""

    prompt: tuple[int, ...]
    answer: tuple[int, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class StreamClip:
    """A clip. merged: features `[T*R, F]`, frame-major. names: what is in it (words of the vocabulary), weighted.

    happens: kinds of events in it (`EVENTS`), None where nobody said. moments: what is so in each frame, `[T, M]` of 0
    and 1 for `MOMENTS`; None where nobody said.
    """

    merged: Tensor
    frames: int
    start_s: float
    end_s: float
    readings: tuple[Reading, ...]
    names: dict[str, float]
    happens: frozenset[str] | None = None
    moments: Tensor | None = None


@dataclass(frozen=True, slots=True)
class StreamQuestion:
    """A question about a stream. positives: the numbers of the clips that answer it; of a question that nothing
    answers there are none. spared: the numbers of clips of which nobody knows whether they do.

    late: whether the answer depends on the order of the clips (reference questions), so that it needs a history.
    after: asked when so many clips were over; 0 for all of them.
    """

    text: str
    positives: tuple[int, ...]
    kind: str
    late: bool = False
    after: int = 0
    spared: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class BareName:
    """A name (a word of the vocabulary) and how it is said; `also`: other names that the text may mean as well."""

    name: str
    text: str
    also: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Stream:
    """Clips in order of time, questions about them, and names that may be in them.

    tokens_per_frame: P of the compressor for this stream. meanings: said things of any kind, whatever the clips show,
    each with the name that it means (`name`), no name twice.
    """

    clips: tuple[StreamClip, ...]
    questions: tuple[StreamQuestion, ...]
    tokens_per_frame: int = 4
    names: tuple[BareName, ...] = ()
    meanings: tuple[BareName, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadingBatch:
    """The readings of several clips, packed for `Reader.answer_states`.

    words, blocks: `[B, n]`. targets: `[B, n]`, the word that follows, -100 where none is learned. names_at: `[B]`, the
    place of the names prompt. present: `[B, names]` weights of what is in the clip.
    """

    words: Tensor
    blocks: Tensor
    targets: Tensor
    names_at: Tensor
    present: Tensor


def pack_readings(clips: Sequence[StreamClip], vocabulary: Vocabulary) -> ReadingBatch:
    """Puts the readings of each clip behind one another; the names prompt comes first."""
    rows: list[list[tuple[int, int, int]]] = []
    for clip in clips:
        row = [(vocabulary.prompt("names")[0], 0, -100)]
        for block, reading in enumerate(clip.readings, start=1):
            words = (*reading.prompt, *reading.answer)
            learned = [-100] * (len(reading.prompt) - 1) + list(reading.answer)
            row += [(word, block, target) for word, target in zip(words[:-1], learned, strict=True)]
        rows.append(row)
    longest = max(len(row) for row in rows)
    packed = np.full((len(rows), longest, 3), (0, -1, -100), np.int64)
    for i, row in enumerate(rows):
        packed[i, : len(row)] = row
    places = {name: place for place, name in enumerate(vocabulary.names)}
    present = torch.zeros(len(rows), len(places))
    for i, clip in enumerate(clips):
        for name, weight in clip.names.items():
            present[i, places[name]] = weight
    parts = [torch.from_numpy(packed[..., i]) for i in range(3)]
    return ReadingBatch(parts[0], parts[1], parts[2], torch.zeros(len(rows), dtype=torch.long), present)
