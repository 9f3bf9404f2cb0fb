"""A tiny VITS with random weights in the hub's folder layout."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from transformers import VitsConfig, VitsModel, VitsTokenizer

SYMBOLS = '_;:,.!?¡¿—…"«»“” ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
IPA = "ɑɐɒæɓʙβɔɕçɗɖðʤəɘɚɛɜɝɞɟʄɡɠɢʛɦɧħɥʜɨɪʝɭɬɫɮʟɱɯɰŋɳɲɴøɵɸθœɶʘɹɺɾɻʀʁɽʂʃʈʧʉʊʋⱱʌɣɤʍχʎʏʑʐʒʔʡʕʢǀǁǂǃˈˌːˑʼʴʰʱʲʷˠˤ˞↓↑→↗↘ᵻ"


def build_tiny_vits(folder: Path, speakers: int = 1, phonemize: bool = True) -> Path:
    """`config.json`, `model.safetensors`, `vocab.json`, `tokenizer_config.json`, as on the hub."""
    torch.manual_seed(7)
    folder.mkdir(parents=True)
    letters = {letter: number for number, letter in enumerate(dict.fromkeys(SYMBOLS + IPA))}
    config = VitsConfig(
        vocab_size=len(letters) + 1,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        ffn_dim=32,
        flow_size=16,
        spectrogram_bins=33,
        prior_encoder_num_flows=2,
        prior_encoder_num_wavenet_layers=2,
        posterior_encoder_num_wavenet_layers=1,
        duration_predictor_num_flows=2,
        duration_predictor_filter_channels=16,
        depth_separable_num_layers=2,
        upsample_initial_channel=32,
        upsample_rates=[16, 16],
        upsample_kernel_sizes=[32, 32],
        resblock_kernel_sizes=[3],
        resblock_dilation_sizes=[[1, 3]],
        wavenet_dilation_rate=1,
        num_speakers=speakers,
        speaker_embedding_size=8 if speakers > 1 else 0,
        sampling_rate=22050,
    )
    VitsModel(config).save_pretrained(folder)
    (folder / "words.json").write_text(json.dumps(letters), "utf-8")
    tokenizer = VitsTokenizer(
        str(folder / "words.json"), pad_token="_", language="en-us", normalize=phonemize, phonemize=phonemize
    )
    tokenizer.save_pretrained(folder)
    (folder / "words.json").unlink()
    return folder
