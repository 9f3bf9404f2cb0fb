from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from world_fakes import Discs

from omnilive_demo.training.world.clip_drawing import LONGEST, SHORTEST, cuts, draw_pool, encode_pool
from omnilive_demo.training.world.clips import ClipPool, timeline_of
from omnilive_demo.training.world.story import plan_stream
from omnilive_demo.training.world.timeline import overlap_s

SEEDS = (41, 42)


def draw(folder: Path, seeds: tuple[int, ...] = SEEDS, processes: int = 1) -> ClipPool:
    return draw_pool(folder, seeds, Discs, processes, size=48, clips=5, style="discs")


def encode(images: NDArray[np.uint8]) -> NDArray[np.float16]:
    return images.reshape(len(images), 64, -1).mean(2, keepdims=True).repeat(2, 2).astype(np.float16)


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> ClipPool:
    return draw(tmp_path_factory.mktemp("pool"))


def test_clips_lie_in_one_shot_and_follow_each_other(pool: ClipPool) -> None:
    at = 0
    for clip in pool.clips:
        assert clip.first == at
        at += clip.frames
        assert clip.frames == len(clip.times_s) == len(clip.truth) <= LONGEST
        assert clip.frames >= SHORTEST
        shot = plan_stream(clip.stream, clips=5).shots[clip.shot].shot
        assert shot.start_s <= clip.start_s == clip.times_s[0]
        assert clip.times_s[-1] < clip.end_s <= shot.end_s
        assert clip.place == shot.place
    assert at == pool.about["frames"] == len(pool.images)


def test_the_truth_of_a_clip_is_that_of_its_plan(pool: ClipPool) -> None:
    for seed in SEEDS:
        plan = plan_stream(seed, clips=5)
        clips = [clip for clip in pool.clips if clip.stream == seed]
        for segment in plan.timeline().segments:
            for seen in segment.things:
                long = [span for span in seen.spans if span[1] - span[0] > 2.5]
                for clip in clips:
                    shared = max((overlap_s(span, (clip.start_s, clip.end_s)) for span in long), default=0.0)
                    if shared > 2:
                        found = {(one.name, one.colour) for one in clip.segment().things}
                        assert (seen.name, seen.colour) in found
        happened = {(event.kind, event.name) for clip in clips for event in clip.events}
        assert happened == {(event.kind, event.thing.name) for event in plan.events}


def test_the_same_seeds_give_the_same_pool_with_any_number_of_processes(pool: ClipPool, tmp_path: Path) -> None:
    other = draw(tmp_path / "other", processes=2)
    assert other.clips == pool.clips
    assert np.array_equal(other.images, pool.images)


def test_drawing_goes_on_where_it_was_stopped(pool: ClipPool, tmp_path: Path) -> None:
    begun = draw(tmp_path / "begun")
    (begun.folder / "parts" / "42.jsonl").unlink()
    kept = (begun.folder / "parts" / "41.jsonl").stat().st_mtime_ns
    with pytest.raises(FileNotFoundError, match="1 streams"):
        ClipPool.open(begun.folder)
    assert draw(begun.folder).clips == pool.clips
    assert (begun.folder / "parts" / "41.jsonl").stat().st_mtime_ns == kept
    with pytest.raises(ValueError, match="another pool"):
        draw(begun.folder, (41, 43))


def test_encoding_gives_patches_and_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    pool = draw(tmp_path / "pool")
    with pytest.raises(FileNotFoundError, match="not encoded"):
        _ = pool.patches
    calls: list[int] = []

    def counting(images: NDArray[np.uint8]) -> NDArray[np.float16]:
        calls.append(len(images))
        return encode(images)

    encoded = encode_pool(pool.folder, counting, "one", batch=16)
    assert sum(calls) == pool.about["frames"]
    clip = encoded.clips[3]
    assert np.array_equal(encoded.patches_of(clip), encode(pool.images[clip.first : clip.first + clip.frames]))
    encode_pool(pool.folder, counting, "one", batch=16)
    assert sum(calls) == pool.about["frames"], "nothing is encoded twice"
    (pool.folder / "encoded.json").write_text(json.dumps({"encoder": "one", "frames": 16}))
    encode_pool(pool.folder, counting, "one", batch=16)
    assert sum(calls) == 2 * pool.about["frames"] - 16
    before = np.array(encoded.patches)
    again = encode_pool(pool.folder, lambda images: encode(images) + np.float16(1), "two", batch=16, keep_images=False)
    assert np.allclose(again.patches, before + 1, atol=0.5)
    assert not (pool.folder / "images.npy").exists()


def test_clips_in_any_order_make_a_timeline(pool: ClipPool) -> None:
    order = [pool.clips[index] for index in np.random.default_rng(0).permutation(len(pool.clips))]
    timeline = timeline_of(order)
    assert timeline.end_s == pytest.approx(sum(clip.end_s - clip.start_s for clip in order))
    for clip, segment in zip(order, timeline.segments, strict=True):
        assert segment.end_s - segment.start_s == pytest.approx(clip.end_s - clip.start_s)
        for seen in segment.things:
            assert all(segment.start_s - 1e-6 <= a < b <= segment.end_s + 1e-6 for a, b in seen.spans)
        assert {seen.name for seen in segment.things} == {
            one.name for frame in clip.truth for one in frame if one.visible >= 0.4
        }
    in_order = timeline_of(pool.clips)
    assert len(in_order.scenes()) == len({(clip.stream, clip.shot) for clip in pool.clips})


@pytest.mark.parametrize("frames", [2, 3, 4, 5, 6, 15, 16, 17, 18, 19, 24, 40])
def test_cuts_are_at_most_16_frames_and_none_is_too_short(frames: int) -> None:
    for seed in range(50):
        lengths = list(cuts(frames, np.random.default_rng(seed)))
        assert sum(lengths) == frames
        assert max(lengths) <= LONGEST
        assert min(lengths) >= min(SHORTEST, frames)
