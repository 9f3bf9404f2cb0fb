"""Measures the memory module and the reader on held-out streams while they are trained."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from omnilive_demo.models.memory_module.module import cosines
from omnilive_demo.training.compressor_learner import Learner
from omnilive_demo.training.compressor_stream import Stream, StreamClip, pack_readings
from omnilive_demo.training.compressor_text import TrainedText


@torch.no_grad()
def check(learner: Learner, streams: Sequence[Stream], text: TrainedText, blind: bool = True) -> dict[str, float]:
    """Figures over all streams.

    `recall1_KIND`, `recall4_KIND`: the best clip, or one of the best four, answers a question of that kind.
    `read_KIND`: the reader's first word is right (for captions: share of right words), given the words before it;
    `blind_KIND` the same with S all zero. `read_names`: the likeliest name is in the clip.
    """
    was_training = learner.training
    learner.eval()
    sums: dict[str, list[float]] = {}
    for stream in streams:
        found = learner.compress(stream, text)
        if stream.questions:
            _retrieval(learner, stream, found.globals_, learner.question_states(
                stream, found, text.rows([question.text for question in stream.questions])
            ), sums)  # fmt: skip
        for group in learner.groups(stream.clips):
            clips, slots = [stream.clips[i] for i in group], [found.short_term[i] for i in group]
            _reading(learner, clips, slots, "read", sums)
            if blind:
                _reading(learner, clips, [torch.zeros_like(one) for one in slots], "blind", sums)
    learner.train(was_training)
    return {name: sum(values) / len(values) for name, values in sorted(sums.items())}


def _retrieval(
    learner: Learner, stream: Stream, globals_: Tensor, states: Tensor, sums: dict[str, list[float]]
) -> None:
    scores = cosines(states, globals_)
    best = scores.topk(min(4, len(stream.clips)), dim=1).indices.tolist()
    for question, clips in zip(stream.questions, best, strict=True):
        for kind in {question.kind, question.kind.partition(":")[0]}:
            _add(sums, f"recall1_{kind}", clips[0] in question.positives)
            _add(sums, f"recall4_{kind}", not set(clips).isdisjoint(question.positives))


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
