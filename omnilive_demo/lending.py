"""A visitor lends a voice for the visit: the recording is checked, listened to, and kept in this session only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
import soxr
from numpy.typing import NDArray

from omnilive_demo.engine import Engine
from omnilive_demo.events import Json
from omnilive_demo.serving.lane import Priority
from omnilive_demo.speech.playout import RATE_HZ
from omnilive_demo.speech.visitor_voice import (
    CONSENT,
    LONGEST_S,
    OWN,
    SENTENCES_TO_READ,
    SHORTEST_S,
    OwnVoice,
    RecordingError,
    record_voice,
)
from omnilive_demo.speech.voicing import Voicing

EARS_HZ = 16_000
WAIT_S = 20.0
UTTERANCE = 0  # what is said to the session itself is counted from 1


class Lending:
    """One session's own voice. The sound is in its `Voicing` and nowhere else, and is gone with it."""

    def __init__(self, session: str, engine: Engine, voicing: Voicing) -> None:
        self._session = session
        self._engine = engine
        self._voicing = voicing
        self._seconds = 0.0
        self._unfollow: Callable[[], None] | None = None
        self._closed = False

    @property
    def seconds(self) -> float:
        """How much of the visitor's speech is kept; 0 when none is."""
        return self._seconds

    @property
    def in_use(self) -> bool:
        """Whether the next answer is spoken in it."""
        return isinstance(self._voicing.voice, OwnVoice)

    async def lend(self, samples: NDArray[np.float32], rate_hz: int, language: str, consent: bool) -> float:
        """Speak in the visitor's own voice from now on; returns how many seconds of it were taken.

        Args:
            samples: mono `[n]` in [-1, 1], of the sentence of that language in `SENTENCES_TO_READ`.

        Raises:
            RecordingError: nobody can imitate here, the recording cannot be used, or the visit is over.
        """
        if not imitates(self._engine):
            raise _no_imitation()
        text = SENTENCES_TO_READ.get(language, "")
        run, lane = self._engine.voice.run, {"session": self._session, "priority": Priority.TURN}
        given = (samples, rate_hz, text, language, consent)
        checked = await run(record_voice, *given, **lane)  # type: ignore[arg-type]
        heard = await self._understood(checked.samples)
        visitor = await run(record_voice, *given, heard, **lane)  # type: ignore[arg-type]
        if not imitates(self._engine):  # other voices took over while this one was listened to
            raise _no_imitation()
        if self._closed:
            raise RecordingError("session_over", "This visit has ended.")
        self._voicing.lend(visitor)
        self._seconds = visitor.seconds
        self._follow()
        return visitor.seconds

    def take_back(self) -> None:
        """Forget the visitor's own voice."""
        if self._unfollow is not None:
            self._unfollow()
        self._unfollow, self._seconds = None, 0.0
        self._voicing.take_back(self._engine.voices())

    def close(self) -> None:
        """The visit ends: the engine outlives it, and must not hold what it lent."""
        self._closed = True
        self.take_back()

    def _follow(self) -> None:
        """Where voices that cannot imitate take over, the recording is dropped: it was lent for nothing else."""
        if self._unfollow is None:
            self._unfollow = self._engine.listen(lambda event: None, self._changed)

    def _changed(self) -> None:
        if not imitates(self._engine):
            self.take_back()

    async def _understood(self, sound: NDArray[np.float32]) -> str | None:
        """What the recogniser makes of a recording at 24 kHz; None when it cannot be asked."""
        stream = self._engine.recognizer.open(self._session, UTTERANCE)
        try:
            stream.feed(np.asarray(await asyncio.to_thread(soxr.resample, sound, RATE_HZ, EARS_HZ), np.float32))
            return (await asyncio.wait_for(stream.finish(), WAIT_S)).text
        except (RuntimeError, TimeoutError):
            stream.cancel()
            return None


def _no_imitation() -> RecordingError:
    return RecordingError("no_imitation", "This server's voices cannot imitate yours. Choose one of the list.")


def imitates(engine: Engine) -> bool:
    """Whether a visitor can lend a voice."""
    return bool(getattr(getattr(engine, "synthesizer", None), "imitates", False))


def offer(engine: Engine) -> Json | None:
    """What the page shows to a visitor who may lend a voice; None where no voice imitates."""
    if not imitates(engine):
        return None
    sentences = {code: text for code, text in SENTENCES_TO_READ.items() if code in engine.reasoner.languages}
    return {"consent": CONSENT, "sentences": sentences, "shortest_s": SHORTEST_S, "longest_s": LONGEST_S, "name": OWN}
