"""The way from the loudspeaker back into the microphone: what a peer hears, later and softer, is what it sends.

Received sound is laid end to end on the machine's clock and read back without a gap after the delay (arrivals and
departures jitter, sound does not), scaled, mixed with a quiet room and encoded packet by packet. While the peer says
something itself, it sends that alone.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.evaluation.media import FRAME_SAMPLES, ROOM_NOISE, OpusEncoder
from omnilive_demo.evaluation.speech import RATE_HZ
from omnilive_demo.evaluation.stimuli import Echo

_KEPT = 2 * RATE_HZ  # samples; more than the longest delay and any jitter
_APART_S = 0.06  # an arrival this far from where the sound so far ends begins anew


class EchoPath:
    """A peer's `Room` and listener: carries its received sound back.

    Args:
        seed: of the room's noise.
    """

    def __init__(self, seed: int = 3) -> None:
        self.echo: Echo | None = None
        self.sent: list[NDArray[np.float32]] = []  # the echo alone, without the room, since it was switched on
        self._ring = np.zeros(_KEPT, np.float32)
        self._end: int | None = None  # sample number, on the machine's clock, after the last that was heard
        self._read: int | None = None  # the same of the last that was sent back
        self._encoder = OpusEncoder()
        self._packets: deque[bytes] = deque()
        self._noise = np.random.default_rng(seed)

    def on(self, echo: Echo) -> None:
        """From now on the microphone hears the loudspeaker."""
        self.echo, self.sent, self._read = echo, [], None

    def off(self) -> NDArray[np.float32]:
        """No echo any more; what was sent of it, mono float32 at 48 kHz."""
        self.echo = None
        return np.concatenate([np.zeros(0, np.float32), *self.sent])

    def take(self, samples: NDArray[np.int16], rate_hz: int, arrived_s: float) -> None:
        """Hear mono samples that begin to play at `arrived_s`.

        Raises:
            ValueError: not at 48 kHz, which is what WebRTC delivers.
        """
        if rate_hz != RATE_HZ:
            raise ValueError(f"an echo needs sound at {RATE_HZ} Hz, not {rate_hz}")
        begin = round(arrived_s * RATE_HZ)
        if self._end is not None and abs(begin - self._end) < _APART_S * RATE_HZ:
            begin = self._end
        else:  # it was silent since: what lies there in the ring is of an earlier round
            silent = np.arange(max(self._end or 0, begin - _KEPT), begin) % _KEPT
            self._ring[silent] = 0.0
        self._ring[np.arange(begin, begin + samples.size) % _KEPT] = samples.astype(np.float32) / 32768
        self._end = begin + samples.size
        # What lies ahead is silence until it is heard.
        self._ring[np.arange(self._end, self._end + _KEPT // 4) % _KEPT] = 0.0

    def packet(self, sent_s: float) -> bytes | None:
        """The 20 ms that end at `sent_s`, as Opus; None while there is no echo."""
        if self.echo is None:
            return None
        first = round((sent_s - self.echo.delay_s) * RATE_HZ) - FRAME_SAMPLES
        if self._read is not None and abs(first - self._read) < _APART_S * RATE_HZ:
            first = self._read  # a microphone leaves nothing out, whenever its packets leave
        self._read = first + FRAME_SAMPLES
        heard = self._ring[np.arange(first, first + FRAME_SAMPLES) % _KEPT] * np.float32(10 ** (self.echo.gain_db / 20))
        if self._end is None or first >= self._end:
            heard = np.zeros(FRAME_SAMPLES, np.float32)
        self.sent.append(heard)
        room = self._noise.normal(0, ROOM_NOISE, FRAME_SAMPLES).astype(np.float32)
        self._packets.extend(self._encoder.encode(heard + room))
        return self._packets.popleft() if self._packets else None
