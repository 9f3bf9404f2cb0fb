"""The optimiser of the trainings: Muon for the matrices inside a network, AdamW for all else.

Muon makes every update of a matrix orthogonal, so that no direction of it is left behind; it needs far fewer steps than
AdamW for the same loss, at a few per cent more work a step. What it suits are hidden matrices and kernels (each seen as
a matrix: what comes out times all that goes in). Vectors, first and last layers and tables stay with AdamW.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Group:
    """Parameters that are treated alike. muon: by Muon (then all have two or more dimensions). scale: what the run's
    learning rate is multiplied by."""

    parameters: Sequence[nn.Parameter]
    weight_decay: float = 0.0
    scale: float = 1.0
    muon: bool = False


class Optimiser:
    """One optimiser made of both, as `Run` wants it (`param_groups`, `state_dict`, `load_state_dict`)."""

    def __init__(self, groups: Iterable[Group], betas: tuple[float, float] = (0.9, 0.98)) -> None:
        groups = [group for group in groups if group.parameters]
        self._matrices = [
            (parameter, _as_matrix(parameter)) for group in groups if group.muon for parameter in group.parameters
        ]
        views = {id(parameter): view for parameter, view in self._matrices}
        plain = [_options(group, group.parameters) for group in groups if not group.muon]
        hidden = [_options(group, [views[id(one)] for one in group.parameters]) for group in groups if group.muon]
        self._parts: dict[str, torch.optim.Optimizer] = {}
        if plain:
            self._parts["adamw"] = torch.optim.AdamW(plain, lr=0.0, betas=betas, fused=True)
        if hidden:
            # Its updates are as large as those of AdamW, so one learning rate serves both.
            self._parts["muon"] = torch.optim.Muon(hidden, lr=0.0, adjust_lr_fn="match_rms_adamw")
        self._plain = [parameter for group in groups if not group.muon for parameter in group.parameters]

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of both."""
        return [group for part in self._parts.values() for group in part.param_groups]

    def zero_grad(self) -> None:
        """Forgets all gradients."""
        for parameter in (*self._plain, *(one for one, _ in self._matrices)):
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Moves every parameter that has a gradient."""
        for parameter in self._plain:
            parameter.grad = _laid_like(parameter)  # the fused step goes through both as they lie in memory
        for parameter, view in self._matrices:
            gradient = _laid_like(parameter)
            view.grad = None if gradient is None else _flat(gradient)
        for part in self._parts.values():
            part.step()

    def state_dict(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {name: part.state_dict() for name, part in self._parts.items()}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """From a checkpoint."""
        for name, part in self._parts.items():
            part.load_state_dict(state_dict[name])


def _options(group: Group, parameters: Sequence[Tensor]) -> dict[str, Any]:
    return {"params": list(parameters), "weight_decay": group.weight_decay, "scale": group.scale}


def _as_matrix(parameter: nn.Parameter) -> nn.Parameter:
    """The same numbers as a matrix `[out, rest]`; what is written to one is in both."""
    flat = _flat(parameter.detach())
    if flat.data_ptr() != parameter.data_ptr():
        raise ValueError(f"a parameter of shape {tuple(parameter.shape)} does not lie in memory as a matrix")
    return nn.Parameter(flat)


def _laid_like(parameter: nn.Parameter) -> Tensor | None:
    """The gradient in the parameter's own memory format."""
    return None if parameter.grad is None else torch.empty_like(parameter).copy_(parameter.grad)


def _flat(tensor: Tensor) -> Tensor:
    """`[out, rest]`; of channels-last kernels in the order (height, width, in), in which they lie."""
    if tensor.ndim == 4 and not tensor.is_contiguous():
        return tensor.permute(0, 2, 3, 1).flatten(1)
    return tensor.flatten(1)
