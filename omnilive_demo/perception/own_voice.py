"""Our own voice in the visitor's microphone: what the browser's echo canceller leaves of it is not somebody speaking.

What was played is kept for a moment; sound from the microphone that is nearly a delayed copy of it is an echo. The two
are compared as waveforms, which other words never resemble for long but which codecs disturb, and as spectra over time,
which survive codecs but which other words resemble at times. Only what is alike in both ways is an echo.
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
LIKE = (0.3, 1.2)  # least likeness of the waveforms, and of waveforms and spectra together
LIKE_AGAIN = (0.22, 1.05)  # of what follows an echo at once, and while the canceller settles
AGAIN_S = 0.5
LATELY_S = 1.0
_PARTS = 8  # of the window; a copy of one short sound proves nothing, for any two vowels are alike
_ACTIVE_PARTS = 4
_HANN = np.hanning(256).astype(np.float32)
_HOP, _FFT = 80, 512
_EDGES = np.unique(np.round(np.geomspace(6, 220, 22)).astype(int))  # of the bands, 90 to 3400 Hz
_QUIET = 1e-4  # root mean square below which nothing is compared


class OwnVoice:
    """Remembers what was played and recognises it. Played to on the event loop, asked on a worker thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._played: deque[tuple[float, NDArray[np.float32]]] = deque()  # (stream time, samples at RATE_HZ)
        self._played_s = 0.0
        self._echo_s = float("-inf")  # when an echo was heard last

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
        played = self._lately(end_s)
        if played is None or not _is_full(heard):
            return False
        again = self._played_s < SETTLING_S or end_s - self._echo_s < AGAIN_S
        least, least_both = LIKE_AGAIN if again else LIKE
        piece = heard[-round(WINDOW_S * SAMPLE_RATE_HZ) :]
        piece = np.asarray(soxr.resample(piece, SAMPLE_RATE_HZ, RATE_HZ, quality="QQ"), np.float32)
        as_waves = wave_likeness(piece, played)
        if as_waves < least or as_waves + spectral_likeness(piece, played) < least_both:
            return False
        self._echo_s = end_s
        return True

    def was_echo(self, end_s: float) -> bool:
        """Whether our own voice came back within the last `LATELY_S`."""
        return end_s - self._echo_s < LATELY_S

    def is_playing(self, end_s: float) -> bool:
        """Whether anything was played in the time that an echo heard now may come from."""
        return self._lately(end_s) is not None

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


def wave_likeness(piece: NDArray[np.float32], played: NDArray[np.float32]) -> float:
    """The greatest correlation (0..1) of a piece with what was played, over all delays; both at 8 kHz."""
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


def spectral_likeness(piece: NDArray[np.float32], played: NDArray[np.float32]) -> float:
    """The greatest correlation (0..1) of how the spectra change, over all delays; both at 8 kHz."""
    heard, kept = _bands(piece), _bands(played)
    if len(heard) == 0 or len(kept) < len(heard):
        return 0.0
    heard = heard - heard.mean(0)
    pieces = np.lib.stride_tricks.sliding_window_view(kept, len(heard), axis=0).transpose(0, 2, 1)
    pieces = pieces - pieces.mean(1, keepdims=True)
    products = np.einsum("nfb,fb->n", pieces, heard)
    energies = np.einsum("nfb,nfb->n", pieces, pieces) * float((heard**2).sum())
    return max(0.0, float((products / np.sqrt(np.maximum(energies, 1e-9))).max()))


def _bands(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compressed magnitudes `[frames, bands]`, a frame each 10 ms."""
    if len(sound) < len(_HANN):
        return np.zeros((0, len(_EDGES) - 1), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(sound, len(_HANN))[::_HOP] * _HANN
    sums = np.add.reduceat(np.abs(np.fft.rfft(frames, _FFT)), _EDGES, axis=1)[:, :-1]
    return np.asarray((sums / np.diff(_EDGES)) ** 0.3, np.float32)


def _is_full(heard: NDArray[np.float32]) -> bool:
    """Whether sound fills most of the window, rather than beginning at its end."""
    piece = heard[-round(WINDOW_S * SAMPLE_RATE_HZ) :]
    part = len(piece) // _PARTS
    energies = (piece[: part * _PARTS].reshape(_PARTS, part) ** 2).mean(axis=1)
    return int((energies > 0.05 * energies.max()).sum()) >= _ACTIVE_PARTS
