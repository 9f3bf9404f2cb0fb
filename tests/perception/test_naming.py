from __future__ import annotations

import numpy as np
import pytest

from omnilive_demo.perception.naming import FEATURES, NameReader, NamingRule

NAMES, OTHERS = 6, 3
WIDTH = 16


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


@pytest.fixture
def texts() -> np.ndarray:
    return unit(np.random.default_rng(0).normal(size=(NAMES + OTHERS + 1, WIDTH)))


@pytest.fixture
def tensors(texts: np.ndarray) -> dict[str, np.ndarray]:
    """Heads that pass the patch on as its text vector; a thing is known when the patch is long."""
    heads = {
        "align.weight": np.eye(WIDTH), "align.bias": np.zeros(WIDTH),
        "gaze.weight": np.zeros((1, WIDTH)), "gaze.bias": np.zeros(1),
        "known.weight": np.zeros((1, WIDTH)), "known.bias": np.full(1, 4.0),
        "known_anywhere.weight": np.zeros((1, WIDTH)), "known_anywhere.bias": np.zeros(1),
        "background": texts[-1], "log_scale": np.array(3.0),
    }  # fmt: skip
    return {name: np.asarray(values, np.float32) for name, values in heads.items()}


RULE = NamingRule(weights=(1.0, 0.0, 0.0, 0.0, 0.0), bias=0.0, threshold=0.6)


def reader_of(tensors: dict[str, np.ndarray], texts: np.ndarray, rule: NamingRule | None = RULE) -> NameReader:
    return NameReader(tensors, texts[:NAMES], texts[NAMES:-1], rule)


def picture(texts: np.ndarray, cells: dict[int, int]) -> np.ndarray:
    """Patches that show "nothing" but for some cells."""
    patches = np.repeat(texts[-1:], 64, axis=0)
    for cell, text in cells.items():
        patches[cell] = texts[text]
    return patches


def test_what_cells_show_is_named_surest_first(tensors: dict[str, np.ndarray], texts: np.ndarray) -> None:
    patches = picture(texts, {9: 2, 10: 2, 40: 5})
    patches[40] = unit(texts[5] + 0.85 * texts[-1])  # not quite it
    found = reader_of(tensors, texts).names(patches, texts[2])
    assert [name for name, _ in found] == [2, 5]
    assert found[0][1] > found[1][1] >= RULE.threshold


def test_nothing_and_what_may_not_be_said_are_not_named(tensors: dict[str, np.ndarray], texts: np.ndarray) -> None:
    reader = reader_of(tensors, texts)
    assert reader.names(picture(texts, {}), texts[-1]) == []
    assert reader.names(picture(texts, {3: NAMES, 4: NAMES + 1}), texts[NAMES]) == []


def test_what_does_not_look_known_is_not_named(tensors: dict[str, np.ndarray], texts: np.ndarray) -> None:
    tensors["known.bias"] = np.full(1, -4.0, np.float32)
    assert reader_of(tensors, texts).names(picture(texts, {9: 2}), texts[2]) == []


def test_neighbours_speak_for_a_name(tensors: dict[str, np.ndarray], texts: np.ndarray) -> None:
    reader = reader_of(tensors, texts)
    _, together = reader.candidates(picture(texts, {9: 2, 10: 2, 17: 2}), texts[2])
    _, apart = reader.candidates(picture(texts, {9: 2, 31: 2, 60: 2}), texts[2])
    assert together.shape == (1, FEATURES)
    assert together[0, 1] > apart[0, 1] + 0.5  # around the best cell
    assert together[0, 2] == pytest.approx(apart[0, 2], abs=1e-3)  # in the whole picture


def test_aligned_patches_are_unit_vectors(tensors: dict[str, np.ndarray], texts: np.ndarray) -> None:
    aligned = reader_of(tensors, texts).aligned(3 * picture(texts, {1: 1}))
    assert np.allclose(np.linalg.norm(aligned, axis=1), 1, atol=1e-5)
    assert np.allclose(aligned[1], texts[1], atol=1e-5)


def test_without_a_rule_nothing_is_named(tensors: dict[str, np.ndarray], texts: np.ndarray) -> None:
    with pytest.raises(ValueError, match="not calibrated"):
        reader_of(tensors, texts, None).names(picture(texts, {}), texts[0])


def test_a_rule_comes_from_metadata() -> None:
    values = {"weights": [1.0, 2, 3, 4, 5], "bias": -1, "threshold": 0.7}
    assert NamingRule.of(values) == NamingRule((1.0, 2.0, 3.0, 4.0, 5.0), -1.0, 0.7)
    with pytest.raises(ValueError, match="5 weights"):
        NamingRule.of({**values, "weights": [1.0]})
    with pytest.raises(KeyError):
        NamingRule.of({"weights": [1.0]})
