"""A damaged store opens with what is readable, says what is lost, and never shows what was not written."""

from __future__ import annotations

import random
import shutil
import sqlite3
from pathlib import Path

import pytest
from memory_stream import heard, open_memory, said, watch

from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.memory.sqlite_store import SqliteStore
from omnilive_demo.memory.store import StoreError, session_folder
from omnilive_demo.memory.store_key import FILE_NAME

KEY = "a key for tests"
TRIALS = 8


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return session_folder(tmp_path, "abc")


def fill(folder: Path, key: str = "") -> None:
    memory = open_memory(folder, store=SqliteStore(folder, key=key))
    for n in range(4):
        watch(memory, memory.start_s + 32 * n, memory.start_s + 32 * n + 32)
        memory.add_spoken(said(n, 32 * n + 3, f"sentence number {n} is about zebras", answered=n % 2 == 0))
        memory.add_heard(heard(32 * n + 5, f"sound {n}"))
    memory.close()


def what(memory: SessionMemory) -> tuple[dict[int, object], set[object], set[object]]:
    """All that a memory says, as values that can be compared."""
    clips = {
        clip.id: (
            clip.start_s, clip.end_s, clip.labels, clip.caption, clip.frame_times_s, clip.key_frames,
            clip.short_term.tobytes(), clip.global_.tobytes(), clip.tokens_seen, clip.tokens_kept,
        )
        for clip in memory.clips()
    }  # fmt: skip
    return clips, set(memory.spoken()), set(memory.heard())


def is_part_of(found: tuple[object, ...], whole: tuple[object, ...]) -> bool:
    """Whether what a clip still has is what it had; lost blobs are empty."""
    for n, (one, other) in enumerate(zip(found, whole, strict=True)):
        if n == 5:
            assert isinstance(one, tuple)
            assert isinstance(other, tuple)
            if not set(one) <= set(other):
                return False
        elif one != other and not (n in (4, 6) and not one):
            return False
    return True


def check(folder: Path, whole: tuple[dict, set, set], key: str = "") -> SessionMemory | None:
    """Open a damaged copy: no crash, nothing that was not written, and every loss is said."""
    try:
        memory = open_memory(folder, store=SqliteStore(folder, key=key))
    except StoreError:
        return None
    clips, words, sounds = what(memory)
    assert all(number in whole[0] and is_part_of(clip, whole[0][number]) for number, clip in clips.items())
    assert words <= whole[1]
    assert sounds <= whole[2]
    if (clips, words, sounds) != whole:
        assert memory.damage, "something is lost and nobody says so"
    memory.search("zebras")
    assert watch(memory, memory.start_s, memory.start_s + 16)
    assert memory.store_fault is None
    return memory


@pytest.mark.parametrize("key", ["", KEY])
def test_random_damage_never_crashes_never_lies_and_is_said(folder: Path, tmp_path: Path, key: str) -> None:
    fill(folder, key)
    memory = open_memory(folder, store=SqliteStore(folder, key=key))
    whole = what(memory)
    memory.close()
    rng = random.Random(11)
    opened = 0
    kept = []
    for trial in range(TRIALS):
        copy = session_folder(tmp_path, f"copy{trial}")
        shutil.copytree(folder, copy)
        path = copy / FILE_NAME
        data = bytearray(path.read_bytes())
        if trial % 4 == 0:
            data = data[: rng.randrange(len(data))]
        elif trial % 4 == 1:
            at = rng.randrange(len(data) // 4096) * 4096
            data[at : at + 4096] = rng.randbytes(4096)
        else:
            for _ in range(rng.randrange(1, 20)):
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
        memory2 = check(copy, whole, key)
        if memory2 is not None:
            opened += 1
            kept.append(len(what(memory2)[0].keys() & whole[0].keys()))
            memory2.close()
        shutil.rmtree(copy)
    assert opened == TRIALS
    assert sum(kept) / len(kept) >= (0.25 if key else 0.5) * len(whole[0])


@pytest.mark.parametrize("damage", ["header", "middle", "truncated", "text"])
def test_what_is_readable_goes_on_in_a_fresh_file_and_the_damaged_one_is_set_aside(folder: Path, damage: str) -> None:
    fill(folder)
    path = folder / FILE_NAME
    data = bytearray(path.read_bytes())
    if damage == "header":
        data[:100] = b"x" * 100
    elif damage == "middle":
        data[len(data) // 2 : len(data) // 2 + 8192] = b"\xff" * 8192
    elif damage == "truncated":
        data = data[: len(data) * 2 // 3]
    else:
        data = bytearray(b"this is not a database, but a letter\n" * 200)
    path.write_bytes(bytes(data))
    memory = open_memory(folder)
    aside = folder / "memory.damaged-1.db"
    assert aside.read_bytes() == bytes(data)
    assert any("was damaged" in sentence and aside.name in sentence for sentence in memory.damage)
    kept = len(memory.clips())
    assert {"header": kept == 8, "middle": kept >= 6, "truncated": kept >= 1, "text": kept == 0}[damage]
    numbers = [clip.id for clip in watch(memory, memory.start_s, memory.start_s + 16)]
    assert numbers[0] > max((clip.id for clip in memory.clips()[:kept]), default=0)
    memory.close()
    again = open_memory(folder)
    assert len(again.clips()) == kept + 1
    again.forget(again.start_s, again.start_s + 1)
    assert not aside.exists(), "what was set aside would outlive what is forgotten"
    again.close()


def _killed(folder: Path, copy: Path) -> None:
    """A store as a killed process leaves it: with its log."""
    memory = open_memory(folder)
    for n in range(3):
        watch(memory, 16 * n, 16 * n + 16)
    memory.add_spoken(said(1, 4, "about zebras"))
    shutil.copytree(folder, copy)
    memory.close()


@pytest.mark.parametrize("how", ["flipped", "cut", "header", "none"])
def test_a_damaged_log_is_said(folder: Path, tmp_path: Path, how: str) -> None:
    copy = session_folder(tmp_path, "copy")
    _killed(folder, copy)
    wal = copy / f"{FILE_NAME}-wal"
    data = bytearray(wal.read_bytes())
    if how == "flipped":
        data[len(data) // 2] ^= 4
    elif how == "cut":
        data = data[: len(data) // 2]
    elif how == "header":
        data[9] ^= 1
    wal.write_bytes(data)
    memory = open_memory(copy)
    assert any("shortly before the last stop" in sentence for sentence in memory.damage) == (how != "none")
    assert (len(memory.clips()) == 3) == (how == "none")
    assert watch(memory, memory.start_s, memory.start_s + 16)
    memory.close()


def test_a_broken_search_index_is_written_anew(folder: Path) -> None:
    fill(folder)
    db = sqlite3.connect(folder / FILE_NAME)
    db.execute("UPDATE said_data SET block = zeroblob(length(block)) WHERE id > 10")
    db.commit()
    db.close()
    memory = open_memory(folder)
    assert not memory.damage
    assert memory.search("zebras").evidence[0].kind == "speech"
    memory.close()


def test_damage_that_shows_only_while_reading_is_looked_into_at_the_next_opening(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(folder)
    monkeypatch.setattr("omnilive_demo.memory.sqlite_store.LOOKED_THROUGH", 0)
    monkeypatch.setattr("omnilive_demo.memory.store_reading.CHECKED_AT_ONCE", 0)
    path = folder / FILE_NAME
    db = sqlite3.connect(path)
    (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'part'").fetchone()
    db.close()
    data = bytearray(path.read_bytes())
    data[(page - 1) * 4096 : page * 4096] = b"\xff" * 4096
    path.write_bytes(data)
    memory = open_memory(folder)
    assert not memory.clips()[0].key_frames
    memory.close()
    again = open_memory(folder)
    assert any("was damaged" in sentence for sentence in again.damage)
    assert len(again.clips()) == 8
    assert len(again.spoken()) == 4
    again.close()


def test_being_killed_while_salvaging_costs_nothing(folder: Path) -> None:
    fill(folder)
    path = folder / FILE_NAME
    path.rename(folder / "memory.salvage.db")  # the damaged one was set aside, the copy not yet put in its place
    memory = open_memory(folder)
    assert len(memory.clips()) == 8
    memory.close()
    (folder / "memory.salvage.db").write_bytes(b"half a copy")
    again = open_memory(folder)
    assert len(again.clips()) == 8
    assert not (folder / "memory.salvage.db").exists()
    again.close()
