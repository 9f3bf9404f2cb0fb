"""A visitor of a public server keeps a memory with a private link, takes it up again, and takes the link back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from omnilive_demo import application
from omnilive_demo.application import Application, remove_stale, run
from omnilive_demo.config import Settings
from omnilive_demo.events import Bye
from omnilive_demo.memory.sqlite_store import SqliteStore
from omnilive_demo.session import InputError
from omnilive_demo.transport.keeping import DAY_S, KEPT_FILE, KeptMemories, is_kept
from omnilive_demo.transport.routes import LINKS_EACH

SHARED = {"host": "0.0.0.0", "seats": 2}


@pytest.fixture
async def app(make_app: Callable[..., Any]) -> AsyncIterator[Any]:
    async with make_app(**SHARED).serving() as running:
        yield running


def bearer(entered: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {entered['token']}"}


async def keep(app: Any, entered: dict[str, Any]) -> dict[str, Any]:
    answer = await app.http.post("/api/session/keep", headers=bearer(entered))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def token_of(kept: dict[str, Any]) -> str:
    assert kept["link"].startswith("#memory=")
    return str(kept["link"].removeprefix("#memory="))


async def test_a_kept_memory_is_taken_up_from_another_browser(app: Any) -> None:
    entered = await app.enter()
    folder = app.sessions[-1].folder
    before = (await app.http.get("/api/session/keep", headers=bearer(entered))).json()
    assert before == {"here": False, "kept": False, "days": 30.0, "until_s": None, "link": ""}
    kept = await keep(app, entered)
    assert (kept["kept"], kept["until_s"]) == (True, app.now_s + 30 * DAY_S)
    token = token_of(kept)
    assert len(token) >= 43
    assert token not in (folder / KEPT_FILE).read_text(), "the link itself lies on the disk"
    assert (folder / KEPT_FILE).stat().st_mode & 0o077 == 0
    again = (await app.http.get("/api/session/keep", headers=bearer(entered))).json()
    assert (again["kept"], again["link"]) == (True, ""), "a link is shown once"

    taken = await app.http.post("/session", json={"memory": token})
    assert (taken.status_code, taken.json()["code"]) == (400, "memory_in_use")
    await app.http.delete("/session", headers=bearer(entered))
    taken = await app.http.post("/session", json={"memory": token})
    assert taken.status_code == 200
    assert app.sessions[-1].folder == folder
    assert len(app.sessions) == 2
    resumed = await app.http.post("/session", json={"memory": token}, headers=bearer(taken.json()))
    assert resumed.json()["token"] == taken.json()["token"]


async def test_a_link_that_was_taken_back_or_replaced_or_guessed_leads_nowhere(app: Any) -> None:
    entered = await app.enter()
    first = token_of(await keep(app, entered))
    second = token_of(await keep(app, entered))
    assert first != second
    for token in (first, "x" * 43, "…"):
        answer = await app.http.post("/session", json={"memory": token})
        assert (answer.status_code, answer.json()["code"]) == (404, "no_memory")
    gone = await app.http.delete("/api/session/keep", headers=bearer(entered))
    assert gone.json()["kept"] is False
    assert not is_kept(app.sessions[-1].folder)
    answer = await app.http.post("/session", json={"memory": second})
    assert answer.status_code == 404


async def test_links_cannot_be_tried_as_fast_as_one_likes(app: Any) -> None:
    for _ in range(LINKS_EACH):
        await app.http.post("/session", json={"memory": "x" * 43})
    answer = await app.http.post("/session", json={"memory": "x" * 43})
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")


async def test_who_has_a_good_link_may_ask_as_often_as_a_waiting_page_does(app: Any) -> None:
    token, ticket = token_of(await keep(app, await app.enter())), ""
    await app.enter()  # the last seat
    for _ in range(LINKS_EACH + 1):
        answer = await app.http.post("/session", json={"memory": token, "ticket": ticket})
        assert (answer.status_code, answer.json()["code"]) == (503, "waiting")
        ticket = answer.json()["ticket"]


async def test_the_days_count_anew_when_a_link_is_taken_up(app: Any) -> None:
    entered = await app.enter()
    token = token_of(await keep(app, entered))
    await app.http.delete("/session", headers=bearer(entered))
    app.now_s += 10 * DAY_S
    taken = await app.http.post("/session", json={"memory": token})
    told = (await app.http.get("/api/session/keep", headers=bearer(taken.json()))).json()
    assert told["until_s"] == app.now_s + 30 * DAY_S


async def test_keeping_needs_the_token_of_the_visit(app: Any) -> None:
    for method in ("GET", "POST", "DELETE"):
        assert (await app.http.request(method, "/api/session/keep")).status_code == 401


async def test_on_a_private_server_the_memory_stays_anyway(make_app: Callable[..., Any]) -> None:
    async with make_app().serving() as app:
        entered = await app.enter()
        told = (await app.http.get("/api/session/keep", headers=bearer(entered))).json()
        assert (told["here"], told["kept"]) == (True, True)
        answer = await app.http.post("/api/session/keep", headers=bearer(entered))
        assert (answer.status_code, answer.json()["code"]) == (409, "kept_here")


def kept_memories(folder: Path, now: list[float], **settings: Any) -> KeptMemories:
    return KeptMemories(Settings(data_dir=folder, **settings), lambda: now[0])


def test_a_kept_memory_expires_and_is_deleted_unless_somebody_visits_it(tmp_path: Path) -> None:
    now = [1_700_000_000.0]
    kept = kept_memories(tmp_path, now, keep_days=2.0)
    folders = [tmp_path / "sessions" / name for name in ("one", "two", "three")]
    tokens = [kept.keep(folder).token for folder in folders]
    now[0] += 1.5 * DAY_S
    kept.prolong(folders[1])
    now[0] += 1.0 * DAY_S
    assert [kept.find(token) is not None for token in tokens] == [False, True, False]
    kept.sweep(in_use=[folders[2]])
    assert [folder.exists() for folder in folders] == [False, True, True]


def test_only_so_many_are_kept_and_a_damaged_note_opens_nothing(tmp_path: Path) -> None:
    now = [0.0]
    kept = kept_memories(tmp_path, now, keep_most=1)
    folder = tmp_path / "sessions" / "one"
    token = kept.keep(folder).token
    kept.keep(folder)
    with pytest.raises(InputError, match="room"):
        kept.keep(tmp_path / "sessions" / "two")
    assert not (tmp_path / "sessions" / "two").exists()
    for text in ("", "{", "[]", json.dumps({"digest": 1})):
        (folder / KEPT_FILE).write_text(text)
        assert kept.find(token) is None
        assert kept.of(folder) is None


async def test_the_end_of_a_visit_deletes_its_memory_unless_it_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application, "time_of_day_s", lambda: 5e9)  # everything is old
    app = Application(Settings(data_dir=tmp_path, host="0.0.0.0", profile="nano"))
    sessions = [app.make_session(name) for name in ("one", "two")]
    for session in sessions:
        session.folder.mkdir(parents=True)
    token = app._kept.keep(sessions[0].folder).token
    with pytest.raises(InputError, match="another visit"):
        app.take_up("three", sessions[0].folder)
    for session in sessions:
        session.announce(Bye("left"))
    for _ in range(200):
        if not sessions[1].folder.exists():
            break
        await asyncio.sleep(0.01)
    assert [session.folder.exists() for session in sessions] == [True, False]
    remove_stale(tmp_path / "sessions")
    assert app._kept.find(token) == sessions[0].folder
    assert app.take_up("three", sessions[0].folder).folder == sessions[0].folder
    await app.engine.close()


def test_what_cannot_be_read_just_now_is_not_deleted(tmp_path: Path) -> None:
    now = [0.0]
    kept = kept_memories(tmp_path, now)
    folders = [tmp_path / "sessions" / name for name in ("one", "two", "three")]
    tokens = [kept.keep(folder).token for folder in folders]
    (folders[0] / KEPT_FILE).unlink()
    (folders[0] / KEPT_FILE).mkdir()  # nobody can read that, not even root
    (folders[1] / KEPT_FILE).write_text(json.dumps({"digest": "\u00e9", "until_s": 5}))
    assert [kept.find(token) for token in tokens] == [None, None, folders[2]]
    kept.prolong(folders[0])
    kept.sweep(in_use=[])
    assert [folder.exists() for folder in folders] == [True, True, True]
    now[0] += 31 * DAY_S
    kept.sweep(in_use=[])
    assert [folder.exists() for folder in folders] == [True, False, False]


def test_a_folder_that_is_gone_meanwhile_is_not_in_the_way_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application, "time_of_day_s", lambda: 5e9)  # everything is old
    folders = [tmp_path / name for name in ("a", "b", "c")]
    for folder in folders:
        folder.mkdir()
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "as well").symlink_to(tmp_path / "nowhere")
    remove_stale(tmp_path)
    assert [folder.exists() for folder in folders] == [False, False, False]


async def test_tidying_goes_on_when_it_failed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app, again = Application(Settings(data_dir=tmp_path, host="0.0.0.0", profile="nano")), asyncio.Event()
    times: list[int] = []

    def fail_once(*_: object) -> None:
        times.append(1)
        if len(times) == 1:
            raise OSError("gone")
        loop.call_soon_threadsafe(again.set)

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(application, "remove_stale", fail_once)
    monkeypatch.setattr(application, "TIDY_S", 0.01)
    task = asyncio.create_task(app._tidy())
    await asyncio.wait_for(again.wait(), 5)
    task.cancel()
    await app.engine.close()


@pytest.mark.parametrize("kept", [True, False])
def test_the_start_is_refused_in_a_sentence_where_a_lasting_memory_has_another_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, kept: bool
) -> None:
    folder = tmp_path / "sessions" / ("local" if kept else "of a killed visit")
    SqliteStore(folder, key="the first key").close()
    begun = []
    monkeypatch.setattr(application.logs, "configure", lambda *_: None)
    monkeypatch.setattr(application.signal, "signal", lambda *_: None)
    monkeypatch.setattr(application, "build_page", lambda settings: begun.append(settings) or _Unserved())
    code = run(Settings(data_dir=tmp_path, profile="nano", memory_key="the second key"))
    assert (code, bool(begun)) == ((2, False) if kept else (1, True))
    assert ("does not fit" in caplog.text) == kept
    assert "second key" not in caplog.text


class _Unserved:
    """A page whose port is taken."""

    def launch(self, **_: object) -> None:
        raise OSError("taken")
