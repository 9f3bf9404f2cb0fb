"""An exported memory is taken in behind what is remembered: numbers go on, times are shifted, days stay what they were.

The stream's clock jumps over the length of what comes in, first of all, so that what is perceived meanwhile lies behind
it. The archive is read to the end before anything is remembered; then it goes in a few entries at a time, so that other
sessions are not kept waiting. When the disk fills up, it ends there and says how far it came.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from omnilive_demo import telling, told
from omnilive_demo.clock import SessionClock
from omnilive_demo.events import Caption, PageEvent, SoundNoticed
from omnilive_demo.memory.archive_reading import Archive, Extent
from omnilive_demo.memory.long_memory import LongMemory
from omnilive_demo.memory.store import Sitting
from omnilive_demo.records import Clip, Heard, Spoken

GAP_S = 1.0  # between what was there, what comes in, and what follows
AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class TakenIn:
    """How much was taken in, and where it lies. `fault`: why it is not all."""

    clips: int
    spoken: int
    sounds: int
    start_s: float
    end_s: float
    fault: str = ""


class TakingIn:
    """One archive on its way in.

    `open` never touches the memory and runs on a thread of its own; `begin`, `slice` and `finish` run on the memory's
    lane, `place` on the loop.

    Raises (`open`):
        ArchiveError: it cannot be taken in; the message is fit for the page.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._archive: Archive | None = None
        self._extent: Extent
        self._entries: Iterator[Clip | Spoken | Heard] = iter(())
        self._shift_s = 0.0
        self._live: Sitting
        self._counts = {Clip: 0, Spoken: 0, Heard: 0}
        self._clips: list[int] = []
        self._newest: list[Spoken | Heard] = []
        self._spaces: list[Sitting] = []
        self.fault = ""

    @property
    def total(self) -> int:
        """How many entries there are."""
        return self._extent.entries

    @property
    def done(self) -> int:
        """How many are in."""
        return sum(self._counts.values())

    @property
    def live_s(self) -> float:
        """Stream time at which what is perceived now goes on."""
        return self._live.start_s

    def open(self) -> None:
        """Open the archive and read all of it. Slow."""
        self._archive = Archive(self._path)
        self._extent = self._archive.check()

    def place(self, clock: SessionClock, sittings: tuple[Sitting, ...]) -> None:
        """Find the place for it in the stream, and let the clock jump over that."""
        now_s, this = clock.now_s(), sittings[-1]
        start_s = now_s + GAP_S
        self._shift_s = start_s - self._extent.start_s
        live_s = self._extent.end_s + self._shift_s + GAP_S
        clock.skip_to(live_s)
        self._live = Sitting(this.epoch_s + now_s - this.start_s, live_s, this.space)

    def begin(self, memory: LongMemory) -> tuple[PageEvent, ...]:
        """Close what is open, and say from when it is. What the page is told."""
        assert self._archive is not None
        closed = memory.close_clip()
        start_s = self._extent.start_s
        for sitting in self._archive.sittings:
            late_s = max(0.0, start_s - sitting.start_s)  # it began before anything was remembered
            placed = replace(
                sitting, epoch_s=sitting.epoch_s + late_s, start_s=sitting.start_s + late_s + self._shift_s
            )
            if placed.start_s < self.live_s:
                self._spaces.append(placed)
        if not self._spaces:
            self._spaces.append(Sitting(self._live.epoch_s, start_s + self._shift_s))
        for sitting in self._spaces:
            memory.sit(sitting)
        self._entries = self._all(self._archive)
        return () if closed is None else (telling.told_clip(closed),)

    def _all(self, archive: Archive) -> Iterator[Clip | Spoken | Heard]:
        yield from archive.clips()
        yield from archive.spoken()
        yield from archive.sounds()

    def slice(self, memory: LongMemory) -> bool:
        """Take some entries in; whether there may be more."""
        entries = list(islice(self._entries, AT_ONCE))
        for entry in entries:
            self._take(memory, entry)
            if (fault := memory.store_fault) is not None:
                self.fault = f"{fault} {self.done:,} of {self.total:,} moments were taken in."
                return False
        return len(entries) == AT_ONCE

    def _take(self, memory: LongMemory, entry: Clip | Spoken | Heard) -> None:
        moved = replace(entry, start_s=entry.start_s + self._shift_s, end_s=entry.end_s + self._shift_s)
        if isinstance(moved, Clip):
            times_s = tuple(t_s + self._shift_s for t_s in moved.frame_times_s)
            frames = tuple(replace(frame, t_s=frame.t_s + self._shift_s) for frame in moved.key_frames)
            whole = replace(moved, frame_times_s=times_s, key_frames=frames)
            space = [sitting.space for sitting in self._spaces if sitting.start_s <= whole.start_s][-1:]
            taken = memory.adopt(whole, space == [self._live.space])
            self._clips = [*self._clips, taken.id][-told.CLIPS :]
        elif isinstance(moved, Spoken):
            self._newest = [*self._newest, memory.adopt_spoken(moved)][-told.ROW :]
        else:
            memory.add_heard(moved)
            self._newest = [*self._newest, moved][-told.ROW :]
        self._counts[type(entry)] += 1

    def finish(self, memory: LongMemory) -> tuple[PageEvent, ...]:
        """The stream goes on behind it, or behind as much of it as was taken in. What the page is told."""
        memory.sit(self._live)
        if self.done < self.total and not self.fault:
            self.fault = f"The import was ended: {self.done:,} of {self.total:,} moments were taken in."
        clips = [memory.clips(number, number) for number in self._clips]
        events: list[PageEvent] = [telling.told_clip(found[0]) for found in clips if found]
        for entry in sorted(self._newest, key=lambda one: one.start_s):
            if isinstance(entry, Spoken):
                span = (entry.start_s, entry.end_s)
                events.append(Caption(entry.utterance, entry.text, True, entry.origin, *span, entry.answered))
            else:
                events.append(SoundNoticed(entry.label, entry.score, entry.start_s, entry.end_s, entry.origin))
        return (*events, memory.figures())

    def result(self) -> TakenIn:
        """What came of it."""
        counts = (self._counts[Clip], self._counts[Spoken], self._counts[Heard])
        return TakenIn(*counts, self._extent.start_s + self._shift_s, self._extent.end_s + self._shift_s, self.fault)

    def close(self) -> None:
        """Let go of the archive."""
        if self._archive is not None:
            self._archive.close()


@dataclass(frozen=True, slots=True)
class Import:
    """An archive's turn among the writes of a memory.

    Args:
        progress: told how many entries of how many are in.
        allow: raises InputError while the clock may not jump.
        done: what came of it.
    """

    taking: TakingIn
    clock: SessionClock
    progress: Callable[[int, int], None]
    allow: Callable[[], None]
    done: asyncio.Future[TakenIn]

    def __call__(self) -> None:
        """Never run on the lane as a whole."""

    def end(self, result: TakenIn | BaseException) -> None:
        """Tell who waits."""
        if self.done.done():
            return
        if isinstance(result, TakenIn):
            self.done.set_result(result)
        elif isinstance(result, asyncio.CancelledError):
            self.done.cancel()
        else:
            self.done.set_exception(result)
