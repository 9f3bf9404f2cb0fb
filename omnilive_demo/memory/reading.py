"""Reading a clip's short-term memory back into words: the captioner and what the evidence answers ask of S_k."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import torch

from omnilive_demo.models.clip_reader import Caption, ShortTerm
from omnilive_demo.models.nano.reader import Reader, load_reader
from omnilive_demo.models.nano.words import NOTHING, THING_PROMPTS, UNCLEAR
from omnilive_demo.records import Label


class LearnedClipReader:
    """Implements `ClipReader` with the nano reader, float32 on the CPU.

    One call at a time: a caption takes about 25 ms on one core, a word 4 ms.
    """

    name = "nano reader"

    def __init__(self, reader: Reader) -> None:
        self._reader = reader.float().eval()
        self._lock = threading.Lock()

    @classmethod
    def load(cls, path: Path) -> LearnedClipReader:
        """Raises FileNotFoundError or ValueError as `load_reader` does."""
        return cls(load_reader(path))

    def knows(self, name: str) -> bool:
        """Whether it can be asked about a thing of this name."""
        return name in self._reader.vocabulary.plurals

    def caption(self, short_term: ShortTerm) -> Caption:
        """What a clip shows, S_k `[rows, C]`."""
        with self._lock:
            text, log_p = self._reader.caption(_rows(short_term))
        return Caption(text, float(np.exp(log_p)))

    def names(self, short_term: ShortTerm) -> tuple[Label, ...]:
        """What is in a clip, surest first."""
        with self._lock:
            found = self._reader.names(_rows(short_term))
        return tuple(Label(name, round(p, 4)) for name, p in found)

    def ask(self, short_term: ShortTerm, kind: str, name: str | None = None) -> Label | None:
        """One word about a clip; None for a name that it does not know, a thing that is not there, or no clear colour.

        Raises ValueError for a kind that does not go with (or without) a name.
        """
        if name is not None and not self.knows(name) and kind in THING_PROMPTS:
            return None
        with self._lock:
            word, p = self._reader.ask(_rows(short_term), kind, name)
        return None if word in (NOTHING, UNCLEAR) else Label(word, round(p, 4))


def _rows(short_term: ShortTerm) -> torch.Tensor:
    return torch.from_numpy(np.array(short_term, np.float32))
