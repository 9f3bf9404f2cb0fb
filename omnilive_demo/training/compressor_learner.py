"""The memory module and the reader, trained together: one stream in, the losses of the paper's three tasks out.

1. Clip compression: the reader answers from S_k alone (captions, names, attribute questions).
2. and 3. Integration and retrieval: InfoNCE over the clips of the stream, softmax(cosine(q, g) / temperature), with q
   read behind H̄. Several clips may answer; they share the target equally.

Some more, which the paper does not have, make a short training go further: the same questions asked behind an empty
H̄ (what a thing looks like must not hang on the history); each clip's g against bare names (what is in this clip?);
reference questions asked at many earlier moments, where few clips make pointing easy to learn; which events g tells of,
and what each frame's rows of S tell of them (a hand is small, and one word for a whole clip says too little about it);
and what is meant by texts about many more things than are ever drawn. Beside the clips stands "nothing", with one
learned cosine: it answers the questions that no clip does, so that cosines tell whether a question has an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from omnilive_demo.models.memory_module.module import ClipRows, MemoryModule, cosines
from omnilive_demo.models.memory_module.text_rows import clip_sentence
from omnilive_demo.models.nano.reader import Reader
from omnilive_demo.training.compressor_stream import (
    EVENTS,
    MOMENTS,
    BareName,
    ReadingBatch,
    Stream,
    StreamClip,
    StreamQuestion,
    pack_readings,
)
from omnilive_demo.training.compressor_text import TrainedText


@dataclass(frozen=True, slots=True)
class LossWeights:
    """The table [weights]: what each loss counts. See `compressor_learner`."""

    read: float = 1.0
    names: float = 1.0
    retrieve: float = 1.0
    point: float = 1.0
    empty: float = 0.5
    bare: float = 0.5
    events: float = 2.0
    moments: float = 2.0
    meanings: float = 0.5


@dataclass(frozen=True, slots=True)
class Habits:
    """The table [habits]: what varies from step to step.

    temperature: what cosines are divided by. lost_slots: share of streams whose S is lost (g stands in for it, as in a
    memory that was restored). segments: share of streams that are integrated in two pieces, H̄ of both read one after
    the other. history: share of streams behind up to `history_rows` rows of H̄ of other streams. group: clips that are
    compressed side by side.
    """

    temperature: float = 0.1
    lost_slots: float = 0.1
    segments: float = 0.25
    history: float = 0.25
    history_rows: int = 400
    group: int = 8


@dataclass(frozen=True, slots=True)
class Compressed:
    """A stream's clips in order: S of each `[T*P, H]`, and g `[K, H]`."""

    short_term: list[Tensor]
    globals_: Tensor


class Learner(nn.Module):
    """Holds what is trained, and knows how a stream becomes losses."""

    past: Tensor
    past_rows: Tensor

    nothing: nn.Parameter
    """The cosine of "no clip answers this"."""

    def __init__(
        self, module: MemoryModule, reader: Reader, weights: LossWeights, habits: Habits, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.module, self.reader = module, reader
        self.weights, self.habits = weights, habits
        self._generator = generator
        self.nothing = nn.Parameter(torch.tensor(0.3))
        self.events = nn.Linear(module.config.hidden, len(EVENTS))
        self.moments = nn.Linear(module.config.hidden, len(MOMENTS))
        self.register_buffer("past", torch.zeros(habits.history_rows, module.config.hidden))  # newest rows last
        self.register_buffer("past_rows", torch.tensor(0))

    def losses(self, stream: Stream, text: TrainedText) -> dict[str, Tensor]:
        """The weighted sum as `loss`, and its parts."""
        found = self.compress(stream, text)
        parts = self.reading_losses(stream.clips, found.short_term)
        if stream.questions:
            parts |= self.retrieval_losses(stream, found, text)
        if stream.names and self.weights.bare:
            parts["bare"] = self.bare_loss(stream, found.globals_, text)
        if self.weights.events and all(clip.happens is not None for clip in stream.clips):
            parts["events"] = self.events_loss(stream.clips, found.globals_)
        if self.weights.moments and all(clip.moments is not None for clip in stream.clips):
            parts["moments"] = self.moments_loss(stream.clips, found.short_term)
        if stream.meanings and self.weights.meanings:
            parts["meanings"] = self.meanings_loss(stream.meanings, text)
        total = sum(getattr(self.weights, name) * value for name, value in parts.items())
        return {"loss": torch.as_tensor(total), **parts}

    # -- compress

    def compress(self, stream: Stream, text: TrainedText) -> Compressed:
        """S and g of all clips. Clips of like length go side by side, so that little is spent on padding."""
        device = self.module.decoder.norm.weight.device
        clips = stream.clips
        sentences = text.rows([clip_sentence(clip.start_s, clip.end_s) for clip in clips])
        short_term: dict[int, Tensor] = {}
        globals_: dict[int, Tensor] = {}
        for group in self.groups(clips):
            rows = [ClipRows(sentences[i], clips[i].merged.to(device).float(), clips[i].frames) for i in group]
            slots, g = self.module.compress_batch(rows, stream.tokens_per_frame)
            short_term |= dict(zip(group, slots, strict=True))
            globals_ |= dict(zip(group, g, strict=True))
        return Compressed(
            [short_term[i] for i in range(len(clips))], torch.stack([globals_[i] for i in range(len(clips))])
        )

    # -- read

    def reading_losses(self, clips: Sequence[StreamClip], short_term: Sequence[Tensor]) -> dict[str, Tensor]:
        """`read`: cross-entropy of the answers' words. `names`: what is in the clip."""
        logits_of_words, targets, logits_of_names, present = [], [], [], []
        for group in self.groups(clips):
            batch = pack_readings([clips[i] for i in group], self.reader.vocabulary)
            states = self.read_states(batch, [short_term[i] for i in group])
            wanted = batch.targets.to(states.device)
            learned = wanted >= 0
            logits_of_words.append(self.reader.word_logits(states[learned]).float())
            targets.append(wanted[learned])
            at_names = states[torch.arange(len(group)), batch.names_at]
            logits_of_names.append(self.reader.presence_logits(at_names).float())
            present.append(batch.present.to(states.device))
        read = functional.cross_entropy(torch.cat(logits_of_words), torch.cat(targets))
        return {"read": read, "names": _names_loss(torch.cat(logits_of_names), torch.cat(present))}

    def groups(self, clips: Sequence[StreamClip]) -> list[list[int]]:
        """The numbers of the clips in groups of like length, so that little is spent on padding."""
        order = sorted(range(len(clips)), key=lambda i: clips[i].frames)
        return [order[start : start + self.habits.group] for start in range(0, len(order), self.habits.group)]

    def read_states(self, batch: ReadingBatch, short_term: Sequence[Tensor]) -> Tensor:
        """The reader's states at every word of a batch `[B, n, hidden]`, S of each of its clips given."""
        device = short_term[0].device
        memory = nn.utils.rnn.pad_sequence(list(short_term), batch_first=True).float()
        lengths = torch.tensor([len(slots) for slots in short_term], device=device)
        mask = torch.arange(memory.shape[1], device=device)[None] < lengths[:, None]
        return self.reader.answer_states(memory, mask, batch.words.to(device), batch.blocks.to(device))

    # -- retrieve

    def retrieval_losses(self, stream: Stream, found: Compressed, text: TrainedText) -> dict[str, Tensor]:
        """`retrieve`: questions behind H̄. `point`: reference questions at earlier moments. `empty`: no history."""
        at_end = [question for question in stream.questions if not question.after]
        earlier = [question for question in stream.questions if question.after]
        rows = text.rows([question.text for question in (*at_end, *earlier)])
        parts = {}
        if at_end:
            target, spared = _targets(at_end, found.globals_), _spared(at_end, found.globals_)
            states = self.question_states(stream, found, rows[: len(at_end)])
            each = _cross_entropies(self.logits(states, found.globals_).masked_fill(spared, _LEFT_OUT), target)
            parts["retrieve"] = _mean_of_kinds(each, [question.late for question in at_end])
            alone = [i for i, question in enumerate(at_end) if not question.late]
            if alone and self.weights.empty:
                bare = self.states_alone([rows[i] for i in alone])
                logits = self.logits(bare, found.globals_).masked_fill(spared[alone], _LEFT_OUT)
                parts["empty"] = _cross_entropies(logits, target[alone]).mean()
        if earlier and self.weights.point:
            parts["point"] = self.pointing_loss(earlier, found, rows[len(at_end) :])
        return parts

    def question_states(self, stream: Stream, found: Compressed, rows: Sequence[Tensor]) -> Tensor:
        """q of questions at the end of a stream `[Q, H]`, with the habits of the training (none in evaluation mode)."""
        habits = self.habits if self.training else _NO_HABITS
        long_term = self.integrate(found, habits)
        if self.training:
            rest = self.past[len(self.past) - int(self.past_rows) :]
            self.past = torch.cat([self.past, long_term.detach().to(self.past)])[-len(self.past) :]
            self.past_rows = (self.past_rows + len(long_term)).clamp(max=len(self.past))
            fits = all(question.after or question.kind != "reference:first_shown" for question in stream.questions)
            if fits and len(rest) and self._chance(habits.history):
                long_term = torch.cat([rest[-self._draw(len(rest)) :].to(long_term), long_term])
        return self.module.question_states(long_term, list(rows))

    def logits(self, states: Tensor, globals_: Tensor) -> Tensor:
        """Of each question for every clip, and last for "nothing" `[Q, K + 1]`."""
        scores = cosines(states, globals_)
        return torch.cat([scores, self.nothing.expand(len(scores), 1)], 1) / self.habits.temperature

    def pointing_loss(self, questions: Sequence[StreamQuestion], found: Compressed, rows: Sequence[Tensor]) -> Tensor:
        """Reference questions, each behind the clips that were over when it was asked.

        Integrated without S (g stands in for it), so that many moments cost little.
        """
        moments = sorted({question.after for question in questions})
        of_moment = [[i for i, question in enumerate(questions) if question.after == after] for after in moments]
        globals_ = [found.globals_[:after] for after in moments]
        memories = self.module.integrate_batch([[g] for g in globals_], globals_)
        states = self.module.question_states_batch(memories, [[rows[i] for i in numbers] for numbers in of_moment])
        each = [
            _cross_entropies(self.logits(q, g), _targets([questions[i] for i in numbers], g))
            for q, g, numbers in zip(states, globals_, of_moment, strict=True)
        ]
        return torch.cat(each).mean()

    def states_alone(self, rows: Sequence[Tensor]) -> Tensor:
        """q of each question behind an empty H̄ `[Q, H]`."""
        nothing = rows[0].new_zeros(0, self.module.config.hidden)
        return torch.cat(self.module.question_states_batch([nothing] * len(rows), [[one] for one in rows]))

    def integrate(self, found: Compressed, habits: Habits | None = None) -> Tensor:
        """H̄ of a stream `[K, H]`."""
        habits = habits or _NO_HABITS
        slots, globals_ = found.short_term, found.globals_
        if self._chance(habits.lost_slots):
            slots = [g[None] for g in globals_]
        if len(slots) > 3 and self._chance(habits.segments):
            cut = 1 + self._draw(len(slots) - 2)
            parts = self.module.integrate_batch([slots[:cut], slots[cut:]], [globals_[:cut], globals_[cut:]])
            return torch.cat(parts)
        return self.module.integrate_batch([slots], [globals_])[0]

    def bare_loss(self, stream: Stream, globals_: Tensor, text: TrainedText) -> Tensor:
        """Which of the stream's bare names is in each clip, by the cosine of g with the name read as a question."""
        target = torch.tensor([[clip.names.get(bare.name, 0.0) for bare in stream.names] for clip in stream.clips])
        unsure = torch.tensor(
            [[not bare.also.isdisjoint(clip.names) for bare in stream.names] for clip in stream.clips]
        )
        some = target.sum(1) > 0
        states = self.states_alone(text.rows([bare.text for bare in stream.names]))
        logits = cosines(globals_, states) / self.habits.temperature
        if not bool(some.any()):
            return logits.sum() * 0.0
        logits = logits.masked_fill((unsure & (target == 0)).to(logits.device), _LEFT_OUT)
        return _cross_entropies(logits[some], target[some].to(logits.device)).mean()

    def meanings_loss(self, meanings: Sequence[BareName], text: TrainedText) -> Tensor:
        """Which of the names each of the texts means, by the cosine of both read as questions without a history."""
        count = len(meanings)
        rows = text.rows([*(one.text for one in meanings), *(one.name for one in meanings)])
        states = self.states_alone(rows)
        unsure = torch.tensor([[other.name in one.also for other in meanings] for one in meanings])
        logits = cosines(states[:count], states[count:]) / self.habits.temperature
        logits = logits.masked_fill(unsure.to(logits.device), _LEFT_OUT)
        return functional.cross_entropy(logits, torch.arange(count, device=logits.device))

    def events_loss(self, clips: Sequence[StreamClip], globals_: Tensor) -> Tensor:
        """Whether g tells what happens in a clip: each kind of event on its own."""
        target = torch.tensor([[float(kind in (clip.happens or ())) for kind in EVENTS] for clip in clips])
        return functional.binary_cross_entropy_with_logits(self.events(globals_).float(), target.to(globals_.device))

    def moments_loss(self, clips: Sequence[StreamClip], short_term: Sequence[Tensor]) -> Tensor:
        """Whether the rows of S of each frame, averaged, tell what is so in it."""
        rows = torch.cat(
            [
                slots.view(clip.frames, -1, slots.shape[-1]).mean(1)
                for clip, slots in zip(clips, short_term, strict=True)
            ]
        )
        target = torch.cat([clip.moments for clip in clips if clip.moments is not None]).to(rows.device)
        return functional.binary_cross_entropy_with_logits(self.moments(rows).float(), target)

    def _chance(self, share: float) -> bool:
        return share > 0 and float(torch.rand((), generator=self._generator)) < share

    def _draw(self, most: int) -> int:
        """1 .. most."""
        return 1 + int(torch.randint(most, (), generator=self._generator))


_LEFT_OUT = -1e4
_NO_HABITS = Habits(lost_slots=0.0, segments=0.0, history=0.0)


def _targets(questions: Sequence[StreamQuestion], globals_: Tensor) -> Tensor:
    """What `Learner.logits` should find."""
    target = torch.zeros(len(questions), len(globals_) + 1, device=globals_.device)
    for i, question in enumerate(questions):
        target[i, list(question.positives) or [len(globals_)]] = 1.0
    return target


def _spared(questions: Sequence[StreamQuestion], globals_: Tensor) -> Tensor:
    """Which logits do not count."""
    spared = torch.zeros(len(questions), len(globals_) + 1, dtype=torch.bool, device=globals_.device)
    for i, question in enumerate(questions):
        spared[i, list(question.spared)] = True
    return spared


def _cross_entropies(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of each row against targets that are shared out among its positives."""
    share = target / target.sum(1, keepdim=True)
    return -(share * logits.float().log_softmax(1)).sum(1)


def _mean_of_kinds(each: Tensor, late: Sequence[bool]) -> Tensor:
    """The mean over two kinds of questions, however many there are of either."""
    is_late = torch.tensor(late, device=each.device)
    parts = [each[kind].mean() for kind in (is_late, ~is_late) if bool(kind.any())]
    return torch.stack(parts).mean()


def _names_loss(logits: Tensor, present: Tensor) -> Tensor:
    """Each name on its own, and all names against each other. logits, present (weights): `[B, names]`.

    A clip without any (not even "nothing") is one of which nobody said what is in it.
    """
    told = present.sum(1) > 0
    if not bool(told.any()):
        return logits.sum() * 0.0
    logits, present = logits[told], present[told]
    each = functional.binary_cross_entropy_with_logits(logits, (present > 0).float(), reduction="none").sum(1)
    share = present / present.sum(1, keepdim=True).clamp(min=1e-6)
    which = -(share * logits.log_softmax(1)).sum(1)
    return 0.25 * each.mean() + 0.25 * which.mean()
