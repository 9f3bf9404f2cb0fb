"""What the log holds of each thing that is remembered."""

from __future__ import annotations

from dataclasses import dataclass

from omnilive_demo.records import FrameFeatures, Heard, Label, Spoken


@dataclass(frozen=True, slots=True)
class ClipEntry:
    """A closed clip without its pictures and its S_k."""

    id: int
    start_s: float
    end_s: float
    frames: int
    labels: tuple[Label, ...]
    caption: str
    tokens_seen: int
    tokens_kept: int
    bytes: int

    @property
    def bare(self) -> bool:
        """Whether its pictures and S_k were let go to make room: g_k is its one token."""
        return self.tokens_kept == 1


@dataclass(frozen=True, slots=True)
class WordsEntry:
    """Words with their row in the store, which the full-text index knows them by."""

    row: int
    spoken: Spoken


@dataclass(frozen=True, slots=True)
class SoundEntry:
    """A sound with its row in the store."""

    row: int
    heard: Heard


@dataclass(frozen=True, slots=True)
class FrameEntry:
    """A recent frame, for compressing the clip that was open at a snapshot."""

    version: int
    clip: int
    t_s: float
    features: FrameFeatures
    labels: tuple[Label, ...]
