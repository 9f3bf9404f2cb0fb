"""Trains the frame encoder: `python -m omnilive_demo.training frame_encoder`.

The text tower (MiniLM) stays frozen; the picture side learns to say, for each of 64 cells and for the picture as a
whole, which of the names fits (cross-entropy over cosines with the names' vectors). Rehearsed things are named in text
space as well, but marked as not known, so that the network learns that there are things whose name it must not say.
"""

from __future__ import annotations

import argparse
import copy
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from omnilive_demo.config import ASSETS
from omnilive_demo.models.nano.frame_network import GRID, WIDTH, FrameNetwork
from omnilive_demo.models.text_encoder import MiniLM
from omnilive_demo.training.config_file import read_command_line
from omnilive_demo.training.export import export
from omnilive_demo.training.frame_encoder_check import calibrated, checked
from omnilive_demo.training.frame_encoder_closeups import CloseUps
from omnilive_demo.training.frame_encoder_data import Batch, Pool, Sampler, open_pool
from omnilive_demo.training.frame_encoder_names import NameTable, name_table
from omnilive_demo.training.frame_encoder_recalibration import recalibrated
from omnilive_demo.training.optimiser import Group, Optimiser
from omnilive_demo.training.run import Run, RunSettings
from omnilive_demo.training.world.sprites import NotoSprites
from omnilive_demo.training.world.strangers import calibration_pictures

WEIGHTS = ASSETS / "nano" / "frame_encoder.safetensors"
NAMES = ASSETS / "nano" / "names.json"
QUICK_CHECK = 1000  # pictures
HAND_PRIOR = 3.0  # so that many patches without a hand do not add up to one


@dataclass(frozen=True, slots=True)
class LossWeights:
    """The table [weights]."""

    cells: float = 1.0
    classes: float = 0.5
    sorted: float = 0.5
    whole: float = 1.0
    known: float = 0.5
    known_anywhere: float = 0.3
    colour: float = 0.3
    held: float = 0.3


@dataclass(frozen=True, slots=True)
class FrameEncoderConfig:
    """`configs/frame_encoder.toml`. train, val: folders of `SnapshotPool`; pictures: how many of train, 0 for all.

    average: share that the averaged weights keep a step. muon: what the learning rate of the matrices inside is
    multiplied by; 0: AdamW for them, too. workers: threads, each with a part of the batch. Until `close_share` of the
    budget is used it learns from close-ups, then until `window_share` from `window` cells a side of each picture only,
    then from whole pictures. held_share: of a batch, see `Sampler`.
    """

    train: Path
    val: Path
    batch: int
    run: RunSettings
    weights: LossWeights = LossWeights()
    close_weights: LossWeights = LossWeights()  # while it learns from close-ups
    weight_decay: float = 0.05
    average: float = 0.998
    muon: float = 1.0
    pictures: int = 0
    workers: int = 1
    window: int = GRID
    window_share: float = 0.0
    close_share: float = 0.0
    held_share: float = 0.0


class Learner(nn.Module):
    """The network and what only its training needs.

    A plain classifier of the patches and of their pooling finds its way sooner than the comparison with fixed texts and
    takes the patches along. Which patch shows a hand is learnt from pictures of which only is known that something is
    held in them: the memory is to tell what is shown, put down and picked up.
    """

    def __init__(self, names: int) -> None:
        super().__init__()
        self.network = FrameNetwork()
        self.classes = nn.Linear(WIDTH, names + 1)
        self.hand = nn.Linear(WIDTH, 1)


class AveragedWeights:
    """A running average of a network's weights and norm statistics: steadier than the last step's."""

    def __init__(self, network: FrameNetwork, share: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._share, self._steps = share, 0

    @torch.no_grad()
    def update(self, network: FrameNetwork) -> None:
        """Moves towards the network; fast at first."""
        self._steps += 1
        keep = min(self._share, (1 + self._steps) / (10 + self._steps))
        for mine, its in zip(self.network.state_dict().values(), network.state_dict().values(), strict=True):
            if mine.is_floating_point():
                mine.lerp_(its, 1 - keep)
            else:
                mine.copy_(its)

    def state_dict(self) -> dict[str, object]:
        """For a checkpoint."""
        return {"network": self.network.state_dict(), "steps": self._steps}

    def load_state_dict(self, state_dict: dict) -> None:
        """From a checkpoint."""
        self.network.load_state_dict(state_dict["network"])
        self._steps = int(state_dict["steps"])


def main(argv: Sequence[str]) -> int:
    """Trains, calibrates and exports; 1 when it was ended before its budget was used. Or only calibrates a file."""
    own = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    own.add_argument(
        "--calibrate", type=Path, metavar="WEIGHTS", help="do not train: choose the naming rule of this file again"
    )
    given, _ = own.parse_known_args(argv)
    line = read_command_line(argv, FrameEncoderConfig, "frame_encoder", WEIGHTS, [own])
    if given.calibrate is not None:
        figures = recalibrated(given.calibrate, open_pool(line.config.val), calibration_pictures())
        print(f"{given.calibrate}\n{json.dumps(figures, indent=1)}")
        return 0
    table = name_table(MiniLM())
    train, val = open_pool(line.config.train, line.config.pictures), open_pool(line.config.val)
    with Run(line.folder, line.config, line.config.run, line.fresh) as run:
        network = trained(run, line.config, table, train, val)
    if not run.finished:
        return 1
    about = {"steps": run.steps, "seed": line.config.run.seed}
    write(network, table, val, calibration_pictures(), line.weights, about)
    return 0


def trained(run: Run, config: FrameEncoderConfig, table: NameTable, train: Pool, val: Pool | None) -> FrameNetwork:
    """Trains until the budget is used or the program is ended; the averaged network.

    Every worker, a thread, takes its share of each batch: on a CPU that is quicker than two threads for each operation.
    """
    learner = Learner(len(table.names)).to(run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    network = learner.network
    average = AveragedWeights(network, config.average)
    optimiser = Optimiser(parameter_groups(learner, config.weight_decay, config.muon))
    weights = [tensor for tensor in learner.parameters() if tensor.requires_grad]
    texts = torch.from_numpy(table.vectors).to(run.device)
    run.keep(learner=learner, average=average, optimiser=optimiser)
    run.resume()
    sampler = Sampler(train, table, config.held_share)
    close_ups = CloseUps(NotoSprites(), train, table) if config.close_share else None

    def work(worker: int) -> tuple[tuple[Tensor, ...], dict[str, Tensor]]:
        rng = np.random.default_rng([run.settings.seed, run.steps, worker])
        close = close_ups is not None and run.share < config.close_share
        if close_ups is not None and close:
            batch = close_ups.draw(2 * config.batch // config.workers, rng).to(run.device)
        else:
            window = config.window if run.share < config.window_share else GRID
            size = round(config.batch * min(GRID * GRID / window**2, 2)) // config.workers
            batch = sampler.draw(size, rng, window).to(run.device)
        with run.autocast():
            weighed = config.close_weights if close else config.weights
            loss, figures = losses(learner, batch, texts, table.known, weighed)
        return torch.autograd.grad(loss, weights), {"loss": loss.detach(), **figures}

    with ThreadPoolExecutor(
        config.workers, initializer=lambda: torch.set_num_threads(run.settings.threads or 1)
    ) as pool:
        torch.set_num_threads(config.workers)  # of this thread, which moves the weights while the workers wait
        while run.goes_on():
            run.set_learning_rate(optimiser)
            shares = list(pool.map(work, range(config.workers)))
            for weight, *gradients in zip(weights, *(gradients for gradients, _ in shares), strict=True):
                weight.grad = torch.stack(gradients).mean(0)
            torch.nn.utils.clip_grad_norm_(weights, 5.0)
            optimiser.step()
            average.update(network)
            run.step(**{name: sum(figures[name] for _, figures in shares) / len(shares) for name in shares[0][1]})
            if val is not None and run.share > 0.05 and run.due("check", 200.0):
                with run.autocast():
                    run.log(**checked(average.network, table, val, QUICK_CHECK))
    return average.network


def parameter_groups(learner: Learner, weight_decay: float, muon: float) -> list[Group]:
    """Matrices and kernels decay; biases, norms and single vectors do not. What is inside goes to Muon."""
    kinds: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, weights in learner.named_parameters():
        inside = weights.ndim > 1 and name.startswith(("network.stages", "network.attention"))
        kinds.setdefault((weights.ndim > 1, inside and muon > 0), []).append(weights)
    return [
        Group(weights, weight_decay if heavy else 0.0, muon if inside else 1.0, inside)
        for (heavy, inside), weights in kinds.items()
    ]


def losses(
    learner: Learner, batch: Batch, texts: Tensor, known: int, weights: LossWeights
) -> tuple[Tensor, dict[str, Tensor]]:
    """The weighted sum of the losses and each of them, with the share of named cells that are right."""
    network = learner.network
    out = network(batch.images)
    names = len(texts)
    cells, learnt = batch.cells.flatten(), batch.learnt.flatten()
    shown, rehearsed = cells[learnt], (cells >= known) & (cells < names)
    scores = network.scores(out.aligned.flatten(0, 1)[learnt], texts).float()
    plain = learner.classes(out.patches.flatten(0, 1)[learnt]).float()
    plain_whole = learner.classes(out.pooled).float()
    found = {
        "cells": functional.cross_entropy(scores, shown),
        "classes": functional.cross_entropy(plain, shown),
        "sorted": functional.cross_entropy(plain_whole, batch.whole),
        "whole": functional.cross_entropy(network.scores(out.vector, texts).float(), batch.whole),
        "known": functional.binary_cross_entropy_with_logits(
            out.known.flatten(), (cells < known).float(), torch.where(rehearsed, 2.0, 1.0)
        ),
        "known_anywhere": functional.binary_cross_entropy_with_logits(
            out.known_anywhere, (batch.whole[:, :known].sum(1) > 0).float()
        ),
        "colour": functional.cross_entropy(out.colour.float().flatten(0, 1), batch.colours.flatten(0, 1)),
        "held": held_loss(learner.hand(out.patches).squeeze(-1).float(), batch.held),
    }
    total = torch.stack([getattr(weights, name) * value for name, value in found.items()]).sum()
    figures = {name: value.detach() for name, value in found.items()}
    named = shown < names
    most = batch.whole.max(1)
    single = (most.values == 1) & (most.indices < names)
    right = learner.classes(out.pooled.detach()).argmax(1) == most.indices
    figures["single_right"] = right[single].float().mean() if bool(single.any()) else torch.tensor(0.0)
    figures["cells_right"] = (scores.argmax(1)[named] == shown[named]).float().mean()
    return total, figures


def held_loss(hands: Tensor, held: Tensor) -> Tensor:
    """Something is held in a picture where some patch `[n, P]` shows a hand; pictures of which it is not known (nan) do
    not count."""
    told = ~held.isnan()
    if not bool(told.any()):
        return hands.sum() * 0.0
    return functional.binary_cross_entropy_with_logits(hands[told].logsumexp(1) - HAND_PRIOR, held[told])


def write(
    network: FrameNetwork, table: NameTable, val: Pool, strangers: NDArray[np.uint8], path: Path, about: dict[str, int]
) -> None:
    """Calibrates on the validation pool and on pictures of strangers (see `calibrated`) and writes the weights with
    the names' vectors, and `names.json` beside."""
    figures, naming, reliability = calibrated(network.float().cpu(), table, val, strangers)
    vectors = torch.from_numpy(table.vectors)
    tensors = {
        **network.state_dict(),
        "name_vectors": vectors[: table.known],
        "other_vectors": vectors[table.known :],
    }
    size = export(
        tensors,
        path,
        {"naming": naming, "figures": figures, "about": about, "reliability": reliability.round(3).tolist()},
    )
    names = [
        {"name": name, "plural": plural}
        for name, plural in zip(table.names[: table.known], table.plurals[: table.known], strict=True)
    ]
    text = ",\n".join(json.dumps(name) for name in names)
    (path.parent / NAMES.name).write_text(f"[\n{text}\n]\n", "utf-8")
    print(f"{path}: {size} bytes\n{json.dumps(figures, indent=1)}")
