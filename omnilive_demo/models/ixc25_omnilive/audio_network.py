"""The released audio model (specification 3): a sound's encoder, a projector, and a text model with a tied head.

Letters: B sounds, M mel frames of 10 ms (3000 for the 30 s that the encoder has positions for), L rows of 20 ms, N rows
of 40 ms (25 a second), D the encoder's width, H the text model's.

mel `[128, M]` -> two convolutions, the second of stride 2, plus positions -> layers -> mean of each two rows -> norm
-> `[N, D]` -> projector -> `[N, H]`, which stand in the text where its audio token is.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu
from transformers import Qwen2AudioEncoder, Qwen2ForCausalLM
from transformers.cache_utils import Cache

from omnilive_demo.models.ixc25_omnilive.audio_config import AudioConfig

LEAST_FRAMES = 3  # fewer make no row
_CACHE = "cache" if "cache" in inspect.signature(Qwen2ForCausalLM.forward).parameters else "past_key_values"


def rows_of(frames: int) -> tuple[int, int]:
    """How many mel frames of sound make how many rows of 20 ms and of 40 ms."""
    rows = (frames - 1) // 2 + 1
    return rows, rows // 2


class AudioNetwork(nn.Module):
    """Hears sounds and reads text with them. Stateless: safe to call from several threads."""

    def __init__(self, config: AudioConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Qwen2AudioEncoder(config.encoder)
        self.projector = nn.Linear(config.encoder.d_model, config.decoder.hidden_size)
        self.decoder = Qwen2ForCausalLM(config.decoder)

    @property
    def most_frames(self) -> int:
        """Mel frames that the encoder has positions for."""
        return 2 * int(self.config.encoder.max_source_positions)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.projector.weight.device

    def encode(self, mel: Tensor, frames: Sequence[int]) -> list[Tensor]:
        """Log-mel `[B, 128, M]` -> rows `[N, D]` of each sound.

        The original computes all of the 30 s and lets nothing look at what is padding. Here what is padding behind the
        longest sound is not computed at all, which is the same.

        Args:
            frames: of sound in each, between `LEAST_FRAMES` and `most_frames`; what is behind them is padding, but the
                last row of 20 ms still sees its first frame.

        Raises:
            ValueError: too few or too many frames.
        """
        if not all(LEAST_FRAMES <= n <= min(mel.shape[2], self.most_frames) for n in frames):
            raise ValueError(f"a sound has {LEAST_FRAMES} to {self.most_frames} mel frames, not {list(frames)}")
        encoder = self.encoder
        lengths = [rows_of(n)[0] for n in frames]
        longest = max(lengths)
        seen = mel[:, :, : min(2 * longest + 1, self.most_frames)].to(self.device, self.projector.weight.dtype)
        rows = gelu(encoder.conv2(gelu(encoder.conv1(seen))))[:, :, :longest].transpose(1, 2)
        rows = rows + encoder.embed_positions.weight[:longest]
        mask = None
        if min(lengths) < longest:
            within = torch.arange(longest)[None] < torch.tensor(lengths)[:, None]
            mask = within[:, None, None].expand(-1, 1, longest, -1).to(self.device)  # [B, 1, L, L], true: is seen
        for layer in encoder.layers:
            rows = layer(rows, mask)
        rows = encoder.layer_norm(encoder.avg_pooler(rows.transpose(1, 2)).transpose(1, 2))
        return [rows[i, : n // 2] for i, n in enumerate(lengths)]

    def hear(self, mel: Tensor, frames: Sequence[int]) -> list[Tensor]:
        """Log-mel `[B, 128, M]` -> rows `[N, H]` of each sound, to stand in a text; see `encode`."""
        encoded = self.encode(mel, frames)
        rows: Tensor = self.projector(torch.cat(encoded))
        return list(torch.split(rows, [len(one) for one in encoded]))

    def embed(self, ids: Sequence[int], sound: Tensor | None = None) -> Tensor:
        """Token ids `[n]` -> rows `[n, H]`; `sound` `[N, H]` stands in the place of the one audio token.

        Raises:
            ValueError: another number of audio tokens than of sounds.
        """
        places = [at for at, one in enumerate(ids) if one == self.config.audio_token]
        if len(places) != (sound is not None):
            raise ValueError(f"a text has one audio token for its sound, not {len(places)}")
        rows: Tensor = self.decoder.model.embed_tokens(torch.tensor(list(ids), device=self.device))
        if sound is None:
            return rows
        return torch.cat([rows[: places[0]], sound, rows[places[0] + 1 :]])

    def logits(
        self,
        rows: Tensor,
        cache: Cache | None = None,
        mask: Tensor | None = None,
        only_last: bool = False,
    ) -> Tensor:
        """Rows `[B, n, H]`, behind what the cache holds -> float32 logits `[B, n, vocabulary]`, or of the last row.

        Args:
            mask: `[B, cached + n]`, 0 for padding.
        """
        out = self.decoder(
            inputs_embeds=rows,
            attention_mask=mask,
            use_cache=cache is not None,
            logits_to_keep=1 if only_last else 0,
            **{_CACHE: cache},
        )
        return cast(Tensor, out.logits).float()
