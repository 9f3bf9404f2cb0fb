from __future__ import annotations

import asyncio
from typing import Any

import pytest

from omnilive_demo.events import Notice, SourceChanged
from omnilive_demo.session import InputError
from omnilive_demo.transport.lobby import IDLE_SEAT_S
from omnilive_demo.transport.visit import Visit
from omnilive_demo.transport.waiting import TICKET_TIMEOUT_S, RateLimit, Waiting


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
async def crowd(make_app, manual):
    """A lobby with two seats on a clock that is moved by hand."""
    app = make_app(manual, seats=2)
    yield app
    await app.lobby.close()


async def test_seats_are_given_in_order_and_waiting_is_fair(crowd: Any, manual: Any) -> None:
    lobby = crowd.lobby
    first, second = await lobby.enter(), await lobby.enter()
    assert isinstance(first, Visit)
    assert isinstance(second, Visit)
    third, fourth = await lobby.enter(), await lobby.enter()
    assert isinstance(third, Waiting)
    assert isinstance(fourth, Waiting)
    assert (third.position, fourth.position) == (1, 2)
    assert third.message == "All 2 seats are taken. You are next. This page goes on by itself."
    assert "number 2 in the line" in fourth.message
    again = await lobby.enter(fourth.ticket)
    assert isinstance(again, Waiting)
    assert (again.ticket, again.position) == (fourth.ticket, 2)
    await lobby.leave(first, "left")
    assert isinstance(await lobby.enter(), Waiting), "a newcomer does not jump the line"
    assert isinstance(await lobby.enter(fourth.ticket), Waiting)
    assert isinstance(await lobby.enter(third.ticket), Visit)
    assert lobby.sessions == 2


async def test_a_seat_on_which_nothing_happens_goes_to_who_waits_and_only_then(crowd: Any, manual: Any) -> None:
    lobby = crowd.lobby
    sleeper, watcher = await lobby.enter(), await lobby.enter()
    sleeper.detached_s = watcher.detached_s = None  # both pages are open
    manual.advance(IDLE_SEAT_S + 1)
    lobby.sweep()
    assert not sleeper.closed, "nobody waits"
    waiting = await lobby.enter()
    watcher.session.announce(SourceChanged("sample", "kitchen", "playing"))
    lobby.sweep()
    assert sleeper.closed
    assert not watcher.closed
    async with asyncio.timeout(5):
        while isinstance(await lobby.enter(waiting.ticket), Waiting):
            await asyncio.sleep(0.01)


async def test_a_ticket_that_is_not_asked_about_is_dropped(crowd: Any, manual: Any) -> None:
    lobby = crowd.lobby
    visit, other = await lobby.enter(), await lobby.enter()
    for one in (visit, other):
        one.detached_s, one.active_s = None, manual() + 1000  # busy pages
    gone, stays = await lobby.enter(), await lobby.enter()
    manual.advance(TICKET_TIMEOUT_S - 1)
    await lobby.enter(stays.ticket)
    manual.advance(2)
    lobby.sweep()
    assert lobby.waiting == 1
    await lobby.leave(visit, "left")
    assert isinstance(await lobby.enter(stays.ticket), Visit)
    late = await lobby.enter(gone.ticket)
    assert isinstance(late, Waiting)
    assert late.position == 1


async def test_two_visitors_at_once_do_not_share_the_last_seat(make_app, manual) -> None:
    lobby = make_app(manual, seats=1).lobby
    found = await asyncio.gather(*(lobby.enter() for _ in range(5)))
    assert sum(isinstance(one, Visit) for one in found) == 1
    assert sorted(one.position for one in found if isinstance(one, Waiting)) == [1, 2, 3, 4]
    await lobby.close()


async def test_a_visit_without_connection_ends_after_its_last_minute(crowd: Any, manual: Any) -> None:
    lobby = crowd.lobby
    visit = await lobby.enter()
    manual.advance(59.9)
    lobby.sweep()
    assert lobby.find(visit.token) is visit
    manual.advance(0.2)
    lobby.sweep()
    assert lobby.find(visit.token) is None
    for _ in range(100):
        await asyncio.sleep(0.005)
        if not lobby.sessions:
            break
    assert lobby.sessions == 0
    assert crowd.sessions[0].closed == "expired"


async def test_a_public_visit_is_warned_and_then_ended(make_app, manual) -> None:
    app = make_app(manual, seats=1, host="0.0.0.0", session_limit_s=300, session_linger_s=1e6)
    visit = await app.lobby.enter(address="1.2.3.4")
    waiting = await app.lobby.enter(address="1.2.3.5")
    assert waiting.wait_s == pytest.approx(300)
    assert waiting.message.startswith("The only seat is taken.")
    manual.advance(239)
    app.lobby.sweep()
    assert not [e for e in app.sessions[0].history if isinstance(e, Notice)]
    manual.advance(1.5)
    app.lobby.sweep()
    app.lobby.sweep()
    notices = [e for e in app.sessions[0].history if isinstance(e, Notice)]
    assert [(n.code, n.message) for n in notices] == [
        ("time_limit", "This visit ends in 60 seconds, so that others get a seat.")
    ]
    manual.advance(60)
    app.lobby.sweep()
    assert app.lobby.find(visit.token) is None
    await app.lobby.close()
    assert app.sessions[0].closed == "time_limit"


async def test_newcomers_to_a_public_server_are_limited_but_waiting_ones_are_not(make_app, manual) -> None:
    app = make_app(manual, seats=1, host="0.0.0.0")
    await app.lobby.enter(address="9.9.9.9")
    ticket = (await app.lobby.enter(address="9.9.9.9")).ticket
    for _ in range(8):
        await app.lobby.enter(address="9.9.9.9")
    with pytest.raises(InputError) as caught:
        await app.lobby.enter(address="9.9.9.9")
    assert caught.value.code == "too_many_requests"
    for _ in range(30):
        assert isinstance(await app.lobby.enter(ticket, "9.9.9.9"), Waiting)
    assert isinstance(await app.lobby.enter(address="8.8.8.8"), Waiting)
    await app.lobby.close()


async def test_a_session_that_cannot_start_frees_its_seat(make_app, manual) -> None:
    app = make_app(manual, seats=1)
    broken = app._session("broken")
    broken.start_error = InputError("disk_full", "The disk is full.")
    lobby = app.lobby
    lobby._make_session = lambda number: broken
    with pytest.raises(InputError):
        await lobby.enter()
    assert lobby.sessions == 0
    assert broken.closed == "failed"
    await lobby.close()


async def test_closing_ends_every_visit_and_lets_nobody_in(crowd: Any) -> None:
    lobby = crowd.lobby
    await lobby.enter()
    await lobby.enter()
    await lobby.close()
    await lobby.close()
    assert [session.closed for session in crowd.sessions] == ["server_stopping"] * 2
    with pytest.raises(InputError) as caught:
        await lobby.enter()
    assert caught.value.code == "server_stopping"


async def test_tokens_are_long_different_and_found_only_whole(crowd: Any) -> None:
    one, two = await crowd.lobby.enter(), await crowd.lobby.enter()
    assert one.token != two.token
    assert len(one.token) >= 22
    assert crowd.lobby.find(one.token) is one
    for wrong in ("", one.token[:-1], one.token + "a", "ä" * 22):
        assert crowd.lobby.find(wrong) is None


def test_the_rate_limit_forgets_after_its_window(manual) -> None:
    limit = RateLimit(2, 3, 10.0, manual)
    assert [limit.admit("a"), limit.admit("a"), limit.admit("a")] == [True, True, False]
    assert [limit.admit("b"), limit.admit("c")] == [True, False]
    manual.advance(10.1)
    assert limit.admit("a")
