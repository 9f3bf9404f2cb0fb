"""A released folder is read whole or not at all, and what is wrong with it is named."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from omnilive_demo.models.ixc25_omnilive.audio_loading import load_audio_network
from omnilive_demo.models.ixc25_omnilive.audio_model import load_audio_model
from omnilive_demo.models.memory_module.weight_files import WeightsError

TABLE = "language_model.model.embed_tokens.weight"


@pytest.fixture
def folder(audio_folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(audio_folder, tmp_path / "audio")


@pytest.fixture
def tensors(folder: Path) -> dict[str, Tensor]:
    return load_file(folder / "model.safetensors")


def change_config(folder: Path, change: Callable[[dict], object]) -> None:
    values = json.loads((folder / "config.json").read_text())
    change(values)
    (folder / "config.json").write_text(json.dumps(values))


def change_json(path: Path, **values: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def same(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    theirs = other.state_dict()
    return all(torch.equal(tensor, theirs[name]) for name, tensor in one.state_dict().items())


def test_one_file_shards_and_pickles_hold_the_same(folder: Path, tensors: dict[str, Tensor]) -> None:
    whole = load_audio_network(folder)
    names = sorted(tensors)
    (folder / "model.safetensors").unlink()
    for stem, ending, save in (
        ("model", "safetensors", lambda values, path: save_file(values, path)),
        ("pytorch_model", "bin", torch.save),
    ):
        files = {f"{stem}-0000{i + 1}-of-00002.{ending}": names[i::2] for i in range(2)}
        for file, held in files.items():
            save({name: tensors[name] for name in held}, folder / file)
        index = folder / f"{stem}.{ending}.index.json"
        index.write_text(json.dumps({"weight_map": {name: file for file, held in files.items() for name in held}}))
        assert same(load_audio_network(folder), whole)
        for path in (index, *(folder / file for file in files)):
            path.unlink()
    torch.save(tensors, folder / "pytorch_model.bin")
    assert same(load_audio_network(folder), whole)


def test_weights_are_not_held_twice_and_take_no_gradient(folder: Path) -> None:
    network = load_audio_network(folder)
    assert network.decoder.lm_head.weight is network.decoder.model.embed_tokens.weight  # hazard 1
    assert len({one.data_ptr() for one in network.parameters()}) == len(list(network.parameters()))
    assert not any(one.requires_grad for one in network.parameters())
    assert not network.training


def test_missing_unknown_and_misshapen_weights_are_named(folder: Path, tensors: dict[str, Tensor]) -> None:
    for change, names in (
        ({"audio_tower.conv1.bias": None}, ["lacks", "audio_tower.conv1.bias"]),
        ({"audio_tower.conv9.bias": torch.ones(1)}, ["unknown", "audio_tower.conv9.bias"]),
        ({TABLE: tensors[TABLE][:-1].clone()}, ["shape", TABLE]),
        ({TABLE: None}, ["lacks", TABLE]),
    ):
        held = {name: tensor for name, tensor in (tensors | change).items() if tensor is not None}
        save_file(held, folder / "model.safetensors")
        with pytest.raises(WeightsError) as told:
            load_audio_network(folder)
        assert all(name in str(told.value) for name in names)
        assert "encoder." not in str(told.value)  # as the release names them


def test_a_head_in_the_file_must_be_the_table(folder: Path, tensors: dict[str, Tensor]) -> None:
    head = {"language_model.lm_head.weight": tensors[TABLE].clone()}
    save_file(tensors | head, folder / "model.safetensors")
    network = load_audio_network(folder)
    assert network.decoder.lm_head.weight is network.decoder.model.embed_tokens.weight
    head["language_model.lm_head.weight"][0, 0] += 1
    save_file(tensors | head, folder / "model.safetensors")
    with pytest.raises(WeightsError, match="lm_head"):
        load_audio_network(folder)


def test_the_rotation_has_the_base_that_the_file_does_not_name(folder: Path) -> None:
    network = load_audio_network(folder, torch.bfloat16)
    angles = network.decoder.model.rotary_emb.inv_freq
    assert angles.dtype == torch.float32
    assert angles.tolist() == pytest.approx([10_000 ** (-2 * i / 8) for i in range(4)])  # hazard 2; 8 a head
    assert {one.dtype for one in network.parameters()} == {torch.bfloat16}
    change_config(folder, lambda values: values["text_config"].update(rope_theta=1e6))
    with pytest.raises(WeightsError, match="rope_theta"):
        load_audio_network(folder)


def test_float16_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="float16"):  # hazard 3
        load_audio_network(folder, torch.float16)


def test_a_pickle_of_more_than_tensors_is_not_run(folder: Path, tmp_path: Path) -> None:
    class Bad:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (tmp_path / "run",))

    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"a": Bad()}, protocol=2))  # hazard 8
    with pytest.raises(WeightsError, match="pytorch_model"):
        load_audio_network(folder)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda values: values["text_config"].pop("hidden_size"),
        lambda values: values.pop("audio_config"),
        lambda values: values.pop("audio_token_index"),
        lambda values: values["text_config"].update(model_type="llama"),
        lambda values: values["text_config"].update(tie_word_embeddings=False),
        lambda values: values["audio_config"].update(scale_embedding=True),
    ],
)
def test_the_configuration_of_another_model_is_refused(folder: Path, change: Callable[[dict], object]) -> None:
    change_config(folder, change)
    with pytest.raises(WeightsError, match=r"config\.json is not that of an audio model"):
        load_audio_network(folder)


def test_a_truncated_file_is_told_plainly(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(WeightsError, match="damaged or incomplete"):
        load_audio_network(folder)
    path.unlink()
    with pytest.raises(WeightsError, match="missing"):
        load_audio_network(folder)


def test_what_is_wrong_with_tokenizer_and_extractor_is_told(audio_folder: Path, tmp_path: Path) -> None:
    for number, (spoil, told) in enumerate(
        (
            (lambda folder: (folder / "merges.txt").unlink(), "merges.txt is missing"),
            (lambda folder: (folder / "tokenizer_config.json").write_text('{"x": 1}'), "does not know <|im_start|>"),
            (lambda folder: (folder / "vocab.json").write_text("{"), "tokenizer in .* is damaged"),
            (lambda folder: change_json(folder / "config.json", audio_token_index=3), "audio token at"),
            (lambda folder: change_json(folder / "preprocessor_config.json", chunk_length=30), "chunk_length 30"),
            (lambda folder: change_json(folder / "preprocessor_config.json", feature_size=80), "feature_size 80"),
            (lambda folder: (folder / "preprocessor_config.json").unlink(), "preprocessor_config.json is missing"),
        )
    ):
        folder = shutil.copytree(audio_folder, tmp_path / str(number))
        spoil(folder)
        with pytest.raises(WeightsError, match=told):
            load_audio_model(folder)
