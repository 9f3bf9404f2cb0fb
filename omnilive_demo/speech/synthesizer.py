"""Speech synthesis: a sentence in, sound out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.cancel import CancelToken


@dataclass(frozen=True, slots=True)
class Voice:
    """How it sounds. `rate` is a factor on normal speed (0.5..2)."""

    name: str = "en-us"
    rate: float = 1.0


@dataclass(frozen=True, slots=True)
class VoiceInfo:
    """A voice to choose from. `language` is a two-letter code; `label` tells it from the others of its language."""

    name: str
    language: str
    label: str


@dataclass(frozen=True, slots=True)
class SpokenSentence:
    """A synthesised sentence: mono float32 `[n]` at `rate_hz`, and when each word starts (seconds from its begin)."""

    text: str
    samples: NDArray[np.float32]
    rate_hz: int
    word_starts_s: tuple[tuple[int, float], ...] = ()  # (character offset in text, seconds)


class Synthesizer(Protocol):
    """Runs on a worker thread; one call at a time unless it says otherwise."""

    name: str

    def synthesize(self, sentence: str, voice: Voice, cancel: CancelToken) -> SpokenSentence | None:
        """Speak a sentence; None when it was cancelled. Raises RuntimeError with a sentence fit for the page."""
        ...

    def voices(self) -> tuple[VoiceInfo, ...]:
        """What there is to choose from; their names are for `Voice.name`."""
        ...
