"""Coughs: dry ones, blasts of coloured noise, and voiced ones, in which the throat sounds for as long as the breath.

A voiced cough is what a voice detector takes for speech: so it has to be known by what speech never does, the blast at
the beginning, the pitch that falls within a quarter of a second, and the rough, breathy voice.
"""

from __future__ import annotations

import numpy as np

from omnilive_demo.training.world.sounds_parts import (
    RATE_HZ,
    Dice,
    Sound,
    add,
    as_sound,
    buzz,
    decay,
    noise,
    phase_of,
    samples,
    shaped,
    swell,
    times,
    unit,
    wander,
)

_OPEN = ((750, 1150, 2500), (640, 1180, 2400), (580, 1500, 2450), (690, 1650, 2500), (560, 900, 2350))
_CLOSED = ((420, 1050, 2300), (380, 1500, 2400), (450, 1300, 2250))


def coughing(dice: Dice, seconds: float) -> Sound:
    """Coughs in groups, of one throat; dry or voiced."""
    return _voiced(dice, seconds) if dice.chance(0.55) else _dry(dice, seconds)


def _dry(dice: Dice, seconds: float) -> Sound:
    """Explosive bursts of coloured noise, some with a voiced tail."""
    track = np.zeros(samples(seconds), np.float32)
    size, pitch, voiced = dice.ratio(0.8, 1.3), dice.ratio(90, 300), dice.even(0.0, 0.7)
    throat = ((dice.ratio(450, 1000), 1), (dice.ratio(1100, 2000), dice.even(0.3, 1)), (dice.ratio(2300, 3600), 0.4))
    at_s = dice.even(0.0, 0.3)
    while at_s < seconds:
        for i in range(dice.count(1, 4)):
            n = samples(dice.ratio(0.18, 0.4))
            blast = noise(dice.rng, n, 150, 6500) * (np.exp2(-times(n) / dice.ratio(0.012, 0.03)) + 0.25)
            tail = buzz(pitch * np.exp2(-0.6 * times(n) / times(n)[-1] + 0.1 * wander(dice.rng, n, 30)), n)
            tail *= swell(n, 0.06, 0.5 * n / RATE_HZ) * voiced
            formants = np.array([[(f * size, 0.4 * f, a) for f, a in throat]])
            body = shaped(as_sound((blast + tail) * np.exp2(-times(n) / 0.12)), formants)
            add(track, at_s, unit(body) * swell(n, 0.003, 0.05), 1.0 if i == 0 else dice.even(0.5, 1.0))
            at_s += dice.even(0.25, 0.5)
        at_s += dice.even(0.4, 1.2)
    return track


def _voiced(dice: Dice, seconds: float) -> Sound:
    track = np.zeros(samples(seconds), np.float32)
    size, pitch = dice.ratio(0.82, 1.3), dice.ratio(95, 380)
    wide, narrow = dice.pick(_OPEN), dice.pick(_CLOSED)
    breath, blast, rough = dice.ratio(0.05, 0.8), dice.ratio(0.1, 1.0), dice.even(0.0, 0.6)
    length_s, gap_s = dice.ratio(0.16, 0.38), dice.even(0.02, 0.3)
    at_s = dice.even(-0.2, 0.4)
    while at_s < seconds:
        for i in range(dice.count(1, 4)):
            n = samples(length_s * dice.ratio(0.85, 1.2))
            source = _glottis(dice, n, pitch * dice.ratio(0.93, 1.07), rough, breath)
            opens = np.linspace(0, dice.even(0.3, 1.0), 9)[:, None]  # the mouth goes from wide to narrow
            path = np.zeros((9, 3, 3))
            path[:, :, 0] = size * ((1 - opens) * np.array(wide) + opens * np.array(narrow))
            path[:, :, 1:] = ((120, 1), (170, 0.6), (240, 0.3))
            body = unit(shaped(source, path, dice.even(0.0, 4.0))) * decay(n, dice.ratio(0.08, 0.3))
            burst = noise(dice.rng, n, 200, 6800) * decay(n, dice.ratio(0.008, 0.03))
            cough = (body + blast * burst) * swell(n, dice.ratio(0.003, 0.015), 0.05)
            add(track, at_s, as_sound(cough), 1.0 if i == 0 else dice.even(0.5, 1.0))
            at_s += n / RATE_HZ + gap_s * dice.ratio(0.7, 1.4)
        at_s += dice.even(0.4, 1.5)
    return track


def _glottis(dice: Dice, n: int, pitch: float, rough: float, breath: float) -> Sound:
    """Pulses of a throat under pressure: a pitch that rises a little and falls, uneven periods, breath in the open."""
    place = np.linspace(0, 1, n)
    bend = dice.even(0.0, 0.3) * np.sin(np.pi * place) - dice.even(0.2, 0.9) * place
    turns = phase_of(pitch * np.exp2(bend + 0.06 * (1 + rough) * wander(dice.rng, n, 40)), n)
    inside, opened = turns % 1.0, dice.even(0.4, 0.8)
    flow = np.where(inside < opened, np.sin(np.pi * np.minimum(inside / opened, 1.0)) ** 2, 0.0)
    flow *= np.where(np.floor(turns) % 2 == 0, 1.0, 1.0 - rough)  # every second pulse weaker: a croak
    voice = np.diff(flow, prepend=0.0)
    return unit(as_sound(voice)) + as_sound(breath * noise(dice.rng, n, 250, 6500) * (0.4 + flow))
