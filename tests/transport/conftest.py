from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from transport_fakes import FakeSession, FakeSources

from omnilive_demo.clock import ManualTime
from omnilive_demo.config import Settings
from omnilive_demo.models.profiles import ProfileError
from omnilive_demo.session import InputError
from omnilive_demo.transport.keeping import KeptMemories
from omnilive_demo.transport.lobby import Lobby
from omnilive_demo.transport.routes import build_routes


class App:
    """Our routes on loopback, with fake sessions behind them."""

    def __init__(self, settings: Settings, folder: Path, clock: Callable[[], float] | None = None) -> None:
        self.settings = settings
        self.sessions: list[FakeSession] = []
        self.sources: list[FakeSources] = []
        more: dict[str, Any] = {} if clock is None else {"clock": clock}
        self.lobby = Lobby(self._session, settings, make_sources=self._source, take_up=self._take_up, **more)
        page, samples = folder / "page", folder / "samples"
        page.mkdir()
        samples.mkdir()
        (page / "app.js").write_text("export const a = 1;")
        (samples / "kitchen.mp4").write_bytes(bytes(range(256)) * 40)
        self.wanted: list[str] = []
        self.now_s = 1_700_000_000.0
        self.kept = KeptMemories(settings, lambda: self.now_s)
        self.routes = build_routes(
            self.lobby, settings, self._health, page, samples,
            SimpleNamespace(check=self._check, change=self.wanted.append), self.kept,
        )  # fmt: skip
        self.port = 0
        self.http: httpx.AsyncClient

    def _health(self) -> dict[str, Any]:
        return {"ready": True, **self.lobby.figures()}

    def _check(self, profile: str) -> None:
        if profile != "lite":
            raise ProfileError("Choose lite.")

    def _session(self, number: str) -> Any:
        self.sessions.append(FakeSession(number))
        self.sessions[-1].folder = self.settings.data_dir / "sessions" / number
        return self.sessions[-1]

    def _take_up(self, number: str, folder: Path) -> Any:
        if any(session.folder == folder and not session.closed for session in self.sessions):
            raise InputError("memory_in_use", "This memory is open in another visit just now.", "Wait.")
        session = self._session(number)
        session.folder = folder
        return session

    def _source(self, session: Any, settings: Settings, folder: Path) -> Any:
        self.sources.append(FakeSources(session, settings, folder))
        return self.sources[-1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def visit(self) -> Any:
        return self.lobby._visits[-1]

    async def enter(self) -> dict[str, Any]:
        answer = await self.http.post("/session")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[App]:
        sock = socket.socket()
        sock.bind(("127.0.0.1", 0))
        self.port = sock.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(Starlette(routes=self.routes), log_level="warning", lifespan="off"))
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        task = asyncio.create_task(server.serve([sock]))
        while not server.started:
            await asyncio.sleep(0.005)
        async with httpx.AsyncClient(base_url=self.url) as self.http:
            yield self
        await self.lobby.close()
        server.should_exit = True
        server.force_exit = True
        await task


@pytest.fixture
def manual() -> ManualTime:
    return ManualTime(100.0)


@pytest.fixture
def make_app(tmp_path: Path) -> Callable[..., App]:
    made = []

    def make(clock: Callable[[], float] | None = None, **settings: Any) -> App:
        folder = tmp_path / f"app{len(made)}"
        folder.mkdir()
        made.append(App(Settings(**{"data_dir": folder / "data", "host": "127.0.0.1", **settings}), folder, clock))
        return made[-1]

    return make


@pytest.fixture
async def app(make_app: Callable[..., App]) -> AsyncIterator[App]:
    async with make_app().serving() as running:
        yield running
