"""Stand-ins for the models, so that a session's logic is tested on scripted words and injected time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from omnilive_demo.answering import Answering
from omnilive_demo.cancel import CancelToken
from omnilive_demo.clock import ManualTime, SessionClock
from omnilive_demo.conversation import Conversation
from omnilive_demo.ear_events import SpeechConfirmed, SpeechEnded, SpeechLikely, SpeechStarted
from omnilive_demo.events import PageEvent
from omnilive_demo.perception.recognizer import Recognition
from omnilive_demo.perception.sound_tagger import names_known
from omnilive_demo.reasoning.instruction import Instruction
from omnilive_demo.records import Delta, Evidence, KeyFrame, Question, Recall, Snapshot, Spoken
from omnilive_demo.speech.playout import Playout, PlayoutFrame
from omnilive_demo.speech.synthesizer import SpokenSentence, Voice, VoiceInfo
from omnilive_demo.speech.voicing import Voicing
from omnilive_demo.standing import Standing


class InlineLane:
    """Runs everything at once, on the loop."""

    name = "inline"
    depth = 0

    async def run(self, function: Callable[..., Any], *args: object, **_: object) -> Any:
        await asyncio.sleep(0)
        return function(*args)


class ScriptedRecognizer:
    """Understands what the script says for each utterance."""

    name = "scripted"

    def __init__(self, words: dict[int, str | Exception]) -> None:
        self.words = words
        self.cancelled: list[int] = []
        self.hangs: set[int] = set()
        self.promptly: dict[int, bool] = {}  # which utterances' first words are waited for

    def open(self, session: str, utterance: int, promptly: bool = False) -> Any:
        self.promptly[utterance] = promptly

        async def finish() -> Recognition:
            if utterance in self.hangs:
                await asyncio.Event().wait()
            text = self.words.get(utterance, "")
            if isinstance(text, Exception):
                raise text
            return Recognition(text)

        async def partial() -> str:
            return str(self.words.get(utterance, ""))

        return SimpleNamespace(
            feed=lambda samples: None,
            partial=partial,
            finish=finish,
            cancel=lambda: self.cancelled.append(utterance),
        )


class ScriptedReasoner:
    """Answers with the given sentences; `hold` makes it wait before the last one."""

    name = "scripted"
    languages = ("en",)
    ahead_s = 0.25
    sees_pictures = False
    reads_memory = False

    def __init__(self, sentences: tuple[str, ...] = ("One two three.", " Four five six.")) -> None:
        self.sentences = sentences
        self.hold: asyncio.Event | None = None
        self.forgot = 0
        self.questions: list[Question] = []
        self.recalls: list[Recall] = []
        self.stopped_early = False

    def forget(self) -> None:
        self.forgot += 1

    async def answer(self, question: Question, recall: Recall, view: Any, cancel: CancelToken) -> AsyncIterator[Delta]:
        self.questions.append(question)
        self.recalls.append(recall)
        for number, sentence in enumerate(self.sentences):
            if number == len(self.sentences) - 1 and self.hold is not None:
                await self.hold.wait()
            if cancel.cancelled:
                self.stopped_early = True
                return
            yield Delta(sentence, (7,), 3.0)


class ToneSynthesizer:
    """Every sentence is half a second of tone."""

    name = "tone"

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self.failure: Exception | None = None

    def synthesize(self, sentence: str, voice: Voice, cancel: CancelToken) -> SpokenSentence | None:
        if self.failure is not None:
            raise self.failure
        self.sentences.append(sentence)
        return SpokenSentence(sentence, np.full(12_000, 0.5, np.float32), 24_000)

    def voices(self) -> tuple[VoiceInfo, ...]:
        return (VoiceInfo("en-us", "en", "American"),)


class ListMemory:
    """Remembers in lists; recalls one piece of evidence."""

    def __init__(self) -> None:
        self.words: list[Spoken] = []
        self.sounds: list[Any] = []
        self.recalled: list[Question] = []

    def snapshot(self, t_s: float) -> Snapshot:
        return Snapshot(len(self.words), t_s)

    def recall(self, question: Question, cancel: CancelToken, with_long_term: bool = False) -> Recall:
        self.recalled.append(question)
        return Recall((Evidence(7, 1.0, 2.0, 0.9, "picture", "dark"),), None, 1)

    def clips(self, first: int = 0, last: int | None = None) -> list[Any]:
        return [SimpleNamespace(id=first, key_frames=(KeyFrame(1.5, b"jpeg"),))]

    def add_spoken(self, spoken: Spoken) -> None:
        self.words.append(spoken)

    def add_heard(self, heard: Any) -> None:
        self.sounds.append(heard)

    def rename_heard(self, heard: Any) -> None:
        self.sounds = [heard if known.start_s == heard.start_s else known for known in self.sounds]


class Stage:
    """A conversation with everything around it scripted, and time in the test's hand."""

    def __init__(self, words: dict[int, str | Exception] | None = None, serial: bool = False) -> None:
        self.time = ManualTime()
        self.clock = SessionClock(self.time)
        self.recognizer = ScriptedRecognizer(words or {})
        self.reasoner = ScriptedReasoner()
        self.synthesizer = ToneSynthesizer()
        self.memory = ListMemory()
        self.told: list[PageEvent] = []
        self.pauses: list[float] = []
        self.waited_for: list[int] = []  # utterances whose pauses are to be told early
        self.voice: Voice | None = Voice()
        gate = asyncio.Event()
        gate.set()
        self.perceiving = SimpleNamespace(
            may_perceive=gate,
            set_end_pause=lambda origin, utterance, pause_s: self.pauses.append(pause_s),
            tell_pauses_early=lambda origin, utterance: self.waited_for.append(utterance),
        )
        self.engine: Any = SimpleNamespace(
            mind=InlineLane(),
            voice=InlineLane(),
            recognizer=self.recognizer,
            reasoner=self.reasoner,
            synthesizer=self.synthesizer,
            instructions=SimpleNamespace(
                predict=lambda text: Instruction("?" in text, 0.99 if text.endswith("?") else 0.8)
            ),
            end_of_turn=SimpleNamespace(
                pause_s=lambda said, finished=None: 0.9 if said.text.rstrip("?").endswith("the") else 0.3
            ),
            turn_model=None,
            turns=InlineLane(),
            sound_namer=None,
            sounds=InlineLane(),
            settings=SimpleNamespace(serial=serial, refresh=True),
        )
        self.playout = Playout(
            self.clock,
            lambda turn: self.conversation.on_started(turn),
            lambda turn: self.conversation.on_finished(turn),
            sleep=self._sleep,
        )
        answering = Answering(
            "test",
            self.engine,
            self.memory,
            self.playout,
            None,
            self.told.append,
            lambda: self.voice,  # type: ignore[arg-type]
        )
        self.voicing = Voicing()
        self.standing = Standing(
            self.clock, None, self.told.append, lambda remark: self.conversation.remark(remark),
            sounds=lambda: names_known(self.engine.sound_namer),
        )  # fmt: skip
        self.conversation = Conversation(
            "test", self.engine, self.clock, self.memory, lambda: self.perceiving, self.playout, answering,  # type: ignore[arg-type]
            self.told.append, lambda function, *args: function(*args), self.standing, self.voicing,
        )  # fmt: skip

    async def _sleep(self, seconds: float) -> None:
        self.time.advance(seconds)
        await asyncio.sleep(0)

    def say(self, utterance: int, origin: str = "visitor", confirm: bool = True, end: bool = True) -> None:
        """An utterance of a second."""
        now = self.clock.now_s()
        self.conversation.on_ear(SpeechStarted(utterance, now, origin))  # type: ignore[arg-type]
        if confirm:
            self.conversation.on_ear(SpeechLikely(utterance, now + 0.1, origin))  # type: ignore[arg-type]
            self.conversation.on_ear(SpeechConfirmed(utterance, now + 0.2, origin))  # type: ignore[arg-type]
        if end:
            self.conversation.on_ear(SpeechEnded(utterance, now, now + 1.0, now + 1.3, origin))  # type: ignore[arg-type]

    async def settle(self) -> None:
        """Let every task run as far as it can."""
        for _ in range(80):
            await asyncio.sleep(0)

    async def play(self, frames: int) -> list[PlayoutFrame]:
        """Pull sound as a connection would."""
        return [await asyncio.wait_for(self.playout.next_frame(), 1) for _ in range(frames)]

    def of(self, kind: type) -> list[Any]:
        """What the page was told of one kind."""
        return [event for event in self.told if isinstance(event, kind)]
