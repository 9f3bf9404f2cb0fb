"""Has somebody finished, by how it sounds? A small network over the last seconds of a turn, weighed with the words.

`SmartTurn` runs Smart Turn v3 (`pipecat-ai/smart-turn-v3`, BSD 2-clause, 23 languages): the encoder of Whisper tiny and
a classifier, in one ONNX file of 8 MB; some 10 to 60 ms on a CPU. It hears intonation and words of all its languages,
and answers long before a large recogniser has the words. `SoundAndCompleteness` turns its answer into a pause.
"""

from __future__ import annotations

import logging
import re
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.models.chinese import is_chinese
from omnilive_demo.perception.end_of_turn import EndOfTurn, PauseAndCompleteness, Said

log = logging.getLogger(__name__)

RATE_HZ = 16_000
HEARD_S = 8.0
"""How much of the end of a turn is listened to."""
_SAMPLES = round(HEARD_S * RATE_HZ)
_BANDS, _FRAMES = 80, 800


class TurnModel(Protocol):
    """Tells by the sound whether a turn is over. Blocking, stateless, safe to call from any thread."""

    name: str

    def probability(self, sound: NDArray[np.float32]) -> float:
        """How likely the speaker has finished (0..1).

        sound: the turn so far with the quiet behind it, mono `[n]` at 16 kHz; its last 8 s are heard.
        """
        ...


class TurnSound:
    """The end of one utterance's sound, as much as a `TurnModel` hears. Lives on the event loop."""

    def __init__(self) -> None:
        self._pieces: deque[NDArray[np.float32]] = deque()
        self._samples = 0

    def add(self, samples: NDArray[np.float32]) -> None:
        """More sound, `[n]`, which is not changed any more."""
        self._pieces.append(samples)
        self._samples += len(samples)
        while self._samples - len(self._pieces[0]) >= _SAMPLES:
            self._samples -= len(self._pieces.popleft())

    def last(self) -> NDArray[np.float32]:
        """The last 8 s at most, `[n]`."""
        return np.concatenate(self._pieces)[-_SAMPLES:] if self._pieces else np.zeros(0, np.float32)


class SmartTurn:
    """`TurnModel` by an ONNX file that takes Whisper's log-mel, `[1, 80, 800]`, and gives a probability, `[1, 1]`.

    Args:
        model: the file, such as smart-turn-v3.2-cpu.onnx.
        threads: of one call. One leaves the other cores to the ears.

    Raises:
        FileNotFoundError: there is no such file; the message says what to do.
        ValueError: it is another kind of model.
        RuntimeError: it cannot be read.
    """

    def __init__(self, model: Path, threads: int = 1, name: str = "") -> None:
        if not model.is_file():
            raise FileNotFoundError(f"The end-of-turn model is missing: {model}. Fetch it again.")
        import onnxruntime
        from faster_whisper.feature_extractor import FeatureExtractor

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        try:
            self._session: Any = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            log.warning("%s: %s", model, error)  # ONNX's words, with paths: not for the page
            raise RuntimeError(f"The end-of-turn model {model.name} is damaged. Fetch it again.") from error
        self.name = name or model.stem
        self._features: Any = FeatureExtractor(feature_size=_BANDS, chunk_length=round(HEARD_S))
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].shape[1:] != [_BANDS, _FRAMES]:
            shapes = ", ".join(f"{one.name} {one.shape}" for one in inputs)
            raise ValueError(f"{model} is no end-of-turn model of this kind: it takes {shapes}, not [1, 80, 800].")
        self._input = inputs[0].name
        if not 0.0 <= self.probability(np.zeros(RATE_HZ, np.float32)) <= 1.0:  # the first call is slow: pay for it now
            raise ValueError(f"{model} is no end-of-turn model of this kind: it does not give a probability.")

    def probability(self, sound: NDArray[np.float32]) -> float:
        """See the protocol."""
        (chance, *_) = self._session.run(None, {self._input: self.features(sound)[None]})
        return float(np.asarray(chance).reshape(-1)[0])

    def features(self, sound: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-mel of the last 8 s, `[80, 800]`: silence before what is shorter, loudness made even over all of it."""
        whole = np.zeros(_SAMPLES, np.float32)
        if len(sound):
            whole[-len(sound) :] = sound[-_SAMPLES:]
        whole = (whole - whole.mean()) / np.sqrt(whole.var() + 1e-7)
        return np.asarray(self._features(whole, padding=0), np.float32)


@dataclass(frozen=True, slots=True)
class SoundAndCompleteness:
    """An `EndOfTurn` that hears as well: call `pause_s` with the `TurnModel`'s probability as soon as it is known.

    The words alone decide while there is no probability, and for commands, which nobody goes on from. The sound alone
    decides where there are no words yet, or words in a script that `words` does not judge. Where both know something,
    both must agree on a short pause, and a doubt of one is met half way.

    words: judges by the text. by_sound: probabilities that somebody has finished, rising, and the pause for each.
    sure: from this probability on the speaker's habits do not lengthen the pause. open_s: a pause this long tells that
    `words` expects more. patient_s: the longest that a speaker's habit adds up to.
    """

    words: EndOfTurn = field(default_factory=PauseAndCompleteness)
    by_sound: tuple[tuple[float, float], ...] = ((0.1, 1.6), (0.3, 1.1), (0.5, 0.7), (0.8, 0.38), (0.95, 0.3))
    sure: float = 0.8
    command_s: float = 0.32
    open_s: float = 1.0
    patient_s: float = 0.9

    def pause_s(self, said: Said, finished: float | None = None) -> float:
        """Seconds of quiet after which the speaker has finished.

        finished: how likely that is by the sound (0..1); None when nobody listened or it is not known yet.
        """
        by_words = self.words.pause_s(said)
        if finished is None or by_words <= self.command_s:
            return by_words
        by_sound = self._by_sound(finished)
        patience_s = 0.0 if finished >= self.sure else min(1.15 * said.speaker_pause_s, self.patient_s)
        if not re.search(r"[A-Za-z]", said.text) and not is_chinese(said.text):
            return max(by_sound, patience_s)
        if by_words >= self.open_s:
            return (by_words + by_sound) / 2 if finished >= 0.5 else max(by_words, by_sound)
        if finished < 0.5:
            return max(by_words, by_sound)
        return max(min(by_words, by_sound), patience_s)

    def _by_sound(self, finished: float) -> float:
        probabilities, pauses = zip(*self.by_sound, strict=True)
        return float(np.interp(finished, probabilities, pauses))
