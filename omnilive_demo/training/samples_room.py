"""A camera position of a sample stream: its backdrop, its lights, and what stirs in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from omnilive_demo.training.samples_art import Canvas, Light, Mask


def _nothing(canvas: Canvas, t_s: float) -> None:
    """Nothing stirs."""


def _day(t_s: float) -> Light:
    return (1.0, 1.0, 1.0)


def _steady(t_s: float) -> float:
    return 1.0


@dataclass(frozen=True, slots=True)
class Room:
    """What is around the things. Only plain things are drawn on a backdrop: nothing that has a taught name.

    ambient: the light per channel at a time. lights: further ones (mask, strength per channel), all of them times
    `lamps` of the time. behind, before: draw what stirs behind the things and before them.
    """

    backdrop: Canvas
    ambient: Callable[[float], Light] = _day
    lights: tuple[tuple[Mask, Light], ...] = ()
    lamps: Callable[[float], float] = _steady
    behind: Callable[[Canvas, float], None] = _nothing
    before: Callable[[Canvas, float], None] = _nothing
