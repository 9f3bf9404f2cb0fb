"""A natural voice that is free for any use: FastSpeech 2 on eSpeak NG's phonemes, told as ARPAbet. English.

Chosen because its weights are Apache-2.0, one pass makes the whole sound, it says each sound once (nothing is drawn,
repeated or made up), it has one reader, and it tells how long every sound lasts. Dia (Apache-2.0) speaks more lively,
but its authors say that texts of less than 5 s sound unnatural, and each sentence is drawn anew; CSM is gated.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.cancel import CancelToken
from omnilive_demo.models.fastspeech2_model import FastSpeech2Network
from omnilive_demo.models.vits_model import SpokenPhonemes
from omnilive_demo.speech.arpabet import arpabet, pause
from omnilive_demo.speech.finished_sound import clause_word_starts, finished
from omnilive_demo.speech.phonemes import Clause, phonemes
from omnilive_demo.speech.pieces import BREATH_S, pieces, plain
from omnilive_demo.speech.playout import RATE_HZ
from omnilive_demo.speech.synthesizer import SpokenSentence, Voice, VoiceInfo

READER = "fastspeech2-lj"
_MOST_BYTES = 180  # said in one pass, some 10 s: the longest that it was trained on
_MOST_SOUNDS = 900  # of one piece; figures take many more than letters


class FastSpeech2Synthesizer:
    """`Synthesizer` on a FastSpeech 2 network, from `load_fastspeech2`. Threads take turns.

    Raises:
        RuntimeError: eSpeak NG, which gives the phonemes, is missing.
    """

    name = "FastSpeech 2"

    def __init__(self, network: FastSpeech2Network) -> None:
        self._network = network
        phonemes("Hello.")  # the first call loads eSpeak NG's data

    def voices(self) -> tuple[VoiceInfo, ...]:
        """The one reader."""
        return (VoiceInfo(READER, "en", "American woman, even"),)

    def synthesize(self, sentence: str, voice: Voice, cancel: CancelToken) -> SpokenSentence | None:
        """Speak a sentence at 24 kHz; None when it was cancelled.

        Raises:
            RuntimeError: an unknown voice, or the network failed; the message is for the page.
        """
        if voice.name != READER:
            raise RuntimeError(f"There is no voice {voice.name!r}. Choose one of: {READER}.")
        rate = min(max(voice.rate, 0.5), 2.0)
        sounds: list[NDArray[np.float32]] = []
        starts: list[tuple[int, float]] = []
        at_s = 0.0
        text = plain(sentence)
        for offset, piece in pieces(text, _MOST_BYTES):
            if cancel.cancelled:
                return None
            clauses = phonemes(piece)
            said, places = self._in_its_sounds(clauses, offset + len(piece) == len(text))
            if not said:
                continue
            spoken = self._speak(said, rate, cancel)
            if spoken is None:
                return None
            sound, cut_s = finished(spoken.samples, self._network.rate_hz)
            if sounds and sound.size:
                sounds.append(np.zeros(round(BREATH_S * RATE_HZ), np.float32))
                at_s += BREATH_S
            length_s = sound.size / RATE_HZ
            placed = self._word_starts(clauses, places, spoken)
            starts += [(offset + place, at_s + min(max(s - cut_s, 0.0), length_s)) for place, s in placed]
            sounds.append(sound)
            at_s += length_s
        if cancel.cancelled:
            return None
        samples = np.concatenate([np.zeros(0, np.float32), *sounds])
        return SpokenSentence(sentence, samples, RATE_HZ, tuple(starts))

    def _speak(self, said: list[str], rate: float, cancel: CancelToken) -> SpokenPhonemes | None:
        try:
            return self._network.speak(said, rate, lambda: cancel.cancelled)
        except Exception as error:
            if type(error).__name__ == "OutOfMemoryError":
                raise RuntimeError("There is not enough memory on the GPU to speak with FastSpeech 2.") from error
            first = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise RuntimeError(f"The voice FastSpeech 2 could not speak this sentence ({first[:120]}).") from error

    def _in_its_sounds(self, clauses: tuple[Clause, ...], ends: bool) -> tuple[list[str], list[list[int]]]:
        """All that is said, and where in it each group of sounds begins, and where the last one ends, by clause.

        ends: the sentence ends here, and its voice falls where no mark says otherwise.
        """
        said: list[str] = []
        places: list[list[int]] = []
        for clause in clauses:
            begins: list[int] = []
            for group in clause.phonemes.split():
                known = [sound for sound in arpabet(group) if self._network.knows(sound)]
                if known and len(said) + len(known) < _MOST_SOUNDS:
                    begins.append(len(said))
                    said += known
            places.append([*begins, len(said)])
            mark = pause(clause.marks) or ("." if ends and clause is clauses[-1] else ",")
            if begins and self._network.knows(mark):
                said.append(mark)
        return said, places

    def _word_starts(
        self, clauses: tuple[Clause, ...], places: list[list[int]], spoken: SpokenPhonemes
    ) -> list[tuple[int, float]]:
        """The network times the sounds; a clause without any has no words to hear."""
        starts: list[tuple[int, float]] = []
        for clause, found in zip(clauses, places, strict=True):
            times = [float(spoken.starts[place]) / self._network.rate_hz for place in found]
            if len(times) > 1:
                starts += clause_word_starts(clause.text, clause.offset, times[:-1], times[-1])
        return starts
