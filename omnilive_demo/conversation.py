"""One session's conversation: who speaks, what was said, whether it wants an answer, and what interrupts what.

Ear events and typed questions come in; captions, states and answers go out. The state is never stored twice: it is
derived from what is open (an utterance, a turn, the playout) and told when it changes.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from omnilive_demo.answering import Answering, Stopwatch
from omnilive_demo.clock import Clock
from omnilive_demo.engine import Engine
from omnilive_demo.events import (
    Caption,
    EarEvent,
    Fault,
    PageEvent,
    SoundHeard,
    SoundNoticed,
    SpeechAudio,
    SpeechConfirmed,
    SpeechDismissed,
    SpeechEnded,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    State,
    StateChanged,
)  # fmt: skip
from omnilive_demo.memory.long_memory import LongMemory
from omnilive_demo.records import Heard, Origin, Question, Snapshot, Spoken
from omnilive_demo.serving.lane import Priority
from omnilive_demo.speech.playout import Playout
from omnilive_demo.turns import Reason, Turns
from omnilive_demo.utterance import OpenUtterance

if TYPE_CHECKING:
    from omnilive_demo.perceiving import Perceiving

log = logging.getLogger(__name__)

SOUND_BEFORE_S = 4.0  # as the released demo: a sound this long before an utterance belongs to it
RECOGNITION_S = 30.0  # longer than any queue for a decoder that somebody would sit through
FILM_CERTAINTY = 0.97  # people in a film mostly talk to each other: only what is surely a question is taken up

DETAIL: dict[State, str] = {
    "idle": "Ask about now, or about anything so far.",
    "listening": "Go on, I can hear you.",
    "thinking": "Looking through what I remember.",
    "speaking": "Talk over me, or press Esc, to interrupt.",
    "ducked": "Was that for me? Go on and I stop.",
}


class Conversation:
    """Turns ear events and typed questions into captions, remembered words and answers.

    Args:
        tell: puts an event into the session's stream.
        write: runs a memory write, in order, off the loop.
    """

    def __init__(
        self,
        session: str,
        engine: Engine,
        clock: Clock,
        memory: LongMemory,
        perceiving: Callable[[], Perceiving],
        playout: Playout,
        answering: Answering,
        tell: Callable[[PageEvent], None],
        write: Callable[..., None],
    ) -> None:
        self._session = session
        self._engine = engine
        self._clock = clock
        self._memory = memory
        self._perceiving = perceiving
        self._playout = playout
        self._tell = tell
        self._write = write
        self._open: dict[int, OpenUtterance] = {}
        self._sounds: deque[Heard] = deque(maxlen=8)
        self._turns = Turns(playout, answering, tell, self._spawn)
        self._tasks: set[asyncio.Task[None]] = set()
        self._state: State = "idle"
        self._understanding = asyncio.Lock()  # utterances are understood in the order in which they ended
        self._closed = False
        self.lost_utterances = 0
        self.source_is_visitor = False  # a stream pushed from the visitor's own camera: it may interrupt

    # ---- what comes in -----------------------------------------------------------------------------------------------

    def on_ear(self, event: EarEvent) -> None:
        """Take an ear event, in order."""
        if self._closed:
            return
        match event:
            case SpeechStarted():
                self._begin(event)
            case SpeechAudio():
                if event.utterance in self._open:
                    self._open[event.utterance].stream.feed(event.samples)
            case SpeechConfirmed():
                self._confirm(event)
            case SpeechPaused():
                self._spawn(self._weigh_pause(event))
            case SpeechResumed():
                pass  # the pause that was weighed simply did not last
            case SpeechDismissed():
                self._dismiss(event)
            case SpeechEnded():
                self._spawn(self._understand(event))
            case SoundHeard():
                self._note_sound(event.heard)
        self._refresh()

    def ask(self, text: str) -> None:
        """A typed question: answered always, on the memory of this moment."""
        now_s = self._clock.now_s()
        turn = self._turns.next()
        self._tell(Caption(-turn, text, True, "visitor", now_s, now_s, answered=True, typed=True, turn=turn))
        question = self._question(turn, text, self._memory.snapshot(now_s), spoken=False, sound_label="none")
        self._write(self._memory.add_spoken, Spoken(-turn, now_s, now_s, text, "visitor", answered=True))
        self._turns.start(question, Stopwatch(), "question")
        self._refresh()

    def stop(self, reason: Reason) -> None:
        """Cut off the answer under way, and remember only what was heard of it."""
        self._turns.stop(reason)
        self._refresh()

    def forget(self, begin_s: float, end_s: float) -> None:
        """A stretch of the stream was forgotten: words under way, sounds and answers of it go as well."""
        for utterance in tuple(self._open.values()):
            if begin_s <= utterance.start_s <= end_s:
                utterance.forgotten = True
        self._sounds.clear()
        self._turns.forget()
        self._refresh()

    def on_started(self, turn: int) -> None:
        """The playout's first sound of a turn went out."""
        self._turns.on_started(turn)
        self._refresh()

    def on_finished(self, turn: int) -> None:
        """The last sound of a turn was played."""
        self._turns.on_finished(turn)
        self._refresh()

    async def close(self) -> None:
        """Cancel everything."""
        self._closed = True
        self._turns.stop("closed")
        for utterance in self._open.values():
            utterance.stream.cancel()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # ---- listening ---------------------------------------------------------------------------------------------------

    def _begin(self, event: SpeechStarted) -> None:
        # The backup of the paper: the question will be answered on what was seen up to here.
        snapshot = self._memory.snapshot(event.t_s)
        stream = self._engine.recognizer.open(self._session, event.utterance)
        self._open[event.utterance] = OpenUtterance(event.utterance, event.origin, event.t_s, snapshot, stream)
        if self._is_visitor(event.origin) and self._playout.speaking is not None:
            self._playout.duck()

    def _confirm(self, event: SpeechConfirmed) -> None:
        if event.utterance in self._open:
            self._open[event.utterance].confirmed = True
        # The sound track of a film does not interrupt; the visitor does.
        if self._is_visitor(event.origin) and self._turns.under_way:
            self.stop("speech")
        self._restore(event.origin)

    def _dismiss(self, event: SpeechDismissed) -> None:
        utterance = self._open.pop(event.utterance, None)
        if utterance is not None:
            utterance.stream.cancel()
        self._restore(event.origin)

    def _restore(self, origin: Origin) -> None:
        if self._is_visitor(origin):  # a film that falls silent says nothing about the visitor's own cough
            self._playout.restore()

    async def _weigh_pause(self, event: SpeechPaused) -> None:
        utterance = self._open.get(event.utterance)
        if utterance is None:
            return
        text = await utterance.stream.partial()
        pause_s = self._engine.end_of_turn.pause_s(text, event.end_s - utterance.start_s)
        self._perceiving().set_end_pause(event.origin, event.utterance, pause_s)
        if text and event.utterance in self._open:
            self._tell(Caption(event.utterance, text, False, event.origin, utterance.start_s, event.end_s))

    async def _understand(self, event: SpeechEnded) -> None:
        utterance = self._open.get(event.utterance)
        if utterance is None:
            return
        waited_ms = max(0.0, (event.t_s - event.end_s) * 1000)
        watch = Stopwatch((("turn end", waited_ms),))
        async with self._understanding:
            text = await self._words_of(utterance)
            watch.lap("recognise")
            # What went before was a question already; what follows it cannot make it none.
            answer = bool(utterance.before) or (bool(text) and await self._wants_answer(text, event.origin))
            watch.lap("decide")
            if not utterance.forgotten:
                self._settle(event, utterance, text, answer, watch)
        self._refresh()

    async def _words_of(self, utterance: OpenUtterance) -> str:
        try:
            return (await asyncio.wait_for(utterance.stream.finish(), RECOGNITION_S)).text
        except (RuntimeError, TimeoutError) as error:
            utterance.stream.cancel()
            self.lost_utterances += 1
            why = "it took too long" if isinstance(error, TimeoutError) else str(error)
            self._tell(Fault("recognition_failed", f"I could not make out what was said: {why}", "Say it again."))
            return ""
        finally:
            self._open.pop(utterance.number, None)

    async def _wants_answer(self, text: str, origin: Origin) -> bool:
        instruction = await self._engine.mind.run(
            self._engine.instructions.predict, text, session=self._session, priority=Priority.TURN
        )
        if self._is_visitor(origin):
            return instruction.answer
        return instruction.probability >= FILM_CERTAINTY

    def _settle(self, event: SpeechEnded, utterance: OpenUtterance, text: str, answer: bool, watch: Stopwatch) -> None:
        # A film that asks while an answer is given is only heard: it cannot know that we are talking.
        if not self._is_visitor(event.origin) and self._turns.under_way:
            answer = False
        whole = f"{utterance.before} {text}".strip()
        if answer and (going_on := self._going_on(event.origin)) is not None:
            # The visitor speaks already again: the question waits for the rest of it.
            going_on.before, going_on.snapshot = whole, utterance.snapshot
            answer = False
        turn = self._turns.next() if answer else None
        shown = whole if answer else text
        self._tell(
            Caption(event.utterance, shown, True, event.origin, event.start_s, event.end_s, answered=answer, turn=turn)
        )
        sound = self._sound_with(event.start_s, event.end_s)
        if text:
            spoken = Spoken(event.utterance, event.start_s, event.end_s, text, event.origin, answer, sound)
            self._write(self._memory.add_spoken, spoken)
        if turn is not None:
            question = self._question(turn, whole, utterance.snapshot, spoken=True, sound_label=sound)
            self._turns.start(question, watch, "speech")

    def _going_on(self, origin: Origin) -> OpenUtterance | None:
        """An utterance of the visitor that is surely speech and not over yet."""
        if not self._is_visitor(origin):
            return None
        return next((u for u in self._open.values() if u.confirmed and self._is_visitor(u.origin)), None)

    def _note_sound(self, heard: Heard) -> None:
        self._sounds.append(heard)
        self._tell(SoundNoticed(heard.label, heard.score, heard.start_s, heard.end_s, heard.origin))
        self._write(self._memory.add_heard, heard)

    def _sound_with(self, start_s: float, end_s: float) -> str:
        """The sound that goes with an utterance: one within it (a laugh), or else the last one before it."""
        for heard in reversed(self._sounds):
            if start_s - SOUND_BEFORE_S <= heard.end_s <= end_s:
                return heard.label
        return "speech"

    def _question(self, turn: int, text: str, snapshot: Snapshot, spoken: bool, sound_label: str) -> Question:
        return Question(turn, text, self._clock.now_s(), snapshot, spoken, sound_label, self._turns.history)

    # ---- state -------------------------------------------------------------------------------------------------------

    def _derive(self) -> State:
        if self._playout.speaking is not None:
            return "ducked" if self._playout.ducked else "speaking"
        if any(self._is_visitor(utterance.origin) for utterance in self._open.values()):
            return "listening"
        return "thinking" if self._turns.under_way else "idle"

    def _refresh(self) -> None:
        state = self._derive()
        if state != self._state:
            self._state = state
            self._tell(self.state)
        # The counter-case: a system that perceives and answers in turns stands still until the answer was played.
        gate = self._perceiving().may_perceive
        if self._engine.settings.serial and self._turns.under_way:
            gate.clear()
        else:
            gate.set()

    def _is_visitor(self, origin: Origin) -> bool:
        return origin == "visitor" or self.source_is_visitor

    @property
    def state(self) -> StateChanged:
        """The state now, with what the visitor can do."""
        return StateChanged(self._state, DETAIL[self._state], self._turns.current or None)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("conversation work failed", exc_info=error)
            self._tell(Fault("internal", "Something went wrong inside; your last words may be lost.", "Say it again."))
        self._refresh()
