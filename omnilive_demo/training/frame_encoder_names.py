"""The names of the world's things in text space: what the frame encoder learns to say, and what it must not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.models.text_encoder import TextEncoder
from omnilive_demo.training.world.things import Thing, all_things, things_of

PHRASES = ("{0}", "{1} {0}", "a picture of {1} {0}", "there is {1} {0} in the picture")
PAIRS = ("glasses", "shorts", "jeans", "scissors", "pants", "trousers", "binoculars", "headphones")  # no article


@dataclass(frozen=True, slots=True)
class NameTable:
    """Names in text space: those that are taught come first, then those of the rehearsed things.

    vectors: float32 `[m, 384]`, unit norm. column_of: for each thing of `all_things()` its row, -1 for unknown things.
    """

    names: tuple[str, ...]
    plurals: tuple[str, ...]
    known: int
    vectors: NDArray[np.float32]
    column_of: NDArray[np.int64]


def name_table(encoder: TextEncoder) -> NameTable:
    """The table of the world's things; a name's vector is the mean over several ways to say it."""
    return name_table_of(name_vectors(encoder, (*things_of("known"), *things_of("rehearsed"))))


def name_table_of(vectors: NDArray[np.float32]) -> NameTable:
    """The table of the world's things with these vectors `[m, 384]`, as a weight file keeps them: known things first.

    Raises:
        ValueError: there is not one vector for each known and each rehearsed thing.
    """
    things = (*things_of("known"), *things_of("rehearsed"))
    if len(vectors) != len(things):
        raise ValueError(f"{len(vectors)} vectors for the names of {len(things)} things")
    row_of = {thing: row for row, thing in enumerate(things)}
    return NameTable(
        names=tuple(thing.name for thing in things),
        plurals=tuple(thing.plural for thing in things),
        known=len(things_of("known")),
        vectors=vectors,
        column_of=np.array([row_of.get(thing, -1) for thing in all_things()], np.int64),
    )


def name_vectors(encoder: TextEncoder, things: Sequence[Thing]) -> NDArray[np.float32]:
    """Unit vectors `[n, 384]` of the things' names."""
    texts = [phrase.format(thing.name, _article(thing)).replace("  ", " ") for thing in things for phrase in PHRASES]
    rows = np.concatenate([encoder.encode(texts[i : i + 128]) for i in range(0, len(texts), 128)])
    means = rows.reshape(len(things), len(PHRASES), -1).mean(1)
    vectors: NDArray[np.float32] = (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)
    return vectors


def _article(thing: Thing) -> str:
    if thing.name == thing.plural or thing.name in PAIRS:
        return ""
    return "an" if thing.name[0] in "aeiou" else "a"
