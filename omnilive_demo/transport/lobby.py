"""The lobby: who has a seat, who waits, and when a visit is over.

A seat is held from `POST /session` until the visit was closed to the end, its last minute without a connection
included. Whoever finds no seat gets a ticket and a place in the line; the page asks again with the ticket.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from omnilive_demo.config import Settings
from omnilive_demo.events import Json, Notice
from omnilive_demo.session import InputError, Session
from omnilive_demo.transport.visit import Sources, Visit
from omnilive_demo.transport.waiting import RateLimit, Waiting, WaitingRoom

log = logging.getLogger(__name__)

SWEEP_S = 0.5
LIMIT_WARNING_S = 60.0
IDLE_SEAT_S = 120.0  # a seat on which nothing happens for this long goes to who waits for one
NEWCOMERS_EACH, NEWCOMERS_TOGETHER, NEWCOMERS_WINDOW_S = 10, 60, 60.0
STALE_UPLOADS_S = 24 * 3600.0

MakeSources = Callable[[Session, Settings, Path], Sources]


class Lobby:
    """All visits of this process.

    Args:
        make_session: makes a session from its short name; the lobby starts and closes it.
        clock: seconds of a monotonic clock.
        make_sources: what plays files and streams into a session.
        take_up: makes a session on a memory that was kept; raises InputError while another visit has it.
    """

    def __init__(
        self,
        make_session: Callable[[str], Session],
        settings: Settings,
        clock: Callable[[], float] = time.monotonic,
        make_sources: MakeSources | None = None,
        take_up: Callable[[str, Path], Session] | None = None,
    ) -> None:
        self._make_session = make_session
        self._take_up = take_up
        self._make_sources = make_sources or _source_runner
        self._settings = settings
        self._now = clock
        self._visits: list[Visit] = []
        self._opening = 0
        self._room = WaitingRoom(clock)
        self._rate = RateLimit(NEWCOMERS_EACH, NEWCOMERS_TOGETHER, NEWCOMERS_WINDOW_S, clock)
        self._reaper: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._closed = False

    # ---- coming and going --------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin to look after the visits. Also done by the first visitor."""
        if self._reaper is None:
            self._reaper = asyncio.create_task(self._reap(), name="lobby")
            await asyncio.to_thread(_remove_stale, self._settings.data_dir / "uploads")

    async def enter(self, ticket: str = "", address: str = "", memory: Path | None = None) -> Visit | Waiting:
        """A seat, or a place in the line. `memory`: the folder of a kept memory that the visit goes on with.

        Raises:
            InputError: code `too_many_requests`, `lobby_full`, `server_stopping` or what the session could not do.
        """
        if self._stopping():
            raise InputError("server_stopping", "The server is stopping.", "Try again in a minute.")
        await self.start()
        position = self._room.position(ticket)
        if position == len(self._room) + 1 and self._settings.public and not self._rate.admit(address):
            raise InputError("too_many_requests", "Too many visits in a short time.", "Wait for a minute.")
        if position > self.free_seats:
            return self._wait(ticket, position)
        self._room.leave(ticket)
        self._opening += 1
        try:
            visit = await self._open(memory)
        finally:
            self._opening -= 1
        if self._stopping():  # while the session was starting
            await visit.close("server_stopping")
            raise InputError("server_stopping", "The server is stopping.", "Try again in a minute.")
        return visit

    def find(self, token: str) -> Visit | None:
        """The visit of a token. Looks at all of them, each in constant time."""
        found = None
        for visit in self._visits:
            if visit.is_token(token) and not visit.closed:
                found = visit
        return found

    async def leave(self, visit: Visit, reason: str) -> None:
        """End a visit. Safe to call twice."""
        await visit.close(reason)
        if visit in self._visits:
            self._visits.remove(visit)

    async def close(self) -> None:
        """Say bye to everybody. Safe to call twice."""
        self._closed = True
        if self._reaper is not None:
            self._reaper.cancel()
            await asyncio.gather(self._reaper, return_exceptions=True)
        await asyncio.gather(*(self.leave(visit, "server_stopping") for visit in tuple(self._visits)))

    # ---- figures -----------------------------------------------------------------------------------------------------

    @property
    def sessions(self) -> int:
        """How many seats are taken."""
        return len(self._visits) + self._opening

    @property
    def free_seats(self) -> int:
        """How many seats are free."""
        return max(0, self._settings.seats - self.sessions)

    @property
    def waiting(self) -> int:
        """How many visitors wait."""
        return len(self._room)

    def figures(self) -> Json:
        """For health: seats and who is where."""
        connected = sum(visit.attached > 0 for visit in self._visits)
        return {
            "seats": self._settings.seats, "sessions": self.sessions, "connected": connected, "waiting": self.waiting
        }  # fmt: skip

    def _stopping(self) -> bool:
        return self._closed

    # ---- inside ------------------------------------------------------------------------------------------------------

    async def _open(self, memory: Path | None) -> Visit:
        number = secrets.token_hex(4)
        folder = self._settings.data_dir / "uploads" / number
        if memory is not None and self._take_up is not None:
            session = self._take_up(number, memory)
        else:
            session = self._make_session(number)
        visit = Visit(session, self._make_sources(session, self._settings, folder), folder, self._now)
        try:
            await session.start()
        except BaseException:
            await visit.close("failed")
            raise
        self._visits.append(visit)
        log.info("visit %s begins; %d of %d seats taken", number, self.sessions - 1, self._settings.seats)
        return visit

    def _wait(self, ticket: str, position: int) -> Waiting:
        if self._room.full and position > len(self._room):
            raise InputError("lobby_full", "Too many visitors are waiting already.", "Come back later.")
        seats = self._settings.seats
        taken = "The only seat is taken." if seats == 1 else f"All {seats} seats are taken."
        place = "You are next." if position == 1 else f"You are number {position} in the line."
        return Waiting(
            self._room.take(ticket), position, f"{taken} {place} This page goes on by itself.", self._wait_s(position)
        )

    def _wait_s(self, position: int) -> float | None:
        """The latest moment at which this place in the line gets a seat, if every visit's end is known."""
        ends = sorted(self._ends_s(visit) for visit in self._visits)
        end_s = ends[position - 1] if position <= len(ends) else math.inf
        return None if math.isinf(end_s) else max(0.0, end_s - self._now())

    def _ends_s(self, visit: Visit) -> float:
        limit_s = self._settings.longest_session_s
        by_limit_s = visit.began_s + limit_s if limit_s else math.inf
        linger_s = math.inf if visit.detached_s is None else visit.detached_s + self._settings.session_linger_s
        return min(by_limit_s, linger_s)

    async def _reap(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            try:
                self.sweep()
            except Exception:
                log.exception("looking after the visits failed")

    def sweep(self) -> None:
        """What time brings: tickets run out, lines fall silent, visits end."""
        self._room.sweep()
        now, limit_s = self._now(), self._settings.longest_session_s
        for visit in tuple(self._visits):
            visit.sweep()
            if visit.closed:
                continue
            if limit_s and now - visit.began_s >= limit_s:
                self._let_go(visit, "time_limit")
            elif visit.detached_s is not None and now - visit.detached_s >= self._settings.session_linger_s:
                self._let_go(visit, "expired")
            elif self.waiting and now - visit.active_s >= IDLE_SEAT_S:
                self._let_go(visit, "idle")
            elif limit_s and not visit.told_time_limit and now - visit.began_s >= limit_s - LIMIT_WARNING_S:
                visit.told_time_limit = True
                left_s = round(limit_s - (now - visit.began_s))
                visit.session.announce(Notice(
                    "time_limit", f"This visit ends in {left_s} seconds, so that others get a seat.",
                    "Export what you want to keep.",
                ))  # fmt: skip

    def _let_go(self, visit: Visit, reason: str) -> None:
        visit.closed = True  # no longer found, while it is being closed
        task = asyncio.create_task(self.leave(visit, reason))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


def _source_runner(session: Session, settings: Settings, folder: Path) -> Sources:
    # Opening media pulls in FFmpeg: only where a visit really begins.
    from omnilive_demo.transport.sources.runner import SourceRunner

    runner: Sources = SourceRunner(session, settings, folder)
    return runner


def _remove_stale(uploads: Path) -> None:
    """Remove what visits left behind whose process was killed. Ages are told by the file system's own clock."""
    with contextlib.suppress(OSError):
        uploads.mkdir(parents=True, exist_ok=True)
        marker = uploads / ".now"
        marker.touch()
        now_s = marker.stat().st_mtime
        for folder in uploads.iterdir():
            if folder.is_dir() and now_s - folder.stat().st_mtime > STALE_UPLOADS_S:
                shutil.rmtree(folder, ignore_errors=True)
