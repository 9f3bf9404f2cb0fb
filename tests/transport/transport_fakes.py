"""A session, a source runner and a link that only tests use."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from omnilive_demo.clock import SessionClock
from omnilive_demo.config import Settings
from omnilive_demo.events import Bye, Caption, ClipRemembered, Hello, Interrupted, MemoryFigures, StateChanged
from omnilive_demo.memory.by_day import ByDay
from omnilive_demo.memory.calendar import Calendar
from omnilive_demo.memory.clip_shelf import entry_of
from omnilive_demo.memory.records_log import RecordsLog
from omnilive_demo.memory.store import Sitting
from omnilive_demo.records import Clip, Evidence, FrameFeatures, Heard, KeyFrame, Label, Recall, SeenFrame, Spoken
from omnilive_demo.session import InputError
from omnilive_demo.speech.playout import FRAME_SAMPLES, RATE_HZ, PlayoutFrame
from omnilive_demo.transport.line import LinkClosed


def jpeg(width: int = 64, height: int = 48, colour: tuple[int, int, int] = (200, 30, 30)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "JPEG")
    return out.getvalue()


def tone(turn: int = 1, frames: int = 50, level: int = 8000) -> list[PlayoutFrame]:
    n = np.arange(FRAME_SAMPLES * frames)
    wave = (level * np.sin(2 * np.pi * 440 * n / RATE_HZ)).astype(np.int16).reshape(frames, FRAME_SAMPLES)
    return [PlayoutFrame(turn, samples, i * 0.02) for i, samples in enumerate(wave)]


class FakePlayout:
    """Hands out frames at the pace of life, 60 ms ahead."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[PlayoutFrame] = asyncio.Queue()
        self.handed_at: list[float] = []
        self._due = 0.0

    def put(self, frames: list[PlayoutFrame]) -> None:
        for frame in frames:
            self.frames.put_nowait(frame)

    def stop(self) -> None:
        while not self.frames.empty():
            self.frames.get_nowait()

    async def next_frame(self) -> PlayoutFrame:
        frame = await self.frames.get()
        now = asyncio.get_running_loop().time()
        self._due = max(self._due, now - 0.06) + 0.02
        if self._due > now:
            await asyncio.sleep(self._due - now)
        self.handed_at.append(asyncio.get_running_loop().time())
        return frame


class FakeMemory:
    def __init__(self) -> None:
        rows = np.zeros((4, 8), np.float16)
        self._clips = [
            Clip(
                i, i * 16.0, i * 16.0 + 15.0, (i * 16.0,), (KeyFrame(i * 16.0, jpeg()), KeyFrame(i * 16.0 + 8, jpeg())),
                rows, rows[0], (Label("red", 0.9),), "a red picture", 100, 4,
            )
            for i in range(3)
        ]  # fmt: skip

    def clips(self, first: int = 0, last: int | None = None) -> list[Clip]:
        return [clip for clip in self._clips if first <= clip.id and (last is None or clip.id <= last)]

    def by_day(self) -> ByDay:
        log = RecordsLog()
        log.add_clips([entry_of(clip) for clip in self._clips], np.stack([clip.global_ for clip in self._clips]))
        return ByDay(log.view(), Calendar([Sitting(1_700_000_000.0, 0.0)], 0.0), None, self.clips)

    def spoken(self) -> list[Spoken]:
        return [Spoken(1, 17.0, 19.0, "where are my keys", "visitor", True)]

    def heard(self) -> list[Heard]:
        return [Heard(40.0, 41.0, "sound", 0.8)]

    def search(self, words: str, limit: int = 20) -> Recall:
        return Recall((Evidence(1, 16.0, 31.0, 0.75, "speech", words),), None, 3)

    def figures(self) -> MemoryFigures:
        return MemoryFigures(3, 48.0, 12_345, 300, 12)


class FakeSession:
    """Records what it is told; says what it is told to say."""

    def __init__(self, number: str) -> None:
        self.id = number
        self.folder = Path(number)
        self.clock = SessionClock()
        self.playout = FakePlayout()
        self.memory = FakeMemory()
        self.calls: list[tuple[Any, ...]] = []
        self.blocks: list[Any] = []
        self.pictures: list[Any] = []
        self.history: list[Any] = []
        self.came = asyncio.Condition()
        self.started = 0
        self.closed = ""
        self.start_error: Exception | None = None
        self.frame: SeenFrame | None = None
        self.wants = True
        self._listeners: list[Callable[[Any], None]] = []

    async def start(self) -> None:
        self.started += 1
        if self.start_error:
            raise self.start_error

    async def wait_ready(self) -> None:
        pass

    async def close(self, reason: str) -> None:
        if not self.closed:
            self.closed = reason
            self.announce(Bye(reason))

    def subscribe(self, listener: Callable[[Any], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def announce(self, event: Any) -> None:
        self.history.append(event)
        for listener in tuple(self._listeners):
            listener(event)

    def present(self, transport: str, resumed: bool) -> tuple[Any, ...]:
        hello = Hello("nano", "test", (("reasoner", "fake"),), (), (), {}, resumed, transport)
        kept = tuple(e for e in self.history if isinstance(e, Caption) and e.final)
        return (hello, StateChanged("idle"), *kept, MemoryFigures(0, 0.0, 0, 0, 0))

    def hear(self, block: Any) -> None:
        self.blocks.append(block)

    def watch(self, frame: Any) -> None:
        self.pictures.append(frame)

    def wants_frame(self, t_s: float) -> bool:
        return self.wants

    def ask(self, text: str) -> None:
        if not text.strip():
            raise InputError("empty_question", "There is nothing to answer yet.", "Type a question first.")
        self.calls.append(("ask", text))

    def stop_answer(self, reason: str = "stop") -> None:
        self.calls.append(("stop", reason))
        self.playout.stop()
        self.announce(Interrupted(1, "stop"))

    def sound_ended(self, origin: str) -> None:
        self.calls.append(("sound_ended", origin))

    def set_muted(self, on: bool) -> None:
        self.calls.append(("mute", on))

    def change_settings(self, language: str | None, voice: str | None, rate: float | None, speak: bool | None) -> None:
        self.calls.append(("settings", language, voice, rate, speak))

    def set_remarks(self, on: bool) -> None:
        self.calls.append(("remarks", on))

    def heard_until(self, turn: int, heard_ms: float) -> None:
        self.calls.append(("heard", turn, heard_ms))

    async def forget(self, from_s: float | None, to_s: float | None) -> None:
        self.calls.append(("forget", from_s, to_s))

    def cancel_standing(self, standing: int) -> None:
        self.calls.append(("cancel_standing", standing))

    def latest_frame(self) -> SeenFrame | None:
        return self.frame

    def see(self, t_s: float) -> None:
        features = FrameFeatures(np.zeros(4, np.float32), np.zeros((4, 4), np.float32))
        self.frame = SeenFrame(t_s, np.full((48, 64, 3), 90, np.uint8), features, (), 0.0, 1.0)


class FakeSources:
    def __init__(self, session: FakeSession, settings: Settings, folder: Path) -> None:
        self.session = session
        self.folder = folder
        self.started: list[Any] = []
        self.uploads: dict[str, tuple[Path, str]] = {}
        self.closed = False

    async def start(self, message: Any) -> None:
        if message.kind == "url" and not message.url:
            raise InputError("bad_url", "That is no address.", "Check it.")
        self.started.append(message)

    async def close(self) -> None:
        self.closed = True

    def add_upload(self, path: Path, name: str) -> str:
        self.uploads["u1"] = (path, name)
        return "u1"


class FakeLink:
    """A connection whose other side can be slow or gone."""

    def __init__(self, transport: str = "websocket") -> None:
        self.transport = transport
        self.sent: list[str] = []
        self.played: list[PlayoutFrame] = []
        self.flushed = 0
        self.hung_up: list[str] = []
        self.open = asyncio.Event()
        self.open.set()
        self.broken = False

    async def send_text(self, text: str) -> None:
        await self.open.wait()
        if self.broken:
            raise LinkClosed("gone")
        self.sent.append(text)

    def play(self, frame: PlayoutFrame) -> None:
        self.played.append(frame)

    def flush(self) -> None:
        self.flushed += 1

    async def hang_up(self, reason: str) -> None:
        self.hung_up.append(reason)


def clip_event(number: int, thumbnail: str = "", growing: bool = False) -> ClipRemembered:
    return ClipRemembered(number, 0.0, 1.0, 2, (), "", 10, 2, thumbnail, growing)


def caption(utterance: int, text: str, final: bool) -> Caption:
    return Caption(utterance, text, final, "visitor", 0.0, 1.0)


async def until(condition: Callable[[], Any], timeout_s: float = 5.0) -> None:
    """Wait until something holds; only for what other tasks bring about."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.002)
