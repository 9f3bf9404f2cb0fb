"""A key encrypts all of the store, or it is not opened and a sentence says why."""

from __future__ import annotations

from pathlib import Path

import pytest
from memory_stream import ask, open_memory, said, watch

from omnilive_demo.memory import store_key
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.memory.sqlite_store import SqliteStore
from omnilive_demo.memory.store import StoreError, session_folder
from omnilive_demo.memory.store_key import FILE_NAME, KEY_FILE, check_key

KEY = "correct horse battery"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return session_folder(tmp_path, "abc")


def opened(folder: Path, key: str) -> SessionMemory:
    return open_memory(folder, store=SqliteStore(folder, key=key))


def files(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


@pytest.mark.parametrize("key", ["", KEY])
def test_nothing_planted_is_found_in_any_file_of_an_encrypted_store(folder: Path, key: str) -> None:
    memory = opened(folder, key)
    clip = watch(memory, 0, 32)[0]
    memory.add_spoken(said(1, 5, "the password is xylophone"))
    planted = [b"xylophone", b"xylophon", clip.key_frames[0].jpeg[:60], clip.key_frames[0].jpeg[-60:],
               clip.short_term.tobytes()[:64], b"SQLite format 3", b"CREATE TABLE", KEY.encode()]  # fmt: skip
    running = files(folder)
    memory.close()
    closed = files(folder)
    again = opened(folder, key)
    assert ask(again, "what did i say about the xylophone", 40).evidence[0].text == "the password is xylophone"
    assert again.search("xylophone").evidence[0].kind == "speech"
    assert again.clips()[0].key_frames == clip.key_frames
    again.close()
    for data in (running, closed):
        found = [piece in data for piece in planted]
        assert not any(found) if key else all(found[i] for i in (0, 2, 3, 4, 5, 6))


def test_two_stores_of_one_key_share_nothing(tmp_path: Path) -> None:
    folders = [session_folder(tmp_path, name) for name in ("one", "two")]
    for one in folders:
        opened(one, KEY).close()
    first, second = ((one / FILE_NAME).read_bytes() for one in folders)
    assert not any(first[at : at + 16] in second for at in range(0, 4096, 16))


@pytest.mark.parametrize(
    ("written", "given", "code"),
    [
        (KEY, "", "store_locked"),
        (KEY, "another key", "wrong_key"),
        ("", KEY, "store_plain"),
        ("", "short", "key_too_short"),
    ],
)
def test_a_key_that_does_not_fit_is_a_sentence_and_changes_nothing(
    folder: Path, written: str, given: str, code: str
) -> None:
    memory = opened(folder, written)
    watch(memory, 0, 16)
    memory.close()
    before = files(folder)
    with pytest.raises(StoreError) as caught:
        opened(folder, given)
    assert caught.value.code == code
    assert str(caught.value).endswith(".")
    assert caught.value.hint
    assert given in ("", "short") or given not in str(caught.value) + caught.value.hint
    with pytest.raises(StoreError) as at_start:
        check_key(folder.parent.parent, given)
    assert at_start.value.code == code
    assert files(folder) == before
    again = opened(folder, written)
    assert len(again.clips()) == 1
    again.close()


def test_without_the_package_a_key_is_refused_at_the_start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_key, "cipher", None)
    with pytest.raises(StoreError, match="sqlcipher3") as caught:
        check_key(folder.parent.parent, KEY)
    assert "sqlcipher3==" in caught.value.hint
    check_key(folder.parent.parent, "")
    with pytest.raises(StoreError, match="sqlcipher3"):
        SqliteStore(folder, key=KEY)
    assert not (folder / FILE_NAME).exists()


def test_a_damaged_key_file_is_read_from_its_second_copy_or_named(folder: Path) -> None:
    opened(folder, KEY).close()
    file = folder / KEY_FILE
    data = bytearray(file.read_bytes())
    data[20] ^= 1
    file.write_bytes(data)
    opened(folder, KEY).close()
    data[-20] ^= 1
    file.write_bytes(data)
    with pytest.raises(StoreError) as caught:
        opened(folder, KEY)
    assert caught.value.code == "key_file_damaged"
