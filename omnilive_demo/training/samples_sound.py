"""The sound track of a sample stream: the narrator, sounds that are computed here, and sounds of the drawn world.

Every maker gives mono float32 at 48 kHz of the asked length and about full scale; the mix brings it to its level.
Speech comes from a `Narrator`, a function from (text, voice) to sound, which is Debian's flite where streams are made.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy import signal
from scipy.io import wavfile

from omnilive_demo.training.samples_story import Line, Noise, Story
from omnilive_demo.training.world.sounds import plain
from omnilive_demo.training.world.sounds_parts import RATE_HZ as WORLD_RATE_HZ

RATE_HZ = 48_000
SPEECH_DB = -20.0
CEILING = 0.89  # -1 dBFS
_PEAK = np.float32(0.4)  # one loud click must not press down all the rest
_BEDS = ("rain", "footsteps", "birds", "train", "creak", "ratchet", "engine", "clapping", "music")

Sound = NDArray[np.float32]
Narrator = Callable[[str, str], Sound]


def flite(text: str, voice: str) -> Sound:
    """A sentence said by one of flite's voices, 48 kHz, without silence around it.

    Raises:
        RuntimeError: flite is not installed, or failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        try:
            subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True, capture_output=True)
        except FileNotFoundError as error:
            raise RuntimeError("The narrator is missing. On Debian: apt-get install flite") from error
        except subprocess.CalledProcessError as error:
            raise RuntimeError(f"flite could not say {text!r}: {error.stderr.decode(errors='replace')}") from error
        rate_hz, samples = wavfile.read(path)
    said = np.asarray(soxr.resample(samples.astype(np.float32) / 32768, rate_hz, RATE_HZ), np.float32)
    loud = np.flatnonzero(np.abs(said) > 0.01 * np.abs(said).max())
    return said[max(0, loud[0] - 240) : loud[-1] + 240]


def mix_track(
    story: Story, narrator: Narrator | None, seed: int, duration_s: float
) -> tuple[Sound, list[tuple[Line, float]]]:
    """The track, and each sentence with the time at which it ends. Without a narrator nobody speaks."""
    rng = np.random.default_rng(seed)
    track = _coloured(rng, round(duration_s * RATE_HZ), 250) * np.float32(10 ** (-62 / 20))  # a room is never silent
    said = [(line, _at_level(narrator(line.text, line.voice), SPEECH_DB)) for line in story.lines] if narrator else []
    for noise in story.noises:
        sound = _edges(_PEAK * np.tanh(_at_level(make_sound(noise, rng), noise.level_db) / _PEAK), noise)
        for line, speech in said if noise.kind in _BEDS else ():
            _give_way(sound, line.start_s - noise.start_s, speech.size)
        _add(track, noise.start_s, sound)
    for line, speech in said:
        _add(track, line.start_s, speech)
    peak, ends = float(np.abs(track).max()), [(line, round(line.start_s + s.size / RATE_HZ, 2)) for line, s in said]
    return (track * np.float32(CEILING / peak) if peak > CEILING else track), ends


def make_sound(noise: Noise, rng: np.random.Generator) -> Sound:
    """What sounds, as long as it does. KeyError: there is no such kind."""
    n = round((noise.end_s - noise.start_s) * RATE_HZ)
    if not noise.of_world:
        return MAKERS[noise.kind](rng, n)
    return _float(soxr.resample(plain(noise.kind, rng, n / RATE_HZ + 0.01), WORLD_RATE_HZ, RATE_HZ)[:n])


def _add(track: Sound, start_s: float, sound: Sound) -> None:
    begin = round(start_s * RATE_HZ)
    room = max(0, min(sound.size, track.size - begin))
    track[begin : begin + room] += sound[:room]


def _give_way(bed: Sound, start_s: float, size: int) -> None:
    """A bed goes down by 10 dB while somebody speaks, as at any good mixing desk."""
    ramp = round(0.25 * RATE_HZ)
    dip = np.full(size + 2 * ramp, 10 ** (-10 / 20), np.float32)
    dip[:ramp] = np.linspace(1, dip[ramp], ramp)
    dip[-ramp:] = dip[:ramp][::-1]
    begin = round(start_s * RATE_HZ) - ramp
    a, b = max(begin, 0), min(begin + dip.size, bed.size)
    if a < b:
        bed[a:b] *= dip[a - begin : b - begin]


def _at_level(sound: Sound, level_db: float) -> Sound:
    """Brings the RMS of the parts that sound (within 40 dB of the peak) to a level."""
    envelope = np.sqrt(signal.fftconvolve(np.square(sound), np.full(960, 1 / 960, np.float32), mode="same").clip(0))
    active = envelope > 0.01 * envelope.max()
    rms = float(np.sqrt(np.mean(np.square(sound[active]))))
    return _float(sound * (10 ** (level_db / 20) / rms))


def _edges(sound: Sound, noise: Noise) -> Sound:
    """No click where a sound begins or ends; beds fade in slowly."""
    slow = noise.kind in ("rain", "train", "birds", "engine", "clapping", "music")
    size = min(round((1.2 if slow else 0.005) * RATE_HZ), sound.size // 2)
    ramp = np.linspace(0, 1, size, dtype=np.float32)
    sound[:size] *= ramp
    sound[-size:] *= ramp[::-1]
    return sound


def _float(values: Any) -> Sound:
    return np.asarray(values, np.float32)


def _times(n: int) -> Sound:
    return _float(np.arange(n) / RATE_HZ)


def _coloured(rng: np.random.Generator, n: int, below_hz: float, above_hz: float = 20.0) -> Sound:
    """Noise between two frequencies, RMS 1."""
    sos = signal.butter(2, [above_hz, below_hz], "bandpass", fs=RATE_HZ, output="sos")
    sound = signal.sosfilt(sos, rng.standard_normal(n))
    return _float(sound / max(float(np.sqrt(np.mean(np.square(sound)))), 1e-9))


def _hits(n: int, starts_s: list[float], hit: Callable[[int], Sound], length_s: float) -> Sound:
    """The same kind of short sound at several times."""
    out = np.zeros(n, np.float32)
    for index, start_s in enumerate(starts_s):
        _add(out, start_s, hit(index)[: round(length_s * RATE_HZ)])
    return out


def _decay(n: int, half_s: float) -> Sound:
    return _float(np.exp2(-_times(n) / half_s))


def _knock(rng: np.random.Generator, n: int) -> Sound:
    def hit(index: int) -> Sound:
        size = round(0.3 * RATE_HZ)
        body = np.sin(2 * np.pi * 165 * _times(size)) + 0.6 * np.sin(2 * np.pi * 310 * _times(size))
        crack = _coloured(rng, size, 2800, 500) * _decay(size, 0.006) * 0.8
        return _float((body * _decay(size, 0.022) + crack) * (1.0, 0.85, 0.95, 0.9)[index % 4])

    return _hits(n, [0.0, 0.385, 0.77, 1.155], hit, 0.3)


def _bell(rng: np.random.Generator, n: int) -> Sound:
    def hit(_: int) -> Sound:
        size = round(1.4 * RATE_HZ)
        parts = ((1.0, 1.0, 0.42), (2.0, 0.6, 0.30), (2.76, 0.45, 0.2), (5.4, 0.22, 0.09), (8.93, 0.1, 0.04))
        times = _times(size)
        return _float(np.sum([a * np.sin(2 * np.pi * 784 * f * times) * _decay(size, h) for f, a, h in parts], axis=0))

    return _hits(n, [0.02, 0.85, 1.68, 2.5], hit, 1.4)


def _kettle(rng: np.random.Generator, n: int) -> Sound:
    times, rise = _times(n), np.minimum(_times(n) / 2.2, 1)
    pitch = 1500 + 950 * rise**1.5 + 18 * np.sin(2 * np.pi * 6.1 * times)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE_HZ
    tone = np.sin(phase) + 0.35 * np.sin(2 * phase)
    end = np.minimum((n / RATE_HZ - times) / 0.6, 1)
    breath = _coloured(rng, n, 7000, 1800) * 0.22
    return _float((tone * (0.2 + 0.8 * rise) + breath) * (0.15 + 0.85 * rise) * end)


def _rain(rng: np.random.Generator, n: int) -> Sound:
    drops = np.zeros(n, np.float32)
    for at in rng.integers(0, max(1, n - 600), n // 900):
        tone = np.sin(2 * np.pi * rng.uniform(1500, 5000) * _times(240)) * rng.uniform(0.5, 2.5)
        drops[at : at + 240] += _decay(240, 0.0012) * tone
    return _coloured(rng, n, 9000, 700) + drops


def _footsteps(rng: np.random.Generator, n: int) -> Sound:
    def hit(_: int) -> Sound:
        size = round(0.16 * RATE_HZ)
        heel = np.sin(2 * np.pi * rng.uniform(85, 105) * _times(size)) * _decay(size, 0.014)
        sole = np.roll(_coloured(rng, size, 2400, 400) * _decay(size, 0.012) * 0.35, round(0.03 * RATE_HZ))
        return _float((heel + sole) * rng.uniform(0.75, 1))

    return _hits(n, [0.58 * index + 0.1 for index in range(int(n / RATE_HZ / 0.58))], hit, 0.16)


def _bark(rng: np.random.Generator, n: int) -> Sound:
    def hit(_: int) -> Sound:
        size = round(0.24 * RATE_HZ)
        times = _times(size)
        pitch = 420 - 700 * (times - 0.06) ** 2 / 0.03 - 260 * times
        phase = 2 * np.pi * np.cumsum(pitch) / RATE_HZ
        voice = np.sum([np.sin(k * phase) / k**0.8 for k in range(1, 9)], axis=0)
        rough = _coloured(rng, size, 2600, 500) * 0.5
        shape = np.minimum(times / 0.012, 1) * np.exp(-((times / 0.13) ** 3))
        return _float((voice + rough) * shape)

    return _hits(n, [0.05, 0.36, 1.2, 1.52, 2.1], hit, 0.24)


def _birds(rng: np.random.Generator, n: int) -> Sound:
    out = np.zeros(n, np.float32)
    at_s = 0.3
    while at_s < n / RATE_HZ - 0.6:
        base = rng.uniform(2600, 4200)
        for index in range(rng.integers(2, 6)):
            size = round(rng.uniform(0.05, 0.11) * RATE_HZ)
            sweep = base + rng.uniform(-500, 700) * np.sin(np.linspace(0, np.pi, size)) + 90 * index
            chirp = np.sin(2 * np.pi * np.cumsum(sweep) / RATE_HZ) * np.hanning(size)
            _add(out, at_s + index * 0.13, chirp.astype(np.float32))
        at_s += rng.uniform(0.7, 1.4)
    return out


def _phone(rng: np.random.Generator, n: int) -> Sound:
    times = _times(n)
    ring = sum(part * np.sin(2 * np.pi * hz * times) for part, hz in ((1.0, 1330), (0.7, 1670), (0.3, 3990)))
    clapper = 0.55 + 0.45 * signal.square(2 * np.pi * 21 * times)
    on = ((times % 2.0) < 1.15).astype(np.float32)
    smooth = signal.fftconvolve(on, np.full(1200, 1 / 1200), mode="same")
    return _float(ring * signal.fftconvolve(clapper, np.full(300, 1 / 300), mode="same") * smooth)


def _tune(rng: np.random.Generator, n: int) -> Sound:
    """A little waltz of our own."""
    notes = (67, 72, 76, 74, 72, 69, 67, 71, 74, 77, 76, 72)
    out = np.zeros(n, np.float32)
    for index, note in enumerate(notes):
        size = round(0.42 * RATE_HZ)
        hz = 440 * 2 ** ((note - 69) / 12)
        times = _times(size)
        tone = sum(part * np.sin(2 * np.pi * k * hz * times) for k, part in ((1, 1.0), (2, 0.4), (3, 0.2)))
        bass = 0.5 * np.sin(2 * np.pi * hz / 4 * times) if index % 3 == 0 else 0.0
        _add(out, index * 0.28, ((tone + bass) * _decay(size, 0.11) * np.minimum(times / 0.008, 1)).astype(np.float32))
    sos = signal.butter(2, [300, 3400], "bandpass", fs=RATE_HZ, output="sos")
    return np.asarray(signal.sosfilt(sos, out), np.float32)


def _static(rng: np.random.Generator, n: int) -> Sound:
    times = _times(n)
    whine = 0.6 * np.sin(2 * np.pi * np.cumsum(900 + 700 * np.sin(2 * np.pi * 0.45 * times)) / RATE_HZ)
    crackle = (rng.random(n) > 0.9996) * rng.normal(0, 9, n)
    return _float(_coloured(rng, n, 3600, 400) * (0.7 + 0.3 * np.sin(2 * np.pi * 0.8 * times)) + whine + crackle)


def _train(rng: np.random.Generator, n: int) -> Sound:
    times = _times(n)
    slow = np.clip(1 - times / (n / RATE_HZ), 0, 1)
    rumble = _coloured(rng, n, 180, 30) * (0.3 + 0.7 * slow)
    brakes = 0.25 * np.sin(2 * np.pi * (2100 + 30 * np.sin(40 * times)) * times) * np.exp(-(((times - 3.8) / 0.9) ** 2))
    clacks = np.zeros(n, np.float32)
    at_s, gap_s = 0.2, 0.32
    while at_s < 5.0:
        size = round(0.1 * RATE_HZ)
        _add(clacks, at_s, 3 * _coloured(rng, size, 900, 120) * _decay(size, 0.012))
        at_s, gap_s = at_s + gap_s, gap_s * 1.12
    hiss = 0.4 * _coloured(rng, n, 9000, 3000) * np.exp(-(((times - 5.6) / 0.5) ** 2))
    return _float(rumble + brakes + clacks + hiss)


def _creak(rng: np.random.Generator, n: int) -> Sound:
    times = _times(n)
    rate = 26 + 30 * np.sin(np.pi * times / times[-1]) ** 2
    pulses = (np.diff(np.floor(np.cumsum(rate) / RATE_HZ), prepend=0) > 0).astype(np.float32)
    wood = sum(np.sin(2 * np.pi * hz * _times(1400)) * _decay(1400, half) for hz, half in ((640, 0.004), (1130, 0.002)))
    return np.asarray(signal.fftconvolve(pulses, wood)[:n] * np.sin(np.pi * times / times[-1]), np.float32)


def _short(rng: np.random.Generator, n: int, tones_hz: tuple[float, ...], half_s: float, noise: float) -> Sound:
    body = np.sum([np.sin(2 * np.pi * hz * _times(n)) / (1 + i) for i, hz in enumerate(tones_hz)], axis=0)
    return _float((body + noise * _coloured(rng, n, 6000, 800)) * _decay(n, half_s))


def _keys(rng: np.random.Generator, n: int) -> Sound:
    def hit(_: int) -> Sound:
        tones = tuple(rng.uniform(3200, 9000, 4))
        return _short(rng, round(0.2 * RATE_HZ), tones, 0.018, 0.15) * np.float32(rng.uniform(0.4, 1))

    return _hits(n, sorted(rng.uniform(0, 0.7, 16).tolist()), hit, 0.2)


def _ratchet(rng: np.random.Generator, n: int) -> Sound:
    starts = [start + 0.07 * tick for start in np.arange(0, n / RATE_HZ - 0.6, 0.75) for tick in range(6)]
    return _hits(n, starts, lambda _: _short(rng, 1400, (1900.0, 3100.0), 0.003, 0.5), 0.03)


MAKERS: dict[str, Callable[[np.random.Generator, int], Sound]] = {
    "knock": _knock, "bell": _bell, "kettle": _kettle, "rain": _rain, "footsteps": _footsteps, "bark": _bark,
    "birds": _birds, "phone": _phone, "tune": _tune, "static": _static, "train": _train, "creak": _creak,
    "keys": _keys, "ratchet": _ratchet,
    "click": lambda rng, n: _short(rng, n, (1400.0, 2600.0), 0.006, 0.8),
    "cup": lambda rng, n: _short(rng, n, (1250.0, 2900.0, 4700.0), 0.025, 0.3),
    "thud": lambda rng, n: _short(rng, n, (110.0, 190.0, 420.0), 0.03, 0.25),
}  # fmt: skip
