"""Sounds of things and bodies: clapping, knocking, footsteps, typing, rain, engines."""

from __future__ import annotations

import numpy as np

from omnilive_demo.training.world.sounds_parts import (
    RATE_HZ,
    Dice,
    Sound,
    add,
    as_sound,
    decay,
    modes,
    noise,
    phase_of,
    samples,
    shaped,
    strokes,
    swell,
    tilted,
    times,
    unit,
    wander,
)


def clapping(dice: Dice, seconds: float) -> Sound:
    """Two hands, a few people, or applause."""
    track = np.zeros(samples(seconds), np.float32)
    people = dice.pick((1, 1, 1, 2, 4, 12, 40))
    for _ in range(people):
        hz, half_s, rate = dice.ratio(700, 2200), dice.ratio(0.003, 0.009), dice.ratio(2.0, 5.0)
        near = dice.even(0.3, 1.0)
        for at_s in strokes(dice, seconds, rate, 0.12 if people < 5 else 0.3, dice.rng.uniform(0, 1 / rate)):
            n = samples(0.08)
            pop = noise(dice.rng, n, hz * 0.6, hz * dice.ratio(1.6, 3.0)) * decay(n, half_s * dice.ratio(0.8, 1.25))
            slap = noise(dice.rng, n, 1500, 7500) * decay(n, 0.0025) * dice.even(0.3, 0.8)
            add(track, at_s, as_sound(pop + slap), near * dice.even(0.7, 1.0))
    return track


def knocking(dice: Dice, seconds: float) -> Sound:
    """Knuckles on wood, glass or metal, in groups of two to six."""
    track = np.zeros(samples(seconds), np.float32)
    base, rate = dice.ratio(90, 420), dice.ratio(2.8, 8)
    half_s = dice.ratio(0.008, 0.04)
    parts = [
        (base * ratio * dice.ratio(0.9, 1.1), 1 / (i + 1), half_s / (1 + 0.5 * i))
        for i, ratio in enumerate((1, 1.7, 2.6, 4.1, 6.0))
    ]
    click = dice.even(0.1, 0.8)
    at_s = dice.even(0.0, 0.3)
    while at_s < seconds:
        for _ in range(dice.count(2, 6)):
            n = samples(0.3)
            hit = modes(n, [(h * dice.ratio(0.97, 1.03), a * dice.even(0.6, 1.0), d) for h, a, d in parts])
            hit += click * noise(dice.rng, n, 500, 4000) * decay(n, 0.004)
            add(track, at_s, hit, dice.even(0.7, 1.0))
            at_s += dice.ratio(0.88, 1.14) / rate
        at_s += dice.even(0.4, 1.2)
    return track


def footsteps(dice: Dice, seconds: float) -> Sound:
    """Walking or running: a heel and then a sole, on a hard, wooden, soft or loose ground."""
    track = np.zeros(samples(seconds), np.float32)
    ground, rate = dice.pick(("hard", "wood", "soft", "gravel")), dice.ratio(1.4, 3.0)
    hz, sole_s = dice.ratio(55, 150), dice.even(0.03, 0.12)
    bright = {"hard": 4500.0, "wood": 2200.0, "soft": 900.0, "gravel": 7000.0}[ground] * dice.ratio(0.75, 1.3)
    for i, at_s in enumerate(strokes(dice, seconds, rate, 0.06, dice.even(0.0, 0.3))):
        n = samples(0.3)
        foot = (1.0, dice.ratio(0.9, 1.1))[i % 2]
        heel = modes(
            n,
            [
                (hz * foot, 1.0, 0.018),
                (hz * 2.3 * foot, 0.4, 0.012),
                (hz * 5.1, 0.3 if ground == "wood" else 0.1, 0.012),
            ],
        )
        heel += (
            {"hard": 0.5, "wood": 0.3, "soft": 0.12, "gravel": 0.2}[ground]
            * noise(dice.rng, n, 300, bright)
            * decay(n, 0.006)
        )
        add(track, at_s, heel, dice.even(0.75, 1.0))
        m = samples(dice.ratio(0.09, 0.22))
        scuff = noise(dice.rng, m, 200, bright) * swell(m, 0.02, 0.6 * m / RATE_HZ)
        if ground == "gravel":
            scuff = scuff * (0.2 + np.abs(noise(dice.rng, m, 20, 300)))
        add(track, at_s + sole_s, as_sound(scuff), dice.even(0.04, 0.2) * (3.0 if ground == "gravel" else 1.0))
    return track


def typing(dice: Dice, seconds: float) -> Sound:
    """Keys of a keyboard, pressed and let go, in an uneven rhythm."""
    track = np.zeros(samples(seconds), np.float32)
    rate, hz, low = dice.ratio(4, 11), dice.ratio(1800, 4800), dice.ratio(180, 500)
    thud = dice.even(0.1, 0.6)
    for at_s in strokes(dice, seconds, rate, 0.55, dice.even(0.0, 0.1)):
        if dice.chance(0.08):
            continue  # a moment of thought
        key = dice.ratio(0.85, 1.2) * (0.7 if dice.chance(0.12) else 1.0)  # the space bar is lower
        for late_s, gain in ((0.0, 1.0), (dice.even(0.05, 0.12), dice.even(0.2, 0.6))):
            n = samples(0.05)
            click = noise(dice.rng, n, hz * key * 0.6, hz * key * 1.7) * decay(n, 0.003)
            click += modes(n, [(hz * key, 0.5, 0.004), (hz * 1.6 * key, 0.3, 0.003), (low * key, thud, 0.012)])
            add(track, at_s + late_s, as_sound(click), gain * dice.even(0.5, 1.0))
    return track


def rain(dice: Dice, seconds: float) -> Sound:
    """A hiss of many drops and the patter of near ones, on leaves, a roof or an umbrella."""
    n = samples(seconds)
    hiss = noise(dice.rng, n, dice.ratio(250, 1500), dice.ratio(4500, 7800)) * (1 + 0.15 * wander(dice.rng, n, 0.7))
    patter = np.zeros(n, np.float32)
    low, high, half_s = dice.ratio(400, 1500), dice.ratio(2500, 6500), dice.ratio(0.0008, 0.004)
    m = samples(0.02)
    for _ in range(int(seconds * dice.ratio(40, 600))):
        hz = np.exp(dice.rng.uniform(np.log(low), np.log(max(high, 1.5 * low))))
        drop = modes(m, [(hz, 1.0, half_s), (hz * 1.9, 0.4, half_s / 2)])
        add(patter, dice.rng.uniform(0, seconds), drop, dice.rng.pareto(2.5) + 0.3)
    return as_sound(unit(hiss) + unit(patter) * dice.even(0.2, 1.5))


def engine(dice: Dice, seconds: float) -> Sound:
    """Firing cylinders through a body and an exhaust, or an electric motor; running, revving, driving past."""
    n = samples(seconds)
    load = 1 + 0.04 * wander(dice.rng, n, 2) + dice.pick((0.0, 0.0, 0.1, 0.5)) * wander(dice.rng, n, 0.4)
    if dice.chance(0.25):  # a drill, a mower, a vacuum cleaner
        hz = dice.ratio(90, 450) * load
        whine = shaped(
            as_sound((1 - 2 * (phase_of(hz, n) % 1.0)) ** 3),
            np.array([[(dice.ratio(600, 2500), 800, 1), (dice.ratio(150, 500), 300, 1)]]),
        )
        return as_sound(unit(whine) + noise(dice.rng, n, 200, dice.ratio(2500, 7000)) * dice.even(0.2, 0.9))
    hz = dice.ratio(18, 110) * load
    turns = phase_of(hz, n)
    uneven = 1 + dice.even(0.05, 0.5) * np.cos(np.pi * turns * dice.pick((1.0, 0.5)) + 1)
    pulses = np.exp(-(turns % 1.0) * dice.ratio(4, 15)) * uneven
    pulses = pulses - pulses.mean() + 0.3 * dice.even(0, 1) * noise(dice.rng, n, 100, 3000) * pulses
    body = np.array(
        [[(dice.ratio(70, 200), 80, 1), (dice.ratio(200, 600), 250, 0.7), (dice.ratio(900, 2500), 900, 0.25)]]
    )
    rumble = shaped(as_sound(pulses), body, dice.even(0.0, 4.0))
    past = 1 + dice.even(0, 0.8) * wander(dice.rng, n, 0.3)
    return as_sound((unit(rumble) + tilted(dice.rng, n, 4.0) * dice.even(0.02, 0.35)) * past * (1 + 0 * times(n)))
