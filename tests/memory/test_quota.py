"""The limit on disk: pictures and S of old clips, the least recalled of them, make room; everything else stays."""

from __future__ import annotations

from pathlib import Path

from memory_stream import HashedWords, ask, open_memory, said, watch

from omnilive_demo.memory import quota
from omnilive_demo.memory.session_memory import SessionMemory


def filled(folder: Path, monkeypatch, limit_bytes: int) -> SessionMemory:
    monkeypatch.setattr(quota, "UNTOUCHED", 4)
    monkeypatch.setattr(quota, "AT_ONCE", 2)
    memory = open_memory(folder, HashedWords(), limit_bytes=limit_bytes)
    memory.add_spoken(said(1, 3, "the passport is in the drawer"))
    for n in range(4):
        watch(memory, 16.0 * n, 16.0 * (n + 1))
    ask(memory, "What did I say about the passport?", 64.0)  # so clip 1 is worth more than clip 2
    for n in range(4, 20):
        watch(memory, 16.0 * n, 16.0 * (n + 1))
    return memory


def test_old_pictures_make_room_and_what_finds_them_stays(tmp_path: Path, monkeypatch) -> None:
    limit = 160_000
    memory = filled(tmp_path, monkeypatch, limit)
    figures = memory.figures()
    assert figures.clips == 20
    assert figures.let_go > 0
    assert figures.limit_bytes == limit
    assert memory._store.used_bytes() <= limit + 16_000
    clips = list(memory.clips())
    bare = [clip.id for clip in clips if not clip.key_frames]
    assert len(bare) == figures.let_go
    assert 1 not in bare
    assert 2 in bare
    assert max(bare) <= 16
    assert all(len(clip.short_term) == (0 if clip.id in bare else 64) for clip in clips)
    assert all(clip.labels and clip.caption and clip.global_.any() for clip in clips)
    found = ask(memory, "What happened at the beginning?", 330.0)
    assert found.evidence
    memory.close()


def test_what_was_let_go_is_known_after_a_restart_and_is_no_damage(tmp_path: Path, monkeypatch) -> None:
    memory = filled(tmp_path, monkeypatch, 160_000)
    before = memory.figures()
    memory.close()
    again = open_memory(tmp_path, HashedWords())
    assert not again.damage
    assert (again.figures().let_go, again.figures().bytes) == (before.let_go, before.bytes)
    again.close()


def test_without_a_limit_nothing_goes(tmp_path: Path) -> None:
    memory = open_memory(tmp_path, HashedWords())
    for n in range(8):
        watch(memory, 16.0 * n, 16.0 * (n + 1))
    assert (memory.figures().let_go, memory.figures().limit_bytes) == (0, None)
    memory.close()
