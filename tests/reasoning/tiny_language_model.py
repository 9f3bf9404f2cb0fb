"""A tiny released reasoner whose memory rows are as wide as those of the tiny memory module, and what it was asked."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from models.ixc25 import tiny_memory, tiny_reasoner

from omnilive_demo.models.ixc25_omnilive.generation import Generation, Sampling
from omnilive_demo.models.ixc25_omnilive.language_model import LanguageModel
from omnilive_demo.models.ixc25_omnilive.prompt import MemoryPart, Part, PicturePart, WordsPart

WIDTH = tiny_memory.HIDDEN


def build(folder: Path, seed: int = 3) -> Path:
    """Write `base` and `adapter`; returns the folder."""
    random = torch.Generator().manual_seed(9)
    projector = torch.randn(tiny_reasoner.HIDDEN, WIDTH, generator=random) / WIDTH**0.5
    held = tiny_reasoner.base_tensors(seed) | {"video_mem_proj.0.weight": projector}
    base = tiny_reasoner.write_base(folder / "base", held)
    (base / "config.json").write_text(json.dumps(tiny_reasoner.config() | {"memory_hidden_size": WIDTH}))
    changed = tiny_reasoner.adapter_tensors() | {"base_model.model.video_mem_proj.0.weight": projector}
    tiny_reasoner.write_adapter(folder / "adapter", changed)
    return folder


class Scripted(LanguageModel):
    """The real model reads everything; the words that it says are given, because a random one makes no sentences."""

    def __init__(self, model: LanguageModel, *answers: str) -> None:
        super().__init__(model.name, model.reasoner, model.tokenizer)
        self.answers = list(answers)
        self.asked: list[tuple[Part, ...]] = []
        self.steps = 0

    def begin(self, parts: tuple[Part, ...], sampling: Sampling = Sampling()) -> Generation:  # noqa: B008
        self.asked.append(parts)
        begun = super().begin(parts, sampling)
        if self.answers:
            self._script(begun, [*self.tokenizer.encode(self.answers.pop(0)), self.tokenizer.turn_ends])
        return begun

    def _script(self, generation: Generation, ids: list[int]) -> None:
        stream = generation._tokens
        real = stream._reasoner

        class Told:
            """The reasoner, whose logits name the next scripted token."""

            def read(told, *args: object, **how: object) -> torch.Tensor:
                return told.named(real.read(*args, **how))  # type: ignore[arg-type]

            def step(told, *args: object) -> torch.Tensor:
                self.steps += 1
                return told.named(real.step(*args))  # type: ignore[arg-type]

            def named(told, logits: torch.Tensor) -> torch.Tensor:
                logits = logits.clone()
                logits[0, ids.pop(0)] = 1e9
                return logits

        stream._reasoner = Told()  # type: ignore[assignment]


def words_of(model: LanguageModel, parts: tuple[Part, ...]) -> str:
    """The text of a prompt: turns as `|`, pictures as `<p>`, memory as `<m ROWS>`."""
    said = ""
    for part in parts:
        if isinstance(part, WordsPart):
            marks = {model.tokenizer.turn_begins: "|", model.tokenizer.turn_ends: "|"}
            said += "".join(marks.get(token) or model.tokenizer.decode([token]) for token in part.ids)
        else:
            said += "<p>" if isinstance(part, PicturePart) else f"<m {len(part.rows)}>"
    return said


def memories_in(parts: tuple[Part, ...]) -> list[torch.Tensor]:
    """The memory rows of a prompt, in order."""
    return [part.rows for part in parts if isinstance(part, MemoryPart)]
