"""The writer of a session's memory: what the page is told of a closed clip, and of its caption, which comes later."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from session_fakes import InlineLane

from omnilive_demo import remembering
from omnilive_demo.events import ClipRemembered, MemoryFigures, Notice, PageEvent
from omnilive_demo.memory import quota
from omnilive_demo.memory.picture_scores import PictureScale
from omnilive_demo.memory.pooling import PoolingCompressor
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.models.clip_reader import Caption
from omnilive_demo.records import Clip, FrameFeatures, Label, SeenFrame
from omnilive_demo.remembering import CAPTION_WAITS_S, Remembering
from omnilive_demo.serving.lane import LaneFull, Priority


class NoText:
    name, width = "no text", 4

    def encode(self, texts: Any) -> np.ndarray:
        return np.zeros((len(texts), self.width), np.float32)


class CountingLane(InlineLane):
    """Notes the priorities; refuses what may wait once it is `full`."""

    def __init__(self) -> None:
        self.priorities: list[Priority] = []
        self.full = False

    async def run(self, function: Any, *args: object, **how: Any) -> Any:
        self.priorities.append(how["priority"])
        if self.full and how["priority"] is Priority.BACKGROUND:
            raise LaneFull("full")
        return await super().run(function, *args, **how)


def frame(t_s: float) -> SeenFrame:
    features = FrameFeatures(np.eye(4, dtype=np.float32)[0], np.ones((16, 4), np.float32))
    return SeenFrame(t_s, np.zeros((8, 8, 3), np.uint8), features, (Label("mug", 0.9),), 0.0, 1.0)


@pytest.mark.parametrize("full", [False, True])
async def test_a_closed_clip_is_told_at_once_and_its_caption_when_there_is_time(tmp_path: Path, full: bool) -> None:
    lane, told = CountingLane(), list[PageEvent]()
    lane.full = full
    reader = SimpleNamespace(name="reader", caption=lambda rows: Caption("a mug on a table", 0.9))
    memory = SessionMemory(tmp_path, PoolingCompressor(NoText(), 4), NoText(), epoch_s=0.0, captioner=reader)  # type: ignore[arg-type]
    remembering = Remembering("1", SimpleNamespace(memory=lane, captioner=None), memory, told.append)  # type: ignore[arg-type]
    remembering.start()
    for t_s in range(16):
        await remembering.see(frame(float(t_s)))
    for _ in range(100):
        await asyncio.sleep(0)
    captions = [event.caption for event in told if isinstance(event, ClipRemembered) and not event.open]
    assert captions == (["mug"] if full else ["mug", "A mug on a table."])
    assert lane.priorities.count(Priority.BACKGROUND) == 1
    await remembering.close()


@pytest.mark.parametrize("said", ["A mug stands on a table.", ""])
async def test_a_model_that_looks_writes_the_caption_where_there_is_one(tmp_path: Path, said: str) -> None:
    lane, told, asked = CountingLane(), list[PageEvent](), []

    async def caption(clip: Clip, deadline_s: float) -> str:
        asked.append((clip.id, len(clip.key_frames), deadline_s))
        return said

    memory = SessionMemory(tmp_path, PoolingCompressor(NoText(), 4), NoText(), epoch_s=0.0)
    engine: Any = SimpleNamespace(memory=lane, captioner=SimpleNamespace(caption=caption))
    remembering = Remembering("1", engine, memory, told.append)
    remembering.start()
    for t_s in range(16):
        await remembering.see(frame(float(t_s)))
    for _ in range(100):
        await asyncio.sleep(0)
    captions = [event.caption for event in told if isinstance(event, ClipRemembered) and not event.open]
    assert captions == (["mug", said] if said else ["mug"])
    ((number, pictures, deadline_s),) = asked
    assert (number, deadline_s) == (1, CAPTION_WAITS_S)
    assert pictures > 0
    assert memory.clips()[0].caption == (said or "mug")
    await remembering.close()


async def test_a_still_picture_is_one_clip_that_grows_and_is_described_once(tmp_path: Path) -> None:
    lane, told, described = CountingLane(), list[PageEvent](), list[np.ndarray]()

    def caption(rows: np.ndarray) -> Caption:
        described.append(rows)
        return Caption("a mug on a table", 0.9)

    reader = SimpleNamespace(name="reader", caption=caption)
    memory = SessionMemory(
        tmp_path, PoolingCompressor(NoText(), 4), NoText(), epoch_s=0.0, captioner=reader, scale=PictureScale(same=0.9)
    )  # type: ignore[arg-type]
    remembering = Remembering("1", SimpleNamespace(memory=lane, captioner=None), memory, told.append)  # type: ignore[arg-type]
    remembering.start()
    for t_s in range(64):
        await remembering.see(frame(float(t_s)))
        for _ in range(20):
            await asyncio.sleep(0)
    closed = [event for event in told if isinstance(event, ClipRemembered) and not event.open]
    assert {event.id for event in closed} == {1}
    assert [event.end_s for event in closed if event.caption != "mug"] == [15, 31, 47, 63]
    assert len(described) == 1
    await remembering.close()


async def test_a_full_memory_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "UNTOUCHED", 1)
    told = list[PageEvent]()
    memory = SessionMemory(tmp_path, PoolingCompressor(NoText(), 4), NoText(), epoch_s=0.0, limit_bytes=1000)
    engine: Any = SimpleNamespace(memory=InlineLane(), captioner=None)
    remembering = Remembering("1", engine, memory, told.append)
    remembering.start()
    for t_s in range(80):
        await remembering.see(frame(float(t_s)))
    await remembering.close()
    figures = [event for event in told if isinstance(event, MemoryFigures)]
    assert figures[-1].let_go >= 2
    assert [event.code for event in told if isinstance(event, Notice)] == ["memory_full"]


async def test_clips_that_came_in_without_pictures_are_no_full_memory(tmp_path: Path) -> None:
    told = list[PageEvent]()
    memory = SessionMemory(tmp_path, PoolingCompressor(NoText(), 4), NoText(), epoch_s=0.0)
    nothing = np.zeros((0, 4), np.float16)
    bare = Clip(1, 0.0, 15.0, (0.0,), (), nothing, np.ones(4, np.float16), (Label("mug", 0.9),), "mug", 16, 1)
    memory.adopt(bare, comparable=True)
    engine: Any = SimpleNamespace(memory=InlineLane(), captioner=None)
    remembering = Remembering("1", engine, memory, told.append)
    remembering.start()
    for t_s in range(20, 60):
        await remembering.see(frame(float(t_s)))
    await remembering.close()
    assert [event.let_go for event in told if isinstance(event, MemoryFigures)][-1] == 1
    assert not [event for event in told if isinstance(event, Notice)]


async def test_damaged_pictures_that_opening_had_no_time_for_are_told_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("omnilive_demo.memory.store_reading.CHECKED_AT_ONCE", 0)
    monkeypatch.setattr(remembering, "SURELY_CHECKED", 0)
    monkeypatch.setattr(remembering, "CHECK_PAUSE_S", 0.0)
    first = SessionMemory(tmp_path, PoolingCompressor(NoText(), 4), NoText(), epoch_s=0.0)
    for t_s in range(0, 300, 5):  # a gap of five seconds is no pause; sixteen frames are a clip
        first.see(frame(float(t_s)))
    first.close()
    with closing(sqlite3.connect(tmp_path / "memory.db")) as db:
        db.execute("UPDATE part SET data = x'00' WHERE clip = 2 AND kind = 'jpeg' AND position = 0")
        db.commit()
    lane, told = CountingLane(), list[PageEvent]()
    memory = SessionMemory(tmp_path, PoolingCompressor(NoText(), 4), NoText(), epoch_s=0.0)
    assert memory.damage == ()
    writer = Remembering("1", SimpleNamespace(memory=lane, captioner=None), memory, told.append)  # type: ignore[arg-type]
    writer.start()
    for _ in range(50):
        await asyncio.sleep(0)
    assert [event.message for event in told if isinstance(event, Notice)] == ["Clip 2 has lost a picture."]
    assert Priority.BACKGROUND in lane.priorities
    await writer.close()


async def test_a_busy_memory_is_asked_again_after_a_pause_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "CHECK_PAUSE_S", 0.0)
    lane = CountingLane()
    lane.full = True
    memory: Any = SimpleNamespace(next_clip=1000, damage=(), check=lambda first, last: ())
    writer = Remembering("1", SimpleNamespace(memory=lane, captioner=None), memory, list[PageEvent]().append)  # type: ignore[arg-type]
    look = writer._look_through()
    look.send(None)  # up to the first pause
    assert lane.priorities == [Priority.BACKGROUND]
    look.close()
