"""What is known of a model on the Hugging Face Hub before any of it is fetched."""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal

from omnilive_demo.config import Role

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file of a repository, or all that fit a pattern (`*.json`; a star stays within one folder).

    `size` (bytes) and `sha256` are given where they are known beyond doubt; the hub tells them of every other file.
    What is not `required` may be missing in the repository. `instead`: a pattern of what does as well in a folder of
    the operator's own, where weights were converted.
    """

    name: str
    size: int | None = None
    sha256: str = ""
    required: bool = True
    instead: str = ""

    def fits(self, path: str) -> bool:
        """Whether this is, or describes, the file at that path in the repository."""
        parts, pattern = path.split("/"), self.name.split("/")
        return len(parts) == len(pattern) and all(map(fnmatchcase, parts, pattern))


@dataclass(frozen=True, slots=True)
class Licence:
    """Under which terms weights may be used: an SPDX identifier, and a sentence where they forbid something."""

    name: str
    restriction: str = ""


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """Bytes that a model takes while it works, buffers included: estimates on the safe side.

    `cpu` is None where no one would wait for it on a CPU; `gpu` is 0 where it runs on the CPU even beside a GPU.
    """

    cpu: int | None
    gpu: int


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model: where it is, what is fetched of it, what it may be used for, and which class loads it.

    Several roles can share one model (the two towers of a CLIP, a captioner that is the reasoner too): it is fetched
    and held once. `size` is the sum of the files in bytes, rounded where the hub's page rounds it. `revision` is a
    commit, `verified` when it was found with this repository in independent public sources; otherwise it is `main`.
    `loader` is `module:class` as text, because the rooms of the models import this one and not the other way.
    `parts` are the names of specs that it cannot work without. `languages` are those that it speaks or understands;
    empty where it is not about language. `bits`: of its large matrices while it runs, where they are fewer than in the
    files; such a spec has the files of another one. `splits`: its layers may lie on two GPUs.
    """

    name: str
    roles: tuple[Role, ...]
    repository: str
    revision: str
    verified: bool
    files: tuple[ModelFile, ...]
    size: int
    licence: Licence
    memory: MemoryNeed
    loader: str
    parts: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    bits: Literal[4, 8] | None = None
    splits: bool = False

    @property
    def pinned(self) -> bool:
        """Whether the revision is a commit, of which nothing can change."""
        return _COMMIT.fullmatch(self.revision) is not None

    def wants(self, path: str) -> bool:
        """Whether a file of the repository is to be fetched."""
        return any(file.fits(path) for file in self.files)

    def load_class(self) -> Any:
        """The class that loads it, imported now.

        Raises:
            RuntimeError: this installation lacks it.
        """
        module, _, name = self.loader.partition(":")
        try:
            return getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise RuntimeError(f"The model {self.name} cannot be loaded by this installation ({error}).") from error
