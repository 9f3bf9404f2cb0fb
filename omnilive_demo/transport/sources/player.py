"""Plays an input into a session, on the session's clock.

Three ways: a live stream is handed on as it arrives; everything else is paced, at rate 1 against the running clock,
and a file at another rate by driving the clock, where the player waits for perception to settle so that nothing is
lost.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from omnilive_demo.clock import MediaTimeline, SessionClock
from omnilive_demo.ear_events import AudioBlock, VideoFrame
from omnilive_demo.events import PageEvent, SourceChanged
from omnilive_demo.records import Origin
from omnilive_demo.transport.sources.failure import stalled
from omnilive_demo.transport.sources.inputs import Input
from omnilive_demo.transport.sources.reader import Finished, Item, Opened, Reader
from omnilive_demo.transport.sources.tracks import RATE_HZ, Picture, Sound

Kind = Literal["none", "camera", "sample", "file", "url", "push"]

_LATE_S = 0.5  # a source that falls further behind goes on from now instead of rushing
_SETTLE_EVERY_S = 0.2
_EARLY_END_S = 1.5  # a file that ends this much before its stated duration ended early


class Listener(Protocol):
    """What a source needs of a session."""

    clock: SessionClock

    def hear(self, block: AudioBlock) -> None:
        """Take sound in."""
        ...

    def watch(self, frame: VideoFrame) -> None:
        """Take a picture in."""
        ...

    def sound_ended(self, origin: Origin) -> None:
        """No more sound comes: an utterance under way ends."""
        ...

    async def settled(self, origin: Origin) -> None:
        """Wait until what was put in has been taken up."""
        ...

    def announce(self, event: PageEvent) -> None:
        """Tell the page."""
        ...


@dataclass(frozen=True, slots=True)
class Ending:
    """How a source came to its natural end. `missing_s` is what a file promised and did not hold."""

    position_s: float
    duration_s: float | None
    missing_s: float = 0.0


class Player:
    """Plays one input, once.

    Args:
        session: takes picture and sound.
        source: what to play.
        kind: and `name`: for the page.
        rate: stream seconds per real second; sources without a known duration always play at 1.
        silence_limit_s: longest wait for the next item; None waits for ever.
        monotonic: seconds of real time.
    """

    def __init__(
        self,
        session: Listener,
        source: Input,
        kind: Kind,
        name: str,
        rate: float = 1.0,
        silence_limit_s: float | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._source = source
        self._kind = kind
        self._name = name
        self._rate = rate
        self._silence_limit_s = silence_limit_s
        self._monotonic = monotonic
        self._duration_s: float | None = None
        self._position_s = 0.0
        self._told_s = 0.0

    @property
    def now(self) -> SourceChanged:
        """Where it is, as the page is told."""
        return SourceChanged(self._kind, self._name, "playing", self._position_s, self._duration_s, self._rate)

    async def run(self) -> Ending:
        """Play to the end. Cancelling it stops it within a second.

        Raises:
            SourceFailed: it cannot be played, or not any further.
        """
        reader = Reader(self._source)
        reader.start()
        clock = self._session.clock
        try:
            item = await self._next(reader)
            if isinstance(item, Opened):
                self._duration_s = item.duration_s
                if item.duration_s is None or self._source.live:
                    self._rate = 1.0
                self._session.announce(self.now)
                item = await self._play(reader)
            return self._ending(item)
        finally:
            clock.release()
            self._session.sound_ended("source")
            await reader.stop()

    async def _play(self, reader: Reader) -> Item:
        if self._source.live:
            return await self._as_it_comes(reader)
        if self._rate == 1.0:
            return await self._on_the_clock(reader)
        return await self._driving_the_clock(reader)

    async def _as_it_comes(self, reader: Reader) -> Item:
        clock = self._session.clock
        timelines = {Picture: MediaTimeline(), Sound: MediaTimeline()}
        while isinstance(item := await self._next(reader), Picture | Sound):
            end_s = timelines[type(item)].to_stream(item.end_s, clock.now_s())
            self._hand_on(item, max(0.0, end_s - item.end_s + item.start_s))
        return item

    async def _on_the_clock(self, reader: Reader) -> Item:
        clock = self._session.clock
        item = await self._next(reader)
        anchor_s = clock.now_s()
        while isinstance(item, Picture | Sound):
            late_s = clock.now_s() - (anchor_s + item.end_s)
            if late_s > _LATE_S:
                anchor_s += late_s
            await clock.sleep_until(anchor_s + item.end_s)
            self._hand_on(item, anchor_s + item.start_s)
            item = await self._next(reader)
        return item

    async def _driving_the_clock(self, reader: Reader) -> Item:
        clock = self._session.clock
        clock.drive()
        anchor_s, began_s, settled_s = clock.now_s(), self._monotonic(), 0.0
        while isinstance(item := await self._next(reader), Picture | Sound):
            ahead_s = began_s + item.end_s / self._rate - self._monotonic()
            if ahead_s > 0.005:
                await asyncio.sleep(ahead_s)
            elif ahead_s < -_LATE_S:
                began_s -= ahead_s
            clock.advance_to(anchor_s + item.end_s)
            self._hand_on(item, anchor_s + item.start_s)
            if item.end_s - settled_s >= _SETTLE_EVERY_S:
                settled_s = item.end_s
                await self._session.settled("source")
        await self._session.settled("source")
        return item

    def _hand_on(self, item: Picture | Sound, start_s: float) -> None:
        if isinstance(item, Sound):
            self._session.hear(AudioBlock(item.samples, RATE_HZ, start_s, "source"))
        else:
            self._session.watch(VideoFrame(item.image, start_s))
        self._position_s = max(self._position_s, item.end_s)
        if self._position_s - self._told_s >= self._rate:  # about once in a real second
            self._told_s = self._position_s
            self._session.announce(self.now)

    async def _next(self, reader: Reader) -> Item:
        if len(reader.items) or self._silence_limit_s is None:
            return await reader.items.get()
        try:
            return await asyncio.wait_for(reader.items.get(), self._silence_limit_s)
        except TimeoutError:
            raise stalled(self._silence_limit_s) from None

    def _ending(self, item: Item) -> Ending:
        assert isinstance(item, Finished)
        if item.failure is not None:
            raise item.failure
        missing_s = (item.duration_s or 0.0) - item.end_s
        early = self._kind in ("file", "sample") and missing_s > _EARLY_END_S
        return Ending(item.end_s, item.duration_s, missing_s if early else 0.0)
