"""Integration clip by clip: the same as all at once within a segment, in bounded memory, for days."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor

from omnilive_demo.memory import long_term
from omnilive_demo.memory.learned_compressor import LearnedCompressor
from omnilive_demo.models.ixc25_omnilive.memory import VideoMemory
from omnilive_demo.models.memory_module.config import MemoryModuleConfig, released_config
from omnilive_demo.models.memory_module.module import MemoryModule
from omnilive_demo.models.memory_module.prefix import RowPrefix
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


def in_half(many: list[tuple[Tensor, Tensor]]) -> list[tuple[Tensor, Tensor]]:
    """With values of S that float16, in which the app keeps them, holds as they are."""
    return [(slots.half().float(), global_) for slots, global_ in many]


def row_bytes(config: MemoryModuleConfig, dtype: torch.dtype) -> int:
    """What a row of a prefix takes, a key and a value in each layer: 28,672 bytes at the released size in bfloat16."""
    values = 2 * config.layers * config.kv_heads * (config.hidden // config.heads)
    return values * dtype.itemsize


def held_bytes(prefix: RowPrefix) -> int:
    """What its keys and values take."""
    return sum(tensor.nbytes for pair in prefix.layers for tensor in pair)


def apart(one: Tensor, other: Tensor) -> float:
    assert one.shape == other.shape
    return float((one - other).abs().max())


def at_once(many: list[tuple[Tensor, Tensor]]) -> Tensor:
    return MODULE.integrate([s for s, _ in many], [g for _, g in many])


class TableRows:
    def rows(self, texts: list[str]) -> list[Tensor]:
        return [torch.ones(2, WIDTH) for _ in texts]


class Kept:
    """Stands for the store: S and full segments, as they come back from it."""

    def __init__(self) -> None:
        self.short_term: dict[int, np.ndarray] = {}
        self.long_term: dict[int, tuple[tuple[int, ...], np.ndarray]] = {}

    def read_short_term(self, clip: int) -> np.ndarray | None:
        return self.short_term.get(clip)

    def read_long_term(self, segment: int) -> tuple[tuple[int, ...], np.ndarray] | None:
        return self.long_term.get(segment)


class Stream:
    """The app's long-term memory of clips that come one by one, in segments of another size. One at a time."""

    def __init__(self, patch: pytest.MonkeyPatch, cap: int) -> None:
        patch.setattr(long_term, "SEGMENT_CLIPS", cap)
        self.cap = cap
        self.kept = Kept()
        self.compressor = LearnedCompressor(MODULE, TableRows(), prefixes=3)
        self.memory = long_term.LongTerm(self.compressor, self.kept)  # type: ignore[arg-type]
        self.many: list[tuple[Tensor, Tensor]] = []

    def add(self, short_term: Tensor, global_: Tensor) -> None:
        clip = len(self.many)
        self.many.append((short_term, global_))
        self.memory.add(clip, short_term.numpy())
        self.kept.short_term[clip] = short_term.numpy().astype(np.float16)
        if clip and clip % self.cap == 0:
            own = range(clip - self.cap, clip)
            segment, clips_, memory = self.memory.close_segment(list(own), self.globals[own.start : own.stop])
            assert apart(torch.from_numpy(memory), at_once(self.many[own.start : own.stop])) < 1e-4
            self.kept.long_term[segment] = clips_, memory.astype(np.float16)

    @property
    def globals(self) -> np.ndarray:
        return np.array([g.numpy() for _, g in self.many], np.float32).reshape(-1, WIDTH)

    def read(self, opened: tuple[Tensor, Tensor] | None = None) -> Tensor:
        open_clip = (opened[0].numpy(), opened[1].numpy()) if opened else None
        return torch.from_numpy(self.memory.read(np.arange(len(self.many)), self.globals, open_clip))

    def expected(self, many: list[tuple[Tensor, Tensor]]) -> Tensor:
        return torch.cat([at_once(many[at : at + self.cap]) for at in range(0, len(many), self.cap)])


@settings(max_examples=3, deadline=None)
@given(k=st.integers(1, 504), cap=st.integers(1, 504), seed=st.integers(0, 99), look=st.integers(1, 504))
@example(k=504, cap=504, seed=1, look=64)
@example(k=70, cap=64, seed=2, look=65)
@torch.inference_mode()
def test_clip_by_clip_is_all_at_once(k: int, cap: int, seed: int, look: int) -> None:
    """Whenever H̄ is asked for, and however many clips a segment may hold; full segments are kept in float16."""
    many = in_half(clips(np.random.default_rng(seed).integers(1, 4, k).tolist(), seed))
    with pytest.MonkeyPatch.context() as patch:
        stream = Stream(patch, cap)
        for i, clip in enumerate(many, 1):
            expected = stream.expected(many[:i]) if i in (look, k) else torch.zeros(0)
            opened = stream.read(clip) if i in (look, k) else expected  # the newest clip is still open
            stream.add(*clip)
            for found in (opened, stream.read()) if i in (look, k) else ():
                full = (i - 1) // cap * cap
                assert apart(found[full:], expected[full:]) < 1e-4
                assert apart(found, expected) < 1e-4 + 2**-10 * expected.abs().max()


@torch.inference_mode()
def test_a_segment_holds_what_the_positions_hold() -> None:
    """504 full clips in the release: 32,760 of 32,768 positions. Here 20 of 5 rows, and the next begins another."""
    assert cut([64] * 505, 505, 32_768) == [slice(0, 504), slice(504, 505)]
    memory = VideoMemory(made(replace(TINY, positions=103)), None, None)  # type: ignore[arg-type]
    many = clips([1] * 21, 1)
    slots, globals_ = [s for s, _ in many], [g for _, g in many]
    assert apart(memory.integrate(slots[:20], globals_[:20]), at_once(many[:20])) < 1e-4
    assert apart(memory.integrate(slots, globals_), torch.cat([at_once(many[:20]), at_once(many[20:])])) < 1e-4


@torch.inference_mode()
def test_days_take_no_more_than_a_segment(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream(monkeypatch, 8)
    sizes = []
    for clip in in_half(clips([3, 5] * 150, 2)):
        stream.add(*clip)
        held = [held_bytes(known.prefix) for known in stream.compressor._integrated._known]
        assert len(held) <= 3
        assert len(stream.memory._slots) <= 16
        sizes.append(max(held))
    assert max(sizes) == sizes[7] == 8 * 16 * row_bytes(TINY, torch.float32)
    assert stream.read().shape == (300, WIDTH)


def test_what_cannot_be_integrated_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="more than 32768 positions hold"):
        cut([32_768], 64, 32_768)
    stream = Stream(monkeypatch, 64)
    assert stream.read().shape == (0, WIDTH)
    assert stream.compressor.integrate([], []).shape == (0, WIDTH)


def test_the_prefix_of_a_segment_takes_117_megabytes_at_the_released_size() -> None:
    released = released_config(RELEASED)
    assert row_bytes(released, torch.bfloat16) == 28_672
    assert 64 * 64 * row_bytes(released, torch.bfloat16) == 117_440_512
    assert 512 * row_bytes(released, torch.bfloat16) == 14_680_064  # of the rows that a question reads
    prefix = RowPrefix(MODULE).extended(torch.zeros(10, WIDTH))
    assert held_bytes(prefix) == 10 * row_bytes(TINY, torch.float32)
    assert held_bytes(prefix.extended(torch.zeros(5, WIDTH), keep=3)) == 8 * row_bytes(TINY, torch.float32)


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
