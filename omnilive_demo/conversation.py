"""One session's conversation: who speaks, what was said, whether it wants an answer, and what interrupts what.

Ear events and typed questions come in; captions, states and answers go out. The state is never stored twice: it is
derived from what is open (an utterance, a turn, the playout) and told when it changes. Who has the floor is `Floor`'s
to say, what was meant `Understanding`'s, and what is said unasked waits here until nobody speaks.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Literal

from omnilive_demo.answering import Answering, Reply, Stopwatch
from omnilive_demo.clock import Clock
from omnilive_demo.ear_events import EarEvent, SoundDoubted, SoundHeard, SpeechEnded, SpeechSurrounded
from omnilive_demo.engine import Engine
from omnilive_demo.events import Caption, Fault, PageEvent, State, StateChanged
from omnilive_demo.listening import Listening
from omnilive_demo.memory.long_memory import LongMemory
from omnilive_demo.models.chinese import language_of
from omnilive_demo.reasoning.back_channel import takes_the_word
from omnilive_demo.reasoning.fixed_phrases import SAY_IT_AGAIN, WENT_WRONG
from omnilive_demo.records import Question, Recall, Snapshot, Spoken
from omnilive_demo.remark import Remark
from omnilive_demo.sounds import Sounds
from omnilive_demo.speech.playout import Playout
from omnilive_demo.speech.voicing import Voicing
from omnilive_demo.standing import Standing
from omnilive_demo.steering import Steering
from omnilive_demo.turns import Reason, Turns
from omnilive_demo.understanding import Understanding
from omnilive_demo.utterance import OpenUtterance

if TYPE_CHECKING:
    from omnilive_demo.perceiving import Perceiving

log = logging.getLogger(__name__)

MOST_REMARKS = 12  # that wait to be said; more than there can be standing queries, whose answers are never dropped

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
        voicing: how the visitor wants answers spoken.
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
        standing: Standing,
        voicing: Voicing,
    ) -> None:
        self._session = session
        self._engine = engine
        self._clock = clock
        self._memory = memory
        self._perceiving = perceiving
        self._playout = playout
        self._tell = tell
        self._write = write
        self._standing = standing
        self._sounds = Sounds(session, engine, memory, tell, write, standing)
        self._remarks: deque[Remark] = deque()
        self._turns = Turns(playout, answering, tell, self._spawn)
        self._steering = Steering(self._turns, standing, voicing, clock)
        self._understanding = Understanding(session, engine, tell, self._guessed_question, answering.recall)
        self._listening = Listening(
            session, engine, clock, memory, perceiving, playout, self._turns, self._understanding, tell, self._spawn,
            lambda event, utterance: self._spawn(self._understand(event, utterance)), self._steering.is_meant,
        )  # fmt: skip
        self._tasks: set[asyncio.Task[None]] = set()
        self._state: State = "idle"
        self._in_order = asyncio.Lock()  # utterances are understood in the order in which they ended
        self._deciding: OpenUtterance | None = None  # its words are known, and not yet whether they want an answer
        self._closed = False

    # ---- what comes in -----------------------------------------------------------------------------------------------

    def on_ear(self, event: EarEvent) -> None:
        """Take an ear event, in order."""
        if self._closed:
            return
        if isinstance(event, SoundHeard | SoundDoubted | SpeechSurrounded):
            self._sounds.take(event)
        else:
            self._listening.take(event)
        self._refresh()

    def ask(self, text: str) -> None:
        """A typed question: answered always, on the memory of this moment."""
        now_s = self._clock.now_s()
        turn = self._turns.next()
        self._understanding.language = language_of(text)
        self._tell(Caption(-turn, text, True, "visitor", now_s, now_s, answered=True, typed=True, turn=turn))
        question = self._question(turn, text, self._memory.snapshot(now_s), spoken=False, sound_label="none")
        self._write(self._memory.add_spoken, Spoken(-turn, now_s, now_s, text, "visitor", answered=True))
        self._answer(question, Stopwatch(), "question")
        self._refresh()

    def stop(self, reason: Reason) -> None:
        """Cut off the answer under way, and remember only what was heard of it."""
        self._turns.stop(reason)
        self._refresh()

    def remark(self, remark: Remark) -> None:
        """Say something unasked, as soon as nobody speaks. What answers a standing query is never dropped."""
        self._remarks.append(remark)
        if len(self._remarks) > MOST_REMARKS:
            self._remarks.remove(next((one for one in self._remarks if one.standing is None), self._remarks[0]))
        self._refresh()

    def forget(self, begin_s: float, end_s: float) -> None:
        """A stretch of the stream was forgotten: words under way, sounds and answers of it go as well."""
        self._listening.forget(begin_s, end_s)
        if self._deciding is not None and begin_s <= self._deciding.start_s <= end_s:
            self._deciding.forgotten = True
        self._sounds.forget()
        self._remarks.clear()
        self._turns.forget()
        self._engine.reasoner.forget()
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
        self._engine.reasoner.forget()
        self._understanding.revoke()
        self._listening.stop()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, self._sounds.close(), return_exceptions=True)

    # ---- understanding -----------------------------------------------------------------------------------------------

    async def _understand(self, event: SpeechEnded, utterance: OpenUtterance) -> None:
        waited_ms = max(0.0, (event.t_s - event.end_s) * 1000)
        watch = Stopwatch((("turn end", waited_ms),))
        async with self._in_order:
            text = await self._understanding.words_of(utterance)
            self._listening.close(utterance)
            self._deciding = utterance
            watch.lap("recognise")
            answer, recall = await self._intention(event, utterance, text)
            self._deciding = None
            watch.lap("decide")
            if not utterance.forgotten:
                self._settle(event, utterance, text, answer, watch, recall)
        self._refresh()

    async def _intention(self, event: SpeechEnded, utterance: OpenUtterance, text: str) -> tuple[bool, Recall | None]:
        """Whether the words want an answer, and what the memory has on them, if that is known already."""
        if not self._listening.is_visitor(event.origin):
            return bool(text) and await self._understanding.wants_answer(text, visitor=False), None
        spoken_s = event.end_s - event.start_s
        if self._turns.under_way and not takes_the_word(text, spoken_s, utterance.noise, self._playout.text):
            self._listening.judge(utterance, text, spoken_s, over=True)
            return False, None  # somebody listens aloud
        self._listening.judge(utterance, text, spoken_s, over=True)
        whole = f"{utterance.before} {text}".strip()
        guess = await self._understanding.guessed(utterance, whole)
        if guess is not None and guess.answer:
            return True, guess.recall
        if text and self._steering.is_meant(whole, utterance.took_the_floor):
            return True, None
        # What went before was a question already; what follows it cannot make it none.
        if utterance.before or guess is not None or not text:
            return bool(utterance.before), None
        return await self._understanding.wants_answer(text, visitor=True), None

    def _settle(
        self,
        event: SpeechEnded,
        utterance: OpenUtterance,
        text: str,
        answer: bool,
        watch: Stopwatch,
        recall: Recall | None,
    ) -> None:
        # A film that asks while an answer is given is only heard: it cannot know that we are talking.
        if not self._listening.is_visitor(event.origin) and self._turns.under_way:
            answer = False
        whole = f"{utterance.before} {text}".strip()
        if answer and (going_on := self._listening.going_on(event.origin)) is not None:
            # The visitor speaks already again: the question waits for the rest of it.
            going_on.before, going_on.snapshot = whole, utterance.snapshot
            answer = False
        turn = self._turns.next() if answer else None
        shown = whole if answer else text
        self._tell(
            Caption(event.utterance, shown, True, event.origin, event.start_s, event.end_s, answered=answer, turn=turn)
        )
        sound = self._sounds.goes_with(event.utterance, event.start_s, event.end_s)
        self._sounds.understood(event.utterance, text)
        if text:
            spoken = Spoken(event.utterance, event.start_s, event.end_s, text, event.origin, answer, sound)
            self._write(self._memory.add_spoken, spoken)
            self._standing.on_words(text, event.start_s, event.end_s, event.origin)
        if turn is not None:
            question = self._question(turn, whole, utterance.snapshot, spoken=True, sound_label=sound)
            self._answer(question, watch, "speech", recall, utterance.took_the_floor)

    def _answer(
        self,
        question: Question,
        watch: Stopwatch,
        reason: Literal["speech", "question"],
        recall: Recall | None = None,
        took_the_floor: bool = False,
    ) -> None:
        if not self._steering.steer(question, watch, took_the_floor):
            self._turns.start(question, watch, reason, recall)

    def _question(self, turn: int, text: str, snapshot: Snapshot, spoken: bool, sound_label: str) -> Question:
        return Question(
            turn, text, self._clock.now_s(), snapshot, spoken, sound_label, self._turns.history,
            brief=self._steering.brief, thread=self._turns.thread,
        )  # fmt: skip

    def _guessed_question(self, text: str, utterance: OpenUtterance) -> Question:
        return self._question(0, text, utterance.snapshot, spoken=True, sound_label="speech")

    def _speak_up(self) -> None:
        """Say the next remark, if there is one and nobody speaks or is about to."""
        now_s = self._clock.now_s()
        while self._remarks and not self._closed and self._free:
            remark = self._remarks.popleft()
            if remark.until_s is None or remark.until_s >= now_s:
                reply = Reply(remark.text, remark.evidence, remark.picture_t_s, True, remark.standing)
                self._turns.say(self._turns.next(), "", reply, Stopwatch())

    @property
    def _free(self) -> bool:
        speaks = self._listening.visitor_speaks
        return not (speaks or self._turns.under_way or self._in_order.locked() or self._playout.speaking is not None)

    @property
    def figures(self) -> dict[str, int]:
        """Counts for health and measurement."""
        return {**self._understanding.figures(), "sounds_not_named": self._sounds.dropped}

    def let_source_talk(self, on: bool) -> None:
        """Whether the source is the visitor's own camera: then its sound is the visitor's voice, and may interrupt."""
        self._listening.source_is_visitor = on

    # ---- state -------------------------------------------------------------------------------------------------------

    def _derive(self) -> State:
        if self._playout.speaking is not None:
            return "ducked" if self._playout.ducked else "speaking"
        if self._listening.visitor_speaks:
            return "listening"
        return "thinking" if self._turns.under_way else "idle"

    def _refresh(self) -> None:
        self._speak_up()
        state = self._derive()
        if state != self._state:
            self._state = state
            self._tell(self.state)
        self._perceiving().attentive = self._turns.under_way
        # The counter-case: a system that perceives and answers in turns stands still until the answer was played.
        gate = self._perceiving().may_perceive
        if self._engine.settings.serial and self._turns.under_way:
            gate.clear()
        else:
            gate.set()

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
            spoken = self._understanding.language
            self._tell(Fault("internal", WENT_WRONG.said(spoken), SAY_IT_AGAIN.said(spoken)))
        self._refresh()
