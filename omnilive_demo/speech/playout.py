"""Playout: the answer's sound on its way to the visitor, in 20 ms frames, at the pace of life."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.clock import SessionClock
from omnilive_demo.speech.synthesizer import SpokenSentence

RATE_HZ = 24_000
FRAME_SAMPLES = 480  # 20 ms


@dataclass(frozen=True, slots=True)
class PlayoutFrame:
    """20 ms of an answer: int16 `[480]` at 24 kHz; `offset_s` is its place in the turn's sound."""

    turn: int
    samples: NDArray[np.int16]
    offset_s: float


class Playout:
    """Queue of one session's answer sound. The transport pulls frames; a stop empties it at once.

    Args:
        clock: stream time, for pacing: frames are handed out at most `lead_s` ahead of life.
        on_started: called with the turn when its first audible frame is handed out.
        on_finished: called with the turn when its last frame was handed out after `end`.
    """

    def __init__(
        self,
        clock: SessionClock,
        on_started: Callable[[int], None],
        on_finished: Callable[[int], None],
        lead_s: float = 0.06,
    ) -> None:
        raise NotImplementedError

    def begin(self, turn: int) -> None:
        """A new turn's sound follows; whatever is left of an older turn is dropped."""

    def put(self, turn: int, sentence: SpokenSentence) -> None:
        """Queue a sentence (resampled to 24 kHz); ignored when the turn is no longer the current one."""

    def end(self, turn: int) -> None:
        """No more sentences come for this turn."""

    def stop(self) -> str:
        """Drop everything at once; returns the text that had been heard, to the word."""
        raise NotImplementedError

    def heard_until(self, turn: int, heard_ms: float) -> None:
        """The page reports what really came out of the loudspeaker."""

    def heard_text(self) -> str:
        """The text of the current turn that was heard so far, to the word."""
        raise NotImplementedError

    @property
    def speaking(self) -> int | None:
        """The turn whose sound is under way, or None."""
        raise NotImplementedError

    async def next_frame(self) -> PlayoutFrame:
        """Wait for the next frame that is due. One puller at a time."""
        raise NotImplementedError
