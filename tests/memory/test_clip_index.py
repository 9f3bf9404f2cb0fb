"""Two levels: what is in a long memory only once is found, and the best clips are the same as if all were compared."""

from __future__ import annotations

import numpy as np

from omnilive_demo.memory.clip_index import LOOKED_AT, NEWEST, UNSEEN, ClipIndex, units
from omnilive_demo.memory.moments import memories_of
from omnilive_demo.memory.records_log import ClipEntry, RecordsLog

WIDTH = 256
NONE = np.zeros(0, np.int64)


def clips(n: int, seed: int = 1) -> np.ndarray:
    """Clips of forty scenes that come again and again, each a little different."""
    rng = np.random.default_rng(seed)
    scenes = rng.normal(size=(40, WIDTH))
    return (scenes[rng.integers(40, size=n)] + 0.4 * rng.normal(size=(n, WIDTH))).astype(np.float16)


def index_of(rows: np.ndarray) -> ClipIndex:
    index = ClipIndex()
    for n in range(1, len(rows) + 1, 37):
        index.grow(rows[:n])
    index.grow(rows)
    return index


def test_a_clip_that_is_there_once_is_found_wherever_it_is() -> None:
    n = 6000
    rng = np.random.default_rng(2)
    rows = clips(n)
    places = [0, 63, 1000, 2345, *rng.integers(0, n, 40).tolist(), n - 40, n - 1]
    needles = rng.normal(size=(len(places), WIDTH)).astype(np.float32)
    rows[places] = needles
    index = index_of(rows)
    for at, needle in zip(places, needles, strict=True):
        question = needle + 1.2 * rng.normal(size=WIDTH).astype(np.float32)  # a cosine of about 0.64
        question /= np.linalg.norm(question)
        found = index.cosines(question, rows, NONE)
        assert int(np.argmax(found)) == at
        assert LOOKED_AT <= (found != UNSEEN).sum() <= LOOKED_AT + NEWEST + 64


def test_the_best_of_a_scene_that_comes_often_are_found() -> None:
    rows = clips(6000)
    index = index_of(rows)
    question = units(rows[7:8])[0]
    exact = units(rows) @ question
    found = index.cosines(question, rows, NONE)
    assert np.array_equal(np.argsort(-found)[:16], np.argsort(-exact)[:16])


def test_a_short_memory_is_compared_as_a_whole() -> None:
    rows = clips(LOOKED_AT)
    question = units(rows[7:8])[0]
    assert np.allclose(index_of(rows).cosines(question, rows, NONE), units(rows) @ question, atol=1e-5)


def test_clips_that_are_named_are_compared_in_any_case() -> None:
    rows = clips(4000)
    question = units(rows[5:6])[0]
    also = np.arange(0, len(rows), 97)
    found = index_of(rows).cosines(question, rows, also)
    assert np.allclose(found[also], (units(rows) @ question)[also], atol=1e-5)


def test_an_older_reader_finds_its_own_clips_only() -> None:
    rows = clips(6000)
    index = index_of(rows)
    question = units(rows[5:6])[0]
    found = index.cosines(question, rows[:2500], NONE)
    assert found.shape == (2500,)
    assert int(np.argmax(found)) == 5


def test_the_open_clip_of_a_long_memory_is_compared_as_well() -> None:
    rows = clips(LOOKED_AT + 500)
    log = RecordsLog()
    log.add_clips([ClipEntry(n, n, n + 0.5, 3, (), "", 12, 13, 100) for n in range(1, len(rows) + 1)], rows)
    question = units(rows[5:6])[0]
    opened = ClipEntry(len(rows) + 1, 9e3, 9e3, 3, (), "", 0, 0, 0), question
    memories = memories_of(log.view(), opened, "", 9e3, 0.0, "")
    found = memories.cosines(question, np.array([5, len(rows)]))
    assert found.shape == (len(rows) + 1,)
    assert np.allclose(found[[5, -1]], 1.0, atol=1e-3)
    assert np.allclose(memories.directions([5, len(rows)]) @ question, 1.0, atol=1e-3)
