"""Measures the memory module and the reader on held-out streams while they are trained, and what its cosines mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from omnilive_demo.memory.picture_scores import MANY_CLIPS
from omnilive_demo.models.memory_module.module import cosines
from omnilive_demo.training.compressor_learner import Learner
from omnilive_demo.training.compressor_stream import EVENTS, Stream, StreamClip, pack_readings
from omnilive_demo.training.compressor_text import TrainedText
from omnilive_demo.training.frame_encoder_check import auc, fitted

UNLIKELY, LIKELY = 0.1, 0.9
"""How often the best clip is right at the cosines where the app's scores begin and end."""


@torch.no_grad()
def check(learner: Learner, streams: Sequence[Stream], text: TrainedText, blind: bool = True) -> dict[str, float]:
    """Figures over all streams.

    `recall1_KIND`, `recall4_KIND`: the best clip, or one of the best four, answers a question of that kind.
    `read_KIND`: the reader's first word is right (for captions: share of right words), given the words before it;
    `blind_KIND` the same with S all zero. `read_names`: the likeliest name is in the clip. `event_KIND`: how well g
    tells clips in which that happens from the others (area under the curve).
    """
    was_training = learner.training
    learner.eval()
    sums: dict[str, list[float]] = {}
    told: dict[str, list[tuple[float, bool]]] = {}
    for stream in streams:
        found = learner.compress(stream, text)
        if stream.questions:
            _retrieval(learner, stream, found.globals_, learner.question_states(
                stream, found, text.rows([question.text for question in stream.questions])
            ), sums)  # fmt: skip
        for clip, scores in zip(stream.clips, learner.events(found.globals_).tolist(), strict=True):
            for kind, score in zip(EVENTS, scores, strict=True):
                if clip.happens is not None:
                    told.setdefault(f"event_{kind}", []).append((score, kind in clip.happens))
        for group in learner.groups(stream.clips):
            clips, slots = [stream.clips[i] for i in group], [found.short_term[i] for i in group]
            _reading(learner, clips, slots, "read", sums)
            if blind:
                _reading(learner, clips, [torch.zeros_like(one) for one in slots], "blind", sums)
    learner.train(was_training)
    figures = {name: sum(values) / len(values) for name, values in sums.items()}
    return dict(sorted((figures | {name: auc(rows) for name, rows in told.items()}).items()))


def _retrieval(
    learner: Learner, stream: Stream, globals_: Tensor, states: Tensor, sums: dict[str, list[float]]
) -> None:
    scores = cosines(states, globals_)
    best = scores.topk(min(4, len(stream.clips)), dim=1).indices.tolist()
    for question, clips in zip(stream.questions, best, strict=True):
        if not question.positives:
            continue
        for kind in {question.kind, question.kind.partition(":")[0]}:
            _add(sums, f"recall1_{kind}", clips[0] in question.positives)
            _add(sums, f"recall4_{kind}", not set(clips).isdisjoint(question.positives))


@torch.no_grad()
def cosine_scale(learner: Learner, streams: Sequence[Stream], text: TrainedText) -> dict[str, float]:
    """What `PictureScale` is to know, from questions with and without an answer.

    `cosine_nothing`, `cosine_certain`: among `MANY_CLIPS` the best clip is right in `UNLIKELY` and `LIKELY` of the
    cases, of questions for a thing or for nothing; what points at a place in the history is sure in another way.
    `cosine_growth`: see `_growth`.
    """
    was_training = learner.training
    learner.eval()
    best: list[tuple[float, bool, int]] = []
    unanswered: list[NDArray[np.float32]] = []
    for stream in streams:
        found = learner.compress(stream, text)
        questions = [question for question in stream.questions if not question.late]
        rows = text.rows([question.text for question in questions])
        scores = cosines(learner.question_states(stream, found, rows), found.globals_).cpu().numpy()
        for question, row in zip(questions, scores, strict=True):
            best.append((float(row.max()), int(row.argmax()) in question.positives, len(row)))
            if not question.positives:
                unanswered.append(row)
    learner.train(was_training)
    growth = _growth(unanswered)
    level = np.array([[score - growth * np.log(count / MANY_CLIPS)] for score, _, count in best])
    weights, bias = fitted(level, np.array([right for _, right, _ in best]))
    nothing, certain = (float((np.log(p / (1 - p)) - bias) / max(weights[0], 1e-3)) for p in (UNLIKELY, LIKELY))
    return {"cosine_nothing": nothing, "cosine_certain": certain, "cosine_growth": growth}


def _growth(unanswered: Sequence[NDArray[np.float32]]) -> float:
    """How much higher the best cosine of a question without an answer is for each time e as many clips."""
    rng = np.random.default_rng(1)
    sizes, means = [], []
    for size in (4, 8, 16, 32):
        rows = [rng.permutation(row)[:size].max() for row in unanswered if len(row) >= size for _ in range(8)]
        if rows:
            sizes.append(np.log(size))
            means.append(float(np.mean(rows)))
    return float(np.polyfit(sizes, means, 1)[0]) if len(sizes) > 1 else 0.0


def _reading(
    learner: Learner, clips: Sequence[StreamClip], slots: Sequence[Tensor], prefix: str, sums: dict[str, list[float]]
) -> None:
    reader = learner.reader
    batch = pack_readings(clips, reader.vocabulary)
    states = learner.read_states(batch, slots)
    right = (reader.word_logits(states).argmax(-1).cpu() == batch.targets).tolist()
    likely = reader.presence_logits(states[:, 0])[:, :-1].argmax(-1).tolist()  # without "nothing"
    for i, clip in enumerate(clips):
        named = set(clip.names) & set(reader.vocabulary.plurals)
        if named:
            _add(sums, f"{prefix}_names", reader.vocabulary.names[likely[i]] in named)
        place = 1
        for reading in clip.readings:
            place += len(reading.prompt) - 1
            words = right[i][place : place + len(reading.answer)]
            _add(sums, f"{prefix}_{reading.kind}", sum(words) / len(words))
            place += len(reading.answer)


def _add(sums: dict[str, list[float]], name: str, value: float) -> None:
    sums.setdefault(name, []).append(float(value))
