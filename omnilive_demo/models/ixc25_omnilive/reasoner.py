"""The reasoner: pictures, memory rows and words in, the next token's logits out."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn

from omnilive_demo.models.ixc25_omnilive.config import ReasonerConfig
from omnilive_demo.models.ixc25_omnilive.decoder import Cancelled, Decoder
from omnilive_demo.models.ixc25_omnilive.key_values import KeyValues
from omnilive_demo.models.ixc25_omnilive.pictures import PictureEncoder, two_layers
from omnilive_demo.models.ixc25_omnilive.prompt import MemoryPart, Part, PicturePart, WordsPart


class Reasoner(nn.Module):
    """IXC2.5 with the memory projector of OmniLive; `load_reasoner` gives one its weights."""

    def __init__(self, config: ReasonerConfig) -> None:
        super().__init__()
        self.config = config
        self.pictures = PictureEncoder(config)
        self.memory_projector = two_layers(config.memory_hidden, config.hidden)
        self.decoder = Decoder(config)

    def rows(self, part: Part) -> Tensor:
        """Rows `[n, H]` of a part of a prompt."""
        embedding = self.decoder.tok_embeddings
        if isinstance(part, WordsPart):
            return cast(Tensor, embedding(torch.tensor(part.ids, dtype=torch.long, device=embedding.weight.device)))
        if isinstance(part, PicturePart):
            return cast(Tensor, self.pictures(part.canvas))
        assert isinstance(part, MemoryPart)
        weights = cast(nn.Linear, self.memory_projector[0]).weight
        return cast(Tensor, self.memory_projector(part.rows.to(weights.device, weights.dtype)))

    @torch.inference_mode()
    def embed(self, parts: tuple[Part, ...], cancelled: Callable[[], bool] = lambda: False) -> tuple[Tensor, Tensor]:
        """A prompt in rows.

        Returns:
            Rows `[n, H]`, and which of them are visual, `[n]` bool.

        Raises:
            Cancelled: `cancelled`, asked before each part, said so.
        """
        rows, visual = [], []
        for part in parts:
            if cancelled():
                raise Cancelled
            rows.append(self.rows(part))
            visual.append(torch.full((len(rows[-1]),), part.visual, device=rows[-1].device))
        return torch.cat(rows), torch.cat(visual)

    @torch.inference_mode()
    def read(
        self,
        parts: tuple[Part, ...],
        held: KeyValues | None = None,
        every: bool = False,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Tensor:
        """Read a prompt; see `Decoder.forward`. The rows are those of one text that is not held yet."""
        rows, visual = self.embed(parts, cancelled)
        return cast(Tensor, self.decoder(rows, visual, held, every, cancelled))

    @torch.inference_mode()
    def step(self, token: int, held: KeyValues) -> Tensor:
        """Read one generated token, which is never a visual row: logits `[1, vocabulary]`."""
        return cast(Tensor, self.decoder(self.rows(WordsPart((token,))), None, held))

    def held(self) -> KeyValues:
        """An empty memory for `read` and `step`."""
        return KeyValues(self.config.layers)
