"""What is none of the named sounds: the noise of a room, and many things that clink, creak, rustle or blow."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from omnilive_demo.training.world.sounds_parts import (
    RATE_HZ,
    Dice,
    Sound,
    add,
    as_sound,
    decay,
    falling,
    modes,
    noise,
    phase_of,
    samples,
    shaped,
    strokes,
    swell,
    tilted,
    times,
    tone,
    unit,
    wander,
)


def room_noise(dice: Dice, seconds: float) -> Sound:
    """What is there when nothing sounds: hiss of a colour, at times the hum of the mains, RMS 1."""
    n = samples(seconds)
    track = tilted(dice.rng, n, dice.even(0.0, 7.0))
    if dice.chance(0.35):
        track = as_sound(track + tone(dice.pick((50, 60, 100, 120)), n, falling(6, 1.0)) * dice.even(0.1, 0.9))
    if dice.chance(0.2):  # a fan
        track = as_sound(track + noise(dice.rng, n, 80, dice.ratio(300, 1500)) * dice.even(0.2, 1.0))
    return unit(as_sound(track * (1 + 0.1 * wander(dice.rng, n, 0.5))))


def other(dice: Dice, seconds: float) -> Sound:
    """A sound of no class. Some kinds are never heard in training: they test whether the unknown is told as such."""
    return dice.pick(_KINDS, _NEW_KINDS)(dice, seconds)


def _clink(dice: Dice, seconds: float) -> Sound:
    """Cups, plates, cutlery, glasses: one or a few short high rings."""
    track, hz = np.zeros(samples(seconds), np.float32), dice.ratio(1100, 3800)
    for at_s in sorted(dice.rng.uniform(0, seconds, dice.count(1, 4))):
        parts = [
            (hz * r * dice.ratio(0.95, 1.05), 1 / (i + 1), dice.ratio(0.008, 0.04))
            for i, r in enumerate((1, 1.7, 2.9, 3.7))
        ]
        add(track, at_s, modes(samples(0.3), parts), dice.even(0.3, 1.0))
    return track


def _thud(dice: Dice, seconds: float) -> Sound:
    """Something heavy falls or a door shuts: one dull hit, at most two."""
    track = np.zeros(samples(seconds), np.float32)
    for at_s in dice.rng.uniform(0, 0.9 * seconds, dice.pick((1, 1, 2))):
        n = samples(0.5)
        hit = modes(n, [(dice.ratio(40, 140), 1.0, dice.ratio(0.03, 0.1)), (dice.ratio(150, 400), 0.4, 0.03)])
        add(track, at_s, as_sound(hit + noise(dice.rng, n, 60, 1500) * decay(n, 0.03) * dice.even(0.2, 0.8)))
    return track


def _rustle(dice: Dice, seconds: float) -> Sound:
    """Paper, bags, clothes: uneven bursts of bright noise."""
    n = samples(seconds)
    hiss = noise(dice.rng, n, dice.ratio(600, 2500), 7800)
    crackle = np.maximum(wander(dice.rng, n, dice.ratio(8, 40)), 0) ** 3
    return as_sound(hiss * crackle * (0.4 + np.maximum(wander(dice.rng, n, 2.5), 0)))


def _static(dice: Dice, seconds: float) -> Sound:
    """A radio between stations, a bad contact."""
    n = samples(seconds)
    pops = (dice.rng.random(n) < dice.ratio(0.0005, 0.004)) * dice.rng.normal(0, 8, n)
    return as_sound(noise(dice.rng, n, 300, 5000) * (dice.rng.random() * np.abs(wander(dice.rng, n, 6))) + pops)


def _wind(dice: Dice, seconds: float) -> Sound:
    """Gusts on the microphone."""
    n = samples(seconds)
    return as_sound(noise(dice.rng, n, 20, dice.ratio(150, 700)) * (0.2 + np.maximum(wander(dice.rng, n, 1.5), 0)) ** 2)


def _pour(dice: Dice, seconds: float) -> Sound:
    """Water into a glass, a tap, bubbles: many short rising tones over a hiss."""
    n = samples(seconds)
    track = 0.1 * dice.even(0, 1) * noise(dice.rng, n, 500, 6000)
    for at_s in dice.rng.uniform(0, seconds, int(seconds * dice.ratio(25, 90))):
        m = samples(dice.rng.uniform(0.01, 0.05))
        hz = dice.rng.uniform(350, 1800)
        add(track, at_s, tone(hz * (1 + 0.4 * np.linspace(0, 1, m)), m) * decay(m, 0.01), dice.rng.uniform(0.1, 1))
    return track


def _creak(dice: Dice, seconds: float) -> Sound:
    """A door or a floor board: slow pulses of ringing wood."""
    n = samples(seconds)
    rate = dice.ratio(20, 70) * (1.3 + wander(dice.rng, n, 1.0))
    pulses = np.diff(np.floor(phase_of(rate, n)), prepend=0.0)
    wood = modes(samples(0.05), [(dice.ratio(400, 1100), 1, 0.004), (dice.ratio(1200, 2500), 0.7, 0.002)])
    return as_sound(np.convolve(pulses, wood)[:n] * np.maximum(wander(dice.rng, n, 1.0) + 0.3, 0))


def _hum(dice: Dice, seconds: float) -> Sound:
    """A steady tone with few partials: a transformer, a refrigerator, feedback, a test tone."""
    n = samples(seconds)
    return tone(dice.pick((50, 100, 120, 200, 400, 1000)) * dice.ratio(0.9, 1.1), n, falling(dice.count(1, 8), 1.2))


def _texture(dice: Dice, seconds: float) -> Sound:
    """Nothing in particular: noise through random resonances, with a random rhythm."""
    n = samples(seconds)
    source = (
        noise(dice.rng, n)
        if dice.chance(0.6)
        else as_sound(1 - 2 * (phase_of(dice.ratio(30, 2000) * (1 + 0.3 * wander(dice.rng, n, 3)), n) % 1.0))
    )
    peaks = np.array([[(dice.ratio(100, 6000), dice.ratio(50, 1500), dice.even(0.1, 1)) for _ in range(3)]] * 6)
    peaks[:, :, 0] *= np.exp2(dice.rng.uniform(-0.5, 0.5, (6, 3)))
    rhythm = np.maximum(wander(dice.rng, n, dice.ratio(1, 25)) + dice.even(0, 0.5), 0)
    return as_sound(shaped(source, peaks) * rhythm)


def _click(dice: Dice, seconds: float) -> Sound:
    """A switch, a lighter, a mouse: one to three lonely clicks."""
    track = np.zeros(samples(seconds), np.float32)
    for at_s in dice.rng.uniform(0, 0.9 * seconds, dice.count(1, 3)):
        n = samples(0.06)
        add(
            track,
            at_s,
            as_sound(noise(dice.rng, n, 900, 7000) * decay(n, 0.002) + modes(n, [(dice.ratio(900, 4000), 0.6, 0.005)])),
        )
    return track


def _ratchet(dice: Dice, seconds: float) -> Sound:
    """Runs of quick mechanical ticks."""
    track = np.zeros(samples(seconds), np.float32)
    rate, tick = (
        dice.ratio(12, 40),
        modes(samples(0.03), [(dice.ratio(1200, 4500), 1, 0.003), (dice.ratio(3000, 7000), 0.6, 0.002)]),
    )
    at_s = 0.0
    while at_s < seconds:
        for late_s in strokes(dice, dice.even(0.15, 0.6), rate, 0.08):
            add(track, at_s + late_s, tick, dice.even(0.6, 1.0))
        at_s += dice.even(0.5, 1.0)
    return track


def _birds(dice: Dice, seconds: float) -> Sound:
    """Chirps: short, high, quickly swept."""
    track = np.zeros(samples(seconds), np.float32)
    at_s = dice.even(0.0, 0.3)
    while at_s < seconds:
        hz = dice.ratio(2400, 5500)
        for _ in range(dice.count(2, 6)):
            n = samples(dice.ratio(0.03, 0.12))
            sweep = hz * np.exp2(dice.rng.uniform(-0.4, 0.5) * np.sin(np.linspace(0, np.pi, n)))
            add(track, at_s, tone(sweep, n) * swell(n, 0.4 * n / RATE_HZ, 0.5 * n / RATE_HZ), dice.even(0.5, 1))
            at_s += n / RATE_HZ + dice.even(0.02, 0.08)
        at_s += dice.even(0.2, 0.9)
    return track


def _zip(dice: Dice, seconds: float) -> Sound:
    """A zip, tape torn off, a brush: noise whose pitch sweeps."""
    n = samples(seconds)
    rate = dice.ratio(60, 180) * np.exp2(np.linspace(0, dice.even(-1, 1), n))
    teeth = np.diff(np.floor(phase_of(rate, n)), prepend=0.0)
    length = samples(dice.even(0.3, 0.9))
    begin = int(dice.rng.integers(max(1, n - length)))
    gate = np.zeros(n)
    gate[begin : begin + length] = swell(min(length, n - begin), 0.05, 0.05)
    return as_sound(
        (np.convolve(teeth, noise(dice.rng, 120, 1500, 7500) * decay(120, 0.002))[:n] + 0.1 * noise(dice.rng, n, 2000))
        * gate
    )


def _shatter(dice: Dice, seconds: float) -> Sound:
    """Glass breaks: a burst, then many small falling splinters."""
    track, at_s = np.zeros(samples(seconds), np.float32), dice.even(0.0, 0.4)
    n = samples(0.3)
    add(track, at_s, noise(dice.rng, n, 1200, 7800) * decay(n, 0.03), 2.0)
    for late_s in dice.rng.exponential(0.18, 60):
        parts = [(dice.rng.uniform(2500, 7500), 1.0, 0.008) for _ in range(2)]
        add(track, at_s + late_s, modes(samples(0.08), parts), dice.rng.uniform(0.1, 0.8))
    return track


def _saw(dice: Dice, seconds: float) -> Sound:
    """A hand saw or sandpaper: strokes of rough noise to and fro."""
    n, rate = samples(seconds), dice.ratio(1.2, 3.0)
    stroke = np.abs(np.sin(np.pi * rate * times(n) + dice.rng.uniform(0, 3)))
    return as_sound(
        noise(dice.rng, n, dice.ratio(500, 1500), dice.ratio(3000, 7000))
        * stroke**2
        * (1 + 0.5 * wander(dice.rng, n, 120))
    )


_KINDS: tuple[Callable[[Dice, float], Sound], ...] = (
    _clink, _thud, _rustle, _static, _wind, _pour, _creak, _hum, _texture, _texture, _click, _ratchet, _birds,
    _zip, _shatter, _saw,
)  # fmt: skip
_NEW_KINDS = 3  # zip, shatter and saw
