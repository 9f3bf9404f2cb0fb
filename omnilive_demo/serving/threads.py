"""A lane of worker threads: for inference that releases the GIL (torch, ONNX, PyAV, resampling).

Calls wait in one bounded heap, by priority and, within a priority, in the order they came. A call that was cancelled or
is late when its turn comes never runs. Any number of event loops may use the same lane: results are handed back to the
loop that asked.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from omnilive_demo.cancel import CancelToken
from omnilive_demo.serving.lane import LaneFull, Priority, WorkCancelled

T = TypeVar("T")

logger = logging.getLogger(__name__)

GIVES_WAY = 15  # niceness


@dataclass(order=True, slots=True)
class _Call:
    priority: int
    order: int
    function: Callable[..., Any] = field(compare=False)
    args: tuple[object, ...] = field(compare=False)
    session: str = field(compare=False)
    latest_s: float | None = field(compare=False)  # on the machine's monotonic clock
    cancel: CancelToken | None = field(compare=False)
    result: Future[Any] = field(compare=False)


class ThreadLane:
    """A `Lane` of threads.

    Args:
        name: for logs and thread names.
        threads: how many calls run at once. One keeps calls strictly in order.
        limit: how many calls may wait; one more raises LaneFull.
        monotonic: what deadlines are measured on, in seconds.
        gives_way: its work takes the cores when no other lane wants them, where the system can tell threads apart.
    """

    def __init__(
        self,
        name: str,
        threads: int = 1,
        limit: int = 256,
        monotonic: Callable[[], float] = time.monotonic,
        gives_way: bool = False,
    ) -> None:
        if threads < 1 or limit < 1:
            raise ValueError("a lane has at least one thread and room for one call")
        self.name = name
        self._limit = limit
        self._monotonic = monotonic
        self._gives_way = gives_way
        self._waiting: list[_Call] = []
        self._changed = threading.Condition()
        self._order = 0
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{index}", daemon=True) for index in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def depth(self) -> int:
        """How many calls wait."""
        return len(self._waiting)

    async def run(
        self,
        function: Callable[..., T],
        *args: object,
        session: str,
        priority: Priority,
        deadline_s: float | None = None,
        cancel: CancelToken | None = None,
    ) -> T:
        """Run `function(*args)` on a thread, see `Lane.run`. An awaiter that is cancelled takes its waiting call back.

        Raises:
            LaneFull: too many calls wait already.
            WorkCancelled: cancelled or late before it began, or the lane was closed.
        """
        latest_s = None if deadline_s is None else self._monotonic() + deadline_s
        call = self._enqueue(function, args, session, priority, latest_s, cancel)
        # wrap_future delivers with call_soon_threadsafe, and cancelling the awaiter cancels the future of the call
        result: T = await asyncio.wrap_future(call.result)
        return result

    async def close(self) -> None:
        """Stop the threads after the call that each of them runs; calls that still wait end with WorkCancelled."""
        with self._changed:
            self._closed = True
            waiting, self._waiting = self._waiting, []
            self._changed.notify_all()
        for call in waiting:
            _refuse(call, f"The lane {self.name} was closed.")
        loop = asyncio.get_running_loop()
        for thread in self._threads:
            await loop.run_in_executor(None, thread.join)

    def _enqueue(
        self,
        function: Callable[..., Any],
        args: tuple[object, ...],
        session: str,
        priority: Priority,
        latest_s: float | None,
        cancel: CancelToken | None,
    ) -> _Call:
        with self._changed:
            if self._closed:
                raise WorkCancelled(f"The lane {self.name} is closed.")
            if len(self._waiting) >= self._limit:
                self._forget_unwanted()
            if len(self._waiting) >= self._limit:
                raise LaneFull(f"{len(self._waiting)} calls wait in the lane {self.name}.")
            self._order += 1
            call = _Call(int(priority), self._order, function, args, session, latest_s, cancel, Future())
            heapq.heappush(self._waiting, call)
            self._changed.notify()
            return call

    def _forget_unwanted(self) -> None:
        """Make room by dropping what nobody waits for any more."""
        self._waiting = [call for call in self._waiting if not call.result.cancelled()]
        heapq.heapify(self._waiting)

    def _work(self) -> None:
        if self._gives_way and sys.platform == "linux":  # threads that a library starts for it inherit that
            thread = threading.get_native_id()
            os.setpriority(os.PRIO_PROCESS, thread, max(GIVES_WAY, os.getpriority(os.PRIO_PROCESS, thread)))
        while (call := self._next()) is not None:
            if not call.result.set_running_or_notify_cancel():
                continue  # its awaiter went away
            if call.cancel is not None and call.cancel.cancelled:
                call.result.set_exception(WorkCancelled(f"A call of session {call.session} was cancelled."))
            elif call.latest_s is not None and self._monotonic() > call.latest_s:
                call.result.set_exception(WorkCancelled(f"A call of session {call.session} came too late to run."))
            else:
                self._execute(call)
            del call  # do not keep pictures and sound alive while waiting for more work

    def _next(self) -> _Call | None:
        with self._changed:
            while not self._waiting:
                if self._closed:
                    return None
                self._changed.wait()
            return heapq.heappop(self._waiting)

    def _execute(self, call: _Call) -> None:
        try:
            value = call.function(*call.args)
        except BaseException as error:  # noqa: BLE001 - it belongs to the awaiter, who sees it as it is
            if not isinstance(error, Exception):
                logger.error("%r ended a call in the lane %s", error, self.name)
            call.result.set_exception(error)
        else:
            call.result.set_result(value)


def _refuse(call: _Call, why: str) -> None:
    if call.result.set_running_or_notify_cancel():
        call.result.set_exception(WorkCancelled(why))
