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
