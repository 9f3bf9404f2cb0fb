"""A memory leaves one visit as a file and enters another, over HTTP, through the real writer of a session's memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from session_fakes import InlineLane
from starlette.requests import Request
from transport_fakes import until

from omnilive_demo.clock import ManualTime, SessionClock
from omnilive_demo.events import Caption, ClipRemembered, MemoryFigures, PageEvent
from omnilive_demo.memory.pooling import PoolingCompressor
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.records import FrameFeatures, Label, SeenFrame, Spoken
from omnilive_demo.refusing import InputError
from omnilive_demo.remembering import Remembering


class NoText:
    name, width = "no text", 4

    def encode(self, texts: Any) -> np.ndarray:
        return np.full((len(texts), self.width), 0.5, np.float32)


def frame(t_s: float) -> SeenFrame:
    rng = np.random.default_rng(round(t_s))
    features = FrameFeatures(np.eye(4, dtype=np.float32)[0], rng.normal(size=(16, 4)).astype(np.float32))
    image = rng.integers(0, 255, (24, 32, 3)).astype(np.uint8)
    return SeenFrame(t_s, image, features, (Label("mug", 0.9),), 0.5, 1.0)


def remember(folder: Path, clips: int, words: str) -> SessionMemory:
    memory = SessionMemory(folder, PoolingCompressor(NoText(), 4), NoText(), epoch_s=1e9)
    for t_s in range(16 * clips):
        memory.see(frame(float(t_s)))
    memory.add_spoken(Spoken(1, 3.0, 4.0, words, "visitor", False))
    return memory


class Visitor:
    """A visit with a real memory and its real writer behind the routes."""

    def __init__(self, app: Any, token: str, memory: SessionMemory) -> None:
        self.app, self.memory = app, memory
        self.headers = {"Authorization": f"Bearer {token}"}
        self.told: list[PageEvent] = []
        self.clock = SessionClock(ManualTime(), start_s=60.0)
        engine: Any = SimpleNamespace(memory=InlineLane(), captioner=None)
        self.remembering = Remembering("1", engine, memory, self.told.append)
        self.remembering.start()
        session = app.sessions[-1]
        session.memory = memory
        session.take_in = lambda path, progress: self.remembering.take_in(path, self.clock, progress)

    async def post(self, data: bytes, **files: Any) -> tuple[int, list[dict[str, Any]]]:
        body: dict[str, Any] = files or {"content": data}
        answer = await self.app.http.post("/api/session/memory", headers=self.headers, **body)
        return answer.status_code, [json.loads(line) for line in answer.text.splitlines()]


@pytest.fixture
def enter(app: Any, tmp_path: Path) -> Callable[..., Any]:
    async def make(name: str, clips: int, words: str) -> Visitor:
        entered = await app.enter()
        return Visitor(app, entered["token"], remember(tmp_path / name, clips, words))

    return make


async def test_a_memory_goes_from_one_visit_to_another(enter: Any, app: Any) -> None:
    one = await enter("one", 3, "the parcel is in the hall")
    answer = await app.http.get("/api/session/memory.zip", headers=one.headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert "omnilive-memory.zip" in answer.headers["content-disposition"]
    assert "no-store" in answer.headers["cache-control"]
    two = await enter("two", 1, "hello")
    before_s = two.clock.now_s()
    status, lines = await two.post(b"", files={"file": ("memory.zip", answer.content)})
    assert status == 200
    assert lines[0] == {"done": 4, "total": 4}
    taken = lines[-1]["taken"]
    assert (taken["clips"], taken["spoken"], taken["sounds"], taken["fault"]) == (3, 1, 0, "")
    assert before_s < taken["start_s"] < taken["end_s"] < two.clock.now_s()
    assert [clip.id for clip in two.memory.clips()] == [1, 2, 3, 4]
    told = [event for event in two.told if isinstance(event, ClipRemembered)]
    assert [event.id for event in told] == [2, 3, 4]
    assert all(event.thumbnail for event in told)
    (caption,) = [event for event in two.told if isinstance(event, Caption)]
    assert caption.text == "the parcel is in the hall"
    assert caption.utterance < 0
    assert isinstance(two.told[-1], MemoryFigures)
    folder = app.visit.folder
    assert not list(folder.glob("*")), "the upload is left behind"
    await two.remembering.see(frame(before_s))  # perceived before the clock jumped
    await two.remembering.see(frame(two.clock.now_s()))
    await two.remembering.close()
    assert len(two.memory.clips()) == 5
    assert two.memory.clips()[-1].frame_times_s == (two.clock.now_s(),)
    await one.remembering.close()


@pytest.mark.parametrize(
    ("data", "code"), [(b"PK no zip at all", "archive_unreadable"), (b"\x00" * 70_000, "archive_unreadable")]
)
async def test_what_cannot_be_taken_in_is_a_sentence_and_changes_nothing(
    enter: Any, app: Any, data: bytes, code: str
) -> None:
    two = await enter("two", 1, "hello")
    now_s = two.clock.now_s()
    status, lines = await two.post(data)
    assert (status, [line["code"] for line in lines]) == (200, [code])
    assert lines[0]["message"].endswith(".")
    assert (len(two.memory.clips()), two.clock.now_s()) == (1, now_s)
    assert not list(app.visit.folder.glob("*"))
    status, lines = await two.post(b"")
    assert (status, lines[0]["code"]) == (400, "upload_empty")
    status, lines = await two.post(data)
    assert lines[0]["code"] == code, "a refused one does not block the next"
    await two.remembering.close()


async def test_only_one_memory_comes_in_at_a_time(enter: Any, app: Any) -> None:
    two = await enter("two", 1, "hello")
    go, began = asyncio.Event(), asyncio.Event()

    async def slow(path: Path, progress: Any) -> Any:
        began.set()
        await go.wait()
        raise RuntimeError("and then it breaks")

    app.sessions[-1].take_in = slow
    first = asyncio.create_task(two.post(b"x"))
    await began.wait()
    status, lines = await two.post(b"y")
    assert (status, lines[0]["code"]) == (409, "import_waits")
    go.set()
    status, lines = await first
    assert lines[-1]["code"] == "server_fault"
    await two.remembering.close()


async def test_an_import_goes_on_when_the_page_has_gone_before_the_answer_begins(enter: Any, app: Any) -> None:
    two = await enter("two", 1, "hello")
    done = asyncio.Event()

    async def take_in(path: Path, progress: Any) -> Any:
        done.set()
        raise InputError("archive_damaged", "It is damaged.")

    app.sessions[-1].take_in = take_in

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"x", "more_body": False}

    host = f"127.0.0.1:{app.port}".encode()
    headers = [(b"authorization", two.headers["Authorization"].encode()), (b"host", host)]
    scope = {
        "type": "http", "method": "POST", "path": "/api/session/memory", "query_string": b"", "headers": headers,
        "scheme": "http", "server": ("127.0.0.1", app.port), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    route = next(one for one in app.routes if getattr(one, "path", "") == scope["path"] and "POST" in one.methods)
    answer = await route.endpoint(Request(scope, receive))
    assert answer.status_code == 200  # and nobody ever reads it
    await asyncio.wait_for(done.wait(), 5)
    await until(lambda: not list(app.visit.folder.glob("*")))
    status, lines = await two.post(b"y")
    assert (status, lines[-1]["code"]) == (200, "archive_damaged")
    await two.remembering.close()


async def test_both_ways_need_the_token(app: Any) -> None:
    assert (await app.http.get("/api/session/memory.zip")).status_code == 401
    assert (await app.http.post("/api/session/memory", content=b"x")).status_code == 401
