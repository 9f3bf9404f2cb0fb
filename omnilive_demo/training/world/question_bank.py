"""The texts that questions about a stream are made of, by split: what training may see, and what only tests ask."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

Split = Literal["train", "test"]
DATA = Path(__file__).parent.parent / "data"


@dataclass(frozen=True, slots=True)
class QuestionBank:
    """The texts. semantic: (thing, split) -> questions. purposes: groups of things that one question may mean.

    off_topic: split -> what nothing that a camera saw is the answer to. nouns: things that the world has no drawing of
    -> how they are asked for (for training only: the meaning of words is learnt from many more things than are drawn).
    """

    explicit: Mapping[str, Sequence[str]]
    reference: Mapping[str, Mapping[str, Sequence[str]]]
    semantic: Mapping[tuple[str, str], Sequence[str]]
    held_out: frozenset[str]
    purposes: tuple[frozenset[str], ...]
    off_topic: Mapping[str, Sequence[str]]
    nouns: Mapping[str, Sequence[str]]

    @classmethod
    def read(cls, folder: Path) -> QuestionBank:
        """Read the templates, the semantic questions, the list of held-out things and the purposes in a folder.

        Raises:
            FileNotFoundError: the templates, the list of held-out things or the off-topic texts are missing.
        """
        templates = json.loads((folder / "questions_templates.json").read_text("utf-8"))
        semantic: dict[tuple[str, str], list[str]] = {}
        for path in sorted(folder.glob("questions_semantic_*.jsonl")):
            for row in map(json.loads, path.read_text("utf-8").splitlines()):
                semantic.setdefault((row["thing"], row["split"]), []).append(row["text"])
        purposes: list[frozenset[str]] = []
        for path in sorted(folder.glob("things_purposes*.json")):
            purposes += map(frozenset, json.loads(path.read_text("utf-8")).values())
        held_out = frozenset(json.loads((folder / "semantic_held_out.json").read_text("utf-8")))
        off_topic = json.loads((folder / "questions_off_topic.json").read_text("utf-8"))
        nouns: dict[str, list[str]] = {}
        for path in sorted(folder.glob("questions_nouns*.jsonl")):
            for row in map(json.loads, path.read_text("utf-8").splitlines()):
                nouns.setdefault(row["thing"], []).append(row["text"])
        return cls(
            templates["explicit"], templates["reference"], semantic, held_out, tuple(purposes), off_topic, nouns
        )  # fmt: skip

    def semantic_of(self, name: str, split: Split) -> Sequence[str]:
        """The semantic questions of a thing that may be asked in a split."""
        return () if split == "train" and name in self.held_out else self.semantic.get((name, split), ())

    def names_meant(self) -> tuple[str, ...]:
        """Every name of which the training knows in which words it is asked for."""
        taught = {name for name, split in self.semantic if split == "train"} - self.held_out
        return tuple(sorted(taught | set(self.nouns)))

    def meant(self, name: str) -> Sequence[str]:
        """How the training asks for one of `names_meant`."""
        return (*self.semantic_of(name, "train"), *self.nouns.get(name, ()))

    def share_a_purpose(self, name: str) -> frozenset[str]:
        """The other things that a question about this one's purpose may mean."""
        return frozenset().union(*(group for group in self.purposes if name in group)) - {name}


@lru_cache(maxsize=1)
def shipped_bank() -> QuestionBank:
    """The texts of this repository."""
    return QuestionBank.read(DATA)
