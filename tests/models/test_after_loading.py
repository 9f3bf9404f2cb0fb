"""What is the same for every model after its files were read."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import nn
from transformers import CLIPVisionConfig, CLIPVisionModel, Qwen2Config, Qwen2Model

from omnilive_demo.models.memory_module.after_loading import assert_filled, default_dtype, number_positions, turn_anew


@pytest.mark.parametrize(
    ("device", "dtype"),
    [
        ("cpu", torch.float32), (["cpu"], torch.float32), ("cuda", torch.bfloat16), ("cuda:1", torch.bfloat16),
        (["cuda:0", "cuda:1"], torch.bfloat16), (("cpu", "cuda"), torch.bfloat16),
    ],
)  # fmt: skip
def test_the_type_of_weights_follows_from_the_device(device: str | Sequence[str], dtype: torch.dtype) -> None:
    assert default_dtype(device) is dtype


def test_what_is_computed_is_there_after_the_files_are_read() -> None:
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
    rope = {"rope_theta": 1e6, "rope_type": "default"}
    with torch.device("meta"):
        decoder = Qwen2Model(Qwen2Config(**sizes, num_key_value_heads=1, vocab_size=4, rope_parameters=rope))
        tower = CLIPVisionModel(CLIPVisionConfig(**sizes, image_size=28, patch_size=14))
    for model in (decoder, tower):
        with pytest.raises(AssertionError, match="never given a value"):
            assert_filled(model)
        model.load_state_dict({name: torch.zeros(t.shape) for name, t in model.state_dict().items()}, assign=True)
    with pytest.raises(AssertionError, match=r"never given a value: \['rotary_emb\.inv_freq'"):
        assert_filled(nn.Linear(1, 1), decoder)
    with pytest.raises(AssertionError, match=r"never given a value: \['embeddings\.position_ids'\]"):
        assert_filled(tower)
    turn_anew(decoder, 1e6, "cpu")
    number_positions(tower, "cpu")
    assert_filled(decoder, tower)
    assert tower.embeddings.position_ids.tolist() == [[0, 1, 2, 3, 4]]
    assert "position_ids" not in "".join(tower.state_dict())
    with pytest.raises(AssertionError, match="hazard 2"):
        turn_anew(decoder, 1e4, "cpu")
