"""What the session asks of the memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from omnilive_demo.cancel import CancelToken
from omnilive_demo.events import MemoryFigures
from omnilive_demo.memory.by_day import ByDay
from omnilive_demo.memory.store import Sitting, StoreError
from omnilive_demo.records import Clip, Heard, KeyFrame, Question, Recall, SeenFrame, Snapshot, Spoken


class LongMemory(Protocol):
    """One session's multi-modal long memory: append-only, read by version.

    `see`, `add_spoken`, `add_heard`, `rename_heard`, `close` write and run on one writer thread, in order; `recall`
    reads a prefix of the entries and may run beside them on another thread.
    """

    start_s: float
    """Stream time at which this run goes on; 0 for a new memory."""
    damage: tuple[str, ...]
    """Sentences about what could not be read back."""
    sittings: tuple[Sitting, ...]
    """When each part of it was remembered; the last one is this run."""

    @property
    def next_clip(self) -> int:
        """The number that the open clip will have."""
        ...

    def see(self, frame: SeenFrame) -> Clip | None:
        """Take a frame into the open clip. Returns the clip that this frame closed, compressed and stored, if any.

        Raises:
            StoreError: the clip is remembered in RAM but could not be written; the message is fit for the page.
        """
        ...

    def caption(self, clip: int) -> Clip | None:
        """Write the caption of a closed clip (writer thread, when there is time). None when there is nothing to say."""
        ...

    def set_caption(self, clip: int, text: str) -> Clip | None:
        """Take down a caption that somebody else wrote. None when there is no such clip any more."""
        ...

    def add_spoken(self, spoken: Spoken) -> None:
        """Remember words (also those that are not answered); a known `utterance` number amends `answered` only."""
        ...

    def add_heard(self, heard: Heard) -> None:
        """Remember a sound."""
        ...

    def rename_heard(self, heard: Heard) -> None:
        """One of the newest sounds, known by its origin and begin, has another label and score.

        When it was forgotten, nothing happens.
        """
        ...

    def close_clip(self) -> Clip | None:
        """Close the open clip, however short; returns the clip that its frames are in now, if any."""
        ...

    def adopt(self, clip: Clip, comparable: bool) -> Clip:
        """Remember a clip of another memory under the next number. comparable: its S and g are of our space."""
        ...

    def adopt_spoken(self, spoken: Spoken) -> Spoken:
        """Remember words of another memory. Returns them with a number that nothing said in a session has."""
        ...

    def sit(self, sitting: Sitting) -> None:
        """From `sitting.start_s` on the stream is of another time."""
        ...

    @property
    def store_fault(self) -> StoreError | None:
        """Why new memories are not being saved just now; None while they are."""
        ...

    def snapshot(self, t_s: float) -> Snapshot:
        """The memory as it is now. Cheap; any thread."""
        ...

    def recall(self, question: Question, cancel: CancelToken, with_long_term: bool = False) -> Recall:
        """The best evidence for a question within its snapshot, best first; the open clip is compressed for it.

        with_long_term: H̄ comes along, for a reasoner that reads it.
        """
        ...

    def clips(self, first: int = 0, last: int | None = None) -> Sequence[Clip]:
        """Closed clips whose number is `first` to `last` (included), for the timeline; read as they are asked for."""
        ...

    def by_day(self) -> ByDay:
        """What is remembered now, by days, hours and stretches of time. Any thread; slow to read."""
        ...

    def clip_numbers(self) -> frozenset[int]:
        """The numbers of all closed clips."""
        ...

    def check(self, first: int, last: int) -> tuple[str, ...]:
        """Whether pictures and S_k of clips can still be read; sentences about those that cannot. Any thread."""
        ...

    def open_clip(self) -> tuple[float, float, int, KeyFrame] | None:
        """The growing clip for the timeline: start_s, end_s, frames, newest picture."""
        ...

    def spoken(self) -> Sequence[Spoken]:
        """All words, in order."""
        ...

    def heard(self) -> Sequence[Heard]:
        """All sounds, in order."""
        ...

    def search(self, words: str, limit: int = 20) -> Recall:
        """Full-text and meaning search for the page's search box."""
        ...

    def forget(self, from_s: float | None = None, to_s: float | None = None) -> MemoryFigures:
        """Forget a range, or everything: rows, pictures and index entries."""
        ...

    def figures(self) -> MemoryFigures:
        """Clips, seconds, bytes, tokens seen and kept."""
        ...

    def close(self) -> None:
        """Close the open clip and the store."""
        ...
