"""A visit: one visitor's token, session and outbox, and the lines (connections) that are attached to it now.

A visit outlives its lines. One tab is the main one: its commands are obeyed and its media are heard; other tabs may
watch, or take over. A tab may have two lines at once (WebSocket and WebRTC while they race): events go to both and the
page keeps what is new to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
import secrets
import shutil
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any, Protocol

from omnilive_demo.events import Bye, Caption, Fault, Notice, PageEvent, SourceChanged
from omnilive_demo.session import InputError, Session
from omnilive_demo.transport import wire
from omnilive_demo.transport.commands import COMMANDS
from omnilive_demo.transport.line import Line, Link
from omnilive_demo.transport.media import Media
from omnilive_demo.transport.outbox import Outbox

log = logging.getLogger(__name__)

HEARTBEAT_TIMEOUT_S = 15.0  # a line that says nothing for this long is gone
ANSWER_GRACE_S = 5.0  # an answer waits this long for its listener to come back
CLOSE_TIMEOUT_S = 10.0  # for a session, and for its source, to end
MOST_LINES = 8
MOST_ERRORS = 50  # unreadable messages after which a line is hung up
MOST_JOBS = 4  # slow commands under way at once

SECOND_TAB = Notice(
    "second_tab",
    "This session is open in another tab.",
    "Go on here (the other tab stops), or only watch.",
)
ONLY_WATCHING = Notice("watching", "This tab only watches.", "Take over to talk, type or change anything here.")
NOT_ATTACHED = Notice("attach_first", "The first message must be `attach`.", "Reload the page.")
TOO_MUCH = Notice("busy", "Too many things were asked for at once.", "Wait for a moment, then try again.")


class Sources(Protocol):
    """What plays samples, files, URLs and pushed streams into a session."""

    async def start(self, message: wire.Source) -> None:
        """Stop what ran before and start what is asked for. Raises InputError."""
        ...

    async def close(self) -> None:
        """Stop what runs and let go of the uploads."""
        ...

    def add_upload(self, path: Path, name: str) -> str:
        """Make a file known; returns its id."""
        ...


class Visit:
    """One visitor. Everything here runs on the event loop.

    Args:
        session: started by the lobby.
        sources: plays into the session.
        folder: private to the visit; removed at its end.
        now: seconds of a monotonic clock.
    """

    def __init__(self, session: Session, sources: Sources, folder: Path, now: Callable[[], float]) -> None:
        self.token = secrets.token_urlsafe(16)
        self.session = session
        self.sources = sources
        self.folder = folder
        self.outbox = Outbox(lambda: session.clock.now_s(), first_seq=1 + secrets.randbelow(2**40))
        self.began_s = now()
        self.active_s = now()  # when it last showed, said, asked or played something
        self.detached_s: float | None = now()  # since when no line is attached
        self.told_time_limit = False
        self.no_turn_told = False
        self.closed = False
        self._now = now
        self._lines: list[Line] = []
        self.media = Media(session, now)
        self._no_main_s: float | None = None
        self._webrtc_ids: dict[str, bool] = {}  # id -> whether an offer was made with it
        self._jobs: set[asyncio.Task[None]] = set()
        self._said_bye = False
        self._closing: asyncio.Task[None] | None = None
        self._unsubscribe = session.subscribe(self._on_event)

    # ---- connections -------------------------------------------------------------------------------------------------

    @property
    def attached(self) -> int:
        """How many lines receive events."""
        return sum(line.role in ("main", "watch") for line in self._lines)

    def issue_webrtc_id(self) -> str:
        """A name for one peer connection to come; the oldest unused one is void."""
        unused = [name for name, used in self._webrtc_ids.items() if not used]
        for name in unused[: max(0, len(unused) - MOST_LINES + 1)]:
            del self._webrtc_ids[name]
        name = secrets.token_urlsafe(16)
        self._webrtc_ids[name] = False
        return name

    def claim_webrtc_id(self, name: str) -> bool:
        """Use up a name for an offer; False when it is not this visit's, or was used before."""
        if self._webrtc_ids.get(name) is not False:
            return False
        self._webrtc_ids[name] = True
        return True

    def owns_webrtc_id(self, name: str) -> bool:
        """Whether an offer of this visit was made with the name (its late ICE candidates follow)."""
        return self._webrtc_ids.get(name) is True

    def release_webrtc_id(self, name: str) -> None:
        """The peer connection of that name is over."""
        self._webrtc_ids.pop(name, None)

    def is_token(self, token: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self.token.encode(), token.encode("utf-8", "replace"))

    def connect(self, link: Link) -> Line:
        """A connection came up; nothing is sent to it before it attaches, but what concerns it alone."""
        line = Line(link, self.outbox, self._present, self._now, self._line_gone)
        self._lines.append(line)
        if len(self._lines) > MOST_LINES:
            self._spawn(self._lines[0].finish("too_many_connections"))
        return line

    def disconnect(self, line: Line) -> None:
        """The connection is gone."""
        if line in self._lines:
            self._spawn(line.cut())

    def _present(self, line: Line, resumed: bool) -> Iterable[PageEvent]:
        return self.session.present(line.link.transport, resumed)

    def _line_gone(self, line: Line) -> None:
        if line in self._lines:
            self._lines.remove(line)
        if self.media.carried_by(line):
            self.media.carry(next((other for other in self._lines if other.role == "main" and other.media), None))
        self._count_lines()

    def _count_lines(self) -> None:
        has_main = any(line.role == "main" for line in self._lines)
        self.detached_s = None if self.attached else _since(self.detached_s, self._now())
        self._no_main_s = None if has_main else _since(self._no_main_s, self._now())

    # ---- messages in -------------------------------------------------------------------------------------------------

    def take_text(self, line: Line, text: str) -> None:
        """A message of a browser: do what it says, or tell that line what is wrong with it."""
        if line.role == "closed" or self.closed:
            return
        line.heard()
        try:
            message = wire.from_wire(text)
        except wire.WireError as error:
            self.complain(line, error)
            return
        if isinstance(message, wire.Attach):
            self._attach(line, message)
        elif isinstance(message, wire.Heartbeat):
            return
        elif line.role == "main":
            self.active_s = self._now()
            self._obey(message)
        else:
            line.tell({"watch": ONLY_WATCHING, "asked": SECOND_TAB}.get(line.role, NOT_ATTACHED))

    def complain(self, line: Line, error: wire.WireError) -> None:
        """Tell a line that its message or packet was not understood; hang up when it never does better."""
        line.errors += 1
        if line.errors >= MOST_ERRORS:
            self._spawn(line.finish("protocol"))
        else:
            line.tell(Notice("bad_message", str(error), "The page may be older than the server: reload it."))

    def _attach(self, line: Line, message: wire.Attach) -> None:
        others = [other for other in self._lines if other.role == "main" and other.tab != message.tab]
        line.tab, line.media = message.tab, message.media
        if message.role == "watch":
            line.role = "watch"
            if self.media.carried_by(line):
                self.media.carry(None)
        elif others and message.role == "ask":
            line.role = "asked"
            line.tell(SECOND_TAB)
            return
        else:
            for other in others:
                self._spawn(other.finish("taken_over"))
            for twin in self._lines:
                if twin is not line and twin.role == "main" and twin.tab == line.tab and _same_kind(twin, line):
                    self._spawn(twin.finish("replaced", say_bye=False))
            line.role = "main"
        line.greet(message.last_seq)
        self._count_lines()
        if line.role == "main":
            self.media.offer(line)

    def _obey(self, message: Any) -> None:
        try:
            work = COMMANDS[type(message)](self, message)
        except InputError as error:
            self.session.announce(Notice(error.code, str(error), error.hint))
            return
        if work is None:
            return
        if len(self._jobs) >= MOST_JOBS:
            work.close()
            self.session.announce(TOO_MUCH)
        else:
            self._spawn(self._job(work), self._jobs)

    async def _job(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except InputError as error:
            self.session.announce(Notice(error.code, str(error), error.hint))
        except Exception:
            log.exception("a command failed")
            self.session.announce(Fault("command_failed", "That did not work: a fault on the server.", "Try again."))

    # ---- events ------------------------------------------------------------------------------------------------------

    def _on_event(self, event: PageEvent) -> None:
        self.media.notice(event)
        if isinstance(event, SourceChanged | Caption):
            self.active_s = self._now()
        self._said_bye = self._said_bye or isinstance(event, Bye)
        self.outbox.put(event)

    def sweep(self) -> None:
        """What time brings: silent lines are gone, an answer that nobody hears ends."""
        for line in tuple(self._lines):
            if line.silent_s > HEARTBEAT_TIMEOUT_S:
                log.info("a silent %s line is hung up", line.link.transport)
                self.disconnect(line)
        if self._no_main_s is not None and self._now() - self._no_main_s > ANSWER_GRACE_S:
            self.session.stop_answer("closed")
        if self.media.sweep():
            self.active_s = self._now()

    # ---- end ---------------------------------------------------------------------------------------------------------

    async def close(self, reason: str) -> None:
        """End the session, say bye to every line, remove what was uploaded. Safe to call twice."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(reason), name=f"close-{self.session.id}")
        await asyncio.shield(self._closing)

    async def _close(self, reason: str) -> None:
        self.closed = True
        both = (self.sources.close(), self.session.close(reason))
        done = await asyncio.gather(*(asyncio.wait_for(what, CLOSE_TIMEOUT_S) for what in both), return_exceptions=True)
        for error in done:
            if isinstance(error, Exception):
                log.error("closing a visit did not go well", exc_info=error)
        await self.media.close()
        if not self._said_bye:
            self.outbox.put(Bye(reason))
        self._unsubscribe()
        # Lines that receive events find the bye among them; the others are told.
        lines = [(line, line.role not in ("main", "watch")) for line in self._lines]
        await asyncio.gather(*(line.finish(reason, say_bye) for line, say_bye in lines))
        for task in self._jobs:
            task.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        with contextlib.suppress(RuntimeError):  # the loop's threads are gone already: the process ends
            await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)

    def _spawn(self, work: Coroutine[Any, Any, None], tasks: set[asyncio.Task[None]] | None = None) -> None:
        task = asyncio.create_task(work)
        kept = _background if tasks is None else tasks
        kept.add(task)
        task.add_done_callback(kept.discard)


_background: set[asyncio.Task[None]] = set()  # keeps farewells alive until they are done


def _since(before_s: float | None, now_s: float) -> float:
    return now_s if before_s is None else before_s


def _same_kind(a: Line, b: Line) -> bool:
    return a.link.transport == b.link.transport
