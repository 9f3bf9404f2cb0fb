"""A tiny audio model in the released layout that has learned to say something to each of three tones."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from omnilive_demo.models.ixc25_omnilive.audio_loading import load_audio_network
from omnilive_demo.models.ixc25_omnilive.audio_network import AudioNetwork
from omnilive_demo.models.ixc25_omnilive.audio_prompt import CLASSIFY, RECOGNISE, AudioTokenizer, MelExtractor

RATE_HZ, WINDOW_S = 16_000, 4
LOW_HZ, MIDDLE_HZ, HIGH_HZ = 250.0, 900.0, 2500.0
SAYS = {
    LOW_HZ: "Where are my keys?",
    MIDDLE_HZ: "Thanks for watching!",
    HIGH_HZ: "<|zh|>你好",
}
LABELS = {LOW_HZ: "Speech", MIDDLE_HZ: "Vacuumcleaner", HIGH_HZ: "Telephonebellringing"}
MARKS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|AUDIO|>",
    "<|audio_bos|>",
    "<|audio_eos|>",
    "<|zh|>",
    "<|en|>",
)
_CHAT = "system\nYou are a helpful assistant.\nuser\nAudio 1: \nassistant\n"
_SIZES = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 8192, "rms_norm_eps": 1e-5,
}  # fmt: skip


def tone(hz: float, seconds: float, level: float = 0.3) -> NDArray[np.float32]:
    """A steady sound, mono `[n]` at 16 kHz."""
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ)).astype(np.float32)


def build(folder: Path) -> Path:
    """Write an untrained checkpoint, load it by our own code, train it, write what was learned."""
    write_files(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        save_file(random_weights(json.loads((folder / "config.json").read_text())), folder / "model.safetensors")
        network = load_audio_network(folder)
        _train(network, AudioTokenizer(folder, network.config.audio_token), MelExtractor(folder, network.most_frames))
    save_file(_released(network), folder / "model.safetensors")
    return folder


def built(temporary: pytest.TempPathFactory) -> Path:
    """A checkpoint that all tests of a run share; nothing in it is to be changed."""
    return _built(temporary.getbasetemp() / "tiny-audio")


_built = cache(build)


def write_files(folder: Path) -> None:
    """Everything but the weights, as the release names it."""
    folder.mkdir(parents=True, exist_ok=True)
    ids = _write_tokenizer(folder)
    config = {
        "architectures": ["Qwen2AudioForConditionalGeneration"], "model_type": "qwen2_audio",
        "audio_config": {
            "model_type": "qwen2_audio_encoder", "num_mel_bins": 128, "encoder_layers": 1, "encoder_attention_heads": 2,
            "encoder_ffn_dim": 32, "d_model": 32, "max_source_positions": WINDOW_S * 50, "scale_embedding": False,
            "activation_function": "gelu",
        },
        "audio_token_index": ids["<|AUDIO|>"],
        "text_config": {"model_type": "qwen2", "vocab_size": len(ids), "tie_word_embeddings": True, **_SIZES},
    }  # fmt: skip
    _write(folder / "config.json", config)
    _write(folder / "generation_config.json", {"eos_token_id": [ids["<|endoftext|>"], ids["<|im_end|>"]]})
    extractor = {
        "feature_extractor_type": "WhisperFeatureExtractor", "feature_size": 128, "sampling_rate": RATE_HZ,
        "chunk_length": WINDOW_S, "hop_length": 160, "n_fft": 400, "n_samples": WINDOW_S * RATE_HZ,
        "nb_max_frames": WINDOW_S * 100, "padding_side": "right", "padding_value": 0.0, "return_attention_mask": True,
    }  # fmt: skip
    _write(folder / "preprocessor_config.json", extractor)


def random_weights(config: dict[str, Any]) -> dict[str, torch.Tensor]:
    """As the released file names them; there is no head among them. Convolutions to which the tones differ."""
    sound, text = config["audio_config"], config["text_config"]
    d, h, kv = sound["d_model"], text["hidden_size"], text["hidden_size"] * 2 // 4
    shapes: dict[str, tuple[int, ...]] = {
        "audio_tower.conv1.weight": (d, 128, 3), "audio_tower.conv1.bias": (d,),
        "audio_tower.conv2.weight": (d, d, 3), "audio_tower.conv2.bias": (d,),
        "audio_tower.embed_positions.weight": (sound["max_source_positions"], d),
        "multi_modal_projector.linear.weight": (h, d), "multi_modal_projector.linear.bias": (h,),
        "language_model.model.embed_tokens.weight": (text["vocab_size"], h),
    }  # fmt: skip
    for i in range(sound["encoder_layers"]):
        at = f"audio_tower.layers.{i}."
        shapes |= {f"{at}self_attn.{one}_proj.weight": (d, d) for one in ("q", "k", "v", "out")}
        shapes |= {f"{at}self_attn.{one}_proj.bias": (d,) for one in ("q", "v", "out")}
        wide = sound["encoder_ffn_dim"]
        shapes |= {f"{at}fc1.weight": (wide, d), f"{at}fc1.bias": (wide,), f"{at}fc2.weight": (d, wide)}
        shapes |= {f"{at}fc2.bias": (d,)}
    for i in range(text["num_hidden_layers"]):
        at, wide = f"language_model.model.layers.{i}.", text["intermediate_size"]
        for one, rows in (("q", h), ("k", kv), ("v", kv)):
            shapes |= {f"{at}self_attn.{one}_proj.weight": (rows, h), f"{at}self_attn.{one}_proj.bias": (rows,)}
        shapes |= {f"{at}self_attn.o_proj.weight": (h, h), f"{at}mlp.down_proj.weight": (h, wide)}
        shapes |= {f"{at}mlp.{one}_proj.weight": (wide, h) for one in ("gate", "up")}
    norms = ["audio_tower.layer_norm"]
    norms += [
        f"audio_tower.layers.{i}.{n}_layer_norm" for i in range(sound["encoder_layers"]) for n in ("self_attn", "final")
    ]
    ones = {f"{name}.weight": torch.ones(d) for name in norms} | {f"{name}.bias": torch.zeros(d) for name in norms}
    rms = ["norm", *(f"layers.{i}.{n}_layernorm" for i in range(2) for n in ("input", "post_attention"))]
    ones |= {f"language_model.model.{name}.weight": torch.ones(h) for name in rms}
    made = {
        name: torch.randn(shape) * (shape[-1] ** -0.5 if len(shape) > 1 else 0.02) for name, shape in shapes.items()
    }
    return ones | made


def _released(network: AudioNetwork) -> dict[str, torch.Tensor]:
    theirs = (
        ("encoder.", "audio_tower."),
        ("projector.", "multi_modal_projector.linear."),
        ("decoder.", "language_model."),
    )
    return {
        there + name.removeprefix(here): tensor.detach().clone()
        for name, tensor in network.state_dict().items()
        for here, there in theirs
        if name.startswith(here) and "lm_head" not in name
    }


def _write_tokenizer(folder: Path) -> dict[str, int]:
    """vocab.json and merges.txt of a byte-level BPE that knows the words of the prompts, and tokenizer_config.json."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    learned = Tokenizer(models.BPE())
    learned.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    learned.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, initial_alphabet=sorted(alphabet), show_progress=False)
    learned.train_from_iterator([_CHAT, RECOGNISE, CLASSIFY, *SAYS.values()] * 4, trainer)
    model = json.loads(learned.to_str())["model"]
    _write(folder / "vocab.json", model["vocab"])
    merges = [" ".join(pair) if isinstance(pair, list) else pair for pair in model["merges"]]
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", "utf-8")
    ids = {mark: len(model["vocab"]) + at for at, mark in enumerate(MARKS)}
    plain = {"lstrip": False, "rstrip": False, "normalized": False, "single_word": False, "special": True}
    added = {str(index): {"content": mark, **plain} for mark, index in ids.items()}
    _write(
        folder / "tokenizer_config.json",
        {"tokenizer_class": "Qwen2Tokenizer", "added_tokens_decoder": added, "eos_token": "<|im_end|>",
         "pad_token": "<|endoftext|>", "errors": "replace"},
    )  # fmt: skip
    return {**model["vocab"], **ids}


def _train(network: AudioNetwork, tokenizer: AudioTokenizer, mel: MelExtractor) -> None:
    """The projector and the text model, on what the encoder makes of the tones at several lengths."""
    random = np.random.default_rng(2)
    sounds, prompts, answers = [], [], []
    for hz in SAYS:
        for seconds in (0.4, 0.8, 1.3, 2.0, 3.0, 3.9):
            sound = tone(hz, seconds) + random.normal(0.0, 0.0005, round(seconds * RATE_HZ)).astype(np.float32)
            for prompt, says in ((RECOGNISE, SAYS[hz]), (CLASSIFY, LABELS[hz])):
                sounds.append(sound)
                prompts.append(tokenizer.ids(prompt))
                answers.append(
                    tokenizer._tokenizer(says, add_special_tokens=False)["input_ids"] + [min(tokenizer.ends)]
                )
    with torch.inference_mode():
        encoded = network.encode(*mel(sounds))
    encoded = [one.clone() for one in encoded]
    weights = [w.requires_grad_(True) for name, w in network.named_parameters() if not name.startswith("encoder.")]
    optimiser = torch.optim.AdamW(weights, lr=8e-3, weight_decay=0.0)
    learned = 0
    for _ in range(400):
        rows, targets = [], []
        for at in random.permutation(len(encoded))[:12]:
            before = network.embed(prompts[at], network.projector(encoded[at]))
            rows.append(torch.cat([before, network.embed(answers[at][:-1])]))
            targets.append(torch.tensor([-100] * (len(before) - 1) + answers[at]))
        logits = network.logits(torch.nn.utils.rnn.pad_sequence(rows, batch_first=True))
        goal = torch.nn.utils.rnn.pad_sequence(targets, batch_first=True, padding_value=-100)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), goal.flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        learned = learned + 1 if loss.item() < 0.02 else 0
        if learned == 6:
            return
    raise AssertionError(f"the tones were not learned: {loss.item()}")


def _write(path: Path, values: object) -> None:
    path.write_text(json.dumps(values, ensure_ascii=False, indent=2), "utf-8")
