"""Models for measuring, loaded from files: untrained ones are written as shipped ones are, and read as those are."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from omnilive_demo.evaluation import nano_models, reading, recognise, retrieval
from omnilive_demo.evaluation.nano_models import FRAME_ENCODER, MEMORY, READER, NanoModels, Weights
from omnilive_demo.evaluation.recognise_pictures import draw
from omnilive_demo.models.memory_module import weight_files
from omnilive_demo.models.nano.frame_network import FrameNetwork
from omnilive_demo.models.nano.reader import save_reader
from omnilive_demo.perception.learned_encoder import NAMES
from omnilive_demo.perception.naming import FEATURES
from omnilive_demo.training.export import export
from omnilive_demo.training.world.things import things_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    models = NanoModels(Weights(untrained=5))
    torch.manual_seed(5)
    known = torch.from_numpy(models.name_vectors)
    tensors = {**FrameNetwork().state_dict(), "name_vectors": known, "other_vectors": known[:3].flip(-1)}
    export(tensors, folder / FRAME_ENCODER, {"naming": {"weights": [1.0] * FEATURES, "bias": 9.0, "threshold": 0.5}})
    names = [{"name": thing.name, "plural": thing.plural} for thing in things_of("known")]
    (folder / NAMES).write_text(json.dumps(names), encoding="utf-8")
    weight_files.save(models.memory_module, folder / MEMORY)
    save_reader(models.reader, folder / READER)
    return folder


@pytest.fixture(scope="module")
def models(folder: Path) -> NanoModels:
    return NanoModels(Weights(folder))


def test_pictures_encoded_together_are_as_the_app_encodes_each(models: NanoModels) -> None:
    images = [draw("several", number, 1, "noto", None)[0].image for number in range(4)]
    together = models.encode(images)
    before = None
    for image, features in zip(images, together, strict=True):
        before = models.frame_encoder.encode(image, before)
        assert np.allclose(features.vector, before.vector, atol=1e-4)
        assert np.allclose(features.patches, before.patches, atol=1e-3)
        assert features.plain is not None
        assert np.array_equal(features.plain, before.plain)


def test_only_names_of_things_count_as_said(models: NanoModels) -> None:
    features = models.encode([draw("single", 1, 1, "noto", None)[0].image])[0]
    labels = models.frame_encoder.describe(features)
    said = models.names_said(features)
    assert {name for name, _ in said} <= set(models.names)
    assert len(labels) > len(said)  # light and colour are told too
    scores = models.name_scores(features)
    assert scores.shape == (len(models.names),)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert models.name_vectors.shape == (len(models.names) + 3, 384)


def test_every_model_comes_from_the_folder(models: NanoModels, folder: Path) -> None:
    untrained = NanoModels(Weights(untrained=5))
    for name, weights in models.memory_module.state_dict().items():
        assert torch.allclose(weights, untrained.memory_module.state_dict()[name], atol=1e-3)
    assert models.reader.vocabulary.names == untrained.reader.vocabulary.names
    assert models.weights.described().keys() == {"from", FRAME_ENCODER, MEMORY, READER}
    assert str(folder.parent) not in json.dumps(models.weights.described())
    assert models.compressor(9).width == 256


def test_untrained_weights_depend_on_their_seed_alone() -> None:
    torch.manual_seed(1)
    one = NanoModels(Weights(untrained=5)).memory_module.state_dict()
    drawn = torch.rand(())
    torch.manual_seed(1)
    assert torch.rand(()) == drawn  # nothing outside was disturbed
    other = NanoModels(Weights(untrained=6)).memory_module.state_dict()
    again = NanoModels(Weights(untrained=5)).memory_module.state_dict()
    key = "projector.0.weight"
    assert torch.equal(one[key], again[key])
    assert not torch.equal(one[key], other[key])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(weight_files.WeightsError, match=r"memory\.safetensors is missing"):
        _ = NanoModels(Weights(tmp_path)).memory_module
    assert nano_models.SHIPPED.name == "nano"


@pytest.mark.parametrize("command", [retrieval, recognise, reading])
def test_commands_without_weights_say_so(
    command: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.json"
    assert command.main(["--weights", str(tmp_path), "--json", str(path)]) == 1
    assert "frame_encoder.safetensors" in capsys.readouterr().err
    assert not path.exists()
