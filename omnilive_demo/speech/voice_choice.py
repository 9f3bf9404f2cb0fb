"""Several engines' voices in one list; where a natural voice fails, the embedded one speaks the sentence."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from omnilive_demo.cancel import CancelToken
from omnilive_demo.speech.synthesizer import SpokenSentence, Synthesizer, Voice, VoiceInfo
from omnilive_demo.speech.visitor_voice import OWN, OwnVoice

log = logging.getLogger(__name__)

FIRST_REST_S, LONGEST_REST_S = 5.0, 300.0
"""How long an engine is left alone after it failed; twice as long after each further time, until it speaks again."""


@dataclass(slots=True)
class _Rest:
    until_s: float
    length_s: float


class VoiceChoice:
    """`Synthesizer` of several synthesizers.

    The first engine's voices come first in the list. A sentence in a language that the chosen voice does not have goes
    to the first voice of that language, for nobody understands Chinese that is read as English. An engine that failed
    is not asked for a while: each sentence would come late by as long as it takes to fail.

    Args:
        natural: engines whose voices are offered before the embedded ones; the names of all voices must differ.
        embedded: speaks when one of them fails, in its first voice of the language.
        imitator: which of `natural` speaks in a visitor's own voice; None when none can.
        on_fault: told once for each engine, on the worker's thread, with a sentence for the page.
        monotonic: the machine's clock, in seconds.
    """

    def __init__(
        self,
        natural: Sequence[Synthesizer],
        embedded: Synthesizer,
        imitator: Synthesizer | None = None,
        on_fault: Callable[[str], None] = lambda message: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engines = (*natural, embedded)
        self._embedded = embedded
        self._imitator = imitator
        self._on_fault = on_fault
        self._monotonic = monotonic
        self._told: set[str] = set()
        self._rests: dict[str, _Rest] = {}
        self._owner: dict[str, Synthesizer] = {}
        for engine in self._engines:
            for name in {voice.name for voice in engine.voices()}:
                if name in self._owner or name == OWN:
                    raise ValueError(f"Two voices are called {name!r}.")
                self._owner[name] = engine
        self.name = ", ".join(engine.name for engine in self._engines)

    @property
    def imitates(self) -> bool:
        """Whether a visitor can lend a voice."""
        return self._imitator is not None

    def voices(self) -> tuple[VoiceInfo, ...]:
        """All voices; the first of a language is what is spoken with when nothing is chosen."""
        return tuple(voice for engine in self._engines for voice in engine.voices())

    def synthesize(self, sentence: str, voice: Voice, cancel: CancelToken) -> SpokenSentence | None:
        """Speak a sentence at 24 kHz; None when it was cancelled.

        Raises:
            RuntimeError: there is no such voice, or the embedded voice failed too, or has not this language.
        """
        voice = self._for_the_language(sentence, voice)
        engine = self._imitator if isinstance(voice, OwnVoice) else self._owner.get(voice.name)
        if engine is None:
            raise RuntimeError(f"There is no voice {voice.name!r}. Choose one from the list.")
        if engine is self._embedded:
            return engine.synthesize(sentence, voice, cancel)
        instead = self._first(self._embedded.voices(), self._language(sentence, voice))
        who = f"{engine.name}, {OWN}" if isinstance(voice, OwnVoice) else engine.name  # one's voice is nobody else's
        if instead is None or not self._rests_now(who):
            try:
                spoken = engine.synthesize(sentence, voice, cancel)
            except Exception as error:
                if cancel.cancelled:
                    return None
                log.exception("%s failed; %s speaks", engine.name, instead)
                if instead is None:
                    raise
                self._let_rest(who)
                self._tell(engine.name, str(error))
            else:
                self._rests.pop(who, None)
                return spoken
        return self._embedded.synthesize(sentence, Voice(instead, voice.rate), cancel)

    def _rests_now(self, who: str) -> bool:
        rest = self._rests.get(who)
        return rest is not None and self._monotonic() < rest.until_s

    def _let_rest(self, who: str) -> None:
        before = self._rests.get(who)
        length_s = FIRST_REST_S if before is None else min(2 * before.length_s, LONGEST_REST_S)
        self._rests[who] = _Rest(self._monotonic() + length_s, length_s)

    def _for_the_language(self, sentence: str, voice: Voice) -> Voice:
        """The chosen voice, unless it lacks the sentence's language and another has it."""
        if isinstance(voice, OwnVoice) or voice.name not in self._owner:
            return voice
        language = self._language(sentence, voice)
        spoken = {one.language for one in self._owner[voice.name].voices() if one.name == voice.name}
        other = None if language in spoken else self._first(self.voices(), language)
        return voice if other is None else Voice(other, voice.rate)

    def _language(self, sentence: str, voice: Voice) -> str:
        """Of a sentence: seen by its letters where it is Chinese, else that of the voice, where it is not Chinese."""
        letters = [char for char in sentence if char.isalpha()]
        chinese = sum("㐀" <= char <= "鿿" for char in letters)
        if chinese * 2 > len(letters):
            return "zh"
        spoken = [one.language for one in self.voices() if one.name == voice.name and one.language != "zh"]
        return spoken[0] if spoken else "en"

    @staticmethod
    def _first(voices: Sequence[VoiceInfo], language: str) -> str | None:
        return next((voice.name for voice in voices if voice.language == language), None)

    def _tell(self, engine: str, why: str) -> None:
        if engine not in self._told:
            self._told.add(engine)
            self._on_fault(f"{why.rstrip('.')}. Such sentences are spoken by {self._embedded.name} instead.")
