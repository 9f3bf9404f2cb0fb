"""A linear layer with a low-rank addition that only some rows get (Partial-LoRA, specification 2.3)."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn


class PartialLoraLinear(nn.Module):
    """y = W x, and for visual rows y = W x + B A x.

    Hazard 10: B A is never merged into W, because words must not get it. `plain` is W, a module of its own so that it
    can be replaced by a quantised one.
    """

    def __init__(self, inputs: int, outputs: int, rank: int) -> None:
        super().__init__()
        self.plain = nn.Linear(inputs, outputs, bias=False)
        self.Plora_A = nn.Linear(inputs, rank, bias=False)
        self.Plora_B = nn.Linear(rank, outputs, bias=False)

    def forward(self, rows: Tensor, visual: Tensor | None) -> Tensor:
        """Rows `[n, inputs]` -> `[n, outputs]`. `visual`: the numbers of the visual rows, None for none."""
        plain = cast(Tensor, self.plain(rows))
        if visual is None:
            return plain
        return plain.index_add_(0, visual, self.Plora_B(self.Plora_A(rows[visual])).to(plain.dtype))
