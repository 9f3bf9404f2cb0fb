"""Utterances while they are spoken: their sound goes to the recogniser, their pauses are weighed.

While we speak, they duck us, silence us, or take the floor.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from omnilive_demo.clock import Clock
from omnilive_demo.ear_events import (
    EarEvent,
    HintDismissed,
    SpeechAudio,
    SpeechConfirmed,
    SpeechDismissed,
    SpeechEnded,
    SpeechHinted,
    SpeechLikely,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
)
from omnilive_demo.engine import Engine
from omnilive_demo.events import Caption, PageEvent
from omnilive_demo.floor import Floor
from omnilive_demo.memory.long_memory import LongMemory
from omnilive_demo.perception.end_of_turn import Said
from omnilive_demo.perception.speaker_pace import SpeakerPace
from omnilive_demo.perception.transcript import agreed, pieces
from omnilive_demo.reasoning.back_channel import is_fragment
from omnilive_demo.reasoning.spoken_command import read_command
from omnilive_demo.records import Origin
from omnilive_demo.serving.lane import LaneFull, Priority, WorkCancelled
from omnilive_demo.speech.playout import Playout
from omnilive_demo.turns import Turns
from omnilive_demo.understanding import Understanding
from omnilive_demo.utterance import OpenUtterance

if TYPE_CHECKING:
    from omnilive_demo.perceiving import Perceiving

PARTIAL_EVERY_S = 0.6  # words so far are shown this often while somebody speaks
TURN_MODEL_S = 0.25  # a turn model that does not begin within this time is not waited for
FRAGMENT_S = 1.55  # the pause behind a few words that want nothing
GOES_ON_S = 2.0  # who speaks again so soon after a question, before its answer sounds, had not finished it


class Listening:
    """The utterances of one session that are not over yet.

    Args:
        tell: puts an event into the session's stream.
        spawn: runs a coroutine beside the conversation.
        ended: called with every utterance that is over; it stays open until `close` is called with it.
        is_meant: whether words are for us whatever the instruction prediction thinks.
    """

    def __init__(
        self,
        session: str,
        engine: Engine,
        clock: Clock,
        memory: LongMemory,
        perceiving: Callable[[], Perceiving],
        playout: Playout,
        turns: Turns,
        understanding: Understanding,
        tell: Callable[[PageEvent], None],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        ended: Callable[[SpeechEnded, OpenUtterance], object],
        is_meant: Callable[[str], bool],
    ) -> None:
        self._session = session
        self._engine = engine
        self._clock = clock
        self._memory = memory
        self._perceiving = perceiving
        self._playout = playout
        self._turns = turns
        self._understanding = understanding
        self._tell = tell
        self._spawn = spawn
        self._ended = ended
        self._is_meant = is_meant
        self._open: dict[int, OpenUtterance] = {}
        self._floor = Floor(playout, lambda: turns.stop("speech"))
        self._pace = SpeakerPace()
        self._fell_silent_s = float("-inf")  # when the visitor's last utterance ended
        self.source_is_visitor = False  # a stream pushed from the visitor's own camera: it may interrupt

    def is_visitor(self, origin: Origin) -> bool:
        """Whether this is who talks with us; the sound track of a film does not."""
        return origin == "visitor" or self.source_is_visitor

    @property
    def visitor_speaks(self) -> bool:
        """Whether an utterance of the visitor is under way, or not yet understood."""
        return any(self.is_visitor(utterance.origin) for utterance in self._open.values())

    def going_on(self, origin: Origin) -> OpenUtterance | None:
        """An utterance of the visitor that is surely speech and not over yet."""
        if not self.is_visitor(origin):
            return None
        return next((u for u in self._open.values() if u.confirmed and self.is_visitor(u.origin)), None)

    def take(self, event: EarEvent) -> None:
        """The next event of an utterance, in order."""
        match event:
            case SpeechHinted():
                if self.is_visitor(event.origin):
                    self._floor.suspect()
            case HintDismissed():
                self._restore(event.origin)
            case SpeechStarted():
                self._begin(event)
            case SpeechAudio():
                self._listen(event)
            case SpeechLikely():
                self._claim(event.utterance)
            case SpeechConfirmed():
                self._confirm(event)
            case SpeechPaused():
                if event.utterance in self._open:
                    self._open[event.utterance].quiet_since_s = event.end_s
                    self._spawn(self._weigh_pause(event))
            case SpeechResumed():
                self._go_on(event)
            case SpeechDismissed():
                self._dismiss(event)
            case SpeechEnded():
                if event.utterance in self._open:
                    if self.is_visitor(event.origin):
                        self._fell_silent_s = event.end_s
                    self._ended(event, self._open[event.utterance])

    def judge(self, utterance: OpenUtterance, text: str, spoken_s: float, over: bool) -> None:
        """Whether the floor is given to this utterance, if it is the one that silences us."""
        if self._floor.claimed_by != utterance.number:
            return
        if not self._turns.under_way or self._turns.current != utterance.over_turn:
            self._floor.take_back()  # what it spoke over was ended in another way: this is not about what came since
            return
        question, sounded = self._turns.last, self._playout.speaking is not None
        if not self._floor.judge(utterance.number, text, spoken_s, over, utterance.noise):
            return
        utterance.took_the_floor = True
        going_on = question is not None and question.spoken and question.turn == self._turns.current
        if question is None or not going_on or sounded or read_command(text) is not None:
            return
        if utterance.start_s - question.asked_s < GOES_ON_S:
            # Nothing was said yet: the visitor goes on with what was taken for all of the question.
            utterance.before, utterance.snapshot = question.text, question.snapshot

    def close(self, utterance: OpenUtterance) -> None:
        """Its words are known: it is under way no longer."""
        self._open.pop(utterance.number, None)

    def forget(self, begin_s: float, end_s: float) -> None:
        """A stretch of the stream was forgotten: words under way of it go as well."""
        for utterance in tuple(self._open.values()):
            if begin_s <= utterance.start_s <= end_s:
                utterance.forgotten = True

    def stop(self) -> None:
        """Nobody listens any more."""
        for utterance in self._open.values():
            utterance.stream.cancel()

    def _begin(self, event: SpeechStarted) -> None:
        # The backup of the paper: the question will be answered on what was seen up to here.
        snapshot = self._memory.snapshot(event.t_s)
        stream = self._engine.recognizer.open(self._session, event.utterance, promptly=self._turns.under_way)
        self._open[event.utterance] = OpenUtterance(event.utterance, event.origin, event.t_s, snapshot, stream)
        if self.is_visitor(event.origin):
            self._floor.suspect()

    def _confirm(self, event: SpeechConfirmed) -> None:
        utterance = self._open.get(event.utterance)
        if utterance is None:
            return
        utterance.confirmed = True
        if self.is_visitor(event.origin):
            self._note_gap(utterance.start_s - self._fell_silent_s)

    def _note_gap(self, gap_s: float) -> None:
        """Somebody who speaks again before we said anything may not have finished before."""
        if gap_s < GOES_ON_S and self._playout.speaking is None:
            self._pace.went_on(gap_s)
        else:
            self._pace.turn_over()

    def _listen(self, event: SpeechAudio) -> None:
        utterance = self._open.get(event.utterance)
        if utterance is None:
            return
        utterance.stream.feed(event.samples)
        if self._engine.turn_model is not None:
            utterance.heard.add(event.samples)
        utterance.noise = event.noise
        spoken_s = self._clock.now_s() - utterance.start_s
        if utterance.paused:
            return
        if self._floor.wants_a_look(event.utterance, spoken_s):
            self._spawn(self._look_at(utterance, spoken_s))
        if utterance.confirmed and spoken_s >= utterance.shown_s + PARTIAL_EVERY_S:
            utterance.shown_s = spoken_s
            self._spawn(self._show(utterance))

    async def _show(self, utterance: OpenUtterance) -> None:
        """The words that the last two hypotheses agree on: what is shown changes no more."""
        text, before = await utterance.stream.partial(), utterance.hypothesis
        utterance.hypothesis = text
        sure = agreed(text, before)
        over = utterance.paused or utterance.number not in self._open or utterance.forgotten
        if pieces(sure) > utterance.shown and not over:
            utterance.shown = pieces(sure)
            now_s = self._clock.now_s()
            self._tell(Caption(utterance.number, sure, False, utterance.origin, utterance.start_s, now_s))

    def _claim(self, number: int) -> None:
        """A voice goes on. The sound track of a film does not interrupt; the visitor does."""
        utterance = self._open.get(number)
        if utterance is not None and self.is_visitor(utterance.origin) and self._turns.under_way:
            utterance.over_turn = self._turns.current
            self._floor.hold(number)
            self._perceiving().tell_pauses_early(utterance.origin, number)

    async def _look_at(self, utterance: OpenUtterance, spoken_s: float) -> None:
        self.judge(utterance, await utterance.stream.partial(), spoken_s, over=False)

    def _go_on(self, event: SpeechResumed) -> None:
        utterance = self._open.get(event.utterance)
        if utterance is None:
            return
        pause_s = event.t_s - (utterance.quiet_since_s or event.t_s)
        utterance.quiet_since_s = None
        if self.is_visitor(event.origin):
            self._pace.went_on(pause_s)
            self._understanding.revoke()
            self._claim(event.utterance)

    def _dismiss(self, event: SpeechDismissed) -> None:
        utterance = self._open.pop(event.utterance, None)
        if utterance is not None:
            utterance.stream.cancel()
        self._restore(event.origin)

    def _restore(self, origin: Origin) -> None:
        """It was nothing. A film that falls silent says nothing about the visitor's own cough."""
        if self.is_visitor(origin) and not self.visitor_speaks:
            self._floor.take_back()

    async def _weigh_pause(self, event: SpeechPaused) -> None:
        utterance = self._open.get(event.utterance)
        if utterance is None:
            return
        spoken_s = event.end_s - utterance.start_s
        # People in a film have paces of their own.
        pace_s = self._pace.pause_s if self.is_visitor(event.origin) else 0.0
        words = asyncio.ensure_future(utterance.stream.partial())
        finished = await self._finished(utterance)
        if finished is not None:  # a large recogniser is slower than a turn model: the sound alone decides at first
            said = Said("", spoken_s, event.drawn_out, pace_s)
            wait_s = self._engine.end_of_turn.pause_s(said, finished)
            self._perceiving().set_end_pause(event.origin, event.utterance, wait_s)
        text = await words
        wait_s = self._engine.end_of_turn.pause_s(Said(text, spoken_s, event.drawn_out, pace_s), finished)
        self._perceiving().set_end_pause(event.origin, event.utterance, wait_s)
        if not utterance.paused or event.utterance not in self._open:
            return
        if text:
            self._tell(Caption(event.utterance, text, False, event.origin, utterance.start_s, event.end_s))
        if self.is_visitor(event.origin):
            self.judge(utterance, text, spoken_s, over=True)
            if text and not self._turns.under_way:
                whole = f"{utterance.before} {text}".strip()
                self._understanding.guess(utterance, whole, lambda: self._give_time(utterance, text, wait_s))

    async def _finished(self, utterance: OpenUtterance) -> float | None:
        """How likely the speaker has finished, by the sound; None where no model listens, or none in time."""
        model = self._engine.turn_model
        if model is None:
            return None
        with contextlib.suppress(LaneFull, WorkCancelled):
            return await self._engine.turns.run(
                model.probability, utterance.heard.last(), session=self._session, priority=Priority.TURN,
                deadline_s=TURN_MODEL_S,
            )  # fmt: skip
        return None

    def _give_time(self, utterance: OpenUtterance, text: str, wait_s: float) -> None:
        """A few words that want nothing may be the beginning of something, and there is no answer to hurry for."""
        if is_fragment(text) and not self._is_meant(text):
            wait_s = max(wait_s, FRAGMENT_S)
            self._perceiving().set_end_pause(utterance.origin, utterance.number, wait_s)
