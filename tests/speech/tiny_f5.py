"""A tiny F5-TTS with random weights in the folder layout of the released one."""

from __future__ import annotations

from pathlib import Path

import torch
import yaml
from f5_tts.model import CFM, DiT
from safetensors.torch import save_file
from vocos.pretrained import Vocos

LETTERS = [" ", *"!\"#$%&'()*+,-./0123456789:;<=>?", *"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"]
SYLLABLES = ["ni3", "ni2", "hao3", "shi4", "jie4", "jin1", "tian1", "zao3", "shang4", "。", "，"]

VOCOS = {
    "feature_extractor": {
        "class_path": "vocos.feature_extractors.MelSpectrogramFeatures",
        "init_args": {"sample_rate": 24000, "n_fft": 1024, "hop_length": 256, "n_mels": 100, "padding": "center"},
    },
    "backbone": {
        "class_path": "vocos.models.VocosBackbone",
        "init_args": {"input_channels": 100, "dim": 32, "intermediate_dim": 64, "num_layers": 2},
    },
    "head": {
        "class_path": "vocos.heads.ISTFTHead",
        "init_args": {"dim": 32, "n_fft": 1024, "hop_length": 256, "padding": "center"},
    },
}


def build_tiny_f5(folder: Path) -> Path:
    """`model_1250000.safetensors`, `vocab.txt` and `vocos/`, as `load_f5` reads them."""
    torch.manual_seed(5)
    letters = LETTERS + SYLLABLES
    (folder / "vocos").mkdir(parents=True)
    (folder / "vocab.txt").write_text("".join(letter + "\n" for letter in letters), "utf-8")
    transformer = DiT(
        dim=32, depth=2, heads=1, ff_mult=2, mel_dim=100, text_num_embeds=len(letters), text_dim=16, conv_layers=2
    )
    torch.nn.init.normal_(
        transformer.proj_out.weight, std=0.3
    )  # they begin as zeros, and nothing would depend on the text
    torch.nn.init.normal_(transformer.norm_out.linear.weight, std=0.1)
    torch.nn.init.normal_(transformer.text_embed.text_embed.weight, std=20.0)
    for block in transformer.transformer_blocks:
        torch.nn.init.normal_(block.attn_norm.linear.weight, std=0.1)
    flow = CFM(transformer, mel_spec_kwargs={"n_mel_channels": 100, "mel_spec_type": "vocos"})
    stored = {f"ema_model.{name}": value.contiguous() for name, value in flow.state_dict().items()}
    stored |= {"initted": torch.tensor(True), "step": torch.tensor(1250000)}
    save_file(stored, folder / "model_1250000.safetensors")
    (folder / "vocos" / "config.yaml").write_text(yaml.safe_dump(VOCOS), "utf-8")
    vocoder = Vocos.from_hparams(str(folder / "vocos" / "config.yaml"))
    torch.save(vocoder.state_dict(), folder / "vocos" / "pytorch_model.bin")
    return folder
