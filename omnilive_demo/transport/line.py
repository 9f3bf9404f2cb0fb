"""A line: one live channel of one tab, whatever carries it.

The transport gives a `Link` (how to send, how to hang up); the line pumps the visit's events into it, first what is
meant for this line alone, then the outbox from its own position. A link that is slow holds up its own pump only.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from typing import Literal, Protocol

from omnilive_demo.clock import MediaTimeline
from omnilive_demo.events import Bye, PageEvent
from omnilive_demo.speech.playout import PlayoutFrame
from omnilive_demo.transport.outbox import FellBehind, Outbox, Reader

log = logging.getLogger(__name__)

Role = Literal["new", "asked", "main", "watch", "closed"]
MOST_NOTES = 64  # messages to one line alone that may wait; the oldest is dropped
FAREWELL_S = 1.0  # how long a line may take to send what is left before it is hung up


class LinkClosed(ConnectionError):
    """The other side is gone."""


class Link(Protocol):
    """One connection's way out."""

    @property
    def transport(self) -> Literal["webrtc", "websocket"]:
        """Which kind it is."""
        ...

    async def send_text(self, text: str) -> None:
        """Send a message, waiting while the other side is slow. Raises LinkClosed."""
        ...

    def play(self, frame: PlayoutFrame) -> None:
        """Queue 20 ms of an answer; bounded, drops the oldest."""
        ...

    def flush(self) -> int:
        """Drop all sound that has not left yet; returns how many frames that were."""
        ...

    async def hang_up(self, reason: str) -> None:
        """Close the connection. Safe to call twice."""
        ...


class Line:
    """One live channel.

    Args:
        link: the connection.
        outbox: the visit's events.
        present: what a page without history must be told; called with whether it resumes.
        now: seconds of a monotonic clock.
        gone: called once when the line is over.
    """

    def __init__(
        self,
        link: Link,
        outbox: Outbox,
        present: Callable[[Line, bool], Iterable[PageEvent]],
        now: Callable[[], float],
        gone: Callable[[Line], None],
    ) -> None:
        self.link = link
        self.role: Role = "new"
        self.tab = ""
        self.media = False
        self.carries = False  # its sound and pictures were the visit's at least once
        self.last_heard_s = now()
        self.last_media_s = -1e9
        self.errors = 0
        self.audio_times = MediaTimeline()
        self.picture_times = MediaTimeline()
        self._outbox = outbox
        self._present = present
        self._now = now
        self._gone = gone
        self._notes: deque[str] = deque()
        self._greeting: deque[tuple[PageEvent, int]] = deque()
        self._reader: Reader | None = None
        self._wake = asyncio.Event()
        self._finishing = ""
        self._ended = False
        self._task = asyncio.create_task(self._pump(), name=f"line-{link.transport}")

    def heard(self) -> None:
        """Something came in: the other side is alive."""
        self.last_heard_s = self._now()

    @property
    def silent_s(self) -> float:
        """Seconds since something came in."""
        return self._now() - self.last_heard_s

    def greet(self, last_seq: int) -> None:
        """Begin to send events: what was missed after `last_seq` when it is still kept, else the whole picture."""
        self._stop_reading()
        resumed = last_seq > 0 and self._outbox.holds_after(last_seq)
        events = [event for event in self._present(self, resumed) if not resumed or event.TYPE == "hello"]
        # A greeting tells of everything up to `after`. Only its last event says so: a page that is cut off in the
        # middle of it must not believe that it has it all. Numbered events follow.
        after = last_seq if resumed else self._outbox.last_seq
        self._greeting = deque((event, 0) for event in events[:-1])
        self._greeting.extend((event, after) for event in events[-1:])
        self._reader = self._outbox.reader(after, self._wake.set)
        self._wake.set()

    def tell(self, event: PageEvent) -> None:
        """Send an event to this line alone, outside of the numbered stream; it is not replayed."""
        if len(self._notes) >= MOST_NOTES:
            self._notes.popleft()
        self._notes.append(self._outbox.render(event, 0))
        self._wake.set()

    async def finish(self, reason: str, say_bye: bool = True) -> None:
        """Say bye, or else send what waits, then hang up; a link that cannot take it in time is cut."""
        self.role = "closed"
        if say_bye and not self._finishing:
            self._stop_reading()
            self.tell(Bye(reason))
        self._finishing = self._finishing or reason
        self._wake.set()
        if asyncio.current_task() is self._task:
            return
        _, late = await asyncio.wait({self._task}, timeout=FAREWELL_S)
        if late:
            await self.cut()

    async def cut(self) -> None:
        """Hang up at once."""
        self.role = "closed"
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._end()  # for a pump that was cancelled before it began

    async def _pump(self) -> None:
        try:
            while True:
                text = self._next()
                if text is not None:
                    await self.link.send_text(text)
                    await asyncio.sleep(0)  # a long greeting must not keep others waiting
                elif self._finishing:
                    break
                else:
                    self._wake.clear()
                    await self._wake.wait()
        except LinkClosed as error:
            log.debug("%s line closed: %s", self.link.transport, error)
        finally:
            await self._end()

    async def _end(self) -> None:
        if self._ended:
            return
        self._ended = True
        self.role = "closed"
        self._stop_reading()
        self._gone(self)
        await self.link.hang_up(self._finishing or "gone")

    def _stop_reading(self) -> None:
        self._greeting.clear()
        if self._reader is not None:
            self._reader.close()
        self._reader = None

    def _next(self) -> str | None:
        if self._notes:
            return self._notes.popleft()
        if self._greeting:
            event, seq = self._greeting.popleft()
            return self._outbox.render(event, seq)
        if self._reader is None:
            return None
        try:
            message = self._reader.next()
        except FellBehind as error:
            log.info("a slow connection is greeted afresh: %s", error)
            self.greet(0)
            return self._next()
        return message.text if message else None
