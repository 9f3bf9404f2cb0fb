"""Trains the memory module on real videos: `python -m omnilive_demo.training compressor --manifest FILE`.

The same learner and loop as for the drawn world, at any size: `configs/compressor_released.toml` has the released one
(Qwen2 of 1536 x 28, CLIP ViT-L/14 features, P = 4). `manifest_file` has the format of the data.

It writes the trained module as one safetensors file in the type of `store` (`--weights`), with the sizes in its
metadata, and the reader beside it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import save_file

from omnilive_demo.models.memory_module.config import MemoryModuleConfig
from omnilive_demo.models.memory_module.module import MemoryModule
from omnilive_demo.models.memory_module.patch_features import ClipPatches, PatchFeatures
from omnilive_demo.models.memory_module.released import load_released
from omnilive_demo.models.memory_module.weight_files import WeightsError
from omnilive_demo.models.nano.reader import Reader, ReaderConfig, save_reader
from omnilive_demo.training.compressor import fit
from omnilive_demo.training.compressor_learner import Habits, Learner, LossWeights
from omnilive_demo.training.compressor_text import TableText
from omnilive_demo.training.config_file import CONFIGS, ConfigError, load_config
from omnilive_demo.training.manifest_file import Video, read_manifest, vocabulary_of
from omnilive_demo.training.manifest_streams import Features, ManifestStreams
from omnilive_demo.training.run import Run, RunSettings


@dataclass(frozen=True, slots=True)
class ManifestConfig:
    """What `configs/compressor_released.toml` says.

    tower: a folder with a CLIP vision model (`config.json`, safetensors). tokenizer: a folder with a Qwen2 tokenizer.
    start: a folder in the released layout to go on from, empty for new weights; it brings its own tower and sizes.
    clips: least and most clips of a step. words: most words of the captions; least: how often a word must come.
    """

    tokenizer: Path
    tower: str = ""
    start: str = ""
    clips: tuple[int, ...] = (2, 32)
    frames: int = 16
    fps: float = 1.0
    tokens: tuple[int, ...] = (4,)
    words: int = 20_000
    least: int = 3
    checked: int = 20
    check_every_s: float = 900.0
    weight_decay: float = 0.05
    clip_norm: float = 1.0
    text_rate: float = 1.0
    workers: int = 1
    muon: float = 0.0  # weights that were trained with AdamW go on with it
    store: Literal["float16", "bfloat16", "float32"] = "bfloat16"
    module: MemoryModuleConfig = field(default_factory=MemoryModuleConfig)
    reader: ReaderConfig = field(default_factory=ReaderConfig)
    weights: LossWeights = field(default_factory=LossWeights)
    habits: Habits = field(default_factory=Habits)
    run: RunSettings = field(default_factory=RunSettings)

    def __post_init__(self) -> None:
        if not self.tower and not self.start:
            raise ValueError("name a folder with a vision tower (tower) or with released weights (start)")
        if len(self.clips) != 2 or not 2 <= self.clips[0] <= self.clips[1]:
            raise ValueError("clips must be [least, most], at least 2")


def main(argv: Sequence[str]) -> int:
    """Command line of the task `compressor` with `--manifest`."""
    parser = argparse.ArgumentParser(prog="python -m omnilive_demo.training compressor", description=__doc__)
    parser.add_argument("--manifest", type=Path, required=True, help="JSON lines, see docs/training.md")
    parser.add_argument("--held-out", type=Path, help="another manifest, only measured")
    parser.add_argument("--config", type=Path, default=CONFIGS / "compressor_released.toml")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--folder", type=Path, default=Path("runs") / "compressor_released")
    parser.add_argument("--weights", type=Path, help="safetensors file to write (default: in --folder)")
    parser.add_argument("--fresh", action="store_true", help="begin anew although there is a checkpoint")
    call = parser.parse_args(argv)
    try:
        config = load_config(ManifestConfig, call.config, call.set)
        videos = read_manifest(call.manifest)
        held_out = read_manifest(call.held_out) if call.held_out else ()
        run = Run(call.folder, config, config.run, call.fresh)
        train(config, videos, held_out, run, call.weights or call.folder / "memory.safetensors")
    except (ConfigError, WeightsError, OSError, ValueError) as error:
        print(f"compressor: {error}", file=sys.stderr)
        return 1
    return 0


def train(
    config: ManifestConfig,
    videos: Sequence[Video],
    held_out: Sequence[Video],
    run: Run,
    weights: Path,
    parts: tuple[MemoryModule, PatchFeatures, Any] | None = None,
) -> dict[str, float]:
    """Train on these videos and write the weights; `parts` are a module, a tower and a tokenizer made elsewhere.

    Returns the figures on the held-out videos.
    """
    vocabulary = vocabulary_of(videos, config.least, config.words)
    with run:
        module, features, tokenizer = parts or _parts(config, run)
        clips = (config.clips[0], config.clips[1])
        cache = Features(features, run.folder / "features", config.start or config.tower, config.fps, config.frames)
        streams = ManifestStreams(videos, vocabulary, cache, clips, config.tokens)
        others = ManifestStreams(held_out, vocabulary, cache, clips, config.tokens)
        learner = Learner(module, Reader(config.reader, vocabulary), config.weights, config.habits, run.torch_rng)
        text = TableText(module, tokenizer, run.device)
        checked = [others.stream(video, 0, clips[1]) for video in held_out[: config.checked]]
        figures = fit(learner, streams.draw, text, run, config, checked)
    if run.finished:
        about = {"figures": json.dumps(figures), "memory_module": json.dumps(asdict(module.config))}
        kind = getattr(torch, config.store)
        save_file({name: t.detach().to("cpu", kind) for name, t in module.state_dict().items()}, weights, about)
        save_reader(learner.reader, weights.with_name("reader.safetensors"), {"figures": figures})
    return figures


def _parts(config: ManifestConfig, run: Run) -> tuple[MemoryModule, PatchFeatures, Any]:
    """The module, its vision tower and tokenizer, from the folders of the configuration."""
    from transformers import CLIPVisionModel, Qwen2Tokenizer

    for name in ("vocab.json", "merges.txt"):
        if not (config.tokenizer / name).is_file():
            raise FileNotFoundError(f"the tokenizer is incomplete: {config.tokenizer / name} is missing")
    tokenizer = Qwen2Tokenizer.from_pretrained(config.tokenizer, local_files_only=True)
    if config.start:
        module, features = load_released(Path(config.start), device=str(run.device))
        return module, features, tokenizer
    tower = CLIPVisionModel.from_pretrained(config.tower, local_files_only=True)
    torch.nn.Module.to(tower, run.device).train(False)
    module = MemoryModule(config.module)
    module.initialise(run.torch_rng)
    return module, ClipPatches(tower), tokenizer
