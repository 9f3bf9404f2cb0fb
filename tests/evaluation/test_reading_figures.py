"""The measurement of reading: with a reader that can read what a test wrote, and a small run of untrained networks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from omnilive_demo.evaluation import reading
from omnilive_demo.evaluation.reading_trials import KINDS, Answer, answers_of, clip_truth, reliability, word_f1
from omnilive_demo.models.nano.reader import Reader
from omnilive_demo.models.nano.words import COMMA, NOTHING, Vocabulary
from omnilive_demo.records import FrameFeatures, SeenFrame
from omnilive_demo.training.compressor_truth import caption_words, facts_of
from omnilive_demo.training.world.clips import DrawnClip
from omnilive_demo.training.world.things import by_name, things_of
from omnilive_demo.training.world.timeline import Happening, Segment, Timeline
from omnilive_demo.training.world.truth import Sighting

WORDS = Vocabulary({thing.name: thing.plural for thing in things_of("known")})
words = st.lists(st.sampled_from(["one", "two", "mug", "key", "red"]), max_size=8)


def frame(t_s: float) -> SeenFrame:
    import numpy as np

    picture = np.zeros((4, 4, 3), np.uint8)
    return SeenFrame(t_s, picture, FrameFeatures(np.ones(2, np.float32), np.ones((4, 2), np.float32)), (), 0.0, 1.0)


@pytest.fixture
def clip() -> DrawnClip:
    mug = Sighting(by_name()["mug"], (0.1, 0.4, 0.3, 0.6), "red", 0.9, "still", True)
    key = Sighting(by_name()["key"], (0.7, 0.4, 0.8, 0.5), None, 0.8, "left")
    truth = {10.0: (mug, key), 11.0: (mug, key), 12.0: (mug,)}
    shown = Happening("shown", "mug", 9.0, 12.5)
    gone_by = Happening("put_down", "key", 2.0, 6.0)
    timeline = Timeline((Segment(0.0, 20.0, "table", (), (shown, gone_by)),))
    return clip_truth(tuple(map(frame, truth)), truth, timeline)


class Mind:
    """Reads the truth where the memory is not blank, and finds nothing in a blank one."""

    vocabulary = WORDS

    def __init__(self, clip: DrawnClip) -> None:
        self._facts = {one.word: one for one in facts_of(clip, WORDS)}

    def names(self, memory: Tensor, at_least: float) -> list[tuple[str, float]]:
        there = [(word, 0.9) for word in self._facts] if memory.any() else []
        return [*there, (NOTHING, 0.1), ("dog", 0.05)]

    def ask(self, memory: Tensor, kind: str, name: str | None = None) -> tuple[str, float]:
        if not memory.any() or (name is not None and name not in self._facts):
            return NOTHING, 0.9
        if name is None:
            return next((w for w, one in self._facts.items() if kind in one.happens), NOTHING), 0.9
        one = self._facts[name]
        said = {
            "count": "one", "colour": one.colour or "unclear", "place": one.place,
            "motion": {"left": "moves left"}.get(one.motion, one.motion),
        }  # fmt: skip
        return said[kind], 0.9

    def write(self, memory: Tensor, prompt: Sequence[int], most: int) -> tuple[list[str], float]:
        return (caption_words(list(self._facts.values())) if memory.any() else [NOTHING]), -0.1


def test_the_truth_of_a_clip_is_what_its_frames_show(clip: DrawnClip) -> None:
    facts = {one.word: one for one in facts_of(clip, WORDS)}
    assert facts["mug"].colour == "red"
    assert facts["mug"].place == "left"
    assert {"held", "shown"} <= facts["mug"].happens
    assert facts["key"].motion == "left"
    assert not facts["key"].happens  # what happened to it was over before


def test_a_reader_that_reads_the_memory_loses_all_without_it(clip: DrawnClip) -> None:
    reader = cast(Reader, Mind(clip))
    full, blank = torch.ones(8, 4), torch.zeros(8, 4)
    conditions = (("read", full), ("zeroed", blank), ("other_clip", blank))
    answers = [one for name, memory in conditions for one in answers_of(reader, memory, clip, name, 1)]  # type: ignore[arg-type]
    found = reading.summary(answers)
    for kind in KINDS:
        assert found["read"][kind]["accuracy"] == 1.0, kind
        expected = 1.0 if kind == "absent" else 0.0
        assert found["zeroed"][kind]["accuracy"] == expected, kind
        assert found["lost_when_zeroed"][kind]["accuracy"] == 1.0 - expected, kind
    assert found["calibration"]["n"] == 3  # mug, key, dog
    assert any("lost when zeroed" in cell for cell in reading.rows_of(found)[0])


@given(words, words)
def test_word_f1_is_one_for_the_same_words_and_symmetric(one: list[str], other: list[str]) -> None:
    assert word_f1(one, one[::-1]) == 1.0
    assert word_f1(one, other) == word_f1(other, one)
    assert 0.0 <= word_f1(one, other) <= 1.0


def test_word_f1_counts_words_and_no_marks() -> None:
    assert word_f1(["one", "red", "mug"], ["one", "mug", COMMA, "one", "key"]) == pytest.approx(2 * 2 / 7)
    assert word_f1([], ["mug"]) == 0.0


def test_reliability_is_of_what_was_read_alone() -> None:
    names = tuple((0.35, k < 35) for k in range(100))
    fair = [Answer(1, "read", "name", 1.0, names), Answer(1, "zeroed", "name", 0.0, ((0.9, False),))]
    assert reliability(fair)["error"] == pytest.approx(0.0)
    assert reliability(fair)["n"] == 100


def test_the_command_writes_every_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "reading.json"
    argv = ["--untrained", "1", "--streams", "1", "--clips", "2", "--json", str(path)]
    assert reading.main(argv) == 0
    found = json.loads(path.read_text(encoding="utf-8"))
    for condition in (*reading.CONDITIONS, "lost_when_zeroed", "lost_with_other_clip"):
        assert found[condition].keys() == set(KINDS)
    assert "S_k zeroed" in capsys.readouterr().out
