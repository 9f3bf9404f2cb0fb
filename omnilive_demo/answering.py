"""One answer: retrieve on the snapshot, reason, split into sentences, synthesise ahead, hand to the playout.

Every step asks the cancel token, so an interruption frees the compute of the answer that it kills. The picture is
refreshed while the answer is generated, because the reasoner pulls it from the live view (StreamChat); and because
what is said last must rest on what is seen last, no sentence is made long before it is its turn to be spoken.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from omnilive_demo.cancel import CancelToken
from omnilive_demo.engine import Engine
from omnilive_demo.events import AnswerGrew, Fault, PageEvent, Retrieved, TurnLatency
from omnilive_demo.memory.following import thread_after
from omnilive_demo.memory.long_memory import LongMemory
from omnilive_demo.models.chinese import language_of
from omnilive_demo.queues import WaitWhenFull
from omnilive_demo.reasoning.fixed_phrases import ASK_AGAIN, NOT_ANSWERED, ON_THE_PAGE
from omnilive_demo.reasoning.reasoner import LiveView
from omnilive_demo.reasoning.view import StillView
from omnilive_demo.records import Evidence, KeyFrame, Question, Recall, Thread
from omnilive_demo.serving.lane import Priority, WorkCancelled
from omnilive_demo.speech.playout import Playout
from omnilive_demo.speech.sentences import SentenceSplitter
from omnilive_demo.speech.synthesizer import Voice

log = logging.getLogger(__name__)

SENTENCES_AHEAD = 1


@dataclass(frozen=True, slots=True)
class Reply:
    """Words that are known already: what is said to a standing query, or unasked."""

    text: str
    evidence: tuple[Evidence, ...] = ()
    picture_t_s: float | None = None
    unasked: bool = False
    standing: int | None = None


class Stopwatch:
    """The stages of one turn, in real milliseconds.

    Args:
        before: (stage, ms) that passed before the stopwatch was made, such as the wait for the end of the turn.
    """

    def __init__(self, before: tuple[tuple[str, float], ...] = ()) -> None:
        self.stages_ms: list[tuple[str, float]] = list(before)
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        """The stage that ended now."""
        now = time.perf_counter()
        self.stages_ms.append((stage, (now - self._last) * 1000))
        self._last = now

    def latency(self, turn: int) -> TurnLatency:
        """What the page is told; `total_ms` is the sum of the stages."""
        stages = tuple((stage, round(ms, 1)) for stage, ms in self.stages_ms)
        return TurnLatency(turn, stages, round(sum(ms for _, ms in stages), 1))


class Answering:
    """Answers the questions of one session, one at a time.

    Args:
        tell: puts an event into the session's stream.
        voice: the visitor's choice of voice, or None for answers in text only.
    """

    def __init__(
        self,
        session: str,
        engine: Engine,
        memory: LongMemory,
        playout: Playout,
        view: LiveView,
        tell: Callable[[PageEvent], None],
        voice: Callable[[], Voice | None],
    ) -> None:
        self._session = session
        self._engine = engine
        self._memory = memory
        self._playout = playout
        self._view = view
        self._tell = tell
        self._voice = voice
        self.told: AnswerGrew | None = None  # of the answer under way, or the last: all so far
        self.thread: Thread | None = None  # what was spoken of last

    @property
    def text(self) -> str:
        """Of the answer under way, or the last: all that was generated."""
        return self.told.text if self.told is not None else ""

    def clear(self) -> None:
        """A new turn begins, or what was said is to be forgotten."""
        self.told = None

    def _grow(self, told: AnswerGrew) -> None:
        self.told = told
        self._tell(told)

    async def recite(self, turn: int, reply: Reply, cancel: CancelToken, watch: Stopwatch) -> str:
        """Say what is known already; returns the whole text."""
        self._tell(Retrieved(turn, reply.evidence, 0))
        self._grow(
            AnswerGrew(
                turn, reply.text, reply.text, True, (), reply.picture_t_s,
                unasked=reply.unasked, standing=reply.standing,
            )
        )  # fmt: skip
        sentences: WaitWhenFull[str | None] = WaitWhenFull(SENTENCES_AHEAD)
        speaking = asyncio.create_task(self._speak(turn, sentences, self._voice(), cancel, watch))
        splitter = SentenceSplitter()
        for sentence in (*splitter.push(reply.text), *splitter.flush()):
            await sentences.put(sentence)
        await sentences.put(None)
        await asyncio.gather(speaking, return_exceptions=True)
        self._playout.end(turn)
        return reply.text

    async def run(self, question: Question, cancel: CancelToken, watch: Stopwatch, recall: Recall | None = None) -> str:
        """Answer a question; returns the whole text (what was heard of it is the playout's to say).

        recall: what the memory brought back for it, where that is known already.
        """
        voice = self._voice()
        sentences: WaitWhenFull[str | None] = WaitWhenFull(SENTENCES_AHEAD)
        speaking = asyncio.create_task(self._speak(question.turn, sentences, voice, cancel, watch))
        try:
            if recall is None:
                recall = await self.recall(question, cancel)
            watch.lap("retrieve")
            shown = tuple(replace(one, short_term=None, key_frames=()) for one in recall.evidence)
            self._tell(Retrieved(question.turn, shown, recall.looked_at_clips))
            await self._reason(question, recall, cancel, sentences, watch, voice is not None)
        except WorkCancelled:
            pass
        except Exception as error:
            log.exception("turn %d could not be answered", question.turn)
            language = language_of(question.text)
            self._tell(Fault("answer_failed", f"{NOT_ANSWERED.said(language)}: {error}", ASK_AGAIN.said(language)))
            self._grow(AnswerGrew(question.turn, "", self.text, True))
        finally:
            if cancel.cancelled:
                speaking.cancel()
            else:
                await sentences.put(None)
            await asyncio.gather(speaking, return_exceptions=True)
            self._playout.end(question.turn)
        return self.text

    async def recall(self, question: Question, cancel: CancelToken) -> Recall:
        """What the memory has on a question. Raises WorkCancelled."""
        return await self._engine.mind.run(
            self._recalled, question, cancel, session=self._session, priority=Priority.TURN, cancel=cancel
        )

    def _recalled(self, question: Question, cancel: CancelToken) -> Recall:
        recall = self._memory.recall(question, cancel, self._engine.reasoner.reads_memory)
        if not self._engine.reasoner.sees_pictures:
            return recall
        pictured = tuple(replace(one, key_frames=self._pictures(one.clip_id)) for one in recall.evidence)
        return replace(recall, evidence=pictured)

    def _pictures(self, clip_id: int | None) -> tuple[KeyFrame, ...]:
        clips = () if clip_id is None else self._memory.clips(clip_id, clip_id)
        return clips[0].key_frames if len(clips) else ()  # the clip that still grows has none yet

    async def _reason(
        self,
        question: Question,
        recall: Recall,
        cancel: CancelToken,
        sentences: WaitWhenFull[str | None],
        watch: Stopwatch,
        spoken: bool,
    ) -> None:
        splitter = SentenceSplitter()
        view = self._view if self._engine.settings.refresh else StillView(self._view)
        evidence: tuple[int, ...] = ()
        picture_t_s: float | None = None
        async for delta in self._engine.reasoner.answer(question, recall, view, cancel):
            if cancel.cancelled:
                break
            if not self.text:
                watch.lap("answer")
            evidence = tuple(dict.fromkeys((*evidence, *delta.evidence)))
            picture_t_s = delta.picture_t_s if delta.picture_t_s is not None else picture_t_s
            text = self.text + delta.text
            # A model that looks at pictures names all that it was shown; the sentences made of evidence name their own.
            self.thread = thread_after(question, recall, evidence, precise=not self._engine.reasoner.sees_pictures)
            self._grow(AnswerGrew(question.turn, delta.text, text, False, evidence, picture_t_s))
            for sentence in (*splitter.push(delta.text), *(splitter.end_sentence() if delta.ends_sentence else ())):
                await sentences.put(sentence)
            if spoken and self._engine.settings.refresh:
                await sentences.settled()
                await self._playout.until_short(question.turn, self._engine.reasoner.ahead_s)
        if not cancel.cancelled:
            for sentence in splitter.flush():
                await sentences.put(sentence)
            self._grow(AnswerGrew(question.turn, "", self.text, True, evidence, picture_t_s))

    async def _speak(
        self,
        turn: int,
        sentences: WaitWhenFull[str | None],
        voice: Voice | None,
        cancel: CancelToken,
        watch: Stopwatch,
    ) -> None:
        first = True
        while (sentence := await sentences.get()) is not None:  # to the end, so that nobody waits for room in vain
            if voice is not None and not cancel.cancelled:
                try:
                    spoken = await self._engine.voice.run(
                        self._engine.synthesizer.synthesize, sentence, voice, cancel,
                        session=self._session, priority=Priority.TURN, cancel=cancel,
                    )  # fmt: skip
                except WorkCancelled:
                    spoken = None
                except Exception as error:
                    log.exception("turn %d could not be spoken", turn)
                    self._tell(Fault("voice_failed", str(error), ON_THE_PAGE.said(language_of(sentence))))
                    voice = spoken = None
                if spoken is not None:
                    if first:
                        watch.lap("voice")
                    first = False
                    self._playout.put(turn, spoken)
            elif first and not cancel.cancelled:
                self._tell(watch.latency(turn))
                first = False
            sentences.done()
