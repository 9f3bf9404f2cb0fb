"""How one visitor wants the answers spoken: the voice, how fast, and whether at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from omnilive_demo.speech.synthesizer import Voice, VoiceInfo
from omnilive_demo.speech.visitor_voice import OWN, OwnVoice, VisitorVoice, own_voices

SLOWEST, FASTEST = 0.5, 2.0  # factors on normal speed


class Voicing:
    """A visitor's choice. It is asked for with every answer, so a change counts from the next sentence on.

    Args:
        tell_rate: told each new rate, for the pages to show; None: nobody shows it.
    """

    def __init__(self, tell_rate: Callable[[float], None] | None = None) -> None:
        self._tell_rate = tell_rate
        self._voice = Voice()
        self._page_rate = self._voice.rate  # what the page said last; it says it again whenever it connects
        self._chosen = False
        self._speak = True
        self._lent: VisitorVoice | None = None

    @property
    def voice(self) -> Voice | None:
        """What to speak with; None for answers in text only."""
        if not self._speak:
            return None
        if self._lent is not None and self._voice.name == OWN:
            return OwnVoice(OWN, self._voice.rate, self._lent)
        return self._voice

    def among(self, voices: Sequence[VoiceInfo]) -> Voice | None:
        """What to speak with of the voices that there are now; None for answers in text only."""
        self.prefer(voices)
        return self.voice

    def prefer(self, voices: Sequence[VoiceInfo]) -> None:
        """The models changed: who chose no voice, or one that is gone, gets the first of the list."""
        known = self._chosen and self._voice.name in {voice.name for voice in (*voices, *self._own)}
        if voices and not known:
            self._voice, self._chosen = Voice(voices[0].name, self._voice.rate), False

    def pace(self, factor: float) -> bool:
        """Speak so much faster (or slower, below 1) from the next sentence on; whether that was possible."""
        rate = min(max(self._voice.rate * factor, SLOWEST), FASTEST)
        changed = abs(rate - self._voice.rate) > 0.01
        self._set(self._voice.name, rate)
        if changed and self._tell_rate is not None:
            self._page_rate = rate  # the page was told: to say the old one again is to go back to it
        return changed

    def lend(self, visitor: VisitorVoice) -> None:
        """From the next answer on, answers are spoken in the visitor's own voice."""
        self._lent, self._voice, self._chosen = visitor, Voice(OWN, self._voice.rate), True

    def take_back(self, voices: Sequence[VoiceInfo]) -> None:
        """Forget the visitor's own voice."""
        self._lent = None
        self.prefer(voices)

    @property
    def _own(self) -> tuple[VoiceInfo, ...]:
        return own_voices() if self._lent is not None else ()

    def change(
        self,
        voices: Sequence[VoiceInfo],
        language: str | None = None,
        name: str | None = None,
        rate: float | None = None,
        speak: bool | None = None,
    ) -> None:
        """What is None stays as it is, and so does a rate that is said again.

        A language alone chooses its first voice, unless the voice is of it already.

        Args:
            voices: what there is; empty while that is not known, and then the name is taken on trust.
            rate: a factor on normal speed (0.5..2).

        Raises:
            LookupError: there is no such voice or language; the message is for the page.
        """
        voices = (*voices, *self._own) if voices else ()
        wanted = name or self._voice.name
        spoken = [voice.name for voice in voices if language is None or voice.language == language]
        if voices and not spoken:
            raise LookupError(f"There is no voice for the language {language!r}.")
        if voices and wanted not in spoken:
            if name is not None:
                raise LookupError(f"There is no voice called {name!r}.")
            wanted = spoken[0]
        self._chosen = self._chosen or name is not None or language is not None
        asked, self._page_rate = self._page_rate, rate or self._page_rate
        self._set(wanted, self._voice.rate if self._page_rate == asked else self._page_rate)
        self._speak = self._speak if speak is None else speak

    def _set(self, name: str, rate: float) -> None:
        before, self._voice = self._voice.rate, Voice(name, rate)
        if rate != before and self._tell_rate is not None:
            self._tell_rate(rate)
