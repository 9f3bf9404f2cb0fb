"""Reading a clip's short-term memory back into words: the captioner, and what the evidence answers ask of S_k."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.records import Label

ShortTerm = NDArray[np.float32] | NDArray[np.float16]
"""S_k, `[rows, C]`."""
AboutThing = Literal["count", "colour", "motion", "place"]
"""Asked of a thing by name. Answered by "one" to "six"; a colour; "moves left", ..., "still"; left, middle, right."""
Happening = Literal["held", "shown", "put_down", "picked_up"]
"""Asked without a name: the thing that this happens to."""
UNKNOWN_THING = "something"
"""A thing that the reader has no name for."""


@dataclass(frozen=True, slots=True)
class Caption:
    """A sentence without a capital and a full stop, and how sure its words are on average (0..1)."""

    text: str
    score: float


class ClipReader(Protocol):
    """Answers from S_k alone. Safe to call from any thread."""

    name: str

    def caption(self, short_term: ShortTerm) -> Caption:
        """What a clip shows, S_k `[rows, C]`."""
        ...

    def names(self, short_term: ShortTerm) -> tuple[Label, ...]:
        """What is in a clip, surest first; "something" is a thing that it cannot name."""
        ...

    def ask(self, short_term: ShortTerm, kind: str, name: str | None = None) -> Label | None:
        """One word about a clip, or None when there is nothing to say.

        kind: "count", "colour", "motion" or "place" of the thing `name`; or, without a name, the thing that is "held",
        "shown", "put_down" or "picked_up".
        """
        ...
