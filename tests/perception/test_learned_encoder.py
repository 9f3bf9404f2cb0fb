from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from omnilive_demo.models.nano.frame_network import FrameNetwork
from omnilive_demo.perception.descriptor import DescriptorEncoder
from omnilive_demo.perception.learned_encoder import LearnedFrameEncoder, squashed
from omnilive_demo.records import FrameFeatures


def written(folder: Path, names: int = 3, rule: dict[str, object] | None = None) -> Path:
    """An untrained encoder that says its first name of everything: the rule looks at the bias only."""
    torch.manual_seed(4)
    network = FrameNetwork().eval()
    vectors = torch.nn.functional.normalize(torch.randn(5, 384), dim=-1)
    with torch.no_grad():
        network.align.bias.copy_(50 * vectors[0])  # every patch looks like the first name
        network.known.bias.fill_(5.0)
    tensors = {**network.state_dict(), "name_vectors": vectors[:3], "other_vectors": vectors[3:]}
    naming = {"weights": [0.0] * 5, "bias": 2.0, "threshold": 0.8} if rule is None else rule
    save_file({k: v.contiguous() for k, v in tensors.items()}, folder / "e.safetensors", {"naming": json.dumps(naming)})
    listed = [{"name": name, "plural": f"{name}s"} for name in ("mug", "key", "dog", "cat")[:names]]
    (folder / "names.json").write_text(json.dumps(listed), "utf-8")
    return folder / "e.safetensors"


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> LearnedFrameEncoder:
    return LearnedFrameEncoder(written(tmp_path_factory.mktemp("weights")))


def picture(seed: int = 0, size: tuple[int, int] = (120, 160)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)


def test_features_have_the_promised_shapes(encoder: LearnedFrameEncoder) -> None:
    features = encoder.encode(picture(), None)
    assert features.vector.shape == (384,)
    assert features.vector.dtype == np.float32
    assert np.linalg.norm(features.vector) == pytest.approx(1, abs=1e-5)
    assert features.patches.shape == (encoder.patches, encoder.width) == (64, 128)
    assert features.plain is not None
    aligned = encoder.aligned(features)
    assert aligned.shape == (64, 384)


def test_names_come_before_what_can_be_counted(encoder: LearnedFrameEncoder) -> None:
    dark = np.zeros((96, 96, 3), np.uint8)
    labels = encoder.describe(encoder.encode(dark, None))
    assert labels[0].text == "mug"
    assert labels[0].score == pytest.approx(1 / (1 + np.exp(-2)), abs=1e-3)
    assert "dark" in [label.text for label in labels[1:]]


def test_below_its_threshold_nothing_is_named(tmp_path: Path) -> None:
    shy = LearnedFrameEncoder(written(tmp_path, rule={"weights": [0.0] * 5, "bias": 0.0, "threshold": 0.8}))
    image = picture()
    plain = DescriptorEncoder()
    assert shy.describe(shy.encode(image, None)) == plain.describe(plain.encode(image, None))


def test_motion_is_still_seen(encoder: LearnedFrameEncoder) -> None:
    left, right = np.zeros((2, 96, 96, 3), np.uint8)
    left[:, :48], right[:, 48:] = 255, 255
    before = encoder.encode(left, None)
    moved = encoder.describe(encoder.encode(right, before))
    rested = encoder.describe(encoder.encode(left, before))
    assert "moving" in [label.text for label in moved]
    assert "moving" not in [label.text for label in rested]


def test_the_features_of_another_encoder_are_not_named(encoder: LearnedFrameEncoder) -> None:
    other = FrameFeatures(np.zeros(40, np.float32), np.zeros((64, 40), np.float32))
    assert encoder.describe(other) == ()


def test_pictures_of_the_training_size_go_in_unchanged_and_read_only_ones_too(encoder: LearnedFrameEncoder) -> None:
    image = picture(1, (192, 192))
    image.setflags(write=False)
    assert squashed(image) is image
    assert encoder.encode(image, None).vector.shape == (384,)


@pytest.mark.parametrize("factor", [1.25, 3, 7])
def test_squashing_averages(factor: float) -> None:
    """Stripes of one pixel become gray instead of a pattern that was never there."""
    side = round(192 * factor)
    stripes = np.zeros((side, side, 3), np.uint8)
    stripes[:, ::2] = 255
    small = squashed(stripes).astype(float)
    assert small.shape == (192, 192, 3)
    assert small[8:-8, 8:-8].std() < 60
    assert small.mean() == pytest.approx(127, abs=4)


def test_squashing_gives_up_proportions() -> None:
    wide = np.zeros((90, 400, 3), np.uint8)
    wide[:, 200:] = 255
    assert squashed(wide)[:, :90].max() < 30
    assert squashed(wide)[:, 102:].min() > 225
    assert np.asarray(Image.fromarray(squashed(wide)).size).tolist() == [192, 192]


def test_what_is_no_picture_is_refused(encoder: LearnedFrameEncoder) -> None:
    for bad in (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)):
        with pytest.raises(ValueError, match="RGB picture"):
            encoder.encode(bad, None)


def test_names_and_weights_must_belong_together(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has 4 names"):
        LearnedFrameEncoder(written(tmp_path, names=4))
    with pytest.raises(ValueError, match="lacks"):
        LearnedFrameEncoder(written(tmp_path, rule={"bias": 1.0}))
    path = written(tmp_path)
    (tmp_path / "names.json").unlink()
    with pytest.raises(OSError, match=r"names\.json"):
        LearnedFrameEncoder(path)
