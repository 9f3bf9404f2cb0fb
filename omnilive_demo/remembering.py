"""One session's memory at work: writes in order on the memory's lane, and tells the page what came of them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from omnilive_demo import telling, told
from omnilive_demo.clock import SessionClock
from omnilive_demo.engine import Engine
from omnilive_demo.events import Caption, ClipRemembered, Notice, PageEvent, SoundNoticed
from omnilive_demo.memory.archive_reading import ArchiveError
from omnilive_demo.memory.clip_builder import ClipRule
from omnilive_demo.memory.long_memory import LongMemory
from omnilive_demo.memory.patient_store import open_store
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.memory.store import StoreError
from omnilive_demo.perception.eyes import SCENE_THRESHOLD
from omnilive_demo.reasoning.captioner import Captioner
from omnilive_demo.records import Clip, SeenFrame
from omnilive_demo.refusing import InputError
from omnilive_demo.serving.lane import LaneFull, Priority, WorkCancelled
from omnilive_demo.taking_in import Import, TakenIn, TakingIn

log = logging.getLogger(__name__)

FRAME_WRITES = 32
REPEAT_FAILURE_S = 60.0
CAPTION_WAITS_S = 30.0
SURELY_CHECKED = 8  # newest clips, whose pictures were read when the memory was opened: 8 MB, see `store_reading`
CHECKED_AT_ONCE, CHECK_PAUSE_S = 16, 1.0  # clips, and seconds between two such looks


def open_memory(engine: Engine, folder: Path, epoch_s: float) -> SessionMemory:
    """The memory that is kept in a folder, with the models of the engine. Slow: call it on the memory's lane.

    Raises:
        StoreError: it cannot be opened; the message is fit for the page.
    """
    return SessionMemory(
        folder,
        engine.compressor,
        engine.text_encoder,
        epoch_s=epoch_s,
        store=open_store(folder, engine.settings.memory_key.get_secret_value()),
        rule=ClipRule(scene_threshold=SCENE_THRESHOLD),
        scale=engine.picture_scale,
        names=engine.names,
        captioner=engine.reader,
        space=engine.space,
        # The visitor of a private server sits before it; where others are, nobody knows what time it is.
        offset_s=None if engine.settings.public else float(time.localtime(epoch_s).tm_gmtoff),
        limit_bytes=engine.settings.memory_limit_mb * 1_000_000 or None,
    )


class Remembering:
    """The one writer of a session's memory.

    Frames wait for room, so that they are dropped at the eyes and counted there; words never wait and never drop.
    """

    def __init__(self, session: str, engine: Engine, memory: LongMemory, tell: Callable[[PageEvent], None]) -> None:
        self._session = session
        self._engine = engine
        self._memory = memory
        self._tell = tell
        self._writes: asyncio.Queue[Callable[[], object] | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(FRAME_WRITES)
        self._failed_s = -REPEAT_FAILURE_S
        self._task: asyncio.Task[None] | None = None
        self._captions: set[asyncio.Task[None]] = set()
        self._look: asyncio.Task[None] | None = None
        self._goes_on_s = 0.0  # frames of before are not taken in any more
        self._newest_clip = 0  # that was told as a new one; after that it may go on
        self._told_full = False
        self._closing: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._run(), name="memory")
        self._look = asyncio.create_task(self._look_through(), name="memory-look")

    async def close(self) -> None:
        """Write what waits, close the open clip and the store; it goes on when nobody waits for it any more."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name="memory-close")
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        for task in (*self._captions, *([] if self._look is None else [self._look])):
            task.cancel()
        if self._task is not None:
            self._writes.put_nowait(None)
            await asyncio.gather(self._task, *self._captions, return_exceptions=True)
        await self._do(self._memory.close)

    async def see(self, seen: SeenFrame) -> None:
        """Remember a frame; waits when the memory cannot keep up."""
        await self._room.acquire()
        self._writes.put_nowait(_SeeFrame(self, seen))

    def write(self, function: Callable[..., object], *args: object) -> None:
        """Remember words or a sound. As many as can be spoken: they need no bound."""
        self._writes.put_nowait(lambda: function(*args))

    async def forget(self, from_s: float | None, to_s: float | None) -> None:
        """Forget a range, or everything, after all that was written before; the page is told what is left.

        Raises:
            InputError: the visit is over.
        """
        self._refuse_at_the_end()
        done = asyncio.get_running_loop().create_future()
        self._writes.put_nowait(lambda: self._forget(from_s, to_s))
        self._writes.put_nowait(lambda: done.get_loop().call_soon_threadsafe(done.set_result, None))
        await done

    async def take_in(
        self,
        path: Path,
        clock: SessionClock,
        progress: Callable[[int, int], None],
        allow: Callable[[], None] = lambda: None,
    ) -> TakenIn:
        """Take an exported memory in, after all that was written before and before all that follows.

        Args:
            allow: raises InputError while the clock may not jump; asked once the file was checked, which takes a while.

        Raises:
            InputError: the file cannot be taken in, or the visit is over; nothing of it was.
        """
        taking = TakingIn(path)
        try:
            await asyncio.to_thread(taking.open)  # up to hundreds of MB: not on the lane that all sessions share
            self._refuse_at_the_end()
        except ArchiveError as error:
            taking.close()
            raise InputError(error.code, str(error), error.hint) from error
        except InputError:
            taking.close()
            raise
        done: asyncio.Future[TakenIn] = asyncio.get_running_loop().create_future()
        self._writes.put_nowait(Import(taking, clock, progress, allow, done))
        return await asyncio.shield(done)  # who asked for it may go away meanwhile

    def _refuse_at_the_end(self) -> None:
        """Behind the end of the visit nothing is written: who waited for it would wait for ever."""
        if self._closing is not None:
            raise InputError("session_over", "This visit has ended.", "Reload the page.")

    async def tell_past(self) -> None:
        """After a restart: what is remembered of earlier runs."""
        for event in await self._call(self._past):
            self._tell(event)

    @property
    def waiting(self) -> int:
        """How many writes wait."""
        return self._writes.qsize()

    async def _look_through(self) -> None:
        """Check the pictures that opening had no time for, oldest last, while the memory has nothing else to do."""
        hint = "The rest is here, and new things are remembered."
        for last in range(self._memory.next_clip - 1 - SURELY_CHECKED, 0, -CHECKED_AT_ONCE):
            first = max(1, last + 1 - CHECKED_AT_ONCE)
            try:
                lost = await self._engine.memory.run(
                    self._memory.check, first, last, session=self._session, priority=Priority.BACKGROUND
                )
            except (LaneFull, WorkCancelled, StoreError):
                lost = ()  # what is damaged there shows when it is looked at
            for sentence in lost:
                if sentence not in self._memory.damage:
                    self._tell(Notice("memory_damaged", sentence, hint))
            await asyncio.sleep(CHECK_PAUSE_S)

    async def _run(self) -> None:
        while (write := await self._writes.get()) is not None:
            try:
                if isinstance(write, Import):
                    await self._take_in(write)
                else:
                    await self._do(write)
            except Exception:
                log.exception("what was remembered could not be told")

    async def _take_in(self, work: Import) -> None:
        taking = work.taking
        try:
            self._refuse_at_the_end()
            work.allow()
            taking.place(work.clock, self._memory.sittings)
            self._goes_on_s = taking.live_s
            try:
                self._tell_all(await self._call(taking.begin, self._memory))
                more = True
                while more and self._closing is None:
                    more = await self._call(taking.slice, self._memory)
                    work.progress(taking.done, taking.total)
            finally:  # the clock has jumped, whatever came in
                for event in await self._call(taking.finish, self._memory):
                    self._tell(event)
            work.end(taking.result())
        except InputError as error:
            work.end(error)
        except BaseException as error:
            work.end(error)
            raise
        finally:
            taking.close()

    async def _do(self, write: Callable[[], object]) -> None:
        try:
            events = await self._call(write)
        except StoreError as error:
            events = (not_saved(error),)
        except Exception:
            log.exception("a memory write failed")
            return
        finally:
            if isinstance(write, _SeeFrame):
                self._room.release()
        self._tell_all(events if isinstance(events, tuple) else ())

    def _tell_all(self, events: tuple[PageEvent, ...]) -> None:
        """Tell what came of a write; a clip that closed is described when there is time."""
        for event in events:
            if not (isinstance(event, Notice) and event.code != "memory_full" and self._told_lately()):
                self._tell(event)
            if isinstance(event, ClipRemembered) and not event.open and event.id > self._newest_clip:
                self._newest_clip = event.id
                task = asyncio.create_task(self._caption(event.id), name=f"caption-{event.id}")
                self._captions.add(task)
                task.add_done_callback(self._captions.discard)

    async def _caption(self, clip: int) -> None:
        """Have a closed clip's caption written once the memory has nothing else to do, and tell the page."""
        try:
            if (captioner := self._engine.captioner) is not None:
                event = await self._described(captioner, clip)
            else:
                event = await self._engine.memory.run(
                    self._captioned, clip,
                    session=self._session, priority=Priority.BACKGROUND, deadline_s=CAPTION_WAITS_S,
                )  # fmt: skip
        except (LaneFull, WorkCancelled):
            return  # too busy: the labels say it too
        except Exception:
            log.exception("clip %d got no caption", clip)
            return
        if event is not None:
            self._tell(event)

    async def _described(self, captioner: Captioner, clip: int) -> ClipRemembered | None:
        """By a model that looks at the pictures; the memory only takes the sentence down."""
        found = await self._call(lambda: tuple(self._memory.clips(clip, clip)))
        text = await captioner.caption(found[0], CAPTION_WAITS_S) if found else ""
        captioned = await self._call(self._memory.set_caption, clip, text) if text else None
        return telling.told_clip(captioned) if captioned is not None else None

    def _captioned(self, clip: int) -> ClipRemembered | None:
        captioned = self._memory.caption(clip)
        return telling.told_clip(captioned) if captioned is not None else None

    async def _call(self, function: Callable[..., Any], *args: object) -> Any:
        return await self._engine.memory.run(function, *args, session=self._session, priority=Priority.MEMORY)

    # ---- on the memory's lane ----------------------------------------------------------------------------------------

    def _see(self, seen: SeenFrame) -> tuple[PageEvent, ...]:
        events: list[PageEvent] = []
        clip: Clip | None
        if seen.t_s < self._goes_on_s:
            return ()
        let_go = self._memory.figures().let_go
        try:
            clip = self._memory.see(seen)
        except StoreError as error:
            clip = error.clip  # remembered all the same, in RAM
            events.append(not_saved(error))
        if clip is not None:
            figures = self._memory.figures()
            events += [telling.told_clip(clip), figures]
            if figures.let_go > let_go and not self._told_full:  # clips that came in without pictures count as well
                self._told_full = True
                events.append(telling.memory_full(figures))
        growing = self._memory.open_clip()
        if growing is not None:
            events.append(telling.told_open_clip(self._memory.next_clip, *growing))
        return tuple(events)

    def _forget(self, from_s: float | None, to_s: float | None) -> tuple[PageEvent, ...]:
        try:
            return (self._memory.forget(from_s, to_s),)
        except StoreError as error:  # forgotten here; what is still on the disk goes with a later write
            figures = replace(self._memory.figures(), forgot_from_s=from_s or 0.0, forgot_to_s=to_s)
            return (figures, not_saved(error))

    def _past(self) -> tuple[PageEvent, ...]:
        memory = self._memory
        clips = tuple(telling.told_clip(clip) for clip in memory.clips()[-told.CLIPS :])
        words = tuple(
            Caption(number, said.text, True, said.origin, said.start_s, said.end_s, said.answered)
            for number, said in list(enumerate(memory.spoken(), 1))[-told.WORDS :]
        )
        sounds = tuple(
            SoundNoticed(heard.label, heard.score, heard.start_s, heard.end_s, heard.origin)
            for heard in memory.heard()[-told.WORDS :]
        )
        returned = telling.returned(memory)
        return (*clips, *words, *sounds, *(() if returned is None else (returned,)), memory.figures())

    def _told_lately(self) -> bool:
        now_s = time.monotonic()
        lately = now_s - self._failed_s < REPEAT_FAILURE_S
        if not lately:
            self._failed_s = now_s
        return lately


class _SeeFrame:
    """A frame's write: told apart from the others because frames are bounded."""

    def __init__(self, remembering: Remembering, seen: SeenFrame) -> None:
        self._remembering = remembering
        self._seen = seen

    def __call__(self) -> tuple[PageEvent, ...]:
        return self._remembering._see(self._seen)


def not_saved(error: StoreError) -> Notice:
    """What the page is told when something is remembered but could not be stored."""
    log.warning("not stored: %s", error)
    return Notice(error.code, str(error), error.hint)
