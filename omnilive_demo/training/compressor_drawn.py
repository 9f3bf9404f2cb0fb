"""Streams for the compressor's training from clips of the drawn world, put together anew for every step.

Clips are drawn from the whole pool in runs that follow each other, cut at random (or joined, for the long ones), and
put behind one another; `questions.ask` asks about the timeline that this makes. So one pool gives endless streams, in
which a thing that is asked for is in exactly the clips that contain it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from omnilive_demo.models.memory_module.patch_features import merge_2x2
from omnilive_demo.models.nano.words import Vocabulary
from omnilive_demo.training.compressor_stream import BareName, Stream, StreamClip, StreamQuestion
from omnilive_demo.training.compressor_truth import cut as cut_clip
from omnilive_demo.training.compressor_truth import (
    every_reading,
    facts_of,
    joined,
    moments_of,
    names_in,
    readings_of,
)
from omnilive_demo.training.world.clips import ClipPool, DrawnClip, timeline_of
from omnilive_demo.training.world.nouns import fill
from omnilive_demo.training.world.question_bank import QuestionBank, Split, shipped_bank
from omnilive_demo.training.world.questions import Asked, ask
from omnilive_demo.training.world.things import by_name
from omnilive_demo.training.world.timeline import Timeline, overlap_s

_OVERLAP_S = 0.3  # a clip answers a question when it has this much of the evidence


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """The table [streams]. frames: of one step, all clips together. clips: least and most of a stream.

    shortest, longest: frames of an ordinary clip. long_share: of the streams whose clips have 8, 16 or 32 frames all.
    tokens: P, tokens_share: how often each is drawn. readings: questions to the reader for each clip, beside the
    caption and the names. explicit, semantic, reference: questions of a stream. earlier: moments within it at which
    reference questions are asked, too. unanswered: questions of a stream that nothing in it answers. names: bare names
    of a step. meanings: texts of a step whose meaning is learnt from words alone.
    """

    frames: int = 300
    clips: tuple[int, ...] = (6, 60)
    shortest: int = 3
    longest: int = 16
    long_share: float = 0.15
    tokens: tuple[int, ...] = (1, 4, 9)
    tokens_share: tuple[float, ...] = (0.12, 0.76, 0.12)
    readings: int = 3
    explicit: int = 12
    semantic: int = 16
    reference: int = 10
    earlier: int = 4
    unanswered: int = 8
    names: int = 96
    meanings: int = 64

    def __post_init__(self) -> None:
        if len(self.tokens) != len(self.tokens_share) or abs(sum(self.tokens_share) - 1) > 1e-6:
            raise ValueError("streams: tokens_share needs one share for each of tokens, 1 in all")
        if len(self.clips) != 2 or not 2 <= self.clips[0] <= self.clips[1]:
            raise ValueError("streams: clips must be [least, most], at least 2")


class DrawnStreams:
    """Draws streams from a pool.

    Args:
        pool: its patches must be encoded.
        vocabulary: of the reader.
        split: whose phrasings are asked.
    """

    def __init__(
        self,
        pool: ClipPool,
        vocabulary: Vocabulary,
        settings: StreamSettings,
        split: Split = "train",
        bank: QuestionBank | None = None,
    ) -> None:
        self._vocabulary, self._settings, self._split = vocabulary, settings, split
        self._bank = bank or shipped_bank()
        self._clips = pool.clips
        self._patches = pool.patches
        self._runs = _runs(self._clips)
        self._by_length = np.argsort([clip.frames for clip in self._clips], kind="stable")
        self._meant = self._bank.names_meant()

    def draw(self, rng: np.random.Generator) -> Stream:
        """A stream for one step of the training."""
        clips = self._draw_clips(rng)
        tokens = int(rng.choice(self._settings.tokens, p=self._settings.tokens_share))
        frames = sum(clip.frames for clip in clips)
        if tokens > 4 and frames > self._settings.frames // 2:  # S of many frames and tokens is long: fewer clips
            clips = clips[: max(2, len(clips) // 2)]
        return self.stream(clips, rng, tokens)

    def stream(
        self, clips: Sequence[DrawnClip], rng: np.random.Generator, tokens: int = 4, everything: bool = False
    ) -> Stream:
        """These clips as a stream from 0 on, with questions. everything: all readings, as measuring wants them."""
        settings, vocabulary = self._settings, self._vocabulary
        timeline = timeline_of(clips)
        offset_s = 0.0 if rng.random() < 0.85 else 900.0 * int(rng.integers(1, 9))  # few, so that texts come again
        made = []
        for clip, segment in zip(clips, timeline.segments, strict=True):
            facts = facts_of(clip, vocabulary)
            readings = (
                every_reading(facts, vocabulary)
                if everything
                else readings_of(facts, vocabulary, rng, settings.readings)
            )
            happens = frozenset(event.kind for event in clip.events)
            span = (segment.start_s + offset_s, segment.end_s + offset_s)
            names, moments = names_in(facts), moments_of(clip)
            made.append(StreamClip(self._merged(clip), clip.frames, *span, readings, names, happens, moments))
        asked = ask(
            timeline, rng, self._split, explicit=settings.explicit, semantic=settings.semantic,
            reference=settings.reference, bank=self._bank,
        )  # fmt: skip
        questions = [made_of for one in asked if (made_of := as_question(one, timeline))]
        questions += self._unanswered(made, rng)
        unsaid = tuple(i for i, clip in enumerate(made) if not self._bank.held_out.isdisjoint(clip.names))
        questions = [_sparing(question, unsaid) for question in questions]
        if not everything:
            questions += self._earlier(timeline, rng)
        meanings = () if everything else self._meanings(rng)
        return Stream(tuple(made), tuple(questions), tokens, self._bare_names(made, rng), meanings)

    def whole_streams(self, count: int, seed: int, most_clips: int = 40) -> list[Stream]:
        """The first clips of so many source streams as they were drawn, for measuring; always the same ones."""
        rng = np.random.default_rng(seed)
        return [self.stream(run[:most_clips], rng, everything=True) for run in self._runs[:count] if len(run) >= 4]

    def lone_clips(self, rng: np.random.Generator, count: int, longest: int = 16) -> list[StreamClip]:
        """So many clips of about one length, without what is asked about them; long ones are cut."""
        first = int(rng.integers(max(1, len(self._by_length) - count)))
        found = []
        for number in self._by_length[first : first + count]:
            clip = self._clips[number]
            if clip.frames > longest:
                begin = int(rng.integers(clip.frames - longest + 1))
                clip = cut_clip(clip, begin, begin + longest)
            happens = frozenset(event.kind for event in clip.events)
            span = clip.start_s, clip.end_s
            found.append(StreamClip(self._merged(clip), clip.frames, *span, (), {}, happens, moments_of(clip)))
        return found

    def sample(self, rng: np.random.Generator, clips: int = 40) -> Tensor:
        """Merged features of some clips `[n, F]`, float32: what they look like."""
        chosen = rng.choice(len(self._clips), min(clips, len(self._clips)), replace=False)
        return torch.cat([self._merged(self._clips[i]) for i in sorted(chosen)]).float()

    # -- inside

    def _earlier(self, timeline: Timeline, rng: np.random.Generator) -> list[StreamQuestion]:
        """Reference questions asked at earlier moments: few clips to choose among make pointing easy to learn."""
        found = []
        for _ in range(self._settings.earlier):
            after = 2 + int((len(timeline.segments) - 1) * rng.random() ** 2)  # rather early ones
            begun = Timeline(timeline.segments[:after])
            wanted = self._settings.reference
            asked = ask(begun, rng, self._split, explicit=0, semantic=0, reference=wanted, bank=self._bank)
            found += [replace(one, after=after) for each in asked if (one := as_question(each, begun))]
        return found

    def _unanswered(self, clips: Sequence[StreamClip], rng: np.random.Generator) -> list[StreamQuestion]:
        """Questions for known things that are nowhere in the stream, and such as have nothing to do with pictures."""
        bank, split = self._bank, self._split
        there = {name for clip in clips for name in clip.names}
        absent = [name for name in self._vocabulary.plurals if name not in there and name in by_name()]
        found = []
        for number in range(self._settings.unanswered):
            name = absent[int(rng.integers(len(absent)))] if absent else ""
            semantic = bank.semantic_of(name, split) if there.isdisjoint(bank.share_a_purpose(name)) else ()
            if number % 3 == 0 or not name:
                found.append(StreamQuestion(_one_of(rng, bank.off_topic[split]), (), "nothing:off_topic"))
            elif number % 3 == 1 and semantic:
                found.append(StreamQuestion(_one_of(rng, semantic), (), "nothing:semantic"))
            else:
                text = fill(_one_of(rng, bank.explicit[split]), by_name()[name])
                found.append(StreamQuestion(text, (), "nothing:explicit"))
        return found

    def _draw_clips(self, rng: np.random.Generator) -> list[DrawnClip]:
        settings = self._settings
        least, most = settings.clips
        wanted = int(rng.integers(least, most + 1, 2).max())  # rather many: they are each other's wrong answers
        length = 0
        if rng.random() < settings.long_share:
            length = int(rng.choice([8, 16, 32]))
            wanted = min(wanted, max(least, settings.frames // length))
        longest = max(settings.shortest, min(settings.longest, round(2 * settings.frames / wanted) - settings.shortest))
        clips: list[DrawnClip] = []
        frames = 0
        while len(clips) < wanted and (frames < settings.frames or len(clips) < least):
            run = self._runs[int(rng.integers(len(self._runs)))]
            begin = int(rng.integers(len(run)))
            if length:
                made = [_long(run[begin:], length)]
            else:
                made = [self._cut(clip, longest, rng) for clip in run[begin : begin + int(rng.integers(1, 5))]]
            clips += made
            frames += sum(clip.frames for clip in made)
        return clips[:wanted]

    def _cut(self, clip: DrawnClip, longest: int, rng: np.random.Generator) -> DrawnClip:
        """A random stretch of a clip, at most `longest` frames; shots that go on lose their number of the part."""
        shortest = min(self._settings.shortest, clip.frames)
        if clip.frames <= longest and rng.random() < 0.5:
            return clip
        frames = int(rng.integers(shortest, min(longest, clip.frames) + 1))
        begin = int(rng.integers(clip.frames - frames + 1))
        return cut_clip(clip, begin, begin + frames)

    def _merged(self, clip: DrawnClip) -> Tensor:
        return merge_2x2(torch.from_numpy(np.array(self._patches[clip.first : clip.first + clip.frames])))

    def _bare_names(self, clips: Sequence[StreamClip], rng: np.random.Generator) -> tuple[BareName, ...]:
        """Names of the stream and others, each as a bare name, an explicit or (where it may be) a semantic question."""
        if not self._settings.names:
            return ()
        there = sorted({name for clip in clips for name in clip.names if name in self._vocabulary.plurals})
        others = [name for name in self._vocabulary.plurals if name not in there]
        kept = rng.permutation(len(others))[: max(0, self._settings.names - len(there))]
        return tuple(self._said(name, rng) for name in (*there, *(others[i] for i in kept)))

    def _meanings(self, rng: np.random.Generator) -> tuple[BareName, ...]:
        """Things, most of them never drawn, each in one of the ways that the training knows to ask for it."""
        bank = self._bank
        chosen = rng.permutation(len(self._meant))[: self._settings.meanings]
        names = [self._meant[int(i)] for i in chosen]
        return tuple(BareName(name, _one_of(rng, bank.meant(name)), bank.share_a_purpose(name)) for name in names)

    def _said(self, name: str, rng: np.random.Generator) -> BareName:
        chance, bank = rng.random(), self._bank
        semantic = bank.semantic_of(name, "train")
        if chance < 0.6 and semantic:
            return BareName(name, semantic[int(rng.integers(len(semantic)))], bank.share_a_purpose(name))
        thing = by_name().get(name)
        if chance < 0.7 and thing:
            templates = bank.explicit["train"]
            return BareName(name, fill(templates[int(rng.integers(len(templates)))], thing))
        return BareName(name, name if chance < 0.9 or not thing else fill("{a}", thing))


def _one_of(rng: np.random.Generator, texts: Sequence[str]) -> str:
    return texts[int(rng.integers(len(texts)))]


def as_question(asked: Asked, timeline: Timeline) -> StreamQuestion | None:
    """A question with the numbers of the clips that answer it; None when it has none, or every clip does."""
    positives = tuple(
        number
        for number, segment in enumerate(timeline.segments)
        if any(overlap_s(span, (segment.start_s, segment.end_s)) > _OVERLAP_S for span in asked.evidence)
    )
    if not positives or len(positives) == len(timeline.segments):
        return None
    late = asked.kind == "reference"
    kind = f"reference:{asked.subkind}" if late else asked.kind
    return StreamQuestion(asked.text, positives, kind, late)


def _sparing(question: StreamQuestion, unsaid: Sequence[int]) -> StreamQuestion:
    """A question for a need is not to turn away from clips with things of whose needs the training says nothing."""
    if not question.kind.endswith("semantic"):
        return question
    return replace(question, spared=tuple(set(unsaid) - set(question.positives)))


def _runs(clips: Sequence[DrawnClip]) -> list[tuple[DrawnClip, ...]]:
    """Clips grouped by the stream that they come from."""
    groups: dict[int, list[DrawnClip]] = {}
    for clip in clips:
        groups.setdefault(clip.stream, []).append(clip)
    return [tuple(group) for group in groups.values()]


def _long(clips: Sequence[DrawnClip], frames: int) -> DrawnClip:
    """The first clips joined and cut to so many frames (fewer where the stream ends)."""
    count, number = 0, 0
    while number < len(clips) and count < frames:
        count += clips[number].frames
        number += 1
    whole = joined(clips[:number])
    return replace(cut_clip(whole, 0, min(frames, whole.frames)), part=0)
