"""The app under measurement: started in a process of its own, or attached to where it already runs.

Its CPU, memory, threads and descriptors are those of the whole process tree, because recognition runs in worker
processes; they are sampled once a second from outside, together with `/healthz`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

REPOSITORY = Path(__file__).resolve().parents[2]
SAMPLE_EVERY_S = 1.0
HEALTH_EVERY_S = 5.0


class ServerError(RuntimeError):
    """The app did not start, or is not there; the text has its last words."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The process tree at a moment. `cpu_s` is the CPU time used since the app began."""

    at_s: float
    cpu_s: float
    rss_mb: float
    threads: int
    descriptors: int
    processes: int


class Server:
    """The running app.

    Args:
        url: attach to an app that runs already; nothing is started or stopped.
        serial: start it in the serial counter-case.
        seats: how many visitors it lets in.
        data_dir: where it keeps its memory; a temporary folder of its own if not given.
        environment: further variables for it.
    """

    def __init__(
        self,
        url: str = "",
        serial: bool = False,
        seats: int = 4,
        data_dir: Path | None = None,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.started = not url
        self.port = 0 if url else _free_port()
        self.url = (url or f"http://127.0.0.1:{self.port}").rstrip("/")
        self.page_up_s: float | None = None
        self.ready_s: float | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self._own_dir = data_dir is None and not url
        self.data_dir = Path(tempfile.mkdtemp(prefix="omnilive-measure-")) if self._own_dir else data_dir
        self._environment = {
            "PORT": str(self.port),
            "OMNILIVE_HOST": "127.0.0.1",
            "OMNILIVE_DATA_DIR": str(self.data_dir),
            "OMNILIVE_SEATS": str(seats),
            "OMNILIVE_PUSH_PORT": "0",
            "OMNILIVE_PROFILE": "nano",
            **({"OMNILIVE_SERIAL": "1"} if serial else {}),
            **(environment or {}),
        }
        self._watch: ProcessTree | None = None

    async def start(self, ready_within_s: float = 120.0) -> None:
        """Start the app (or find it) and wait until its models are ready.

        Raises:
            ServerError: it ended, or was not ready in time.
        """
        begun_s = time.monotonic()
        if self.started:
            self.process = self._spawn()
            self._watch = ProcessTree(self.process.pid)
        async with httpx.AsyncClient(base_url=self.url, timeout=5.0) as http:
            while True:
                self._check_alive()
                if self.page_up_s is None and await _page_is_up(http):
                    self.page_up_s = time.monotonic() - begun_s
                health = await _health(http)
                if health.get("ready") is True and self.page_up_s is not None:
                    self.ready_s = time.monotonic() - begun_s
                    return
                if health.get("failure"):
                    raise ServerError(f"the app failed: {health['failure']}\n{self.last_words()}")
                if time.monotonic() - begun_s > ready_within_s:
                    raise ServerError(f"not ready after {ready_within_s} s: {health}\n{self.last_words()}")
                await asyncio.sleep(0.1)

    async def health(self) -> dict[str, Any]:
        """`/healthz`; empty when it does not answer."""
        async with httpx.AsyncClient(base_url=self.url, timeout=5.0) as http:
            return await _health(http)

    def sample(self) -> Sample | None:
        """The process tree now; None when the app runs elsewhere."""
        return self._watch.sample() if self._watch is not None else None

    def terminate(self) -> None:
        """Ask it to end (SIGTERM)."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, as a crash would (SIGKILL), workers included."""
        if self.process is None:
            return
        family = [*psutil.Process(self.process.pid).children(recursive=True)] if self.process.poll() is None else []
        self.process.kill()
        self.process.wait(10)
        for child in family:
            try:
                child.kill()
            except psutil.NoSuchProcess:
                continue

    async def wait_ended(self, timeout_s: float = 15.0) -> int:
        """Wait for it to end; its exit status.

        Raises:
            TimeoutError: it is still there.
        """
        assert self.process is not None
        async with asyncio.timeout(timeout_s):
            while (status := self.process.poll()) is None:
                await asyncio.sleep(0.02)
        return status

    async def stop(self) -> int | None:
        """End the app if it was started here; its exit status. A data folder of its own goes too."""
        status: int | None = None
        if self.process is not None:
            self.terminate()
            try:
                status = await self.wait_ended()
            except TimeoutError:
                self.kill()
                status = self.process.returncode
        if self._own_dir and self.data_dir is not None:
            shutil.rmtree(self.data_dir, ignore_errors=True)
        return status

    def last_words(self, lines: int = 30) -> str:
        """The end of the app's log."""
        if self.data_dir is None or not self._log_path.exists():
            return ""
        return "\n".join(self._log_path.read_text("utf-8", "replace").splitlines()[-lines:])

    @property
    def _log_path(self) -> Path:
        assert self.data_dir is not None
        return self.data_dir / "measured-app.log"

    def _spawn(self) -> subprocess.Popen[bytes]:
        if not (REPOSITORY / "app.py").exists():
            raise ServerError(f"{REPOSITORY / 'app.py'} is not there")
        assert self.data_dir is not None
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with self._log_path.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "app.py"],
                cwd=REPOSITORY,
                env={**os.environ, **self._environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _check_alive(self) -> None:
        if self.process is not None and (status := self.process.poll()) is not None:
            raise ServerError(f"the app ended with status {status}\n{self.last_words()}")


class ProcessTree:
    """A process and everything that it started. CPU time of children that have ended is kept."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._cpu_s: dict[int, float] = {}

    def sample(self) -> Sample | None:
        """The tree now; None when it is gone."""
        rss = threads = descriptors = processes = 0
        try:
            family = [self._root, *self._root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return None
        for process in family:
            try:
                with process.oneshot():
                    times = process.cpu_times()
                    self._cpu_s[process.pid] = times.user + times.system
                    rss += process.memory_info().rss
                    threads += process.num_threads()
                    descriptors += process.num_fds()
                processes += 1
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
        cpu_s = sum(self._cpu_s.values())
        return Sample(time.monotonic(), cpu_s, rss / 2**20, threads, descriptors, processes)


async def _page_is_up(http: httpx.AsyncClient) -> bool:
    try:
        return (await http.get("/")).status_code == 200
    except httpx.HTTPError:
        return False


async def _health(http: httpx.AsyncClient) -> dict[str, Any]:
    try:
        response = await http.get("/healthz")
        answer = response.json()
    except (httpx.HTTPError, ValueError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
