"""The released memory module's folder: every layout reads the same, and what is wrong with it is one clear sentence."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from models.ixc25.tiny_memory import tensors, write_tiny_memory, write_weights
from safetensors.torch import load_file, save_file
from torch import Tensor

from omnilive_demo.models.ixc25_omnilive.memory import VideoMemory, load_memory_module
from omnilive_demo.models.memory_module.weight_files import WeightsError

PICTURES = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)
ONE = torch.ones(1)
TOWER = "model.vision_tower.vision_tower.vision_model."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny_memory(tmp_path / "memory")


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Tensor:
    return seen(load_memory_module(write_tiny_memory(tmp_path_factory.mktemp("memory"))))


def seen(memory: VideoMemory) -> Tensor:
    return torch.cat([memory.compress(PICTURES, 0, 1)[0], memory.compress(PICTURES[:1], 1, 1)[0]])


def rewrite(folder: Path, **changed: Tensor | None) -> None:
    """Change tensors of a safetensors file, named with __ for a dot; None takes one out."""
    held = load_file(folder / "model.safetensors")
    named = {name.replace("__", "."): tensor for name, tensor in changed.items()}
    held = {name: tensor for name, tensor in (held | named).items() if tensor is not None}
    save_file(held, folder / "model.safetensors")


def configure(folder: Path, **changed: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))


@pytest.mark.parametrize("layout", ["safetensors", "safetensors shards", "bin", "bin shards"])
def test_every_layout_is_the_same_model(tmp_path: Path, expected: Tensor, layout) -> None:
    assert torch.equal(seen(load_memory_module(str(write_tiny_memory(tmp_path, layout)))), expected)


def test_safetensors_come_before_pickles(folder: Path, expected: Tensor) -> None:
    torch.save({"nothing": torch.zeros(1)}, folder / "pytorch_model.bin")
    assert torch.equal(seen(load_memory_module(folder)), expected)


def test_old_files_of_pytorch_are_read_too(tmp_path: Path, expected: Tensor) -> None:
    folder = write_tiny_memory(tmp_path)
    held = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(held, folder / "pytorch_model.bin", _use_new_zipfile_serialization=False)
    assert torch.equal(seen(load_memory_module(folder)), expected)


def test_names_that_are_known_and_not_used(folder: Path, expected: Tensor, caplog: pytest.LogCaptureFixture) -> None:
    """Hazards 5 and 6: the head, whatever it holds, and CLIP's old list of positions."""
    positions = {f"{TOWER.replace('.', '__')}embeddings__position_ids": torch.arange(257)[None]}
    with caplog.at_level("INFO"):
        rewrite(folder, **positions)
        assert torch.equal(seen(load_memory_module(folder)), expected)
        assert "lm_head.weight differs from the token table" in caplog.text
        caplog.clear()
        rewrite(folder, lm_head__weight=load_file(folder / "model.safetensors")["model.embed_tokens.weight"].clone())
        load_memory_module(folder)
        assert not caplog.text
        rewrite(folder, lm_head__weight=None)
        assert torch.equal(seen(load_memory_module(folder)), expected)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"model__norm__weight": None}, r"lacks model\.norm\.weight\.$"),
        ({"model__mm_projector__mlp__2__bias": None}, r"lacks model\.mm_projector\.mlp\.2\.bias\.$"),
        ({"model__extra": torch.zeros(1)}, r"has unknown model\.extra\.$"),
        ({"extra": torch.zeros(1)}, r"has unknown extra\.$"),
        ({"model__norm__weight": torch.zeros(7)}, r"shape of model\.norm\.weight \(.* is \[7\] instead of \[48\]\)"),
        (
            {"model__norm__weight": None, "spare": ONE, "model__layers__1__mlp__up_proj__weight": ONE + 1},
            r"lacks model\.norm\.weight, has unknown spare, has another shape of model\.layers\.1\.mlp\.up_proj",
        ),
    ],
)  # fmt: skip
def test_every_tensor_is_accounted_for(folder: Path, changed: dict[str, Tensor | None], said: str) -> None:
    rewrite(folder, **changed)
    with pytest.raises(WeightsError, match=said):
        load_memory_module(folder)


def test_many_names_are_not_a_page_of_them(folder: Path) -> None:
    rewrite(folder, **{f"spare{i}": torch.zeros(1) for i in range(9)})
    with pytest.raises(WeightsError, match=r"unknown spare0, spare1, spare2, spare3, spare4 and 4 others\.$"):
        load_memory_module(folder)


class Evil:
    """What runs when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.mark),)


def test_a_pickle_that_holds_more_than_tensors_is_not_run(folder: Path, tmp_path: Path) -> None:
    held = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(held | {"model.extra": Evil(tmp_path / "ran")}, folder / "pytorch_model.bin")
    with pytest.raises(WeightsError, match=r"pytorch_model\.bin holds more than tensors"):
        load_memory_module(folder)
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Evil(tmp_path / "ran"), protocol=2))
    with pytest.raises(WeightsError, match=r"pytorch_model\.bin is damaged"):
        load_memory_module(folder)
    assert not (tmp_path / "ran").exists()
    torch.save({"model": held}, folder / "pytorch_model.bin")
    with pytest.raises(WeightsError, match="does not hold tensors by name"):
        load_memory_module(folder)


@pytest.mark.parametrize("layout", ["safetensors", "bin", "bin shards"])
def test_a_cut_file_is_told(tmp_path: Path, layout) -> None:
    folder = write_tiny_memory(tmp_path, layout)
    file = next(path for path in sorted(folder.iterdir()) if path.suffix in (".bin", ".safetensors"))
    whole = file.read_bytes()
    for size in (len(whole) - 10, len(whole) // 2, 3, 0):
        file.write_bytes(whole[:size])
        with pytest.raises(WeightsError, match=rf"{file.name} is damaged or incomplete"):
            load_memory_module(folder)
    file.unlink()
    with pytest.raises(WeightsError, match="is missing"):
        load_memory_module(folder)


def test_an_index_that_is_wrong_is_told(tmp_path: Path) -> None:
    folder = write_tiny_memory(tmp_path, "safetensors shards")
    index = folder / "model.safetensors.index.json"
    names = json.loads(index.read_text())["weight_map"]
    for wrong, said in (
        ({}, "names no weights"),
        (names | {"model.norm.weight": "../elsewhere.safetensors"}, "names a file of another folder"),
        (
            names | {"model.norm.weight": "model-00003-of-00002.safetensors"},
            "model-00003-of-00002.safetensors is missing",
        ),
    ):
        index.write_text(json.dumps({"weight_map": wrong}))
        with pytest.raises(WeightsError, match=said):
            load_memory_module(folder)
    index.write_text(json.dumps({"weight_map": names}))
    second = load_file(folder / "model-00002-of-00002.safetensors")
    first = load_file(folder / "model-00001-of-00002.safetensors")
    save_file(second | dict(list(first.items())[:1]), folder / "model-00002-of-00002.safetensors")
    with pytest.raises(WeightsError, match="holds once more what another file holds"):
        load_memory_module(folder)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"mm_vision_select_layer": -1}, "another vision tower"),
        ({"mm_hidden_size": 64}, "another vision tower"),
        ({"pool_num": 9}, "another vision tower"),
        ({"vision_config": {"hidden_act": "gelu"}}, "another vision tower"),
        ({"mm_projector_type": "linear"}, "mm_projector_type"),
        ({"rope_theta": None}, "is not that of a memory module"),
        ({"hidden_size": 96}, "another shape"),
    ],
)
def test_a_configuration_of_another_model_is_told(folder: Path, changed: dict[str, object], said: str) -> None:
    if "vision_config" in changed:
        own = json.loads((folder / "config.json").read_text())["vision_config"]
        changed = {"vision_config": own | changed["vision_config"]}  # type: ignore[operator]
    configure(folder, **changed)
    with pytest.raises(WeightsError, match=said):
        load_memory_module(folder)


def test_a_tokenizer_that_is_missing_or_anothers_is_told(folder: Path) -> None:
    held = tensors(200)
    configure(folder, vocab_size=200)
    write_weights(folder, held, "safetensors")
    with pytest.raises(WeightsError, match=r"another model's: 343 tokens for 200 rows"):
        load_memory_module(folder)
    (folder / "merges.txt").unlink()
    with pytest.raises(WeightsError, match=r"merges\.txt is missing"):
        load_memory_module(folder)


def test_the_rotation_has_the_base_of_the_configuration(folder: Path) -> None:
    """Hazard 2 of a neighbour: a base that is silently another one."""
    angles = load_memory_module(folder).module.decoder.rotary_emb.inv_freq
    assert torch.allclose(angles, 1e6 ** (-torch.arange(6) / 6.0))
