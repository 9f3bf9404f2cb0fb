"""The sound tagger's network: a small residual convolutional net over one second of log-mel."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from omnilive_demo.models.nano.log_mel import BANDS

_WIDTHS = (24, 40, 72, 112)
_MIDDLE_DB, _SPREAD_DB = -70.0, 25.0


class SoundNetwork(nn.Module):
    """Log-mel in dB `[n, 98, 64]` to logits `[n, classes]`. 0.4 M parameters.

    The band's place is a second input plane: a convolution alone could not tell a high hiss from a low one.
    """

    def __init__(self, classes: int, dropout: float = 0.0) -> None:
        super().__init__()
        first, second, third, fourth = _WIDTHS
        self.stem = nn.Sequential(
            nn.Conv2d(2, first, 3, 2, 1, bias=False), nn.BatchNorm2d(first), nn.ReLU(inplace=True)
        )
        self.stages = nn.Sequential(
            _Residual(first, second, 2),
            _Residual(second, third, 2),
            _Residual(third, third, 1),
            _Residual(third, fourth, 2),
        )
        self.drop = nn.Dropout(dropout)
        self.head = nn.Linear(2 * fourth, classes)
        self.register_buffer("place", torch.linspace(-1, 1, BANDS).view(1, 1, 1, BANDS), persistent=False)

    def forward(self, mel: Tensor) -> Tensor:
        """See the class."""
        level = ((mel - _MIDDLE_DB) / _SPREAD_DB)[:, None]
        place = cast(Tensor, self.place).to(level.dtype).expand_as(level)
        planes: Tensor = self.stages(self.stem(torch.cat([level, place], 1)))
        pooled = torch.cat([planes.mean((2, 3)), planes.amax((2, 3))], 1)
        return cast(Tensor, self.head(self.drop(pooled)))

    def fuse(self) -> None:
        """Fold the norms into the convolutions: same outputs, fewer steps. For evaluation only, and for good."""
        self.stem = _fused(self.stem)
        for stage in self.stages:
            assert isinstance(stage, _Residual)
            stage.body = _fused(stage.body)
            if isinstance(stage.skip, nn.Sequential):
                stage.skip = _fused(stage.skip)


def _fused(layers: nn.Sequential) -> nn.Sequential:
    out: list[nn.Module] = []
    for layer in layers:
        if isinstance(layer, nn.BatchNorm2d):
            convolution = out.pop()
            assert isinstance(convolution, nn.Conv2d)
            layer = fuse_conv_bn_eval(convolution, layer)
        out.append(layer)
    return nn.Sequential(*out)


class _Residual(nn.Module):
    def __init__(self, width_in: int, width_out: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width_in, width_out, 3, stride, 1, bias=False),
            nn.BatchNorm2d(width_out),
            nn.ReLU(inplace=True),
            nn.Conv2d(width_out, width_out, 3, 1, 1, bias=False),
            nn.BatchNorm2d(width_out),
        )
        self.skip: nn.Module = nn.Identity()
        if stride != 1 or width_in != width_out:
            self.skip = nn.Sequential(nn.Conv2d(width_in, width_out, 1, stride, bias=False), nn.BatchNorm2d(width_out))

    def forward(self, planes: Tensor) -> Tensor:
        return torch.relu(self.body(planes) + self.skip(planes))
