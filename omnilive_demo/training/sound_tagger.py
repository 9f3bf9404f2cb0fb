"""Trains the sound tagger on computed sounds: `python -m omnilive_demo.training sound_tagger`.

Cross-entropy over the classes of `models/sound_words.CLASSES`; the log-mel pictures are varied by level, by masks in
time and frequency, and by mixing in a window of room noise. Then a temperature is fitted, and the least confidence with
which a sound may be named is chosen, on sounds that were neither learned from nor measure the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from omnilive_demo.config import ASSETS
from omnilive_demo.models.nano.log_mel import BANDS, FRAMES
from omnilive_demo.models.nano.sound_network import SoundNetwork
from omnilive_demo.models.sound_words import CLASSES, UNTOLD
from omnilive_demo.training.config_file import CommandLine, read_command_line
from omnilive_demo.training.export import export
from omnilive_demo.training.run import Run, RunSettings
from omnilive_demo.training.sound_pool import CHECKING, TRAINING, Order, SoundPool, make_pool

TASK = "sound_tagger"
WEIGHTS = ASSETS / "nano" / "sound_tagger.safetensors"
CUTS = 2
PRECISION = 0.97  # of the sounds that get a name, on sounds of the training ranges and beyond alike
_TEMPERATURES = np.geomspace(0.3, 3.0, 60)
_TOLD = np.array([label not in UNTOLD for label in CLASSES])


@dataclass(frozen=True, slots=True)
class TaggerConfig:
    """sounds, checking: how many computed sounds are learned from and tuned on. smoothing: of the labels."""

    sounds: int
    checking: int
    batch: int
    dropout: float
    smoothing: float
    run: RunSettings


@dataclass(frozen=True, slots=True)
class Calibration:
    """temperature: logits are divided by it. confidence: the least with which a sound is named."""

    temperature: float
    confidence: float


def main(argv: Sequence[str]) -> int:
    """The task `sound_tagger` of `python -m omnilive_demo.training`."""
    line = read_command_line(argv, TaggerConfig, TASK, WEIGHTS)
    network, finished = train(line)
    if not finished:
        print("not finished: call again to go on")
        return 1
    config = line.config
    checks = [
        make_pool(Order(CHECKING, config.checking, CUTS, beyond), line.folder / f"pool-{name}")
        for name, beyond in (("check", False), ("beyond", True))
    ]
    calibration, figures = calibrate(network, checks)
    tensors = {name: t for name, t in network.state_dict().items() if t.is_floating_point()}
    size = export(
        tensors,
        line.weights,
        {
            "classes": list(CLASSES),
            "temperature": calibration.temperature,
            "confidence": calibration.confidence,
            "figures": figures,
        },
    )
    print(f"wrote {line.weights} ({size} bytes): {calibration} {figures}")
    return 0


def train(line: CommandLine[TaggerConfig]) -> tuple[SoundNetwork, bool]:
    """The trained network, and whether its budget was used up."""
    config = line.config
    learned = make_pool(Order(TRAINING, config.sounds, CUTS), line.folder / "pool-train")
    check = make_pool(Order(CHECKING, config.checking, CUTS), line.folder / "pool-check")
    with Run(line.folder, config, config.run, line.fresh) as run:
        network = SoundNetwork(len(CLASSES), config.dropout).to(run.device)
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        average = torch.optim.swa_utils.AveragedModel(network, multi_avg_fn=_average, use_buffers=True)
        decayed = [p for p in network.parameters() if p.ndim > 1]
        others = [p for p in network.parameters() if p.ndim <= 1]
        optimiser = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": 0.02}, {"params": others, "weight_decay": 0.0}]
        )
        run.keep(network=network, average=average, optimiser=optimiser)
        run.resume()
        silent = np.flatnonzero(learned.classes == CLASSES.index("silence"))
        network.train()
        while run.goes_on():
            rows = np.sort(run.rng.integers(len(learned.classes), size=config.batch))
            mel = vary(learned.mel[rows].astype(np.float32), learned.mel[run.rng.choice(silent, config.batch)], run.rng)
            target = torch.from_numpy(learned.classes[rows]).to(run.device)
            run.set_learning_rate(optimiser)
            with run.autocast():
                logits = network(torch.from_numpy(mel).to(run.device)).float()
            loss = functional.cross_entropy(logits, target, label_smoothing=config.smoothing)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            average.update_parameters(network)
            run.step(loss=loss, accuracy=(logits.argmax(1) == target).float().mean())
            if run.due("check", 60.0):
                rows_ = logits_of(average.module, check)
                run.log(val_accuracy=float((rows_.argmax(1) == check.classes).mean()))
        return cast(SoundNetwork, average.module.eval().cpu()), run.finished


def _average(averages: Sequence[Tensor], news: Sequence[Tensor], count: Tensor | int) -> None:
    """A running mean that forgets: of all steps at first, later of about the last 500."""
    share = max(0.002, 9.0 / (10.0 + float(count)))
    for average, new in zip(averages, news, strict=True):
        if average.is_floating_point():
            average.lerp_(new.to(average.dtype), share)
        else:
            average.copy_(new)


def vary(mel: NDArray[np.float32], noise: NDArray[np.float16], rng: np.random.Generator) -> NDArray[np.float32]:
    """Other levels, pitches, speeds and microphones, room noise mixed in, strips of time and bands blanked.

    All `[n, 98, 64]` in dB.
    """
    n = len(mel)
    mel = _moved(mel, rng) + _coloured(n, rng)
    gain = rng.uniform(-6, 6, (n, 1, 1)).astype(np.float32)
    louder = np.where(rng.random((n, 1, 1)) < 0.5, rng.uniform(-10, 10, (n, 1, 1)), -60.0).astype(np.float32)
    varied = 10 * np.log10(10 ** ((mel + gain) / 10) + 10 ** ((noise.astype(np.float32) + louder) / 10))
    for one in range(n):
        if rng.random() < 0.5:
            width, at = int(rng.integers(4, 25)), int(rng.integers(FRAMES - 25))
            varied[one, at : at + width] = varied[one].min()
        if rng.random() < 0.5:
            width, at = int(rng.integers(2, 10)), int(rng.integers(BANDS - 10))
            varied[one, :, at : at + width] = varied[one].min()
    return np.asarray(varied, np.float32)


def _moved(mel: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Half of the pictures moved by up to 5 bands, half played up to a quarter faster or slower (about the middle)."""
    n = len(mel)
    bands = np.where(rng.random(n) < 0.5, rng.integers(-5, 6, n), 0)
    speeds = np.where(rng.random(n) < 0.5, rng.uniform(0.8, 1.25, n), 1.0)
    middle = (FRAMES - 1) / 2
    frames = np.clip((np.arange(FRAMES) - middle) * speeds[:, None] + middle, 0, FRAMES - 1).round().astype(int)
    places = np.clip(np.arange(BANDS) - bands[:, None], 0, BANDS - 1)
    return np.asarray(mel[np.arange(n)[:, None, None], frames[:, :, None], places[:, None, :]], np.float32)


def _coloured(n: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """A smooth frequency response for each, within about 6 dB, `[n, 1, 64]`."""
    place = np.linspace(0, np.pi, BANDS)
    waves = np.stack([np.cos(k * place) for k in (1, 2, 3)])
    return np.asarray((rng.uniform(-2.5, 2.5, (n, 3)) @ waves)[:, None], np.float32)


def logits_of(network: torch.nn.Module, pool: SoundPool) -> NDArray[np.float64]:
    """`[n, classes]` for every window of a pool."""
    was, device = network.training, next(network.parameters()).device
    network.eval()
    parts: list[Tensor] = []
    with torch.inference_mode():
        for start in range(0, len(pool.classes), 256):
            mel = torch.from_numpy(np.asarray(pool.mel[start : start + 256], np.float32))
            parts.append(network(mel.to(device)).float().cpu())
    network.train(was)
    return torch.cat(parts).double().numpy()


def calibrate(network: torch.nn.Module, pools: Sequence[SoundPool]) -> tuple[Calibration, dict[str, float]]:
    """Temperature with the least cross-entropy over all pools, and the least confidence that names precisely enough."""
    logits = np.concatenate([logits_of(network, pool) for pool in pools])
    classes = np.concatenate([pool.classes for pool in pools])
    losses = [-np.log(softmax(logits / t)[np.arange(len(classes)), classes] + 1e-12).mean() for t in _TEMPERATURES]
    temperature = float(_TEMPERATURES[int(np.argmin(losses))])
    chances = softmax(logits / temperature)
    best, right = chances.max(1), chances.argmax(1) == classes
    named = _TOLD[chances.argmax(1)]
    confidence = 0.99
    for least in np.arange(0.3, 0.99, 0.01):
        counted = named & (best >= least)
        if counted.any() and right[counted].mean() >= PRECISION:
            confidence = float(least)
            break
    counted = named & (best >= confidence)
    figures = {
        "accuracy": round(float(right.mean()), 4),
        "named_precision": round(float(right[counted].mean()), 4) if counted.any() else 0.0,
        "named_recall": round(float((counted & right).sum() / _TOLD[classes].sum()), 4),
    }
    return Calibration(round(temperature, 4), round(confidence, 4)), figures


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Chances from logits, over the last axis."""
    raised = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(raised / raised.sum(-1, keepdims=True))
