"""Muon for the matrices inside, AdamW for the rest: one optimiser for a run."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from omnilive_demo.training.optimiser import Group, Optimiser


def network() -> nn.Sequential:
    torch.manual_seed(1)
    made = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), nn.Flatten())
    return made.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def optimiser_of(made: nn.Sequential, scale: float = 1.0) -> Optimiser:
    inside = made[2].weight
    rest = [one for one in made.parameters() if one is not inside]
    found = Optimiser([Group(rest), Group([inside], weight_decay=0.1, scale=scale, muon=True), Group([])])
    for group in found.param_groups:
        group["lr"] = 0.01 * group["scale"]
    return found


def step(made: nn.Sequential, optimiser: Optimiser) -> float:
    pictures = torch.rand(16, 3, 6, 6, generator=torch.Generator().manual_seed(2))
    wanted = pictures.mean(1).flatten(1).repeat(1, 8)
    loss = (made(pictures) - wanted).square().mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return float(loss.detach())


def test_it_moves_every_parameter_and_the_loss_falls() -> None:
    made = network()
    before = [one.detach().clone() for one in made.parameters()]
    optimiser = optimiser_of(made)
    losses = [step(made, optimiser) for _ in range(40)]
    assert losses[-1] < 0.3 * losses[0]
    assert all(not torch.equal(one, old) for one, old in zip(made.parameters(), before, strict=True))


def test_the_update_of_a_kernel_has_the_same_size_in_every_direction() -> None:
    made = network()
    inside = made[2].weight
    before = inside.detach().clone()
    optimiser = optimiser_of(made)
    for group in optimiser.param_groups:
        group["weight_decay"] = 0.0
    step(made, optimiser)
    moved = (inside.detach() - before).flatten(1)
    sizes = torch.linalg.svdvals(moved)
    gradient = torch.linalg.svdvals(inside.grad.flatten(1))
    assert gradient[0] > 5 * gradient[-1]
    assert sizes[0] < 2 * sizes[-1]


def test_kernels_are_moved_in_their_own_memory_format() -> None:
    """The same step, whatever the format in which a gradient comes."""
    made, other = network(), network().to(memory_format=torch.contiguous_format)
    for one in (made, other):
        optimiser = optimiser_of(one)
        step(one, optimiser)
    for left, right in zip(made.parameters(), other.parameters(), strict=True):
        assert torch.allclose(left, right, atol=2e-3)  # Muon works in bfloat16


def test_a_checkpoint_goes_on_with_the_same_step() -> None:
    made, again = network(), network()
    first, second = optimiser_of(made), optimiser_of(again)
    for _ in range(3):
        step(made, first)
    again.load_state_dict(made.state_dict())
    second.load_state_dict(copy.deepcopy(first.state_dict()))  # as through a file
    assert step(made, first) == pytest.approx(step(again, second))
    assert all(torch.equal(left, right) for left, right in zip(made.parameters(), again.parameters(), strict=True))


def test_a_parameter_that_is_no_matrix_in_memory_is_refused() -> None:
    turned = nn.Parameter(torch.rand(4, 3, 2).transpose(0, 2))
    with pytest.raises(ValueError, match="memory"):
        Optimiser([Group([turned], muon=True)])
