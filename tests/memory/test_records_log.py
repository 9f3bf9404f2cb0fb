from __future__ import annotations

import threading

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from omnilive_demo.memory.growing import GrowingRows, Prefix
from omnilive_demo.memory.records_log import ClipEntry, LogView, RecordsLog, SoundEntry, WordsEntry
from omnilive_demo.records import FrameFeatures, Heard, Spoken

_FEATURES = FrameFeatures(np.zeros(3, np.float32), np.zeros((4, 3), np.float32))


def _add(log: RecordsLog, kind: str, n: int) -> None:
    if kind == "clip":
        log.add_clip(ClipEntry(n, n, n + 1.0, 3, (), "", 12, 13, 100), np.full(3, n, np.float32))
    elif kind == "words":
        log.add_words(WordsEntry(n, Spoken(n, n, n + 1.0, f"words {n}", "visitor")), np.full(2, n, np.float32))
    elif kind == "sound":
        log.add_sound(SoundEntry(n, Heard(n, n + 1.0, "sound", 0.5)))
    elif kind == "amend":
        log.amend_words(max(1, n - 1), n % 2 == 0)
    else:
        log.add_frame(n, float(n), _FEATURES, ())


def _content(view: LogView) -> object:
    return (
        [clip.id for clip in view.clips],
        view.clip_times.tolist(),
        view.globals.tolist(),
        [entry.spoken for entry in view.words],
        view.word_vectors.tolist(),
        [sound.row for sound in view.sounds],
        [frame.version for frame in view.open_frames],
    )


@given(st.lists(st.sampled_from(["clip", "words", "sound", "amend", "frame"]), min_size=1, max_size=60), st.data())
def test_a_snapshot_reads_the_same_however_much_is_added_later(kinds: list[str], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(kinds)))
    log = RecordsLog()
    for n, kind in enumerate(kinds[:cut], start=1):
        _add(log, kind, n)
    version, before = log.version, _content(log.view())
    for n, kind in enumerate(kinds[cut : cut + 40], start=cut + 1):
        _add(log, kind, n)
    assert _content(log.view(version)) == before


def test_readers_beside_the_writer_see_whole_prefixes_only() -> None:
    log = RecordsLog()
    wrong: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            version = log.version
            view = log.view(version)
            numbers = [clip.id for clip in view.clips]
            if numbers != list(range(1, len(numbers) + 1)) or len(view.globals) != len(numbers):
                wrong.append("not a prefix")
            if len(view.globals) and view.globals[-1, 0] != numbers[-1]:
                wrong.append("a row that is not filled in")

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for n in range(1, 3001):
        _add(log, "clip", n)
    done.set()
    for reader in readers:
        reader.join()
    assert not wrong
    assert len(log.view().clips) == 3000


def test_an_amendment_is_seen_from_its_version_on() -> None:
    log = RecordsLog()
    _add(log, "words", 1)
    before = log.version
    log.amend_words(1, True)
    assert log.view(before).words[0].spoken.answered is None
    assert log.view().words[0].spoken.answered is True


def test_the_open_clip_of_a_snapshot_survives_its_closing() -> None:
    log = RecordsLog()
    for t_s in range(5):
        log.add_frame(1, float(t_s), _FEATURES, ())
    version = log.version
    log.add_frame(1, 5.0, _FEATURES, ())
    log.add_clip(ClipEntry(1, 0.0, 5.0, 6, (), "", 0, 0, 0), np.ones(3, np.float32))
    assert [f.t_s for f in log.view(version).open_frames] == [0, 1, 2, 3, 4]
    assert log.view(version).next_clip == 1
    assert log.view().open_frames == ()


def test_forgetting_leaves_the_versions_of_the_others() -> None:
    log = RecordsLog()
    for n in range(1, 6):
        _add(log, "clip", n)
        _add(log, "words", n)
    version = log.version
    log.forget(lambda c: c.id == 2, lambda w: w.row == 3, lambda s: False, lambda f: False)
    _add(log, "clip", 6)
    view = log.view(version)
    assert [clip.id for clip in view.clips] == [1, 3, 4, 5]
    assert view.globals[:, 0].tolist() == [1, 3, 4, 5]
    assert [entry.row for entry in view.words] == [1, 2, 4, 5]
    assert log.version > version


@given(st.integers(0, 300), st.integers(0, 300))
def test_a_prefix_of_growing_rows_stays_as_it_was(first: int, more: int) -> None:
    rows = GrowingRows()
    for i in range(first):
        rows.append(np.full(2, i, np.float32))
    prefix = rows.first(first)
    copy = prefix.copy()
    for _ in range(more):
        rows.append(np.full(2, -1, np.float32))
    assert np.array_equal(prefix, copy)


@given(st.integers(0, 12), st.integers(0, 12), st.integers(-15, 15), st.integers(-15, 15), st.sampled_from([1, 2, -1]))
def test_a_prefix_is_read_as_a_list_is(n: int, more: int, start: int, stop: int, step: int) -> None:
    items = list(range(n + more))
    plain = items[:n]
    prefix = Prefix(items, n, {n - 1: 77} if n else {}, (88,))
    expected = [*plain[:-1], *([77] if n else []), 88]
    assert list(prefix) == expected
    assert list(prefix[start:stop:step]) == expected[start:stop:step]
    assert (prefix[-1], prefix[0], len(prefix)) == (88, expected[0], n + 1)
