"""The audio model against what the original code made of tiny random weights (specification 3)."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from models.golden import golden
from safetensors.torch import load_file
from torch import Tensor

from omnilive_demo.models.ixc25_omnilive.audio_greedy import greedy
from omnilive_demo.models.ixc25_omnilive.audio_loading import load_audio_network
from omnilive_demo.models.ixc25_omnilive.audio_network import AudioNetwork
from omnilive_demo.models.ixc25_omnilive.audio_prompt import MelExtractor

CLOSE = 1e-4


@pytest.fixture(scope="module")
def made() -> dict[str, Tensor]:
    return load_file(golden("audio") / "golden.safetensors")


@pytest.fixture(scope="module")
def network() -> AudioNetwork:
    return load_audio_network(golden("audio"))


@pytest.fixture(scope="module")
def heard(made: dict[str, Tensor], network: AudioNetwork) -> Tensor:
    frames = int(made["frame_mask_200"].sum())
    with torch.inference_mode():
        return network.hear(made["log_mel_200"][None], [frames])[0]


def ids_with_sound(made: dict[str, Tensor], network: AudioNetwork) -> list[int]:
    return [*made["ids_before"].tolist(), network.config.audio_token, *made["ids_after"].tolist()]


def furthest(found: Tensor, made: Tensor) -> float:
    assert found.shape == made.shape
    return float((found.float() - made).abs().max())


def test_log_mel(made: dict[str, Tensor], tmp_path) -> None:
    (tmp_path / "preprocessor_config.json").write_text('{"feature_size": 128, "chunk_length": 30}')
    extract = MelExtractor(tmp_path, 3000)
    mel, frames = extract([made["waveform_int16"].numpy().astype(np.float32) / 32768])
    assert mel.shape == (1, 128, 3000)
    assert frames == [int(made["frame_mask_200"].sum())]
    assert furthest(mel[0, :, :200], made["log_mel_200"]) == 0.0
    assert torch.equal(mel[0, :, 210:], made["log_mel_tail_value"].expand(128, 2790))


def test_rows_of_the_encoder_and_of_the_projector(
    made: dict[str, Tensor], network: AudioNetwork, heard: Tensor
) -> None:
    with torch.inference_mode():
        rows = network.encode(made["log_mel_200"][None], [int(made["frame_mask_200"].sum())])[0]
    assert furthest(rows, made["encoder_rows"]) < CLOSE
    assert furthest(heard, made["audio_rows"]) < CLOSE


def test_logits_with_a_sound_and_of_text_alone(made: dict[str, Tensor], network: AudioNetwork, heard: Tensor) -> None:
    expanded = made["ids_expanded"].tolist()
    with torch.inference_mode():
        rows = network.embed(ids_with_sound(made, network), heard)
        assert len(rows) == len(expanded)
        assert furthest(network.logits(rows[None])[0], made["logits"]) < CLOSE
        text = network.embed(made["text_ids"].tolist())
        assert furthest(network.logits(text[None])[0], made["text_logits"]) < CLOSE


def test_an_answer_begins_as_the_logits_say(made: dict[str, Tensor], network: AudioNetwork, heard: Tensor) -> None:
    with torch.inference_mode():
        prompts = [network.embed(ids_with_sound(made, network), heard), network.embed(made["text_ids"].tolist())]
    steps = greedy(network, prompts, frozenset(), [1, 1])
    answers = next(iter(steps))
    for answer, of in zip(answers, ("logits", "text_logits"), strict=True):
        assert answer.ids == [int(made[of][-1].argmax())]
        assert abs(answer.log_probs[0] - float(made[of][-1].log_softmax(0).max())) < CLOSE


def test_an_untied_head_would_be_far_off(made: dict[str, Tensor], heard: Tensor) -> None:
    network = load_audio_network(golden("audio"))
    network.decoder.lm_head.weight = torch.nn.Parameter(network.decoder.lm_head.weight.flip(0))
    with torch.inference_mode():
        rows = network.embed(ids_with_sound(made, network), heard)
        assert furthest(network.logits(rows[None])[0], made["logits"]) > 1.0


def test_bfloat16_points_the_same_way(made: dict[str, Tensor]) -> None:
    network = load_audio_network(golden("audio"), torch.bfloat16)
    with torch.inference_mode():
        heard = network.hear(made["log_mel_200"][None], [160])[0]
        logits = network.logits(network.embed(ids_with_sound(made, network), heard)[None])[0]
    assert heard.dtype == torch.bfloat16
    assert logits.dtype == torch.float32
    assert torch.cosine_similarity(logits, made["logits"]).min() > 0.99
