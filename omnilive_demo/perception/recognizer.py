"""Speech recognition, as the session needs it: sound in while it is spoken, words out when it ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word and when it was said, in seconds from the first sample of its utterance; `confidence` in 0..1."""

    text: str
    start_s: float
    end_s: float
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Recognition:
    """What was understood. `text` is empty when nothing was; `confidence` in 0..1.

    language: its code ("en", "zh"), empty when the recogniser knows one language only. words: their times, where the
    recogniser finds them out.
    """

    text: str
    confidence: float = 1.0
    language: str = ""
    words: tuple[SpokenWord, ...] = ()


class RecognitionStream(Protocol):
    """One utterance being recognised."""

    def feed(self, samples: NDArray[np.float32]) -> None:
        """More sound, mono `[n]` at 16 kHz. Never blocks, never loses a sample."""
        ...

    async def partial(self) -> str:
        """The best text so far (for captions and for the end of turn)."""
        ...

    async def finish(self) -> Recognition:
        """No more sound comes: the final text.

        Raises:
            RuntimeError: the recogniser failed; the message is fit for the page.
        """
        ...

    def cancel(self) -> None:
        """The utterance is not wanted after all; frees its decoder."""
        ...


class Recognizer(Protocol):
    """Recognises many utterances at once."""

    name: str

    def open(self, session: str, utterance: int, promptly: bool = False) -> RecognitionStream:
        """Begin an utterance; when all decoders are busy its sound waits for one.

        promptly: its first words are waited for (it may be an interruption).
        """
        ...

    async def start(self) -> None:
        """Load; returns when an utterance can be taken."""
        ...

    async def close(self) -> None:
        """Stop the workers."""
        ...
