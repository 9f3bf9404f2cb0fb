"""The naming rule of a weight file is chosen again: on what, and that nothing else of the file changes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from omnilive_demo.models.nano.frame_network import FrameNetwork
from omnilive_demo.training import frame_encoder, frame_encoder_recalibration
from omnilive_demo.training.export import export, replace_metadata
from omnilive_demo.training.frame_encoder_data import Pool
from omnilive_demo.training.frame_encoder_names import name_table_of
from omnilive_demo.training.world.things import all_things, things_of

COUNT = 12


@pytest.fixture(scope="module")
def pool() -> Pool:
    """Noise, of which is said that there is a known thing in every other picture of each half."""
    images = np.random.default_rng(2).integers(0, 256, (COUNT, 192, 192, 3), np.uint8)
    cells, areas = np.full((COUNT, 8, 8), -1, np.int16), np.zeros((COUNT, 6), np.float16)
    present = cells[:, 0, :6].copy()
    shown = np.arange(COUNT) % 4 < 2
    mug = next(row for row, thing in enumerate(all_things()) if thing.name == "mug")
    cells[shown, 2:4, 2:4], present[shown, 0], areas[shown, 0] = mug, mug, 0.06
    return Pool(images, cells, present, areas, np.zeros(COUNT, bool), np.arange(COUNT))


def exported(path: Path, names: int) -> Path:
    torch.manual_seed(3)
    known = len(things_of("known"))
    vectors = torch.nn.functional.normalize(torch.randn(names, 384), dim=1)
    tensors = {**FrameNetwork().state_dict(), "name_vectors": vectors[:known], "other_vectors": vectors[known:]}
    rule = {"weights": [1.0] * 5, "bias": 0.0, "threshold": 0.7}
    export(tensors, path, {"naming": rule, "figures": {}, "reliability": [], "about": {"steps": 9, "seed": 3}})
    return path


def opened(path: Path) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    with safe_open(path, "pt") as file:
        return dict(file.metadata()), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def bytes_of_tensors(path: Path) -> bytes:
    whole = path.read_bytes()
    return whole[8 + int.from_bytes(whole[:8], "little") :]


def test_the_command_writes_a_rule_and_the_card_and_leaves_the_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pool: Pool
) -> None:
    path = exported(tmp_path / "e.safetensors", len(things_of("known")) + len(things_of("rehearsed")))
    before, weights = opened(path)[0], bytes_of_tensors(path)
    opened_pools: list[Path] = []
    monkeypatch.setattr(frame_encoder, "open_pool", lambda folder: opened_pools.append(folder) or pool)
    monkeypatch.setattr(frame_encoder, "calibration_pictures", lambda: pool.images[:4])
    assert frame_encoder.main(["--calibrate", str(path), "--set", f"val={tmp_path / 'val'}"]) == 0
    assert opened_pools == [tmp_path / "val"]
    after, tensors = opened(path)
    assert bytes_of_tensors(path) == weights
    assert tensors["name_vectors"].dtype == torch.float16
    assert after["about"] == before["about"]
    rule = json.loads(after["naming"])
    assert rule["threshold"] == 0.99  # nothing true is said of noise
    assert rule["bias"] != 0.0
    assert json.loads(after["figures"])["strangers_named"] == 0.0
    card = path.with_suffix(".md").read_text("utf-8")
    assert f"On {COUNT} drawn pictures" in card
    assert "confidence of 0.99" in card


def test_a_file_of_other_things_is_refused_and_left(tmp_path: Path, pool: Pool) -> None:
    path = exported(tmp_path / "e.safetensors", 300)
    whole = path.read_bytes()
    with pytest.raises(ValueError, match="300 vectors"):
        frame_encoder_recalibration.recalibrated(path, pool, pool.images[:1])
    assert path.read_bytes() == whole


def test_metadata_is_replaced_key_by_key(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    export({"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(1)}, path, {"kept": "ä", "changed": {"x": 1}})
    replace_metadata(path, {"changed": {"x": [2, 3]}, "new": "text"})
    metadata, tensors = opened(path)
    assert metadata == {"kept": "ä", "changed": '{"x": [2, 3]}', "new": "text"}
    assert tensors["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
    (tmp_path / "no.safetensors").write_bytes(b"\x04\0\0\0\0\0\0\0[1]!rest")
    with pytest.raises(ValueError, match=r"no\.safetensors is no safetensors file"):
        replace_metadata(tmp_path / "no.safetensors", {})


def test_a_table_of_names_has_the_files_vectors() -> None:
    names = len(things_of("known")) + len(things_of("rehearsed"))
    vectors = np.eye(names, 384, dtype=np.float32)
    table = name_table_of(vectors)
    assert table.vectors is vectors
    assert table.known == len(things_of("known")) == 250
    assert table.names[250] == things_of("rehearsed")[0].name
