from __future__ import annotations

from reasoning_fakes import frame

from omnilive_demo.clock import ManualTime, SessionClock
from omnilive_demo.reasoning.view import CAPACITY, RecentFrames


def view_with(*times_s: float) -> tuple[ManualTime, RecentFrames]:
    time = ManualTime()
    view = RecentFrames(SessionClock(time))
    for t_s in times_s:
        view.add(frame(t_s))
    return time, view


def test_an_empty_view_has_nothing() -> None:
    _, view = view_with()
    assert view.latest() is None
    assert view.recent(10) == ()


def test_latest_is_the_newest_and_none_when_nothing_is_newer() -> None:
    _, view = view_with(1, 2, 3)
    newest = view.latest()
    assert newest is not None
    assert newest.t_s == 3
    assert view.latest(since_s=2) is newest
    assert view.latest(since_s=3) is None


def test_the_ring_keeps_the_last_sixteen_in_order() -> None:
    _, view = view_with(*range(40))
    assert [one.t_s for one in view.recent(1000)] == list(range(40 - CAPACITY, 40))


def test_recent_counts_back_from_now_and_not_from_the_newest_frame() -> None:
    time, view = view_with(1, 2, 3, 4)
    time.advance(5)
    assert [one.t_s for one in view.recent(2.5)] == [3, 4]
    time.advance(60)
    assert view.recent(10) == ()
    assert view.now_s() == 65


def test_a_late_older_frame_does_not_become_the_present() -> None:
    _, view = view_with(5, 4)
    assert [one.t_s for one in view.recent(1000)] == [5]


def test_clear_forgets_the_frames() -> None:
    _, view = view_with(1, 2)
    view.clear()
    assert view.latest() is None
