"""The reasoner against the original code, on tiny random weights: logits, rows and greedy answers."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from models.golden import golden
from safetensors.torch import load_file
from torch import Tensor

from omnilive_demo.cancel import CancelToken
from omnilive_demo.models.ixc25_omnilive.generation import TokenStream
from omnilive_demo.models.ixc25_omnilive.loading import load_reasoner
from omnilive_demo.models.ixc25_omnilive.prompt import MemoryPart, Part, PicturePart, WordsPart
from omnilive_demo.models.ixc25_omnilive.reasoner import Reasoner

CLOSE = 1e-4
STEPS = 8


@pytest.fixture(scope="module")
def data() -> dict[str, Tensor]:
    return load_file(golden("reasoner") / "golden.safetensors")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The golden weights under the names of the release."""
    source, root = golden("reasoner"), tmp_path_factory.mktemp("golden")
    base, adapter = root / "base", root / "adapter"
    base.mkdir()
    adapter.mkdir()
    (base / "config.json").symlink_to(source / "config.json")
    (base / "model.safetensors").symlink_to(source / "base.safetensors")
    (adapter / "adapter_config.json").symlink_to(source / "adapter_config.json")
    (adapter / "adapter_model.safetensors").symlink_to(source / "adapter.safetensors")
    return base, adapter


@pytest.fixture(scope="module")
def merged(folders: tuple[Path, Path]) -> Reasoner:
    return load_reasoner(*folders, dtype=torch.float32)


def apart(one: Tensor, other: Tensor) -> float:
    assert one.shape == other.shape
    return float((one - other).abs().max())


def words(ids: Tensor, visual: bool = False) -> WordsPart:
    return WordsPart(tuple(ids.tolist()), visual)


def canvas(data: dict[str, Tensor]):
    return data["picture.canvas_half"].repeat_interleave(2, 0).repeat_interleave(2, 1).numpy()


def memory_parts(data: dict[str, Tensor]) -> tuple[Part, ...]:
    part = {name.removeprefix("memory_prompt."): tensor for name, tensor in data.items()}
    return (
        words(part["ids_before"]),
        words(part["ids_label_long_term"], True), MemoryPart(part["long_term_rows"]),
        words(part["ids_label_short_term"], True), MemoryPart(part["short_term_rows"]),
        PicturePart(canvas(data)[:560, :560]),
        words(part["ids_after"]),
    )  # fmt: skip


def answer(reasoner: Reasoner, parts: tuple[Part, ...]) -> tuple[list[int], Tensor]:
    stream, logits = TokenStream(reasoner, parts), []
    for _ in range(STEPS):
        assert stream.next(CancelToken()) is not None
        logits.append(stream.logits)
    return stream.ids, torch.stack(logits)


@torch.inference_mode()
def test_pictures(data, merged) -> None:
    assert apart(merged.pictures(canvas(data)), data["picture.tokens"]) < CLOSE
    tile = canvas(data)[:560, :560]
    assert apart(merged.pictures.merged(tile), data["picture_one_tile.tokens_before_projection"]) < CLOSE
    assert apart(merged.pictures(tile), data["picture_one_tile.tokens"]) < CLOSE


def test_text_without_and_with_the_adapter(data, folders, merged) -> None:
    base = load_reasoner(folders[0], None, dtype=torch.float32)
    text = (words(data["text.ids"]),)
    assert apart(base.read(text, every=True), data["text.logits_base"]) < CLOSE
    assert apart(merged.read(text, every=True), data["text.logits_merged"]) < CLOSE
    assert apart(data["text.logits_base"], data["text.logits_merged"]) > 1


@torch.inference_mode()
def test_memory_rows(data, merged) -> None:
    for kind in ("long_term", "short_term"):
        rows = merged.memory_projector(data[f"memory_prompt.{kind}_rows"])
        assert apart(rows, data[f"memory_prompt.{kind}_rows_projected"]) < CLOSE


def test_memory_prompt(data, merged) -> None:
    parts = memory_parts(data)
    rows, visual = merged.embed(parts)
    assert apart(rows, data["memory_prompt.inputs_embeds"]) < CLOSE
    assert torch.equal(visual, data["memory_prompt.plora_mask"].bool())
    assert apart(merged.read(parts, every=True), data["memory_prompt.logits"]) < CLOSE


def test_memory_prompt_answered(data, merged) -> None:
    ids, logits = answer(merged, memory_parts(data))
    assert ids == data["memory_prompt.greedy_ids"].tolist()
    assert apart(logits, data["memory_prompt.greedy_logits"]) < CLOSE


@torch.inference_mode()
def test_long_prompt_and_no_trace_of_it_in_a_short_one(data, merged) -> None:
    rows = merged.rows(words(data["long_prompt.ids"]))
    logits = merged.decoder(rows, data["long_prompt.plora_mask"].bool(), every=True)
    assert apart(logits, data["long_prompt.logits"]) < CLOSE
    assert apart(merged.read((words(data["text.ids"]),), every=True), data["text.logits_merged"]) < CLOSE


def test_an_answer_that_crosses_the_limit(data, merged) -> None:
    """Cached keys keep the base of their time, as in the original: all eight steps, those beyond 1024 rows too."""
    ids, logits = answer(merged, (words(data["crossing.ids"]),))
    assert ids == data["crossing.greedy_ids"].tolist()
    assert apart(logits, data["crossing.greedy_logits"]) < CLOSE


@pytest.mark.parametrize("pieces", [2, 7])
def test_a_prompt_read_in_pieces(data, merged, pieces: int) -> None:
    with torch.inference_mode():
        rows, visual = merged.embed(memory_parts(data))
        held, logits = merged.held(), []
        for some, of_them in zip(rows.chunk(pieces), visual.chunk(pieces), strict=True):
            logits.append(merged.decoder(some, of_them, held, every=True))
    assert apart(torch.cat(logits), data["memory_prompt.logits"]) < CLOSE


def test_bfloat16_points_the_same_way(data, folders) -> None:
    coarse = load_reasoner(*folders, dtype=torch.bfloat16)
    logits = coarse.read(memory_parts(data), every=True)
    likeness = torch.nn.functional.cosine_similarity(logits, data["memory_prompt.logits"])
    assert likeness.min() > 0.95
    assert likeness.mean() > 0.995
