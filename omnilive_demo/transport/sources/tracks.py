"""From decoded frames to what perception takes: small RGB pictures, few of them, and even blocks of 16 kHz mono sound.

Colour conversion costs more than most decoding, so pictures that nobody will look at are dropped before it.
Times are seconds since the source's first picture or sound.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.video.frame import VideoFrame
from numpy.typing import NDArray

PICTURES_PER_S = 4.0
LONG_SIDE_PX = 640
RATE_HZ = 16_000
BLOCK_SAMPLES = 800  # 50 ms


@dataclass(frozen=True, slots=True)
class Picture:
    """RGB uint8 `[H, W, 3]`, shown at `start_s`."""

    image: NDArray[np.uint8]
    start_s: float

    @property
    def end_s(self) -> float:
        """When it can be known."""
        return self.start_s


@dataclass(frozen=True, slots=True)
class Sound:
    """Mono int16 at 16 kHz, its first sample at `start_s`."""

    samples: NDArray[np.int16]
    start_s: float

    @property
    def end_s(self) -> float:
        """When the last sample was heard: the block cannot be known before."""
        return self.start_s + len(self.samples) / RATE_HZ


class Timeline:
    """Turns the time stamps of all tracks of a source into seconds since its beginning, without great leaps.

    A leap (a stream that restarted, a counter that wrapped, segments left out) is closed: the source goes on where it
    was. The other tracks leap a little earlier or later, so the offset before is kept and the one that fits is used.
    """

    def __init__(self, start_s: float | None, back_s: float = 1.0, forth_s: float = 10.0) -> None:
        self._back_s, self._forth_s = back_s, forth_s
        self._offsets: list[float] = [] if start_s is None else [-start_s]
        self._last_s = 0.0

    def to_media(self, stamp_s: float) -> float:
        """Seconds since the beginning of the source, never negative."""
        if not self._offsets:
            self._offsets = [-stamp_s]
        for offset_s in self._offsets:
            media_s = stamp_s + offset_s
            if -self._back_s <= media_s - self._last_s <= self._forth_s:
                break
        else:
            self._offsets = [self._last_s - stamp_s, self._offsets[0]]
            media_s = self._last_s
        self._last_s = max(self._last_s, media_s)
        return max(0.0, media_s)


class PictureTrack:
    """Chooses and converts pictures."""

    def __init__(self) -> None:
        self._due_s = 0.0
        self.seen = 0

    def take(self, frame: VideoFrame, start_s: float) -> Iterator[Picture]:
        """The picture, if it is one of those that are needed."""
        self.seen += 1
        if start_s + 1e-3 < self._due_s and self._due_s - start_s < 2.0:
            return
        self._due_s = (math.floor((start_s + 1e-3) * PICTURES_PER_S) + 1) / PICTURES_PER_S
        yield Picture(to_rgb(frame), start_s)


def to_rgb(frame: VideoFrame) -> NDArray[np.uint8]:
    """A frame as it is meant to be seen: upright, with square pixels, at most 640 px long."""
    aspect = frame.sample_aspect_ratio if hasattr(frame, "sample_aspect_ratio") else None
    width = frame.width * (float(aspect) if aspect else 1.0)
    scale = min(1.0, LONG_SIDE_PX / max(width, frame.height))
    size = max(1, round(width * scale)), max(1, round(frame.height * scale))
    image = frame.reformat(*size, format="rgb24", interpolation="AREA").to_ndarray()
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(image, turns), dtype=np.uint8)


class SoundTrack:
    """Resamples and cuts sound into even blocks. A real gap in the time stamps starts a new block; jitter does not."""

    _JITTER_S = 0.15

    def __init__(self) -> None:
        self._resampler: AudioResampler | None = None
        self._kind: tuple[int, str, str] | None = None
        self._held: NDArray[np.int16] = np.zeros(0, np.int16)
        self._held_start_s = 0.0
        self._expected_s: float | None = None
        self.seen = 0

    def take(self, frame: AudioFrame, start_s: float) -> Iterator[Sound]:
        """The blocks that are complete now."""
        self.seen += 1
        kind = (frame.sample_rate, frame.layout.name, frame.format.name)
        leap = self._expected_s is None or abs(start_s - self._expected_s) > self._JITTER_S
        if leap or kind != self._kind:
            yield from self.flush()
            self._resampler, self._kind = AudioResampler(format="s16", layout="mono", rate=RATE_HZ), kind
            self._held_start_s = start_s if leap or self._expected_s is None else self._expected_s
            self._expected_s = self._held_start_s
        assert self._resampler is not None
        self._expected_s = (self._expected_s or 0.0) + frame.samples / frame.sample_rate
        frame.pts = None  # the count of samples is the time from here on
        yield from self._cut(self._resampler.resample(frame))

    def flush(self) -> Iterator[Sound]:
        """What is left, however short."""
        if self._resampler is None:
            return
        yield from self._cut(self._resampler.resample(None))
        if len(self._held):
            yield Sound(self._held, self._held_start_s)
        self._held, self._resampler = np.zeros(0, np.int16), None

    def _cut(self, frames: list[AudioFrame]) -> Iterator[Sound]:
        parts = [frame.to_ndarray().reshape(-1) for frame in frames]
        self._held = np.concatenate([self._held, *parts]).astype(np.int16, copy=False)
        while len(self._held) >= BLOCK_SAMPLES:
            block, self._held = self._held[:BLOCK_SAMPLES], self._held[BLOCK_SAMPLES:]
            yield Sound(block, self._held_start_s)
            self._held_start_s += BLOCK_SAMPLES / RATE_HZ


def stamp_s(frame: av.frame.Frame | av.Packet) -> float | None:
    """A frame's own time stamp in seconds."""
    if frame.pts is None or frame.time_base is None:
        return None
    return float(frame.pts * frame.time_base)
