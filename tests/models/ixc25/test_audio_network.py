"""Each piece of the audio network that could go wrong silently, computed another way."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from models.ixc25 import tiny_audio
from models.ixc25.tiny_audio import HIGH_HZ, LOW_HZ, tone
from torch import Tensor
from transformers import Qwen2AudioConfig, Qwen2AudioForConditionalGeneration

from omnilive_demo.models.ixc25_omnilive.audio_config import audio_config
from omnilive_demo.models.ixc25_omnilive.audio_greedy import greedy
from omnilive_demo.models.ixc25_omnilive.audio_model import AudioModel
from omnilive_demo.models.ixc25_omnilive.audio_network import AudioNetwork, rows_of

CLOSE = 1e-4


@pytest.fixture(scope="module")
def network(audio_model: AudioModel) -> AudioNetwork:
    return audio_model.network


@pytest.fixture(scope="module")
def sounds(audio_model: AudioModel) -> tuple[Tensor, list[int]]:
    """Of an even and an odd number of rows, and as long as may be."""
    noise = np.random.default_rng(3).normal(0, 0.1, 16_000 * 4).astype(np.float32)
    mel, frames = audio_model._mel([tone(LOW_HZ, 1.6), tone(HIGH_HZ, 1.61), noise])
    assert frames == [160, 161, 400]
    assert [rows_of(n) for n in frames] == [(80, 40), (81, 40), (200, 100)]
    return mel, frames


@pytest.fixture(scope="module")
def stock(audio_folder: Path, network: AudioNetwork) -> Qwen2AudioForConditionalGeneration:
    """The library's class around the same weights; its own loading would leave its head random (hazard 1)."""
    config = Qwen2AudioConfig(**json.loads((audio_folder / "config.json").read_text()))
    model = Qwen2AudioForConditionalGeneration(config)
    model.model.audio_tower.load_state_dict(network.encoder.state_dict())
    model.model.multi_modal_projector.linear.load_state_dict(network.projector.state_dict())
    model.model.language_model.load_state_dict(network.decoder.model.state_dict())
    model.lm_head.weight = model.get_input_embeddings().weight
    return model.eval()


@torch.inference_mode()
def test_padding_that_is_not_computed_is_padding_that_is_not_looked_at(network, sounds) -> None:
    """The original's way: everything is computed, and what is padding is hidden from attention by -inf."""
    mel, frames = sounds
    alone = [network.encode(mel[i : i + 1], [n])[0] for i, n in enumerate(frames)]
    together = network.encode(mel, frames)
    for i, n in enumerate(frames):
        length = (n - 1) // 2 + 1
        hidden = torch.zeros(1, 1, 200, 200)
        hidden[..., length:] = -torch.inf
        whole = network.encoder(mel[i : i + 1], attention_mask=hidden).last_hidden_state[0]
        expected = whole[: (length - 2) // 2 + 1]
        for found in (alone[i], together[i]):
            assert found.shape == expected.shape
            assert (found - expected).abs().max() < CLOSE
    looked = network.encoder(mel[:1]).last_hidden_state[0, :40]
    assert (alone[0] - looked).abs().max() > 0.01  # it does matter


@torch.inference_mode()
def test_pooling_is_the_mean_of_each_two_rows_and_comes_before_the_norm(network, sounds) -> None:
    mel, frames = sounds
    before: list[Tensor] = []
    hook = network.encoder.layers[-1].register_forward_hook(lambda module, given, out: before.append(out))
    rows = network.encode(mel[1:2], frames[1:2])[0]
    hook.remove()
    states = before[0][0].double().numpy()  # [81, D]: the last one has no partner
    means = np.stack([(states[2 * i] + states[2 * i + 1]) / 2 for i in range(40)])
    centred = means - means.mean(1, keepdims=True)
    norm = centred / np.sqrt(means.var(1, keepdims=True) + network.encoder.layer_norm.eps)
    expected = (
        norm * network.encoder.layer_norm.weight.double().numpy() + network.encoder.layer_norm.bias.double().numpy()
    )
    assert np.abs(rows.double().numpy() - expected).max() < CLOSE


@torch.inference_mode()
def test_sound_takes_the_place_of_its_token_and_the_head_is_the_table(audio_model, network, sounds, stock) -> None:
    mel, frames = sounds
    ids = audio_model._prompts["Classify the audio."]
    at = ids.index(network.config.audio_token)
    for i in range(len(frames)):
        heard = network.hear(mel[i : i + 1], frames[i : i + 1])[0]
        found = network.logits(network.embed(ids, heard)[None])[0]
        expanded = ids[:at] + [network.config.audio_token] * len(heard) + ids[at + 1 :]
        seen = torch.zeros(1, 400, dtype=torch.long)
        seen[:, : frames[i]] = 1
        expected = stock(
            input_ids=torch.tensor([expanded]), input_features=mel[i : i + 1], feature_attention_mask=seen,
            attention_mask=torch.ones(1, len(expanded), dtype=torch.long),
        ).logits[0]  # fmt: skip
        assert found.shape == expected.shape
        assert (found - expected).abs().max() < CLOSE
    states = network.decoder.model(inputs_embeds=network.embed(ids, heard)[None]).last_hidden_state[0]
    table = network.decoder.model.embed_tokens.weight
    assert (states @ table.T - found).abs().max() < CLOSE


def test_a_text_has_one_place_for_its_sound(network) -> None:
    token, sound = network.config.audio_token, torch.zeros(3, 32)
    for ids, given in (([1, 2], sound), ([token, token], sound), ([1, token], None)):
        with pytest.raises(ValueError, match="one audio token"):
            network.embed(ids, given)


def test_too_few_and_too_many_frames_are_refused(network) -> None:
    for frames in (2, 401):
        with pytest.raises(ValueError, match="3 to 400"):
            network.encode(torch.zeros(1, 128, 500), [frames])


@torch.inference_mode()
def test_kept_keys_and_a_batch_of_different_lengths_change_no_token(audio_model, network, sounds) -> None:
    """The other way: each answer alone, the whole text read anew for every token."""
    heard = network.hear(*sounds)
    ids = [audio_model._prompts[prompt] for prompt in audio_model._prompts]
    prompts = [network.embed(ids[i % 2], one) for i, one in enumerate(heard)]
    most = [7, 3, 9]
    *_, answers = greedy(network, prompts, frozenset(), most)
    for prompt, answer, limit in zip(prompts, answers, most, strict=True):
        assert len(answer.ids) == limit
        rows = prompt
        for token, log_prob in zip(answer.ids, answer.log_probs, strict=True):
            expected = network.logits(rows[None])[0, -1].log_softmax(0)
            assert int(expected.argmax()) == token
            assert abs(float(expected.max()) - log_prob) < CLOSE
            rows = torch.cat([rows, network.embed([token])])


def test_what_is_not_wanted_any_more_does_not_grow_and_the_others_do(audio_model, network) -> None:
    with torch.inference_mode():
        prompts = [network.embed([1, 2, 3]), network.embed([4, 5]), network.embed([6])]
    asked: list[int] = []

    def wanted(index: int) -> bool:
        asked.append(index)
        return index != 1 or asked.count(1) <= 2

    *_, answers = greedy(network, prompts, frozenset(), [5, 5, 5], wanted)
    assert [len(answer.ids) for answer in answers] == [5, 2, 5]
    assert not torch.is_inference_mode_enabled()
    assert not any(answer.ended for answer in answers)


def test_inference_mode_ends_with_each_step(network) -> None:
    with torch.inference_mode():
        prompt = network.embed([1, 2, 3])
    steps = greedy(network, [prompt], frozenset(), [5])
    next(steps)
    assert not torch.is_inference_mode_enabled()
    steps.close()


def test_the_released_sizes_fill_the_released_file() -> None:
    """Its 4.38 GB of bfloat16 are so many numbers (specification 0): without a head of its own."""
    config = {
        "model_type": "qwen2_audio", "audio_token_index": 151646, "audio_config": {"model_type": "qwen2_audio_encoder"},
        "text_config": {
            "model_type": "qwen2", "hidden_size": 1536, "intermediate_size": 8960, "num_hidden_layers": 28,
            "num_attention_heads": 12, "num_key_value_heads": 2, "max_position_embeddings": 8192, "rms_norm_eps": 1e-5,
            "vocab_size": 156032, "tie_word_embeddings": True,
        },
    }  # fmt: skip
    with torch.device("meta"):
        network = AudioNetwork(audio_config(config))
    numbers = {name: one.numel() for name, one in network.state_dict().items() if "lm_head" not in name}
    assert sum(numbers.values()) == 2_188_942_336
    assert sum(n for name, n in numbers.items() if name.startswith("encoder.")) == 636_968_960
    assert network.most_frames == 3000
    assert rows_of(3000)[1] == 750


def test_random_weights_have_the_released_names(audio_folder: Path) -> None:
    from safetensors import safe_open

    config = json.loads((audio_folder / "config.json").read_text())
    with safe_open(audio_folder / "model.safetensors", "pt") as file:
        assert set(file.keys()) == set(tiny_audio.random_weights(config))
