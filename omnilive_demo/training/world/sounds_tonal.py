"""Sounds of tones: music, whistling, bells, alarms, sirens, telephones."""

from __future__ import annotations

import numpy as np
from scipy import signal

from omnilive_demo.training.world.sounds_parts import (
    Dice,
    Sound,
    add,
    as_sound,
    decay,
    falling,
    modes,
    noise,
    samples,
    strokes,
    swell,
    times,
    tone,
    unit,
    wander,
)

_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9), (0, 3, 5, 7, 10), (0, 2, 3, 5, 7, 9, 10))
_TIMBRES = ("piano", "pluck", "organ", "strings", "flute", "brass", "electric", "marimba")
_NEW_TIMBRES = 2  # electric piano and marimba are never heard in training


def music(dice: Dice, seconds: float) -> Sound:
    """Melody, chords, bass and drums, at least two of them or a busy melody, in a key and a beat."""
    n, beat_s = samples(seconds), 60 / dice.ratio(70, 170)
    scale, root = dice.pick(_SCALES), dice.even(40, 52)
    track = np.zeros(n, np.float32)
    parts = [
        name
        for name, chance in (("melody", 0.8), ("chords", 0.7), ("bass", 0.55), ("drums", 0.5))
        if dice.chance(chance)
    ]
    parts = parts if len(parts) > 1 else ["melody", "chords"]
    lead, pad = dice.pick(_TIMBRES, _NEW_TIMBRES), dice.pick(_TIMBRES, _NEW_TIMBRES)
    begin_s = -dice.even(0.0, beat_s)
    degree = int(dice.rng.integers(len(scale)))
    for i, at_s in enumerate(np.arange(begin_s, seconds, beat_s / 2)):
        on_beat, bar = i % 2 == 0, i // 8
        chord = (0, 3, 4, 5)[(bar * 7 + i // 4) % 4]
        if "melody" in parts and dice.chance(0.85 if on_beat else 0.5):
            degree += int(dice.rng.integers(-2, 3))
            add(track, at_s, _note(dice, lead, _hz(scale, root + 24, degree), beat_s * dice.pick((0.5, 1.0))), 0.8)
        if "chords" in parts and on_beat and (i // 2) % 2 == 0:
            for step in (0, 2, 4):
                add(track, at_s, _note(dice, pad, _hz(scale, root + 12, chord + step), beat_s * 2), 0.45)
        if "bass" in parts and on_beat:
            add(track, at_s, _note(dice, "pluck", _hz(scale, root, chord), beat_s), 0.9)
        if "drums" in parts:
            _drum(dice, track, at_s, i % 4)
    return track


def _hz(scale: tuple[int, ...], root: float, degree: int) -> float:
    octave, step = divmod(degree, len(scale))
    return float(440 * 2 ** ((root + 12 * octave + scale[step] - 69) / 12))


def _note(dice: Dice, timbre: str, hz: float, length_s: float) -> Sound:
    n = samples(length_s + 0.08)
    steady = swell(n, 0.03, 0.09)
    match timbre:
        case "piano":
            return tone(hz, n, falling(8, 1.3)) * decay(n, 0.25) * swell(n, 0.004, 0.05)
        case "pluck":
            return tone(hz, n, falling(12, 0.9)) * decay(n, 0.12) * swell(n, 0.002, 0.05)
        case "organ":
            return tone(hz, n, (1, 0.7, 0.5, 0.4, 0, 0.3, 0, 0.2)) * steady * 0.6
        case "strings":
            shake = hz * (1 + 0.006 * np.sin(2 * np.pi * 5.5 * times(n)))
            return tone(shake, n, falling(14, 1.0)) * swell(n, 0.09, 0.12) * 0.5
        case "flute":
            breath = 0.05 * noise(dice.rng, n, 1000, 5000)
            return (
                as_sound(tone(hz * (1 + 0.004 * np.sin(2 * np.pi * 5 * times(n))), n, (1, 0.25, 0.1)) + breath) * steady
            )
        case "brass":
            return tone(hz, n, (0.8, 1, 0.9, 0.7, 0.5, 0.35, 0.2, 0.1)) * swell(n, 0.05, 0.08) * 0.5
        case "electric":
            ring = np.sin(2 * np.pi * hz * times(n) + 2.0 * decay(n, 0.1) * np.sin(2 * np.pi * 2 * hz * times(n)))
            return as_sound(ring) * decay(n, 0.3) * swell(n, 0.004, 0.05)
        case _:  # marimba
            return modes(n, ((hz, 1, 0.12), (4 * hz, 0.3, 0.04), (9.2 * hz, 0.1, 0.015)))


def _drum(dice: Dice, track: Sound, at_s: float, quarter: int) -> None:
    n = samples(0.2)
    if quarter == 0:
        add(track, at_s, tone(50 + 90 * decay(n, 0.02), n) * decay(n, 0.05), 1.3)
    elif quarter == 2:
        add(track, at_s, noise(dice.rng, n, 400, 6000) * decay(n, 0.03) * 0.5 + tone(190, n) * decay(n, 0.03), 0.6)
    if dice.chance(0.8):
        add(track, at_s, noise(dice.rng, n, 4500, 7800) * decay(n, 0.012), 0.25)


def whistling(dice: Dice, seconds: float) -> Sound:
    """One nearly pure tone that glides: a tune, a call, or a kettle; with a little breath."""
    n = samples(seconds)
    middle, seconds_ = dice.ratio(700, 2600), times(n)
    if dice.chance(0.2):  # a kettle
        hz = middle * (1 + 0.08 * np.minimum(seconds_ / dice.even(0.5, 2.0), 1)) + 8 * wander(dice.rng, n, 7)
        loud = swell(n, dice.even(0.02, 0.8), 0.05)
    else:
        hz, loud = np.full(n, middle), np.zeros(n, np.float32)
        at_s = dice.even(0.0, 0.2)
        while at_s < seconds:
            length_s = dice.ratio(0.12, 0.7)
            begin, end = samples(at_s) - 1, min(n, samples(at_s + length_s))
            if end <= begin:
                break
            note = middle * 2 ** (dice.rng.integers(-5, 8) / 12)
            to = note * 2 ** (dice.even(-0.7, 0.7) if dice.chance(0.4) else 0.0)
            hz[begin:] = note
            hz[begin:end] = np.geomspace(note, to, end - begin)
            loud[begin:end] = swell(end - begin, 0.03, 0.05)
            at_s += length_s + (dice.even(0.0, 0.25) if dice.chance(0.6) else 0.0)
        smooth = np.hanning(samples(dice.ratio(0.01, 0.05)) + 2)
        hz = np.convolve(np.pad(hz, smooth.size, mode="edge"), smooth / smooth.sum(), "same")[
            smooth.size : -smooth.size
        ]
    hz = hz * (1 + dice.even(0.0, 0.012) * np.sin(2 * np.pi * dice.even(4, 7) * seconds_))
    breath = noise(dice.rng, n, middle * 0.7, 6500) * dice.even(0.01, 0.12)
    return as_sound((tone(hz, n, (1.0, dice.even(0.0, 0.08), dice.even(0.0, 0.03))) + breath) * loud)


def bell(dice: Dice, seconds: float) -> Sound:
    """Struck metal with partials that are no harmonics: door chime, church bell, hand bell, bicycle bell."""
    track = np.zeros(samples(seconds), np.float32)
    kind = dice.pick(("chime", "church", "hand", "bicycle", "bowl"))
    low, high = {
        "chime": (400, 1100),
        "church": (180, 600),
        "hand": (900, 2600),
        "bicycle": (1400, 3200),
        "bowl": (200, 800),
    }[kind]
    hz, half_s = dice.ratio(low, high), dice.ratio(0.12, 0.7)
    parts = [(hz, 1.0, half_s)]
    if kind == "church":
        parts += [
            (hz * r * dice.ratio(0.99, 1.01), a, half_s * d)
            for r, a, d in (
                (0.5, 0.4, 1.5),
                (1.19, 0.6, 0.8),
                (1.5, 0.4, 0.6),
                (2.0, 0.8, 0.6),
                (2.5, 0.3, 0.4),
                (3.0, 0.3, 0.3),
                (4.2, 0.2, 0.2),
            )
        ]
    else:
        ratios = (2.0, 2.76, 5.4, 8.93) if dice.chance(0.6) else (1.5, 2.4, 3.7, 5.1)
        parts += [
            (hz * r * dice.ratio(0.97, 1.03), dice.even(0.1, 0.7) / (i + 1), half_s / (1.4 + i))
            for i, r in enumerate(ratios)
        ]
    ring = samples(min(seconds, 8 * half_s))
    struck = modes(ring, parts) + 0.3 * dice.even(0, 1) * modes(ring, [(hz * 1.004, 1.0, half_s)])
    struck[: samples(0.004)] += 0.3 * dice.even(0, 1) * noise(dice.rng, samples(0.004))
    lower = modes(ring, [(h * 0.794, a, d) for h, a, d in parts])  # a major third below: ding dong
    rate = dice.ratio(8, 16) if kind == "bicycle" else dice.ratio(0.8, 4.0)
    for i, at_s in enumerate(strokes(dice, seconds, rate, 0.1, dice.even(0.0, 0.4))):
        add(track, at_s, lower if kind == "chime" and i % 2 else struck, dice.even(0.7, 1.0))
        if i >= 1 and dice.chance(0.15):
            break
    return track


def alarm(dice: Dice, seconds: float) -> Sound:
    """Electronic beeps on and off, two quick tones in turn, or a steady buzzer."""
    n, hz = samples(seconds), dice.ratio(600, 3600)
    seconds_ = times(n)
    partials = dice.pick((falling(1, 1), falling(15, 1.0, odd=True), falling(15, 0.7), falling(3, 1.5)))
    kind = dice.pick(("beeps", "beeps", "groups", "two tones", "buzzer", "chirps"))
    if kind in ("beeps", "groups"):
        rate, duty = dice.ratio(1.2, 9), dice.even(0.3, 0.7)
        gate = ((seconds_ * rate + dice.rng.uniform()) % 1.0 < duty).astype(np.float32)
        if kind == "groups":
            gate *= ((seconds_ + dice.rng.uniform()) % dice.even(0.8, 1.6) < dice.even(0.4, 0.7)).astype(np.float32)
        body = tone(hz, n, partials)
    elif kind == "two tones":
        other = hz * dice.ratio(1.15, 1.6)
        body = tone(np.where((seconds_ * dice.ratio(2.5, 9)) % 1.0 < 0.5, hz, other), n, partials)
        gate = np.ones(n, np.float32)
    elif kind == "chirps":
        rate = dice.ratio(5, 14)
        body = tone(hz * np.exp2(dice.even(0.3, 1.0) * ((seconds_ * rate) % 1.0)), n, partials)
        gate = np.ones(n, np.float32)
    else:
        body = tone(dice.ratio(180, 700), n, falling(25, 0.6))
        gate = ((seconds_ + dice.rng.uniform()) % dice.even(0.6, 2.0) < dice.even(0.4, 1.2)).astype(np.float32)
    if gate.sum() < 0.1 * n:  # nothing of it fell into this stretch
        gate = (seconds_ * 3.0 % 1.0 < 0.5).astype(np.float32)
    edge = samples(0.004)
    return body * as_sound(np.convolve(gate, np.full(edge, 1 / edge), "same"))


def siren(dice: Dice, seconds: float) -> Sound:
    """A horn whose pitch wails slowly, yelps, or steps between high and low."""
    n = samples(seconds)
    low, width = dice.ratio(350, 750), dice.even(0.7, 1.4)
    kind, turn = dice.pick(("wail", "yelp", "high and low")), dice.rng.uniform()
    if kind == "wail":
        hz = low * np.exp2(width * (0.5 - 0.5 * np.cos(2 * np.pi * (times(n) / dice.ratio(2.5, 7) + turn))))
    elif kind == "yelp":
        hz = low * np.exp2(width * (0.5 - 0.5 * np.cos(2 * np.pi * (times(n) * dice.ratio(2.0, 4.0) + turn))))
    else:
        step = (times(n) * dice.ratio(0.8, 2.0) + turn) % 1.0 < 0.5
        hz = low * np.where(step, 1.0, dice.pick((1.335, 1.26, 1.2, 1.5)))
        smooth = samples(0.02)
        hz = np.convolve(np.pad(hz, smooth, mode="edge"), np.full(smooth, 1 / smooth), "same")[smooth:-smooth]
    hz = hz * (1 + 0.04 * dice.rng.uniform(-1, 1) * np.tanh(times(n) - seconds / 2))  # it drives past
    return tone(hz, n, falling(dice.count(3, 12), dice.even(0.6, 1.6))) * (1 + 0.2 * wander(dice.rng, n, 1.0))


def ringing_phone(dice: Dice, seconds: float) -> Sound:
    """An old telephone's clapper between two gongs, or an electronic trill, with its cadence."""
    n, seconds_ = samples(seconds), times(samples(seconds))
    hz, rate = dice.ratio(700, 2200), dice.ratio(14, 26)
    if dice.chance(0.5):
        track = np.zeros(n, np.float32)
        parts = [(hz, 1.0, 0.07), (hz * dice.ratio(2.2, 2.9), 0.7, 0.04), (hz * dice.ratio(3.8, 5.2), 0.4, 0.02)]
        gongs = [modes(samples(0.25), [(h * r, a, d) for h, a, d in parts]) for r in (1.0, dice.ratio(1.1, 1.3))]
        for i, at_s in enumerate(strokes(dice, seconds, rate, 0.05)):
            add(track, at_s, gongs[i % 2])
    else:
        other = hz * dice.ratio(1.15, 1.4)
        partials = dice.pick((falling(1, 1), falling(9, 1.2, odd=True), falling(6, 1.2)))
        track = tone(np.where((seconds_ * rate) % 1.0 < 0.5, hz, other), n, partials)
        track *= as_sound(1 + 0.5 * dice.even(0, 1) * signal.square(2 * np.pi * rate * 2 * seconds_))
    on_s, off_s = dice.even(0.4, 2.0), dice.even(0.2, 1.5)
    gate = ((seconds_ + dice.rng.uniform(0, 0.8 * on_s)) % (on_s + off_s) < on_s).astype(np.float32)
    edge = samples(0.02)
    return unit(track) * as_sound(np.convolve(gate, np.full(edge, 1 / edge), "same"))
