"""Micro-batches: calls that come from several sessions within a few milliseconds run as one call of the model.

Each call waits in a bounded heap here and has a call of its own on the lane, so the lane's priorities, order, deadlines
and bounds hold as they are. When the lane's turn comes to one of them, its thread looks around for at most a few
milliseconds, takes what waits here (the urgent first, then in order), runs the function once for all of it and hands
every result to its caller. Where the lane was busy meanwhile, what has gathered goes along at once; the lane calls of
those that went along find nothing left to do.
"""

from __future__ import annotations

import asyncio
import heapq
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from omnilive_demo.cancel import CancelToken
from omnilive_demo.serving.lane import Lane, LaneFull, Priority, WorkCancelled

A = TypeVar("A")
B = TypeVar("B")

MOST = 16
WAIT_S = 0.004
LIMIT = 64


@dataclass(order=True, slots=True)
class _Call:
    priority: int
    order: int
    item: Any = field(compare=False)
    session: str = field(compare=False)
    latest_s: float | None = field(compare=False)  # on the machine's monotonic clock
    cancel: CancelToken | None = field(compare=False)
    result: Future[Any] = field(compare=False)


class MicroBatch(Generic[A, B]):
    """Runs `function(items)` on a lane of threads for many callers. Any number of event loops may call it.

    One batch runs at a time, so that calls of one session and priority run in the order they came.

    Args:
        name: for errors.
        lane: where batches run; its functions must run in this process.
        function: takes a list of items and returns as many results, in their order. What it raises goes to the callers
            of that batch.
        most: items of one batch.
        wait_s: how long the first of a batch waits for others. 0 takes along only what waits already.
        limit: how many calls may wait; one more raises LaneFull.
        monotonic: what deadlines are measured on, in seconds.
    """

    def __init__(
        self,
        name: str,
        lane: Lane,
        function: Callable[[list[A]], Sequence[B]],
        most: int = MOST,
        wait_s: float = WAIT_S,
        limit: int = LIMIT,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if most < 1 or limit < 1 or wait_s < 0:
            raise ValueError("a batch has room for one item, a queue for one call, and nobody waits for less than 0 s")
        self.name = name
        self._lane = lane
        self._function = function
        self._most = most
        self._wait_s = wait_s
        self._limit = limit
        self._monotonic = monotonic
        self._waiting: list[_Call] = []
        self._changed = threading.Condition()
        self._one_at_a_time = threading.Lock()
        self._order = 0
        self.batches = 0
        self.items = 0

    @property
    def depth(self) -> int:
        """How many calls wait."""
        return len(self._waiting)

    async def run(
        self,
        item: A,
        *,
        session: str,
        priority: Priority,
        deadline_s: float | None = None,
        cancel: CancelToken | None = None,
    ) -> B:
        """The function's result for one item; see `Lane.run`. An awaiter that is cancelled takes its item back.

        Args:
            session: whose call it is.
            deadline_s: seconds from now after which it need not start any more.
            cancel: asked when a batch is put together.

        Raises:
            LaneFull: too many calls wait already, here or on the lane.
            WorkCancelled: cancelled or late before it began, or the lane was closed.
        """
        latest_s = None if deadline_s is None else self._monotonic() + deadline_s
        call = self._enqueue(item, session, priority, latest_s, cancel)
        turn: asyncio.Future[Any] = asyncio.ensure_future(
            self._lane.run(self._serve, call, session=session, priority=priority, deadline_s=deadline_s, cancel=cancel)
        )
        result: asyncio.Future[Any] = asyncio.wrap_future(call.result)
        try:
            await asyncio.wait((turn, result), return_when=asyncio.FIRST_COMPLETED)
            if not call.result.done():
                await turn  # it was refused: this says why
            value: B = await result
            return value
        finally:
            turn.cancel()  # what nobody waits for any more
            result.cancel()
            if turn.done() and not turn.cancelled():
                turn.exception()  # seen: a lane that was closed has told the call itself, too
            self._forget(call)

    def _enqueue(
        self, item: A, session: str, priority: Priority, latest_s: float | None, cancel: CancelToken | None
    ) -> _Call:
        with self._changed:
            if len(self._waiting) >= self._limit:
                raise LaneFull(f"{len(self._waiting)} calls wait for a batch of {self.name}.")
            self._order += 1
            call = _Call(int(priority), self._order, item, session, latest_s, cancel, Future())
            heapq.heappush(self._waiting, call)
            self._changed.notify_all()
            return call

    def _forget(self, call: _Call) -> None:
        """Make room where a call waited that was given up."""
        with self._changed:
            if any(waiting is call for waiting in self._waiting):
                self._waiting = [waiting for waiting in self._waiting if waiting is not call]
                heapq.heapify(self._waiting)

    # ---- on the lane's thread --------------------------------------------------------------------------------------

    def _serve(self, call: _Call) -> None:
        """Run batches until this call is done; mostly it is done already, or in the first one."""
        with self._one_at_a_time:
            while not call.result.done():
                batch = self._gather()
                if not batch:
                    return  # given up while it was being looked for
                self._execute(batch)

    def _gather(self) -> list[_Call]:
        with self._changed:
            if self._wait_s > 0:
                self._changed.wait_for(lambda: len(self._waiting) >= self._most, self._wait_s)
            batch: list[_Call] = []
            while self._waiting and len(batch) < self._most:
                call = heapq.heappop(self._waiting)
                if self._wanted(call):
                    batch.append(call)
            return batch

    def _wanted(self, call: _Call) -> bool:
        if not call.result.set_running_or_notify_cancel():
            return False  # its awaiter went away
        if call.cancel is not None and call.cancel.cancelled:
            call.result.set_exception(WorkCancelled(f"A call of session {call.session} was cancelled."))
        elif call.latest_s is not None and self._monotonic() > call.latest_s:
            call.result.set_exception(WorkCancelled(f"A call of session {call.session} came too late to run."))
        else:
            return True
        return False

    def _execute(self, batch: list[_Call]) -> None:
        self.batches += 1
        self.items += len(batch)
        try:
            values = self._function([call.item for call in batch])
            if len(values) != len(batch):
                raise RuntimeError(f"{self.name} made {len(values)} results of {len(batch)} items.")
        except BaseException as error:  # noqa: BLE001 - it belongs to the awaiters, who see it as it is
            for call in batch:
                call.result.set_exception(error)
        else:
            for call, value in zip(batch, values, strict=True):
                call.result.set_result(value)
