from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from memory_stream import EPOCH_S, HashedWords, ask, frame, heard, open_memory, said, watch
from PIL import Image

from omnilive_demo.cancel import CancelToken
from omnilive_demo.memory.compressor import Array
from omnilive_demo.memory.key_frames import choose_key_frames, clip_labels, encode_jpeg
from omnilive_demo.memory.long_memory import LongMemory
from omnilive_demo.memory.picture_scores import PictureScale
from omnilive_demo.memory.pooling import PoolingCompressor
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.records import FrameFeatures, Heard, Label, Question, Recall


class CountingPooling(PoolingCompressor):
    """Counts what is integrated, and what a question reads."""

    def __init__(self) -> None:
        super().__init__(HashedWords())
        self.integrated: list[int] = []
        self.rows_read: list[int] = []

    def integrate(self, short_term: Sequence[Array], global_: Sequence[Array]) -> Array:
        self.integrated.append(len(global_))
        return super().integrate(short_term, global_)

    def encode_question(self, question: str, long_term: Array) -> Array | None:
        self.rows_read.append(len(long_term))
        return super().encode_question(question, long_term)


class LongPooling(PoolingCompressor):
    """Its g_k have any length, as those of a learned compressor have."""

    def compress(self, frames: Sequence[FrameFeatures], start_s: float, end_s: float) -> tuple[Array, Array]:
        short_term, global_ = super().compress(frames, start_s, end_s)
        return short_term, global_ * (3.0 + start_s % 7.0)


@pytest.fixture
def memory(tmp_path: Path) -> SessionMemory:
    return open_memory(tmp_path / "sessions" / "a")


def test_it_is_a_long_memory(memory: SessionMemory) -> None:
    whole: LongMemory = memory
    assert whole.figures().clips == 0
    assert whole.open_clip() is None


def test_a_closed_clip_is_compressed_described_and_counted(memory: SessionMemory) -> None:
    clip = watch(memory, 0, 16, ("dark", "plain"))[0]
    assert clip.id == 1
    assert (clip.start_s, clip.end_s, len(clip.frame_times_s)) == (0.0, 15.0, 16)
    assert clip.caption == "dark, plain"
    assert clip.short_term.shape == (64, clip.global_.shape[0])
    assert clip.short_term.dtype == clip.global_.dtype == np.float16
    assert (clip.tokens_seen, clip.tokens_kept) == (16 * 16, 65)
    assert [frame.t_s for frame in clip.key_frames] == [0.0, 8.0, 15.0]
    assert memory.figures().tokens_kept == 65


def test_key_frames_are_jpegs_of_at_most_320_pixels() -> None:
    jpeg = encode_jpeg(np.full((480, 641, 3), 90, np.uint8))
    picture = Image.open(io.BytesIO(jpeg))
    assert picture.format == "JPEG"
    assert picture.size == (320, 240)
    assert Image.open(io.BytesIO(encode_jpeg(np.zeros((50, 60, 3), np.uint8)))).size == (60, 50)


def test_key_frames_are_first_last_and_what_changed_most() -> None:
    assert choose_key_frames([0.0]) == (0,)
    assert choose_key_frames([0.0, 0.0]) == (0, 1)
    assert choose_key_frames([0.0] * 16) == (0, 8, 15)
    assert choose_key_frames([0, 0, 0.4, 0, 0.9, 0, 0.5, 0]) == (0, 4, 6, 7)


def test_a_clip_is_called_only_what_holds_for_half_of_it() -> None:
    dark, moving = Label("dark", 0.8), Label("moving", 0.9)
    assert [label.text for label in clip_labels([(dark, moving), (dark,), (dark,)])] == ["dark"]


def test_the_open_clip_shows_its_newest_picture(memory: SessionMemory) -> None:
    watch(memory, 0, 5)
    growing = memory.open_clip()
    assert growing is not None
    assert growing[:3] == (0.0, 4.0, 5)
    assert growing[3].t_s == 4.0
    watch(memory, 5, 9)
    assert memory.open_clip()[2] == 4  # type: ignore[index]


def test_closing_keeps_the_open_clip(memory: SessionMemory, tmp_path: Path) -> None:
    watch(memory, 0, 5)
    memory.close()
    again = open_memory(tmp_path / "sessions" / "a")
    assert [len(clip.frame_times_s) for clip in again.clips()] == [5]
    again.close()


def test_recall_reads_the_open_clip_and_changes_nothing(memory: SessionMemory) -> None:
    watch(memory, 0, 16, ("red",))
    watch(memory, 16, 20, ("dark",))
    before = (memory.figures(), memory.open_clip(), memory.snapshot(20.0))
    recall = ask(memory, "when was it dark", 20.0)
    assert [(e.clip_id, e.start_s, e.end_s, e.kind) for e in recall.evidence] == [(2, 16.0, 19.0, "picture")]
    assert (memory.figures(), memory.open_clip(), memory.snapshot(20.0)) == before


def test_only_the_direction_of_g_counts(tmp_path: Path) -> None:
    graded = PictureScale(nothing=-1.0, certain=1.0)
    plain = open_memory(tmp_path / "a", scale=graded)
    other = SessionMemory(tmp_path / "b", LongPooling(HashedWords()), HashedWords(), epoch_s=EPOCH_S, scale=graded)
    for each in (plain, other):
        for n, looks in enumerate((("red",), ("dark",), ("green",), ("bright",), ("dark", "moving"), ("red",))):
            watch(each, 16 * n, 16 * n + 16, looks)
        watch(each, 96, 100, ("dark",))
    for text in ("when was it dark", "did you see anything purple", "what happened"):
        found, expected = ask(other, text, 100.0), ask(plain, text, 100.0)
        assert expected.evidence
        assert [e.clip_id for e in found.evidence] == [e.clip_id for e in expected.evidence]
        assert [e.score for e in found.evidence] == pytest.approx([e.score for e in expected.evidence], abs=2e-3)


def test_a_snapshot_never_sees_what_came_later(memory: SessionMemory) -> None:
    watch(memory, 0, 20, ("red",))
    memory.add_spoken(said(1, 10, "the code is four"))
    snapshot = memory.snapshot(20.0)
    asked = [
        Question(1, text, 20.0, snapshot, spoken=True)
        for text in ("when was it dark", "what did i say about the code", "what was that noise", "what is this")
    ]
    before = [memory.recall(question, CancelToken()) for question in asked]
    watch(memory, 20, 60, ("dark",))
    memory.add_spoken(said(2, 30, "the code is five"))
    memory.add_spoken(said(1, 10, "the code is four", answered=True))
    memory.add_heard(heard(40))
    assert [memory.recall(question, CancelToken()) for question in asked] == before
    assert before[0].evidence == ()
    assert [e.text for e in before[1].evidence] == ["the code is four"]
    assert before[2].evidence == ()
    assert before[3].evidence[0].clip_id == 2


def test_questions_may_be_asked_while_frames_come_in(memory: SessionMemory) -> None:
    failed: list[BaseException] = []
    done = threading.Event()

    def question() -> None:
        try:
            while not done.is_set():
                ask(memory, "when was it dark a minute ago", memory.figures().seconds)
                memory.search("words")
        except BaseException as error:
            failed.append(error)

    asker = threading.Thread(target=question)
    asker.start()
    for n in range(300):
        memory.see(frame(float(n), ("dark",) if n % 40 < 20 else ("red",), similarity=0.2 if n % 20 == 0 else 1.0))
        if n % 10 == 0:
            memory.add_spoken(said(n, n, f"words {n}"))
    done.set()
    asker.join()
    assert not failed


def test_a_cancelled_recall_is_empty(memory: SessionMemory) -> None:
    watch(memory, 0, 20)
    cancel = CancelToken()
    cancel.cancel()
    question = Question(1, "what is this", 20.0, memory.snapshot(20.0), spoken=True)
    assert memory.recall(question, cancel) == Recall()


def _long(folder: Path, compressor: PoolingCompressor, clips: int) -> SessionMemory:
    memory = SessionMemory(folder, compressor, HashedWords(), epoch_s=EPOCH_S)
    for n in range(3 * clips + 1):
        memory.see(frame(float(n), similarity=0.2 if n % 3 == 0 else 1.0))
    return memory


def test_a_question_does_not_integrate_closed_segments_again(tmp_path: Path) -> None:
    compressor = CountingPooling()
    memory = _long(tmp_path, compressor, 150)
    assert compressor.integrated == [63, 64]
    compressor.integrated.clear()
    ask(memory, "when was it dark", 451.0)
    assert compressor.integrated == [150 - 127 + 1]
    assert compressor.rows_read == [151]
    memory.close()


def test_long_term_memory_is_kept_across_a_restart(tmp_path: Path) -> None:
    _long(tmp_path, PoolingCompressor(HashedWords()), 150).close()
    compressor = CountingPooling()
    again = SessionMemory(tmp_path, compressor, HashedWords(), epoch_s=EPOCH_S)
    ask(again, "when was it dark", 451.0)
    assert compressor.integrated == [151 - 127]
    again.close()


def test_who_reads_memory_gets_what_the_question_may_see(tmp_path: Path) -> None:
    compressor = CountingPooling()
    memory = SessionMemory(tmp_path / "a", compressor, HashedWords(), epoch_s=EPOCH_S)
    clips = [clip for start in (0, 16, 32) for clip in watch(memory, start, start + 16)]
    watch(memory, 48, 52)
    asked = Question(1, "when was it dark?", 90.0, memory.snapshot(52.0), spoken=False)
    watch(memory, 52, 90)
    assert memory.recall(asked, CancelToken()).long_term is None
    told = memory.recall(asked, CancelToken(), with_long_term=True).long_term
    assert told is not None
    opened = compressor.compress([frame(t_s).features for t_s in (48.0, 49.0, 50.0, 51.0)], 48.0, 51.0)
    slots, globals_ = (
        [*(getattr(c, kind) for c in clips), last] for kind, last in zip(("short_term", "global_"), opened, strict=True)
    )
    expected = compressor.integrate(
        [rows.astype(np.float32) for rows in slots], [row.astype(np.float32) for row in globals_]
    )
    assert told.dtype == np.float16
    assert told.shape == (4, compressor.width), "three closed clips and the one that was open"
    np.testing.assert_allclose(told, expected, atol=1e-3)
    chat = memory.recall(replace(asked, text="hello"), CancelToken(), with_long_term=True)
    np.testing.assert_array_equal(chat.long_term, told, "whatever the question is about")
    empty = open_memory(tmp_path / "b")
    none = empty.recall(replace(asked, snapshot=empty.snapshot(1.0)), CancelToken(), with_long_term=True)
    assert none.long_term is None


def test_a_question_reads_at_most_512_rows(tmp_path: Path) -> None:
    compressor = CountingPooling()
    memory = _long(tmp_path, compressor, 600)
    ask(memory, "when was it dark", 1801.0)
    assert compressor.rows_read == [448 + 601 % 64]
    assert max(compressor.integrated) <= 64
    memory.close()


def test_forgetting_a_range_takes_clips_words_sounds_and_their_long_term_memory(tmp_path: Path) -> None:
    compressor = CountingPooling()
    memory = _long(tmp_path, compressor, 150)
    memory.add_spoken(said(1, 31, "a secret"))
    memory.add_spoken(said(2, 200, "not a secret"))
    memory.add_heard(heard(33))
    compressor.integrated.clear()
    figures = memory.forget(30, 40)
    assert [c.id for c in memory.clips(1, 20)] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 16, 17, 18, 19, 20]
    assert (figures.clips, figures.forgot_from_s, figures.forgot_to_s) == (146, 30, 40)
    assert compressor.integrated == [59]
    assert [s.text for s in memory.spoken()] == ["not a secret"]
    assert memory.heard() == []
    assert [e.text for e in memory.search("secret").evidence if e.kind == "speech"] == ["not a secret"]
    assert all(e.clip_id not in (11, 12, 13, 14) for e in ask(memory, "when was it bright", 451).evidence)
    memory.close()


def test_forgetting_everything_leaves_nothing_and_goes_on(memory: SessionMemory) -> None:
    watch(memory, 0, 40)
    memory.add_spoken(said(1, 5, "a secret"))
    snapshot = memory.snapshot(40.0)
    memory.forget()
    assert (len(memory.clips()), list(memory.spoken()), memory.open_clip()) == (0, [], None)
    question = Question(1, "what is this", 40.0, snapshot, spoken=True)
    assert memory.recall(question, CancelToken()).evidence == ()
    assert watch(memory, 50, 66)[0].id == 3


def test_forgetting_reaches_into_the_open_clip(memory: SessionMemory) -> None:
    watch(memory, 0, 10)
    memory.forget(0, 6)
    growing = memory.open_clip()
    assert growing is not None
    assert growing[:3] == (7.0, 9.0, 3)
    assert ask(memory, "what is this", 10.0).evidence[0].start_s == 7.0


def test_words_that_were_not_answered_are_remembered_and_amended(memory: SessionMemory) -> None:
    memory.add_spoken(said(1, 5, "i wonder where the hammer is", answered=None))
    memory.add_spoken(said(1, 5, "", answered=False))
    assert [(s.text, s.answered) for s in memory.spoken()] == [("i wonder where the hammer is", False)]


def test_clips_are_read_by_number(memory: SessionMemory) -> None:
    watch(memory, 0, 64)
    assert [c.id for c in memory.clips(2, 3)] == [2, 3]
    assert [c.id for c in memory.clips(3)] == [3, 4]
    assert memory.clips()[-1].id == 4
    assert [c.id for c in memory.clips()[:2]] == [1, 2]


def test_a_sound_that_gets_a_better_name_has_it_for_earlier_questions_too_and_on_the_disk(tmp_path: Path) -> None:
    memory = open_memory(tmp_path)
    memory.add_heard(heard(4.0))
    memory.add_heard(Heard(4.0, 4.5, "sound", 0.5, "source"))
    question = Question(1, "did you hear a cat", 6.0, memory.snapshot(6.0), spoken=True)
    memory.rename_heard(Heard(4.0, 4.5, "meowing cat", 0.9))
    assert [e.text for e in memory.recall(question, CancelToken()).evidence] == ["meowing cat", "sound"]
    memory.forget(0.0, 10.0)
    memory.add_heard(heard(20.0))
    memory.rename_heard(Heard(4.0, 4.5, "barking", 0.9))  # it was forgotten meanwhile
    memory.rename_heard(Heard(20.0, 20.5, "siren", 0.9))
    assert memory.heard() == [Heard(20.0, 20.5, "siren", 0.9)]
    memory.close()
    again = open_memory(tmp_path)
    assert again.heard() == [Heard(20.0, 20.5, "siren", 0.9)]
    again.close()
