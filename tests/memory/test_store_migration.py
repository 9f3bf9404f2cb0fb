"""Stores of every older version open; what was damaged in them stays damaged; a newer one is left as it is."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from memory_stream import HashedWords, ask, open_memory, watch

from omnilive_demo.memory.sqlite_store import SCHEMA_VERSION
from omnilive_demo.memory.store import StoreError, session_folder
from omnilive_demo.memory.store_key import FILE_NAME

# As the app made them then, by the letter.
SQL = {
    1: """
CREATE TABLE sitting (id INTEGER PRIMARY KEY, epoch_s REAL NOT NULL, start_s REAL NOT NULL);
""",
    2: """
CREATE TABLE sitting (
    id INTEGER PRIMARY KEY, epoch_s REAL NOT NULL, start_s REAL NOT NULL, space TEXT NOT NULL);
""",
}
BOTH = """
CREATE TABLE clip (
    id INTEGER PRIMARY KEY AUTOINCREMENT, start_s REAL NOT NULL, end_s REAL NOT NULL, labels TEXT NOT NULL,
    caption TEXT NOT NULL, tokens_seen INTEGER NOT NULL, tokens_kept INTEGER NOT NULL, bytes INTEGER NOT NULL,
    digest BLOB NOT NULL);
CREATE TABLE part (
    clip INTEGER NOT NULL REFERENCES clip (id), kind TEXT NOT NULL, position INTEGER NOT NULL, t_s REAL,
    data BLOB NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (clip, kind, position));
CREATE TABLE spoken (
    id INTEGER PRIMARY KEY AUTOINCREMENT, utterance INTEGER NOT NULL, start_s REAL NOT NULL, end_s REAL NOT NULL,
    text TEXT NOT NULL, origin TEXT NOT NULL, answered INTEGER, sound_label TEXT NOT NULL,
    vector BLOB NOT NULL, digest BLOB NOT NULL);
CREATE TABLE heard (
    id INTEGER PRIMARY KEY AUTOINCREMENT, start_s REAL NOT NULL, end_s REAL NOT NULL, label TEXT NOT NULL,
    score REAL NOT NULL, origin TEXT NOT NULL);
CREATE TABLE long_term (
    segment INTEGER PRIMARY KEY, clips BLOB NOT NULL, data BLOB NOT NULL, digest BLOB NOT NULL);
CREATE VIRTUAL TABLE said USING fts5 (
    text, content='spoken', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2');
"""


def digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()


def packed(rows: np.ndarray) -> bytes:
    return np.array(rows.shape, "<i4").tobytes() + rows.astype("<f2").tobytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return session_folder(tmp_path, "abc")


def older(folder: Path, version: int) -> None:
    """Three clips, the second one damaged; two sentences, the second one damaged; a sound."""
    folder.mkdir(parents=True)
    db = sqlite3.connect(folder / FILE_NAME)
    db.execute("PRAGMA auto_vacuum = INCREMENTAL")
    db.execute("PRAGMA journal_mode = WAL")
    db.executescript(f"{SQL[version]} {BOTH} PRAGMA user_version = {version};")
    db.execute(f"INSERT INTO sitting VALUES (1, 1699990000.0, 0.0{', ' + repr('pooling') if version > 1 else ''})")
    for number in (1, 2, 3):
        row = (number, 16.0 * number, 16.0 * number + 15, json.dumps([["bright", 0.9]]), "Bright.", 256, 65, 1000)
        checksum = digest(repr(row).encode()) if number != 2 else b"damaged"
        db.execute("INSERT INTO clip VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, checksum))
        g = np.ones((1, 384)) / 8
        times = np.arange(16.0 * number, 16.0 * number + 16)
        parts = [
            ("S", 0, None, packed(np.ones((4, 384)))),
            ("g", 0, None, packed(g)),
            ("times", 0, None, times.tobytes()),
        ]
        parts += [("jpeg", i, times[i], f"picture {number} {i}".encode()) for i in range(3)]
        for part in parts:
            db.execute("INSERT INTO part VALUES (?, ?, ?, ?, ?, ?)", (number, *part, digest(part[3])))
    for number, text in enumerate(("the parcel is in the hall", "this was something else"), 1):
        vector = packed(HashedWords().encode([text]))
        checksum = digest(b"the key is on the table" + vector if number == 2 else text.encode() + vector)
        row = (number, number, 20.0, 22.0, text, "visitor", 1, "speech", vector, checksum)
        db.execute("INSERT INTO spoken VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        db.execute("INSERT INTO said (rowid, text) VALUES (?, ?)", (number, text))
    db.execute("INSERT INTO heard VALUES (1, 25.0, 26.0, 'door', 0.7, 'visitor')")
    data = packed(np.ones((3, 384)))
    db.execute(
        "INSERT INTO long_term VALUES (0, ?, ?, ?)", (np.arange(1, 4).astype("<i8").tobytes(), data, digest(data))
    )
    db.commit()
    db.close()


@pytest.mark.parametrize("version", [1, 2])
def test_a_store_of_an_older_version_opens_and_goes_on(folder: Path, version: int) -> None:
    older(folder, version)
    memory = open_memory(folder)
    assert [clip.id for clip in memory.clips()] == [1, 3]
    clip = memory.clips(3, 3)[0]
    assert [frame.jpeg for frame in clip.key_frames] == [b"picture 3 0", b"picture 3 1", b"picture 3 2"]
    assert (clip.frame_times_s[0], len(clip.frame_times_s)) == (48.0, 16)
    assert clip.short_term.shape == (4, 384)
    assert np.allclose(clip.global_, 0.125)
    assert [(said.text, said.answered) for said in memory.spoken()] == [("the parcel is in the hall", True)]
    assert [(sound.label, sound.score) for sound in memory.heard()] == [("door", 0.7)]
    assert len([sentence for sentence in memory.damage if "left out" in sentence]) == 2
    assert memory.sittings[0].space == "pooling"
    assert ask(memory, "what did i say about the parcel", 80).evidence[0].text == "the parcel is in the hall"
    assert [clip.id for clip in watch(memory, memory.start_s, memory.start_s + 16)] == [4]
    memory.close()
    again = open_memory(folder)
    assert [clip.id for clip in again.clips()] == [1, 3, 4]
    again.close()
    db = sqlite3.connect(folder / FILE_NAME)
    assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    assert db.execute("SELECT count(*) FROM part WHERE kind = 'g'").fetchone() == (0,)
    db.close()


def test_a_migration_that_fails_leaves_the_store_as_it_was(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    older(folder, 2)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("omnilive_demo.memory.store_schema._words_to_3", full)
        with pytest.raises(StoreError) as caught:
            open_memory(folder)
    assert caught.value.code == "disk_full"
    memory = open_memory(folder)
    assert len(memory.clips()) == 2
    memory.close()


@pytest.mark.parametrize("version", [1, 2])
def test_a_damaged_store_of_an_older_version_is_salvaged(folder: Path, version: int) -> None:
    older(folder, version)
    path = folder / FILE_NAME
    data = bytearray(path.read_bytes())
    data[:100] = bytes(100)
    path.write_bytes(data)
    memory = open_memory(folder)
    assert [clip.id for clip in memory.clips()] == [1, 3]
    assert len(memory.spoken()) == len(memory.heard()) == 1
    assert any("was damaged" in sentence for sentence in memory.damage)
    memory.close()


def test_a_store_of_a_newer_version_is_refused_in_a_sentence_and_left_as_it_is(folder: Path) -> None:
    open_memory(folder).close()
    db = sqlite3.connect(folder / FILE_NAME)
    assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    (stamp,) = db.execute("PRAGMA application_id").fetchone()
    db.execute("PRAGMA user_version = 99")
    db.execute(f"PRAGMA application_id = {stamp - SCHEMA_VERSION + 99}")
    db.execute("CREATE TABLE something_new (id INTEGER)")
    db.close()
    before = (folder / FILE_NAME).read_bytes()
    with pytest.raises(StoreError, match="newer version") as caught:
        open_memory(folder)
    assert caught.value.code == "store_newer"
    assert (folder / FILE_NAME).read_bytes() == before
