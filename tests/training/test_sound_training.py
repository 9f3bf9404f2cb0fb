from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from omnilive_demo.models.sound_words import CLASSES
from omnilive_demo.perception.sound_tagger import NanoSoundTagger
from omnilive_demo.training.config_file import CONFIGS, CommandLine, load_config
from omnilive_demo.training.sound_pool import CHECKING, Order, SoundPool, label_of, make_pool
from omnilive_demo.training.sound_tagger import TaggerConfig, calibrate, main, train, vary


def test_a_small_training_learns_is_resumed_and_its_file_is_read_back(tmp_path: Path) -> None:
    weights = tmp_path / "weights.safetensors"
    options = [
        f"--folder={tmp_path}", f"--weights={weights}",
        *(f"--set={one}" for one in ("sounds=40", "checking=20", "batch=16", "run.log_every=5")),
    ]  # fmt: skip
    assert main([*options, "--set=run.steps=15"]) == 0
    assert main([*options, "--set=run.steps=30"]) == 0
    log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    losses = [row["loss"] for row in log if "loss" in row]
    assert [row["step"] for row in log if "loss" in row] == [5, 10, 15, 20, 25, 30]
    assert losses[-1] < losses[0] - 0.3
    sound = np.random.default_rng(0).normal(0, 0.1, 20_000).astype(np.float32)
    line = CommandLine(
        load_config(TaggerConfig, CONFIGS / "sound_tagger.toml", [o[6:] for o in options[2:]]), tmp_path, weights, False
    )
    line = dataclasses.replace(
        line, config=dataclasses.replace(line.config, run=dataclasses.replace(line.config.run, steps=30))
    )
    network, finished = train(line)
    assert finished
    tagger = NanoSoundTagger(weights)
    chances = tagger.chances(sound[None, :16_000])[0]
    assert chances.shape == (len(CLASSES),)
    assert chances.sum() == pytest.approx(1.0, abs=1e-4)
    assert 0 <= tagger.tag(sound).score <= 1
    assert sum(p.numel() for p in network.parameters()) <= 500_000
    assert weights.stat().st_size < 1_000_000


def test_a_pool_is_made_once_and_again_when_something_else_is_ordered(tmp_path: Path) -> None:
    first = make_pool(Order(CHECKING, 6, 2), tmp_path)
    assert first.mel.shape == (12, 98, 64)
    assert [CLASSES[i] for i in first.classes[::2]] == [label_of(n) for n in range(6)]
    written = (tmp_path / "mel.npy").stat().st_mtime_ns
    np.testing.assert_array_equal(first.mel, make_pool(Order(CHECKING, 6, 2), tmp_path).mel)
    assert (tmp_path / "mel.npy").stat().st_mtime_ns == written
    other = make_pool(Order(CHECKING, 6, 2, beyond=True), tmp_path)
    assert not np.array_equal(first.mel, other.mel)


def test_varied_sounds_stay_close_and_are_never_the_same() -> None:
    rng = np.random.default_rng(0)
    mel = np.full((16, 98, 64), -60, np.float32)
    mel[:, 49:, 30:34] = -20  # a tone that begins in the middle
    noise = np.full((16, 98, 64), -100, np.float16)
    varied = vary(mel, noise, rng)
    assert varied.shape == mel.shape
    assert np.abs(np.median(varied - mel, axis=(1, 2))).max() <= 6 + 3 * 2.5
    for one in varied:
        assert 25 <= one.max(0).argmax() <= 38  # moved by no more than five bands
        assert one.max(1).argmax() >= 49
    assert len({float(one.max()) for one in varied}) == 16


class Certain(torch.nn.Module):
    """Says the class that is written into the picture; too sure of itself by a factor."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = torch.nn.Parameter(torch.tensor(factor))

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        return self.factor * mel[:, 0, : len(CLASSES)]


def test_calibration_takes_overconfidence_back_and_asks_for_precision() -> None:
    rng = np.random.default_rng(0)
    classes = rng.integers(len(CLASSES), size=4000)
    logits = rng.normal(0, 1, (4000, len(CLASSES)))
    logits[np.arange(4000), classes] += 3.0
    mel = np.zeros((4000, 98, 64), np.float16)
    mel[:, 0, : len(CLASSES)] = logits
    pool = SoundPool(mel, classes, np.arange(4000))
    calibration, figures = calibrate(Certain(3.0), [pool])
    assert calibration.temperature == pytest.approx(3 * calibrate(Certain(1.0), [pool])[0].temperature, rel=0.1)
    assert figures["named_precision"] >= 0.97
    assert 0.2 < figures["named_recall"] < figures["accuracy"]
