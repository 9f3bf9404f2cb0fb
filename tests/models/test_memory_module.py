"""The memory module at small size: it trains, it is written and read, and its text and patches come the agreed way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from omnilive_demo.models.memory_module.config import NANO, MemoryModuleConfig
from omnilive_demo.models.memory_module.module import ClipRows, MemoryModule, clip_probabilities, cosines
from omnilive_demo.models.memory_module.patch_features import EncodedPatches, merge_2x2
from omnilive_demo.models.memory_module.prefix import PrefixPool, RowPrefix
from omnilive_demo.models.memory_module.text_rows import ROWS, MiniLMTextRows, TokenTableRows, clip_sentence
from omnilive_demo.models.memory_module.weight_files import WeightsError, load, save
from omnilive_demo.models.text_encoder import MiniLM

SMALL = MemoryModuleConfig(
    hidden=32, layers=2, heads=4, kv_heads=2, intermediate=64, feature_width=48, text_width=384, vocabulary=0
)


@pytest.fixture
def module() -> MemoryModule:
    return made(SMALL)


def made(config: MemoryModuleConfig) -> MemoryModule:
    module = MemoryModule(config)
    module.initialise(torch.Generator().manual_seed(3))
    return module


def some_clips(config: MemoryModuleConfig, frames: tuple[int, ...], seed: int = 0) -> list[ClipRows]:
    random = torch.Generator().manual_seed(seed)
    rows = lambda n, width: torch.randn(n, width, generator=random)  # noqa: E731
    return [ClipRows(rows(5 + t, config.hidden), rows(16 * t, config.feature_width), t) for t in frames]


def apart(one: Tensor, other: Tensor) -> float:
    assert one.shape == other.shape
    return float((one - other).abs().max())


@pytest.mark.parametrize("tokens", [1, 4, 9, 16])
def test_any_square_number_of_memory_tokens_a_frame(module: MemoryModule, tokens: int) -> None:
    short_term, globals_ = module.compress_batch(some_clips(SMALL, (3, 5)), tokens)
    assert [tuple(s.shape) for s in short_term] == [(3 * tokens, 32), (5 * tokens, 32)]
    assert globals_.shape == (2, 32)


@pytest.mark.parametrize("tokens", [0, 2, 25])
def test_other_numbers_of_memory_tokens_are_refused(module: MemoryModule, tokens: int) -> None:
    with pytest.raises(ValueError, match="squares"):
        module.compress_batch(some_clips(SMALL, (3,)), tokens)


@torch.inference_mode()
def test_slots_are_pooled_frame_by_frame_and_row_by_row(module: MemoryModule) -> None:
    merged = torch.randn(2 * 16, 48, generator=torch.Generator().manual_seed(1))
    _, slots, globals_ = module.project_clips([merged], [2])
    grid = merged.reshape(2, 4, 4, 48)
    second_frame_bottom_left = grid[1, 2:, :2].mean((0, 1))
    assert apart(slots[0][4 + 2], module.projector(second_frame_bottom_left)) < 1e-5
    assert apart(globals_[0], module.projector(merged.mean(0))) < 1e-5


@torch.inference_mode()
def test_questions_together_are_questions_alone(module: MemoryModule) -> None:
    random = torch.Generator().manual_seed(2)
    memories = [torch.randn(k, 32, generator=random) for k in (7, 0, 3)]
    asked = [[torch.randn(n, 32, generator=random) for n in lengths] for lengths in ((4, 9, 1), (6, 2), (3,))]
    for memory, questions, together in zip(memories, asked, module.question_states_batch(memories, asked), strict=True):
        assert apart(torch.stack([module.question_state(memory, question) for question in questions]), together) < 1e-5


def test_everything_learns(module: MemoryModule) -> None:
    """A gradient of the retrieval loss reaches every weight through all three tasks; to follow it lowers the loss."""
    clips = some_clips(SMALL, (2, 3, 2, 2))
    states = [torch.randn(n, 384, generator=torch.Generator().manual_seed(n)) for n in (4, 6)]
    targets = torch.tensor([2, 0])

    def loss() -> Tensor:
        short_term, globals_ = module.compress_batch(clips)
        memory = module.integrate_batch([short_term], [globals_])
        q = module.question_states_batch(memory, [module.project_text(states)])[0]
        return torch.nn.functional.nll_loss(clip_probabilities(cosines(q, globals_)).log(), targets)

    first = loss()
    first.backward()
    silent = [name for name, weights in module.named_parameters() if weights.grad is None or not weights.grad.any()]
    assert not [name for name in silent if "k_proj.bias" not in name]  # a key's bias only shifts all scores alike
    optimiser = torch.optim.Adam(module.parameters(), 1e-3)
    for _ in range(10):
        optimiser.zero_grad()
        now = loss()
        now.backward()
        optimiser.step()
    assert now < 0.5 * first


def test_cosines_are_exact_under_autocast() -> None:
    random = torch.Generator().manual_seed(1)
    q, globals_ = torch.randn(5, 64, generator=random), torch.randn(7, 64, generator=random)
    with torch.autocast("cpu", torch.bfloat16):
        found = cosines(q.bfloat16(), globals_)
    assert apart(found, torch.nn.functional.cosine_similarity(q.bfloat16().float()[:, None], globals_, dim=-1)) < 1e-6


@torch.inference_mode()
def test_it_starts_near_mean_pooling() -> None:
    module = made(NANO)
    random = torch.Generator().manual_seed(5)
    looks = torch.randn(6, 1, 512, generator=random)  # what a clip's patches have in common
    clips = [
        ClipRows(torch.randn(9, 256, generator=random), look + torch.randn(48, 512, generator=random), 3)
        for look in looks
    ]
    module.initialise(random, torch.cat([clip.merged for clip in clips]))
    _, globals_ = module.compress_batch(clips)
    _, _, pooled = module.project_clips([clip.merged for clip in clips], [3] * 6)
    assert torch.equal(cosines(globals_, pooled).argmax(1), torch.arange(6))
    assert cosines(globals_, pooled).diagonal().min() > 0.6


def test_first_layers_take_the_features_as_they_are() -> None:
    module = MemoryModule(SMALL)
    random = torch.Generator().manual_seed(5)
    features = 0.01 * torch.randn(400, 48, generator=random) + 3.0
    states = 20 * torch.randn(400, 384, generator=random)
    module.initialise(random, features, states)
    for layer, sample in ((module.projector[0], features), (module.text_projector, states)):
        rows = layer(sample)
        assert rows.mean().abs() < 0.1
        assert 0.5 < rows.std() < 4


def test_the_same_seed_gives_the_same_weights() -> None:
    one, other = made(SMALL), made(SMALL)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_nano_is_small_and_round_trips(tmp_path: Path) -> None:
    module, path = made(NANO), tmp_path / "module.safetensors"
    save(module, path)
    assert path.stat().st_size < 10e6
    again = load(path)
    assert again.config == NANO
    assert not again.training
    assert again.decoder.norm.weight.dtype == torch.float32
    assert [p.name for p in tmp_path.iterdir()] == ["module.safetensors"]
    clip = some_clips(NANO, (4,))[0]
    with torch.inference_mode():
        before, after = module.compress(clip.text, clip.merged, 4), again.compress(clip.text, clip.merged, 4)
    assert apart(before[0], after[0]) < 0.02  # float16
    assert all(torch.equal(a.half().float(), b) for a, b in zip(module.parameters(), again.parameters(), strict=True))


def test_a_broken_weight_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "module.safetensors"
    with pytest.raises(WeightsError, match="missing"):
        load(path)
    save(made(SMALL), path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(WeightsError, match="damaged or incomplete"):
        load(path)
    from safetensors.torch import save_file

    save_file({"weight": torch.zeros(3)}, path)
    with pytest.raises(WeightsError, match="does not hold a memory module"):
        load(path)


@torch.inference_mode()
def test_prefixes_are_found_again_and_change_nothing(module: MemoryModule, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(4)
    blocks = [random.normal(size=(3 + i, 32)).astype(np.float32) for i in range(5)]
    end = torch.randn(4, 32, generator=torch.Generator().manual_seed(9))
    pool = PrefixPool(module, most=3)
    read: list[int] = []
    plain = module.read

    def counting(rows: Tensor, *rest: object, **named: object) -> Tensor:
        read.append(rows.shape[1])
        return plain(rows, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "read", counting)
    for wanted, rows_read in (
        (blocks[:2], [3 + 4]),
        (blocks[:2], []),
        (blocks[:3], [5]),
        ([*blocks[:2], blocks[4]], [7]),  # the last one was still open
        (blocks[:1], []),
        ([], []),
        (blocks[1:3], [4 + 5]),
    ):
        read.clear()
        prefix = pool.prefix(wanted)
        assert read == rows_read
        whole = torch.cat([*(torch.from_numpy(block) for block in wanted), end])
        assert apart(prefix.behind(end), plain(whole[None])[0, -4:]) < 1e-5
    assert len(pool._known) <= 3


@torch.inference_mode()
def test_an_empty_prefix_is_no_prefix(module: MemoryModule) -> None:
    rows = torch.randn(4, 32, generator=torch.Generator().manual_seed(9))
    assert torch.equal(RowPrefix(module).behind(rows), module.read(rows[None])[0])


def test_text_rows_of_minilm(module: MemoryModule) -> None:
    minilm = MiniLM()
    texts = ["what is this?", clip_sentence(3.4, 19.6)]
    assert texts[1] == "This contains a clip sampled in 3 to 20 seconds"
    states = minilm.token_states(texts)
    assert [s.shape for s in states] == [(6, 384), (12, 384)]  # [CLS] what is this ? [SEP]
    assert np.allclose(states[0], minilm.token_states(texts[:1])[0], atol=1e-5)  # padding changes nothing
    mean = states[0].mean(0)
    assert mean / np.linalg.norm(mean) @ minilm.encode(texts)[0] == pytest.approx(1.0, abs=1e-5)
    rows = MiniLMTextRows(module, minilm).rows(texts)
    assert [tuple(r.shape) for r in rows] == [(ROWS, 32)] * 2  # tokens in stretches, then the sentence
    assert MiniLMTextRows(module, minilm).rows([]) == []
    with pytest.raises(ValueError, match="no token table"):
        module.embed_tokens(torch.tensor([1]))


def test_text_rows_of_the_token_table(tmp_path: Path) -> None:
    module = made(MemoryModuleConfig(32, 2, 4, 2, 64, 48, text_width=0, vocabulary=8))
    with pytest.raises(FileNotFoundError, match=r"vocab\.json is missing"):
        TokenTableRows(module, tmp_path)
    (tmp_path / "vocab.json").write_text('{"i": 0, "s": 1, "is": 2, "\u0120": 3, "\u0120is": 4, "<|endoftext|>": 5}')
    (tmp_path / "merges.txt").write_text("#version: 0.2\ni s\n\u0120 is\n", encoding="utf-8")
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "Qwen2Tokenizer"}')
    rows = TokenTableRows(module, tmp_path).rows(["is is", "s"])
    table = module.decoder.embed_tokens.weight
    assert torch.equal(rows[0], table[[2, 4]])
    assert torch.equal(rows[1], table[[1]])
    with pytest.raises(ValueError, match="no text projector"):
        module.project_text([torch.zeros(2, 384)])


def test_patches_of_a_frame_encoder() -> None:
    picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    merged = EncodedPatches(lambda image: image.reshape(16, 3).astype(np.float32)).merged([picture, picture + 100])
    assert merged.shape == (8, 12)
    assert merged[0].tolist() == [0, 1, 2, 3, 4, 5, 12, 13, 14, 15, 16, 17]
    assert merged[4, 0] == 100
    assert torch.equal(merge_2x2(torch.ones(1, 64, 128)), torch.ones(16, 512))
