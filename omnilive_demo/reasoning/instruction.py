"""Instruction prediction: is this said to me, and does it want an answer? (Paper section 3.3.)"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Instruction:
    """Whether to answer, and how sure that is (0..1 for "answer")."""

    answer: bool
    probability: float


class InstructionPredictor(Protocol):
    """Decides from the words alone, in a few milliseconds; runs on a worker thread."""

    name: str

    def predict(self, text: str) -> Instruction:
        """Whether `text` is to be answered; "hmm, okay" and "where did I put it, honey?" are not."""
        ...
