"""Log-mel pictures of sound: what the sound tagger looks at. numpy only, and the same in training and in use."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
WINDOW_SAMPLES = 16_000
"""One second: what the tagger hears at a time."""
FRAMES, BANDS = 98, 64
_FRAME_SAMPLES, _HOP_SAMPLES, _FFT = 400, 160, 512  # 25 ms every 10 ms
_LOW_HZ, _HIGH_HZ = 50.0, 7_800.0
_FLOOR = 1e-11


def log_mel(windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Power in dB (a full-scale tone has about 0) of 64 mel bands every 10 ms.

    Args:
        windows: mono sound at 16 kHz, `[n, 16000]`.

    Returns:
        `[n, 98, 64]` float32, -110 or more.
    """
    frames = np.lib.stride_tricks.sliding_window_view(windows, _FRAME_SAMPLES, axis=-1)[:, ::_HOP_SAMPLES]
    spectrum = np.fft.rfft(frames * _hann(), _FFT, axis=-1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    bands = power.astype(np.float32) @ _bands()
    return np.asarray(10.0 * np.log10(bands + _FLOOR), np.float32)


@cache
def _hann() -> NDArray[np.float32]:
    window = np.hanning(_FRAME_SAMPLES + 1)[:-1]
    return np.asarray(window * (2.0 / window.sum()), np.float32)


@cache
def _bands() -> NDArray[np.float32]:
    """Triangles, evenly spaced on the mel scale (2595 log10(1 + f / 700)), `[257, 64]`."""
    mel = np.linspace(_mel(_LOW_HZ), _mel(_HIGH_HZ), BANDS + 2)
    edges = 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    hz = np.fft.rfftfreq(_FFT, 1 / RATE_HZ)[:, None]
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (hz - low) / (middle - low), (high - hz) / (high - middle)
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)), np.float32)


def _mel(hz: float) -> float:
    return float(2595.0 * np.log10(1.0 + hz / 700.0))
