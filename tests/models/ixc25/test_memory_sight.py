"""The released memory module in the app: camera frames at one a second, through its own tower, to clips and answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from memory.memory_stream import EPOCH_S, HashedWords, ask
from models.ixc25.tiny_memory import HIDDEN, VISION, write_tiny_memory

from omnilive_demo.ear_events import VideoFrame
from omnilive_demo.memory.compressor import Compressor
from omnilive_demo.memory.picture_scores import PictureScale
from omnilive_demo.memory.released_compressor import SCALE, fingerprint, released_compressor
from omnilive_demo.memory.retrieval import ENOUGH
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.models.ixc25_omnilive.memory import VideoMemory, load_memory_module
from omnilive_demo.models.memory_module.patch_features import ClipPatches
from omnilive_demo.perception.eyes import Eyes, observe_together
from omnilive_demo.perception.frame_encoder import FrameEncoder, ManyFramesEncoder
from omnilive_demo.perception.ixc25_encoder import Ixc25FrameEncoder


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> VideoMemory:
    return load_memory_module(write_tiny_memory(tmp_path_factory.mktemp("memory")))


@pytest.fixture(scope="module")
def encoder(memory: VideoMemory) -> Ixc25FrameEncoder:
    assert isinstance(memory.patches, ClipPatches)
    return Ixc25FrameEncoder(memory.patches)


def picture(seed: int, shade: int = 0) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 60, (6, 8, 3), np.uint8) + np.uint8(shade)
    return coarse.repeat(8, 0).repeat(8, 1)


def test_a_frame_is_its_towers_patches(memory: VideoMemory, encoder: Ixc25FrameEncoder) -> None:
    as_encoder: FrameEncoder = encoder
    assert isinstance(as_encoder, ManyFramesEncoder)
    images = [picture(i, 40 * i) for i in range(4)]
    alone = [encoder.encode(image, None) for image in images]
    expected = memory.patches.patches(images).numpy()  # type: ignore[attr-defined]
    for features, patches in zip(encoder.encode_many(images), expected, strict=True):
        assert features.patches.shape == (encoder.patches, encoder.width) == (256, VISION)
        assert np.allclose(features.patches, patches, atol=1e-5)
        assert features.patches.base is None
        assert np.linalg.norm(features.vector) == pytest.approx(1, abs=1e-5)
    for one, other in zip(alone, encoder.encode_many(images, [None] * 4), strict=True):
        assert np.allclose(one.patches, other.patches, atol=1e-5)
        assert np.allclose(one.vector, other.vector, atol=1e-5)
    assert encoder.encode_many([]) == []
    with pytest.raises(ValueError, match="RGB picture"):
        encoder.encode(np.zeros((4, 4), np.uint8), None)


def test_it_names_nothing_and_still_says_what_light_there_is(encoder: Ixc25FrameEncoder) -> None:
    dark, bright = (encoder.encode(np.full((48, 64, 3), shade, np.uint8), None) for shade in (5, 250))
    assert "dark" in [label.text for label in encoder.describe(dark)]
    assert "bright" in [label.text for label in encoder.describe(bright)]
    assert encoder.names == ()


def test_a_clip_of_the_app_is_a_clip_of_the_module(memory: VideoMemory, encoder: Ixc25FrameEncoder) -> None:
    compressor: Compressor = released_compressor(memory)
    images = [picture(i, 30 * i) for i in range(5)]
    short_term, global_ = compressor.compress(encoder.encode_many(images), 2.2, 6.9)
    expected = memory.compress(np.stack(images), 2.2, 6.9)
    assert np.allclose(short_term, expected[0], atol=1e-4)
    assert np.allclose(global_, expected[1], atol=1e-4)
    question = "where is the red clip?"
    asked = compressor.encode_question(question, compressor.integrate([short_term], [global_]))
    assert asked is not None
    score = float(asked @ global_ / np.linalg.norm(global_))
    expected_score = memory.score(memory.integrate([short_term], [global_]), [global_], question)
    assert score == pytest.approx(float(expected_score), abs=1e-5)


def test_in_bfloat16_the_app_gets_float32(tmp_path: Path, memory: VideoMemory) -> None:
    half = load_memory_module(write_tiny_memory(tmp_path), torch.bfloat16)
    assert isinstance(half.patches, ClipPatches)
    features = Ixc25FrameEncoder(half.patches).encode_many([picture(1), picture(2)])
    assert features[0].patches.dtype == features[0].vector.dtype == np.float32
    short_term, global_ = released_compressor(half).compress(features, 0, 1)
    exact = memory.compress(np.stack([picture(1), picture(2)]), 0, 1)
    assert short_term.dtype == global_.dtype == np.float32
    assert torch.nn.functional.cosine_similarity(torch.from_numpy(global_), exact[1], dim=0) > 0.98


def test_a_fingerprint_tells_modules_apart(tmp_path: Path, memory: VideoMemory) -> None:
    same = load_memory_module(write_tiny_memory(tmp_path / "same"))
    other = load_memory_module(write_tiny_memory(tmp_path / "other", seed=8))
    assert fingerprint(memory) == fingerprint(same) != fingerprint(other)


def test_what_the_releases_demos_take_is_what_ranking_takes() -> None:
    low, high = SCALE.score(np.array([0.25, 0.3], np.float32))
    assert low < ENOUGH < high


def watch(memory: SessionMemory, eyes: Eyes, start_s: int, images: list[np.ndarray]) -> None:
    for i, image in enumerate(images):
        memory.see(eyes.observe(VideoFrame(image, start_s + float(i))))


def test_a_visit_is_remembered_and_asked_about_also_after_a_restart(
    tmp_path: Path, memory: VideoMemory, encoder: Ixc25FrameEncoder
) -> None:
    """Past the end of a segment: 67 clips of three or four frames."""
    compressor = released_compressor(memory)
    sure = PictureScale(nothing=-1.0, certain=1.0)  # all counts, so that what ranking got can be read back
    scenes = [picture(k, 190 * (k % 2)) for k in range(67) for _ in range(3)]
    first = SessionMemory(tmp_path, compressor, HashedWords(), epoch_s=EPOCH_S, scale=sure)
    watch(first, Eyes(encoder), 0, scenes)
    first.close()
    again = SessionMemory(tmp_path, compressor, HashedWords(), epoch_s=EPOCH_S, scale=sure)
    clips = again.clips()
    assert len(clips) == 67
    assert {clip.short_term.shape for clip in clips} == {(12, HIDDEN)}
    slots = [clip.short_term.astype(np.float32) for clip in clips]
    globals_ = [clip.global_.astype(np.float32) for clip in clips]
    ends = [i for i, clip in enumerate(clips) if clip.id % 64 == 0 and i] or [67]
    by_segment = [memory.integrate(slots[part], globals_[part]) for part in (slice(ends[0]), slice(ends[0], 67))]
    assert ends[0] in (63, 64)
    question = "where did i leave the zebra"  # no label and no word is meant
    expected = memory.score(torch.cat(by_segment), globals_, question).numpy()
    found = ask(again, question, again.start_s)
    assert found.looked_at_clips == 67
    places = {clip.id: i for i, clip in enumerate(clips)}
    scores = {places[e.clip_id]: e.score for e in found.evidence if e.kind == "picture" and e.clip_id is not None}
    assert scores
    for place, score in scores.items():
        assert score == pytest.approx((1 + expected[place]) / 2, abs=0.005)  # H̄ of a full segment is kept in float16
    again.close()


def test_several_visitors_are_seen_at_once(encoder: Ixc25FrameEncoder) -> None:
    frames = [VideoFrame(picture(i, 50 * i), 0.0) for i in range(3)]
    together = observe_together([(Eyes(encoder), frame) for frame in frames])
    for frame, seen in zip(frames, together, strict=True):
        assert np.allclose(seen.features.patches, Eyes(encoder).observe(frame).features.patches, atol=1e-5)
