"""The sounds of the drawn world: computed, each one different, as a microphone in a room would hear them.

`synthesise(label, rng, seconds)` makes one of the classes of `models/sound_words.CLASSES`. Parameters are drawn from
wide ranges; then come the room's echo, its noise (0..30 dB below the sound), the microphone's frequency response (at
times a telephone's band, or muffled), a level, and sometimes clipping. With `beyond`, every second parameter lies
outside the ranges of training, and kinds are drawn that training never has: other speakers and sentences, two more
instruments, three more sounds of no class, longer echoes. Level and noise keep their ranges, or it would be inaudible.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import soxr
from scipy import signal

from omnilive_demo.models.sound_words import CLASSES
from omnilive_demo.training.world.sounds_coughs import coughing
from omnilive_demo.training.world.sounds_else import other, room_noise
from omnilive_demo.training.world.sounds_parts import RATE_HZ, Dice, Sound, as_sound, noise, samples, unit
from omnilive_demo.training.world.sounds_struck import clapping, engine, footsteps, knocking, rain, typing
from omnilive_demo.training.world.sounds_tonal import alarm, bell, music, ringing_phone, siren, whistling
from omnilive_demo.training.world.sounds_voiced import barking, laughing, speech

MAKERS: dict[str, Callable[[Dice, float], Sound]] = {
    "silence": room_noise, "speech": speech, "other": other, "music": music, "laughing": laughing,
    "clapping": clapping, "knocking": knocking, "whistling": whistling, "bell": bell, "alarm": alarm,
    "barking": barking, "rain": rain, "footsteps": footsteps, "engine": engine, "coughing": coughing, "siren": siren,
    "ringing phone": ringing_phone, "typing": typing,
}  # fmt: skip
_SILENCE_DB = (-80.0, -48.0)
_SOUND_DB = (-44.0, -10.0)
_ABOVE_NOISE_DB = (0.0, 30.0)
_LOUD_SHARE = 0.05  # of the loudest 32 ms: quieter stretches do not count for a sound's level
_WINDOW = 512


@dataclass(frozen=True, slots=True)
class Take:
    """A sound as it was recorded. `clean`: without the room's noise, at the same level; zeros for silence."""

    label: str
    sound: Sound
    clean: Sound


def synthesise(
    label: str, rng: np.random.Generator, seconds: float, rate: int = RATE_HZ, beyond: bool = False
) -> Sound:
    """A sound of a class: mono float32 `[seconds * rate]` in -1..1.

    Raises:
        KeyError: there is no such class.
    """
    sound = take(label, rng, seconds, beyond).sound
    if rate == RATE_HZ:
        return sound
    resampled = as_sound(soxr.resample(sound, RATE_HZ, rate))
    return np.resize(np.pad(resampled, (0, 8)), round(seconds * rate))


def plain(label: str, rng: np.random.Generator, seconds: float) -> Sound:
    """The sound alone, at RMS 1: no room, no noise, no microphone. For a mixing desk that has its own.

    Raises:
        KeyError: there is no such class.
    """
    return unit(MAKERS[label](Dice(rng), seconds))


def take(label: str, rng: np.random.Generator, seconds: float, beyond: bool = False) -> Take:
    """A sound of a class with the room, the microphone, its noise and a level.

    Raises:
        KeyError: there is no such class.
    """
    dice = Dice(rng, beyond)
    made = np.nan_to_num(MAKERS[label](dice, seconds))[: samples(seconds)]
    response = _microphone(dice)
    if label == "silence":
        silent = _through(unit(made), response)
        return Take(label, as_sound(unit(silent) * 10 ** (rng.uniform(*_SILENCE_DB) / 20)), np.zeros_like(silent))
    wet = _echo(dice, unit(made)) if dice.chance(0.8) else unit(made)
    wet = _through(wet, response)
    level = 10 ** (rng.uniform(*_SOUND_DB) / 20)
    clean = as_sound(wet * (level / _loud_rms(wet)))
    behind = level * 10 ** (-rng.uniform(*_ABOVE_NOISE_DB) / 20)
    sound = clean + _through(room_noise(dice, seconds), response) * np.float32(behind)
    if dice.chance(0.08):
        sound = np.clip(sound * dice.ratio(1.5, 6), -0.9, 0.9) * dice.ratio(0.15, 1.0)  # a microphone turned up too far
    return Take(label, as_sound(np.clip(sound, -1, 1)), clean)


def windows(takes: Take, rng: np.random.Generator, count: int, length: int = RATE_HZ) -> list[Sound]:
    """Random windows of a take, `length` samples each, in which the sound is really heard."""
    room = takes.sound.size - length
    energy = np.concatenate([[0.0], np.cumsum(np.square(takes.clean, dtype=np.float64))])
    starts = np.arange(0, room + 1, 160)
    inside = energy[starts + length] - energy[starts]
    fit = starts[inside >= 0.3 * inside.max()]
    return [takes.sound[at : at + length] for at in rng.choice(fit, count, replace=len(fit) < count)]


def label_for(number: int) -> str:
    """The class of the n-th sound of a balanced set."""
    return CLASSES[number % len(CLASSES)]


def _loud_rms(sound: Sound) -> float:
    power = np.square(sound[: sound.size // _WINDOW * _WINDOW]).reshape(-1, _WINDOW).mean(1)
    return float(np.sqrt(power[power >= _LOUD_SHARE * power.max()].mean() + 1e-12))


def _echo(dice: Dice, sound: Sound) -> Sound:
    """A room: the direct sound, a few early reflections, and a tail of noise that dies away."""
    fades_s = dice.ratio(0.08, 0.9) * (1.5 if dice.beyond and dice.chance(0.5) else 1.0)
    n = samples(min(fades_s, 1.2))
    tail = noise(dice.rng, n, 80, dice.ratio(2000, 7500)) * np.exp(-6.9 * np.arange(n) / RATE_HZ / fades_s)
    tail[: samples(dice.even(0.002, 0.02))] = 0.0
    impulse = tail * np.float32(dice.ratio(0.05, 0.8) / np.sqrt(np.sum(np.square(tail)) + 1e-9))
    impulse[0] = 1.0
    for _ in range(dice.count(0, 5)):
        impulse[int(dice.rng.integers(min(n - 1, 20), n)) if n > 40 else 0] += dice.rng.uniform(-0.3, 0.3) * (n > 400)
    return as_sound(signal.fftconvolve(sound, impulse)[: sound.size])


def _microphone(dice: Dice) -> tuple[float, float, float, float]:
    """(tilt in dB an octave, low edge, high edge, bump at 1..4 kHz in dB)."""
    low, high = dice.ratio(25, 150), 7900.0
    kind = dice.rng.random()
    if kind < 0.12:
        low, high = 300.0, 3400.0
    elif kind < 0.24:
        high = dice.ratio(1500, 4000)
    return dice.even(-1.5, 1.5), low, high, dice.rng.uniform(-5, 5)


def _through(sound: Sound, response: tuple[float, float, float, float]) -> Sound:
    tilt_db, low, high, bump_db = response
    spectrum = np.fft.rfft(sound)
    hz = np.maximum(np.fft.rfftfreq(sound.size, 1 / RATE_HZ), 20.0)
    gain_db = tilt_db * np.log2(hz / 1000) + bump_db * np.exp(-np.square(np.log2(hz / 2200)))
    gain = 10 ** (gain_db / 20) / np.sqrt((1 + (low / hz) ** 6) * (1 + (hz / high) ** 8))
    return as_sound(np.fft.irfft(spectrum * gain, sound.size))


assert set(MAKERS) == set(CLASSES)
