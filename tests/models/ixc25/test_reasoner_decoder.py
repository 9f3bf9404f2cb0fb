"""The decoder against a plain one: float64, one head and one row at a time, rotation by complex numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny_reasoner import HEAD, HEADS, HIDDEN, KV_HEADS, LAYERS, MOST, base_tensors, config

from omnilive_demo.models.ixc25_omnilive.config import ReasonerConfig, released_reasoner_config
from omnilive_demo.models.ixc25_omnilive.decoder import Cancelled, Decoder, Layer
from omnilive_demo.models.ixc25_omnilive.key_values import KeyValues
from omnilive_demo.models.ixc25_omnilive.rotation import rotary_base

SHORT = 64  # the rows up to which the base stays, in these tests
Weights = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def weights() -> Weights:
    return {name: tensor.double().numpy() for name, tensor in base_tensors().items()}


@pytest.fixture(scope="module")
def decoder() -> Decoder:
    made = Decoder(released_reasoner_config(config() | {"max_position_embeddings": SHORT}))
    own = {}
    for name, tensor in base_tensors().items():
        if name.startswith(("model.", "output.")):
            plain = name.removesuffix(".weight") + ".plain.weight"
            name = plain if name.split(".")[-2] in ("wqkv", "wo", "w1", "w2", "w3") else name
            own[name.removeprefix("model.")] = tensor
    made.load_state_dict(own)
    return made.eval()


def linear(weights: Weights, name: str, rows: np.ndarray, visual: np.ndarray) -> np.ndarray:
    """Row by row; the weight of a visual row is W + B A."""
    plain = weights[name + ".weight"]
    with_pictures = plain + weights[name + ".Plora_B.weight"] @ weights[name + ".Plora_A.weight"]
    return np.stack([(with_pictures if seen else plain) @ row for row, seen in zip(rows, visual, strict=True)])


def normed(rows: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return rows / np.sqrt((rows**2).mean(1, keepdims=True) + 1e-5) * weight


def turned(rows: np.ndarray, base: float) -> np.ndarray:
    """Pairs (j, j + half) as complex numbers, turned by position * base^(-2j/size)."""
    half = HEAD // 2
    numbers = rows[:, :half] + 1j * rows[:, half:]
    for position in range(len(rows)):
        for j in range(half):
            numbers[position, j] *= np.exp(1j * position * base ** (-2 * j / HEAD))
    return np.concatenate([numbers.real, numbers.imag], 1)


def attention(weights: Weights, layer: str, rows: np.ndarray, visual: np.ndarray, base: float) -> np.ndarray:
    fused = linear(weights, layer + "attention.wqkv", rows, visual)
    per_group = HEADS // KV_HEADS
    out = []
    for head in range(HEADS):
        group = (head // per_group) * (per_group + 2) * HEAD  # where the group of this head begins
        columns = [group + (head % per_group) * HEAD, group + per_group * HEAD, group + (per_group + 1) * HEAD]
        q, k, v = (fused[:, at : at + HEAD] for at in columns)
        scores = turned(q, base) @ turned(k, base).T / np.sqrt(HEAD)
        scores[np.triu_indices(len(rows), 1)] = -np.inf
        shares = np.exp(scores - scores.max(1, keepdims=True))
        out.append(shares / shares.sum(1, keepdims=True) @ v)
    return linear(weights, layer + "attention.wo", np.concatenate(out, 1), visual)


def plain_logits(weights: Weights, rows: np.ndarray, visual: np.ndarray) -> np.ndarray:
    n = len(rows)
    base = 1e6 if n <= SHORT else 1e6 * ((2 * n / SHORT) - 1) ** (HEAD / (HEAD - 2))
    for i in range(LAYERS):
        layer = f"model.layers.{i}."
        rows = rows + attention(weights, layer, normed(rows, weights[layer + "attention_norm.weight"]), visual, base)
        inner = normed(rows, weights[layer + "ffn_norm.weight"])
        gate, up = (linear(weights, f"{layer}feed_forward.{name}", inner, visual) for name in ("w1", "w3"))
        rows = rows + linear(weights, layer + "feed_forward.w2", gate / (1 + np.exp(-gate)) * up, visual)
    return normed(rows, weights["model.norm.weight"]) @ weights["output.weight"].T


def some_rows(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(count)
    return torch.randn(count, HIDDEN, generator=random), torch.rand(count, generator=random) < 0.4


@torch.inference_mode()
@pytest.mark.parametrize("count", [1, 23, SHORT, SHORT + 1, 90])
def test_logits(decoder: Decoder, weights: Weights, count: int) -> None:
    rows, visual = some_rows(count)
    expected = plain_logits(weights, rows.double().numpy(), visual.numpy())
    assert np.abs(decoder(rows, visual, every=True).numpy() - expected).max() < 2e-4
    assert np.abs(decoder(rows, visual).numpy() - expected[-1:]).max() < 2e-4
    unseen = plain_logits(weights, rows.double().numpy(), np.zeros(count, bool))
    for none in (None, torch.zeros(count, dtype=torch.bool)):
        assert np.abs(decoder(rows, none, every=True).numpy() - unseen).max() < 2e-4
    if count > 1:
        assert np.abs(unseen - expected).max() > 0.1


def test_the_base_of_the_release() -> None:
    release = ReasonerConfig()
    assert rotary_base(release, 24576) == 1e6
    assert rotary_base(release, 24577) > 1e6
    assert rotary_base(release, 49152) == pytest.approx(1e6 * 3 ** (128 / 126))
    assert rotary_base(released_reasoner_config(config() | {"rope_scaling": None}), 10 * MOST) == 1e6


@torch.inference_mode()
def test_pieces_and_steps_are_one_text(decoder: Decoder) -> None:
    rows, visual = some_rows(SHORT)
    whole = decoder(rows, visual, every=True)
    held = KeyValues(LAYERS)
    parts = [decoder(rows[:20], visual[:20], held, every=True), decoder(rows[20:50], visual[20:50], held, every=True)]
    parts += [decoder(rows[i : i + 1], visual[i : i + 1], held) for i in range(50, SHORT)]
    assert held.length == SHORT
    assert (torch.cat(parts) - whole).abs().max() < 1e-4
    held.cut(30)  # and on from there, as if the rest had never been
    assert (decoder(rows[30:], visual[30:], held, every=True) - whole[30:]).abs().max() < 1e-4


@torch.inference_mode()
def test_more_steps_than_room_was_kept_for() -> None:
    held, wide = KeyValues(1), KeyValues(1)
    many = torch.randn(KV_HEADS, 700, HEAD)
    wide.extended(0, many, many + 1)
    for i in range(700):
        keys, values = held.extended(0, many[:, i : i + 1], many[:, i : i + 1] + 1)
        held.advance(1)
    assert torch.equal(keys, many)
    assert torch.equal(values, many + 1)


@torch.inference_mode()
def test_reading_ends_within_a_layer(decoder: Decoder) -> None:
    rows, visual = some_rows(20)
    asked = 0

    def after_the_first_layer() -> bool:
        nonlocal asked
        asked += 1
        return asked > 1

    held = KeyValues(LAYERS)
    with pytest.raises(Cancelled):
        decoder(rows, visual, held, cancelled=after_the_first_layer)
    assert asked == 2
    assert held.length == 0
    again = decoder(rows, visual, held, every=True)  # what the first layer wrote is written over
    assert torch.equal(again, decoder(rows, visual, every=True))


def test_a_layer_knows_its_device(decoder: Decoder) -> None:
    assert isinstance(decoder.layers[0], Layer)
    assert decoder.layers[0].device == torch.device("cpu")
