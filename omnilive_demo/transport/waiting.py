"""The waiting room: a first-come line of tickets, and a limit on how fast newcomers may knock."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

TICKET_TIMEOUT_S = 75.0  # a ticket that is not asked about for this long is dropped; hidden tabs ask once a minute
MOST_WAITING = 200


@dataclass(frozen=True, slots=True)
class Waiting:
    """No seat yet. `wait_s` is the longest that it can take, when that is known."""

    ticket: str
    position: int
    message: str
    wait_s: float | None = None


class WaitingRoom:
    """Tickets in order of arrival."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._tickets: dict[str, float] = {}  # ticket -> when it was last asked about

    def __len__(self) -> int:
        return len(self._tickets)

    @property
    def full(self) -> bool:
        """Whether nobody else may even wait."""
        return len(self._tickets) >= MOST_WAITING

    def position(self, ticket: str) -> int:
        """The place of a ticket, 1 for the first; a newcomer (an unknown ticket) stands behind everybody."""
        self.sweep()
        if ticket not in self._tickets:
            return len(self._tickets) + 1
        self._tickets[ticket] = self._now()
        return list(self._tickets).index(ticket) + 1

    def take(self, ticket: str) -> str:
        """The ticket, or a new one at the end of the line."""
        if ticket not in self._tickets:
            ticket = secrets.token_urlsafe(12)
            self._tickets[ticket] = self._now()
        return ticket

    def leave(self, ticket: str) -> None:
        """The visitor got a seat, or went away."""
        self._tickets.pop(ticket, None)

    def sweep(self) -> None:
        """Drop the tickets of those who left."""
        limit = self._now() - TICKET_TIMEOUT_S
        self._tickets = {ticket: asked_s for ticket, asked_s in self._tickets.items() if asked_s >= limit}


class RateLimit:
    """At most so many events in a window, for each key and for all of them together."""

    def __init__(self, each: int, together: int, window_s: float, now: Callable[[], float]) -> None:
        self._each = each
        self._together = together
        self._window_s = window_s
        self._now = now
        self._events: deque[tuple[float, str]] = deque()

    def admit(self, key: str) -> bool:
        """Count an event, unless it is one too many."""
        now = self._now()
        while self._events and self._events[0][0] <= now - self._window_s:
            self._events.popleft()
        if len(self._events) >= self._together or sum(name == key for _, name in self._events) >= self._each:
            return False
        self._events.append((now, key))
        return True

    def forgive(self, key: str) -> None:
        """The newest event of a key does not count after all."""
        for event in reversed(self._events):
            if event[1] == key:
                self._events.remove(event)
                return
