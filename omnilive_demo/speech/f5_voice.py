"""The voice of F5-TTS: the bundled reader's, or that of a visitor who lends it for the visit.

A sentence is spoken in one piece where it is short enough, else cut where one would breathe: example and piece together
are at most 22 s, as in the authors' own program. How long a piece takes follows from the pace of the example and the
asked rate; a cancel ends the work between two steps of the diffusion.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import soxr
from numpy.typing import NDArray

from omnilive_demo.cancel import CancelToken
from omnilive_demo.config import ASSETS
from omnilive_demo.models.f5_model import HOP, F5Model
from omnilive_demo.speech.espeak import TARGET_RMS
from omnilive_demo.speech.finished_sound import even_word_starts, finished
from omnilive_demo.speech.pieces import BREATH_S, pieces, plain
from omnilive_demo.speech.playout import RATE_HZ
from omnilive_demo.speech.synthesizer import SpokenSentence, Voice, VoiceInfo
from omnilive_demo.speech.visitor_voice import OwnVoice, VisitorVoice

if TYPE_CHECKING:
    from torch import Tensor

READER = "f5-reader"
READER_TEXT = (
    "And Mister John Dashwood had then leisure to consider how much there might be "
    "prudently in his power to do for them."
)
STEPS = 16  # half of what the authors use by default, and twice as fast; they publish a schedule for it
LONGEST_S = 22.0  # example and piece together
SHORT_BYTES, SHORT_PACE = (
    10,
    0.3,
)  # a word alone takes more time than its letters say; the surplus is cut off as silence

_TAIL_S = 0.05  # silence behind the example, so that it does not run into the sentence


@dataclass(frozen=True, slots=True)
class _Example:
    """A spoken example, ready for the network."""

    mel: Tensor
    text: str
    bytes_per_s: float
    seconds: float


class F5Synthesizer:
    """`Synthesizer` on F5-TTS, for English and Chinese.

    Args:
        model: from `load_f5`.
        steps: of the diffusion; time and quality grow with them.
        reader: the wave file of the bundled voice, and what is said in it.

    Raises:
        RuntimeError: the bundled voice is missing or cannot be read.
    """

    name = "F5-TTS"

    def __init__(
        self, model: F5Model, steps: int = STEPS, reader: tuple[Path, str] = (ASSETS / "voices/reader.wav", READER_TEXT)
    ) -> None:
        if steps < 1:
            raise ValueError("F5-TTS takes at least one step.")
        self._model = model
        self._steps = steps
        self._reader = self._example(_read(reader[0]), reader[1])
        self._lent: WeakKeyDictionary[VisitorVoice, _Example] = WeakKeyDictionary()  # gone with the visitor's session

    def voices(self) -> tuple[VoiceInfo, ...]:
        """The bundled voice in both languages; a visitor's own is that visitor's business (`own_voices`)."""
        return (VoiceInfo(READER, "en", "Reader, natural"), VoiceInfo(READER, "zh", "Reader, English accent"))

    def synthesize(self, sentence: str, voice: Voice, cancel: CancelToken) -> SpokenSentence | None:
        """Speak a sentence at 24 kHz; None when it was cancelled. Threads take turns.

        Raises:
            RuntimeError: an unknown voice, or the network failed; the message is for the page.
        """
        if cancel.cancelled:
            return None
        text = plain(sentence)
        example = self._example_of(voice)
        rate = min(max(voice.rate, 0.5), 2.0)
        most = int(example.bytes_per_s * max(LONGEST_S - example.seconds, 3.0) * rate)
        sounds: list[NDArray[np.float32]] = []
        starts: list[tuple[int, float]] = []
        at_s = 0.0
        for offset, piece in pieces(text, most):
            if not any(char.isalnum() for char in piece):
                continue
            made = self._speak(example, piece.strip(), rate, cancel)
            if made is None:
                return None
            sound, _ = finished(made, RATE_HZ)
            if sounds and sound.size:
                sounds.append(np.zeros(round(BREATH_S * RATE_HZ), np.float32))
                at_s += BREATH_S
            length_s = sound.size / RATE_HZ
            starts += even_word_starts(piece, at_s, at_s + length_s, offset)
            sounds.append(sound)
            at_s += length_s
        samples = np.concatenate([np.zeros(0, np.float32), *sounds])
        return SpokenSentence(sentence, samples, RATE_HZ, tuple(starts))

    def _speak(self, example: _Example, text: str, rate: float, cancel: CancelToken) -> NDArray[np.float32] | None:
        size = len(text.encode())
        pace = example.bytes_per_s * rate * (SHORT_PACE if size < SHORT_BYTES else 1.0)
        frames = max(round(size / pace * RATE_HZ / HOP), 1)
        try:
            return self._model.speak(example.mel, example.text, text, frames, self._steps, lambda: cancel.cancelled)
        except Exception as error:
            if type(error).__name__ == "OutOfMemoryError":
                raise RuntimeError("There is not enough memory on the GPU to speak with F5-TTS.") from error
            first = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise RuntimeError(f"F5-TTS could not speak this sentence ({first[:120]}).") from error

    def _example_of(self, voice: Voice) -> _Example:
        if isinstance(voice, OwnVoice) and voice.visitor is not None:
            visitor = voice.visitor
            if visitor not in self._lent:
                self._lent[visitor] = self._example(visitor.samples, visitor.text)
            return self._lent[visitor]
        if voice.name != READER:
            raise RuntimeError(f"There is no voice {voice.name!r}. Choose one of: {READER}.")
        return self._reader

    def _example(self, sound: NDArray[np.float32], text: str) -> _Example:
        """Louder where it is quiet, as the network expects, with silence behind and an end to the sentence."""
        level = float(np.sqrt(np.mean(np.square(sound))))
        louder = sound * np.float32(max(TARGET_RMS / max(level, 1e-6), 1.0))
        tailed = np.concatenate([louder, np.zeros(round(_TAIL_S * RATE_HZ), np.float32)])
        mel = self._model.example(tailed)
        text = text.strip()
        text = text if text[-1] in ".!?。！？" else text + "."
        text += " " if text[-1].isascii() else ""
        seconds = int(mel.shape[1]) * HOP / RATE_HZ
        return _Example(mel, text, len(text.encode()) / seconds, seconds)


def _read(path: Path) -> NDArray[np.float32]:
    """A mono wave file of 16 bits, at 24 kHz."""
    try:
        with wave.open(str(path)) as file:
            if (file.getnchannels(), file.getsampwidth()) != (1, 2):
                raise ValueError("it is not mono with 16 bits")
            rate_hz, count = file.getframerate(), file.getnframes()
            data = file.readframes(count)
            if len(data) < 2 * count or not count:
                raise ValueError("it ends too early")
    except (OSError, EOFError, ValueError, wave.Error) as error:
        message = f"The bundled voice {path} cannot be read ({error}). Fetch the project's assets again."
        raise RuntimeError(message) from error
    sound = np.frombuffer(data, "<i2").astype(np.float32) / 32768
    return np.asarray(soxr.resample(sound, rate_hz, RATE_HZ), np.float32)
