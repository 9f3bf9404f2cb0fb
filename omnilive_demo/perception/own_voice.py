"""Our own voice in the visitor's microphone: what the browser's echo canceller leaves of it is not somebody speaking.

What was played is kept for a moment; half a second of the microphone that is a delayed copy of it is an echo. Over
that long no other words resemble ours, whatever the room does to them; a louder voice that joins in does not hide
behind the echo, for it brings more sound than the echo can account for.
"""

from __future__ import annotations

import threading
from collections import deque

import numpy as np
import soxr
from numpy.typing import NDArray

from omnilive_demo.perception.voice_activity import SAMPLE_RATE_HZ

RATE_HZ = 8_000  # enough of a voice, at half the work
WINDOW_S = 0.512  # what is compared
LATEST_S = 0.9  # how late an echo may come: playout, network both ways, jitter buffers, the room
EARLIEST_S = -0.1  # the playout's own time runs ahead of what leaves by up to its lead
LIKE = 0.42  # least likeness of an echo; other voices hardly reach 0.36
SURE = 0.5  # an echo from here on tells the delay, which stays the same: with it a bare room's echoes are found too
LIKE_AGAIN = 0.26
SAME_DELAY_S = 0.006
NEWEST_S = 0.128
LOUDER = 4.0  # in energy: more than the echo accounts for
_QUIET = 1e-4  # root mean square below which nothing is compared

Sound = NDArray[np.float32]


class OwnVoice:
    """Remembers what was played and recognises it. Played to on the event loop, asked on a worker thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._played: deque[tuple[float, Sound]] = deque()  # (stream time, samples at RATE_HZ)
        self._place: int | None = None  # of the last sure echo; the same delay is the same place in what was played

    def play(self, samples: NDArray[np.int16], rate_hz: int, at_s: float) -> None:
        """A piece of our voice is heard from stream time `at_s` on: int16 `[n]` at a multiple of 8 kHz.

        Cheap enough for the event loop: every third or sixth sample of a few hundred, averaged.
        """
        step = rate_hz // RATE_HZ
        whole = len(samples) // step * step
        slow = samples[:whole].reshape(-1, step).mean(axis=1, dtype=np.float32) / np.float32(32768)
        with self._lock:
            self._played.append((at_s, slow))
            oldest_s = at_s - LATEST_S - 2 * WINDOW_S - 1.0
            while self._played and self._played[0][0] < oldest_s:
                self._played.popleft()

    def is_echo(self, heard: Sound, end_s: float) -> bool:
        """Whether the newest sound of the microphone is our own voice coming back, and nothing louder.

        Args:
            heard: mono float32 `[n]` at 16 kHz, ending at stream time `end_s`; its last `WINDOW_S` count.
        """
        played = self._lately(end_s)
        if played is None:
            return False
        piece = np.zeros(round(WINDOW_S * RATE_HZ), np.float32)
        newest = heard[-round(WINDOW_S * SAMPLE_RATE_HZ) :]
        newest = np.asarray(soxr.resample(newest, SAMPLE_RATE_HZ, RATE_HZ, quality="QQ"), np.float32)[-len(piece) :]
        piece[len(piece) - len(newest) :] = newest
        place = self._find(likeness(piece, played))
        return not (place is None or _talks_over(piece, played[place : place + len(piece)]))

    def _find(self, like: NDArray[np.float64]) -> int | None:
        """Where in what was played the echo comes from, if it is one."""
        if not like.size:
            return None
        best = int(like.argmax())
        if like[best] >= SURE:
            self._place = best
        if like[best] >= LIKE:
            return best
        if self._place is None:
            return None
        near = round(SAME_DELAY_S * RATE_HZ)
        first = max(self._place - near, 0)
        best = first + int(like[first : self._place + near + 1].argmax())
        return best if like[best] >= LIKE_AGAIN else None

    def is_playing(self, end_s: float) -> bool:
        """Whether anything was played in the time that an echo heard now may come from."""
        return self._lately(end_s) is not None

    def _lately(self, end_s: float) -> Sound | None:
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


def likeness(piece: Sound, played: Sound) -> NDArray[np.float64]:
    """How much a piece is like what was played (0..1), at each place in it; both at 8 kHz. Empty for near silence."""
    energy = float(np.dot(piece, piece))
    if energy < len(piece) * _QUIET**2 or len(played) < len(piece):
        return np.zeros(0)
    size = 1 << (len(played) + len(piece) - 1).bit_length()
    products = np.fft.irfft(np.fft.rfft(played, size) * np.conj(np.fft.rfft(piece, size)), size)
    products = products[: len(played) - len(piece) + 1]
    sums = np.concatenate([[0.0], np.cumsum(played.astype(np.float64) ** 2)])
    energies = sums[len(piece) :] - sums[: -len(piece)]
    floor = energies.max() * 1e-3 + 1e-9  # a copy of near silence proves nothing
    like: NDArray[np.float64] = np.abs(products) / np.sqrt(np.maximum(energies, floor) * energy)
    return like


def _talks_over(piece: Sound, copy: Sound) -> bool:
    """Whether the newest part of a piece is louder than an echo, by what the parts before it tell of that."""
    part = round(NEWEST_S * RATE_HZ)
    heard = (piece.reshape(-1, part) ** 2).mean(axis=1)
    played = (copy.reshape(-1, part) ** 2).mean(axis=1)
    if played[:-1].sum() < played[-1] / 4:
        return False  # an echo begins: its loudness is not known yet
    gain = heard[:-1].sum() / max(played[:-1].sum(), 1e-12)
    expected = gain * played[-2:].max()  # the room goes on sounding for a moment
    return bool(heard[-1] > LOUDER * expected and heard[-1] > heard.max() / 4)
