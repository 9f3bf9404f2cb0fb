"""A session's edges: what it refuses with a sentence, and what it does when it cannot begin."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from session_fakes import InlineLane

from omnilive_demo import session
from omnilive_demo.config import Settings
from omnilive_demo.ear_events import AudioBlock
from omnilive_demo.events import Bye, Fault, Notice, PageEvent, SourceChanged
from omnilive_demo.memory.store import StoreError
from omnilive_demo.session import InputError, Session


class Room:
    """A session on an engine that has nothing but lanes."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception | None = None) -> None:
        self.ready = asyncio.Event()
        engine: Any = SimpleNamespace(
            ready=self.ready,
            failure="",
            profile="nano",
            why="",
            cannot=(),
            memory=InlineLane(),
            listen=lambda listener, changed=None: lambda: None,
            progress=lambda: (),
            models=lambda: (),
            voices=lambda: (),
        )
        self.session = Session("one", engine, Settings(data_dir=folder), folder / "one", 0.0)
        self.told: list[PageEvent] = []
        self.session.subscribe(self.told.append)

        def open_memory(*_: object) -> None:
            if failure is not None:
                raise failure

        monkeypatch.setattr(session, "open_memory", open_memory)

    async def begin(self) -> None:
        await self.session.start()
        self.ready.set()
        for _ in range(20):
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "empty_question"), (" \n ", "empty_question"), ("why " * 2500, "question_too_long"), ("why?", "loading")],
)
async def test_a_question_that_cannot_be_taken_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, code: str
) -> None:
    room = Room(tmp_path, monkeypatch)
    with pytest.raises(InputError) as refused:
        room.session.ask(text)
    assert refused.value.code == code
    assert str(refused.value).endswith((".", "…"))
    assert refused.value.hint


@pytest.mark.parametrize("failure", [StoreError("disk_full", "The disk is full.", "Free some space."), OSError("gone")])
async def test_a_session_that_cannot_begin_tells_every_page_and_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    room = Room(tmp_path, monkeypatch, failure)
    await room.begin()
    faults = [event for event in room.told if isinstance(event, Fault)]
    assert len(faults) == 1
    assert str(failure) in faults[0].message
    assert faults[0] in room.session.present("websocket", resumed=False)
    with pytest.raises(InputError):
        await asyncio.wait_for(room.session.forget(None, None), 1)
    with pytest.raises(InputError):
        await asyncio.wait_for(room.session.settled("source"), 1)
    await room.session.close("left")
    assert isinstance(room.told[-1], Bye)


async def test_sound_before_the_models_are_there_is_not_kept_and_nothing_breaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(tmp_path, monkeypatch)
    room.session.hear(AudioBlock(np.zeros(960, np.int16), 48_000, 0.0))
    room.session.stop_answer()
    room.session.set_muted(True)
    assert room.session.figures() == {}
    assert not room.session.wants_frame(0.0)


async def test_closing_twice_says_bye_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room(tmp_path, monkeypatch, StoreError("disk_full", "The disk is full."))
    await room.begin()
    await room.session.close("left")
    await room.session.close("left")
    assert sum(isinstance(event, Bye) for event in room.told) == 1


async def test_the_microphone_waits_while_a_file_runs_faster_than_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(tmp_path, monkeypatch)
    heard: list[AudioBlock] = []
    room.session._opened.set()
    room.session._perceiving = SimpleNamespace(hear=heard.append)  # type: ignore[assignment]
    room.session.clock.drive()
    for origin in ("visitor", "visitor", "source"):
        room.session.hear(AudioBlock(np.zeros(960, np.int16), 48_000, 0.0, origin))  # type: ignore[arg-type]
    assert [block.origin for block in heard] == ["source"]
    assert [event.code for event in room.told if isinstance(event, Notice)] == ["microphone_waits"]
    room.session.clock.release()
    room.session.hear(AudioBlock(np.zeros(960, np.int16), 48_000, 0.0))
    assert [block.origin for block in heard] == ["source", "visitor"]


async def test_whether_time_may_jump_is_asked_again_when_an_import_was_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(tmp_path, monkeypatch)
    room.session._opened.set()

    async def take_in(path: Path, clock: object, progress: object, allow: Callable[[], None]) -> None:
        allow()
        room.session._told.note(SourceChanged("file", "film.mp4", "playing"))  # it was started during the check
        allow()

    room.session._remembering = SimpleNamespace(take_in=take_in)  # type: ignore[assignment]
    with pytest.raises(InputError) as refused:
        await room.session.take_in(tmp_path / "memory.zip", lambda done, total: None)
    assert refused.value.code == "import_waits"
