from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from omnilive_demo.cancel import CancelToken
from omnilive_demo.clock import ManualTime
from omnilive_demo.serving.lane import LaneFull, Priority, WorkCancelled
from omnilive_demo.serving.micro_batch import MicroBatch
from omnilive_demo.serving.threads import ThreadLane


class Model:
    """Doubles numbers; remembers its batches; fails with what `poison` is given; may be held."""

    def __init__(self, poison: object = None) -> None:
        self.batches: list[list] = []
        self.poison = poison
        self.entered = threading.Event()
        self.open = threading.Event()
        self.open.set()
        self.at_once = 0
        self.most_at_once = 0

    def __call__(self, items: list) -> list:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.batches.append(list(items))
        self.entered.set()
        try:
            assert self.open.wait(10)
            if self.poison in items:
                raise KeyError(f"poison in {items}")
            return [2 * item for item in items]
        finally:
            self.at_once -= 1


@pytest_asyncio.fixture
async def lane() -> AsyncIterator[ThreadLane]:
    lane = ThreadLane("test", threads=1)
    yield lane
    await lane.close()


def ask(batch: MicroBatch, item: object, session: str = "s", priority: Priority = Priority.EYES, **kwargs):
    return asyncio.create_task(batch.run(item, session=session, priority=priority, **kwargs))


async def hold(batch: MicroBatch, model: Model, item: object = 0) -> asyncio.Task:
    """A batch of one that runs until the model is opened."""
    model.open.clear()
    task = ask(batch, item)
    await asyncio.to_thread(model.entered.wait, 10)
    return task


async def test_one_call_alone_gets_its_result(lane):
    model = Model()
    assert await MicroBatch("m", lane, model).run(21, session="s", priority=Priority.EYES) == 42
    assert model.batches == [[21]]


async def test_calls_that_come_together_run_as_one(lane):
    model = Model()
    batch = MicroBatch("m", lane, model, most=8, wait_s=2.0)
    assert await asyncio.gather(*[ask(batch, n, f"s{n}") for n in range(8)]) == [2 * n for n in range(8)]
    assert model.batches == [list(range(8))]  # full at once: nobody waited for two seconds
    assert (batch.batches, batch.items, batch.depth) == (1, 8, 0)


async def test_what_gathers_while_a_batch_runs_goes_along_with_the_next(lane):
    model = Model()
    batch = MicroBatch("m", lane, model, most=4, wait_s=0.0)
    first = await hold(batch, model)
    others = [ask(batch, n, f"s{n}") for n in range(1, 7)]
    await asyncio.sleep(0.01)
    assert batch.depth == 6
    model.open.set()
    assert await asyncio.gather(first, *others) == [2 * n for n in range(7)]
    assert model.batches == [[0], [1, 2, 3, 4], [5, 6]]


async def test_urgent_ones_are_taken_first(lane):
    model = Model()
    batch = MicroBatch("m", lane, model, most=2, wait_s=0.0)
    first = await hold(batch, model)
    others = [
        ask(batch, n, "s", priority)
        for n, priority in ((1, Priority.BACKGROUND), (2, Priority.MEMORY), (3, Priority.EYES), (4, Priority.TURN))
    ]
    await asyncio.sleep(0.01)
    model.open.set()
    await asyncio.gather(first, *others)
    assert model.batches == [[0], [4, 3], [2, 1]]


async def test_other_work_of_the_lane_keeps_its_priority(lane):
    model, order = Model(), []
    batch = MicroBatch("m", lane, model, wait_s=0.0)
    first = await hold(batch, model)
    tasks = [ask(batch, 1, priority=Priority.MEMORY)]
    await asyncio.sleep(0)
    tasks.append(
        asyncio.create_task(lane.run(lambda: order.append(len(model.batches)), session="s", priority=Priority.EARS))
    )
    await asyncio.sleep(0)
    model.open.set()
    await asyncio.gather(first, *tasks)
    assert order == [1]  # before the second batch


async def test_full_queue_refuses_and_recovers(lane):
    model = Model()
    batch = MicroBatch("m", lane, model, wait_s=0.0, limit=3)
    first = await hold(batch, model)
    waiting = [ask(batch, n) for n in (1, 2, 3)]
    await asyncio.sleep(0)
    with pytest.raises(LaneFull, match="batch of m"):
        await batch.run(4, session="s", priority=Priority.EARS)
    waiting[0].cancel()
    await asyncio.sleep(0)
    more = ask(batch, 5)
    await asyncio.sleep(0)
    model.open.set()
    assert await asyncio.gather(first, *waiting[1:], more) == [0, 4, 6, 10]
    assert [item for items in model.batches for item in items] == [0, 2, 3, 5]


async def test_full_lane_refuses_the_call_and_leaves_nothing_behind():
    lane, model = ThreadLane("small", limit=1), Model()
    batch = MicroBatch("m", lane, model, wait_s=0.0)
    first = await hold(batch, model)
    second = ask(batch, 1)
    await asyncio.sleep(0)
    with pytest.raises(LaneFull, match="lane small"):
        await batch.run(2, session="s", priority=Priority.EYES)
    assert batch.depth == 1
    model.open.set()
    assert await asyncio.gather(first, second) == [0, 2]
    assert model.batches == [[0], [1]]
    await lane.close()


async def test_cancelled_and_late_calls_are_left_out_of_the_batch():
    time, model = ManualTime(), Model()
    lane = ThreadLane("timed", monotonic=time)
    batch = MicroBatch("m", lane, model, wait_s=0.0, monotonic=time)
    first = await hold(batch, model)
    token = CancelToken()
    cancelled = ask(batch, 1, cancel=token)
    late = ask(batch, 2, deadline_s=1.0)
    left = ask(batch, 3)
    wanted = ask(batch, 4, deadline_s=5.0)
    await asyncio.sleep(0)
    token.cancel()
    time.advance(2.0)
    left.cancel()
    await asyncio.sleep(0)
    model.open.set()
    assert await asyncio.gather(first, wanted) == [0, 8]
    for refused in (cancelled, late):
        with pytest.raises(WorkCancelled):
            await refused
    with pytest.raises(asyncio.CancelledError):
        await left
    assert model.batches == [[0], [4]]
    await lane.close()


async def test_an_awaiter_that_leaves_in_mid_batch_takes_nobody_along(lane):
    model = Model()
    batch = MicroBatch("m", lane, model, most=3, wait_s=0.3)
    model.open.clear()
    tasks = [ask(batch, n) for n in range(3)]
    await asyncio.to_thread(model.entered.wait, 10)
    tasks[0].cancel()  # whose turn on the lane runs the batch
    await asyncio.sleep(0)
    model.open.set()
    assert await asyncio.gather(*tasks[1:]) == [2, 4]
    assert tasks[0].cancelled()
    assert await batch.run(9, session="s", priority=Priority.EYES, deadline_s=5.0) == 18


async def test_errors_go_to_the_callers_of_that_batch_only(lane):
    model = Model(poison=2)
    batch = MicroBatch("m", lane, model, most=2, wait_s=0.0)
    first = await hold(batch, model)
    tasks = [ask(batch, n) for n in (1, 2, 3, 4)]
    await asyncio.sleep(0.01)
    model.open.set()
    said = await asyncio.gather(first, *tasks, return_exceptions=True)
    assert [said[0], *said[3:]] == [0, 6, 8]
    assert all(isinstance(error, KeyError) for error in said[1:3])


async def test_a_model_that_makes_too_few_results_fails_its_batch(lane):
    batch = MicroBatch("m", lane, lambda items: items[1:])
    with pytest.raises(RuntimeError, match="m made 0 results of 1 items"):
        await batch.run(1, session="s", priority=Priority.EYES)


async def test_closing_the_lane_refuses_what_waits():
    lane, model = ThreadLane("closing"), Model()
    batch = MicroBatch("m", lane, model, wait_s=0.0)
    first = await hold(batch, model)
    tasks = [ask(batch, n) for n in (1, 2)]
    await asyncio.sleep(0)
    closing = asyncio.create_task(lane.close())
    await asyncio.sleep(0.01)
    model.open.set()
    said = await asyncio.gather(first, *tasks, return_exceptions=True)
    await closing
    assert said[0] == 0
    # those that the running turn took along were done; the others were refused
    assert all(isinstance(one, WorkCancelled) or one in (2, 4) for one in said[1:])
    assert batch.depth == 0
    with pytest.raises(WorkCancelled):
        await batch.run(3, session="s", priority=Priority.EYES)


def test_sessions_on_several_event_loops_share_batches():
    lane, model = ThreadLane("shared", threads=2), Model()
    batch = MicroBatch("m", lane, model, most=6, wait_s=1.0)
    answers: dict[int, list[int]] = {}

    async def session(n: int) -> list[int]:
        return [await batch.run(100 * n + i, session=f"s{n}", priority=Priority.EYES) for i in range(4)]

    threads = [threading.Thread(target=lambda n=n: answers.update({n: asyncio.run(session(n))})) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert answers == {n: [2 * (100 * n + i) for i in range(4)] for n in range(6)}
    assert model.most_at_once == 1
    assert max(map(len, model.batches)) > 1
    asyncio.run(lane.close())


def test_sizes_that_make_no_sense_are_refused():
    lane = ThreadLane("unused")
    for wrong in ({"most": 0}, {"limit": 0}, {"wait_s": -1.0}):
        with pytest.raises(ValueError, match="batch has room"):
            MicroBatch("m", lane, Model(), **wrong)
    asyncio.run(lane.close())


CALLS = st.lists(
    st.fixed_dictionaries(
        {
            "session": st.sampled_from("abc"),
            "priority": st.sampled_from([Priority.EYES, Priority.MEMORY, Priority.BACKGROUND]),
            "pause": st.booleans(),
            "leaves": st.sampled_from([False, False, False, True]),
            "cancelled": st.sampled_from([False, False, False, True]),
            "poison": st.sampled_from([False] * 7 + [True]),
        }
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(calls=CALLS, most=st.integers(1, 6), limit=st.integers(1, 20), wait_s=st.sampled_from([0.0, 0.0005]),
       threads=st.integers(1, 2))  # fmt: skip
def test_whatever_comes_every_call_gets_its_own_result_in_order(calls, most, limit, wait_s, threads):
    batches: list[list[int]] = []
    finished: list[int] = []

    def model(items: list[int]) -> list[tuple[str, int]]:
        batches.append(list(items))
        if any(calls[item]["poison"] for item in items):
            raise KeyError(tuple(items))
        return [("of", item) for item in items]

    async def live() -> list:
        lane = ThreadLane("live", threads=threads)
        batch = MicroBatch("m", lane, model, most=most, wait_s=wait_s, limit=limit)
        tasks = []
        for n, call in enumerate(calls):
            token = CancelToken()
            task = ask(batch, n, call["session"], call["priority"], cancel=token)
            task.add_done_callback(lambda _, n=n: finished.append(n))
            tasks.append(task)
            if call["pause"]:
                await asyncio.sleep(0.0003)
            if call["cancelled"]:
                token.cancel()
            if call["leaves"]:
                task.cancel()
            assert batch.depth <= limit
        said = await asyncio.gather(*tasks, return_exceptions=True)
        assert batch.depth == 0
        await lane.close()
        return said

    said = asyncio.run(asyncio.wait_for(live(), 20))
    ran = [item for items in batches for item in items]
    assert len(ran) == len(set(ran))  # nothing runs twice
    assert all(1 <= len(items) <= most for items in batches)
    for n, (call, got) in enumerate(zip(calls, said, strict=True)):
        if isinstance(got, tuple):
            assert got == ("of", n)
        elif isinstance(got, KeyError):
            assert n in got.args[0]  # of its own batch
        elif isinstance(got, WorkCancelled):
            assert call["cancelled"]
            assert n not in ran or threads > 1  # one thread may refuse what the other one runs
        elif isinstance(got, asyncio.CancelledError):
            assert call["leaves"]
        else:
            assert isinstance(got, LaneFull)
    order = defaultdict(list)
    for item in ran:
        order[calls[item]["session"], calls[item]["priority"]].append(item)
    for items in order.values():
        assert items == sorted(items)
