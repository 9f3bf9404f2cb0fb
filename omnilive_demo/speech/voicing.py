"""How one visitor wants the answers spoken: the voice, how fast, and whether at all."""

from __future__ import annotations

from collections.abc import Sequence

from omnilive_demo.speech.synthesizer import Voice, VoiceInfo


class Voicing:
    """A visitor's choice. It is asked for with every answer, so a change counts from the next sentence on."""

    def __init__(self) -> None:
        self._voice = Voice()
        self._speak = True

    @property
    def voice(self) -> Voice | None:
        """What to speak with; None for answers in text only."""
        return self._voice if self._speak else None

    def change(
        self,
        voices: Sequence[VoiceInfo],
        language: str | None = None,
        name: str | None = None,
        rate: float | None = None,
        speak: bool | None = None,
    ) -> None:
        """What is None stays as it is. A language alone chooses its first voice, unless the voice is of it already.

        Args:
            voices: what there is; empty while that is not known, and then the name is taken on trust.
            rate: a factor on normal speed (0.5..2).

        Raises:
            LookupError: there is no such voice or language; the message is for the page.
        """
        wanted = name or self._voice.name
        spoken = [voice.name for voice in voices if language is None or voice.language == language]
        if voices and not spoken:
            raise LookupError(f"There is no voice for the language {language!r}.")
        if voices and wanted not in spoken:
            if name is not None:
                raise LookupError(f"There is no voice called {name!r}.")
            wanted = spoken[0]
        self._voice = Voice(wanted, rate or self._voice.rate)
        self._speak = self._speak if speak is None else speak
