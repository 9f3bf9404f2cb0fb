"""What is remembered, by days and hours of the calendar, and by stretches of the stream.

A clip is counted where it begins, and its time where it passes: a night in which nothing changed is one clip, and so
many seconds of each of its hours. Everything comes from one view of the log: times, labels and counts that are in RAM
anyway. Pictures are only read for the clips that are asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.memory.calendar import DAY_S, Calendar
from omnilive_demo.memory.day_summary import summary_of
from omnilive_demo.memory.day_words import is_look
from omnilive_demo.memory.records_log import ClipEntry, LogView
from omnilive_demo.memory.stretch import Part, SeenThing, SoundCount, Stretch
from omnilive_demo.memory.totals import SMALL_GAP_S
from omnilive_demo.records import Clip, Heard, Spoken

HOUR_S = 3600.0
FIRST_DAY = date(1970, 1, 1)
ENOUGH_SCORE = 0.5  # labels below it say too little
MOST_SEEN = MOST_HEARD = 5
LONGEST_DAYS = 10_000  # of one clip: an imported memory may say anything


class ByDay:
    """One moment's memory by time; reads nothing that came later. Any thread.

    Args:
        view: what is remembered.
        calendar: where in time it lies.
        things: names of things among the labels; the others describe the picture. None: whatever is no such word.
        read: closed clips by their numbers, both ends included.
    """

    def __init__(
        self,
        view: LogView,
        calendar: Calendar,
        things: Container[object] | None,
        read: Callable[[int, int | None], Sequence[Clip]],
    ) -> None:
        self._view = view
        self._calendar = calendar
        self._things = things
        self._read = read

    @property
    def knows_local(self) -> bool:
        """Whether the visitor's local time is known here; else that of `offset_s` is taken."""
        return self._calendar.knows_local

    def days(self, most: int, before: date | None = None, offset_s: float = 0.0) -> tuple[tuple[Stretch, ...], bool]:
        """The newest days (before another one), oldest first, and whether there are older ones.

        Between two of them stand the days of which nothing is remembered, as one stretch.
        """
        last = None if before is None else (before - FIRST_DAY).days
        found, more = self._stretches(DAY_S, None, last, most, offset_s)
        return _with_gaps(found), more

    def hours(self, day: date, offset_s: float = 0.0) -> tuple[Stretch, ...]:
        """The hours of a day of which something is remembered, in order, and between them those without anything."""
        first = 24 * (day - FIRST_DAY).days
        return _with_gaps(self._stretches(HOUR_S, first, first + 24, 24, offset_s)[0])

    def between(self, from_s: float, to_s: float) -> Sequence[Clip]:
        """The closed clips that touch a stretch of the stream, read as they are asked for."""
        times = self._view.clip_times
        begin = int(np.searchsorted(times[:, 1], from_s))
        end = int(np.searchsorted(times[:, 0], to_s, side="right"))
        if begin >= end:
            return ()
        numbers = self._view.clip_numbers
        return self._read(int(numbers[begin]), int(numbers[end - 1]))

    def around(self, clip: int, most: int) -> Sequence[Clip]:
        """A closed clip amid its neighbours; nothing when there is no such clip."""
        numbers = self._view.clip_numbers
        at = int(np.searchsorted(numbers, clip))
        if at >= len(numbers) or numbers[at] != clip:
            return ()
        begin = max(0, min(at - most // 2, len(numbers) - most))
        return self._read(int(numbers[begin]), int(numbers[min(begin + most, len(numbers)) - 1]))

    def spoken(self, from_s: float, to_s: float, most: int) -> tuple[tuple[int, Spoken], ...]:
        """Words of a stretch, each with its place among all (from 1), the newest `most`."""
        at = _touching(self._view.word_times, from_s, to_s)[-most:]
        return tuple((int(i) + 1, self._view.words[int(i)].spoken) for i in at)

    def heard(self, from_s: float, to_s: float, most: int) -> tuple[Heard, ...]:
        """Sounds of a stretch, the newest `most`."""
        return tuple(self._view.sounds[int(i)].heard for i in _touching(self._view.sound_times, from_s, to_s)[-most:])

    def parts(self, times: NDArray[np.float64], offset_s: float = 0.0) -> tuple[Part, ...]:
        """Where in time some moments `[n, 2]` of the stream lie: of each time that the app ran one part."""
        sittings = self._calendar.sittings_of(times[:, 0])
        found = []
        for sitting in np.unique(sittings):
            own = times[sittings == sitting]
            start_s = own[:, 0].min()
            local_s = float(self._calendar.local(np.array([start_s]), offset_s)[0])
            found.append(Part(round(float(start_s), 3), round(float(own[:, 1].max()), 3), round(local_s, 3)))
        return tuple(sorted(found, key=lambda part: (part.local_s, part.start_s)))

    # ---- inside ------------------------------------------------------------------------------------------------------

    def _stretches(
        self, unit_s: float, first: int | None, last: int | None, most: int, offset_s: float
    ) -> tuple[list[Stretch], bool]:
        """The newest of the units (numbered since 1970) from `first` to before `last`; whether there are older ones."""
        clips = _Passing(self._view.clip_times, self._calendar, unit_s, offset_s)
        words = self._units(self._view.word_times, unit_s, offset_s)
        sounds = self._units(self._view.sound_times, unit_s, offset_s)
        units = np.unique(np.concatenate([clips.units, words, sounds]))
        if first is not None:
            units = units[units >= first]
        if last is not None:
            units = units[units < last]
        chosen = units[-most:]
        return [self._stretch(int(unit), unit_s, clips, words, sounds, offset_s) for unit in chosen], len(units) > most

    def _units(self, times: NDArray[np.float64], unit_s: float, offset_s: float) -> NDArray[np.int64]:
        return _unit_of(self._calendar.local(times[:, 0], offset_s), unit_s)

    def _stretch(
        self, unit: int, unit_s: float, clips: _Passing, words: NDArray[np.int64], sounds: NDArray[np.int64],
        offset_s: float,
    ) -> Stretch:  # fmt: skip
        view = self._view
        at, passing_s = clips.of(unit)
        entries = [view.clips[int(i)] for i in at]
        begun = [entry for entry, i in zip(entries, at, strict=True) if clips.first[i] == unit]
        said, heard = np.flatnonzero(words == unit), np.flatnonzero(sounds == unit)
        seen, looks = self._seen(entries, begun, passing_s)
        day = FIRST_DAY + timedelta(days=unit if unit_s == DAY_S else unit // 24)
        found = Stretch(
            date=day.isoformat(),
            hour=None if unit_s == DAY_S else unit % 24,
            parts=self._parts(unit, unit_s, at, said, heard, offset_s),
            clips=len(begun),
            seconds=round(max(0.0, float(passing_s.sum() + clips.gaps_s[at[clips.first[at] == unit]].sum())), 3),
            bytes=sum(entry.bytes for entry in begun),
            tokens_seen=sum(entry.tokens_seen for entry in begun),
            tokens_kept=sum(entry.tokens_kept for entry in begun),
            seen=seen,
            looks=looks,
            sounds=_counted(view.sounds[int(i)].heard for i in heard),
            utterances=len(said),
            longest_s=round(float(passing_s.max(initial=0.0)), 3),
            clip=_face(entries, passing_s, seen),
        )
        return replace(found, summary=summary_of(found))

    def _seen(
        self, entries: Sequence[ClipEntry], begun: Sequence[ClipEntry], passing_s: NDArray[np.float64]
    ) -> tuple[tuple[SeenThing, ...], tuple[SeenThing, ...]]:
        """Things, and words for how it looked, by the time of the clips that show them, longest first."""
        times: Counter[str] = Counter()
        counts = Counter(text for entry in begun for text in _sure(entry))
        for entry, seconds in zip(entries, passing_s.tolist(), strict=True):
            for text in _sure(entry):
                times[text] += seconds
        ranked = [
            SeenThing(text, counts[text], round(seconds, 3))
            for text, seconds in sorted(times.items(), key=lambda item: (-item[1], -counts[item[0]], item[0]))
        ]
        things = [one for one in ranked if self._is_thing(one.label)]
        looks = [one for one in ranked if not self._is_thing(one.label)]
        return tuple(things[:MOST_SEEN]), tuple(looks[:MOST_SEEN])

    def _is_thing(self, label: str) -> bool:
        return not is_look(label) if self._things is None else label in self._things

    def _parts(
        self, unit: int, unit_s: float, clips: NDArray[np.int64], words: NDArray[np.int64], sounds: NDArray[np.int64],
        offset_s: float,
    ) -> tuple[Part, ...]:  # fmt: skip
        """Where in the stream it lies: of each sitting one part, cut at the ends of the unit."""
        view = self._view
        times = np.concatenate([view.clip_times[clips], view.word_times[words], view.sound_times[sounds]])
        return tuple(_cut(part, unit * unit_s, (unit + 1) * unit_s) for part in self.parts(times, offset_s))


class _Passing:
    """Which clips pass through which unit, and for how long.

    first `[n]`: the unit that each clip begins in; gaps_s `[n]`: the moment before it that counts as its own, as in
    `totals`; units: all that any clip touches.
    """

    def __init__(self, times: NDArray[np.float64], calendar: Calendar, unit_s: float, offset_s: float) -> None:
        begins = calendar.local(times[:, 0], offset_s)
        ends = begins + times[:, 1] - times[:, 0]
        self.first = _unit_of(begins, unit_s)
        most = int(LONGEST_DAYS * DAY_S / unit_s) - 1
        counts = np.clip(_unit_of(ends, unit_s) - self.first, 0, most) + 1
        self._clips = np.repeat(np.arange(len(times)), counts)
        steps = np.arange(len(self._clips)) - np.repeat(np.cumsum(counts) - counts, counts)
        passed = self.first[self._clips] + steps
        from_s = np.maximum(begins[self._clips], passed * unit_s)
        to_s = np.minimum(ends[self._clips], (passed + 1) * unit_s)
        order = np.argsort(passed, kind="stable")
        self._clips, self._passed, self._seconds = self._clips[order], passed[order], (to_s - from_s)[order]
        self.units = np.unique(self._passed)
        apart_s = times[1:, 0] - times[:-1, 1]
        self.gaps_s = np.concatenate([np.zeros(min(1, len(times))), np.where(apart_s <= SMALL_GAP_S, apart_s, 0.0)])

    def of(self, unit: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The clips of a unit, in order, and their seconds in it."""
        begin, end = np.searchsorted(self._passed, [unit, unit + 1])
        return self._clips[begin:end], self._seconds[begin:end]


def _cut(part: Part, from_local_s: float, to_local_s: float) -> Part:
    early_s = max(0.0, from_local_s - part.local_s)
    end_s = min(part.end_s, part.start_s + to_local_s - part.local_s)
    return Part(round(part.start_s + early_s, 3), round(end_s, 3), round(part.local_s + early_s, 3))


def _unit_of(local_s: NDArray[np.float64], unit_s: float) -> NDArray[np.int64]:
    return np.floor(local_s / unit_s).astype(np.int64)


def _touching(times: NDArray[np.float64], from_s: float, to_s: float) -> NDArray[np.int64]:
    return np.flatnonzero((times[:, 1] >= from_s) & (times[:, 0] <= to_s))


def _sure(entry: ClipEntry) -> set[str]:
    return {label.text.lower() for label in entry.labels if label.score >= ENOUGH_SCORE}


def _counted(sounds: Iterable[Heard]) -> tuple[SoundCount, ...]:
    counts = Counter(sound.label for sound in sounds)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(SoundCount(label, count) for label, count in ranked[:MOST_HEARD])


def _face(entries: Sequence[ClipEntry], passing_s: NDArray[np.float64], seen: Sequence[SeenThing]) -> int | None:
    """The clip whose picture stands for all: the one that shows the most seen thing best, else the longest."""
    name = seen[0].label if seen else ""
    best: tuple[float, float] = (-1.0, -1.0)
    face = None
    for entry, seconds in zip(entries, passing_s.tolist(), strict=True):
        score = max((label.score for label in entry.labels if label.text.lower() == name), default=0.0)
        if not entry.bare and (score, seconds) > best:
            best, face = (score, seconds), entry.id
    return face


def _with_gaps(found: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """With what lies between two of them, as one stretch in which there is nothing."""
    out: list[Stretch] = []
    for stretch in found:
        if out and (missing := _apart(out[-1], stretch) - 1) > 0:
            out.append(_nothing(out[-1], missing))
        out.append(stretch)
    return tuple(out)


def _moment(stretch: Stretch) -> datetime:
    return datetime.combine(date.fromisoformat(stretch.date), datetime.min.time(), UTC) + timedelta(
        hours=stretch.hour or 0
    )


def _apart(before: Stretch, after: Stretch) -> int:
    unit_s = DAY_S if after.hour is None else HOUR_S
    return round((_moment(after) - _moment(before)).total_seconds() / unit_s)


def _nothing(before: Stretch, length: int) -> Stretch:
    step = timedelta(days=1) if before.hour is None else timedelta(hours=1)
    begin = _moment(before) + step
    empty = Stretch(begin.date().isoformat(), None if before.hour is None else begin.hour, length)
    return replace(empty, summary=summary_of(empty))
