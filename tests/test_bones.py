"""The clock, cancellation and the bounded queues."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnilive_demo.cancel import Generations
from omnilive_demo.clock import ManualTime, MediaTimeline, SessionClock
from omnilive_demo.queues import DropOldest, LatestOnly, WaitWhenFull


def test_a_clock_starts_at_zero_and_follows_its_source() -> None:
    time = ManualTime(100.0)
    clock = SessionClock(time)
    assert clock.now_s() == 0.0
    time.advance(2.5)
    assert clock.now_s() == pytest.approx(2.5)


@given(st.lists(st.floats(-5, 5), max_size=30))
def test_a_clock_never_goes_back_whatever_its_source_does(steps: list[float]) -> None:
    time = ManualTime(50.0)
    clock = SessionClock(time)
    last = clock.now_s()
    for step in steps:
        time.seconds += step
        assert clock.now_s() >= last
        last = clock.now_s()


def test_a_file_drives_the_clock_and_gives_it_back_where_it_left_off() -> None:
    time = ManualTime()
    clock = SessionClock(time)
    clock.drive()
    time.advance(1.0)
    assert clock.now_s() == 0.0
    clock.advance_to(60.0)
    clock.advance_to(30.0)
    assert clock.now_s() == 60.0
    clock.release()
    time.advance(1.0)
    assert clock.now_s() == pytest.approx(61.0)


def test_only_a_driven_clock_can_be_advanced() -> None:
    with pytest.raises(RuntimeError, match="driven"):
        SessionClock(ManualTime()).advance_to(1.0)


def test_a_clock_skips_forward_to_a_memory_that_goes_on_but_never_back() -> None:
    time = ManualTime()
    clock = SessionClock(time)
    clock.skip_to(500.0)
    time.advance(1.0)
    clock.skip_to(10.0)
    assert clock.now_s() == pytest.approx(501.0)


def test_media_time_is_trusted_until_it_drifts() -> None:
    timeline = MediaTimeline(max_drift_s=0.25)
    assert timeline.to_stream(1000.0, arrival_s=5.0) == 5.0
    assert timeline.to_stream(1000.02, arrival_s=5.1) == pytest.approx(5.02)  # late packet, true time stamp
    assert timeline.to_stream(1000.04, arrival_s=9.0) == 9.0  # a gap: anchored again
    assert timeline.to_stream(999.0, arrival_s=9.1) == pytest.approx(9.1)


@given(st.lists(st.tuples(st.floats(0, 1e4), st.floats(0, 1e4)), max_size=30))
def test_stream_time_of_media_never_goes_back(packets: list[tuple[float, float]]) -> None:
    timeline = MediaTimeline()
    last = 0.0
    for media_s, arrival_s in packets:
        now_s = timeline.to_stream(media_s, arrival_s)
        assert now_s >= last
        last = now_s


def test_a_new_generation_makes_every_older_token_stale() -> None:
    generations = Generations()
    first = generations.begin()
    second = generations.begin()
    assert first.cancelled
    assert not second.cancelled
    generations.cancel()
    assert second.cancelled


def test_a_token_can_be_cancelled_alone() -> None:
    generations = Generations()
    token = generations.begin()
    token.cancel()
    assert token.cancelled
    assert not generations.begin().cancelled


@given(st.integers(1, 8), st.lists(st.integers(), max_size=40))
def test_drop_oldest_keeps_the_newest_in_order_and_counts_the_rest(size: int, items: list[int]) -> None:
    queue: DropOldest[int] = DropOldest(size)
    for item in items:
        queue.put(item)
    assert queue.dropped == max(0, len(items) - size)
    if items:
        assert asyncio.run(queue.get_all()) == items[-size:]


async def test_a_getter_waits_for_an_item() -> None:
    queue: LatestOnly[str] = LatestOnly()
    getter = asyncio.ensure_future(queue.get())
    await asyncio.sleep(0)
    assert not getter.done()
    queue.put("old")
    queue.put("new")
    assert await getter == "new"
    assert queue.dropped == 1


async def test_a_producer_waits_when_nothing_may_be_lost() -> None:
    queue: WaitWhenFull[int] = WaitWhenFull(1)
    await queue.put(1)
    second = asyncio.ensure_future(queue.put(2))
    await asyncio.sleep(0)
    assert not second.done()
    assert await queue.get() == 1
    await second
    assert await queue.get() == 2


async def test_clearing_on_purpose_counts_nothing_as_lost() -> None:
    queue: DropOldest[int] = DropOldest(3)
    queue.put(1)
    queue.put(2)
    assert queue.clear() == 2
    assert queue.dropped == 0
    assert len(queue) == 0
