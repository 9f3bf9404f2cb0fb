from __future__ import annotations

import numpy as np
import pytest

from omnilive_demo.memory.pooling import PoolingCompressor, pool_to_slots
from omnilive_demo.models import descriptor_space
from omnilive_demo.models.text_encoder import MiniLM
from omnilive_demo.records import FrameFeatures

_NOTHING = np.zeros((0, descriptor_space.WIDTH), np.float32)


@pytest.fixture(scope="module")
def pooling(minilm: MiniLM) -> PoolingCompressor:
    return PoolingCompressor(minilm)


def _segment(k: int, seed: int = 0) -> tuple[list[np.ndarray], list[np.ndarray]]:
    rng = np.random.default_rng(seed)
    slots = [rng.normal(size=(4 * (3 + i % 14), 33)).astype(np.float32) for i in range(k)]
    return slots, [rng.normal(size=33).astype(np.float32) for _ in range(k)]


def test_slots_are_the_means_of_the_quarters_row_by_row() -> None:
    grid = np.zeros((4, 4, 1), np.float32)
    grid[:2, :2], grid[:2, 2:], grid[2:, :2], grid[2:, 2:] = 1, 2, 3, 4
    assert pool_to_slots(grid.reshape(16, 1)).ravel().tolist() == [1, 2, 3, 4]


def test_patches_that_are_no_square_grid_are_refused() -> None:
    with pytest.raises(ValueError, match="square grid"):
        pool_to_slots(np.zeros((12, 3), np.float32))


def test_a_clip_of_t_frames_gives_four_slot_rows_for_each(pooling: PoolingCompressor) -> None:
    rng = np.random.default_rng(1)
    frames = [
        FrameFeatures(v / np.linalg.norm(v), rng.normal(size=(64, 33)).astype(np.float32))
        for v in rng.normal(size=(5, 33)).astype(np.float32)
    ]
    short_term, global_ = pooling.compress(frames, 0.0, 4.0)
    assert short_term.shape == (20, 33)
    assert np.allclose(short_term[4:8], pool_to_slots(frames[1].patches))
    assert np.linalg.norm(global_) == pytest.approx(1.0, abs=1e-5)
    assert short_term.dtype == global_.dtype == np.float32


def test_integration_is_causal_in_the_globals(pooling: PoolingCompressor) -> None:
    slots, globals_ = _segment(8)
    whole = pooling.integrate(slots, globals_)
    changed = [*globals_[:5], *_segment(8, seed=9)[1][5:]]
    assert np.allclose(pooling.integrate(slots, changed)[:5], whole[:5], atol=1e-6)
    assert not np.allclose(pooling.integrate(slots, changed)[5:], whole[5:], atol=1e-3)


def test_a_long_term_row_stays_nearest_to_its_own_clip(pooling: PoolingCompressor) -> None:
    slots, globals_ = _segment(16)
    memory = pooling.integrate(slots, globals_)
    units = np.stack(globals_) / np.linalg.norm(globals_, axis=1, keepdims=True)
    assert (np.argmax(memory @ units.T, axis=1) == np.arange(16)).all()


def test_nothing_integrates_to_nothing(pooling: PoolingCompressor) -> None:
    assert pooling.integrate([], []).shape == (0, descriptor_space.WIDTH)


@pytest.mark.parametrize(
    ("question", "meaning"),
    [
        ("When was it dark?", "dark"),
        ("when was it gloomy", "dark"),
        ("was the room illuminated", "bright"),
        ("did you see anything red", "red"),
        ("was somebody walking", "moving"),
    ],
)
def test_visual_words_and_their_synonyms_point_somewhere(
    pooling: PoolingCompressor, question: str, meaning: str
) -> None:
    feature = pooling.encode_question(question, _NOTHING)
    expected = descriptor_space.direction([meaning])
    assert feature is not None
    assert expected is not None
    assert feature @ expected == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize(
    "question",
    [
        "what did i say about the meeting",
        "where are my keys",
        "what is my name",
        "was there a dog in the kitchen",
        "who called on the phone",
        "what was that quiet noise",
        "",
    ],
)
def test_a_question_without_visual_words_points_nowhere(pooling: PoolingCompressor, question: str) -> None:
    assert pooling.encode_question(question, _NOTHING) is None
