"""What comes in of another memory: numbers of its own, clips without pictures, vectors of another space."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from archiving import export, take_in
from memory_stream import HashedWords, ask, open_memory, said, watch

from omnilive_demo.clock import ManualTime, SessionClock
from omnilive_demo.events import Caption
from omnilive_demo.memory import archive_reading, quota
from omnilive_demo.memory.compressor import Array
from omnilive_demo.memory.pooling import PoolingCompressor
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.taking_in import TakingIn


def clock() -> SessionClock:
    return SessionClock(ManualTime(), start_s=45.0)


def test_a_question_typed_after_an_import_is_remembered_beside_what_came_in(tmp_path: Path) -> None:
    source = open_memory(tmp_path / "source")
    for number, text in ((1, "the first of before"), (2, "the second of before")):
        source.add_spoken(said(number, float(number), text))
    path = export(source, tmp_path / "memory.zip")
    memory = open_memory(tmp_path / "target")
    memory.add_spoken(said(-1, 1.0, "typed before the import"))
    for _ in range(2):
        take_in(memory, path, clock())
    memory.add_spoken(said(-2, 100.0, "typed after it"))
    memory.add_spoken(said(-1, 1.0, "typed before the import", answered=True))
    before = ["the first of before", "the second of before"]
    assert [(words.text, words.answered) for words in memory.spoken()] == [
        ("typed before the import", True), *((text, False) for text in 2 * before), ("typed after it", False),
    ]  # fmt: skip
    assert len({words.utterance for words in memory.spoken()}) == 6
    memory.close()
    source.close()


def test_what_the_page_is_told_of_an_import_never_overwrites_what_was_typed(tmp_path: Path) -> None:
    source = open_memory(tmp_path / "source")
    source.add_spoken(said(1, 1.0, "of before"))
    path = export(source, tmp_path / "memory.zip")
    memory = open_memory(tmp_path / "target")
    taking = TakingIn(path)
    taking.open()
    taking.place(clock(), memory.sittings)
    taking.begin(memory)
    assert not taking.slice(memory)
    told = [event for event in taking.finish(memory) if isinstance(event, Caption)]
    assert [(event.text, event.utterance) for event in told] == [("of before", memory.spoken()[0].utterance)]
    assert told[0].utterance < -1_000_000
    taking.close()
    memory.close()
    source.close()


def with_bare_clips(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An exported memory whose oldest clips had made room."""
    monkeypatch.setattr(quota, "UNTOUCHED", 4)
    monkeypatch.setattr(quota, "AT_ONCE", 2)
    memory = open_memory(folder, limit_bytes=90_000)
    watch(memory, 0, 16 * 12)
    assert memory.figures().let_go >= 2
    path = export(memory, folder / "memory.zip")
    memory.close()
    return path


def test_clips_that_come_in_without_pictures_are_not_chosen_to_make_room_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = with_bare_clips(tmp_path / "source", monkeypatch)
    memory = open_memory(tmp_path / "target")
    take_in(memory, path, clock())
    bare = [clip.id for clip in memory.clips() if not len(clip.short_term)]
    assert len(bare) == memory.figures().let_go >= 2
    assert set(memory._store.whole_clips(100)) == {clip.id for clip in memory.clips()} - set(bare)
    whole = ask(memory, "when was it bright?", 300.0).evidence
    assert whole
    memory.close()
    again = open_memory(tmp_path / "target")
    assert not again.damage
    assert again.figures().let_go == len(bare)
    view = again._log.view()
    rows = again._long_term.read(view.clip_numbers, view.globals, None)
    assert rows.shape == (len(again.clips()), rows.shape[1])
    assert not np.isnan(rows).any()
    again.close()


class Expecting(PoolingCompressor):
    """Notes what it was to read ahead and to integrate."""

    def __init__(self) -> None:
        super().__init__(HashedWords())
        self.expected: list[int] = []
        self.integrated: list[list[int]] = []

    def expect(self, short_term: Sequence[Array]) -> None:
        self.expected.append(len(short_term))

    def integrate(self, short_term: Sequence[Array], global_: Sequence[Array]) -> Array:
        self.integrated.append([len(slots) for slots in short_term])
        return super().integrate(short_term, global_)


@pytest.mark.parametrize("space", ["own", "another"])
def test_vectors_of_another_space_are_not_read_ahead(tmp_path: Path, space: str) -> None:
    source = SessionMemory(
        tmp_path / "source", PoolingCompressor(HashedWords()), HashedWords(), epoch_s=0.0, space=space
    )
    watch(source, 0, 48)
    path = export(source, tmp_path / "memory.zip")
    source.close()
    compressor = Expecting()
    memory = SessionMemory(tmp_path / "target", compressor, HashedWords(), epoch_s=0.0, space="own")
    take_in(memory, path, clock())
    assert compressor.expected == ([1, 2, 3] if space == "own" else [])
    watch(memory, 200, 216)
    assert compressor.expected[-1] == (4 if space == "own" else 1)
    assert len(memory.clips()[0].short_term), "they are kept, for a time when that model is back"
    memory.close()


def test_a_clip_without_short_term_memory_is_integrated_by_its_global_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = with_bare_clips(tmp_path / "source", monkeypatch)
    compressor = Expecting()
    memory = SessionMemory(tmp_path / "target", compressor, HashedWords(), epoch_s=0.0)
    take_in(memory, path, clock())
    ask(memory, "when was it bright?", 300.0)
    assert compressor.integrated
    assert 1 in compressor.integrated[-1]
    assert 0 not in compressor.integrated[-1]
    memory.close()


def test_pictures_are_decoded_once_on_their_way_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = open_memory(tmp_path / "source")
    watch(source, 0, 48)
    pictures = sum(len(clip.key_frames) for clip in source.clips())
    path = export(source, tmp_path / "memory.zip")
    source.close()
    looked, look_at = list[bytes](), archive_reading._look_at

    def counted(jpeg: bytes) -> None:
        looked.append(jpeg)
        look_at(jpeg)

    monkeypatch.setattr(archive_reading, "_look_at", counted)
    memory = open_memory(tmp_path / "target")
    assert take_in(memory, path, clock()).clips == len(memory.clips()) == 3
    assert len(looked) == pictures > 0
    memory.close()
