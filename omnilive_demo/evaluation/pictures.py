"""What the camera of a scripted scene shows: known moments of the shipped sample streams, switched on command.

A picture is a moment of a sample stream with the things that its truth names there, played to and fro without a jump.
Its packets begin with a key frame, so a camera may go from one picture to any other at any frame.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from omnilive_demo.config import ASSETS
from omnilive_demo.evaluation.media import FPS, VideoLoop, cached_loop

SAMPLES = ASSETS / "samples"
_LENGTH_S = 1.6  # of a moment, one way


@dataclass(frozen=True, slots=True)
class Picture:
    """A moment of a sample stream. at_s: seconds into it; things: what its truth says is seen then."""

    name: str
    sample: str
    at_s: float
    things: frozenset[str]


MOMENTS = {
    "worktop": ("kitchen", 0.0), "bread": ("kitchen", 4.0), "bread and watermelon": ("kitchen", 10.0),
    "pan": ("kitchen", 16.0), "teapot": ("kitchen", 23.0), "pill": ("kitchen", 29.0),
    "pill and honey": ("kitchen", 36.0), "cake": ("kitchen", 48.3), "doughnuts": ("kitchen", 53.0),
    "umbrella": ("hallway", 10.5), "table": ("hallway", 13.0), "key": ("hallway", 17.5),
    "key and camera": ("hallway", 23.0), "cat": ("hallway", 33.0),
    "parcel": ("hallway", 48.2), "phone": ("hallway", 57.6), "dark": ("hallway", 60.5),
    "street": ("street", 12.0), "bus": ("street", 6.0), "dog": ("street", 17.2),
    "dog and kite": ("street", 23.0), "teddy bear": ("street", 37.0), "rocket": ("street", 49.0),
    "car": ("street", 58.7),
}  # fmt: skip
"""Names of pictures, for scenes: the sample stream and the second."""


class UnknownPicture(KeyError):
    """There is no picture of that name."""

    def __str__(self) -> str:
        return f"there is no picture {self.args[0]!r}; there are: {', '.join(MOMENTS)}"


@cache
def picture(name: str) -> Picture:
    """A picture and what is to be seen in it.

    Raises:
        UnknownPicture: no moment has that name.
    """
    if name not in MOMENTS:
        raise UnknownPicture(name)
    sample, at_s = MOMENTS[name]
    truth = json.loads((SAMPLES / f"{sample}.json").read_text("utf-8"))["truth"]
    things = [thing for scene in truth["scenes"] for thing in scene["things"]]
    seen = {
        str(thing["name"])
        for thing in things
        if any(begin_s < at_s + _LENGTH_S and at_s < end_s for begin_s, end_s in thing["seen_s"])
    }
    return Picture(name, sample, at_s, frozenset(seen))


@cache
def loop_of(name: str) -> VideoLoop:
    """A picture's packets, encoded once on this machine.

    Raises:
        UnknownPicture: no moment has that name.
    """
    shown = picture(name)
    path = SAMPLES / f"{shown.sample}.mp4"
    told = f"{path.stat().st_size}|{shown.at_s}|{_LENGTH_S}|".encode() + Path(__file__).read_bytes()
    return cached_loop(f"moment-{hashlib.sha256(told).hexdigest()[:16]}", lambda: _to_and_fro(path, shown.at_s))


class SwitchedCamera:
    """A `Scene` that shows one picture after another. `shown`: (moment on the monotonic clock, name), oldest first."""

    def __init__(self, first: str) -> None:
        self.shown: list[tuple[float, str]] = []
        self._due: str | None = first
        self._loop = loop_of(first)
        self._begin = 0

    def show(self, name: str) -> None:
        """Show another picture from the next frame on.

        Raises:
            UnknownPicture: no moment has that name.
        """
        self._loop, self._due = loop_of(name), name

    def packet(self, number: int) -> bytes:
        """The next frame; the first one of a picture is a key frame."""
        if self._due is not None:
            self._begin = number
            self.shown.append((time.monotonic(), self._due))
            self._due = None
        return self._loop.packet(number - self._begin)

    def since_s(self, name: str, after_s: float = 0.0) -> float | None:
        """When a picture was first shown after a moment, or None."""
        return next((at_s for at_s, shown in self.shown if shown == name and at_s >= after_s), None)

    def at(self, t_s: float) -> Picture:
        """The picture that was shown at a moment (the first one, before there was any)."""
        names = [name for at_s, name in self.shown if at_s <= t_s] or [name for _, name in self.shown[:1]]
        return picture(names[-1])


def _to_and_fro(path: Path, at_s: float) -> Iterator[NDArray[np.uint8]]:
    frames: list[NDArray[np.uint8]] = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if frame.time is not None and frame.time >= at_s + len(frames) / FPS:
                frames.append(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))
            if len(frames) >= _LENGTH_S * FPS:
                break
    yield from (*frames, *frames[-2:0:-1])
