"""A full disk stops saving, says so once, and nothing else: remembering and answering go on, and saving comes back."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from memory_stream import ask, frame, heard, open_memory, said, watch

from omnilive_demo.clock import ManualTime
from omnilive_demo.memory import patient_store
from omnilive_demo.memory.patient_store import RETRY_S, PatientStore, open_store
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.memory.sqlite_store import SqliteStore
from omnilive_demo.memory.store import StoreError, session_folder

KEY = "a key for tests"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", place], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("nothing can be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(disk: Path) -> Path:
    file = disk / "filler"
    handle = os.open(file, os.O_WRONLY | os.O_CREAT)
    with contextlib.suppress(OSError):
        while True:
            os.write(handle, b"x" * 512)
    os.close(handle)
    return file


def keep_watching(memory: SessionMemory, from_s: float, to_s: float) -> list[StoreError]:
    told = []
    for t_s in range(int(from_s), int(to_s)):
        try:
            memory.see(frame(float(t_s)))
        except StoreError as error:
            told.append(error)
    return told


def _fault(memory: SessionMemory) -> StoreError | None:
    return memory.store_fault


@pytest.mark.parametrize("key", ["", KEY])
def test_a_disk_that_fills_up_while_watching(disk: Path, key: str) -> None:
    folder = session_folder(disk, "abc")
    memory = open_memory(folder, store=open_store(folder, key))
    assert keep_watching(memory, 0, 32) == []
    filler = fill(disk)
    told = keep_watching(memory, 32, 640)
    assert [error.code for error in told] == ["disk_full"]
    assert "disk is full" in str(told[0])
    assert told[0].hint
    assert len(memory.clips()) == 40
    memory.add_spoken(said(1, 639, "the parcel is in the hall"))
    assert ask(memory, "what did i say about the parcel", 642).evidence[0].text == "the parcel is in the hall"
    filler.unlink()
    memory.add_heard(heard(641))
    assert _fault(memory) is None
    memory.close()
    again = open_memory(folder, store=open_store(folder, key))
    assert len(again.clips()) == 40
    assert not again.damage
    again.close()


@pytest.mark.parametrize("key", ["", KEY])
def test_a_memory_opens_on_a_full_disk_and_is_saved_when_there_is_room(disk: Path, key: str) -> None:
    folder = session_folder(disk, "abc")
    memory = open_memory(folder, store=open_store(folder, key))
    watch(memory, 0, 48)
    memory.add_spoken(said(1, 3, "about the zebra"))
    memory.close()
    filler = fill(disk)
    clock = ManualTime()
    store = open_store(folder, key, clock)
    assert isinstance(store, PatientStore)
    again = open_memory(folder, store=store)
    assert len(again.clips()) == 3
    assert len(again.clips()[0].key_frames) == 3
    told = keep_watching(again, again.start_s, again.start_s + 17)
    assert [error.code for error in told] == ["disk_full"]
    assert again.search("zebra").evidence[0].kind == "speech"
    assert [clip.id for clip in again.clips()] == [1, 2, 3, 4]
    filler.unlink()
    again.add_heard(heard(again.start_s + 20))
    assert _fault(again) is not None, "it is not tried with every write"
    clock.advance(RETRY_S)
    again.add_heard(heard(again.start_s + 21))
    assert _fault(again) is None
    again.close()
    last = open_memory(folder, store=open_store(folder, key))
    assert [clip.id for clip in last.clips()] == [1, 2, 3, 4, 5]
    assert len(last.heard()) == 2
    assert len(last.sittings) == 3
    last.close()


def test_a_full_disk_is_asked_for_room_and_the_store_is_not_read_anew(
    disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[SqliteStore] = []

    class Counted(SqliteStore):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            opened.append(self)

    monkeypatch.setattr(patient_store, "SqliteStore", Counted)
    folder = session_folder(disk, "abc")
    memory = open_memory(folder)
    watch(memory, 0, 48)
    memory.close()
    filler = fill(disk)
    clock = ManualTime()
    again = open_memory(folder, store=open_store(folder, "", clock))
    for n in range(5):
        clock.advance(RETRY_S)
        again.add_heard(heard(again.start_s + n))
    assert len(opened) == 1, "the one that reads"
    filler.unlink()
    clock.advance(RETRY_S)
    again.add_heard(heard(again.start_s + 9))
    assert _fault(again) is None
    assert len(opened) == 2
    assert [store._stored for store in opened] == [None, None], "what was read is kept once, in the log"
    again.close()


def test_a_new_memory_begins_on_a_full_disk(disk: Path) -> None:
    folder = session_folder(disk, "abc")
    folder.mkdir(parents=True)
    filler = fill(disk)
    clock = ManualTime()
    memory = open_memory(folder, store=open_store(folder, "", clock))
    assert [error.code for error in keep_watching(memory, 0, 40)] == ["disk_full"]
    assert len(memory.clips()) == 2
    filler.unlink()
    clock.advance(RETRY_S)
    memory.close()
    again = open_memory(folder)
    assert len(again.clips()) == 3
    again.close()


def test_a_store_whose_disk_is_full_and_that_cannot_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = session_folder(tmp_path, "abc")
    open_memory(folder).close()
    fault = StoreError("disk_full", "The disk is full.")
    (folder / "memory.db").write_bytes(b"no database at all" * 500)
    with pytest.raises(StoreError) as caught:
        PatientStore(folder, "", fault)
    assert caught.value.code == "store_damaged"


def test_two_programs_cannot_have_one_memory(tmp_path: Path) -> None:
    folder = session_folder(tmp_path, "abc")
    memory = open_memory(folder)
    with pytest.raises(StoreError) as caught:
        SqliteStore(folder)
    assert caught.value.code == "store_busy"
    memory.close()
    opener: Callable[[], SqliteStore] = lambda: SqliteStore(folder)  # noqa: E731
    opener().close()
