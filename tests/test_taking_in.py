"""A memory comes in: what is told of what was open, and what becomes of it when the visit ends meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from session_fakes import InlineLane

from omnilive_demo.clock import ManualTime, SessionClock
from omnilive_demo.events import ClipRemembered, PageEvent
from omnilive_demo.memory.archive import write_archive
from omnilive_demo.memory.pooling import PoolingCompressor
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.models.clip_reader import Caption
from omnilive_demo.records import FrameFeatures, Label, SeenFrame
from omnilive_demo.refusing import InputError
from omnilive_demo.remembering import Remembering
from omnilive_demo.taking_in import AT_ONCE, TakingIn

CLIPS = AT_ONCE + 4  # two slices


class NoText:
    name, width = "no text", 4

    def encode(self, texts: Any) -> np.ndarray:
        return np.full((len(texts), self.width), 0.5, np.float32)


class GatedLane(InlineLane):
    """Stops before the calls of one name, until the test opens the gate."""

    def __init__(self, name: str = "") -> None:
        self.stops_at = name
        self.stopped, self.gate = asyncio.Event(), asyncio.Event()

    async def run(self, function: Callable[..., Any], *args: object, **how: Any) -> Any:
        if getattr(function, "__name__", "") == self.stops_at:
            self.stopped.set()
            await self.gate.wait()
        return await super().run(function, *args, **how)


def frame(t_s: float) -> SeenFrame:
    rng = np.random.default_rng(round(t_s))
    features = FrameFeatures(np.eye(4, dtype=np.float32)[0], rng.normal(size=(16, 4)).astype(np.float32))
    image = rng.integers(0, 255, (24, 32, 3)).astype(np.uint8)
    return SeenFrame(t_s, image, features, (Label("mug", 0.9),), 0.5, 1.0)


def open_at(folder: Path) -> SessionMemory:
    reader: Any = SimpleNamespace(name="reader", caption=lambda rows: Caption("a mug on a table", 0.9))
    return SessionMemory(folder, PoolingCompressor(NoText(), 4), NoText(), epoch_s=1e9, captioner=reader)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    memory = open_at(folder / "memory")
    for t_s in range(16 * CLIPS):
        memory.see(frame(float(t_s)))
    (folder / "memory.zip").write_bytes(b"".join(write_archive(memory)))
    memory.close()
    return folder / "memory.zip"


class Room:
    """A memory and its writer, and a clock that stands at one minute."""

    def __init__(self, folder: Path, lane: InlineLane | None = None) -> None:
        self.folder = folder
        self.memory = open_at(folder)
        self.clock = SessionClock(ManualTime(), start_s=60.0)
        self.told: list[PageEvent] = []
        engine: Any = SimpleNamespace(memory=lane or InlineLane(), captioner=None)
        self.remembering = Remembering("1", engine, self.memory, self.told.append)
        self.remembering.start()

    def take_in(self, archive: Path, **how: Any) -> asyncio.Task[Any]:
        return asyncio.create_task(self.remembering.take_in(archive, self.clock, lambda done, total: None, **how))

    def reopened(self) -> SessionMemory:
        """Only a memory that was closed can be opened by another."""
        memory = open_at(self.folder)
        memory.close()
        return memory


async def test_the_clip_that_was_open_is_told_as_closed_and_described(tmp_path: Path, archive: Path) -> None:
    room = Room(tmp_path)
    for t_s in range(20):
        await room.remembering.see(frame(float(t_s)))
    await room.take_in(archive)
    for _ in range(100):
        await asyncio.sleep(0)
    second = [event for event in room.told if isinstance(event, ClipRemembered) and event.id == 2]
    assert [event.open for event in second[-3:]] == [True, False, False]
    assert [event.caption for event in second[-2:]] == ["mug", "A mug on a table."]
    assert second[-1].frames == 4
    await room.remembering.close()


async def test_a_visit_that_ends_ends_the_import_and_closes_the_memory(tmp_path: Path, archive: Path) -> None:
    lane = GatedLane("slice")
    room = Room(tmp_path, lane)
    asked = room.take_in(archive)
    await lane.stopped.wait()
    closing = asyncio.create_task(room.remembering.close())
    await asyncio.sleep(0)
    lane.gate.set()
    taken = await asyncio.wait_for(asked, 5)
    assert taken.clips == AT_ONCE
    assert taken.fault == f"The import was ended: {AT_ONCE} of {CLIPS} moments were taken in."
    await asyncio.wait_for(closing, 5)
    assert len(room.reopened().clips()) == AT_ONCE
    with pytest.raises(InputError, match="ended"):
        await asyncio.wait_for(room.remembering.forget(None, None), 5)


async def test_who_waits_no_longer_for_the_end_does_not_keep_the_memory_open(tmp_path: Path, archive: Path) -> None:
    lane = GatedLane("slice")
    room = Room(tmp_path, lane)
    asked = room.take_in(archive)
    await lane.stopped.wait()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(room.remembering.close(), 0.01)
    lane.gate.set()
    assert (await asyncio.wait_for(asked, 5)).clips == AT_ONCE
    await asyncio.wait_for(room.remembering.close(), 5)
    assert len(room.reopened().clips()) == AT_ONCE


async def test_a_cancelled_import_tells_who_waits(tmp_path: Path, archive: Path) -> None:
    lane = GatedLane("slice")
    room = Room(tmp_path, lane)
    asked = room.take_in(archive)
    await lane.stopped.wait()
    assert room.remembering._task is not None
    room.remembering._task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(asked, 5)
    await asyncio.wait_for(room.remembering.close(), 5)
    assert room.reopened().sittings[-2].start_s > 60.0 + 16 * CLIPS


async def test_other_sessions_use_the_memory_lane_while_a_file_is_checked(
    tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checking, go = threading.Event(), threading.Event()
    opens = TakingIn.open

    def slow(self: TakingIn) -> None:
        checking.set()
        assert go.wait(10), "nobody else came to the lane"
        opens(self)

    monkeypatch.setattr(TakingIn, "open", slow)
    room = Room(tmp_path)
    asked = room.take_in(archive)
    await asyncio.to_thread(checking.wait, 10)
    await asyncio.wait_for(room.remembering.forget(None, None), 5)
    await asyncio.wait_for(room.remembering.close(), 5)
    go.set()
    with pytest.raises(InputError) as refused:
        await asyncio.wait_for(asked, 5)
    assert refused.value.code == "session_over"
    assert len(room.reopened().clips()) == 0


async def test_what_forbids_it_after_the_check_leaves_the_clock_alone(tmp_path: Path, archive: Path) -> None:
    room = Room(tmp_path)

    def refuse() -> None:
        raise InputError("import_waits", "A stream is playing.")

    with pytest.raises(InputError, match="playing"):
        await asyncio.wait_for(room.take_in(archive, allow=refuse), 5)
    assert room.clock.now_s() == 60.0
    assert len(room.memory.clips()) == 0
    await room.remembering.close()


async def test_an_import_that_breaks_leaves_the_days_right(
    tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: TakingIn, memory: Any) -> bool:
        raise RuntimeError("no")

    monkeypatch.setattr(TakingIn, "slice", broken)
    room = Room(tmp_path)
    with pytest.raises(RuntimeError):
        await asyncio.wait_for(room.take_in(archive), 5)
    live = room.memory.sittings[-1]
    assert live.start_s == room.clock.now_s()
    assert live.epoch_s == 1e9 + 60.0, "what is perceived now is of now"
    await room.remembering.close()
