"""A tiny FastSpeech 2 with random weights in the hub's folder layout, as its files were written in 2023."""

from __future__ import annotations

import json
import math
from pathlib import Path

import torch
from transformers import (
    FastSpeech2ConformerConfig,
    FastSpeech2ConformerHifiGanConfig,
    FastSpeech2ConformerWithHifiGan,
    FastSpeech2ConformerWithHifiGanConfig,
)

_LISTED = (
    "<blank> <unk> AH0 N T D S R L DH K Z IH1 IH0 M EH1 W P AE1 AH1 V ER0 F , AA1 B HH IY1 UW1 IY0 AO1 EY1 AY1 . OW1",
    "SH NG G ER1 CH JH Y AW1 TH UH1 EH2 OW0 EY2 AO0 IH2 AE2 AY2 AA2 UW0 EH0 OY1 EY0 AO2 ZH OW2 AE0 UW2 AH2 AY0 IY2",
    "AW2 AA0 ' ER2 UH2 ? OY2 ! AW0 UH0 OY0 .. <sos/eos>",
)
SOUNDS = [sound for line in _LISTED for sound in line.split()]
"""The hub's list, in its order: what its page shows of it, and the rest from ESPnet's recipe; 809 bytes, as there."""
OF_2023 = {
    "_name_or_path": "", "add_cross_attention": False, "architectures": None, "bad_words_ids": None,
    "begin_suppress_tokens": None, "bos_token_id": None, "chunk_size_feed_forward": 0,
    "cross_attention_hidden_size": None, "decoder_start_token_id": None, "diversity_penalty": 0.0, "do_sample": False,
    "early_stopping": False, "encoder_no_repeat_ngram_size": 0, "eos_token_id": None,
    "exponential_decay_length_penalty": None, "forced_bos_token_id": None, "length_penalty": 1.0, "max_length": 20,
    "num_beams": 1, "pruned_heads": {}, "remove_invalid_values": False, "return_dict": True, "suppress_tokens": None,
    "tf_legacy_loss": False, "tie_encoder_decoder": False, "torch_dtype": None, "torchscript": False,
    "use_bfloat16": False, "typical_p": 1.0,
}  # fmt: skip
FRAMES = 6  # a sound lasts about as many


def build_tiny_fastspeech2(folder: Path, speakers: int | None = None) -> Path:
    """`config.json`, `pytorch_model.bin`, `vocab.json`, `tokenizer_config.json`, `special_tokens_map.json`."""
    torch.manual_seed(7)
    folder.mkdir(parents=True)
    acoustic = FastSpeech2ConformerConfig(
        hidden_size=16, num_mel_bins=20, encoder_layers=2, encoder_linear_units=32, decoder_layers=2,
        decoder_linear_units=32, speech_decoder_postnet_layers=2, speech_decoder_postnet_units=16,
        duration_predictor_channels=16, energy_predictor_channels=16, pitch_predictor_channels=16,
        pitch_predictor_layers=2, num_speakers=speakers,
    )  # fmt: skip
    vocoder = FastSpeech2ConformerHifiGanConfig(
        model_in_dim=20, upsample_initial_channel=32, upsample_rates=[16, 16], upsample_kernel_sizes=[32, 32],
        resblock_kernel_sizes=[3], resblock_dilation_sizes=[[1, 3]],
    )  # fmt: skip
    config = FastSpeech2ConformerWithHifiGanConfig(model_config=acoustic.to_dict(), vocoder_config=vocoder.to_dict())
    model = FastSpeech2ConformerWithHifiGan(config).eval()
    with torch.no_grad():
        model.model.duration_predictor.linear.bias.fill_(math.log(FRAMES + 1))
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    written = config.to_dict() | {"architectures": ["FastSpeech2ConformerWithHifiGan"], "torch_dtype": "float32"}
    for part in ("model_config", "vocoder_config"):
        written[part] = OF_2023 | {name: value for name, value in written[part].items() if name != "dtype"}
    (folder / "config.json").write_text(json.dumps(written, indent=2), "utf-8")
    (folder / "vocab.json").write_text(json.dumps({sound: number for number, sound in enumerate(SOUNDS)}), "utf-8")
    special = {"bos_token": "<sos/eos>", "eos_token": "<sos/eos>", "pad_token": "<blank>", "unk_token": "<unk>"}
    (folder / "special_tokens_map.json").write_text(json.dumps(special), "utf-8")
    told = special | {"should_strip_spaces": True, "tokenizer_class": "FastSpeech2ConformerTokenizer"}
    (folder / "tokenizer_config.json").write_text(json.dumps(told), "utf-8")
    return folder
