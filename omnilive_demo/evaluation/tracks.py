"""The peer's microphone and camera: tracks that hand out encoded packets at the pace of life.

A microphone hands over 20 ms when the last of its samples was captured; so the moment at which a sample was spoken is
the moment its packet was sent, less what came after it in the packet.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Protocol

import av
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from omnilive_demo.evaluation.media import FPS, FRAME_SAMPLES, OpusClip, quiet_room
from omnilive_demo.evaluation.speech import RATE_HZ

PACKET_S = FRAME_SAMPLES / RATE_HZ


class Scene(Protocol):
    """What a camera shows: a `VideoLoop`, or one that changes on command."""

    def packet(self, number: int) -> bytes:
        """The VP8 frame that is sent as the `number`-th, asked for once and in order."""
        ...


class Room(Protocol):
    """What a microphone picks up while its owner is silent."""

    def packet(self, sent_s: float) -> bytes | None:
        """The 20 ms of Opus that are sent at a moment of the monotonic clock; None: nothing but the quiet room."""
        ...


@dataclass(slots=True)
class Utterance:
    """A sentence on its way out. Times are of the machine's monotonic clock; both are known when `done` is."""

    clip: OpusClip
    done: asyncio.Future[None]
    onset_s: float = 0.0
    end_s: float = 0.0
    _next: int = field(default=0)


class Pace:
    """Due times of a steady stream. A stall of the loop is caught up with, not forgotten; the longest is kept."""

    def __init__(self, step_s: float) -> None:
        self._step_s = step_s
        self._start_s: float | None = None
        self._sent = 0
        self.latest_s = 0.0

    async def next(self) -> int:
        """Wait until the next packet is due; its number."""
        if self._start_s is None:
            self._start_s = time.monotonic()
        wait_s = self._start_s + self._sent * self._step_s - time.monotonic()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        else:
            self.latest_s = max(self.latest_s, -wait_s)
        self._sent += 1
        return self._sent - 1


class Speaker:
    """Which packet the microphone captures next: of the sentence being said, else of the quiet room."""

    def __init__(self) -> None:
        self._quiet_room = quiet_room()
        self._quiet = 0
        self.room: Room | None = None
        self._saying: Utterance | None = None

    def say(self, clip: OpusClip) -> Utterance:
        """Begin a sentence with the next packet.

        Raises:
            RuntimeError: a sentence is being said already.
        """
        if self._saying is not None:
            raise RuntimeError("one mouth says one sentence at a time")
        self._saying = Utterance(clip, asyncio.get_running_loop().create_future())
        return self._saying

    def next_packet(self, sent_s: float) -> bytes:
        """The packet that is sent now; notes when the speech in it was spoken."""
        saying = self._saying
        if saying is None:
            self._quiet += 1
            heard = self.room.packet(sent_s) if self.room is not None else None
            return heard or self._quiet_room.packets[self._quiet % len(self._quiet_room.packets)]
        clip, number = saying.clip, saying._next
        saying._next += 1
        if number == clip.onset_packet:
            saying.onset_s = sent_s - clip.onset_offset_s
        if number == clip.end_packet:
            saying.end_s = sent_s - clip.end_offset_s
        if saying._next == len(clip.packets):
            self._saying = None
            saying.done.set_result(None)
        return clip.packets[number]


class Microphone(MediaStreamTrack):
    """The peer's audio."""

    kind = "audio"

    def __init__(self, speaker: Speaker) -> None:
        super().__init__()
        self._speaker = speaker
        self.pace = Pace(PACKET_S)

    async def recv(self) -> av.Packet:
        """The next 20 ms, when it is due."""
        number = await self.pace.next()
        if self.readyState != "live":
            raise MediaStreamError
        packet = av.Packet(self._speaker.next_packet(time.monotonic()))
        packet.pts, packet.time_base = number * FRAME_SAMPLES, Fraction(1, RATE_HZ)
        return packet


class Camera(MediaStreamTrack):
    """The peer's picture: a scene, from its beginning."""

    kind = "video"

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self._scene = scene
        self.pace = Pace(1 / FPS)

    async def recv(self) -> av.Packet:
        """The next frame, when it is due."""
        number = await self.pace.next()
        if self.readyState != "live":
            raise MediaStreamError
        packet = av.Packet(self._scene.packet(number))
        packet.pts, packet.time_base = number, Fraction(1, FPS)
        return packet
