"""A day, or an hour, as it is remembered: facts, and a sentence that was made from them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """Where in the stream something lies: stream seconds, and the local time of its begin (seconds since 1970)."""

    start_s: float
    end_s: float
    local_s: float


@dataclass(frozen=True, slots=True)
class SeenThing:
    """A label, the clips that begin there and have it, and how long the clips that have it last there."""

    label: str
    clips: int
    seconds: float


@dataclass(frozen=True, slots=True)
class SoundCount:
    """How often a sound was heard."""

    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """A day, or an hour of a day, or several in a row without anything.

    date: as 2026-11-26; hour: 0 to 23, None for a day; length: how many days or hours, above 1 only without anything.
    clips, bytes, tokens: of the clips that begin in it; seconds: what is remembered of it. seen, looks: named things,
    and words for how it looked, longest first. longest_s: how long the longest clip lasts in it, in which nothing
    changed; clip: the one whose picture stands for it.
    """

    date: str
    hour: int | None
    length: int = 1
    parts: tuple[Part, ...] = ()
    clips: int = 0
    seconds: float = 0.0
    bytes: int = 0
    tokens_seen: int = 0
    tokens_kept: int = 0
    seen: tuple[SeenThing, ...] = ()
    looks: tuple[SeenThing, ...] = ()
    sounds: tuple[SoundCount, ...] = ()
    utterances: int = 0
    longest_s: float = 0.0
    clip: int | None = None
    summary: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing is remembered of it."""
        return not self.parts
