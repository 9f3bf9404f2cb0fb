"""Sounds that a throat makes: speech-like babble, laughter, barking; and spoken sentences where voices are.

Sentences come from flite's voices (where it is installed) and eSpeak NG's. What eSpeak says is the same for the same
seed to the ear, but not to the bit: its hiss depends on what it said before.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import soxr
from numpy.typing import NDArray

from omnilive_demo.cancel import CancelToken
from omnilive_demo.evaluation.speech import RATE_HZ as SPEECH_RATE_HZ
from omnilive_demo.evaluation.speech import SpeechError, synthesize
from omnilive_demo.speech.espeak import ESpeakSynthesizer
from omnilive_demo.speech.synthesizer import Voice
from omnilive_demo.training.world.sounds_parts import (
    RATE_HZ,
    Dice,
    Sound,
    add,
    as_sound,
    buzz,
    noise,
    samples,
    shaped,
    swell,
    times,
    unit,
    wander,
)

_VOWELS = (
    (730, 1090, 2440), (530, 1840, 2480), (390, 1990, 2550), (270, 2290, 3010), (570, 840, 2410), (440, 1020, 2240),
    (300, 870, 2240), (640, 1190, 2390), (490, 1350, 1690), (660, 1720, 2410),
)  # fmt: skip
FLITE_VOICES = ("rms", "kal16", "awb", "slt")
ESPEAK_VOICES = ("en-us", "en-us+f3", "en-gb-scotland", "de", "fr", "es", "it", "en-us+steph", "en-gb-x-rp+f2", "pt-br")
_KEPT_BACK = (1, 3)  # voices that training never hears: slt; steph, rp+f2, pt-br
_SUBJECTS = "my brother|the old man|nobody here|your friend|the doctor|a small child|our neighbour|she|the whole team"
_VERBS = "has lost|wants to buy|is looking for|forgot|will bring|never liked|just found|must clean|talks about"
_OBJECTS = "the keys|a blue umbrella|seven apples|the kitchen table|some warm bread|his glasses|that strange story"
_ENDS = "before dinner|on the way home|again and again|this morning|because of the weather|in the garden|you know"
_CALLS = tuple(
    """
    stop|no|wait|yes|hey|hello|what|why|okay|right|sure|hold on|be quiet|never mind|go on|enough|come here|thank you
    uh huh|mm hmm|yeah|oh|really|I see|good|look|listen|again|and you|not now|the red one|two|seven|tomorrow|please
    shut up|excuse me|one moment|hush|nope|aha|wow|where|of course|hang on|that one|sorry
    """.replace("\n", "|").split("|")
)  # the last twelve are never heard in training
_LINES = 60  # different sentences


def speech(dice: Dice, seconds: float) -> Sound:
    """Sentences or single words of a synthetic voice, or babble of moving formants."""
    kind = dice.rng.random()
    if kind < 0.2:
        return babble(dice, seconds)
    if kind < 0.5:
        return _calls(dice, seconds)
    track = np.zeros(samples(seconds), np.float32)
    line, speed = _line(dice), dice.ratio(0.88, 1.15)
    line = as_sound(soxr.resample(line, RATE_HZ * speed, RATE_HZ))  # higher and faster, or deeper and slower
    at_s = -dice.even(0.0, max(0.0, line.size / RATE_HZ - 0.6 * seconds))
    while at_s < seconds:
        add(track, at_s, line)
        at_s += line.size / RATE_HZ + dice.even(0.05, 0.3)
    return track


def _calls(dice: Dice, seconds: float) -> Sound:
    """One or two words with quiet around them, as one calls "stop" or says "yes": no cough, however short."""
    track = np.zeros(samples(seconds), np.float32)
    speed, at_s = dice.ratio(0.85, 1.2), dice.even(0.0, 0.7)
    while at_s < seconds:
        word = as_sound(soxr.resample(_say(dice, dice.pick(_CALLS, 12)), RATE_HZ * speed, RATE_HZ))
        add(track, at_s, word)
        at_s += word.size / RATE_HZ + dice.even(0.2, 1.2)
    return track


def babble(dice: Dice, seconds: float) -> Sound:
    """Syllables of random vowels and consonants, with pauses: speech to the ear, without words."""
    n = samples(seconds)
    pitch, size = dice.ratio(80, 260), dice.ratio(0.85, 1.25)
    voiced, hissed = np.zeros(n, np.float32), np.zeros(n, np.float32)
    path = np.zeros((max(2, round(seconds * 60)), 4, 3))
    at_s, rate = -dice.even(0.0, 0.2), dice.ratio(3.5, 6.5)
    while at_s < seconds:
        length_s = dice.ratio(0.09, 0.22)
        vowel = [f * size for f in dice.pick(_VOWELS)]
        low, high = max(0, round((at_s - 0.03) * 60)), max(0, round((at_s + length_s + 0.05) * 60))
        path[low:high] = [(vowel[0], 90, 1), (vowel[1], 120, 0.6), (vowel[2], 180, 0.25), (3500 * size, 300, 0.1)]
        if dice.chance(0.7):
            hiss_s = dice.ratio(0.015, 0.1)
            low_hz = dice.ratio(900, 4500)
            hiss = noise(dice.rng, samples(hiss_s), low_hz, low_hz * dice.ratio(1.5, 3)) * swell(
                samples(hiss_s), 0.004, 0.01
            )
            add(hissed, at_s - hiss_s, hiss, dice.even(0.02, 0.12))
        add(voiced, at_s, swell(samples(length_s), 0.02, 0.04), dice.even(0.5, 1.0))
        at_s += max(length_s + 0.02, dice.ratio(0.8, 1.25) / rate) + (dice.even(0.1, 0.4) if dice.chance(0.1) else 0)
    for i in range(1, len(path)):
        if path[i, 0, 0] == 0:
            path[i] = path[i - 1]
        path[i] = 0.6 * path[i] + 0.4 * path[i - 1]
    path[path[:, 0, 0] == 0] = [(500, 100, 1), (1500, 120, 0.5), (2500, 180, 0.2), (3500, 300, 0.1)]
    hz = pitch * np.exp2(0.25 * wander(dice.rng, n, 1.5) + 0.04 * wander(dice.rng, n, 8))
    source = buzz(hz, n) + 0.1 * noise(dice.rng, n)
    return as_sound(shaped(source * voiced, path, 2.0) + hissed)


def laughing(dice: Dice, seconds: float) -> Sound:
    """Bouts of breathy bursts on one vowel, falling in pitch and strength; one to four people."""
    track = np.zeros(samples(seconds), np.float32)
    for _ in range(dice.pick((1, 1, 1, 2, 3, 4))):
        pitch, size, vowel = dice.ratio(120, 420), dice.ratio(0.85, 1.3), dice.pick(_VOWELS)
        rate, breath = dice.ratio(3.8, 6.5), dice.even(0.1, 0.8)
        at_s = -dice.even(0.0, 0.5)
        while at_s < seconds:
            bursts, fall = dice.count(3, 9), dice.even(0.0, 0.5)
            for i in range(bursts):
                gone = i / bursts
                burst = _ha(dice, pitch * 2 ** (-fall * gone) * dice.ratio(0.94, 1.06), 0.6 / rate, vowel, size, breath)
                add(track, at_s, burst, (1 - 0.6 * gone) * dice.even(0.8, 1.0))
                at_s += dice.ratio(0.9, 1.1) / rate
            if dice.chance(0.5):  # the breath between two bouts
                gasp = noise(dice.rng, samples(0.2), 900, 4000) * swell(samples(0.2), 0.1, 0.08)
                add(track, at_s + 0.05, gasp, 0.15)
            at_s += dice.even(0.15, 0.6)
            pitch *= dice.ratio(0.9, 1.15)
    return track


def _ha(dice: Dice, pitch: float, length_s: float, vowel: tuple[int, int, int], size: float, breath: float) -> Sound:
    n = samples(length_s)
    onset = samples(min(0.4 * length_s, 0.05))
    aspirated = noise(dice.rng, n) * (np.exp(-times(n) / 0.05) * 0.5 + 0.08) * breath
    tone_ = buzz(pitch * np.exp2(0.12 * np.sin(np.pi * times(n) / length_s)), n) * swell(n, 0.03, 0.6 * length_s)
    tone_[: onset // 2] *= 0.3
    formants = np.array([[(f * size, w, a) for f, w, a in zip(vowel, (110, 150, 220), (1, 0.6, 0.3), strict=True)]])
    return unit(shaped(as_sound(tone_ + aspirated), formants, 1.0)) * swell(n, 0.008, 0.04)


def barking(dice: Dice, seconds: float) -> Sound:
    """Short, loud calls whose pitch jumps up and falls, rough and with a wide mouth; small and large dogs."""
    track = np.zeros(samples(seconds), np.float32)
    pitch = dice.ratio(220, 1000)
    size, rough = (400 / pitch) ** 0.4, dice.even(0.1, 0.7)
    at_s, gap_s = dice.even(0.0, 0.3), dice.ratio(0.12, 0.6)
    length_s = dice.ratio(0.07, 0.2)
    mouth = ((dice.ratio(450, 900), 1), (dice.ratio(1100, 2000), dice.even(0.3, 1)), (dice.ratio(2200, 3300), 0.4))
    while at_s < seconds:
        for _ in range(dice.count(1, 4)):
            n = samples(length_s * dice.ratio(0.85, 1.2))
            place = np.linspace(0, 1, n)
            hz = pitch * dice.ratio(0.93, 1.07) * np.exp2(0.5 * np.sin(np.pi * place**0.6) - 0.7 * place)
            source = buzz(hz * np.exp2(0.05 * rough * wander(dice.rng, n, 60)), n) + rough * noise(dice.rng, n, 300)
            formants = np.array([[(f / size, 0.4 * f, a) for f, a in mouth]])
            call = unit(shaped(as_sound(source), formants)) * swell(n, 0.012, 0.6 * n / RATE_HZ)
            add(track, at_s, as_sound(call), dice.even(0.7, 1.0))
            at_s += n / RATE_HZ + gap_s * dice.ratio(0.8, 1.25)
        at_s += dice.even(0.1, 0.8)
    return track


def _line(dice: Dice) -> Sound:
    number = int(dice.rng.integers(_LINES)) + (1000 if dice.beyond else 0)  # other sentences beyond training
    rng = np.random.default_rng(number)
    parts = (_SUBJECTS, _VERBS, _OBJECTS, _ENDS)
    return _say(dice, " ".join(str(rng.choice(part.split("|"))) for part in parts) + ".")


def _say(dice: Dice, text: str) -> Sound:
    if dice.chance(0.5):
        try:
            return _flite(dice.pick(FLITE_VOICES, _KEPT_BACK[0]), text)
        except SpeechError:
            pass  # not installed here
    return _espeak(dice.pick(ESPEAK_VOICES, _KEPT_BACK[1]), text)


@cache
def _flite(voice: str, text: str) -> Sound:
    said = synthesize(text, voice)
    return _at_rate(said.samples[said.onset_sample : said.end_sample], SPEECH_RATE_HZ)


@cache
def _espeak(voice: str, text: str) -> Sound:
    said = ESpeakSynthesizer().synthesize(text, Voice(voice), CancelToken())
    assert said is not None  # nobody cancels
    return _at_rate(said.samples, said.rate_hz)


def _at_rate(sound: NDArray[np.float32], rate_hz: int) -> Sound:
    return unit(as_sound(soxr.resample(sound, rate_hz, RATE_HZ)))
