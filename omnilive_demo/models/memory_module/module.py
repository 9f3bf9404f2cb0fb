"""The memory module of paper section 3.2: a projector and a small decoder that reads and writes rows of width H.

Letters: T frames a clip, R merged rows a frame (a square number), F their width, P memory tokens a frame (a square
number), K clips, H the hidden width. All outputs are states after the final norm. Layouts (specification 1.3 to 1.5):

- compress: `[text][T*R patch rows][T*P slot rows][1 global row]` -> S_k `[T*P, H]`, g_k `[H]`. Slots are each frame's
  grid, average-pooled; the global row is the mean of all patch rows; both are taken before the projector.
- integrate: `[S_1 .. S_K][g_1 .. g_K]` -> H̄ `[K, H]`. S and g go in again as they came out.
- question: `[H̄][question rows]` -> q `[H]`, the state of the last question row. A clip's score is cosine(q, g_k) with
  the g_k of compress (not H̄_k).

How to call it. Single calls (inference):

    S, g = module.compress(text, merged, frames, tokens_per_frame)
    long_term = module.integrate([S_1, ..], [g_1, ..])
    q = module.question_state(long_term, question)
    scores = cosines(q, globals)

Batched calls (training), for clips, videos and questions of different lengths; everything is differentiable:

    S, G = module.compress_batch([ClipRows(text, merged, frames), ..], tokens_per_frame)     # list of [T*P, H]; [B, H]
    memories = module.integrate_batch([[S, ..] of each video], [G `[K, H]` of each video])   # list of [K, H]
    q = module.question_states_batch(memories, [[question rows, ..] of each video])          # list of [Q, H]

Text becomes rows `[n, H]` outside (see `text_rows`); a module with a `text_width` has `module.project_text([states])`
for that, which is trained with it. Sequences are right-padded: the mask is causal, so padding is never read. Under
`torch.autocast` the residual stream stays in the weights' own type.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, normalize
from torch.nn.utils.rnn import pad_sequence
from transformers import Qwen2Model
from transformers.cache_utils import Cache

from omnilive_demo.models.memory_module.config import MemoryModuleConfig
from omnilive_demo.models.memory_module.happenings import Happenings

TEMPERATURE = 0.1
"""What cosines are divided by before the softmax over the clips (specification 1.5)."""


@dataclass(frozen=True, slots=True)
class ClipRows:
    """A clip, ready for `compress`: text `[n, H]`, merged features `[T*R, F]` (frame-major), T."""

    text: Tensor
    merged: Tensor
    frames: int


class MemoryModule(nn.Module):
    """Compresses clips, integrates them, and reads questions. See the module docstring."""

    def __init__(self, config: MemoryModuleConfig) -> None:
        super().__init__()
        self.config = config
        self.projector = nn.Sequential(
            nn.Linear(config.feature_width, config.hidden), nn.GELU(), nn.Linear(config.hidden, config.hidden)
        )
        self.gate = nn.Linear(config.feature_width // 4, 1) if config.gated else None
        self.happenings = Happenings(config.feature_width // 4, config.hidden) if config.happenings else None
        self.text_projector = nn.Linear(config.text_width, config.hidden) if config.text_width else None
        self.decoder = Qwen2Model(config.decoder())
        if not config.vocabulary:
            self.decoder.embed_tokens = None  # type: ignore[assignment]  # never used, so never stored

    @torch.no_grad()
    def initialise(
        self, generator: torch.Generator, merged: Tensor | None = None, text_states: Tensor | None = None
    ) -> None:
        """Weights to train from: what goes in passes almost unchanged, so at first S and g are pooled features.

        Each branch starts with a small output, so that the residual stream carries the projected rows to the end.
        Samples of merged features `[n, F]` and token states `[n, text_width]` let the first layers begin by moving
        them to mean zero and size one, whatever the frame encoder's are.
        """
        for name, weights in self.named_parameters():
            if "norm" in name:
                nn.init.ones_(weights)
            elif name.startswith("gate") or weights.ndim < 2:
                nn.init.zeros_(weights)
            elif name.startswith(("projector", "text_projector")):
                nn.init.orthogonal_(weights, gain=2.0 if name == "projector.0.weight" else 1.0, generator=generator)
            else:
                small = name.endswith(("o_proj.weight", "down_proj.weight"))
                spread = 0.02 / (2 * self.config.layers) ** 0.5 if small else weights.shape[1] ** -0.5
                nn.init.normal_(weights, std=spread, generator=generator)
        if merged is not None:
            _standardise(cast(nn.Linear, self.projector[0]), self.weighed(merged.float()))
        if text_states is not None and self.text_projector is not None:
            _standardise(self.text_projector, text_states)

    # ---- rows ------------------------------------------------------------------------------------------------------

    def project_text(self, states: Sequence[Tensor]) -> list[Tensor]:
        """Token states `[n, text_width]` of each text -> rows `[n, H]` of each."""
        if self.text_projector is None:
            raise ValueError("this module has no text projector: its text rows come from its token table")
        rows: Tensor = self.text_projector(torch.cat(list(states)))
        return list(torch.split(rows, [len(text) for text in states]))

    def weighed(self, merged: Tensor) -> Tensor:
        """Merged features `[n, F]` with each of their four patches times its gate (0..1), where the module has one.

        Most of a picture is background. What is pooled from it would be mostly background as well.
        """
        if self.gate is None:
            return merged
        patches = merged.view(len(merged), 4, -1)
        return (patches * torch.sigmoid(self.gate(patches))).flatten(1)

    def embed_tokens(self, ids: Tensor) -> Tensor:
        """Token ids `[n]` -> rows `[n, H]` of the module's own table."""
        if not self.config.vocabulary:
            raise ValueError("this module has no token table: its text rows come from its text projector")
        return cast(Tensor, self.decoder.embed_tokens(ids))

    def project_clips(
        self, merged: Sequence[Tensor], frames: Sequence[int], tokens_per_frame: int = 4
    ) -> tuple[list[Tensor], list[Tensor], Tensor]:
        """Merged features `[T*R, F]` of each clip -> patch rows `[T*R, H]`, slot rows `[T*P, H]`, global rows `[B, H]`.

        Raises:
            ValueError: R or P is not a square number, or P is greater than R.
        """
        every = self.weighed(torch.cat(list(merged)))
        per_frame = len(every) // sum(frames)
        pooled = _pool(every, per_frame, tokens_per_frame)
        means = torch.stack([clip.mean(0) for clip in torch.split(every, [len(clip) for clip in merged])])
        rows: Tensor = self.projector(torch.cat([every, pooled, means]))
        patches, slots, globals_ = torch.split(rows, [len(every), len(pooled), len(means)])
        if self.happenings is not None:  # reads all patches: a hand is none of the things that the gate lets in
            of_frames, of_clips = self.happenings(merged, frames)
            slots, globals_ = slots + of_frames.repeat_interleave(tokens_per_frame, 0), globals_ + of_clips
        return (
            list(torch.split(patches, [len(clip) for clip in merged])),
            list(torch.split(slots, [tokens_per_frame * n for n in frames])),
            globals_,
        )

    # ---- the three tasks, batched ----------------------------------------------------------------------------------

    def compress_batch(self, clips: Sequence[ClipRows], tokens_per_frame: int = 4) -> tuple[list[Tensor], Tensor]:
        """Clips of any lengths -> S of each `[T*P, H]`, and all g `[B, H]`."""
        frames = [clip.frames for clip in clips]
        patches, slots, globals_ = self.project_clips([clip.merged for clip in clips], frames, tokens_per_frame)
        sequences = [
            torch.cat([clip.text.to(globals_.dtype), patches[i], slots[i], globals_[i : i + 1]])
            for i, clip in enumerate(clips)
        ]
        states = self._states(sequences)
        ends = [len(sequence) - 1 for sequence in sequences]
        short_term = [states[i, ends[i] - len(slots[i]) : ends[i]] for i in range(len(clips))]
        return short_term, states[torch.arange(len(clips)), ends]

    def integrate_batch(self, short_term: Sequence[Sequence[Tensor]], globals_: Sequence[Tensor]) -> list[Tensor]:
        """S of each clip and G `[K, H]` of each video, K >= 1 -> H̄ `[K, H]` of each video."""
        sequences = [torch.cat([*slots, g]) for slots, g in zip(short_term, globals_, strict=True)]
        states = self._states(sequences)
        return [
            states[i, len(sequence) - len(g) : len(sequence)]
            for i, (sequence, g) in enumerate(zip(sequences, globals_, strict=True))
        ]

    def question_states_batch(
        self, long_terms: Sequence[Tensor], questions: Sequence[Sequence[Tensor]]
    ) -> list[Tensor]:
        """H̄ `[K, H]` (K may be 0) and question rows `[n, H]` of each video -> q `[Q, H]` of each video.

        The questions of one video are asked independently, as if each stood alone behind H̄; H̄ is read once for all.
        """
        if all(len(rows) == 1 for rows in questions):
            sequences = [torch.cat([h, rows[0]]) for h, rows in zip(long_terms, questions, strict=True)]
            states = self._states(sequences)
            return [states[i, len(sequence) - 1][None] for i, sequence in enumerate(sequences)]
        packed = [_pack(h, rows) for h, rows in zip(long_terms, questions, strict=True)]
        owners = pad_sequence([p.owners for p in packed], batch_first=True, padding_value=-1)
        positions = pad_sequence([p.positions for p in packed], batch_first=True)
        visible = (owners[:, None, :] == 0) | (owners[:, None, :] == owners[:, :, None])
        states = self._states([p.rows for p in packed], positions, visible.tril()[:, None])
        return [states[i, p.ends] for i, p in enumerate(packed)]

    # ---- the three tasks, one at a time ----------------------------------------------------------------------------

    def compress(self, text: Tensor, merged: Tensor, frames: int, tokens_per_frame: int = 4) -> tuple[Tensor, Tensor]:
        """Text rows `[n, H]` and merged features `[T*R, F]` of a clip -> (S `[T*P, H]`, g `[H]`)."""
        short_term, globals_ = self.compress_batch([ClipRows(text, merged, frames)], tokens_per_frame)
        return short_term[0], globals_[0]

    def integrate(self, short_term: Sequence[Tensor], globals_: Sequence[Tensor]) -> Tensor:
        """S and g of K >= 1 clips, in order -> H̄ `[K, H]`. `prefix` can keep the S rows."""
        return self.integrate_batch([short_term], [torch.stack(list(globals_))])[0]

    def question_state(self, long_term: Tensor, question: Tensor) -> Tensor:
        """H̄ `[K, H]` and the rows `[n, H]` of a question -> q `[H]`."""
        return self.question_states_batch([long_term], [[question]])[0][0]

    def question_states(self, long_term: Tensor, questions: Sequence[Tensor]) -> Tensor:
        """Many questions about the same H̄ -> q of each `[Q, H]`."""
        return self.question_states_batch([long_term], [questions])[0]

    # ---- inside ----------------------------------------------------------------------------------------------------

    def _states(
        self, sequences: Sequence[Tensor], positions: Tensor | None = None, visible: Tensor | None = None
    ) -> Tensor:
        """States `[B, longest, H]` of sequences `[n, H]`; causal unless a `visible` `[B, 1, n, n]` is given."""
        padded = sequences[0][None] if len(sequences) == 1 else pad_sequence(list(sequences), batch_first=True)
        mask = None if visible is None else {"full_attention": visible}
        return self.read(padded, positions=positions, mask=mask)

    def read(
        self,
        rows: Tensor,
        cache: Cache | None = None,
        positions: Tensor | None = None,
        mask: dict[str, Tensor] | None = None,
    ) -> Tensor:
        """Run the decoder over rows `[B, n, H]`, behind what the cache holds -> states `[B, n, H]` (final norm)."""
        states = self.decoder(
            inputs_embeds=rows.to(self.decoder.norm.weight),  # its type and device
            position_ids=positions,
            attention_mask=mask,
            past_key_values=cache,
            use_cache=cache is not None,
        )
        return cast(Tensor, states.last_hidden_state)


def cosines(questions: Tensor, globals_: Tensor) -> Tensor:
    """Cosine of q `[..., H]` with each g of `[K, H]` -> `[..., K]`."""
    with torch.autocast(questions.device.type, enabled=False):  # a thousandth matters after division by 0.1
        return normalize(questions.float(), dim=-1) @ normalize(globals_.float(), dim=-1).T


def clip_probabilities(scores: Tensor) -> Tensor:
    """Cosines `[..., K]` -> softmax over the clips at the paper's temperature."""
    return torch.softmax(scores / TEMPERATURE, dim=-1)


@dataclass(frozen=True, slots=True)
class _Packed:
    """H̄ and its questions in one sequence. owners: 0 for a row of H̄, 1.. for a question's; ends: their last rows."""

    rows: Tensor
    owners: Tensor
    positions: Tensor
    ends: Tensor


def _pack(long_term: Tensor, questions: Sequence[Tensor]) -> _Packed:
    device, k = long_term.device, len(long_term)
    lengths = torch.tensor([len(question) for question in questions], device=device)
    owners = torch.arange(len(questions) + 1, device=device).repeat_interleave(
        torch.cat([torch.tensor([k], device=device), lengths])
    )
    positions = torch.cat([torch.arange(n, device=device) + start for n, start in _stretches(k, lengths.tolist())])
    return _Packed(torch.cat([long_term, *questions]), owners, positions, k - 1 + lengths.cumsum(0))


def _stretches(k: int, lengths: Sequence[int]) -> list[tuple[int, int]]:
    """Length and first position of H̄ and of each question: every question comes right behind H̄."""
    return [(k, 0), *((n, k) for n in lengths)]


def _standardise(layer: nn.Linear, sample: Tensor) -> None:
    """Let a layer take what looks like the sample `[n, width]` as if it had mean zero and size one."""
    mean = sample.float().mean(0)
    layer.weight.div_((sample.float() - mean).square().mean().sqrt())
    layer.bias.sub_(layer.weight @ mean)


def _pool(merged: Tensor, per_frame: int, tokens: int) -> Tensor:
    """Each frame's R rows `[frames*R, F]`, a row-major square grid, average-pooled to P -> `[frames*P, F]`."""
    side, small = isqrt(per_frame), isqrt(tokens)
    if side * side != per_frame or small * small != tokens or not 0 < small <= side:
        raise ValueError(f"cannot pool {per_frame} rows a frame to {tokens}: both must be squares, the second smaller")
    grid = merged.reshape(-1, side, side, merged.shape[-1]).permute(0, 3, 1, 2)
    return adaptive_avg_pool2d(grid, small).flatten(2).transpose(1, 2).reshape(-1, merged.shape[-1])
