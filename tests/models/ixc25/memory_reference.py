"""The released memory module once more, from section 1 of the specification alone: plain tensors, loops, float64.

It shares no code with the module under test: no library's attention, no padding, no batches, no cache.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from models.ixc25.tiny_memory import HEADS, HIDDEN, KV_HEADS, LAYERS, VISION
from torch import Tensor

_MEAN = torch.tensor((0.48145466, 0.4578275, 0.40821073), dtype=torch.float64)
_SPREAD = torch.tensor((0.26862954, 0.26130258, 0.27577711), dtype=torch.float64)


class Reference:
    """What the tensors of a tiny checkpoint make of pictures `[T, 224, 224, 3]` and token ids."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self._w = {name: tensor.double() for name, tensor in tensors.items()}

    def compress(self, frames: Tensor, ids: Sequence[int]) -> tuple[Tensor, Tensor]:
        grids = [_merged(self._patches(frame)) for frame in frames]  # of each frame [8, 8, 4W]
        patches = [grid[y, x] for grid in grids for y in range(8) for x in range(8)]
        slots = [grid[y : y + 4, x : x + 4].reshape(16, -1).mean(0) for grid in grids for y in (0, 4) for x in (0, 4)]
        everything = torch.stack([*patches, *slots, torch.stack(patches).mean(0)])
        first = everything @ self._w["model.mm_projector.mlp.0.weight"].T + self._w["model.mm_projector.mlp.0.bias"]
        exact = first * 0.5 * (1 + torch.erf(first / 2**0.5))
        rows = exact @ self._w["model.mm_projector.mlp.2.weight"].T + self._w["model.mm_projector.mlp.2.bias"]
        states = self._read(torch.cat([self.words(ids), rows]))
        return states[-1 - len(slots) : -1], states[-1]

    def integrate(self, short_term: Sequence[Tensor], globals_: Sequence[Tensor]) -> Tensor:
        states = self._read(torch.cat([*short_term, torch.stack(list(globals_))]).double())
        return states[-len(globals_) :]

    def score(self, long_term: Tensor, globals_: Sequence[Tensor], ids: Sequence[int]) -> Tensor:
        q = self._read(torch.cat([long_term.double(), self.words(ids)]))[-1]
        return torch.stack([q @ g.double() / (q.norm() * g.double().norm()) for g in globals_])

    def words(self, ids: Sequence[int]) -> Tensor:
        return self._w["model.embed_tokens.weight"][list(ids)]

    def _read(self, rows: Tensor) -> Tensor:
        """Qwen2 over one sequence `[n, H]` -> states after the last norm."""
        size, n = HIDDEN // HEADS, len(rows)
        angles = torch.outer(torch.arange(n).double(), 1e6 ** (-torch.arange(size // 2).double() / (size // 2)))
        cos, sin = torch.cos(angles), torch.sin(angles)
        later = torch.ones(n, n).triu(1).bool()
        for i in range(LAYERS):
            at = f"model.layers.{i}."
            normed = self._rms(rows, at + "input_layernorm.weight")
            q, k, v = (self._linear(normed, f"{at}self_attn.{which}_proj") for which in "qkv")
            heads = []
            for head in range(HEADS):
                mine, shared = head * size, head // (HEADS // KV_HEADS) * size
                query = _rotated(q[:, mine : mine + size], cos, sin)
                key = _rotated(k[:, shared : shared + size], cos, sin)
                weights = (query @ key.T / size**0.5).masked_fill(later, -torch.inf).softmax(-1)
                heads.append(weights @ v[:, shared : shared + size])
            rows = rows + torch.cat(heads, 1) @ self._w[at + "self_attn.o_proj.weight"].T
            normed = self._rms(rows, at + "post_attention_layernorm.weight")
            gate, up = (normed @ self._w[f"{at}mlp.{which}_proj.weight"].T for which in ("gate", "up"))
            rows = rows + (gate * torch.sigmoid(gate) * up) @ self._w[at + "mlp.down_proj.weight"].T
        return self._rms(rows, "model.norm.weight")

    def _patches(self, picture: Tensor) -> Tensor:
        """CLIP's patches after its last layer but one, without the class token: `[256, W]`."""
        tower = "model.vision_tower.vision_tower.vision_model."
        pixels = (picture.double() / 255 - _MEAN) / _SPREAD
        kernel = self._w[tower + "embeddings.patch_embedding.weight"].permute(2, 3, 1, 0).reshape(-1, VISION)
        cells = [pixels[y : y + 14, x : x + 14].reshape(-1) for y in range(0, 224, 14) for x in range(0, 224, 14)]
        rows = torch.cat([self._w[tower + "embeddings.class_embedding"][None], torch.stack(cells) @ kernel])
        rows = rows + self._w[tower + "embeddings.position_embedding.weight"]
        rows = self._layer_norm(rows, tower + "pre_layrnorm")
        for i in range(2):  # of three
            at, size = f"{tower}encoder.layers.{i}.", VISION // 2
            normed = self._layer_norm(rows, at + "layer_norm1")
            q, k, v = (self._linear(normed, f"{at}self_attn.{which}_proj") for which in "qkv")
            heads = [
                (q[:, h : h + size] @ k[:, h : h + size].T / size**0.5).softmax(-1) @ v[:, h : h + size]
                for h in (0, size)
            ]
            rows = rows + self._linear(torch.cat(heads, 1), at + "self_attn.out_proj")
            inner = self._linear(self._layer_norm(rows, at + "layer_norm2"), at + "mlp.fc1")
            rows = rows + self._linear(inner * torch.sigmoid(1.702 * inner), at + "mlp.fc2")
        return rows[1:]

    def _linear(self, rows: Tensor, name: str) -> Tensor:
        return rows @ self._w[name + ".weight"].T + self._w[name + ".bias"]

    def _rms(self, rows: Tensor, name: str) -> Tensor:
        return rows / (rows.square().mean(-1, keepdim=True) + 1e-6).sqrt() * self._w[name]

    def _layer_norm(self, rows: Tensor, name: str) -> Tensor:
        centred = rows - rows.mean(-1, keepdim=True)
        scaled = centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()
        return scaled * self._w[name + ".weight"] + self._w[name + ".bias"]


def _merged(patches: Tensor) -> Tensor:
    """A 16x16 grid as 8x8 cells of four patches: top left, top right, bottom left, bottom right."""
    grid = patches.reshape(16, 16, -1)
    cells = [
        torch.cat([grid[y, x], grid[y, x + 1], grid[y + 1, x], grid[y + 1, x + 1]])
        for y in range(0, 16, 2)
        for x in range(0, 16, 2)
    ]
    return torch.stack(cells).reshape(8, 8, -1)


def _rotated(rows: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    one, other = rows.chunk(2, 1)
    return torch.cat([one * cos - other * sin, other * cos + one * sin], 1)
