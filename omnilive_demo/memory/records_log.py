"""What is remembered, as an append-only log with a version for every entry.

One thread writes. An entry is filled in completely before the version that makes it visible is published, so a reader
on any thread takes the prefix up to a version without a lock and never sees a later entry. A change of mind
(`answered`) is an entry too, and so is a clip that goes on (`stretch_clip`). Forgetting builds new tracks and swaps
them in at once; versions never go back.

The log holds what ranking needs (times, words, vectors); pictures and S_k stay in the store. Nothing here takes longer
for a new entry, or for a view, because there are many: at most the times are copied.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import overload

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.memory.clip_index import ClipIndex
from omnilive_demo.memory.entries import ClipEntry as ClipEntry
from omnilive_demo.memory.entries import FrameEntry
from omnilive_demo.memory.entries import SoundEntry as SoundEntry
from omnilive_demo.memory.entries import WordsEntry as WordsEntry
from omnilive_demo.memory.growing import Prefix
from omnilive_demo.memory.name_index import NameIndex
from omnilive_demo.memory.totals import Totals
from omnilive_demo.memory.track import Track
from omnilive_demo.records import FrameFeatures, Heard, Label

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


@dataclass(slots=True)
class Tracks:
    """All tracks; replaced as a whole when something is forgotten. g_k is kept in float16, as it came."""

    clips: Track[ClipEntry] = field(default_factory=lambda: Track(np.float16))
    words: Track[WordsEntry] = field(default_factory=Track)
    sounds: Track[SoundEntry] = field(default_factory=Track)
    amendments: dict[int, tuple[Amendment, ...]] = field(default_factory=dict)  # by row, oldest first
    names: NameIndex = field(default_factory=NameIndex)
    index: ClipIndex = field(default_factory=ClipIndex)
    sound_names: dict[str, int] = field(default_factory=dict)  # label -> its code
    totals: Totals = field(default_factory=Totals)
    words_bytes: int = 0

    def take_clips(self, clips: Sequence[ClipEntry]) -> None:
        """Make clips that were just appended findable, and count them."""
        first = len(self.clips.items) - len(clips)
        self.names.add(first, [clip.labels for clip in clips])
        for position, clip in enumerate(clips, first):
            self.totals = self.totals.with_clip(clip, self.clips.items[position - 1] if position else None)
        if len(self.clips.vectors):
            self.index.grow(self.clips.vectors.all())

    def sound_code(self, label: str) -> int:
        """The number that stands for a sound's label."""
        return self.sound_names.setdefault(label, len(self.sound_names))


@dataclass(frozen=True, slots=True)
class LogView:
    """The prefix of the log up to a version. Times are `[n, 2]` float64: start_s, end_s.

    clip_numbers `[n]`; globals: g_k of the clips `[n, C]` float16, as the compressor made them; lengths: those of g_k.
    word_rows `[n]`: rows in the store; sound_codes `[n]`: labels of sounds, by `sound_names`.
    """

    version: int
    clips: Prefix[ClipEntry]
    clip_times: NDArray[np.float64]
    clip_numbers: NDArray[np.int64]
    globals: NDArray[np.float16]
    lengths: NDArray[np.float32]
    words: AmendedWords
    word_times: NDArray[np.float64]
    word_rows: NDArray[np.int64]
    word_vectors: NDArray[np.float32]
    sounds: Prefix[SoundEntry]
    sound_times: NDArray[np.float64]
    sound_codes: NDArray[np.int64]
    sound_names: Mapping[str, int]
    open_frames: tuple[FrameEntry, ...]
    next_clip: int  # the number of the clip that was open
    names: NameIndex  # also of later clips
    index: ClipIndex  # also of later clips

    def named(self, words: Sequence[str]) -> NDArray[np.float32]:
        """For each clip the best score of its labels that are, or hold, one of the words; 0 without one."""
        return self.names.scores(words, len(self.clips))


class RecordsLog:
    """Append-only log: one writer, any number of readers."""

    RECENT_FRAMES = 48  # the open clip, and two more that may have closed between a snapshot and its recall
    RECENT_SOUNDS = 32  # that may still be renamed
    RECENT_STRETCHES = 32  # that a snapshot may be older than: eight minutes

    def __init__(self) -> None:
        self._version = 0
        self._tracks = Tracks()
        self._frames: tuple[FrameEntry, ...] = ()
        self._stretches: tuple[tuple[int, ClipEntry], ...] = ()  # version, and what the clip was before it

    @property
    def version(self) -> int:
        """The newest version. Any thread."""
        return self._version

    @property
    def clip_count(self) -> int:
        """How many closed clips there are now."""
        return len(self._tracks.clips.items)

    @property
    def newest_clip(self) -> ClipEntry | None:
        """The clip that was closed last."""
        items = self._tracks.clips.items
        return items[-1] if items else None

    @property
    def totals(self) -> Totals:
        """Sums over all clips."""
        return self._tracks.totals

    @property
    def words_bytes(self) -> int:
        """What the words and their vectors take."""
        return self._tracks.words_bytes

    def add_frame(self, clip: int, t_s: float, features: FrameFeatures, labels: tuple[Label, ...]) -> None:
        """A frame joined the open clip, which will have the number `clip`."""
        entry = FrameEntry(self._version + 1, clip, t_s, features, labels)
        self._frames = (*self._frames, entry)[-self.RECENT_FRAMES :]
        self._version += 1

    def add_clip(self, clip: ClipEntry, global_: NDArray) -> None:
        """A clip closed; it ended with the newest frame but those after `clip.end_s`."""
        self.add_clips([clip], np.asarray(global_)[None])

    def add_clips(self, clips: Sequence[ClipEntry], globals_: NDArray) -> None:
        """Clips closed, one after another; g_k of all `[n, C]`."""
        if not clips:
            return
        times = np.array([(clip.start_s, clip.end_s) for clip in clips])
        self._tracks.clips.extend(clips, self._version + 1, times, [clip.id for clip in clips], globals_)
        self._tracks.take_clips(clips)
        self._version += len(clips)

    def amend_clip(self, clip: ClipEntry) -> None:
        """A closed clip got its caption. That says nothing new about the stream, so older readers may see it too."""
        items = self._tracks.clips.items
        position = bisect_left(items, clip.id, key=lambda item: item.id)
        if position < len(items) and items[position].id == clip.id:
            items[position] = clip

    def clip_of(self, number: int) -> ClipEntry | None:
        """The closed clip of a number, if there is one."""
        items = self._tracks.clips.items
        position = bisect_left(items, number, key=lambda item: item.id)
        return items[position] if position < len(items) and items[position].id == number else None

    def lighten_clip(self, clip: ClipEntry) -> None:
        """A closed clip takes less room now. That says nothing new about the stream."""
        before = self.clip_of(clip.id)
        if before is not None:
            self._tracks.totals = self._tracks.totals.grown(clip, before)
            self.amend_clip(clip)

    def quiet(self, from_s: float, to_s: float) -> bool:
        """Whether nothing that was said or heard lately touches a stretch of time."""
        tracks = self._tracks
        lately = (track.times.all()[-self.RECENT_SOUNDS :] for track in (tracks.words, tracks.sounds) if track.items)
        return not any(((times[:, 1] >= from_s) & (times[:, 0] <= to_s)).any() for times in lately)

    def stretch_clip(self, clip: ClipEntry) -> None:
        """The newest clip goes on: it ends later and counts more. Readers of older versions see it as it was."""
        tracks = self._tracks
        before = tracks.clips.items[-1]
        if before.id != clip.id:
            raise ValueError("only the newest clip can go on")
        self._stretches = (*self._stretches, (self._version + 1, before))[-self.RECENT_STRETCHES :]
        tracks.clips.items[-1] = clip
        tracks.clips.times.replace(len(tracks.clips.items) - 1, np.array((clip.start_s, clip.end_s)))
        tracks.totals = tracks.totals.grown(clip, before)
        self._version += 1

    def add_words(self, words: WordsEntry, vector: NDArray) -> None:
        """Words were said."""
        spoken = words.spoken
        self._tracks.words_bytes += _words_bytes(words, vector.size)
        self._tracks.words.append(words, self._version + 1, (spoken.start_s, spoken.end_s), words.row, vector)
        self._version += 1

    def amend_words(self, row: int, answered: bool | None) -> None:
        """It was decided whether the words of a row were answered."""
        amendments = self._tracks.amendments
        amendments[row] = (*amendments.get(row, ()), (self._version + 1, answered))
        self._version += 1

    def add_sound(self, sound: SoundEntry) -> None:
        """A sound ended."""
        heard, code = sound.heard, self._tracks.sound_code(sound.heard.label)
        self._tracks.sounds.append(sound, self._version + 1, (heard.start_s, heard.end_s), code)
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
                self._tracks.sounds.numbers.replace(position, np.array([self._tracks.sound_code(heard.label)]))
                return items[position]
        return None

    def view(self, version: int | None = None) -> LogView:
        """The prefix up to `version` (the newest by default). Any thread, no lock; nothing is copied but times."""
        version = self._version if version is None else version
        tracks, frames = self._tracks, self._frames
        clips, words, sounds = tracks.clips, tracks.words, tracks.sounds
        n_clips, n_words, n_sounds = clips.upto(version), words.upto(version), sounds.upto(version)
        shown, times = self._as_they_were(clips, n_clips, version)
        seen = [frame for frame in frames if frame.version <= version]
        # The newest frame tells which clip was open, unless a clip that holds it had been closed by then.
        open_clip = seen[-1].clip if seen else 0
        if n_clips and shown[-1].id >= open_clip:
            open_clip, seen = shown[-1].id + 1, []
        ended_s = times[-1, 1] if n_clips else -np.inf  # frames up to then went into a clip that was stretched
        return LogView(
            version=version,
            clips=shown,
            clip_times=times,
            clip_numbers=clips.numbers.first(n_clips).reshape(n_clips),
            globals=clips.vectors.first(n_clips),
            lengths=clips.lengths.first(n_clips).reshape(n_clips),
            words=AmendedWords(Prefix(words.items, n_words), tracks.amendments, version),
            word_times=words.times.first(n_words).reshape(n_words, 2),
            word_rows=words.numbers.first(n_words).reshape(n_words),
            word_vectors=words.vectors.first(n_words),
            sounds=Prefix(sounds.items, n_sounds),
            sound_times=sounds.times.first(n_sounds).reshape(n_sounds, 2),
            sound_codes=sounds.numbers.first(n_sounds).reshape(n_sounds),
            sound_names=tracks.sound_names,
            open_frames=tuple(frame for frame in seen if frame.clip == open_clip and frame.t_s > ended_s),
            next_clip=open_clip,
            names=tracks.names,
            index=tracks.index,
        )

    def _as_they_were(
        self, clips: Track[ClipEntry], n: int, version: int
    ) -> tuple[Prefix[ClipEntry], NDArray[np.float64]]:
        """The first n clips and their times. Only the last of them can have been stretched after `version`."""
        times = clips.times.first(n).reshape(n, 2).copy()
        if not n:
            return Prefix(clips.items, 0), times
        last = clips.items[n - 1]
        # Asked for after the others were read: what was stretched in between is among them.
        later = (before for made, before in self._stretches if made > version and before.id == last.id)
        last = next(later, last)
        times[-1] = last.start_s, last.end_s
        return Prefix(clips.items, n, {n - 1: last}), times

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
        width = tracks.words.vectors.all().shape[1] if rows else 0
        self._frames = tuple(item for item in self._frames if not frame(item))
        kept = Tracks(
            clips=tracks.clips.keep(lambda item: not clip(item)),
            words=kept_words,
            sounds=tracks.sounds.keep(lambda item: not sound(item)),
            amendments={row: known for row, known in tracks.amendments.items() if row in rows},
            sound_names=dict(tracks.sound_names),
            words_bytes=sum(_words_bytes(item, width) for item in kept_words.items),
        )
        kept.take_clips(kept.clips.items)
        self._tracks = kept
        self._version += 1


def _words_bytes(words: WordsEntry, width: int) -> int:
    return len(words.spoken.text.encode()) + 2 * width  # float16, as they are stored
