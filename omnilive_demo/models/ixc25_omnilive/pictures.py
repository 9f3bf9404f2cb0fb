"""Pictures as rows for the decoder (specification 2.4)."""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import interpolate
from transformers import CLIPVisionModel

from omnilive_demo.models.ixc25_omnilive.config import ReasonerConfig
from omnilive_demo.models.memory_module.patch_features import CLIP_MEAN, CLIP_SPREAD, merge_2x2

_VIEWS_AT_ONCE = 8


def two_layers(inputs: int, outputs: int) -> nn.Sequential:
    """The projector for pictures, and the one for memory: two linear layers with a GELU (the exact one) between."""
    return nn.Sequential(nn.Linear(inputs, outputs), nn.GELU(), nn.Linear(outputs, outputs))


def row_count(down: int, across: int, side: int = 20) -> int:
    """Rows of a canvas of `down` x `across` tiles, each of `side` x `side` rows after the merge."""
    return (down * across + 1) * side * side + 1 + (down + 1) * side


class PictureEncoder(nn.Module):
    """A canvas of tiles into rows: the whole seen small, a separator, then all tiles as one grid."""

    def __init__(self, config: ReasonerConfig) -> None:
        super().__init__()
        sizes = config.tower()
        width = 4 * sizes.hidden_size
        self.tile = cast(int, sizes.image_size)
        self.tower = CLIPVisionModel(sizes)
        self.row_end = nn.Parameter(torch.empty(1, 1, 1, width))
        self.view_end = nn.Parameter(torch.empty(1, 1, width))
        self.projector = two_layers(width, config.hidden)

    def pixels(self, canvas: NDArray[np.uint8]) -> Tensor:
        """Normalised pixels `[3, height, width]`, float32."""
        weights = self.row_end
        values = torch.from_numpy(np.ascontiguousarray(canvas)).to(weights.device).permute(2, 0, 1).float() / 255
        mean, spread = (values.new_tensor(of).view(3, 1, 1) for of in (CLIP_MEAN, CLIP_SPREAD))
        return (values - mean) / spread

    def merged(self, canvas: NDArray[np.uint8]) -> Tensor:
        """A canvas `[height, width, 3]`, its sides multiples of the tile's -> rows before the projector `[n, 4C]`.

        Raises:
            ValueError: the sides are no such multiples.
        """
        (down, below), (across, beside) = (divmod(side, self.tile) for side in canvas.shape[:2])
        if below or beside or not down or not across:
            raise ValueError(f"A canvas of {canvas.shape[1]}x{canvas.shape[0]} is not made of {self.tile} px tiles.")
        pixels = self.pixels(canvas)
        # Hazard 15: the small view is made without antialiasing, and its shape is not kept.
        whole = interpolate(pixels[None], (self.tile, self.tile), mode="bicubic", align_corners=False, antialias=False)
        tiles = pixels.view(3, down, self.tile, across, self.tile).permute(1, 3, 0, 2, 4).flatten(0, 1)
        views = torch.cat([whole, tiles])
        features = torch.cat([self._features(some) for some in torch.split(views, _VIEWS_AT_ONCE)])
        side = round((features.shape[0] // len(views)) ** 0.5)
        grids = features.view(len(views), side, side, -1)
        together = grids[1:].view(down, across, side, side, -1).transpose(1, 2).reshape(down * side, across * side, -1)
        rows = torch.cat([self._with_ends(grids[0]), self.view_end[0], self._with_ends(together)])
        assert len(rows) == row_count(down, across, side)
        return rows

    def forward(self, canvas: NDArray[np.uint8]) -> Tensor:
        """A canvas `[height, width, 3]` -> rows `[n, H]`, separators included."""
        return cast(Tensor, self.projector(self.merged(canvas)))

    def _features(self, views: Tensor) -> Tensor:
        # Hazard 7: the last layer's states, before the tower's last norm; the memory module takes the layer before.
        states = self.tower(views.to(self.row_end.dtype)).last_hidden_state
        return merge_2x2(states[:, 1:])

    def _with_ends(self, grid: Tensor) -> Tensor:
        """A grid `[height, width, C]` row by row, an end behind each row (the same for both views)."""
        ends = self.row_end[0].expand(len(grid), 1, -1)
        return torch.cat([grid, ends], dim=1).flatten(0, 1)
