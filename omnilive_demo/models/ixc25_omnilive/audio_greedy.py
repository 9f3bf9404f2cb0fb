"""Answers of several sounds at once, token by token: the likeliest token each time, keys and values kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import DynamicCache

from omnilive_demo.models.ixc25_omnilive.audio_network import AudioNetwork


@dataclass(slots=True)
class Answer:
    """One answer while it grows. ids: without what ended it. log_probs: of each, and of the end. ended: by a token of
    its own, not because it was as long as it may be or not wanted any more."""

    ids: list[int] = field(default_factory=list)
    log_probs: list[float] = field(default_factory=list)
    ended: bool = False


@torch.inference_mode()
def greedy(
    network: AudioNetwork,
    prompts: Sequence[Tensor],
    ends: frozenset[int],
    most: Sequence[int],
    wanted: Callable[[int], bool] = lambda index: True,
) -> Iterator[Sequence[Answer]]:
    """Grow the answers to prompts `[n, H]`; gives them (the same objects) after every token of all.

    Args:
        ends: tokens that end an answer.
        most: tokens that each answer may have.
        wanted: asked before each step for every answer that still grows; those not wanted grow no more.
    """
    answers = [Answer() for _ in prompts]
    growing = list(range(len(prompts)))  # the answers that are rows of the batch, in its order
    cache = DynamicCache()
    rows, mask = _padded(prompts)
    padded = len({len(one) for one in prompts}) > 1
    while True:
        kept = [
            at for at, i in enumerate(growing) if not answers[i].ended and len(answers[i].ids) < most[i] and wanted(i)
        ]
        if not kept:
            return
        if len(kept) < len(growing):
            growing = [growing[at] for at in kept]
            chosen = torch.tensor(kept, device=rows.device)
            rows, mask = rows[chosen], mask[chosen]
            if cache.get_seq_length():
                cache.batch_select_indices(chosen)
        logits = network.logits(rows, cache, mask if padded else None, only_last=True)[:, -1]
        best, token = torch.log_softmax(logits, -1).max(-1)
        for i, one, log_prob in zip(growing, token.tolist(), best.tolist(), strict=True):
            answers[i].log_probs.append(log_prob)
            if one in ends:
                answers[i].ended = True
            else:
                answers[i].ids.append(one)
        rows = network.decoder.model.embed_tokens(token)[:, None]
        mask = torch.cat([mask, mask.new_ones((len(growing), 1))], 1)
        yield answers


def _padded(prompts: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Prompts `[n, H]` -> rows `[B, longest, H]`, padding first, and mask `[B, longest]`.

    Positions count the padding too: only how far apart two rows are matters to the rotation.
    """
    rows = pad_sequence(list(prompts), batch_first=True, padding_side="left")
    lengths = torch.tensor([len(one) for one in prompts], device=rows.device)
    before = rows.shape[1] - lengths[:, None]
    at = torch.arange(rows.shape[1], device=rows.device)[None]
    return rows, (at >= before).long()
