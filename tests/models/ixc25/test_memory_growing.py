"""Integration clip by clip: the same as all at once within a segment, in bounded memory, for days."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor

from omnilive_demo.memory.learned_compressor import LearnedCompressor
from omnilive_demo.models.ixc25_omnilive.growing_memory import GrowingMemory
from omnilive_demo.models.memory_module.config import MemoryModuleConfig, released_config
from omnilive_demo.models.memory_module.module import MemoryModule
from omnilive_demo.models.memory_module.prefix import RowPrefix, row_bytes
from omnilive_demo.models.memory_module.segments import cut, rows_read

WIDTH = 16
TINY = MemoryModuleConfig(
    hidden=WIDTH, layers=2, heads=2, kv_heads=1, intermediate=32, feature_width=16, text_width=0, vocabulary=8,
    rope_theta=1e6,
)  # fmt: skip
RELEASED = {
    "hidden_size": 1536, "num_hidden_layers": 28, "num_attention_heads": 12, "num_key_value_heads": 2,
    "intermediate_size": 8960, "mm_hidden_size": 1024, "vocab_size": 151_936, "rope_theta": 1e6, "rms_norm_eps": 1e-6,
    "max_position_embeddings": 32_768,
}  # fmt: skip


def made(config: MemoryModuleConfig = TINY) -> MemoryModule:
    torch.manual_seed(5)
    module = MemoryModule(config).eval().requires_grad_(False)
    for name, weights in module.named_parameters():
        if weights.ndim == 2:  # large enough that attention is far from uniform
            weights.copy_(torch.randn(weights.shape) * 1.5 / weights.shape[1] ** 0.5)
        elif "bias" in name:
            weights.copy_(0.2 * torch.randn(weights.shape))
    return module


MODULE = made()


def clips(lengths: list[int], seed: int) -> list[tuple[Tensor, Tensor]]:
    """S of 4T rows and g of clips of T frames."""
    random = torch.Generator().manual_seed(seed)
    return [(torch.randn(4 * t, WIDTH, generator=random), torch.randn(WIDTH, generator=random)) for t in lengths]


def apart(one: Tensor, other: Tensor) -> float:
    assert one.shape == other.shape
    return float((one - other).abs().max())


def at_once(many: list[tuple[Tensor, Tensor]]) -> Tensor:
    return MODULE.integrate([s for s, _ in many], [g for _, g in many])


@settings(max_examples=3, deadline=None)
@given(k=st.integers(1, 504), cap=st.integers(1, 504), seed=st.integers(0, 99), look=st.integers(1, 504))
@example(k=504, cap=504, seed=1, look=64)
@example(k=70, cap=64, seed=2, look=65)
@torch.inference_mode()
def test_clip_by_clip_is_all_at_once(k: int, cap: int, seed: int, look: int) -> None:
    """Whenever H̄ is asked for, and however many clips a segment may hold."""
    many = clips(np.random.default_rng(seed).integers(1, 4, k).tolist(), seed)
    growing = GrowingMemory(MODULE, cap)
    for i, (short_term, global_) in enumerate(many, 1):
        growing.add(short_term, global_)
        assert len(growing) == i
        if i in (look, k):
            parts = [at_once(many[at : min(at + cap, i)]) for at in range(0, i, cap)]
            assert apart(growing.long_term(), torch.cat(parts)) < 1e-4


@torch.inference_mode()
def test_a_segment_holds_what_the_positions_hold() -> None:
    """504 full clips in the release: 32,760 of 32,768 positions. Here 20 of 5 rows, and the next begins another."""
    assert cut([64] * 505, 505, 32_768) == [slice(0, 504), slice(504, 505)]
    module = made(replace(TINY, positions=103))
    growing = GrowingMemory(module, 504)
    many = clips([1] * 21, 1)
    for short_term, global_ in many[:20]:
        growing.add(short_term, global_)
    assert growing.cache_bytes == 80 * row_bytes(TINY, torch.float32)
    assert apart(growing.long_term(), at_once(many[:20])) < 1e-4
    growing.add(*many[20])
    assert growing.cache_bytes == 4 * row_bytes(TINY, torch.float32)
    assert apart(growing.long_term(), torch.cat([at_once(many[:20]), at_once(many[20:])])) < 1e-4


@torch.inference_mode()
def test_days_take_no_more_than_a_segment() -> None:
    growing = GrowingMemory(MODULE, 8)
    many = clips([3, 5] * 150, 2)
    sizes = []
    for short_term, global_ in many:
        growing.add(short_term, global_)
        sizes.append(growing.cache_bytes)
    assert max(sizes) == sizes[7] == 8 * 16 * row_bytes(TINY, torch.float32)
    assert growing.long_term().shape == (300, WIDTH)


def test_what_cannot_be_integrated_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one clip"):
        GrowingMemory(MODULE, 0)
    with pytest.raises(ValueError, match="more than 32768 positions hold"):
        GrowingMemory(MODULE).add(torch.zeros(32_768, WIDTH), torch.zeros(WIDTH))
    assert GrowingMemory(MODULE).long_term().shape == (0, WIDTH)


def test_the_prefix_of_a_segment_takes_117_megabytes_at_the_released_size() -> None:
    released = released_config(RELEASED)
    assert row_bytes(released, torch.bfloat16) == 28_672
    assert 64 * 64 * row_bytes(released, torch.bfloat16) == 117_440_512
    assert 512 * row_bytes(released, torch.bfloat16) == 14_680_064  # of the rows that a question reads
    prefix = RowPrefix(MODULE).extended(torch.zeros(10, WIDTH))
    assert prefix.nbytes == 10 * row_bytes(TINY, torch.float32)
    assert prefix.extended(torch.zeros(5, WIDTH), keep=3).nbytes == 8 * row_bytes(TINY, torch.float32)


class TableRows:
    def rows(self, texts: list[str]) -> list[Tensor]:
        return [torch.ones(2, WIDTH) for _ in texts]


@settings(max_examples=8, deadline=None)
@given(lengths=st.lists(st.integers(1, 16), min_size=2, max_size=64), seed=st.integers(0, 99))
def test_the_apps_compressor_is_all_at_once_too(lengths: list[int], seed: int) -> None:
    """Through its prefixes, whether it heard of the clips beforehand or not, and with an open clip that changes."""
    compressor = LearnedCompressor(MODULE, TableRows())
    many = clips(lengths, seed)
    slots, globals_ = [s.numpy() for s, _ in many], [g.numpy() for _, g in many]
    for k in {1, len(many) // 2, len(many) - 1, len(many)}:
        if k % 2:
            compressor.expect(slots[: k - 1])
        for opened in (slots[k - 1][:4], slots[k - 1]):
            found = compressor.integrate([*slots[: k - 1], opened], globals_[:k])
            expected = at_once([*many[: k - 1], (torch.from_numpy(opened), many[k - 1][1])])
            assert apart(torch.from_numpy(found), expected) < 1e-4


def test_the_apps_compressor_takes_a_module_in_bfloat16() -> None:
    half = LearnedCompressor(made().bfloat16(), TableRows())
    many = clips([3, 4, 5], 3)
    found = half.integrate([s.numpy() for s, _ in many], [g.numpy() for _, g in many])
    assert found.dtype == np.float32
    assert torch.nn.functional.cosine_similarity(torch.from_numpy(found), at_once(many)).min() > 0.98
    asked = half.encode_question("what?", found)
    assert asked is not None
    assert asked.dtype == np.float32
    assert np.linalg.norm(asked) == pytest.approx(1, abs=1e-5)


@given(st.lists(st.integers(1, 70), max_size=200), st.integers(1, 30), st.integers(71, 400))
def test_segments_hold_all_clips_in_order_and_as_many_as_they_can(rows: list[int], clips_: int, positions: int) -> None:
    parts = cut(rows, clips_, positions)
    assert [n for part in parts for n in rows[part]] == rows
    for i, part in enumerate(parts):
        held = [n + 1 for n in rows[part]]
        assert len(held) <= clips_
        assert sum(held) <= positions
        if i + 1 < len(parts):
            assert len(held) == clips_ or sum(held) + rows[parts[i + 1].start] + 1 > positions


@given(st.integers(0, 60_000))
def test_a_question_reads_the_newest_clips_and_an_even_selection(n: int) -> None:
    read = rows_read(n)
    assert len(read) <= 512
    assert (np.diff(read) > 0).all()
    assert set(range(max(0, n - 224), n)) <= set(read.tolist())
    if n:
        assert read[0] == 0
