"""Where the memory is kept, as a protocol: one session's clips, words, sounds and long-term memory.

A store is written by one thread and read by any. Entries are immutable once written, except that the words of an
utterance may still become answered or not. What goes wrong is a `StoreError` with a sentence for the page.
Each session has a folder of its own, so that deleting it leaves nothing.
"""

from __future__ import annotations

import re
import shutil
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.memory.records_log import ClipEntry, SoundEntry, WordsEntry
from omnilive_demo.records import Clip


class StoreError(RuntimeError):
    """The store failed. The message and `hint` are for the page; `clip` is what was remembered in RAM instead."""

    def __init__(self, code: str, message: str, hint: str = "", clip: Clip | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint
        self.clip = clip


@dataclass(frozen=True, slots=True)
class Sitting:
    """One run of the process on a store: stream time `start_s` was at wall-clock `epoch_s` (seconds since 1970).

    space: the name of the space that S and g of its clips lie in; those of another space cannot be compared.
    """

    epoch_s: float
    start_s: float
    space: str = ""


@dataclass(frozen=True, slots=True)
class StoredMemory:
    """All that a reopened memory starts from. `damage` are sentences about what could not be read."""

    clips: tuple[tuple[ClipEntry, NDArray[np.float32]], ...]  # each with its g_k
    words: tuple[tuple[WordsEntry, NDArray[np.float32]], ...]  # each with its sentence vector
    sounds: tuple[SoundEntry, ...]
    sittings: tuple[Sitting, ...]
    next_clip: int
    next_words: int
    next_sound: int
    damage: tuple[str, ...]

    @property
    def end_s(self) -> float | None:
        """When the last thing in it ended, in stream time; None where there is nothing."""
        ends_s = [
            *(entry.end_s for entry, _ in self.clips[-1:]),
            *(words.spoken.end_s for words, _ in self.words[-1:]),
            *(sound.heard.end_s for sound in self.sounds[-1:]),
            *(sitting.start_s for sitting in self.sittings[-1:]),
        ]
        return max(ends_s, default=None)

    def spaces_of(self, times_s: Sequence[float]) -> list[str]:
        """The space of what was compressed at each of some moments."""
        starts_s = [sitting.start_s for sitting in self.sittings]
        spaces = ["", *(sitting.space for sitting in self.sittings)]
        return [spaces[bisect_right(starts_s, t_s)] for t_s in times_s]

    def globals_in(self, space: str, width: int) -> NDArray[np.float32]:
        """g_k of the clips `[n, width]`. One that another compressor made cannot be compared with a question any more
        (zeros), but keeps its words.
        """
        found = np.zeros((len(self.clips), width), np.float32)
        spaces = self.spaces_of([entry.start_s for entry, _ in self.clips])
        for row, (_, global_), known in zip(found, self.clips, spaces, strict=True):
            if known == space and len(global_) == width:
                row[:] = global_
        return found


class MemoryStore(Protocol):
    """One session's store. Every method may raise `StoreError`; a write that did left nothing behind."""

    def load(self) -> StoredMemory:
        """Everything but pictures and S_k; entries that are damaged are left out and reported."""
        ...

    def check(self, clips: Sequence[int]) -> tuple[str, ...]:
        """Read pictures and S_k of clips, which `load` did not; sentences about what is lost."""
        ...

    def begin(self, sitting: Sitting) -> None:
        """A process starts to write."""
        ...

    def add_clip(self, entry: ClipEntry, clip: Clip) -> None:
        """Keep a closed clip."""
        ...

    def amend_clip(self, entry: ClipEntry, frame_times_s: Sequence[float] | None = None) -> None:
        """Keep the caption that a clip got later or, with the times of all its frames, that it went on."""
        ...

    def add_words(self, entry: WordsEntry, vector: NDArray[np.float32]) -> None:
        """Keep words, with their sentence vector, and index them."""
        ...

    def amend_words(self, row: int, answered: bool | None) -> None:
        """Keep whether words were answered."""
        ...

    def add_sound(self, entry: SoundEntry) -> None:
        """Keep a sound."""
        ...

    def amend_sound(self, entry: SoundEntry) -> None:
        """Keep the name that a sound got later."""
        ...

    def add_long_term(self, segment: int, clips: Sequence[int], rows: NDArray[np.float32]) -> None:
        """Keep H̄ of a full segment: the clips that it was integrated from and a row for each."""
        ...

    def read_clip(self, clip: int) -> Clip | None:
        """A whole clip; None when there is none of that number. Parts that are damaged are left out."""
        ...

    def read_short_term(self, clip: int) -> NDArray[np.float16] | None:
        """S_k alone."""
        ...

    def read_long_term(self, segment: int) -> tuple[tuple[int, ...], NDArray[np.float32]] | None:
        """H̄ of a segment, as it was kept."""
        ...

    def match_words(
        self, words: Sequence[str], last_row: int, limit: int
    ) -> tuple[dict[str, tuple[int, ...]], dict[int, float]]:
        """Full-text search up to a row: the rows that hold each word (newest first), and bm25 of the best rows."""
        ...

    def forget(
        self, clips: Sequence[int], words: Sequence[int], sounds: Sequence[int], segments: Sequence[int]
    ) -> None:
        """Delete for good, index entries and free pages included."""
        ...

    def close(self) -> None:
        """Write out and let go. Safe to call twice."""
        ...

    def used_bytes(self) -> int:
        """What the store takes on disk, less the room that was freed in it and will be used again."""
        ...

    def whole_clips(self, most: int) -> tuple[int, ...]:
        """The oldest clips that still have their pictures and S_k, in order."""
        ...

    def let_go(self, clips: Sequence[ClipEntry]) -> None:
        """Delete pictures and S_k of clips, whose entries are these now; their rows, words and g_k stay."""
        ...


def session_folder(data_dir: Path, session: str) -> Path:
    """Where the store of a session lies.

    Raises:
        ValueError: the name could lead elsewhere.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", session):
        raise ValueError("a session's name holds letters, digits, - and _ only")
    return data_dir / "sessions" / session


def delete_session(folder: Path) -> None:
    """Delete a session's store entirely; its memory must be closed. No such folder is fine."""
    if folder.parent.name != "sessions":
        raise ValueError(f"{folder} is not the folder of a session")
    if folder.exists():
        shutil.rmtree(folder)
