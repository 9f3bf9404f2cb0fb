"""A visit's sound and pictures: which of its lines carries them, and where they go.

Of the main tab's lines the first that delivers media carries them, until it has delivered nothing for a while and
another one does. Answers are played to that line only; while there is none, their sound waits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.ear_events import AudioBlock, VideoFrame
from omnilive_demo.events import Fault, Interrupted, MediaCarried, PageEvent, SourceChanged
from omnilive_demo.session import Session
from omnilive_demo.transport.line import Line

log = logging.getLogger(__name__)

STALE_S = 1.5  # after this long without media, another line of the same tab may carry them

SILENT_S = 1.0  # packets come every 20 to 40 ms


class Media:
    """Media of one visit.

    Args:
        session: hears, watches and speaks.
        now: seconds of a monotonic clock.
    """

    def __init__(self, session: Session, now: Callable[[], float]) -> None:
        self.muted = False
        self._session = session
        self._now = now
        self._line: Line | None = None
        self._present = asyncio.Event()
        self._camera_on = True  # False while a file or a stream is the source
        self._closed = False
        self._sound_s: float | None = None  # when sound came last, since it last stopped
        session.playout.take_back = self._take_back
        self._player = asyncio.create_task(self._play(), name=f"playout-{session.id}")

    def carried_by(self, line: Line) -> bool:
        """Whether this line carries the media now."""
        return line is self._line

    def offer(self, line: Line) -> None:
        """A main line came up: it gets the answers' sound if no other line of the main tab does."""
        if line.media and (self._line is None or self._line.role != "main"):
            self.carry(line)

    def carry(self, line: Line | None) -> None:
        """From now on this line carries the media."""
        if self._line is not None:
            self._line.link.flush()
        self._line = line
        if line is None:
            self._sound_stopped()
            self._present.clear()
        else:
            self._present.set()
        if not self._closed:
            self._session.announce(MediaCarried(line.link.transport if line else ""))

    def notice(self, event: PageEvent) -> None:
        """What the session tells its pages also tells what to do with media."""
        if isinstance(event, Interrupted) and self._line is not None:
            self._line.link.flush()
        elif isinstance(event, SourceChanged):
            self._camera_on = event.kind == "camera"

    def take_audio(self, line: Line, samples: NDArray[np.int16], rate_hz: int, media_s: float) -> None:
        """Sound from a browser: int16 `[n]`, its first sample at `media_s` of the browser's clock."""
        if self._may_carry(line) and not self.muted:
            arrival_s = max(0.0, self._session.clock.now_s() - len(samples) / rate_hz)
            self._sound_s = self._now()
            start_s = line.audio_times.to_stream(media_s, arrival_s)
            self._session.hear(AudioBlock(samples, rate_hz, start_s, "visitor"))

    def wants_picture(self, line: Line) -> bool:
        """Whether a picture that came in now would be looked at; cheap, so that it is asked before any decoding."""
        return self._may_carry(line) and self._camera_on and self._session.wants_frame(self._session.clock.now_s())

    def take_picture(self, line: Line, image: NDArray[np.uint8], t_s: float) -> None:
        """A picture from a browser: RGB `[H, W, 3]`, taken at stream time `t_s`."""
        if line is self._line and line.role == "main" and self._camera_on:
            self._session.watch(VideoFrame(image, t_s))

    def sweep(self) -> bool:
        """A browser that stopped sending in the middle of a sentence has ended it. Returns whether it sends sound."""
        if self._sound_s is not None and self._now() - self._sound_s > SILENT_S:
            self._sound_stopped()
        return self._sound_s is not None

    def _sound_stopped(self) -> None:
        if self._sound_s is not None and not self._closed:
            self._sound_s = None
            self._session.sound_ended("visitor")

    async def close(self) -> None:
        """No more sound goes out."""
        self._closed = True
        self._player.cancel()
        await asyncio.gather(self._player, return_exceptions=True)

    def _take_back(self) -> int:
        """Sound that has not left yet stays here; how many frames that were."""
        return self._line.link.flush() if self._line is not None else 0

    def _may_carry(self, line: Line) -> bool:
        """Media came in on a line: do they count?"""
        line.heard()
        if line.role != "main" or not line.media or self._closed:
            return False
        now, other = self._now(), self._line
        if other is not None and other is not line and other.carries and now - other.last_media_s < STALE_S:
            return False
        line.last_media_s = now
        line.carries = True
        if other is not line:
            self.carry(line)
        return True

    async def _play(self) -> None:
        """Hand the answers' sound to the line that carries media."""
        try:
            while True:
                await self._present.wait()
                frame = await self._session.playout.next_frame()
                if self._line is not None:
                    self._line.link.play(frame)
        except Exception:
            log.exception("the playout failed")
            self._session.announce(Fault("playout_failed", "Answers cannot be spoken: a fault on the server."))
