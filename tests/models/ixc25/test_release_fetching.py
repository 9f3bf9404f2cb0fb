"""The release as one repository with a folder for each part: fetched, checked, converted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from models.hub_stand_in import StandIn, hub_stand_in
from models.ixc25 import tiny_audio
from models.ixc25.tiny_memory import write_tiny_memory
from models.ixc25.tiny_reasoner import base_tensors, write_adapter, write_base
from safetensors.torch import save_file

from omnilive_demo.models import __main__ as command
from omnilive_demo.models.fetching import fetch
from omnilive_demo.models.hub import Hub, HubError
from omnilive_demo.models.ixc25_omnilive.conversion import convert
from omnilive_demo.models.ixc25_omnilive.loading import load_reasoner
from omnilive_demo.models.ixc25_omnilive.memory import load_memory_module
from omnilive_demo.models.registry import SPECS

PARTS = ("ixc25-ol-reasoner", "ixc25-ol-memory", "ixc25-ol-audio")
TOWER = "vit.vision_tower."


def write_release(folder: Path) -> Path:
    """All parts as on the hub, the reasoner's tower apart, with the code and the pictures that lie beside them."""
    held = base_tensors()
    write_base(folder / "base", {name: tensor for name, tensor in held.items() if not name.startswith(TOWER)})
    tower = folder / "base" / "IXC2d5_clip_l_560"
    tower.mkdir()
    torch.save(
        {name.removeprefix(TOWER): tensor for name, tensor in held.items() if name.startswith(TOWER)},
        tower / "pytorch_model.bin",
    )
    write_adapter(folder / "adapter")
    write_tiny_memory(folder / "memory")
    tiny_audio.write_files(folder / "audio")
    config = json.loads((folder / "audio" / "config.json").read_text())
    save_file(tiny_audio.random_weights(config), folder / "audio" / "model.safetensors")
    (folder / "base" / "modeling_internlm2.py").write_text("raise SystemExit\n")
    (folder / "base" / "SimHei.ttf").write_bytes(b"not to be passed on")
    (folder / "README.md").write_text("a card")
    return folder


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_release(tmp_path_factory.mktemp("release"))


@pytest.fixture
def standing(release: Path) -> Iterator[StandIn]:
    with hub_stand_in() as hub:
        hub.add_folder(SPECS[PARTS[0]].repository, release)
        yield hub


def test_the_parts_come_from_one_repository_and_no_code_with_them(standing: StandIn, tmp_path: Path) -> None:
    hub = Hub(standing.url, tmp_path)
    folders = {name: fetch(SPECS[name], hub) for name in PARTS}
    assert len({*folders.values()}) == 1, "one snapshot holds them all"
    fetched = {name for name, _ in standing.downloads()}
    assert {"adapter_model.bin", "tokenizer.model", "merges.txt", "preprocessor_config.json"} <= fetched
    assert not fetched & {"modeling_internlm2.py", "SimHei.ttf", "README.md"}
    root = folders["ixc25-ol-reasoner"]
    assert load_reasoner(root / "base", root / "adapter", torch.float32).config.layers == 2
    assert load_memory_module(root / "memory").width == 48
    before = len(standing.requests)
    assert fetch(SPECS["ixc25-ol-reasoner-4bit"], hub) == root, "the same files"
    assert len(standing.requests) == before


def test_one_part_does_not_pass_for_another(standing: StandIn, tmp_path: Path) -> None:
    hub = Hub(standing.url, tmp_path)
    fetch(SPECS["ixc25-ol-memory"], hub)
    away = Hub(standing.url, tmp_path, offline=True)
    assert fetch(SPECS["ixc25-ol-memory"], away).is_dir()
    with pytest.raises(HubError, match="ixc25-ol-audio is not in the cache"):
        fetch(SPECS["ixc25-ol-audio"], away)


def test_the_command_lists_fetches_and_checks_them(
    standing: StandIn, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--endpoint", standing.url, "--cache", str(tmp_path)]
    assert command.main(["list", "--profile", "omnilive", *place]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in (*PARTS, "f5-tts", "smart-turn", "Commercial use of these weights"))
    assert command.main(["fetch", "--profile", "omnilive", "--role", "reasoner", *place]) == 0
    assert "Commercial use" in capsys.readouterr().out
    assert command.main(["check", "ixc25-ol-reasoner", *place]) == 0
    adapter = next(tmp_path.rglob("adapter_model.bin"))
    adapter.resolve().write_bytes(adapter.read_bytes()[:-1] + b"?")
    assert command.main(["check", "ixc25-ol-reasoner", *place]) == 1
    assert "damaged adapter/adapter_model.bin" in capsys.readouterr().err
    assert command.main(["check", "ixc25-ol-audio", *place]) == 1


def test_a_folder_does_as_fetched_or_as_converted(release: Path, tmp_path: Path) -> None:
    hub = Hub("http://127.0.0.1:9", tmp_path / "hub", offline=True)
    for name in PARTS:
        assert fetch(SPECS[name], hub, folder=release) == release
    convert(release, tmp_path / "converted")
    converted = fetch(SPECS["ixc25-ol-reasoner"], hub, folder=tmp_path / "converted")
    assert not list(converted.rglob("*.bin"))
    assert load_reasoner(converted / "base", converted / "adapter", torch.float32).config.layers == 2
    next((converted / "base").glob("model*.safetensors")).unlink()
    with pytest.raises(HubError, match=r"has no file model-0000\d-of-00002\.safetensors"):
        fetch(SPECS["ixc25-ol-reasoner"], hub, folder=converted)
