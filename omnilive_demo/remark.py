"""Something that the assistant says of its own accord."""

from __future__ import annotations

from dataclasses import dataclass

from omnilive_demo.records import Evidence


@dataclass(frozen=True, slots=True)
class Remark:
    """To be said unasked, when the floor is free.

    standing: the standing query that it answers. until_s: stream time after which it is not worth saying any more.
    """

    text: str
    evidence: tuple[Evidence, ...] = ()
    picture_t_s: float | None = None
    standing: int | None = None
    until_s: float | None = None
