"""What cannot be written or deleted now waits, and what is forgotten meanwhile is never written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from memory_stream import heard, open_memory, watch

from omnilive_demo.memory.records_log import SoundEntry
from omnilive_demo.memory.sqlite_store import SqliteStore
from omnilive_demo.memory.store import StoreError, session_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return session_folder(tmp_path, "abc")


class _Stubborn(SqliteStore):
    """Cannot delete until it is told that it can."""

    willing = False

    def forget(self, *gone: Sequence[int]) -> None:
        if not self.willing:
            raise StoreError("disk_full", "The disk is full.")
        super().forget(*gone)


def test_what_could_not_be_deleted_is_deleted_later(folder: Path) -> None:
    store = _Stubborn(folder)
    memory = open_memory(folder, store=store)
    watch(memory, 0, 48)
    with pytest.raises(StoreError, match="disk is full"):
        memory.forget(0, 20)
    assert [clip.id for clip in memory.clips()] == [3]
    store.willing = True
    memory.add_heard(heard(50))
    memory.close()
    again = open_memory(folder)
    assert [clip.id for clip in again.clips()] == [3]
    again.close()


class _Deaf(SqliteStore):
    """Takes no sound until it is told that it can."""

    willing = False

    def add_sound(self, entry: SoundEntry) -> None:
        if not self.willing:
            raise StoreError("disk_full", "The disk is full.")
        super().add_sound(entry)


def test_a_sound_that_is_forgotten_while_it_waits_is_never_written(folder: Path) -> None:
    store = _Deaf(folder)
    memory = open_memory(folder, store=store)
    for start_s in (5, 30):
        memory.add_heard(heard(start_s))
    assert store.load().sounds == ()
    with pytest.raises(StoreError, match="disk is full"):
        memory.forget(0, 20)
    store.willing = True
    memory.add_heard(heard(50))
    memory.close()
    again = open_memory(folder)
    assert [sound.start_s for sound in again.heard()] == [30, 50]
    again.close()
