"""The nano frame encoder's network: a picture becomes 8 x 8 patches and one vector in MiniLM's text space.

A residual conv network (192 -> 64 -> 32 -> 16 -> 8 pixels) and self-attention over the 64 cells that are left. Every
patch can be compared with any text (`align`), and so can the picture as a whole, which is an attention pooling of the
patches. As in LiT, the text tower is never trained. About 2.2 M parameters, 0.8 GFLOP a picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

SIDE = 192
GRID = 8
WIDTH = 128
TEXT_WIDTH = 384
COLOURS = 11
STAGES = ((64, 2), (128, 2), (192, 1))  # (channels, blocks) at 32, 16 and 8 pixels
STEM = 32
HEADS = 6
LARGEST_SCALE = 100.0


class FrameOutput(NamedTuple):
    """What the network makes of n pictures; P = 64 cells, row-major.

    patches: `[n, P, 128]`. vector: `[n, 384]`, unit norm. aligned: the patches in text space, `[n, P, 384]`, unit norm.
    known: `[n, P]` logits of "a thing is here whose name was taught"; known_anywhere: `[n]`, of the whole picture.
    colour: `[n, P, 11]` logits of the colour of the cell; pooled: `[n, 128]`, the patches as attention pools them
    (only the training looks at these two).
    """

    patches: Tensor
    vector: Tensor
    aligned: Tensor
    known: Tensor
    known_anywhere: Tensor
    colour: Tensor
    pooled: Tensor


class FrameNetwork(nn.Module):
    """Takes RGB pictures `[n, 3, 192, 192]`, 0..1."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = _conv(3, STEM, 5, 3)
        layers: list[nn.Module] = []
        before = STEM
        for channels, blocks in STAGES:
            layers += [_conv(before, channels, 3, 2), *(_Block(channels) for _ in range(blocks))]
            before = channels
        self.stages = nn.Sequential(*layers)
        self.place = nn.Parameter(torch.randn(GRID * GRID, before) * 0.02)
        self.attention = _Attention(before)
        self.to_patch = nn.Sequential(nn.LayerNorm(before), nn.Linear(before, WIDTH), nn.LayerNorm(WIDTH))
        self.align = nn.Linear(WIDTH, TEXT_WIDTH)
        self.gaze = nn.Linear(WIDTH, 1)
        self.known = nn.Linear(WIDTH, 1)
        self.known_anywhere = nn.Linear(WIDTH, 1)
        self.colour = nn.Linear(WIDTH, COLOURS)
        self.background = nn.Parameter(torch.randn(TEXT_WIDTH) * 0.05)  # a text vector for "nothing is here"
        self.log_scale = nn.Parameter(torch.tensor(3.7))

    def forward(self, images: Tensor) -> FrameOutput:
        """See `FrameOutput`. Training may give it cut pictures, of a whole number of cells, for fewer patches."""
        cells = self.stages(self.stem(images - 0.5))
        side = cells.shape[-1]
        place = self.place.view(GRID, GRID, -1)[:side, :side].flatten(0, 1)
        patches = self.to_patch(self.attention(cells.flatten(2).transpose(1, 2) + place))
        gaze = self.gaze(patches).float().softmax(1).to(patches.dtype)
        whole = (gaze * patches).sum(1)
        return FrameOutput(
            patches=patches,
            vector=functional.normalize(self.align(whole).float(), dim=-1),
            aligned=functional.normalize(self.align(patches).float(), dim=-1),
            known=self.known(patches).squeeze(-1).float(),
            known_anywhere=self.known_anywhere(whole).squeeze(-1).float(),
            colour=self.colour(patches),
            pooled=whole,
        )

    def scores(self, vectors: Tensor, texts: Tensor) -> Tensor:
        """Logits `[..., m + 1]` of unit vectors `[..., 384]` against texts `[m, 384]`; the last is "nothing"."""
        nothing = functional.normalize(self.background, dim=0)
        candidates = torch.cat([texts, nothing[None]])
        return self.log_scale.exp().clamp(max=LARGEST_SCALE) * (vectors @ candidates.T)

    def folded(self) -> FrameNetwork:
        """The same network for inference, its norms folded into the convolutions. Changes this one."""
        self.eval()
        for module in self.modules():
            if isinstance(module, _Conv):
                module.fold()
        return self


def load_frame_network(path: Path) -> tuple[FrameNetwork, dict[str, str], dict[str, Tensor]]:
    """The network for inference in float32, the metadata of its file, and what else the file holds by name.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not a frame encoder's.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            metadata = dict(file.metadata() or {})
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path} is no safetensors file: {error}") from error
    network = FrameNetwork()
    own = network.state_dict()
    rest = {name: tensor for name, tensor in tensors.items() if name not in own}
    _fill(network, tensors, path)
    return network.folded(), metadata, rest


def _fill(network: FrameNetwork, tensors: Mapping[str, Tensor], path: Path) -> None:
    try:
        network.load_state_dict(
            {
                name: tensors[name].float() if tensors[name].is_floating_point() else tensors[name]
                for name in network.state_dict()
            }
        )
    except (KeyError, RuntimeError) as error:
        raise ValueError(f"{path} holds no frame encoder: {error}") from error


class _Conv(nn.Module):
    """Convolution and batch norm, which becomes a part of the convolution for inference."""

    def __init__(self, before: int, after: int, size: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, size, stride, padding=(size - 1) // 2, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(after)

    def forward(self, x: Tensor) -> Tensor:
        folded: Tensor = self.norm(self.conv(x))
        return folded

    def fold(self) -> None:
        if isinstance(self.norm, nn.BatchNorm2d):
            self.conv = nn.utils.fuse_conv_bn_eval(self.conv, self.norm)
            self.norm = nn.Identity()


def _conv(before: int, after: int, size: int, stride: int) -> nn.Module:
    return nn.Sequential(_Conv(before, after, size, stride), nn.ReLU())


class _Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _Conv(channels, channels, 3, 1)
        self.second = _Conv(channels, channels, 3, 1)
        nn.init.zeros_(self.second.norm.weight)  # type: ignore[arg-type]  # begins as the identity

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.second(functional.relu(self.first(x))))


class _Attention(nn.Module):
    """One pre-norm transformer block over the cells."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        n, p, c = x.shape
        q, k, v = self.qkv(self.norm(x)).view(n, p, 3, HEADS, c // HEADS).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(q, k, v)
        x = x + self.out(seen.transpose(1, 2).reshape(n, p, c))
        after: Tensor = x + self.mlp(x)
        return after
