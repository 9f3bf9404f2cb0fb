"""What computed sounds are made of: dice for their parameters, noise, tones, strokes, formants.

Everything is mono float32 at 16 kHz and about full scale; the mix brings it to its level.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import signal

RATE_HZ = 16_000
_BEYOND = 0.25  # of a range, on either side of it
_FRAME, _HOP = 512, 128

Sound = NDArray[np.float32]
T = TypeVar("T")


class Dice:
    """Draws the parameters of sounds.

    With `beyond`, every second parameter lies outside the range that training draws from: up to a quarter of the
    range below or above it (in octaves for ratios); and what `pick` keeps back is drawn too.
    """

    def __init__(self, rng: np.random.Generator, beyond: bool = False) -> None:
        self.rng = rng
        self.beyond = beyond

    def even(self, low: float, high: float) -> float:
        """Evenly between two numbers; never below 0 where the range is not."""
        value = self._within(low, high)
        return low + high - value if value < 0 <= low else value

    def ratio(self, low: float, high: float) -> float:
        """Between two positive numbers, every octave as likely: for frequencies, rates and times."""
        return float(np.exp(self._within(np.log(low), np.log(high))))

    def count(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return max(min(low, 1), round(self._within(low - 0.49, high + 0.49)))

    def chance(self, probability: float) -> bool:
        """True with a probability."""
        return bool(self.rng.random() < probability)

    def pick(self, options: Sequence[T], kept_back: int = 0) -> T:
        """One of the options; the last `kept_back` of them only beyond training."""
        if self.beyond and kept_back and self.chance(0.5):
            return options[len(options) - 1 - int(self.rng.integers(kept_back))]
        return options[int(self.rng.integers(len(options) - kept_back))]

    def _within(self, low: float, high: float) -> float:
        if self.beyond and self.chance(0.5):
            over = (high - low) * self.rng.uniform(0.0, _BEYOND)
            return float(low - over if self.chance(0.5) else high + over)
        return float(self.rng.uniform(low, high))


def as_sound(values: Any) -> Sound:
    """As float32."""
    return np.asarray(values, np.float32)


def times(n: int) -> Sound:
    """Seconds of each sample."""
    return as_sound(np.arange(n) / RATE_HZ)


def samples(seconds: float) -> int:
    """Seconds to samples, at least one."""
    return max(1, round(seconds * RATE_HZ))


def add(track: Sound, start_s: float, sound: Sound, gain: float = 1.0) -> None:
    """Put a sound into a track; what lies outside is cut off."""
    begin = round(start_s * RATE_HZ)
    from_, to = max(begin, 0), min(begin + sound.size, track.size)
    if from_ < to:
        track[from_:to] += sound[from_ - begin : to - begin] * np.float32(gain)


def rms(sound: Sound) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(np.square(sound, dtype=np.float64)) + 1e-20))


def unit(sound: Sound) -> Sound:
    """At RMS 1."""
    return as_sound(sound / rms(sound))


def noise(rng: np.random.Generator, n: int, low_hz: float = 20.0, high_hz: float = 7800.0, order: int = 2) -> Sound:
    """Noise between two frequencies, RMS 1."""
    high_hz = min(high_hz, 7800.0)
    low_hz = min(max(low_hz, 10.0), 0.8 * high_hz)
    sos = signal.butter(order, [low_hz, high_hz], "bandpass", fs=RATE_HZ, output="sos")
    return unit(as_sound(signal.sosfilt(sos, rng.standard_normal(n))))


def tilted(rng: np.random.Generator, n: int, slope_db: float) -> Sound:
    """Noise whose power falls by `slope_db` an octave (0 white, 3 pink, 6 brown), RMS 1."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    hz = np.maximum(np.fft.rfftfreq(n, 1 / RATE_HZ), 30.0)
    return unit(as_sound(np.fft.irfft(spectrum * hz ** (-slope_db / 6.02), n)))


def decay(n: int, half_s: float) -> Sound:
    """Falls to one half in `half_s`."""
    return as_sound(np.exp2(-times(n) / half_s))


def wander(rng: np.random.Generator, n: int, rate_hz: float) -> Sound:
    """A smooth random curve, about -1..1, that turns about `rate_hz` times a second."""
    points = max(4, round(n / RATE_HZ * rate_hz * 2) + 4)
    places = np.linspace(0, points - 1.001, n)
    values, left = rng.uniform(-1, 1, points), places.astype(int)
    share = 0.5 - 0.5 * np.cos(np.pi * (places - left))
    return as_sound(values[left] * (1 - share) + values[left + 1 if points > 1 else left] * share)


def phase_of(hz: Any, n: int) -> NDArray[np.float64]:
    """Phase in turns of a tone of constant or changing frequency."""
    return np.asarray(np.cumsum(np.broadcast_to(np.asarray(hz, np.float64), (n,))) / RATE_HZ)


def tone(hz: Any, n: int, partials: Sequence[float] = (1.0,)) -> Sound:
    """Harmonics of a constant or changing frequency; those above 7.6 kHz are left out."""
    turns, highest = phase_of(hz, n), float(np.max(hz))
    out = np.zeros(n)
    for k, amount in enumerate(partials, 1):
        if amount and k * highest < 7600:
            out += amount * np.sin(2 * np.pi * k * turns)
    return as_sound(out)


def falling(count: int, power: float, odd: bool = False) -> tuple[float, ...]:
    """Amounts of partials that fall as 1/k^power; of a square wave when `odd`."""
    return tuple(0.0 if odd and k % 2 == 0 else k**-power for k in range(1, count + 1))


def modes(n: int, parts: Sequence[tuple[float, float, float]]) -> Sound:
    """Something that was struck: the sum of decaying tones (hz, amount, half-life in s)."""
    seconds = times(n)
    out = np.zeros(n)
    for hz, amount, half_s in parts:
        if hz < 7700:
            out += amount * np.sin(2 * np.pi * hz * seconds) * np.exp2(-seconds / half_s)
    return as_sound(out)


def swell(n: int, attack_s: float, release_s: float) -> Sound:
    """1 with a rise at the begin and a fall at the end."""
    up, down = min(samples(attack_s), n), min(samples(release_s), n)
    out = np.ones(n, np.float32)
    out[:up] *= np.linspace(0, 1, up, dtype=np.float32)
    out[n - down :] *= np.linspace(1, 0, down, dtype=np.float32)
    return out


def buzz(hz: Any, n: int) -> Sound:
    """A saw wave, rich as a voice's source."""
    return as_sound(1.0 - 2.0 * (phase_of(hz, n) % 1.0))


def shaped(source: Sound, formants: NDArray[np.float64], tilt_db: float = 0.0) -> Sound:
    """A source through resonances that change over time.

    Args:
        source: `[n]`.
        formants: `[frames, F, 3]` of (hz, width in hz, amount), spread evenly over the sound.
        tilt_db: how much each octave above 500 Hz is lowered.
    """
    padded = np.pad(source, (_FRAME, _FRAME))
    spots = 1 + (padded.size - _FRAME) // _HOP
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[::_HOP][:spots] * np.hanning(_FRAME)
    hz = np.fft.rfftfreq(_FRAME, 1 / RATE_HZ)
    at = np.linspace(0, len(formants) - 1, len(frames)).round().astype(int)
    f, width, amount = (formants[at, :, i][:, :, None] for i in range(3))
    gain = (amount / (1 + np.square((hz - f) / (width / 2)))).sum(1) + 0.01
    gain *= np.maximum(hz / 500, 1.0) ** (-tilt_db / 6.02)
    out = np.zeros(padded.size)
    pieces = np.fft.irfft(np.fft.rfft(frames, axis=1) * gain, _FRAME, axis=1)
    for i, piece in enumerate(pieces):
        out[i * _HOP : i * _HOP + _FRAME] += piece
    return as_sound(out[_FRAME : _FRAME + source.size])


def strokes(dice: Dice, seconds: float, rate_hz: float, loose: float, start_s: float = 0.0) -> list[float]:
    """Times of about regular strokes; `loose` is how much each gap varies (share of it)."""
    found, at_s = [], start_s
    while at_s < seconds:
        found.append(at_s)
        at_s += max(0.02, (1 + loose * dice.rng.uniform(-1, 1)) / rate_hz)
    return found
