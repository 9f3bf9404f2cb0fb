"""Test speech: sentences said by Debian's flite voices, or taken from WAV files, with exact speech limits.

flite is a tool of measurement only; the app never needs it. What was synthesised is kept in a folder below the
system's temporary one, so that a second run costs nothing.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.io import wavfile

RATE_HZ = 48_000
VOICES = ("rms", "awb", "kal16", "slt")
AUDIBLE = 10 ** (-40 / 20)  # mean absolute amplitude of a 10 ms window at -40 dBFS
WINDOW_S = 0.010


class SpeechError(RuntimeError):
    """Test speech cannot be made; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Speech:
    """A sentence as sound: mono float32 `[n]` at 48 kHz. `text` is the reference, empty when it is not known."""

    text: str
    voice: str
    samples: NDArray[np.float32]
    onset_sample: int
    end_sample: int  # one after the last sample of speech

    @property
    def duration_s(self) -> float:
        """From the first to the last sound of speech."""
        return (self.end_sample - self.onset_sample) / RATE_HZ


def synthesize(text: str, voice: str = "rms") -> Speech:
    """Say a sentence with a flite voice.

    Raises:
        SpeechError: flite is not installed, or failed.
    """
    folder = Path(tempfile.gettempdir()) / "omnilive-test-speech"
    folder.mkdir(exist_ok=True)
    path = folder / (hashlib.sha256(f"{voice}|{text}".encode()).hexdigest()[:24] + ".wav")
    if not path.exists():
        _flite(text, voice, path)
    return _speech(text, voice, read_wav(path))


def from_file(path: Path) -> Speech:
    """Speech from a WAV file. A file of the same name with the ending `.txt` gives the reference.

    Raises:
        SpeechError: the file cannot be read or holds no sound.
    """
    reference = path.with_suffix(".txt")
    text = reference.read_text(encoding="utf-8").strip() if reference.exists() else ""
    return _speech(text, path.stem, read_wav(path))


def read_wav(path: Path) -> NDArray[np.float32]:
    """A WAV file as mono float32 at 48 kHz.

    Raises:
        SpeechError: the file is missing or no WAV.
    """
    try:
        rate_hz, data = wavfile.read(path)
    except (OSError, ValueError) as error:
        raise SpeechError(f"{path} cannot be read as a WAV file: {error}") from error
    scale = float(np.iinfo(data.dtype).max) + 1 if np.issubdtype(data.dtype, np.integer) else 1.0
    mono = data.astype(np.float32) / scale
    if mono.ndim == 2:
        mono = mono.mean(axis=1)
    resampled: NDArray[np.float32] = soxr.resample(mono, rate_hz, RATE_HZ, quality="HQ").astype(np.float32)
    return resampled


def speech_limits(samples: NDArray[np.float32], rate_hz: int = RATE_HZ) -> tuple[int, int]:
    """First and one-after-last sample of the 10 ms windows whose mean amplitude is above -40 dBFS.

    Raises:
        SpeechError: nothing is that loud.
    """
    window = round(WINDOW_S * rate_hz)
    whole = len(samples) // window * window
    levels = np.abs(samples[:whole]).reshape(-1, window).mean(axis=1)
    loud = np.flatnonzero(levels >= AUDIBLE)
    if not len(loud):
        raise SpeechError("there is no sound above -40 dBFS in the speech")
    return int(loud[0]) * window, (int(loud[-1]) + 1) * window


def _speech(text: str, voice: str, samples: NDArray[np.float32]) -> Speech:
    onset, end = speech_limits(samples)
    return Speech(text, voice, samples, onset, end)


def _flite(text: str, voice: str, path: Path) -> None:
    program = shutil.which("flite")
    if program is None:
        raise SpeechError("flite is not installed (Debian package `flite`); give speech with --speech FILE.wav instead")
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".wav", delete=False) as draft:
        made = Path(draft.name)
    try:
        subprocess.run([program, "-voice", voice, "-t", text, "-o", str(made)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        made.unlink(missing_ok=True)
        raise SpeechError(f"flite could not say {text!r} with the voice {voice!r}: {error}") from error
    made.replace(path)  # whole or not at all: two runs may share the folder
