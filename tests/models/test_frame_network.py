from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from omnilive_demo.models.nano.frame_network import FrameNetwork, load_frame_network


@pytest.fixture(scope="module")
def network() -> FrameNetwork:
    torch.manual_seed(2)
    network = FrameNetwork()
    with torch.no_grad():  # norms that have seen something, so that folding them is no matter of course
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.2)
                module.running_var.uniform_(0.5, 2)
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_(0, 0.2)
    return network.eval()


def test_shapes_and_norms(network: FrameNetwork) -> None:
    with torch.inference_mode():
        out = network(torch.rand(2, 3, 192, 192))
    assert out.patches.shape == (2, 64, 128)
    assert out.vector.shape == (2, 384)
    assert out.known.shape == (2, 64)
    assert out.known_anywhere.shape == (2,)
    assert torch.allclose(out.vector.norm(dim=-1), torch.ones(2), atol=1e-5)
    assert torch.allclose(out.aligned.norm(dim=-1), torch.ones(2, 64), atol=1e-5)


def test_it_is_small() -> None:
    assert sum(weights.numel() for weights in FrameNetwork().parameters()) < 2_500_000


def test_patches_lie_where_the_picture_says(network: FrameNetwork) -> None:
    picture = torch.full((1, 3, 192, 192), 0.5)
    changed = picture.clone()
    changed[..., 24:48, 168:192] = torch.rand(3, 24, 24)  # row 1, column 7
    with torch.inference_mode():
        differs = (network(picture).patches - network(changed).patches).norm(dim=-1)[0]
    row, column = divmod(int(differs.argmax()), 8)
    assert row in (1, 2)  # a stride of 2 and a padding of 1 make the middles of the cells lie half a cell further down
    assert column == 7


def test_a_part_of_a_picture_gives_fewer_patches(network: FrameNetwork) -> None:
    with torch.inference_mode():
        assert network(torch.rand(1, 3, 120, 120)).patches.shape == (1, 25, 128)


def test_nothing_is_one_candidate_more(network: FrameNetwork) -> None:
    texts = torch.nn.functional.normalize(torch.randn(5, 384), dim=-1)
    background = torch.nn.functional.normalize(network.background.detach(), dim=0)
    scores = network.scores(torch.stack([texts[3], background]), texts)
    assert scores.shape == (2, 6)
    assert scores.argmax(1).tolist() == [3, 5]


def test_a_saved_network_is_the_same_with_its_norms_folded(network: FrameNetwork, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_file({**network.state_dict(), "name_vectors": torch.ones(2, 384)}, path, {"about": "x"})
    loaded, metadata, rest = load_frame_network(path)
    assert metadata == {"about": "x"}
    assert list(rest) == ["name_vectors"]
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in loaded.modules())
    picture = torch.rand(1, 3, 192, 192)
    with torch.inference_mode():
        before, after = network(picture), loaded(picture)
    assert torch.allclose(before.patches, after.patches, atol=1e-3)
    assert torch.allclose(before.vector, after.vector, atol=1e-3)


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_file({"a": torch.ones(1)}, path)
    with pytest.raises(ValueError, match="holds no frame encoder"):
        load_frame_network(path)
    path.write_bytes(b"no such thing")
    with pytest.raises(ValueError, match="no safetensors file"):
        load_frame_network(path)
    with pytest.raises(OSError, match="missing"):
        load_frame_network(tmp_path / "missing.safetensors")
