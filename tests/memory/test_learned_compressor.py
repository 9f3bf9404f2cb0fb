from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from memory_stream import EPOCH_S, HashedWords, ask, frame, watch

from omnilive_demo.memory.compressor import Compressor
from omnilive_demo.memory.learned_compressor import LearnedCompressor
from omnilive_demo.memory.picture_scores import PictureScale
from omnilive_demo.memory.pooling import PoolingCompressor
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.models import descriptor_space
from omnilive_demo.models.memory_module.config import MemoryModuleConfig
from omnilive_demo.models.memory_module.module import MemoryModule, cosines
from omnilive_demo.models.memory_module.patch_features import merge_2x2
from omnilive_demo.models.memory_module.text_rows import MiniLMTextRows, clip_sentence
from omnilive_demo.models.text_encoder import MiniLM
from omnilive_demo.records import FrameFeatures

SMALL = MemoryModuleConfig(hidden=32, layers=2, heads=4, kv_heads=2, intermediate=64, feature_width=48)
QUESTION = "where did i leave my keys?"


@pytest.fixture(scope="module")
def module() -> MemoryModule:
    module = MemoryModule(SMALL)
    module.initialise(torch.Generator().manual_seed(7))
    return module


@pytest.fixture
def compressor(module: MemoryModule, minilm: MiniLM) -> LearnedCompressor:
    return LearnedCompressor(module, MiniLMTextRows(module, minilm))


def some_frames(n: int, seed: int, width: int = 12) -> list[FrameFeatures]:
    random = np.random.default_rng(seed)
    return [
        FrameFeatures(np.zeros(5, np.float32), random.normal(size=(64, width)).astype(np.float32)) for _ in range(n)
    ]


def some_clips(compressor: LearnedCompressor, n: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    clips = [compressor.compress(some_frames(3 + k % 4, k), 8.0 * k, 8.0 * k + 7) for k in range(n)]
    return [s for s, _ in clips], [g for _, g in clips]


def test_compress_is_the_modules(compressor: LearnedCompressor, module: MemoryModule, minilm: MiniLM) -> None:
    frames = some_frames(5, 1)
    short_term, global_ = compressor.compress(frames, 2.2, 6.9)
    assert short_term.shape == (20, 32)
    assert global_.shape == (32,)
    assert short_term.dtype == global_.dtype == np.float32
    assert short_term.base is None  # nothing larger is kept alive
    with torch.inference_mode():
        text = MiniLMTextRows(module, minilm).rows([clip_sentence(2.2, 6.9)])[0]
        patches = torch.from_numpy(np.stack([frame.patches for frame in frames]))
        expected = module.compress(text, merge_2x2(patches), 5)
    assert np.allclose(short_term, expected[0], atol=1e-5)
    assert np.allclose(global_, expected[1], atol=1e-5)


def test_other_tokens_per_frame(module: MemoryModule, minilm: MiniLM) -> None:
    nine = LearnedCompressor(module, MiniLMTextRows(module, minilm), tokens_per_frame=9)
    assert nine.compress(some_frames(3, 1), 0, 2)[0].shape == (27, 32)


def test_what_it_cannot_take_is_refused(compressor: LearnedCompressor) -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        compressor.compress([], 0, 0)
    with pytest.raises(ValueError, match="width 12, not 13"):
        compressor.compress(some_frames(3, 1, width=13), 0, 2)


def test_integrate_is_the_modules_however_it_grows(compressor: LearnedCompressor, module: MemoryModule) -> None:
    slots, globals_ = some_clips(compressor, 6)
    expected = {
        k: module.integrate([torch.from_numpy(s) for s in slots[:k]], [torch.from_numpy(g) for g in globals_[:k]])
        for k in range(1, 7)
    }
    for k in (1, 2, 5, 3, 6, 6):
        found = compressor.integrate(slots[:k], globals_[:k])
        assert np.allclose(found, expected[k].detach(), atol=1e-5)
    compressor.expect(slots)
    assert np.allclose(compressor.integrate(slots, globals_), expected[6].detach(), atol=1e-5)
    assert compressor.integrate([], []).shape == (0, 32)


def test_a_lost_s_may_be_replaced_by_its_g(compressor: LearnedCompressor) -> None:
    slots, globals_ = some_clips(compressor, 3)
    assert compressor.integrate([slots[0], globals_[1][None], slots[2]], globals_).shape == (3, 32)


def test_a_question_is_read_after_the_memory(
    compressor: LearnedCompressor, module: MemoryModule, minilm: MiniLM
) -> None:
    memory = compressor.integrate(*some_clips(compressor, 6))
    found = compressor.encode_question(QUESTION, memory)
    assert found is not None
    assert np.linalg.norm(found) == pytest.approx(1, abs=1e-5)
    with torch.inference_mode():
        rows = MiniLMTextRows(module, minilm).rows([QUESTION])[0]
        for k in (6, 3, 0):
            expected = module.question_state(torch.from_numpy(memory[:k]), rows)
            q = compressor.encode_question(QUESTION, memory[:k])
            assert q is not None
            assert cosines(torch.from_numpy(q), expected[None]).item() == pytest.approx(1, abs=1e-5)
    nothing = compressor.encode_question(QUESTION, np.zeros((0, 32), np.float32))
    assert nothing is not None
    assert not np.allclose(found, nothing, atol=1e-3)
    assert compressor.encode_question("  ", memory) is None


def test_any_thread_gets_the_same(compressor: LearnedCompressor) -> None:
    slots, globals_ = some_clips(compressor, 6)
    alone = [compressor.integrate(slots[:k], globals_[:k]) for k in range(1, 7)]
    asked = [compressor.encode_question(QUESTION, memory) for memory in alone]
    compressor._integrated._known.clear()
    compressor._asked._known.clear()
    order = np.random.default_rng(0).integers(0, 6, 200).tolist()
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda k: compressor.integrate(slots[: k + 1], globals_[: k + 1]), order))
        answers = list(threads.map(lambda k: compressor.encode_question(QUESTION, alone[k]), order))
    assert all(np.allclose(f, alone[k], atol=1e-5) for f, k in zip(found, order, strict=True))
    assert all(np.allclose(a, asked[k], atol=1e-5) for a, k in zip(answers, order, strict=True))


@pytest.fixture(scope="module")
def descriptor_compressor(minilm: MiniLM) -> LearnedCompressor:
    """One that takes the plain descriptor's patches."""
    module = MemoryModule(replace(SMALL, feature_width=4 * descriptor_space.WIDTH))
    module.initialise(torch.Generator().manual_seed(7))
    return LearnedCompressor(module, MiniLMTextRows(module, minilm))


def remember(folder: Path, compressor: Compressor) -> SessionMemory:
    return SessionMemory(folder, compressor, HashedWords(), epoch_s=EPOCH_S)


def test_a_session_remembers_with_it(tmp_path: Path, descriptor_compressor: LearnedCompressor) -> None:
    """What ranking gets for a clip is cosine(q, g_k), though g_k is not of unit norm; also after a restart."""
    sure = PictureScale(nothing=-1.0, certain=1.0)
    for start_s, looks in ((0, ("red",)), (16, ("dark",)), (32, ("green",))):
        memory = SessionMemory(tmp_path, descriptor_compressor, HashedWords(), epoch_s=EPOCH_S, scale=sure)
        watch(memory, memory.start_s, memory.start_s + 17, looks)
        if start_s < 32:
            memory.close()
    clips = memory.clips()
    assert [clip.global_.shape for clip in clips] == [(32,)] * len(clips)
    assert min(np.linalg.norm(clip.global_.astype(np.float32)) for clip in clips) > 2
    found = ask(memory, "where did i leave the zebra", 100.0)
    everything = [clip.global_.astype(np.float32) for clip in clips]
    opened = memory.open_clip()
    assert opened is not None
    long_term = descriptor_compressor.integrate([clip.short_term.astype(np.float32) for clip in clips], everything)
    q = descriptor_compressor.encode_question("where did i leave the zebra", long_term)
    assert q is not None
    scores = {clip.id: (1 + q @ g / np.linalg.norm(g)) / 2 for clip, g in zip(clips, everything, strict=True)}
    known = [e for e in found.evidence if e.clip_id in scores]
    assert known
    for evidence in known:
        assert evidence.score == pytest.approx(scores[evidence.clip_id], abs=0.02)  # the open clip is one row more
    memory.close()


def test_a_memory_of_another_compressor_is_taken_up(tmp_path: Path, descriptor_compressor: LearnedCompressor) -> None:
    """Its clips keep their words and pictures, and stand among the new ones without being compared with questions."""
    old = remember(tmp_path, PoolingCompressor(HashedWords()))
    for n in range(3 * 70):
        old.see(frame(float(n), similarity=0.2 if n % 3 == 0 else 1.0))
    old.close()
    memory = remember(tmp_path, descriptor_compressor)
    watch(memory, memory.start_s, memory.start_s + 20, ("red",))
    assert len(memory.clips()) == 71
    found = ask(memory, "when did you see anything red", memory.start_s + 20)
    assert found.looked_at_clips == 72
    assert "red" in [label.text for e in found.evidence for label in e.labels]
    memory.close()
    back = remember(tmp_path, PoolingCompressor(HashedWords()))
    assert ask(back, "when did you see anything bright", back.start_s).evidence
    back.close()
