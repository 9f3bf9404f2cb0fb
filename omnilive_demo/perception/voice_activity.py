"""Voice activity: how likely each 32 ms of sound holds speech."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000
WINDOW_SAMPLES = 512  # 32 ms, what silero-vad was trained on
WINDOW_S = WINDOW_SAMPLES / SAMPLE_RATE_HZ


class VoiceActivity(Protocol):
    """One stream's detector (it keeps state from window to window)."""

    def probability(self, window: NDArray[np.float32]) -> float:
        """Chance of speech in the next `[512]` samples at 16 kHz (0..1)."""
        ...

    def reset(self) -> None:
        """Forget what was heard."""
        ...
