"""Recall with a compressor that understands things, needs and pointing, and names on the pictures."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from learned_fake import LearnedFake
from memory_stream import EPOCH_S, HashedWords, ask, frame, heard, open_memory, said, watch

from omnilive_demo.memory.picture_scores import PictureScale
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.memory.sqlite_store import FILE_NAME
from omnilive_demo.models.clip_reader import Caption
from omnilive_demo.models.thing_names import ThingNames
from omnilive_demo.records import FrameFeatures, Label, Recall, SeenFrame

NAMES = ThingNames(
    {"umbrella": "umbrellas", "ice cream": "ice creams", "mug": "mugs", "alarm clock": "alarm clocks"}
    | {"teddy bear": "teddy bears"}
)
MEANS = {
    "How about the weather today, what should I take?": ("red",),
    "What was that?": ("green",),
    "What did I just put down?": ("purple",),  # which is nowhere
    "What was the first thing you saw?": ("purple",),
    "Where is my mug?": ("blue",),
    "What did I say about the umbrella?": ("blue",),
}
SCALE = PictureScale(0.3, 0.7, learned=True)
NOW_S = 86.0


class Describer:
    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []

    name = "describer"
    score = 0.9

    def caption(self, short_term: np.ndarray) -> Caption:
        self.seen.append(short_term.shape)
        return Caption(f"a clip of {int(short_term[0, 0])} frames", self.score)

    def names(self, short_term: np.ndarray) -> tuple[Label, ...]:
        raise AssertionError("a caption needs no names")

    def ask(self, short_term: np.ndarray, kind: str, name: str | None = None) -> Label | None:
        raise AssertionError("a caption needs no answers")


def learned(folder: Path, captioner: Describer | None = None, space: str = "") -> SessionMemory:
    encoder = HashedWords()
    return SessionMemory(
        folder, LearnedFake(encoder, MEANS), encoder, epoch_s=EPOCH_S, scale=SCALE, names=NAMES, captioner=captioner,
        space=space,
    )  # fmt: skip


def show(memory: SessionMemory, from_s: float, to_s: float, looks: tuple[str, ...], *things: str) -> None:
    for t_s in np.arange(from_s, to_s, 1.0):
        one = frame(float(t_s), looks, similarity=0.2 if t_s == from_s else 0.99)
        labels = (*(Label(thing, 0.9) for thing in things), *one.labels)
        memory.see(SeenFrame(one.t_s, one.image, one.features, labels, one.change, one.similarity))


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SessionMemory]:
    """Clips: 1 umbrella, red; 2 ice cream, dark; 3 mug, plain; 4 green; 5 mug, bright; 6 blue."""
    memory = learned(tmp_path_factory.mktemp("sessions") / "a")
    show(memory, 0, 16, ("red",), "umbrella")
    show(memory, 16, 32, ("dark",), "ice cream")
    show(memory, 32, 48, ("plain",), "mug")
    memory.add_spoken(said(1, 40, "the umbrella was a present"))
    memory.add_heard(heard(45, "alarm"))
    show(memory, 48, 64, ("green",))
    show(memory, 64, 80, ("bright",), "mug")
    show(memory, 80, 86, ("blue",))
    yield memory
    memory.close()


def clips(recall: Recall) -> list[int | None]:
    return [e.clip_id for e in recall.evidence]


def test_a_need_finds_its_picture_whatever_the_hour(stream: SessionMemory) -> None:
    recall = ask(stream, "How about the weather today, what should I take?", NOW_S)
    assert (recall.evidence[0].clip_id, recall.evidence[0].kind) == (1, "picture")


def test_pointing_back_follows_the_question_feature(stream: SessionMemory) -> None:
    recall = ask(stream, "What was that?", NOW_S)
    assert (recall.evidence[0].clip_id, recall.evidence[0].kind) == (4, "picture")


def test_pointing_that_no_picture_surely_answers_means_the_newest_or_the_first(stream: SessionMemory) -> None:
    assert clips(ask(stream, "What did I just put down?", NOW_S))[:3] == [5, 4, 3]
    assert clips(ask(stream, "What was the first thing you saw?", NOW_S))[0] == 1


def test_fewer_clips_need_less_of_a_cosine_and_needs_do_too() -> None:
    scale = PictureScale(0.3, 0.7, learned=True, growth=0.07)
    alone, many = np.array([0.3], np.float32), np.full(45, 0.3, np.float32)
    assert scale.score(alone)[0] > scale.score(many)[0] == pytest.approx(0.0, abs=1e-6)
    assert scale.score(many, needed=True)[0] > 0


def test_a_thing_that_is_named_is_found_by_its_label_first(stream: SessionMemory) -> None:
    recall = ask(stream, "Where is my mug?", NOW_S)
    assert set(clips(recall)[:2]) == {3, 5}
    assert recall.first is not None
    assert recall.last is not None
    assert (recall.first.clip_id, recall.last.clip_id) == (3, 5)


@pytest.mark.parametrize(
    ("question", "clip"), [("Did you see any ice cream?", 2), ("How many umbrellas were there?", 1)]
)
def test_names_of_two_words_and_plurals_are_found(stream: SessionMemory, question: str, clip: int) -> None:
    assert clips(ask(stream, question, NOW_S))[0] == clip


def test_a_name_of_two_words_is_found_in_the_open_clip(tmp_path: Path) -> None:
    memory = learned(tmp_path)
    show(memory, 0, 16, ("red",), "umbrella")
    show(memory, 16, 20, ("plain",), "teddy bear")
    recall = ask(memory, "Where is the teddy bear?", 20.0)
    assert recall.last is not None
    assert recall.last.clip_id == 2
    assert clips(recall)[0] == 2
    memory.close()


def test_a_part_of_a_name_finds_nothing(stream: SessionMemory) -> None:
    assert 2 not in clips(ask(stream, "Did you see any cream?", NOW_S))


def test_a_thing_that_nothing_shows_has_no_sighting(stream: SessionMemory) -> None:
    recall = ask(stream, "Where is the alarm clock?", NOW_S)
    assert recall.first is None
    assert all(e.kind != "sound" for e in recall.evidence)


def test_looks_are_found_by_their_labels_and_not_by_the_question_feature(stream: SessionMemory) -> None:
    assert clips(ask(stream, "When was it dark?", NOW_S)) == [2]


def test_questions_for_words_and_sounds_are_not_flooded_by_pictures(stream: SessionMemory) -> None:
    words = ask(stream, "What did I say about the umbrella?", NOW_S)
    assert words.evidence[0].kind == "speech"
    assert clips(words) == [3, 1]  # the words, and the clip that shows it; not the blue one
    assert [e.kind for e in ask(stream, "Did you hear the alarm?", NOW_S).evidence] == ["sound"]
    assert ask(stream, "Thank you very much", NOW_S).evidence == ()


def test_evidence_carries_the_short_term_memory_of_its_clip(stream: SessionMemory) -> None:
    for one in ask(stream, "Where is my mug?", NOW_S).evidence:
        assert one.short_term is not None
        expected = 6 if one.clip_id == 6 else 16
        assert one.short_term.shape[0] == 4 * expected
        assert one.short_term[0, 0] == expected


def test_evidence_of_now_carries_the_newest_frames_alone(stream: SessionMemory) -> None:
    now = ask(stream, "What is this?", NOW_S).evidence[0]
    assert (now.kind, now.clip_id) == ("now", 6)
    assert now.short_term is not None
    assert (len(now.short_term), now.short_term[0, 0]) == (12, 3)


def test_a_clip_that_just_closed_is_now_by_its_last_frames(tmp_path: Path) -> None:
    memory = learned(tmp_path)
    show(memory, 0, 16, ("red",), "umbrella")
    now = ask(memory, "What is this?", 17.0).evidence[0]
    assert now.short_term is not None
    assert len(now.short_term) == 12
    memory.close()


def test_a_thing_held_up_for_two_frames_names_its_clip(tmp_path: Path) -> None:
    memory = learned(tmp_path)
    show(memory, 0, 7, ("red",))
    for t_s in (7.0, 8.0):
        one = frame(t_s, ("red",))
        memory.see(SeenFrame(t_s, one.image, one.features, (Label("mug", 0.7 + t_s / 100), *one.labels), 0.0, 1.0))
    memory.see(frame(9.0, ("red",)))
    for t_s in range(10, 16):
        memory.see(frame(float(t_s), ("red",)))
    (clip,) = memory.clips()
    assert [(label.text, round(label.score, 2)) for label in clip.labels] == [("mug", 0.78), ("red", 0.9)]
    memory.close()


# ---- captions --------------------------------------------------------------------------------------------------------


def test_a_caption_is_written_later_and_kept(tmp_path: Path) -> None:
    describer = Describer()
    memory = learned(tmp_path, describer)
    show(memory, 0, 16, ("red",), "umbrella")
    assert memory.clips()[0].caption == "umbrella, red"
    assert describer.seen == []
    captioned = memory.caption(1)
    assert captioned is not None
    assert captioned.caption == memory.clips()[0].caption == "A clip of 16 frames."
    assert ask(memory, "Where is my umbrella?", 20.0).evidence[0].text == "A clip of 16 frames."
    memory.close()
    again = learned(tmp_path)
    assert (again.clips()[0].caption, again.damage) == ("A clip of 16 frames.", ())
    again.close()


def test_an_unsure_caption_is_not_taken(tmp_path: Path) -> None:
    describer = Describer()
    describer.score = 0.3
    memory = learned(tmp_path, describer)
    show(memory, 0, 16, ("red",), "umbrella")
    assert memory.caption(1) is None
    assert memory.clips()[0].caption == "umbrella, red"
    memory.close()


def test_nothing_is_captioned_that_is_not_there(tmp_path: Path) -> None:
    memory = learned(tmp_path, Describer())
    show(memory, 0, 16, ("red",), "umbrella")
    memory.forget()
    assert memory.caption(1) is None
    assert memory.caption(7) is None
    memory.close()


# ---- stores of other models ------------------------------------------------------------------------------------------


def test_what_another_model_remembered_keeps_words_and_labels_but_not_its_vectors(tmp_path: Path) -> None:
    before = learned(tmp_path, space="learned 1")
    show(before, 0, 16, ("red",), "umbrella")
    before.add_spoken(said(1, 10, "the keys are on the shelf"))
    before.close()
    after = learned(tmp_path, space="learned 2")
    show(after, 20, 36, ("blue",), "mug")
    weather = ask(after, "How about the weather today, what should I take?", 36.0)
    assert 1 not in clips(weather)  # red, as the question: but not comparable
    shown = ask(after, "Where is my umbrella?", 36.0)
    assert shown.evidence[0].clip_id == 1
    assert shown.evidence[0].short_term is None
    assert ask(after, "What did I say about the keys?", 36.0).evidence[0].text == "the keys are on the shelf"
    assert len(after.clips()[0].key_frames) > 0
    after.close()
    back = learned(tmp_path, space="learned 1")
    red = ask(back, "How about the weather today, what should I take?", 40.0).evidence[0]
    assert (red.clip_id, red.short_term is not None) == (1, True)
    back.close()


def test_a_store_from_before_the_spaces_had_names_is_read(tmp_path: Path) -> None:
    first = open_memory(tmp_path)
    watch(first, 0, 16, ("red",))
    first.close()
    db = sqlite3.connect(tmp_path / FILE_NAME)
    db.executescript("ALTER TABLE sitting DROP COLUMN space; PRAGMA user_version = 1;")
    db.close()
    pooled = open_memory(tmp_path)
    assert clips(ask(pooled, "when was it red", 20.0)) == [1]
    pooled.close()
    other = learned(tmp_path)
    assert 1 not in clips(ask(other, "How about the weather today, what should I take?", 20.0))
    other.close()


def test_scores_are_cosines_of_the_own_space_only() -> None:
    assert SCALE.score(np.array([0.2, 0.3, 0.5, 0.9], np.float32)) == pytest.approx([0.0, 0.0, 0.5, 1.0], abs=1e-6)
    assert FrameFeatures(np.zeros(2, np.float32), np.zeros((4, 2), np.float32)).plain is None
