"""What is remembered, as an append-only log with a version for every entry.

One thread writes. An entry is filled in completely before the version that makes it visible is published, so a reader
on any thread takes the prefix up to a version without a lock and never sees a later entry. A change of mind
(`answered`) is an entry too. Forgetting builds new tracks and swaps them in at once; versions never go back.

The log holds what ranking needs (times, words, vectors); pictures and S_k stay in the store.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.records import FrameFeatures, Heard, Label, Spoken

T = TypeVar("T")


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


Amendment = tuple[int, bool | None]
"""(version, answered)"""


class AmendedWords(Sequence[WordsEntry]):
    """A prefix of the words, each as it was known at a version. Amended only where it is looked at."""

    def __init__(
        self, items: Sequence[WordsEntry], amendments: Mapping[int, tuple[Amendment, ...]], version: int
    ) -> None:
        self._items = items
        self._amendments = amendments
        self._version = version

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, index: int) -> WordsEntry: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[WordsEntry]: ...
    def __getitem__(self, index: int | slice) -> WordsEntry | Sequence[WordsEntry]:
        if isinstance(index, slice):
            return AmendedWords(self._items[index], self._amendments, self._version)
        entry = self._items[index]
        known = [answered for version, answered in self._amendments.get(entry.row, ()) if version <= self._version]
        return replace(entry, spoken=replace(entry.spoken, answered=known[-1])) if known else entry


class GrowingRows:
    """Rows `[n, width]` that only grow; a prefix once read stays as it was."""

    def __init__(self, dtype: type[np.floating] = np.float32) -> None:
        self._dtype = dtype
        self._rows: NDArray = np.zeros((0, 0), dtype)
        self._n = 0

    def append(self, row: NDArray) -> None:
        """Add a row; the first one sets the width."""
        if self._n == len(self._rows):
            grown = np.zeros((max(64, 2 * self._n), len(row)), self._dtype)
            if self._n:
                grown[: self._n] = self._rows
            self._rows = grown
        self._rows[self._n] = row
        self._n += 1

    def first(self, n: int) -> NDArray:
        """The first n rows, not a copy; do not write to them."""
        return self._rows[:n]


@dataclass(slots=True)
class Track(Generic[T]):
    """Entries of one kind, their versions, and a vector for each where the kind has one."""

    items: list[T] = field(default_factory=list)
    versions: list[int] = field(default_factory=list)
    vectors: GrowingRows = field(default_factory=GrowingRows)
    lengths: GrowingRows = field(default_factory=GrowingRows)  # of the vectors
    times: GrowingRows = field(default_factory=lambda: GrowingRows(np.float64))

    def append(self, item: T, version: int, times: tuple[float, ...], vector: NDArray | None = None) -> None:
        """Add an entry; visible to readers of `version` and later. `times`: start_s, end_s and, for words, the row."""
        if vector is not None:
            self.vectors.append(vector)
            self.lengths.append(np.array([np.linalg.norm(vector.astype(np.float32))]))
        self.times.append(np.array(times))
        self.items.append(item)
        self.versions.append(version)

    def upto(self, version: int) -> int:
        """How many entries a reader of `version` sees."""
        return bisect_right(self.versions, version)

    def keep(self, wanted: Callable[[T], bool]) -> Track[T]:
        """A new track of the wanted entries, with the versions that they had."""
        kept: Track[T] = Track()
        n = len(self.items)
        vectors, times = self.vectors.first(n), self.times.first(n)
        for i, (item, version) in enumerate(zip(self.items, self.versions, strict=True)):
            if wanted(item):
                vector = vectors[i] if len(vectors) else None
                kept.append(item, version, tuple(times[i]), vector)
        return kept


@dataclass(frozen=True, slots=True)
class Tracks:
    """All tracks; replaced as a whole when something is forgotten."""

    clips: Track[ClipEntry] = field(default_factory=Track)
    words: Track[WordsEntry] = field(default_factory=Track)
    sounds: Track[SoundEntry] = field(default_factory=Track)
    amendments: dict[int, tuple[Amendment, ...]] = field(default_factory=dict)  # by row, oldest first
    names: dict[str, list[tuple[int, float]]] = field(default_factory=dict)  # label word -> clip's position, score

    def name_clip(self, position: int, labels: Sequence[Label]) -> None:
        """Make a clip findable by its labels and by their words."""
        for label in labels:
            text = label.text.lower()
            for word in dict.fromkeys((text, *text.split())):
                self.names.setdefault(word, []).append((position, label.score))


@dataclass(frozen=True, slots=True)
class LogView:
    """The prefix of the log up to a version. Times are `[n, 2]` float64: start_s, end_s; of words also their row.

    globals: g_k of the clips `[n, C]`, as the compressor made them; lengths: those of g_k, `[n]`.
    """

    version: int
    clips: Sequence[ClipEntry]
    clip_times: NDArray[np.float64]
    globals: NDArray[np.float32]
    lengths: NDArray[np.float32]
    words: Sequence[WordsEntry]
    word_times: NDArray[np.float64]
    word_vectors: NDArray[np.float32]
    sounds: Sequence[SoundEntry]
    sound_times: NDArray[np.float64]
    open_frames: tuple[FrameEntry, ...]
    next_clip: int  # the number of the clip that was open
    names: Mapping[str, Sequence[tuple[int, float]]]  # also of later clips: see `named`

    def named(self, words: Sequence[str]) -> dict[int, float]:
        """Positions of the clips that have one of the words as a label or in one, with the best score."""
        found: dict[int, float] = {}
        for word in words:
            known = self.names.get(word, ())
            for position, score in known[: bisect_left(known, (len(self.clips), -1.0))]:
                found[position] = max(score, found.get(position, 0.0))
        return found


class RecordsLog:
    """Append-only log: one writer, any number of readers."""

    RECENT_FRAMES = 48  # the open clip, and two more that may have closed between a snapshot and its recall
    RECENT_SOUNDS = 32  # that may still be renamed

    def __init__(self) -> None:
        self._version = 0
        self._tracks = Tracks()
        self._frames: tuple[FrameEntry, ...] = ()

    @property
    def version(self) -> int:
        """The newest version. Any thread."""
        return self._version

    def add_frame(self, clip: int, t_s: float, features: FrameFeatures, labels: tuple[Label, ...]) -> None:
        """A frame joined the open clip, which will have the number `clip`."""
        entry = FrameEntry(self._version + 1, clip, t_s, features, labels)
        self._frames = (*self._frames, entry)[-self.RECENT_FRAMES :]
        self._version += 1

    def add_clip(self, clip: ClipEntry, global_: NDArray[np.float32]) -> None:
        """A clip closed; it ended with the newest frame but those after `clip.end_s`."""
        self._tracks.name_clip(len(self._tracks.clips.items), clip.labels)
        self._tracks.clips.append(clip, self._version + 1, (clip.start_s, clip.end_s), global_)
        self._version += 1

    def amend_clip(self, clip: ClipEntry) -> None:
        """A closed clip got its caption. That says nothing new about the stream, so older readers may see it too."""
        items = self._tracks.clips.items
        position = bisect_left(items, clip.id, key=lambda item: item.id)
        if position < len(items) and items[position].id == clip.id:
            items[position] = clip

    def add_words(self, words: WordsEntry, vector: NDArray[np.float32]) -> None:
        """Words were said."""
        spoken = words.spoken
        self._tracks.words.append(words, self._version + 1, (spoken.start_s, spoken.end_s, words.row), vector)
        self._version += 1

    def amend_words(self, row: int, answered: bool | None) -> None:
        """It was decided whether the words of a row were answered."""
        amendments = self._tracks.amendments
        amendments[row] = (*amendments.get(row, ()), (self._version + 1, answered))
        self._version += 1

    def add_sound(self, sound: SoundEntry) -> None:
        """A sound ended."""
        self._tracks.sounds.append(sound, self._version + 1, (sound.heard.start_s, sound.heard.end_s))
        self._version += 1

    def rename_sound(self, heard: Heard) -> SoundEntry | None:
        """One of the newest sounds got a better name; None when there is none of that origin and begin.

        That says nothing new about the stream, so older readers may hear it too.
        """
        items = self._tracks.sounds.items
        for position in range(len(items) - 1, max(-1, len(items) - 1 - self.RECENT_SOUNDS), -1):
            known = items[position].heard
            if (known.origin, known.start_s) == (heard.origin, heard.start_s):
                items[position] = replace(items[position], heard=heard)
                return items[position]
        return None

    def view(self, version: int | None = None) -> LogView:
        """The prefix up to `version` (the newest by default). Any thread, no lock."""
        version = self._version if version is None else version
        tracks, frames = self._tracks, self._frames
        clips, words, sounds = tracks.clips, tracks.words, tracks.sounds
        n_clips, n_words, n_sounds = clips.upto(version), words.upto(version), sounds.upto(version)
        seen = [frame for frame in frames if frame.version <= version]
        # The newest frame tells which clip was open, unless a clip that holds it had been closed by then.
        open_clip = seen[-1].clip if seen else 0
        if n_clips and clips.items[n_clips - 1].id >= open_clip:
            open_clip, seen = clips.items[n_clips - 1].id + 1, []
        return LogView(
            version=version,
            clips=clips.items[:n_clips],
            clip_times=clips.times.first(n_clips).reshape(n_clips, 2),
            globals=clips.vectors.first(n_clips),
            lengths=clips.lengths.first(n_clips).reshape(n_clips),
            words=AmendedWords(words.items[:n_words], tracks.amendments, version),
            word_times=words.times.first(n_words).reshape(n_words, 3),
            word_vectors=words.vectors.first(n_words),
            sounds=sounds.items[:n_sounds],
            sound_times=sounds.times.first(n_sounds).reshape(n_sounds, 2),
            open_frames=tuple(frame for frame in seen if frame.clip == open_clip),
            next_clip=open_clip,
            names=tracks.names,
        )

    def forget(
        self,
        clip: Callable[[ClipEntry], bool],
        words: Callable[[WordsEntry], bool],
        sound: Callable[[SoundEntry], bool],
        frame: Callable[[FrameEntry], bool],
    ) -> None:
        """Drop the entries for which a function says so; the others keep their versions."""
        tracks = self._tracks
        kept_words = tracks.words.keep(lambda item: not words(item))
        rows = {item.row for item in kept_words.items}
        self._frames = tuple(item for item in self._frames if not frame(item))
        kept = Tracks(
            clips=tracks.clips.keep(lambda item: not clip(item)),
            words=kept_words,
            sounds=tracks.sounds.keep(lambda item: not sound(item)),
            amendments={row: known for row, known in tracks.amendments.items() if row in rows},
        )
        for position, kept_clip in enumerate(kept.clips.items):
            kept.name_clip(position, kept_clip.labels)
        self._tracks = kept
        self._version += 1
