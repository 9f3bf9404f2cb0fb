from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from omnilive_demo.cancel import CancelToken, Generations
from omnilive_demo.clock import ManualTime
from omnilive_demo.serving.lane import LaneFull, Priority, WorkCancelled
from omnilive_demo.serving.threads import GIVES_WAY, ThreadLane


class Gate:
    """A call that holds the worker until it is opened."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.opened = threading.Event()

    def __call__(self) -> str:
        self.entered.set()
        assert self.opened.wait(10)
        return "opened"


@pytest_asyncio.fixture
async def lane() -> AsyncIterator[ThreadLane]:
    lane = ThreadLane("test", threads=1, limit=4)
    yield lane
    await lane.close()


async def hold(lane: ThreadLane, gate: Gate) -> asyncio.Task[str]:
    task = asyncio.create_task(lane.run(gate, session="s", priority=Priority.EARS))
    await asyncio.to_thread(gate.entered.wait, 10)
    return task


def queue(lane: ThreadLane, function, *args, priority=Priority.TURN, **kwargs) -> asyncio.Task:
    return asyncio.create_task(lane.run(function, *args, session="s", priority=priority, **kwargs))


async def test_result_comes_back_from_another_thread(lane):
    assert await lane.run(threading.current_thread, session="s", priority=Priority.EYES) is not threading.main_thread()


async def test_exception_of_the_function_reaches_the_awaiter(lane):
    def fail() -> None:
        raise KeyError("what went wrong")

    with pytest.raises(KeyError, match="what went wrong"):
        await lane.run(fail, session="s", priority=Priority.EYES)
    assert await lane.run(lambda: 1, session="s", priority=Priority.EYES) == 1


async def test_urgent_calls_go_first_and_equal_ones_in_order(lane):
    gate, ran = Gate(), []
    held = await hold(lane, gate)
    tasks = []
    for name, priority in [
        ("b1", Priority.MEMORY),
        ("b2", Priority.MEMORY),
        ("a1", Priority.EARS),
        ("a2", Priority.EARS),
    ]:
        tasks.append(queue(lane, ran.append, name, priority=priority))
        await asyncio.sleep(0)
    assert lane.depth == 4
    gate.opened.set()
    await asyncio.gather(held, *tasks)
    assert ran == ["a1", "a2", "b1", "b2"]
    assert lane.depth == 0


async def test_full_lane_refuses_and_recovers(lane):
    gate = Gate()
    held = await hold(lane, gate)
    tasks = [queue(lane, int) for _ in range(4)]
    await asyncio.sleep(0)
    with pytest.raises(LaneFull):
        await lane.run(int, session="s", priority=Priority.EARS)
    tasks[0].cancel()
    await asyncio.sleep(0)
    more = queue(lane, int)
    gate.opened.set()
    assert await asyncio.gather(held, *tasks[1:], more) == ["opened", 0, 0, 0, 0]


@pytest.mark.parametrize("make", [CancelToken, lambda: Generations().begin()])
async def test_cancelled_work_never_runs(lane, make):
    gate, ran, token = Gate(), [], make()
    held = await hold(lane, gate)
    task = queue(lane, ran.append, 1, cancel=token)
    await asyncio.sleep(0)
    token.cancel()
    gate.opened.set()
    with pytest.raises(WorkCancelled):
        await task
    await held
    assert ran == []


async def test_late_work_never_runs():
    time, ran, gate = ManualTime(), [], Gate()
    lane = ThreadLane("late", monotonic=time)
    held = await hold(lane, gate)
    late = queue(lane, ran.append, "late", deadline_s=1.0)
    in_time = queue(lane, ran.append, "in time", deadline_s=3.0)
    await asyncio.sleep(0)
    time.advance(2.0)
    gate.opened.set()
    with pytest.raises(WorkCancelled):
        await late
    await asyncio.gather(held, in_time)
    assert ran == ["in time"]
    await lane.close()


async def test_call_of_a_cancelled_awaiter_is_skipped(lane):
    gate, ran = Gate(), []
    held = await hold(lane, gate)
    task = queue(lane, ran.append, "unwanted")
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gate.opened.set()
    await held
    await lane.run(ran.append, "wanted", session="s", priority=Priority.BACKGROUND)
    assert ran == ["wanted"]


async def test_close_waits_for_the_running_call_and_refuses_the_rest():
    lane, gate = ThreadLane("closing"), Gate()
    held = await hold(lane, gate)
    waiting = queue(lane, int)
    await asyncio.sleep(0)
    closing = asyncio.create_task(lane.close())
    with pytest.raises(WorkCancelled):
        await waiting
    assert not closing.done()
    gate.opened.set()
    assert await held == "opened"
    await closing
    with pytest.raises(WorkCancelled):
        await lane.run(int, session="s", priority=Priority.EARS)


def test_one_lane_serves_several_event_loops():
    lane = ThreadLane("shared", threads=2)

    async def ask(value: int) -> int:
        return await lane.run(lambda: value * 2, session="s", priority=Priority.TURN)

    answers: dict[int, int] = {}
    threads = [threading.Thread(target=lambda n=n: answers.update({n: asyncio.run(ask(n))})) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert answers == {n: n * 2 for n in range(6)}
    asyncio.run(lane.close())


def test_loop_that_closed_meanwhile_does_not_kill_the_worker():
    lane, gate = ThreadLane("survivor"), Gate()

    async def leave() -> None:
        task = asyncio.create_task(lane.run(gate, session="gone", priority=Priority.TURN))
        await asyncio.to_thread(gate.entered.wait, 10)
        task.cancel()

    asyncio.run(leave())
    gate.opened.set()

    async def ask() -> int:
        return await lane.run(lambda: 5, session="next", priority=Priority.TURN)

    assert asyncio.run(asyncio.wait_for(ask(), 10)) == 5
    asyncio.run(lane.close())


@pytest.mark.skipif(sys.platform != "linux", reason="only there threads have a niceness of their own")
async def test_a_lane_that_gives_way_takes_the_cores_last():
    patient, usual = ThreadLane("patient", gives_way=True), ThreadLane("usual")

    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    try:
        here = niceness()
        assert await usual.run(niceness, session="s", priority=Priority.EYES) == here
        assert await patient.run(niceness, session="s", priority=Priority.EYES) == max(here, GIVES_WAY)
    finally:
        await patient.close()
        await usual.close()
