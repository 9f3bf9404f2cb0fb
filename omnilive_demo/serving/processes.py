"""A worker process that stays: for inference that holds the GIL (PocketSphinx).

The child is a fresh interpreter (never a fork of this one, which has threads and torch) that imports only the module
of its function, see `child.py`. A supervisor thread starts it, reads its messages and starts it again when it dies; a
writer thread feeds it, so that sending never blocks. Everything is told to the owner on the event loop, in order. Only
serialisable values cross, so that a worker could as well live on another machine.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from omnilive_demo.serving import child

logger = logging.getLogger(__name__)

_CODE = "import sys; sys.path.insert(0, sys.argv[1]); from omnilive_demo.serving.child import main; main()"
_ROOT = str(Path(__file__).resolve().parent.parent.parent)


class WorkerProcess:
    """Runs `function(channel, *args)` of a module in a child process, again and again if it must be.

    Args:
        name: for logs and thread names.
        module: where the function lives; imported in the child only.
        function: its name; it is given a `child.Channel` and `args`, and calls `channel.ready()` when it has loaded.
        on_message: called with each value that the child sends.
        on_ready: called whenever a child, the first or a later one, can take work.
        on_death: called when a child that was ready died by itself; another one is on its way.
        on_failure: called with a reason when children keep dying before they are ready; no other one will come.
        attempts: how many children in a row may die before they are ready.
    """

    def __init__(
        self,
        name: str,
        module: str,
        function: str,
        args: tuple[object, ...] = (),
        *,
        on_message: Callable[[Any], None],
        on_ready: Callable[[], None] = lambda: None,
        on_death: Callable[[], None] = lambda: None,
        on_failure: Callable[[str], None] = lambda reason: None,
        attempts: int = 3,
    ) -> None:
        self.name = name
        self.restarts = 0
        self._assignment = (module, function, args)
        self._on_message = on_message
        self._on_ready = on_ready
        self._on_death = on_death
        self._on_failure = on_failure
        self._attempts = attempts
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._outbox: queue.SimpleQueue[Any] | None = None
        self._supervisor: threading.Thread | None = None
        self._stopping = threading.Event()

    @property
    def pid(self) -> int | None:
        """Process id of the child that runs now."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    async def start(self) -> None:
        """Start the child; returns once it is ready.

        Raises:
            RuntimeError: it could not be started; the message says why.
        """
        if self._supervisor is not None:
            raise RuntimeError(f"{self.name} was started already.")
        self._loop = asyncio.get_running_loop()
        self._first: asyncio.Future[None] = self._loop.create_future()
        self._supervisor = threading.Thread(target=self._supervise, name=f"{self.name}-supervisor", daemon=True)
        self._supervisor.start()
        await self._first

    def send(self, message: object) -> bool:
        """Send a value to the child; never blocks. False when no child is there to take it."""
        outbox = self._outbox
        if outbox is None or self._stopping.is_set():
            return False
        outbox.put(message)
        return True

    async def stop(self, patience_s: float = 2.0) -> None:
        """End the child: by closing its input, and by force after `patience_s`. Safe to call twice."""
        supervisor = self._supervisor
        if supervisor is None:
            return
        with self._lock:
            self._stopping.set()
            process, outbox = self._process, self._outbox
        if outbox is not None:
            outbox.put(_CLOSE)
        if process is not None:
            await asyncio.to_thread(_end, process, patience_s)
        await asyncio.to_thread(supervisor.join)

    # ---- on the supervisor's thread --------------------------------------------------------------------------------

    def _supervise(self) -> None:
        failures, reason = 0, ""
        while not self._stopping.is_set() and failures < self._attempts:
            ready, reason = self._run_once()
            if self._stopping.is_set():
                break
            failures = 0 if ready else failures + 1
            self.restarts += 1
            logger.warning("%s died (%s), starting it again", self.name, reason)
            if ready:
                self._tell(self._on_death)
        self._tell(self._give_up, "it was stopped" if self._stopping.is_set() else reason)

    def _run_once(self) -> tuple[bool, str]:
        """One child from start to end: whether it became ready, and how it ended."""
        try:
            process = self._launch()
        except OSError as error:
            return False, str(error)
        if process is None:
            return False, "it was stopped"
        assert process.stdout is not None
        ready, reason = False, ""
        try:
            while True:
                kind, value = child.read_message(_binary(process.stdout))
                if kind == child.MESSAGE:
                    self._tell(self._on_message, value)
                elif kind == child.READY:
                    ready = True
                    self._tell(self._became_ready)
                else:
                    reason = str(value)
        except (EOFError, OSError):
            outbox = self._outbox
            self._outbox = None
            if outbox is not None:
                outbox.put(_CLOSE)
            process.stdout.close()
            code = process.wait()
        return ready, reason.strip() or f"exit code {code}"

    def _launch(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._stopping.is_set():
                return None
            process = subprocess.Popen(
                [sys.executable, "-c", _CODE, _ROOT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            outbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
            outbox.put((list(sys.path), *self._assignment))
            self._process, self._outbox = process, outbox
        assert process.stdin is not None
        threading.Thread(
            target=_write_all, args=(outbox, _binary(process.stdin)), name=f"{self.name}-writer", daemon=True
        ).start()
        return process

    def _tell(self, callback: Callable[..., None], *args: object) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, *args)
        except RuntimeError:  # the loop was closed without stopping us: end, nobody listens any more
            self._stopping.set()
            if (process := self._process) is not None:
                process.kill()

    # ---- on the event loop -----------------------------------------------------------------------------------------

    def _became_ready(self) -> None:
        if not self._first.done():
            self._first.set_result(None)
        self._on_ready()

    def _give_up(self, reason: str) -> None:
        message = f"{self.name} could not be started: {reason}"
        if not self._first.done():
            self._first.set_exception(RuntimeError(message))
        if not self._stopping.is_set():
            self._on_failure(message)


_CLOSE = object()


def _write_all(outbox: queue.SimpleQueue[Any], stream: BinaryIO) -> None:
    """Write what is put into the outbox, until told to close (runs on a thread of its own)."""
    try:
        while (message := outbox.get()) is not _CLOSE:
            child.write_message(stream, message)
    except OSError as error:  # the child is gone; the supervisor has noticed or is about to
        logger.debug("writing to a worker failed: %s", error)
    finally:
        try:
            stream.close()
        except OSError:  # what was buffered cannot be written any more
            pass


def _end(process: subprocess.Popen[bytes], patience_s: float) -> None:
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _binary(stream: Any) -> BinaryIO:
    binary: BinaryIO = stream
    return binary
