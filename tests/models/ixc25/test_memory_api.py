"""The released memory module as one object, against a second derivation and against the original code."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from models.golden import golden
from models.ixc25.memory_reference import Reference
from models.ixc25.tiny_memory import HIDDEN, tensors, write_tiny_memory
from safetensors.torch import load_file, save_file
from torch import Tensor

from omnilive_demo.models.ixc25_omnilive import memory as api
from omnilive_demo.models.ixc25_omnilive.memory import VideoMemory, load_memory_module
from omnilive_demo.models.memory_module.module import cosines
from omnilive_demo.models.memory_module.released import load_released
from omnilive_demo.models.memory_module.segments import rows_read

QUESTION = "where is the red clip?"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_memory(tmp_path_factory.mktemp("memory"))


@pytest.fixture(scope="module")
def memory(folder: Path) -> VideoMemory:
    return load_memory_module(folder)


@pytest.fixture(scope="module")
def reference(memory: VideoMemory) -> Reference:
    return Reference(tensors(memory.module.config.vocabulary))


def frames(n: int, seed: int, side: int = 224) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (n, 16, 16, 3), np.uint8)
    return coarse.repeat(side // 16, 1).repeat(side // 16, 2)


def ids(folder: Path, text: str) -> list[int]:
    """By the tokenizer's own library, from the same files."""
    from tokenizers import Tokenizer, pre_tokenizers
    from tokenizers.models import BPE

    plain = Tokenizer(BPE.from_file(str(folder / "vocab.json"), str(folder / "merges.txt")))
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)  # no text here has two digits together
    return plain.encode(text).ids


def apart(one: Tensor, other: Tensor) -> float:
    assert one.shape == other.shape
    return float((one.double() - other.double()).abs().max())


def rows(n: int, seed: int) -> Tensor:
    return torch.randn(n, HIDDEN, generator=torch.Generator().manual_seed(seed))


def some_memories(k: int, of: int = 8) -> tuple[list[Tensor], list[Tensor]]:
    return [rows(of + i % 3, i) for i in range(k)], [rows(1, 1000 + i)[0] for i in range(k)]


def test_the_whole_way_is_that_of_the_specification(folder: Path, memory: VideoMemory, reference: Reference) -> None:
    clips = [(frames(3, 1), 0.4, 3.2), (frames(5, 2), 3.6, 8.1), (frames(1, 3), 8.6, 9.4)]
    made = memory.compress_many(clips)
    said = ("0 to 3", "4 to 8", "9 to 9")
    for (pictures, start_s, end_s), (short_term, global_), times in zip(clips, made, said, strict=True):
        text = ids(folder, f"This contains a clip sampled in {times} seconds")
        expected = reference.compress(torch.from_numpy(pictures), text)
        assert short_term.shape == (4 * len(pictures), HIDDEN)
        assert apart(short_term, expected[0]) < 1e-4
        assert apart(global_, expected[1]) < 1e-4
        alone = memory.compress(torch.from_numpy(pictures), start_s, end_s)
        assert apart(alone[0], short_term) < 1e-5
        assert apart(alone[1], global_) < 1e-5
    slots, globals_ = [s for s, _ in made], [g for _, g in made]
    long_term = memory.integrate(slots, globals_)
    assert apart(long_term, reference.integrate(slots, globals_)) < 1e-4
    scores = memory.score(long_term, globals_, QUESTION)
    assert scores.dtype == torch.float32
    assert apart(scores, reference.score(long_term, globals_, ids(folder, QUESTION))) < 2e-5
    assert apart(memory.score(long_term.numpy(), torch.stack(globals_).numpy(), QUESTION), scores) < 1e-6
    assert apart(memory.integrate([s.numpy() for s in slots], [g.numpy() for g in globals_]), long_term) < 1e-6


def test_the_head_has_no_influence(folder: Path, memory: VideoMemory, tmp_path: Path) -> None:
    other = write_tiny_memory(tmp_path / "other")
    held = load_file(other / "model.safetensors")
    held["lm_head.weight"] = torch.full_like(held["lm_head.weight"], torch.nan)
    save_file(held, other / "model.safetensors")
    one, same = (m.compress(frames(2, 5), 0, 1) for m in (memory, load_memory_module(other)))
    assert torch.equal(one[0], same[0])
    assert not [name for name in memory.module.state_dict() if "lm_head" in name]


def test_many_clips_are_each_alone_whatever_the_batches(memory: VideoMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = [2, 16, 3, 1, 7, 3, 4]
    clips = [(frames(n, n + i, 32), float(i), float(i + n)) for i, n in enumerate(lengths)]
    for at_once in (16_384, 500, 1):
        monkeypatch.setattr(api, "_ROWS_AT_ONCE", at_once)
        batches = api._batches(lengths)
        assert sorted(i for batch in batches for i in batch) == list(range(7))
        assert all(len(batch) == 1 or lengths[batch[0]] * len(batch) * 69 <= at_once for batch in batches)
        assert all(lengths[batch[0]] == max(lengths[i] for i in batch) for batch in batches)
        for clip, (short_term, global_) in zip(clips, memory.compress_many(clips), strict=True):
            alone = memory.compress(*clip)
            assert apart(short_term, alone[0]) < 1e-5
            assert apart(global_, alone[1]) < 1e-5
            assert short_term.untyped_storage().nbytes() == short_term.nbytes  # nothing larger is kept alive
    assert memory.compress_many([]) == []


def test_clips_and_questions_of_several_threads(memory: VideoMemory) -> None:
    slots, globals_ = some_memories(5)
    long_term = memory.integrate(slots, globals_)
    asked = [QUESTION, "is it red?", "to the keys"] * 8
    alone = [memory.score(long_term, globals_, question) for question in asked]
    clip = memory.compress(frames(2, 1, 32), 0, 1)
    with ThreadPoolExecutor(6) as threads:
        scores = threads.map(lambda question: memory.score(long_term, globals_, question), asked)
        clips = [threads.submit(memory.compress, frames(2, 1, 32), 0, 1) for _ in range(8)]
        assert all(apart(one, other) < 1e-6 for one, other in zip(scores, alone, strict=True))
        assert all(apart(made.result()[0], clip[0]) < 1e-6 for made in clips)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((0, 8, 8, 3), np.uint8), np.zeros((8, 8, 3), np.uint8), np.zeros((2, 8, 8, 4), np.uint8),
        np.zeros((2, 8, 8, 3), np.float32), torch.zeros(2, 8, 8, 3),
    ],
)  # fmt: skip
def test_what_are_no_pictures_is_refused(memory: VideoMemory, wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"expected RGB pictures \[T, H, W, 3\] of bytes"):
        memory.compress(wrong, 0, 1)


def test_a_wide_picture_is_squashed_and_not_cropped(memory: VideoMemory) -> None:
    wide = np.zeros((1, 224, 448, 3), np.uint8)
    edges = wide.copy()
    edges[:, :, :100] = 255
    assert apart(memory.compress(wide, 0, 1)[1], memory.compress(edges, 0, 1)[1]) > 0.1


def test_what_does_not_belong_together_is_refused(memory: VideoMemory) -> None:
    slots, globals_ = some_memories(3)
    with pytest.raises(ValueError, match="3 clips have a short-term memory and 2 a global one"):
        memory.integrate(slots, globals_[:2])
    with pytest.raises(ValueError, match=r"rows \[n, 48\], not \[4, 47\]"):
        memory.integrate([torch.zeros(4, 47)], [globals_[0]])
    with pytest.raises(ValueError, match="empty question"):
        memory.score(rows(3, 1), globals_, "  ")
    assert memory.integrate([], []).shape == (0, HIDDEN)
    assert memory.score(torch.zeros(0, HIDDEN), [], QUESTION).shape == (0,)


def test_beyond_the_positions_segments_are_integrated_by_themselves(tmp_path: Path) -> None:
    """With 640 positions: 70 clips of 8 to 10 rows fit in one sequence no more, 64 of them do."""
    small = load_memory_module(write_tiny_memory(tmp_path, positions=640))
    slots, globals_ = some_memories(200)
    whole = small.integrate(slots[:60], globals_[:60])
    assert apart(whole, small.module.integrate(slots[:60], globals_[:60])) < 1e-6
    long_term = small.integrate(slots, globals_)
    assert long_term.shape == (200, HIDDEN)
    at = 0
    while at < 200:  # as many as there are, 64, or what the positions hold
        n = 1
        while at + n < 200 and n < 64 and sum(len(s) + 1 for s in slots[at : at + n + 1]) <= 640:
            n += 1
        expected = small.module.integrate(slots[at : at + n], globals_[at : at + n])
        assert apart(long_term[at : at + n], expected) < 1e-5
        at += n
    with pytest.raises(ValueError, match="more than 640 positions hold"):
        small.integrate([rows(640, 1)], globals_[:1])
    with pytest.raises(ValueError, match="more than the 640 positions"):
        small.compress(frames(10, 1, 16), 0, 9)
    with pytest.raises(ValueError, match="more than the 640 positions"):
        small.score(long_term, globals_, "is " * 400)


def test_a_question_reads_all_rows_as_long_as_they_fit_and_then_a_selection(tmp_path: Path) -> None:
    small = load_memory_module(write_tiny_memory(tmp_path, positions=640))
    globals_ = list(rows(700, 3))
    asked = small.text_rows.rows([QUESTION])[0]
    for n, read in ((600, np.arange(600)), (700, rows_read(700))):
        long_term = rows(n, 4)
        expected = cosines(small.module.question_state(long_term[read], asked), torch.stack(globals_[:n]))
        assert apart(small.score(long_term, globals_[:n], QUESTION), expected) < 1e-6
    assert len(rows_read(700)) <= 512


def test_in_bfloat16_it_says_nearly_the_same(folder: Path, memory: VideoMemory) -> None:
    half = load_memory_module(folder, torch.bfloat16)
    clips = [(frames(4, i), 4.0 * i, 4.0 * i + 3) for i in range(3)]
    for (s, g), (exact_s, exact_g) in zip(half.compress_many(clips), memory.compress_many(clips), strict=True):
        assert s.dtype == g.dtype == torch.bfloat16
        assert torch.nn.functional.cosine_similarity(s.float(), exact_s).min() > 0.99
        assert torch.nn.functional.cosine_similarity(g.float(), exact_g, dim=0) > 0.99
    assert half.module.decoder.rotary_emb.inv_freq.dtype == torch.float32


class GoldenWords:
    """The ids that stood for the clips' sentences and the questions, in place of a tokenizer."""

    def __init__(self, memory: VideoMemory, data: dict[str, Tensor]) -> None:
        self._memory, self._data, self.next = memory, data, ""

    def rows(self, texts: Sequence[str]) -> list[Tensor]:
        keys = [self.next] if self.next else [f"clip{round(float(text.split()[-4]))}.text_ids" for text in texts]
        return [self._memory.module.embed_tokens(self._data[key]) for key in keys]


def test_all_of_it_is_what_the_original_code_makes() -> None:
    folder = golden("memory")
    data = load_file(folder / "golden.safetensors")
    memory = VideoMemory(*load_released(folder), text_rows=None)  # type: ignore[arg-type]
    memory.text_rows = words = GoldenWords(memory, data)
    pictures = [data[f"clip{k}.frames_112"].repeat_interleave(2, 1).repeat_interleave(2, 2) for k in range(4)]
    made = memory.compress_many([(pictures[k], float(k), 99.0) for k in range(4)])
    slots, globals_ = [s for s, _ in made], [g for _, g in made]
    for k in range(4):
        assert apart(slots[k], data[f"clip{k}.short_term_memory"]) < 1e-4
        assert apart(globals_[k], data[f"clip{k}.global_memory"]) < 1e-4
    long_term = memory.integrate(slots, globals_)
    assert apart(long_term, data["long_term_memory"]) < 1e-4
    for i in range(2):
        words.next = f"question{i}.ids"
        scores = memory.score(long_term, globals_, "what?")
        assert apart(scores, data[f"question{i}.cosine"]) < 2e-5
