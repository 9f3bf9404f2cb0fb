"""Our own voice in the visitor's microphone: what the browser's echo canceller leaves of it is not somebody speaking.

What was played is kept for a moment; sound from the microphone that is nearly a delayed copy of it is an echo. Two
signals are compared as waveforms, so another voice that says other words at the same time makes the likeness fall.
"""

from __future__ import annotations

import threading
from collections import deque

import numpy as np
import soxr
from numpy.typing import NDArray

from omnilive_demo.perception.voice_activity import SAMPLE_RATE_HZ

RATE_HZ = 8_000  # enough of a voice, at half the work
WINDOW_S = 0.256  # what is compared
LATEST_S = 0.9  # how late an echo may come: playout, network both ways, jitter buffers, the room
EARLIEST_S = -0.1  # the playout's own time runs ahead of what leaves by up to its lead
SETTLING_S = 3.0  # of sound, until a browser's echo canceller has learnt the room
LIKE = 0.5
LIKE_WHILE_SETTLING = 0.4  # other voices with other words reach 0.35 in 95 of 100 windows
_QUIET = 1e-4  # root mean square below which nothing is compared


class OwnVoice:
    """Remembers what was played and recognises it. Played to on the event loop, asked on a worker thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._played: deque[tuple[float, NDArray[np.float32]]] = deque()  # (stream time, samples at RATE_HZ)
        self._played_s = 0.0

    def play(self, samples: NDArray[np.int16], rate_hz: int, at_s: float) -> None:
        """A piece of our voice is heard from stream time `at_s` on: int16 `[n]` at a multiple of 8 kHz.

        Cheap enough for the event loop: every third or sixth sample of a few hundred, averaged.
        """
        step = rate_hz // RATE_HZ
        whole = len(samples) // step * step
        slow = samples[:whole].reshape(-1, step).mean(axis=1, dtype=np.float32) / np.float32(32768)
        with self._lock:
            self._played.append((at_s, slow))
            self._played_s += len(slow) / RATE_HZ
            oldest_s = at_s - LATEST_S - 2 * WINDOW_S - 1.0
            while self._played and self._played[0][0] < oldest_s:
                self._played.popleft()

    def is_echo(self, heard: NDArray[np.float32], end_s: float) -> bool:
        """Whether the newest sound of the microphone is our own voice coming back.

        Args:
            heard: mono float32 `[n]` at 16 kHz, ending at stream time `end_s`; its last `WINDOW_S` count.
        """
        settling = self._played_s < SETTLING_S
        return self.likeness(heard, end_s) >= (LIKE_WHILE_SETTLING if settling else LIKE)

    def likeness(self, heard: NDArray[np.float32], end_s: float) -> float:
        """The greatest correlation (0..1) with what was played, over all delays; 0 when nothing was played lately."""
        played = self._lately(end_s)
        if played is None:
            return 0.0
        piece = heard[-round(WINDOW_S * SAMPLE_RATE_HZ) :]
        piece = np.asarray(soxr.resample(piece, SAMPLE_RATE_HZ, RATE_HZ, quality="QQ"), np.float32)
        energy = float(np.dot(piece, piece))
        if len(piece) == 0 or energy / len(piece) < _QUIET**2 or len(played) < len(piece):
            return 0.0
        size = 1 << (len(played) + len(piece) - 1).bit_length()
        products = np.fft.irfft(np.fft.rfft(played, size) * np.conj(np.fft.rfft(piece, size)), size)
        products = products[: len(played) - len(piece) + 1]
        sums = np.concatenate([[0.0], np.cumsum(played.astype(np.float64) ** 2)])
        energies = sums[len(piece) :] - sums[: -len(piece)]
        floor = energies.max() * 1e-3 + 1e-9  # a copy of near silence proves nothing
        return float(np.abs(products / np.sqrt(np.maximum(energies, floor) * energy)).max())

    def _lately(self, end_s: float) -> NDArray[np.float32] | None:
        """What was played in the time that an echo heard until `end_s` may come from; None when there was nothing."""
        begin_s = end_s - WINDOW_S - LATEST_S
        count = round((LATEST_S + WINDOW_S - EARLIEST_S) * RATE_HZ)
        track = np.zeros(count, np.float32)
        found = False
        with self._lock:
            pieces = tuple(self._played)
        for at_s, samples in pieces:
            place = round((at_s - begin_s) * RATE_HZ)
            first, last = max(place, 0), min(place + len(samples), count)
            if first < last:
                track[first:last] = samples[first - place : last - place]
                found = True
        return track if found else None
