from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from memory_stream import ask, frame, heard, open_memory, said, watch

from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.memory.sqlite_store import FILE_NAME, SCHEMA_VERSION, SqliteStore
from omnilive_demo.memory.store import StoreError, delete_session, session_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return session_folder(tmp_path, "abc")


def test_everything_is_read_back_after_a_restart(folder: Path) -> None:
    first = open_memory(folder)
    closed = watch(first, 0, 40)
    first.add_spoken(said(7, 12, "the meeting is on friday", answered=None))
    first.add_spoken(said(7, 12, "the meeting is on friday", answered=True))
    first.add_heard(heard(20))
    first.close()
    again = open_memory(folder)
    clips = list(again.clips())
    assert [clip.id for clip in clips] == [1, 2, 3]
    for before, after in zip(closed, clips, strict=False):
        assert before.key_frames == after.key_frames
        assert (before.short_term == after.short_term).all()
        assert (before.global_ == after.global_).all()
        assert (before.frame_times_s, before.labels, before.caption) == (
            after.frame_times_s,
            after.labels,
            after.caption,
        )
    assert [(s.text, s.answered) for s in again.spoken()] == [("the meeting is on friday", True)]
    assert [h.label for h in again.heard()] == ["sound"]
    assert again.start_s > 39.0
    assert not again.damage
    again.close()


def test_clip_numbers_and_utterances_go_on_after_a_restart(folder: Path) -> None:
    first = open_memory(folder)
    watch(first, 0, 20)
    first.add_spoken(said(1, 3, "before the restart"))
    first.close()
    again = open_memory(folder)
    watch(again, again.start_s, again.start_s + 16)
    again.add_spoken(said(1, again.start_s + 3, "after the restart"))
    assert [clip.id for clip in again.clips()] == [1, 2, 3]
    assert [s.text for s in again.spoken()] == ["before the restart", "after the restart"]
    assert [e.text for e in ask(again, "what did i say", again.start_s + 16).evidence] == [
        "after the restart",
        "before the restart",
    ]
    assert len(again.sittings) == 2
    again.close()


def test_clip_numbers_are_never_used_twice_even_when_all_is_forgotten(folder: Path) -> None:
    memory = open_memory(folder)
    watch(memory, 0, 40)
    memory.forget()
    memory.close()
    again = open_memory(folder)
    assert again.next_clip == 3
    again.close()


_CHILD = textwrap.dedent(
    """
    import sys
    sys.path.insert(0, {here!r})
    from pathlib import Path
    from memory_stream import frame, heard, open_memory, said
    memory = open_memory(Path(sys.argv[1]))
    t_s, n = memory.start_s, 0
    while True:
        t_s += 1.0
        n += 1
        clip = memory.see(frame(t_s, similarity=0.2 if n % 7 == 0 else 1.0))
        if clip is not None:
            print("clip", clip.id, flush=True)
        if n % 5 == 0:
            memory.add_spoken(said(n, t_s, f"words number {{n}}"))
            print("words", n, flush=True)
        if n % 11 == 0:
            memory.add_heard(heard(t_s))
    """
)


def test_a_killed_process_loses_at_most_the_open_clip(folder: Path, tmp_path: Path) -> None:
    rng = random.Random(5)
    script = tmp_path / "child.py"
    script.write_text(_CHILD.format(here=str(Path(__file__).parent)))
    root = Path(__file__).parents[2]
    clips: list[int] = []
    words = 0
    for _ in range(5):
        child = subprocess.Popen(
            [sys.executable, str(script), str(folder)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=root,
            env=os.environ | {"PYTHONPATH": str(root)},
        )
        assert child.stdout is not None
        wanted = rng.randrange(1, 40)
        lines = [child.stdout.readline() for _ in range(wanted)]
        time.sleep(rng.random() * 0.02)  # somewhere within the next write
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.read().splitlines()
        child.wait()
        told = [line.split() for line in lines]
        clips += [int(line[1]) for line in told if line and line[0] == "clip" and len(line) == 2]
        words += sum(1 for line in told if line and line[0] == "words")
        again = open_memory(folder)
        kept = [clip.id for clip in again.clips()]
        assert not again.damage
        assert set(clips) <= set(kept)
        assert kept == sorted(set(kept))
        assert all(clip.key_frames and len(clip.short_term) for clip in again.clips())
        assert len(again.spoken()) >= words
        again.close()


def test_a_full_disk_is_told_once_and_remembering_goes_on_in_ram(folder: Path) -> None:
    memory = open_memory(folder, store=SqliteStore(folder, max_bytes=200_000))
    told: list[StoreError] = []
    closed = 0
    for n in range(600):
        try:
            closed += memory.see(frame(float(n))) is not None
        except StoreError as error:
            told.append(error)
            closed += 1
    assert [error.code for error in told] == ["disk_full"]
    assert told[0].clip is not None
    assert "disk is full" in str(told[0])
    assert told[0].hint
    assert memory.store_fault is not None
    assert len(memory.clips()) == closed == 37
    assert all(clip.key_frames for clip in memory.clips())
    memory.add_spoken(said(1, 599, "the parcel is in the hall"))
    assert ask(memory, "what did i say about the parcel", 602).evidence[0].text == "the parcel is in the hall"
    memory.close()


def _unsaved(memory: SessionMemory) -> StoreError | None:
    return memory.store_fault


def test_what_waited_is_saved_when_there_is_room_again(folder: Path) -> None:
    store = SqliteStore(folder, max_bytes=120_000)
    memory = open_memory(folder, store=store)
    for n in range(320):
        with contextlib.suppress(StoreError):
            memory.see(frame(float(n)))
    assert _unsaved(memory) is not None
    store._writer.execute("PRAGMA max_page_count = 100000")
    memory.add_heard(heard(320))
    assert _unsaved(memory) is None
    memory.close()
    again = open_memory(folder)
    assert [clip.id for clip in again.clips()] == list(range(1, 21))
    again.close()


@pytest.mark.parametrize("kind", ["S", "g", "jpeg", "times"])
def test_a_clip_with_a_flipped_bit_is_left_out_and_reported(folder: Path, kind: str) -> None:
    memory = open_memory(folder)
    watch(memory, 0, 48)
    memory.close()
    db = sqlite3.connect(folder / FILE_NAME)
    data = bytearray(db.execute("SELECT data FROM part WHERE clip = 2 AND kind = ?", (kind,)).fetchone()[0])
    data[len(data) // 2] ^= 1
    db.execute("UPDATE part SET data = ? WHERE clip = 2 AND kind = ? AND position = 0", (bytes(data), kind))
    db.commit()
    db.close()
    again = open_memory(folder)
    assert [clip.id for clip in again.clips()] == [1, 3]
    assert any("Clip 2 (16 to 31 s)" in sentence for sentence in again.damage)
    assert ask(again, "when was it bright", 50).looked_at_clips == 2
    again.close()


def test_damage_that_is_found_while_reading_costs_only_that_part(folder: Path) -> None:
    memory = open_memory(folder)
    watch(memory, 0, 16)
    memory.close()
    again = open_memory(folder)
    db = sqlite3.connect(folder / FILE_NAME)
    db.execute("UPDATE part SET data = x'00' WHERE kind = 'jpeg' AND position = 0")
    db.commit()
    db.close()
    clip = again.clips()[0]
    assert len(clip.key_frames) == 2
    assert len(clip.short_term) == 64
    again.close()


def test_damaged_words_are_left_out_and_reported(folder: Path) -> None:
    memory = open_memory(folder)
    memory.add_spoken(said(1, 5, "the first"))
    memory.add_spoken(said(2, 9, "the second"))
    memory.close()
    db = sqlite3.connect(folder / FILE_NAME)
    db.execute("UPDATE spoken SET text = 'the worst' WHERE id = 1")
    db.commit()
    db.close()
    again = open_memory(folder)
    assert [s.text for s in again.spoken()] == ["the second"]
    assert again.damage == ("Words at 5 s are damaged and were left out.",)
    again.close()


@pytest.mark.parametrize("damage", ["header", "middle", "truncated", "text"])
def test_a_damaged_file_is_set_aside_and_a_new_store_begun(folder: Path, damage: str) -> None:
    memory = open_memory(folder)
    watch(memory, 0, 160)
    memory.close()
    path = folder / FILE_NAME
    data = bytearray(path.read_bytes())
    if damage == "header":
        data[:64] = b"x" * 64
    elif damage == "middle":
        data[4096 : len(data) - 4096] = b"\xff" * (len(data) - 8192)
    elif damage == "truncated":
        data = data[: len(data) // 3]
    else:
        data = bytearray(b"this is not a database, but a letter\n" * 200)
    path.write_bytes(bytes(data))
    again = open_memory(folder)
    assert len(again.damage) == 1
    assert "set aside as memory.damaged-1.db" in again.damage[0]
    assert (folder / "memory.damaged-1.db").stat().st_size == len(data)
    assert watch(again, 0, 16)
    again.close()


def test_a_store_of_a_newer_version_is_refused_in_a_sentence(folder: Path) -> None:
    open_memory(folder).close()
    db = sqlite3.connect(folder / FILE_NAME)
    assert db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreError, match="newer version") as caught:
        open_memory(folder)
    assert caught.value.code == "store_newer"


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "sessions").write_text("a file where a folder should be")
    with pytest.raises(StoreError) as caught:
        open_memory(tmp_path / "sessions" / "abc")
    assert caught.value.code == "store_failed"


def test_a_session_is_private_and_can_be_deleted_entirely(folder: Path) -> None:
    memory = open_memory(folder)
    watch(memory, 0, 20)
    memory.close()
    memory.close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    delete_session(folder)
    delete_session(folder)
    assert not folder.exists()


@pytest.mark.parametrize("name", ["", "..", "a/b", "../x", "a.b", "x" * 200])
def test_a_session_name_cannot_lead_elsewhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        session_folder(tmp_path, name)


def test_only_folders_of_sessions_are_deleted(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not the folder of a session"):
        delete_session(tmp_path)


def test_forgetting_leaves_no_trace_in_the_files(folder: Path) -> None:
    memory = open_memory(folder)
    watch(memory, 0, 32)
    memory.add_spoken(said(1, 40, "the password is xylophone"))
    memory.add_spoken(said(2, 5, "the harmless word is zebra"))
    secret = watch(memory, 40, 56)[-1]
    pieces = [b"xylophone", secret.key_frames[0].jpeg[-100:-40], secret.short_term.tobytes()[:64]]
    watch(memory, 60, 76)
    memory.forget(36, 58)
    harmless = memory.clips()[0].key_frames[0].jpeg[-100:-40]
    files = b"".join(file.read_bytes() for file in folder.iterdir())
    assert [piece in files for piece in pieces] == [False, False, False]
    assert harmless in files
    assert b"zebra" in files
    memory.close()
    assert not any(piece in (folder / FILE_NAME).read_bytes() for piece in pieces)
