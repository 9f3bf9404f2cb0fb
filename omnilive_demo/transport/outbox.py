"""The outbox of one visit: page events, numbered, kept for replay, and read by several connections at their own pace.

There is one ring and no queue per reader: a reader is only a position in it. What a newer event makes pointless (an
older state, an older partial caption, an older picture of the open clip, …) leaves the ring at once, so a reader that
lags gets only the newest of those, while finals stay. The ring is bounded by count and bytes; a reader that it has
outrun is told so (`FellBehind`) and is greeted afresh. `put` never waits.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from omnilive_demo.events import (
    Caption,
    ClipRemembered,
    Hello,
    LoadProgress,
    MediaCarried,
    MemoryFigures,
    PageEvent,
    SourceChanged,
    StateChanged,
)  # fmt: skip
from omnilive_demo.transport import wire

RING_MESSAGES = 2_000
RING_BYTES = 4_000_000


class FellBehind(RuntimeError):
    """The ring no longer holds the events that this reader needs next."""


@dataclass(frozen=True, slots=True)
class Message:
    """One event as it goes over the wire."""

    seq: int
    type: str
    text: str
    size: int


class Outbox:
    """Numbers and keeps a visit's events.

    Args:
        now_s: stream time, for the messages' `t_s`.
        first_seq: the number before the first event's. Visits begin anywhere, so that a page which comes with another
            visit's number (its server was restarted, say) is not taken for one that is up to date.
        most: how many messages are kept for replay.
        most_bytes: how many bytes of them.
    """

    def __init__(
        self, now_s: Callable[[], float], first_seq: int = 0, most: int = RING_MESSAGES, most_bytes: int = RING_BYTES
    ) -> None:
        self.last_seq = first_seq
        self.forgotten_seq = first_seq  # events up to here may be gone
        self.bytes = 0
        self._now_s = now_s
        self._most = most
        self._most_bytes = most_bytes
        self._ring: dict[int, Message] = {}
        self._replaceable: dict[Hashable, int] = {}
        self._wakes: list[Callable[[], None]] = []

    def put(self, event: PageEvent) -> Message:
        """Number an event, keep it, and wake the readers."""
        if isinstance(event, MemoryFigures) and event.forgot_from_s is not None:
            self._forget()
        self.last_seq += 1
        text = self.render(event, self.last_seq)
        message = Message(self.last_seq, event.TYPE, text, len(text.encode()))
        self._coalesce(event, message)
        self._ring[message.seq] = message
        self.bytes += message.size
        while len(self._ring) > self._most or self.bytes > self._most_bytes:
            self.forgotten_seq = next(iter(self._ring))
            self._drop(self.forgotten_seq)
        for wake in tuple(self._wakes):
            wake()
        return message

    def render(self, event: PageEvent, seq: int) -> str:
        """An event as text, outside of the ring: for what is told to one connection alone."""
        return wire.encode(wire.to_wire(event, seq, self._now_s()))

    def holds_after(self, seq: int) -> bool:
        """Whether a page that has everything up to `seq` can be brought up to date from the ring."""
        return self.forgotten_seq <= seq <= self.last_seq

    def reader(self, after_seq: int, wake: Callable[[], None]) -> Reader:
        """A position in the ring; `wake` is called whenever something new came."""
        self._wakes.append(wake)
        return Reader(self, after_seq, wake)

    def get(self, seq: int) -> Message | None:
        """A message that is still kept."""
        return self._ring.get(seq)

    def leave(self, wake: Callable[[], None]) -> None:
        """A reader has gone."""
        if wake in self._wakes:
            self._wakes.remove(wake)

    def __len__(self) -> int:
        return len(self._ring)

    def _forget(self) -> None:
        """What was told may hold what is to be forgotten. Who has not read it yet is greeted afresh."""
        self._ring.clear()
        self._replaceable.clear()
        self.bytes = 0
        self.forgotten_seq = self.last_seq

    def _coalesce(self, event: PageEvent, message: Message) -> None:
        replaced, own = _coalescing(event)
        for key in replaced:
            older = self._replaceable.pop(key, None)
            if older is not None:
                self._drop(older)
        if own is not None:
            self._replaceable[own] = message.seq
            if len(self._replaceable) > 2 * self._most:  # most of these have left the ring
                self._replaceable = {key: seq for key, seq in self._replaceable.items() if seq in self._ring}

    def _drop(self, seq: int) -> None:
        message = self._ring.pop(seq, None)
        if message is not None:
            self.bytes -= message.size


class Reader:
    """One connection's position in an outbox."""

    def __init__(self, outbox: Outbox, after_seq: int, wake: Callable[[], None]) -> None:
        self.seq = after_seq
        self._outbox = outbox
        self._wake = wake

    def next(self) -> Message | None:
        """The next message, or None when this reader is up to date.

        Raises:
            FellBehind: it was too slow, and what it needs is gone.
        """
        if self.seq < self._outbox.forgotten_seq:
            raise FellBehind(f"needs event {self.seq + 1}, but the ring begins after {self._outbox.forgotten_seq}")
        while self.seq < self._outbox.last_seq:
            self.seq += 1
            message = self._outbox.get(self.seq)
            if message is not None:
                return message
        return None

    def close(self) -> None:
        """Stop being woken."""
        self._outbox.leave(self._wake)


def _coalescing(event: PageEvent) -> tuple[tuple[Hashable, ...], Hashable | None]:
    """The keys of what an event replaces, and its own key, if a later event may replace it."""
    match event:
        case Caption():
            key = ("caption", event.utterance)
            return (key,), None if event.final else key
        case ClipRemembered(open=True):
            return (("clip", event.id),), ("clip", event.id)
        case ClipRemembered():  # it may get a caption yet, or go on
            return (("clip", event.id), ("closed", event.id)), ("closed", event.id)
        case LoadProgress():
            return (("progress", event.model),), ("progress", event.model)
        case MemoryFigures():
            # What was forgotten must reach every page; figures alone are only worth their newest.
            forgot = event.forgot_from_s is not None or event.forgot_to_s is not None
            return ("memory",), None if forgot else "memory"
        case Hello() | StateChanged() | SourceChanged() | MediaCarried():
            return (event.TYPE,), event.TYPE
        case _:
            return (), None
