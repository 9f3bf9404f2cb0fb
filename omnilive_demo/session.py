"""One visitor: wires the rooms, owns the queues, starts and stops everything. Knows nothing of connections.

The way of the data is the design's section 4: sound and pictures go to perception; perceived frames and words go to the
memory, in order, on its own lane; what wants an answer goes to the conversation; everything the page should know comes
out as one ordered stream of events.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from omnilive_demo import telling
from omnilive_demo.answering import Answering
from omnilive_demo.clock import SessionClock
from omnilive_demo.config import Settings
from omnilive_demo.conversation import Conversation
from omnilive_demo.ear_events import AudioBlock, VideoFrame
from omnilive_demo.engine import Engine
from omnilive_demo.events import Bye, Fault, MemoryFigures, Notice, PageEvent, SourceChanged, SpeakingRate, StateChanged
from omnilive_demo.lending import Lending
from omnilive_demo.logs import session_id
from omnilive_demo.memory.long_memory import LongMemory
from omnilive_demo.memory.store import StoreError
from omnilive_demo.perceiving import Perceiving
from omnilive_demo.reasoning.view import RecentFrames
from omnilive_demo.records import Origin, SeenFrame
from omnilive_demo.refusing import InputError as InputError
from omnilive_demo.refusing import checked_question
from omnilive_demo.remembering import Remembering, open_memory
from omnilive_demo.serving.lane import Priority
from omnilive_demo.speech.playout import RATE_HZ as PLAYOUT_RATE_HZ
from omnilive_demo.speech.playout import Playout, PlayoutFrame
from omnilive_demo.speech.voicing import Voicing
from omnilive_demo.standing import Standing
from omnilive_demo.taking_in import TakenIn
from omnilive_demo.told import Told

log = logging.getLogger(__name__)


class Session:
    """A visitor's stream, memory and conversation. All methods are called on the event loop and none blocks it.

    Args:
        number: short name for logs; never the token.
        folder: where this session's memory is kept.
        epoch_s: wall-clock seconds at which this run begins, so that "yesterday" survives a restart.
    """

    def __init__(self, number: str, engine: Engine, settings: Settings, folder: Path, epoch_s: float) -> None:
        self.id = number
        self.engine = engine
        self.settings = settings
        self.folder = folder
        self._epoch_s = epoch_s
        self.clock = SessionClock()
        self.playout = Playout(
            self.clock,
            lambda turn: self._conversation.on_started(turn),
            lambda turn: self._conversation.on_finished(turn),
        )
        self._view = RecentFrames(self.clock)
        self._voicing = Voicing(lambda rate: self.announce(SpeakingRate(rate)))
        self.lending = Lending(number, engine, self._voicing)
        self._muted = False
        self._told_outrun = False
        self._listeners: list[Callable[[PageEvent], None]] = []
        self._told = Told()
        self._opened = asyncio.Event()  # ready, or failed
        self._failed = False
        self._trouble: list[Fault | Notice] = []  # what every page must know from the beginning
        self._closed = False
        self._tasks: list[asyncio.Task[None]] = []
        self._memory: LongMemory | None = None
        self._perceiving: Perceiving
        self._conversation: Conversation
        self._standing: Standing | None = None
        self._remarks = False
        self._remembering: Remembering

    # ---- life --------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin to perceive as soon as the models are there."""
        session_id.set(self.id)
        self._stop_listening = self.engine.listen(self.announce, self._greet)
        self._tasks.append(asyncio.create_task(self._begin(), name="session"))

    async def _begin(self) -> None:
        await self.engine.ready.wait()
        try:
            await self._open()
        except StoreError as error:
            self._fail(Fault(error.code, str(error), error.hint))
        except Exception as error:
            log.exception("the session could not begin")
            self._fail(Fault("session_failed", f"This session could not begin: {error}", "Reload the page."))

    def _fail(self, fault: Fault) -> None:
        """The session will never be ready; whoever waits for it, or comes later, is told."""
        log.error("%s", fault.message)
        self._trouble.append(fault)
        self._failed = True
        self._opened.set()
        self.announce(fault)

    async def _open(self) -> None:
        memory = await self.engine.memory.run(
            open_memory, self.engine, self.folder, self._epoch_s, session=self.id, priority=Priority.MEMORY
        )
        self._memory = memory
        self.clock.skip_to(memory.start_s)
        self._remembering = Remembering(self.id, self.engine, memory, self.announce)
        answering = Answering(
            self.id, self.engine, memory, self.playout, self._view, self.announce,
            lambda: self._voicing.among(self.engine.voices()),
        )  # fmt: skip
        first = len(memory.spoken()) + 1  # the page knows the words of earlier runs by their place
        self._perceiving = Perceiving(
            self.id, self.engine, lambda event: self._conversation.on_ear(event), self._on_seen, self._view.add, first
        )
        self._standing = Standing(
            self.clock, self.engine.names, self.announce, lambda remark: self._conversation.remark(remark),
            sounds=lambda: self.engine.sound_names,
        )  # fmt: skip
        self._standing.remark_on_new = self._remarks
        self.playout.on_frame = self._on_frame
        self._conversation = Conversation(
            self.id, self.engine, self.clock, memory, lambda: self._perceiving, self.playout, answering,
            self.announce, self._remembering.write, self._standing, self._voicing,
        )  # fmt: skip
        hint = "The rest is here, and new things are remembered."
        self._trouble += [Notice("memory_damaged", sentence, hint) for sentence in memory.damage]
        for notice in self._trouble:
            self.announce(notice)
        await self._remembering.tell_past()
        self._remembering.start()
        self._perceiving.start()
        self._opened.set()
        self._greet()
        self.announce(self._conversation.state)

    def _greet(self) -> None:
        self.announce(telling.hello(self.engine, self.settings, "", resumed=False))

    async def close(self, reason: str) -> None:
        """Say bye, close the open clip, free everything. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        try:
            self._stop_listening()
            self.lending.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if self._ready:
                await self._perceiving.close()  # first: no more utterances begin
                if self._standing is not None:
                    self._standing.close()
                await self._conversation.close()
            if self._memory is not None:
                await self._remembering.close()
        finally:
            self.announce(Bye(reason))
            self._listeners.clear()
            log.info("closed: %s", reason)

    async def wait_ready(self) -> None:
        """Until the models are loaded and the memory is open. Raises InputError when that will never be."""
        await self._opened.wait()
        if self._failed:
            raise InputError("session_failed", self._trouble[-1].message, self._trouble[-1].hint)

    @property
    def _ready(self) -> bool:
        return self._opened.is_set() and not self._failed

    # ---- events out --------------------------------------------------------------------------------------------------

    def subscribe(self, listener: Callable[[PageEvent], None]) -> Callable[[], None]:
        """Call `listener` (on the loop) with every page event from now on; returns how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def announce(self, event: PageEvent) -> None:
        """Put an event into the session's one ordered stream."""
        self._told.note(event)
        if isinstance(event, MemoryFigures) and event.forgot_from_s is not None:
            self._view.clear()
            self._forget_under_way(event.forgot_from_s, event.forgot_to_s)
        if isinstance(event, SourceChanged) and self._ready:
            self._conversation.let_source_talk(event.kind == "push")
        for listener in tuple(self._listeners):
            listener(event)

    def present(self, transport: str, resumed: bool) -> tuple[PageEvent, ...]:
        """What a connection without history must be told: hello, state, clips, words, sounds, figures."""
        events: list[PageEvent] = [telling.hello(self.engine, self.settings, transport, resumed)]
        waits = StateChanged("idle", "Getting ready; you can look around meanwhile.")
        events.append(self._conversation.state if self._ready else waits)
        if self.engine.failure:
            events.append(Fault("loading_failed", f"The models could not be loaded: {self.engine.failure}"))
        return (*events, *self._told.events(), *self.engine.progress(), *self._trouble)

    # ---- media in ----------------------------------------------------------------------------------------------------

    def hear(self, block: AudioBlock) -> None:
        """Take sound in; bounded, drops the oldest when perception cannot keep up (counted in `figures`)."""
        if not self._ready or self._closed:
            return
        if block.origin == "visitor" and (self._muted or self._outrun()):
            return
        self._perceiving.hear(block)

    def _outrun(self) -> bool:
        """Whether a file runs faster than life: then a second of talk would be a fraction of one in stream time."""
        driven = self.clock.driven
        if driven and not self._told_outrun:
            message = "While a file plays faster than life, I do not listen to the microphone."
            self.announce(Notice("microphone_waits", message, "Type your question, or play the file at normal speed."))
        self._told_outrun = driven
        return driven

    def watch(self, frame: VideoFrame) -> None:
        """Take a picture in; only the newest in each second is looked at."""
        if self._ready and not self._closed:
            self._perceiving.watch(frame)

    def wants_frame(self, t_s: float) -> bool:
        """Whether a picture taken at `t_s` would be looked at."""
        return self._ready and not self._closed and self._perceiving.wants_frame(t_s)

    async def settled(self, origin: Origin) -> None:
        """Wait until what was put in has been taken up, so that a file faster than life loses nothing."""
        await self.wait_ready()
        await self._perceiving.settled()

    def sound_ended(self, origin: Origin) -> None:
        """A source ended or was stopped: an utterance under way ends."""
        if self._ready:
            self._perceiving.flush(origin, self.clock.now_s())

    # ---- commands ----------------------------------------------------------------------------------------------------

    def ask(self, text: str) -> None:
        """A typed question. Raises InputError when it is empty or too long."""
        text = checked_question(text, self.settings.question_limit_chars)
        if not self._ready:
            raise InputError("loading", "The models are still loading.", "Ask again in a few seconds.")
        self._conversation.ask(text)

    def stop_answer(self, reason: Literal["stop", "closed"] = "stop") -> None:
        """Silence the answer under way."""
        if self._ready:
            self._conversation.stop(reason)

    def set_muted(self, on: bool) -> None:
        """The visitor's microphone is muted: an utterance under way ends now."""
        if on and not self._muted:
            self.sound_ended("visitor")
        self._muted = on

    def change_settings(self, language: str | None, voice: str | None, rate: float | None, speak: bool | None) -> None:
        """Change how answers are spoken; raises InputError for an unknown voice or language."""
        try:
            self._voicing.change(self.engine.voices(), language, voice, rate, speak)
        except LookupError as error:
            raise InputError("unknown_voice", str(error), "Choose one from the list.") from error

    def set_remarks(self, on: bool) -> None:
        """Whether something new may be told unasked."""
        self._remarks = on  # the page sends it as soon as it connects, which may be before the models are loaded
        if self._standing is not None:
            self._standing.remark_on_new = on

    def heard_until(self, turn: int, heard_ms: float) -> None:
        """The page's report of how much of an answer was heard."""
        self.playout.heard_until(turn, heard_ms)

    async def forget(self, from_s: float | None, to_s: float | None) -> None:
        """Forget a range, or everything."""
        await self.wait_ready()
        # Now as well as when it is done: what is under way of it, a sound that is looked at say, is not noted behind.
        self._forget_under_way(from_s or 0.0, to_s)
        await self._remembering.forget(from_s, to_s)

    def _forget_under_way(self, from_s: float, to_s: float | None) -> None:
        span = (from_s, math.inf if to_s is None else to_s)
        self._conversation.forget(*span)
        if self._standing is not None:
            self._standing.forget(*span)

    async def take_in(self, archive: Path, progress: Callable[[int, int], None]) -> TakenIn:
        """Take an exported memory in; `progress` is told how many entries of how many. Raises InputError."""
        await self.wait_ready()
        self._let_time_jump()
        return await self._remembering.take_in(archive, self.clock, progress, self._let_time_jump)

    def _let_time_jump(self) -> None:
        if self._told.plays or (self._standing is not None and self._standing.open):
            what = "A stream is playing" if self._told.plays else "Something that you asked to be told still waits"
            raise InputError("import_waits", f"{what}, and an import moves the time.", "Stop or cancel that first.")

    def cancel_standing(self, standing: int) -> None:
        """Cancel a standing query. Raises InputError when there is none of that number."""
        if self._standing is None or not self._standing.cancel(standing):
            raise InputError("no_standing", "There is nothing of that kind to cancel.")

    @property
    def memory(self) -> LongMemory:
        """The session's memory. Raises InputError until it is open."""
        if self._memory is None:
            raise InputError("loading", "The memory is still being opened.", "Try again in a few seconds.")
        return self._memory

    def latest_frame(self) -> SeenFrame | None:
        """The newest perceived frame."""
        return self._view.latest()

    def figures(self) -> dict[str, float]:
        """Queue depths and counts of what was lost, for health and measurement."""
        if not self._ready:
            return {}
        return {
            **self._perceiving.depths(),
            "memory_writes": self._remembering.waiting,
            "frames_seen": self._perceiving.seen_frames,
            "lost_frames": self._perceiving.dropped_frames,
            "lost_audio_blocks": self._perceiving.dropped_blocks,
            **self._conversation.figures,
        }

    # ---- inside ------------------------------------------------------------------------------------------------------

    def _on_frame(self, frame: PlayoutFrame, due_s: float) -> None:
        """The ears are told what we say ourselves, in stream time."""
        at_s = due_s - self.clock.life_s() + self.clock.now_s()
        self._perceiving.own_voice.play(frame.samples, PLAYOUT_RATE_HZ, at_s)

    async def _on_seen(self, seen: SeenFrame) -> None:
        self._view.add(seen)
        if self._standing is not None:
            self._standing.on_seen(seen)
        await self._remembering.see(seen)
