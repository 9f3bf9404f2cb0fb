from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnilive_demo.memory.clip_builder import ClipBuilder, ClipRule
from omnilive_demo.records import FrameFeatures, SeenFrame

_FEATURES = FrameFeatures(np.zeros(4, np.float32), np.zeros((4, 4), np.float32))
_IMAGE = np.zeros((2, 2, 3), np.uint8)


def _frame(t_s: float, similarity: float = 1.0) -> SeenFrame:
    return SeenFrame(t_s, _IMAGE, _FEATURES, (), 0.0, similarity)


def _clips(frames: list[SeenFrame]) -> tuple[list[tuple[SeenFrame, ...]], tuple[SeenFrame, ...] | None]:
    builder = ClipBuilder()
    closed = [clip for frame in frames if (clip := builder.add(frame)) is not None]
    return closed, builder.flush()


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(0.1, 100)), max_size=120))
def test_every_frame_ends_in_exactly_one_clip_in_order(steps: list[tuple[float, float]]) -> None:
    t_s, frames = 0.0, []
    for similarity, step_s in steps:
        t_s += step_s
        frames.append(_frame(t_s, similarity))
    closed, rest = _clips(frames)
    assert [f for clip in (*closed, rest or ()) for f in clip] == frames
    assert all(3 <= len(clip) <= 16 for clip in closed)
    assert rest is None or 1 <= len(rest) <= 16
    for clip in closed:
        assert all(f.similarity >= 0.9 or i < 3 for i, f in enumerate(clip))


def test_a_quiet_scene_closes_with_its_sixteenth_frame() -> None:
    builder = ClipBuilder()
    frames = [_frame(i) for i in range(16)]
    assert [builder.add(f) for f in frames[:-1]] == [None] * 15
    assert builder.add(frames[-1]) == tuple(frames)
    assert builder.frames == ()


def test_a_new_scene_closes_the_clip_and_opens_the_next_with_its_frame() -> None:
    builder = ClipBuilder()
    for i in range(3):
        builder.add(_frame(i))
    cut = _frame(3, similarity=0.5)
    assert len(builder.add(cut) or ()) == 3
    assert builder.frames == (cut,)


def test_a_cut_within_the_first_three_frames_stays_in_the_clip() -> None:
    builder = ClipBuilder()
    builder.add(_frame(0))
    assert builder.add(_frame(1, similarity=0.1)) is None
    assert builder.add(_frame(2, similarity=0.1)) is None
    assert len(builder.frames) == 3


def test_a_pause_of_the_camera_is_a_change_of_scene() -> None:
    builder = ClipBuilder()
    for i in range(4):
        builder.add(_frame(i))
    assert len(builder.add(_frame(600)) or ()) == 4


def test_an_impossible_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        ClipRule(longest=2, shortest=3)
