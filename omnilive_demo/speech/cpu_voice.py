"""A natural voice for a CPU: VITS on the phonemes of eSpeak NG. English.

VITS is chosen because its released weights are free (MIT), because one pass makes the whole sound, because it was
trained on the phonemes that eSpeak NG gives, which is here anyway, and because it tells how long every phoneme lasts,
so that it is known which words were heard. SpeechT5 (MIT) is autoregressive and needs the package sentencepiece;
the voices of MMS may not be used commercially. For a voice under Apache-2.0 see `fastspeech2_voice`.
"""

from __future__ import annotations

import re

import numpy as np

from omnilive_demo.cancel import CancelToken
from omnilive_demo.models.vits_model import SpokenPhonemes, VitsNetwork
from omnilive_demo.speech.finished_sound import clause_word_starts, finished
from omnilive_demo.speech.phonemes import Clause, phonemes
from omnilive_demo.speech.playout import RATE_HZ
from omnilive_demo.speech.synthesizer import SpokenSentence, Voice, VoiceInfo

VCTK = {
    "vits-p299": (58, "American woman, natural"),
    "vits-p360": (60, "American man, natural"),
    "vits-p228": (57, "English woman, natural"),
    "vits-p226": (43, "English man, natural"),
    "vits-p262": (45, "Scottish woman, natural"),
    "vits-p245": (59, "Irish man, natural"),
}
"""Name by the reader's number in the VCTK corpus: (number in the network of 109 voices, label)."""
ONE = {"vits-lj": (0, "American woman, natural")}

_SPEAKERS_OF_VCTK = 109
_MOST_SAID = 900  # phonemes at once, some 70 s


class VitsSynthesizer:
    """`Synthesizer` on a VITS network, from `load_vits`. Threads take turns.

    Raises:
        RuntimeError: eSpeak NG, which gives the phonemes, is missing.
    """

    def __init__(self, network: VitsNetwork) -> None:
        self._network = network
        if network.speakers == _SPEAKERS_OF_VCTK:
            self._voices = VCTK
        elif network.speakers == 1:
            self._voices = ONE
        else:
            several = min(network.speakers, 8)
            self._voices = {f"vits-{n}": (n, f"Voice {n + 1}, natural") for n in range(several)}
        self.name = "VITS" if network.speakers == 1 else f"VITS ({network.speakers} voices)"
        phonemes("Hello.")  # the first call loads eSpeak NG's data

    def voices(self) -> tuple[VoiceInfo, ...]:
        """What there is to choose from."""
        return tuple(VoiceInfo(name, "en", label) for name, (_, label) in self._voices.items())

    def synthesize(self, sentence: str, voice: Voice, cancel: CancelToken) -> SpokenSentence | None:
        """Speak a sentence at 24 kHz; None when it was cancelled.

        Raises:
            RuntimeError: an unknown voice, or the network failed; the message is for the page.
        """
        if voice.name not in self._voices:
            raise RuntimeError(f"There is no voice {voice.name!r}. Choose one of: {', '.join(self._voices)}.")
        if cancel.cancelled:
            return None
        clauses = phonemes(sentence)
        said, places = self._in_its_symbols(clauses)
        if not said:
            return SpokenSentence(sentence, np.zeros(0, np.float32), RATE_HZ)
        rate = min(max(voice.rate, 0.5), 2.0)
        try:
            spoken = self._network.speak(said, self._voices[voice.name][0], rate, lambda: cancel.cancelled)
        except Exception as error:
            first = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise RuntimeError(f"The voice VITS could not speak this sentence ({first[:120]}).") from error
        if spoken is None:
            return None
        samples, cut_s = finished(spoken.samples, self._network.rate_hz)
        length_s = samples.size / RATE_HZ
        starts = self._word_starts(clauses, places, said, spoken)
        kept = tuple((offset, min(max(start_s - cut_s, 0.0), length_s)) for offset, start_s in starts)
        return SpokenSentence(sentence, samples, RATE_HZ, kept)

    def _in_its_symbols(self, clauses: tuple[Clause, ...]) -> tuple[str, list[tuple[int, int]]]:
        """All that is said, and where each clause's phonemes begin and end in it."""
        said, places = "", []
        for clause in clauses:
            known = "".join(phoneme for phoneme in clause.phonemes if self._network.knows(phoneme)).strip()
            marks = "".join(mark for mark in clause.marks if self._network.knows(mark))
            said += " " if said and self._network.knows(" ") else ""
            places.append((len(said), len(said) + len(known)))
            said += known + marks
        return said[:_MOST_SAID], places

    def _word_starts(
        self, clauses: tuple[Clause, ...], places: list[tuple[int, int]], said: str, spoken: SpokenPhonemes
    ) -> list[tuple[int, float]]:
        """The network times the phonemes; words that eSpeak runs together ("in the") share their clause by letters."""

        def second(phoneme: int) -> float:
            return float(spoken.starts[min(phoneme, spoken.starts.size - 1)]) / self._network.rate_hz

        starts: list[tuple[int, float]] = []
        for clause, (begin, end) in zip(clauses, places, strict=True):
            groups = [second(begin + group.start()) for group in re.finditer(r"\S+", said[begin:end])]
            starts += clause_word_starts(clause.text, clause.offset, groups or [second(begin)], second(end))
        return starts
