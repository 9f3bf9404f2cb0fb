"""The running app: engine, lobby and page around one event loop, from launch to a clean end.

Gradio owns the server and its loop. Our routes join its app at launch (later would race its catch-all), and our
lifespan only starts the loading, because a slow one would fail the launch.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import threading
import time
from collections.abc import AsyncIterator, Collection, Iterable
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from typing import Any

import psutil

from omnilive_demo import __version__, logs
from omnilive_demo.config import ASSETS, Settings
from omnilive_demo.engine import Engine
from omnilive_demo.events import Json
from omnilive_demo.health import LoopLag
from omnilive_demo.larger import Larger
from omnilive_demo.memory.store import StoreError
from omnilive_demo.memory.store_key import check_key
from omnilive_demo.models.profiles import ProfileError
from omnilive_demo.session import InputError, Session
from omnilive_demo.transport.keeping import KeptMemories, is_kept
from omnilive_demo.transport.lobby import Lobby
from omnilive_demo.transport.routes import build_routes
from omnilive_demo.ui.page import build_page

log = logging.getLogger(__name__)

CLOSE_S = 12.0  # how long a clean end may take before the process goes anyway
STALE_S = 24 * 3600.0
TIDY_S = 3600.0
LOCAL_MEMORY = "local"  # the one visitor of this machine finds the same memory again after a restart


class Application:
    """Everything of one process. Made on the main thread; lives on the server's loop from `lifespan` on."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.engine: Engine
        self.lobby: Lobby
        self._lag = LoopLag()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._sessions: dict[str, Session] = {}
        self._process = psutil.Process()
        self._closing = False
        self.engine = Engine(settings)
        self._larger = Larger(self.engine)
        self._kept = KeptMemories(settings, time_of_day_s)
        self.lobby = Lobby(self.make_session, settings, take_up=self.take_up)

    def routes(self) -> list[Any]:
        """What we add to Gradio's app."""
        return build_routes(
            self.lobby, self.settings, self.health, ASSETS / "page", ASSETS / "samples", self._larger, self._kept
        )

    @contextlib.asynccontextmanager
    async def lifespan(self, _app: object) -> AsyncIterator[None]:
        """Start loading, and watching the loop."""
        self._loop = asyncio.get_running_loop()
        self._tasks = [asyncio.create_task(self._load()), asyncio.create_task(self._lag.run())]
        if self.settings.public:
            self._tasks.append(asyncio.create_task(self._tidy()))
        await self.lobby.start()
        yield
        await self.close()

    async def _load(self) -> None:
        """The embedded models first, so that the page can be used; then larger ones, where they can be had."""
        await self.engine.start()
        if self.engine.ready.is_set():
            self._larger.change(self.settings.profile)

    async def _tidy(self) -> None:
        """Delete what nobody will come back to."""
        while True:
            in_use = {session.folder for session in self._sessions.values()}
            try:
                await asyncio.to_thread(remove_stale, self.settings.data_dir / "sessions", in_use)
                await asyncio.to_thread(self._kept.sweep, in_use)
            except Exception:
                log.exception("what nobody will come back to could not be deleted")
            await asyncio.sleep(TIDY_S)

    def make_session(self, number: str) -> Session:
        """A new visitor's session; the only visitor of a private server finds the memory of last time."""
        private = not self.settings.public
        taken = {session.folder.name for session in self._sessions.values()}
        name = LOCAL_MEMORY if private and LOCAL_MEMORY not in taken else number
        folder = self.settings.data_dir / "sessions" / name
        return self._session(number, folder)

    def take_up(self, number: str, folder: Path) -> Session:
        """A session that goes on with a memory that was kept.

        Raises:
            InputError: another visit has it.
        """
        if any(session.folder == folder for session in self._sessions.values()):
            raise InputError(
                "memory_in_use", "This memory is open in another visit just now.", "End that one, or wait for a minute."
            )
        return self._session(number, folder)

    def _session(self, number: str, folder: Path) -> Session:
        session = Session(number, self.engine, self.settings, folder, time_of_day_s())
        self._sessions[number] = session
        session.subscribe(lambda event: self._ended(number) if event.TYPE == "bye" else None)
        return session

    def _ended(self, number: str) -> None:
        session = self._sessions.pop(number, None)
        if session is not None and session.folder.name != LOCAL_MEMORY:
            asyncio.get_running_loop().run_in_executor(None, self._let_go, session.folder)

    def _let_go(self, folder: Path) -> None:
        """What a visitor of a public server showed us goes with the visit, unless they keep it."""
        if is_kept(folder):
            self._kept.prolong(folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)

    def health(self) -> Json:
        """The figures of `/healthz`."""
        figures = {number: session.figures() for number, session in self._sessions.items()}
        # Strangers learn how much there is to do, and nothing about each other.
        sessions = {"all": _totals(figures.values())} if self.settings.public else figures
        return {
            "ready": self.engine.ready.is_set() and not self._closing,
            "failure": self.engine.failure,
            "version": __version__,
            "profile": self.engine.profile,
            "public": self.settings.public,
            "sessions": len(figures),
            "seats": self.settings.seats,
            "waiting": self.lobby.waiting,
            "loop_lag_ms": self._lag.percentiles(),
            "queues": {"lanes": self.engine.figures(), "sessions": sessions},
            "threads": threading.active_count(),
            "rss_mb": round(self._process.memory_info().rss / 2**20, 1),
        }

    async def close(self) -> None:
        """Say bye to everybody and stop the workers. Safe to call twice."""
        if self._closing:
            return
        self._closing = True
        await self.lobby.close()
        for task in self._tasks:
            task.cancel()
        await self._larger.close()
        await self.engine.close()

    def close_from_main(self) -> None:
        """`close`, called from the main thread."""
        if self._loop is None or not self._loop.is_running():
            return
        try:
            asyncio.run_coroutine_threadsafe(self.close(), self._loop).result(CLOSE_S)
        except FutureTimeout:
            log.warning("the clean end took longer than %.0f s", CLOSE_S)


def _totals(figures: Iterable[dict[str, float]]) -> dict[str, float]:
    totals: dict[str, float] = {}
    for one in figures:
        for name, value in one.items():
            totals[name] = totals.get(name, 0) + value
    return totals


def lasts(folder: Path) -> bool:
    """Whether somebody may come back to the memory in a session's folder."""
    return folder.name == LOCAL_MEMORY or is_kept(folder)


def remove_stale(sessions: Path, in_use: Collection[Path] = ()) -> None:
    """Remove what visits of a killed process left behind. A day old: another process may serve from this folder too."""
    for folder in sessions.glob("*"):
        if lasts(folder) or folder in in_use:
            continue
        try:
            if time_of_day_s() - folder.stat().st_mtime > STALE_S:
                shutil.rmtree(folder, ignore_errors=True)
        except OSError as error:  # gone meanwhile, with the visit of another process
            log.warning("a folder could not be looked at: %s", error)


def time_of_day_s() -> float:
    """Seconds since 1970: the anchor of a stream in the calendar, and nothing else."""
    return time.time()  # noqa: TID251


def run(settings: Settings) -> int:
    """Serve until SIGTERM or Ctrl-C. Returns the exit code."""
    logs.configure(settings.log_level, settings.log_json)
    try:
        application = Application(settings)
    except ProfileError as error:
        log.error("%s", error)
        return 2
    try:
        check_key(settings.data_dir, settings.memory_key.get_secret_value(), lasts)
    except StoreError as error:
        log.error("%s %s", error, error.hint)
        return 2
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    page = build_page(settings)
    try:
        page.launch(
            server_name=settings.host,
            server_port=settings.port or None,
            share=settings.share and not settings.on_space,
            prevent_thread_lock=True,
            ssr_mode=False,
            quiet=True,
            show_api=False,
            app_kwargs={"routes": application.routes(), "lifespan": application.lifespan},
        )
    except OSError as error:
        log.error("The page cannot be served on port %s: %s", settings.port, error)
        return 1
    tell_where(settings, page.share_url)
    ended.wait()
    log.info("ending")
    application.close_from_main()
    page.close()
    logging.shutdown()
    # Worker threads of libraries may still sit in a read; everything of ours is closed and stored.
    os._exit(0)


def tell_where(settings: Settings, share_url: str | None) -> None:
    """Say where the page is, and whether the public link came to be."""
    host = "localhost" if settings.host in ("127.0.0.1", "0.0.0.0") else settings.host
    log.info("the page is at http://%s:%s", host, settings.port)
    if share_url:
        log.info("the public link is %s (its visitors follow the rules for strangers)", share_url)
    elif settings.share:
        log.warning("A public link could not be made: the tunnel was not reached. The page goes on locally.")
