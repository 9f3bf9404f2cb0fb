"""A voice that a visitor lends for one visit: some seconds of speech, checked, and kept in memory only.

It belongs to the visitor's session and to nothing else: no list, no cache and no file holds it, so it is gone when the
session is. Nobody else can name it, because the sound itself travels with the choice (`OwnVoice`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from omnilive_demo.speech.playout import RATE_HZ
from omnilive_demo.speech.synthesizer import Voice, VoiceInfo

OWN = "own"
SENTENCES_TO_READ = {
    "en": "The old lighthouse keeper counted seven boats on the bay this morning, and waved to every one of them.",
    "zh": "今天早上，太阳刚刚升起来，我在海边看见七只小船，风很轻，天也很蓝。",
}
"""What the page asks a visitor to read aloud, by language: six to nine seconds."""
CONSENT = (
    "Use this recording to speak answers in my voice during this visit. It is my own voice. It stays in the server's "
    "memory, is never stored, and is dropped when I delete it or leave."
)
"""What a visitor agrees to."""
SHORTEST_S, LONGEST_S = 3.0, 12.0

_FRAME = RATE_HZ // 50
_QUIET_DB = -42.0  # the loud moments of the voice must be above this (full scale is 0)
_STANDS_OUT_DB = 12.0  # ... and by so much above the quiet moments
_PAUSE_DB = 25.0  # this far below the loud moments nobody speaks
_CLIPPED = 0.985
_MOST_CLIPPED = 0.002  # of all samples
_LEAST_SPOKEN = 0.35  # of the time between the first word and the last
_LEAST_HEARD = 0.4  # of the words that were to be read; a small recogniser mishears many
_EDGE_S = 0.05


class RecordingError(ValueError):
    """A recording that cannot be used; the message is for the page. `code` tells the causes apart."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, eq=False, repr=False, weakref_slot=True)
class VisitorVoice:
    """Mono float32 `[n]` at 24 kHz without silence around, and what is said in it. Made by `record_voice` only."""

    samples: NDArray[np.float32]
    text: str
    language: str

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.samples.size / RATE_HZ


@dataclass(frozen=True, slots=True)
class OwnVoice(Voice):
    """A visitor's choice of the own voice, which brings its sound along."""

    visitor: VisitorVoice | None = None


def own_voices() -> tuple[VoiceInfo, ...]:
    """What a visitor who lent a voice can choose, beside the voices that everybody has."""
    return (VoiceInfo(OWN, "en", "Yours, for this visit"), VoiceInfo(OWN, "zh", "Yours, for this visit"))


def record_voice(
    samples: NDArray[np.float32], rate_hz: int, text: str, language: str, consent: bool, heard: str | None = None
) -> VisitorVoice:
    """Check a recording, and make a voice of it.

    Args:
        samples: mono float32 `[n]` in [-1, 1].
        text: what was to be read, see `SENTENCES_TO_READ`.
        consent: whether the visitor agreed to `CONSENT`.
        heard: what the recogniser understood, where one listened; it must be that text, more or less.

    Raises:
        RecordingError: no consent, or the recording is empty, too short, too long, too quiet, clipped, without speech
            or of another text.
    """
    if not consent:
        raise RecordingError("no_consent", "Your voice is only used when you agree to it. Tick the box, then record.")
    if not text.strip():
        raise RecordingError("no_text", "It must be known what you say. Read the sentence that is shown.")
    if not 8_000 <= rate_hz <= 96_000 or samples.ndim != 1 or not np.isfinite(samples).all():
        raise RecordingError("unreadable", "The recording could not be read. Record it once more.")
    if samples.size > 3 * LONGEST_S * rate_hz:
        raise _too_long(samples.size / rate_hz)
    sound = np.asarray(soxr.resample(samples.astype(np.float32), rate_hz, RATE_HZ), np.float32)
    begin, end = _spoken(sound)
    length_s = (end - begin) / RATE_HZ
    if length_s < SHORTEST_S:
        message = (
            f"That was {length_s:.1f} s of speech; at least {SHORTEST_S:.0f} s are needed. Read the whole sentence."
        )
        raise RecordingError("too_short", message)
    if length_s > LONGEST_S:
        raise _too_long(length_s)
    if float(np.mean(np.abs(samples) >= _CLIPPED)) > _MOST_CLIPPED:
        message = "The recording is distorted, because it was too loud. Move away from the microphone, and try again."
        raise RecordingError("clipped", message)
    if heard is not None and _share_heard(text, heard) < _LEAST_HEARD:
        understood = f"I understood “{heard.strip()[:120]}”." if heard.strip() else "I understood no words."
        raise RecordingError("other_text", f"{understood} Read the sentence as it is shown.")
    edge = round(_EDGE_S * RATE_HZ)
    return VisitorVoice(sound[max(0, begin - edge) : end + edge].copy(), text.strip(), language)


def _too_long(seconds: float) -> RecordingError:
    message = f"That was {seconds:.0f} s; up to {LONGEST_S:.0f} s can be used. Read the sentence once."
    return RecordingError("too_long", message)


def _spoken(sound: NDArray[np.float32]) -> tuple[int, int]:
    """The samples between which there is speech. Raises RecordingError when there is none to speak of."""
    frames = sound[: sound.size - sound.size % _FRAME].reshape(-1, _FRAME)
    if frames.shape[0] == 0 or not sound.any():
        raise RecordingError("no_sound", "There is no sound in the recording. Is the microphone muted?")
    level_db = 20 * np.log10(np.sqrt(np.mean(np.square(frames), axis=1)) + 1e-9)
    loud_db = float(np.percentile(level_db, 95))
    if loud_db < _QUIET_DB:
        raise RecordingError("too_quiet", "The recording is too quiet. Come closer to the microphone, and try again.")
    if loud_db - float(np.percentile(level_db, 5)) < _STANDS_OUT_DB:
        message = "No speech stands out in the recording, only a steady sound. Find a quieter place, and try again."
        raise RecordingError("no_speech", message)
    spoken = level_db > loud_db - _PAUSE_DB
    where = np.flatnonzero(spoken)
    first, last = int(where[0]), int(where[-1]) + 1
    if float(spoken[first:last].mean()) < _LEAST_SPOKEN:
        raise RecordingError("no_speech", "Most of the recording is silence. Read the sentence in one go.")
    return first * _FRAME, last * _FRAME


def _share_heard(text: str, heard: str) -> float:
    """How many of the words (in Chinese: characters) of a text are among those that were understood."""
    wanted, got = _words(text), set(_words(heard))
    return sum(word in got for word in wanted) / max(len(wanted), 1)


def _words(text: str) -> list[str]:
    return re.findall(r"[぀-鿿]|[^\W_぀-鿿]+", text.lower())
