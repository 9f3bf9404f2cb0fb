"""Trains the Chinese instruction classifier: `python -m omnilive_demo.training instruction_zh`.

Logistic regression over runs of characters, within a minute on one CPU core; seeded. The settings below were chosen by
cross-validation over templates, so that no template is on both sides. The held-out utterances are never trained on;
their accuracy is printed by category, and `--card` writes it into the model card.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from omnilive_demo.config import ASSETS
from omnilive_demo.reasoning.instruction_chinese import Weights, features, reduced, save_weights, scale_of
from omnilive_demo.training.instruction import balance
from omnilive_demo.training.instruction_data import DATA, Utterance
from omnilive_demo.training.instruction_zh_data import utterances, with_noise

WEIGHTS = ASSETS / "chinese" / "instruction.safetensors"
HELD_OUT = DATA / "instruction_zh_held_out.jsonl"
SEED = 7
PER_TEMPLATE = 10
COMMON_IN = 3  # templates that a run must come from to have a weight of its own
WEIGHT_DECAY = 0.02
EPOCHS = 20
DROPPED = 0.5  # of the runs of a text, so that none is leant on alone
BATCH = 256
SMOOTH = 0.04  # the labels are right, but a mishearing may turn one into the other
Array = NDArray[np.float32]


def corpus(seed: int = SEED) -> list[Utterance]:
    """Everything that is trained on, clean and noisy, without repeats; what is said both ways keeps its
    first answer."""
    wanted: dict[str, Utterance] = {}
    for one in with_noise(utterances(PER_TEMPLATE, seed), seed):
        if one.text:
            wanted.setdefault(reduced(one.text), one)
    return list(wanted.values())


def vocabulary_of(found: Sequence[Utterance], common_in: int = COMMON_IN) -> tuple[str, ...]:
    """The runs that come from several templates, so that they are the language's and not one template's."""
    templates: dict[str, set[str]] = {}
    for one in found:
        for run in features(one.text):
            templates.setdefault(run, set()).add(one.template)
    return tuple(sorted(run for run, where in templates.items() if len(where) >= common_in))


def fit(
    found: Sequence[Utterance], seed: int = SEED, decay: float = WEIGHT_DECAY, common_in: int = COMMON_IN
) -> Weights:
    """The trained weights."""
    vocabulary = vocabulary_of(found, common_in)
    bags = _Bags([one.text for one in found], vocabulary)
    answers = torch.tensor([float(one.answer) for one in found])
    weights = torch.from_numpy(balance(found))
    torch.manual_seed(seed)
    table = torch.nn.EmbeddingBag(len(vocabulary), 1, mode="sum")
    torch.nn.init.zeros_(table.weight)
    bias = torch.nn.Parameter(torch.zeros(()))
    optimizer = torch.optim.AdamW(
        [{"params": table.parameters(), "weight_decay": decay}, {"params": [bias], "weight_decay": 0.0}], lr=0.02
    )
    steps = EPOCHS * -(-len(found) // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    shuffle, drop = torch.Generator().manual_seed(seed), random.Random(seed)
    for _ in range(EPOCHS):
        for batch in torch.split(torch.randperm(len(found), generator=shuffle), BATCH):
            ids, offsets, scales = bags.of(batch.tolist(), drop)
            logits = table(ids, offsets)[:, 0] * scales + bias
            smooth = answers[batch] * (1 - 2 * SMOOTH) + SMOOTH
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, smooth, weight=weights[batch])
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
    return Weights(vocabulary, table.weight.detach().numpy()[:, 0].astype(np.float32), float(bias.item()))


class _Bags:
    """The known runs of each text, as numbers."""

    def __init__(self, texts: Sequence[str], vocabulary: tuple[str, ...]) -> None:
        number = {run: i for i, run in enumerate(vocabulary)}
        self._ids = [[number[run] for run in features(text) if run in number] for text in texts]

    def of(self, rows: Sequence[int], drop: random.Random) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Numbers of the runs that are kept one after the other, where each text begins, and its scale."""
        kept = [[i for i in self._ids[row] if drop.random() >= DROPPED] for row in rows]
        lengths = [len(one) for one in kept]
        offsets = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
        flat = [i for one in kept for i in one]
        return (
            torch.tensor(flat, dtype=torch.int64),
            torch.from_numpy(offsets),
            torch.tensor(list(map(scale_of, lengths))),
        )


def logits(weights: Weights, texts: Sequence[str]) -> Array:
    """What the classifier makes of some texts, `[n]`: above zero is an answer."""
    weight_of = dict(zip(weights.vocabulary, map(float, weights.weight), strict=True))
    known = [[weight_of[run] for run in features(text) if run in weight_of] for text in texts]
    return np.array([weights.bias + scale_of(len(one)) * sum(one) for one in known], np.float32)


def cross_validate(
    found: Sequence[Utterance], folds: int = 5, decay: float = WEIGHT_DECAY, common_in: int = COMMON_IN
) -> float:
    """Accuracy on templates that were not trained on, noise included."""
    templates = sorted({one.template for one in found})
    random.Random(SEED).shuffle(templates)
    fold_of = {template: i % folds for i, template in enumerate(templates)}
    right = 0
    for k in range(folds):
        weights = fit([one for one in found if fold_of[one.template] != k], decay=decay, common_in=common_in)
        unseen = [one for one in found if fold_of[one.template] == k]
        verdicts = logits(weights, [one.text for one in unseen]) >= 0
        right += int(np.sum(verdicts == np.array([one.answer for one in unseen])))
    return right / len(found)


def main(argv: Sequence[str]) -> int:
    """Command line of the task `instruction_zh`."""
    parser = argparse.ArgumentParser(prog="omnilive_demo.training instruction_zh", description=__doc__)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--cross-validate", action="store_true", help="also report accuracy on unseen templates")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    found = corpus()
    print(f"{len(found)} utterances from {len({one.template for one in found})} templates")
    if options.cross_validate:
        print(f"accuracy on unseen templates: {cross_validate(found):.3f}")
    weights = fit(found)
    save_weights(weights, options.out)
    print(f"wrote {options.out}: {len(weights.vocabulary)} runs")
    return 0
