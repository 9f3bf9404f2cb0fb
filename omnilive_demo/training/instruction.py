"""Trains the instruction classifier: `python -m omnilive_demo.training instruction`.

A minute or two on one CPU core, most of it MiniLM embeddings; seeded. The features and the few settings below were
chosen by cross-validation over templates, so that no template is on both sides. The held-out utterances are never
trained on: they belong to `python -m omnilive_demo.evaluation instruction`.
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
from omnilive_demo.models.text_encoder import MiniLM, TextEncoder
from omnilive_demo.reasoning.instruction_classifier import Network, inputs, save_network
from omnilive_demo.reasoning.lexical import grams
from omnilive_demo.training.instruction_data import HEARD, Utterance, read_heard, utterances, with_noise

Array = NDArray[np.float32]

SEED = 7
PER_TEMPLATE = 6
COMMON_IN = 20  # templates that a word or pair must come from to be an input of its own
MEMBERS = 3  # networks that are averaged: side by side they are one wider network
HIDDEN = 48
WEIGHT_DECAY = 0.02
EPOCHS = 60
BATCH = 256
DROPOUT = 0.3


def corpus(seed: int = SEED) -> list[Utterance]:
    """Everything that is trained on, clean, noisy and as heard, without repeats."""
    found = list(with_noise(utterances(PER_TEMPLATE, seed), seed)) + read_heard()
    wanted: dict[str, Utterance] = {}
    for one in found:
        if one.text:
            wanted.setdefault(one.text, one)
    return list(wanted.values())


def embed(encoder: TextEncoder, texts: Sequence[str], batch: int = 128) -> Array:
    """Embeddings `[n, C]`; sorted by length while encoding, to spare padding."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    rows = np.empty((len(texts), encoder.width), np.float32)
    for k in range(0, len(order), batch):
        rows[order[k : k + batch]] = encoder.encode([texts[i] for i in order[k : k + batch]])
    return rows


def vocabulary_of(found: Sequence[Utterance]) -> tuple[str, ...]:
    """The words and pairs that come from many templates, so that they are the language's and not one template's."""
    templates: dict[str, set[str]] = {}
    for one in found:
        for gram in grams(one.text):
            templates.setdefault(gram, set()).add(one.template)
    return tuple(
        sorted(gram for gram, where in templates.items() if len(where) >= COMMON_IN and gram not in ("^", "$"))
    )


def balance(found: Sequence[Utterance]) -> Array:
    """Weights that give both answers the same say, and small categories more than their number."""
    counts: dict[tuple[bool, str], int] = {}
    for one in found:
        counts[one.answer, one.category] = counts.get((one.answer, one.category), 0) + 1
    raw = np.array([counts[one.answer, one.category] ** -0.5 for one in found])
    answers = np.array([one.answer for one in found])
    for side in (True, False):
        raw[answers == side] /= raw[answers == side].sum()
    weights: Array = (raw / raw.mean()).astype(np.float32)
    return weights


def fit(
    rows: Array,
    answers: Array,
    weights: Array,
    seed: int = SEED,
    vocabulary: tuple[str, ...] = (),
    members: int = MEMBERS,
) -> Network:
    """The trained network: the mean of several, as one."""
    parts = [_fit_one(rows, answers, weights, seed + i) for i in range(members)]
    return Network(
        hidden_weight=np.concatenate([hidden.weight.detach().numpy() for hidden, _ in parts]),
        hidden_bias=np.concatenate([hidden.bias.detach().numpy() for hidden, _ in parts]),
        out_weight=(np.concatenate([out.weight.detach().numpy()[0] for _, out in parts]) / members).astype(np.float32),
        out_bias=np.array(np.mean([out.bias.item() for _, out in parts]), np.float32),
        vocabulary=vocabulary,
    )


def _fit_one(rows: Array, answers: Array, weights: Array, seed: int) -> tuple[torch.nn.Linear, torch.nn.Linear]:
    torch.manual_seed(seed)
    x, y, w = torch.from_numpy(rows), torch.from_numpy(answers), torch.from_numpy(weights)
    hidden, out = torch.nn.Linear(rows.shape[1], HIDDEN), torch.nn.Linear(HIDDEN, 1)
    steps = EPOCHS * -(-len(x) // BATCH)
    optimizer = torch.optim.AdamW([*hidden.parameters(), *out.parameters()], lr=3e-3, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    shuffle = torch.Generator().manual_seed(seed)
    for _ in range(EPOCHS):
        for batch in torch.split(torch.randperm(len(x), generator=shuffle), BATCH):
            kept = torch.nn.functional.dropout(torch.relu(hidden(x[batch])), DROPOUT)
            smooth = y[batch] * 0.94 + 0.03  # the labels are right, but a mishearing may turn one into the other
            loss = torch.nn.functional.binary_cross_entropy_with_logits(out(kept)[:, 0], smooth, weight=w[batch])
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
    return hidden, out


def cross_validate(found: Sequence[Utterance], rows: Array, folds: int = 5) -> float:
    """Accuracy on templates that were not trained on, noise and mishearings included."""
    answers, weights = np.array([one.answer for one in found], np.float32), balance(found)
    templates = sorted({one.template for one in found})
    random.Random(SEED).shuffle(templates)
    fold_of = {template: i % folds for i, template in enumerate(templates)}
    fold = np.array([fold_of[one.template] for one in found])
    right = np.zeros(len(found), bool)
    for k in range(folds):
        network = fit(rows[fold != k], answers[fold != k], weights[fold != k], members=1)
        right[fold == k] = (network.probabilities(rows[fold == k]) >= 0.5) == (answers[fold == k] > 0.5)
    return float(right.mean())


def main(argv: Sequence[str]) -> int:
    """Command line of the task `instruction`."""
    parser = argparse.ArgumentParser(prog="omnilive_demo.training instruction", description=__doc__)
    parser.add_argument("--out", type=Path, default=ASSETS / "nano" / "instruction.safetensors")
    parser.add_argument("--hear", type=int, metavar="N", help=f"first speak N utterances into {HEARD.name} (flite)")
    parser.add_argument("--cross-validate", action="store_true", help="also report accuracy on unseen templates")
    options = parser.parse_args(argv)
    if options.hear:
        from omnilive_demo.training.instruction_heard import write

        print(f"heard {write(options.hear, SEED)} utterances")
    found = corpus()
    texts, vocabulary = [one.text for one in found], vocabulary_of(found)
    rows = inputs(embed(MiniLM(threads=1), texts), texts, vocabulary)
    print(
        f"{len(found)} utterances from {len({one.template for one in found})} templates, {len(vocabulary)} common words"
    )
    if options.cross_validate:
        print(f"accuracy on unseen templates: {cross_validate(found, rows):.3f}")
    network = fit(rows, np.array([one.answer for one in found], np.float32), balance(found), vocabulary=vocabulary)
    save_network(network, options.out)
    print(f"wrote {options.out}")
    return 0
