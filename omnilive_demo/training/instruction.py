"""Trains the instruction classifier: `python -m omnilive_demo.training instruction`.

A few seconds of gradient descent on the CPU over MiniLM embeddings, seeded. What is chosen (hidden width, weight
decay) was chosen by cross-validation over templates, so that no template is in both parts; the held-out utterances are
never looked at here, they belong to `python -m omnilive_demo.evaluation instruction`.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file

from omnilive_demo.config import ASSETS
from omnilive_demo.models.text_encoder import MiniLM, TextEncoder
from omnilive_demo.reasoning.instruction_classifier import inputs, probabilities
from omnilive_demo.training.instruction_data import HEARD, Utterance, read_heard, utterances, with_noise

Array = NDArray[np.float32]

SEED = 7
PER_TEMPLATE = 6
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


def embed(encoder: TextEncoder, texts: list[str], batch: int = 128) -> Array:
    """Network inputs `[n, C+F]`; sorted by length while encoding, to spare padding."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    parts = [inputs(encoder, [texts[i] for i in order[k : k + batch]]) for k in range(0, len(order), batch)]
    rows = np.concatenate(parts)
    back = np.empty_like(rows)
    back[order] = rows
    return back


def balance(corpus_: Sequence[Utterance]) -> Array:
    """Weights that give both answers, and within them every category, the same say."""
    counts: dict[tuple[bool, str], int] = {}
    for one in corpus_:
        counts[one.answer, one.category] = counts.get((one.answer, one.category), 0) + 1
    # The square root leaves large, varied categories somewhat more say than small ones.
    raw = np.array([counts[one.answer, one.category] ** -0.5 for one in corpus_])
    answers = np.array([one.answer for one in corpus_])
    for side in (True, False):
        raw[answers == side] /= raw[answers == side].sum()
    return (raw / raw.mean()).astype(np.float32)


def fit(rows: Array, answers: Array, weights: Array, seed: int = SEED) -> dict[str, Array]:
    """The trained network, as named arrays for `probabilities`."""
    torch.manual_seed(seed)
    x, y, w = torch.from_numpy(rows), torch.from_numpy(answers), torch.from_numpy(weights)
    hidden, out = torch.nn.Linear(rows.shape[1], HIDDEN), torch.nn.Linear(HIDDEN, 1)
    steps = EPOCHS * -(-len(x) // BATCH)
    optimizer = torch.optim.AdamW([*hidden.parameters(), *out.parameters()], lr=3e-3, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    shuffle = torch.Generator().manual_seed(seed)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(x), generator=shuffle).split(BATCH):
            kept = torch.nn.functional.dropout(torch.relu(hidden(x[batch])), DROPOUT)
            smooth = y[batch] * 0.94 + 0.03  # the labels are right, but a mishearing may turn one into the other
            loss = torch.nn.functional.binary_cross_entropy_with_logits(out(kept)[:, 0], smooth, weight=w[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return {
        "hidden.weight": hidden.weight.detach().numpy().copy(),
        "hidden.bias": hidden.bias.detach().numpy().copy(),
        "out.weight": out.weight.detach().numpy()[0].copy(),
        "out.bias": np.array(out.bias.detach().numpy()[0]),
    }


def cross_validate(corpus_: Sequence[Utterance], rows: Array, folds: int = 5) -> float:
    """Accuracy on templates that were not trained on, noise and mishearings included."""
    answers, weights = np.array([one.answer for one in corpus_], np.float32), balance(corpus_)
    templates = sorted({one.template for one in corpus_})
    random.Random(SEED).shuffle(templates)
    fold_of = {template: i % folds for i, template in enumerate(templates)}
    fold = np.array([fold_of[one.template] for one in corpus_])
    right = np.zeros(len(corpus_), bool)
    for k in range(folds):
        network = fit(rows[fold != k], answers[fold != k], weights[fold != k])
        right[fold == k] = (probabilities(rows[fold == k], network) >= 0.5) == (answers[fold == k] > 0.5)
    return float(right.mean())


def main(argv: Sequence[str]) -> int:
    """Command line of the task `instruction`."""
    parser = argparse.ArgumentParser(prog="omnilive_demo.training instruction", description=__doc__)
    parser.add_argument("--out", type=Path, default=ASSETS / "nano" / "instruction.safetensors")
    parser.add_argument(
        "--hear", type=int, metavar="N", help=f"first speak N utterances and rewrite {HEARD.name} (flite)"
    )
    parser.add_argument("--cross-validate", action="store_true", help="also report accuracy on unseen templates")
    options = parser.parse_args(argv)
    if options.hear:
        from omnilive_demo.training.instruction_heard import write

        print(f"heard {write(options.hear, SEED)} utterances")
    found = corpus()
    rows = embed(MiniLM(threads=1), [one.text for one in found])
    print(f"{len(found)} utterances from {len({one.template for one in found})} templates")
    if options.cross_validate:
        print(f"accuracy on unseen templates: {cross_validate(found, rows):.3f}")
    network = fit(rows, np.array([one.answer for one in found], np.float32), balance(found))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    save_file(network, options.out, metadata={"encoder": MiniLM.name, "utterances": str(len(found))})
    print(f"wrote {options.out}")
    return 0
