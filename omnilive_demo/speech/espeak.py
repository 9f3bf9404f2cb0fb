"""The embedded voice: eSpeak NG out of the `espeakng-loader` wheel, driven through ctypes.

The library is one global machine that is not safe to share between threads: one engine per process, behind a lock. It
runs synchronously: sound comes back through a callback, some 100 ms at a time, which is also where a cancelled sentence
ends. ctypes lets go of the GIL during the call and takes it for the callback only. The sound is trimmed, brought to a
common level and resampled here, on the worker's thread, so that the event loop only has to cut it into frames.
"""

from __future__ import annotations

import ctypes
import logging
import tempfile
import threading
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from omnilive_demo.cancel import CancelToken
from omnilive_demo.speech.playout import RATE_HZ
from omnilive_demo.speech.synthesizer import SpokenSentence, Voice, VoiceInfo

log = logging.getLogger(__name__)

VOICES: dict[str, str] = {
    "en-us": "American",
    "en-us+f3": "American, higher",
    "en-us+m3": "American, deeper",
    "en-us+steph": "American, soft",
    "en-gb-x-rp": "British",
    "en-gb-x-rp+f2": "British, higher",
    "en-gb-scotland": "Scottish",
    "de": "Standard",
    "es": "Castilian",
    "fr": "Standard",
    "it": "Standard",
    "pt-br": "Brazilian",
    "cmn": "Mandarin",
}
"""Names of voices, which begin with the two letters of their language, and how they differ within it."""
_LANGUAGES = {"cmn": "zh"}  # where the name does not begin with the language's two letters
NORMAL_WPM = 170
TARGET_RMS = 0.1  # -20 dBFS
PEAK = 0.9
SILENCE = 0.01  # of the peak: quieter than this before the first and after the last sound is cut off
MARGIN_S = 0.005

_BUFFER_MS = 100
_SYNCHRONOUS, _DONT_EXIT = 2, 0x8000  # AUDIO_OUTPUT_SYNCHRONOUS, espeakINITIALIZE_DONT_EXIT
_CHARS_UTF8, _POS_CHARACTER, _PARAMETER_RATE = 1, 1, 1  # no SSML, no [[phonemes]]: the text is text
_EVENT_END, _EVENT_WORD = 0, 1
_LONGEST_PATH = 150  # the library holds its data path in 160 bytes and cuts off the rest


_Raw = tuple[NDArray[np.int16], list[tuple[int, int]]]


class _EventId(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),  # characters, from 1
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class _Engine:
    """The library, started once per process. `lock` is held for a whole sentence."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._library = _load_library()
        path, self._short_path = _data_path()
        self.rate_hz = self._library.espeak_Initialize(_SYNCHRONOUS, _BUFFER_MS, path.encode(), _DONT_EXIT)
        if self.rate_hz <= 0:
            raise RuntimeError("The voice cannot start: eSpeak NG's data is incomplete. Reinstall espeakng-loader.")
        self._callback = _CALLBACK(self._collect)
        self._library.espeak_SetSynthCallback(self._callback)
        self._blocks: list[NDArray[np.int16]] = []
        self._words: list[tuple[int, int]] = []
        self._cancel = CancelToken()

    def speak(self, text: str, voice: Voice, cancel: CancelToken) -> _Raw | None:
        """The sound of `text` and (character offset, sample) of its words; None when it was cancelled."""
        self._blocks, self._words, self._cancel = [], [], cancel
        if self._library.espeak_SetVoiceByName(voice.name.encode()) != 0:
            raise RuntimeError(f"The voice {voice.name} is missing from the data of eSpeak NG.")
        self._library.espeak_SetParameter(_PARAMETER_RATE, round(NORMAL_WPM * min(max(voice.rate, 0.5), 2.0)), 0)
        data = text.encode("utf-8", errors="replace")
        if self._library.espeak_Synth(data, len(data) + 1, 0, _POS_CHARACTER, 0, _CHARS_UTF8, None, None) != 0:
            raise RuntimeError("eSpeak NG could not speak this sentence.")
        if cancel.cancelled:
            return None
        return np.concatenate([np.zeros(0, np.int16), *self._blocks]), self._words

    def _collect(self, wave: Any, count: int, events: Any) -> int:
        """Takes one buffer from the library; 1 tells it to stop."""
        if self._cancel.cancelled:
            return 1
        index = 0
        while (event := events[index]).type != _EVENT_END:
            if event.type == _EVENT_WORD:
                self._words.append((event.text_position - 1, event.sample))
            index += 1
        if wave and count > 0:
            self._blocks.append(np.ctypeslib.as_array(wave, (count,)).copy())
        return 0


def _load_library() -> Any:
    try:
        import espeakng_loader
    except ImportError as error:
        raise RuntimeError("The voice is not installed: pip install espeakng-loader.") from error
    try:
        library = ctypes.CDLL(espeakng_loader.get_library_path())
    except OSError as error:
        raise RuntimeError(f"The voice cannot start: the eSpeak NG library does not load ({error}).") from error
    library.espeak_Initialize.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
    library.espeak_Synth.argtypes = [
        ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint,
        ctypes.POINTER(ctypes.c_uint), ctypes.c_void_p,
    ]  # fmt: skip
    library.espeak_SetSynthCallback.argtypes = [_CALLBACK]
    library.espeak_SetSynthCallback.restype = None
    return library


def _data_path() -> tuple[str, tempfile.TemporaryDirectory[str] | None]:
    """Where the voices lie; a long path is reached through a short link, which lives as long as the engine."""
    import espeakng_loader

    try:
        path = Path(espeakng_loader.get_data_path())
    except RuntimeError as error:
        raise RuntimeError(f"The voice cannot start: {error}. Reinstall espeakng-loader.") from error
    if not (path / "phontab").is_file():
        raise RuntimeError(f"The voice cannot start: there is no eSpeak NG data in {path}. Reinstall espeakng-loader.")
    if len(str(path).encode()) <= _LONGEST_PATH:
        return str(path), None
    short = tempfile.TemporaryDirectory(prefix="espeak")
    link = Path(short.name) / "espeak-ng-data"
    link.symlink_to(path, target_is_directory=True)
    return str(link), short


_engine: _Engine | None = None
_engine_lock = threading.Lock()


def _shared_engine() -> _Engine:
    global _engine
    with _engine_lock:
        if _engine is None:
            _engine = _Engine()
            log.info("eSpeak NG is ready at %s Hz", _engine.rate_hz)
        return _engine


class ESpeakSynthesizer:
    """`Synthesizer` on eSpeak NG. Instances share the one engine; calls from several threads take turns.

    Raises:
        RuntimeError: the library or its data is missing; the message says what to do.
    """

    name = "eSpeak NG"

    def __init__(self) -> None:
        self._engine = _shared_engine()

    def voices(self) -> tuple[VoiceInfo, ...]:
        """What there is to choose from."""
        return tuple(VoiceInfo(name, _LANGUAGES.get(name, name[:2]), label) for name, label in VOICES.items())

    def synthesize(self, sentence: str, voice: Voice, cancel: CancelToken) -> SpokenSentence | None:
        """Speak a sentence at 24 kHz; None when it was cancelled.

        Raises:
            RuntimeError: an unknown voice, or the library failed.
        """
        if voice.name not in VOICES:
            raise RuntimeError(f"There is no voice {voice.name!r}. Choose one of: {', '.join(VOICES)}.")
        with self._engine.lock:
            spoken = None if cancel.cancelled else self._engine.speak(_plain(sentence), voice, cancel)
            rate_hz = self._engine.rate_hz
        if spoken is None:
            return None
        raw, words = spoken
        samples, cut_s = _finish(raw, rate_hz)
        return SpokenSentence(sentence, samples, RATE_HZ, _word_starts(words, rate_hz, cut_s, samples.size / RATE_HZ))


def _plain(text: str) -> str:
    """Control characters become spaces (Ctrl-A would begin a command to eSpeak); every offset stays as it is."""
    return "".join(" " if unicodedata.category(char) in ("Cc", "Cs") else char for char in text)


def _finish(raw: NDArray[np.int16], rate_hz: int) -> tuple[NDArray[np.float32], float]:
    """Trim the silence around, set the level, resample to 24 kHz. Returns the sound and how much went at the front."""
    sound = raw.astype(np.float32) / 32768
    loud = np.flatnonzero(np.abs(sound) > SILENCE * np.abs(sound).max(initial=0.0))
    if loud.size == 0:
        return np.zeros(0, np.float32), 0.0
    margin = round(MARGIN_S * rate_hz)
    begin, end = max(0, int(loud[0]) - margin), min(sound.size, int(loud[-1]) + 1 + margin)
    sound = np.asarray(soxr.resample(sound[begin:end], rate_hz, RATE_HZ), np.float32)
    level = float(np.sqrt(np.mean(np.square(sound))))
    gain = min(TARGET_RMS / level, PEAK / float(np.abs(sound).max()))
    return (sound * gain).astype(np.float32), begin / rate_hz


def _word_starts(
    words: list[tuple[int, int]], rate_hz: int, cut_s: float, length_s: float
) -> tuple[tuple[int, float], ...]:
    """Word events on the trimmed sound, strictly rising in offset: what is read as several words counts once."""
    starts: list[tuple[int, float]] = []
    for offset, sample in words:
        if not starts or offset > starts[-1][0]:
            starts.append((offset, min(max(sample / rate_hz - cut_s, 0.0), length_s)))
    return tuple(starts)
