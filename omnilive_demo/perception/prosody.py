"""How a voice sounds where it falls silent: who holds the last sound has not finished.

At the end of a sentence the last vowel is short or changes: its pitch falls (or rises, in a question), it fades,
another sound follows. In "the…", "and uhhh", "sooo" one vowel is held: the same colour, loudness and pitch for longer
than a syllable. Only this is judged. What falls and rises mean differs from speaker to speaker, and the words say more.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.perception.voice_activity import SAMPLE_RATE_HZ

LOOKED_AT_S = 0.8  # of the sound before the pause
HELD_S = 0.26
FADING_S = 0.1  # what may follow the held vowel
PITCH_SEMITONES, LEVEL_DB, LIKE = 5.0, 12.0, 0.95  # how much a held vowel may vary; likeness of its spectra at least
_QUIET_DB = 20.0  # below the loudest: not looked at
_VOICED = 0.4  # least periodicity
_ALMOST = 0.9
_HOP_S = 0.01
_HOP, _FRAME, _FFT = round(_HOP_S * SAMPLE_RATE_HZ), 640, 2048
_LAGS = (SAMPLE_RATE_HZ // 400, SAMPLE_RATE_HZ // 65)  # of pitches, in samples
_BANDS = np.unique(np.round(np.geomspace(16, 512, 11)).astype(int))  # 125 Hz to 4 kHz, wide enough for high voices
_HANN = np.hanning(_FRAME).astype(np.float32)
_WINDOW_LIKENESS = np.fft.irfft(np.abs(np.fft.rfft(_HANN, _FFT)) ** 2)


def is_drawn_out(sound: NDArray[np.float32]) -> bool:
    """Whether the last sound of an utterance is held for `HELD_S` or longer.

    Args:
        sound: what was said before the pause, mono float32 `[n]` at 16 kHz; its last `LOOKED_AT_S` count.
    """
    sound = sound[-round(LOOKED_AT_S * SAMPLE_RATE_HZ) :]
    if len(sound) < _FRAME:
        return False
    frames = np.lib.stride_tricks.sliding_window_view(sound, _FRAME)[::_HOP]
    level_db = 10 * np.log10((frames**2).mean(axis=1) + 1e-9)
    spectra = np.abs(np.fft.rfft((frames - frames.mean(axis=1, keepdims=True)) * _HANN, _FFT, axis=1))
    pitch, periodicity = _pitch(spectra)
    sounding = np.flatnonzero((periodicity > _VOICED) & (level_db > level_db.max() - _QUIET_DB))
    if not sounding.size:
        return False
    colour = _colour(spectra)
    last = int(sounding[-1])
    first_end = max(last - round(FADING_S / _HOP_S), 0)
    ends = [end for end in range(last, first_end - 1, -1) if end in sounding]
    return any(_held(end, set(sounding.tolist()), pitch, level_db, colour) * _HOP_S >= HELD_S for end in ends)


def _held(
    end: int, sounding: set[int], pitch: NDArray[np.float64], level_db: NDArray[np.float64], colour: NDArray[np.float64]
) -> int:
    """For how many frames up to `end` one vowel is held."""
    begin = end
    while begin - 1 in sounding:
        stretch = slice(begin - 1, end + 1)
        varies = np.ptp(pitch[stretch]) > PITCH_SEMITONES or np.ptp(level_db[stretch]) > LEVEL_DB
        if varies or colour[begin - 1] @ colour[(begin + end) // 2] < LIKE:
            break
        begin -= 1
    return end - begin + 1


def _pitch(spectra: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Semitones above 100 Hz and periodicity (0..1) of each frame."""
    likeness = np.fft.irfft(spectra**2, axis=1)
    likeness = likeness / np.maximum(likeness[:, :1], 1e-9) / (_WINDOW_LIKENESS / _WINDOW_LIKENESS[0] + 1e-6)
    first, last = _LAGS
    lags = likeness[:, first:last]
    # Twice the period fits as well as the period: the shortest that fits is the pitch.
    best = (lags >= _ALMOST * lags.max(axis=1, keepdims=True)).argmax(axis=1)
    return 12 * np.log2(SAMPLE_RATE_HZ / (first + best) / 100), lags.max(axis=1)


def _colour(spectra: NDArray[np.floating]) -> NDArray[np.float64]:
    """The shape of each frame's spectrum, as unit vectors `[frames, bands]`."""
    bands = np.log(np.add.reduceat(spectra, _BANDS, axis=1)[:, :-1] / np.diff(_BANDS) + 1e-5)
    bands = bands - bands.mean(axis=1, keepdims=True)
    return np.asarray(bands / (np.linalg.norm(bands, axis=1, keepdims=True) + 1e-9), np.float64)
