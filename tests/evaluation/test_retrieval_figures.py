"""The measurement of retrieval on untrained networks: what it does is tested here, not how good the models are."""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from omnilive_demo.evaluation import retrieval
from omnilive_demo.evaluation.compression import CELLS, compression_table, draw_compression
from omnilive_demo.evaluation.nano_models import NanoModels, Weights, models_of
from omnilive_demo.evaluation.recall import KINDS, METHODS, Trial
from omnilive_demo.evaluation.retrieval_jobs import AS_THE_APP, Cell, StreamJob, StreamResult, sprites_of
from omnilive_demo.evaluation.retrieval_streams import (
    Watched,
    cut,
    questions_of,
    remember,
    right_clips,
    trials_of,
    unit_rows,
    watch,
)
from omnilive_demo.memory.compressor import Array
from omnilive_demo.records import FrameFeatures
from omnilive_demo.training.world.questions import Asked
from omnilive_demo.training.world.story import FIRST_TEST_SEED

SEED = retrieval.FIRST_SEED


@pytest.fixture(scope="module")
def models() -> NanoModels:
    return models_of(Weights(untrained=1))


@pytest.fixture(scope="module")
def stream(models: NanoModels) -> Watched:
    return watch(SEED, sprites_of("noto", None), models)


class Oracle:
    """A compressor that knows the evidence of each question: what it is asked about is the only thing that it finds."""

    name, width = "oracle", 64

    def __init__(self, questions: Sequence[Asked]) -> None:
        self._evidence = {asked.text: asked.evidence for asked in questions}
        self._spans: list[tuple[float, float]] = []

    def compress(self, frames: Sequence[FrameFeatures], start_s: float, end_s: float) -> tuple[Array, Array]:
        self._spans.append((start_s, end_s))
        g = np.zeros(self.width, np.float32)
        g[len(self._spans) - 1] = 7.0
        return np.zeros((4 * len(frames), self.width), np.float32), g

    def integrate(self, short_term: Sequence[Array], global_: Sequence[Array]) -> Array:
        return np.stack(global_)

    def expect(self, short_term: Sequence[Array]) -> None:
        pass

    def encode_question(self, question: str, long_term: Array) -> Array | None:
        wanted = right_clips(self._spans, self._evidence[question])
        q = np.zeros((1, self.width), np.float32)
        q[0, : len(wanted)] = wanted
        return unit_rows(q)[0]


def test_a_stream_is_as_long_and_as_full_as_it_must_be(stream: Watched, models: NanoModels) -> None:
    clips = cut(stream.frames, models.clip_rule)
    assert 30 <= len(clips) <= 60
    assert [frame.t_s for clip in clips for frame in clip] == [frame.t_s for frame in stream.frames]
    assert np.diff([frame.t_s for frame in stream.frames]).tolist() == [1.0] * (len(stream.frames) - 1)
    assert stream.timeline.end_s - 1 <= stream.frames[-1].t_s < stream.timeline.end_s
    questions = questions_of(stream)
    assert len(questions) >= 5
    assert {asked.kind for asked in questions} == set(KINDS)
    assert all(asked.asked_s == stream.timeline.end_s for asked in questions)
    reference = [asked for asked in questions if asked.kind == "reference"]
    assert sum(asked.newest for asked in reference) <= len(reference) / 2


def test_frames_encoded_together_are_as_those_encoded_alone(stream: Watched, models: NanoModels) -> None:
    together = [frame.features for frame in stream.frames[:5]]
    for frame, features in zip(stream.frames, together, strict=False):
        alone = models.encode([frame.image])[0]
        assert np.allclose(alone.vector, features.vector, atol=1e-4)
        assert np.allclose(alone.patches, features.patches, atol=1e-3)


def test_streams_of_the_training_are_refused(models: NanoModels) -> None:
    with pytest.raises(ValueError, match="is for training"):
        watch(FIRST_TEST_SEED - 1, sprites_of("noto", None), models)


@pytest.mark.parametrize("tokens", [1, 4, 9])
def test_memory_has_the_shapes_of_the_paper(stream: Watched, models: NanoModels, tokens: int) -> None:
    clips = cut(stream.frames, models.clip_rule)[:6]
    memory = remember(clips, models.compressor(tokens))
    assert [len(slots) for slots in memory.short_term] == [tokens * len(clip) for clip in clips]
    assert memory.globals_.shape == memory.long_term.shape == (6, 256)


def test_cells_cut_as_they_say(stream: Watched, models: NanoModels) -> None:
    fixed = cut(stream.frames, Cell(4, 8, "fixed").rule(models.clip_rule))
    assert {len(clip) for clip in fixed[:-1]} == {8}
    longer = cut(stream.frames, Cell(4, 32, "scene").rule(models.clip_rule))
    as_the_app = cut(stream.frames, AS_THE_APP.rule(models.clip_rule))
    assert cut(stream.frames, Cell(4, 16, "scene").rule(models.clip_rule)) == as_the_app
    assert len(longer) <= len(as_the_app) < len(cut(stream.frames, Cell(4, 8, "scene").rule(models.clip_rule)))


def test_an_oracle_finds_everything_and_the_newest_clip_does_not(stream: Watched, models: NanoModels) -> None:
    clips = cut(stream.frames, models.clip_rule)
    questions = questions_of(stream)
    oracle = Oracle(questions)
    trials = trials_of(stream, clips, remember(clips, oracle), questions, oracle, models.text_encoder)
    assert len(trials) >= 5
    assert all(trial.places["learned"] == 1 for trial in trials)
    assert all((trial.places["newest"] == 1) == trial.newest for trial in trials)
    assert not all(trial.places["mean_pool"] == 1 for trial in trials)


def test_a_clip_is_right_when_it_overlaps_the_evidence() -> None:
    spans = [(0.0, 4.0), (5.0, 5.0), (6.0, 9.0)]
    assert right_clips(spans, [(4.0, 5.0)]).tolist() == [True, False, False]  # its end is not part of it
    assert right_clips(spans, [(4.5, 5.2), (9.0, 9.5)]).tolist() == [False, True, True]
    assert not right_clips(spans, [(4.2, 4.8)]).any()


def test_jobs_and_results_can_go_to_other_processes_and_back() -> None:
    job = StreamJob(SEED, "noto", None, Weights(untrained=1), 2, CELLS)
    assert pickle.loads(pickle.dumps(job)) == job
    found = result(SEED, (AS_THE_APP, *CELLS), 1)
    assert pickle.loads(pickle.dumps(found)) == found


def test_the_command_writes_every_figure_and_the_same_each_time(
    stream: Watched, models: NanoModels, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, trials = tmp_path / "retrieval.json", tmp_path / "trials.jsonl"
    argv = ["--untrained", "1", "--streams", "1", "--jobs", "1", "--json", str(path), "--trials", str(trials)]
    assert retrieval.main(argv) == 0
    found = json.loads(path.read_text(encoding="utf-8"))
    for method in (*METHODS, "difference"):
        for kind in KINDS:
            assert {"recall_at_1", "recall_at_4", "n", "ci95"} <= found[method][kind].keys()
    assert found["streams"]["distinct_objects"]["min"] >= 20
    assert found["streams"]["questions"]["min"] >= 5
    assert found["semantic_by_object"].keys() == {"taught", "held_out"}
    assert found["reference_by_clip"].keys() == {"newest", "older"}
    assert found["weights"] == {"from": "untrained, seed 1"}
    clips, compressor, questions = cut(stream.frames, models.clip_rule), models.compressor(), questions_of(stream)
    again = trials_of(stream, clips, remember(clips, compressor), questions, compressor, models.text_encoder)
    rows = [json.loads(row) for row in trials.read_text(encoding="utf-8").splitlines()]
    assert [(row["text"], row["places"]) for row in rows] == [(one.text, one.places) for one in again]
    assert "recall@1" in capsys.readouterr().out


def test_the_other_style_needs_its_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert retrieval.main(["--style", "openmoji"]) == 2
    assert "npm pack openmoji" in capsys.readouterr().out


def result(seed: int, cells: Sequence[Cell], learned: int) -> StreamResult:
    places = {"learned": learned, "mean_pool": 9, "newest": 20}
    trials = {cell: tuple(Trial(seed, kind, "plain", "?", 40, 1, places, False) for kind in KINDS) for cell in cells}
    return StreamResult(seed, trials, dict.fromkeys(cells, 40), 400, 25, 3, 0, 1.0)


def test_targets_are_met_by_what_meets_them_only() -> None:
    good = retrieval.summary([result(seed, [AS_THE_APP], 1) for seed in range(20)])
    assert all(row["met"] and row["difference_met"] for row in good["targets"].values())
    bad = retrieval.summary([result(seed, [AS_THE_APP], 9) for seed in range(20)])
    assert not any(row["met"] or row["difference_met"] for row in bad["targets"].values())


def test_the_compression_table_has_every_cell_and_is_drawn(tmp_path: Path) -> None:
    table = compression_table([result(seed, (AS_THE_APP, *CELLS), 1) for seed in range(3)])
    assert {(row["tokens"], row["frames"], row["cut"]) for row in table} == {(c.tokens, c.frames, c.cut) for c in CELLS}
    assert all(row["learned"]["explicit"]["recall_at_1"] == 1.0 for row in table)
    draw_compression(table, tmp_path / "compression.png")
    assert (tmp_path / "compression.png").read_bytes().startswith(b"\x89PNG")
