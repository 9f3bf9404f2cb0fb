from __future__ import annotations

import contextlib
import sqlite3
import stat
from pathlib import Path

import pytest
from memory_stream import ask, frame, heard, open_memory, said, watch

from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.memory.sqlite_store import SqliteStore
from omnilive_demo.memory.store import StoreError, delete_session, session_folder
from omnilive_demo.memory.store_connection import connect
from omnilive_demo.memory.store_key import FILE_NAME, unlock


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


@pytest.mark.parametrize(
    ("kind", "lost"), [("S", "its short-term memory"), ("jpeg", "a picture"), ("times", "its times")]
)
def test_a_flipped_bit_in_a_blob_costs_that_blob_and_is_said(folder: Path, kind: str, lost: str) -> None:
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
    assert again.damage == (f"Clip 2 has lost {lost}.",)
    clip = again.clips(2, 2)[0]
    assert (len(clip.short_term) == 0, len(clip.key_frames) == 2, not clip.frame_times_s) == (
        kind == "S", kind == "jpeg", kind == "times",
    )  # fmt: skip
    assert ask(again, "when was it bright", 50).looked_at_clips == 3
    again.close()


@pytest.mark.parametrize("column", ["start_s", "labels", "caption", "tokens_kept", "global"])
def test_a_clip_whose_row_is_damaged_is_left_out_and_goes_with_the_next_forgetting(folder: Path, column: str) -> None:
    memory = open_memory(folder)
    watch(memory, 0, 48)
    memory.close()
    db = sqlite3.connect(folder / FILE_NAME)
    db.execute(f"UPDATE clip SET {column} = CASE typeof({column}) WHEN 'real' THEN 17.0 ELSE x'00' END WHERE id = 2")
    db.commit()
    db.close()
    again = open_memory(folder)
    assert [clip.id for clip in again.clips()] == [1, 3]
    assert again.damage[0].startswith("Clip 2 (1")
    again.forget(100, 200)  # nobody knows any more when the damaged one was
    again.close()
    db = sqlite3.connect(folder / FILE_NAME)
    assert db.execute("SELECT DISTINCT clip FROM part ORDER BY clip").fetchall() == [(1,), (3,)]
    db.close()


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


@pytest.mark.parametrize("key", ["", "a key for tests"])
@pytest.mark.parametrize("span", [(36, 58), (40, None), (None, None)])
def test_forgetting_leaves_no_trace_in_the_files(
    folder: Path, key: str, span: tuple[float | None, float | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = folder.parent / "temporary"
    temporary.mkdir(parents=True)
    monkeypatch.setenv("SQLITE_TMPDIR", str(temporary))
    monkeypatch.setenv("TMPDIR", str(temporary))
    memory = open_memory(folder, store=SqliteStore(folder, key=key))
    harmless = watch(memory, 0, 32)[0].key_frames[0].jpeg[-100:-40]
    memory.add_spoken(said(1, 40, "the password is xylophone"))
    memory.add_spoken(said(2, 5, "the harmless word is zebra"))
    memory.add_heard(heard(45, "hrududu"))
    secret = watch(memory, 40, 56)[-1]
    memory.set_caption(secret.id, "Mrs Quimby opens the safe.")
    watch(memory, 60, 62)  # still open
    pieces = [b"xylophon", b"hrududu", b"Quimby", secret.key_frames[0].jpeg[-100:-40], secret.short_term.tobytes()[:64]]

    def found() -> list[bool]:
        data = b"".join(file.read_bytes() for file in folder.parent.rglob("*") if file.is_file())
        if key:  # what lies in it is what its own pages say
            with contextlib.closing(connect(folder / FILE_NAME, unlock(folder, key))) as db:
                tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE TABLE%'")]
                values = [v for table in tables for row in db.execute(f"SELECT * FROM '{table}'") for v in row]
                data += b"".join(v.encode() if isinstance(v, str) else v for v in values if isinstance(v, str | bytes))
        return [piece in data for piece in (*pieces, harmless, b"zebra")]

    assert all(found())
    memory.forget(*span)
    kept = span[0] is not None
    assert found() == [False] * len(pieces) + [kept, kept]
    memory.close()
    assert found() == [False] * len(pieces) + [kept, kept]
    if key:
        again = open_memory(folder, store=SqliteStore(folder, key=key))
        assert len(again.search("zebra").evidence) == kept
        assert not any(e.kind == "speech" for e in again.search("xylophone").evidence)
        again.close()


@pytest.mark.parametrize("key", ["", "a key for tests"])
def test_reading_a_closed_memory_says_so_and_does_not_mark_it_as_damaged(folder: Path, key: str) -> None:
    memory = open_memory(folder, store=SqliteStore(folder, key=key))
    watch(memory, 0, 40)
    memory.close()
    again = open_memory(folder, store=SqliteStore(folder, key=key))
    going_out = again.clips()
    assert going_out[0].key_frames
    again.close()
    with pytest.raises(StoreError) as caught:
        list(going_out)
    assert caught.value.code == "store_closed"
    with contextlib.suppress(StoreError):
        again.add_heard(heard(60))
    assert not list(folder.glob("*suspect*"))
    assert again.search("bright").looked_at_clips == 3, "what is in RAM can still be read"
