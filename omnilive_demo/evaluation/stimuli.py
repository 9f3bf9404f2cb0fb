"""The 60 stimuli that must not stop an answer: 20 back-channels, 20 coughs and laughs, 20 echoes of the own voice.

Only what really trips the voice detector counts (above 0.5 for 200 ms at a stretch): of each kind the first variants
that do are taken, tried in a fixed order, so that every run has the same ones. Back-channels are said by flite's
voices; coughs are computed here, with a voiced onset as a throat gives them (a voiceless one trips nothing); laughs are
those of the drawn world. Echoes cannot be made beforehand: `echo.py` carries what a peer hears back to its microphone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice, product
from typing import Literal, TypeVar

import numpy as np
import soxr
from numpy.typing import NDArray

from omnilive_demo.evaluation.media import ROOM_NOISE
from omnilive_demo.evaluation.speech import RATE_HZ, VOICES, Speech, speech_limits, synthesize
from omnilive_demo.perception.silero import SileroVoiceActivity
from omnilive_demo.perception.voice_activity import SAMPLE_RATE_HZ, WINDOW_S, WINDOW_SAMPLES

Sound = NDArray[np.float32]
T = TypeVar("T")
Kind = Literal["back-channel", "throat", "echo"]

EACH = 20
LIKELY, LONG_S = 0.5, 0.2  # of the voice detector: what counts as tripped
BACK_CHANNELS = ("um hum", "uh huh", "yeah", "right", "okay", "I see", "oh really", "sure", "wow", "aha")
"""flite spells "mm-hmm" out, letter by letter; "um hum" comes out as people say it."""
ECHO_DB = (-25.0, -10.0)
ECHO_DELAY_S = (0.050, 0.150)
_LEVELS_DB = (-22.0, -17.0, -13.0)  # of coughs and laughs: the first level at which one trips is taken
_TRIED = 400
_SEED = 20
_VOWELS = ((730, 1090, 2440), (530, 1840, 2480), (640, 1190, 2390), (490, 1350, 1690), (660, 1720, 2410))


@dataclass(frozen=True, slots=True)
class Stimulus:
    """Something that is heard while an answer is played, and that is no interruption.

    speech: the sound, 48 kHz. tripped_s: the longest stretch for which the voice detector takes it for speech.
    """

    kind: Kind
    name: str
    speech: Speech
    tripped_s: float


@dataclass(frozen=True, slots=True)
class Echo:
    """The answer's own sound on its way back into the microphone: its gain in dB and its delay in seconds."""

    gain_db: float
    delay_s: float

    @property
    def name(self) -> str:
        """As it is reported."""
        return f"echo {self.gain_db:.0f} dB, {1000 * self.delay_s:.0f} ms"

    def louder(self) -> Echo:
        """The variant for one that did not trip the detector: as loud as echoes get."""
        return Echo(ECHO_DB[1], self.delay_s)


def tripped_s(sound: Sound) -> float:
    """The longest time at a stretch for which the voice detector is surer than one half, in a quiet room.

    sound: mono float32 at 48 kHz.
    """
    quiet = np.zeros(SAMPLE_RATE_HZ // 2, np.float32)  # the detector needs a moment, before and after
    heard = np.concatenate([quiet, soxr.resample(sound, RATE_HZ, SAMPLE_RATE_HZ), quiet]).astype(np.float32)
    heard += np.random.default_rng(_SEED).normal(0, ROOM_NOISE, heard.size).astype(np.float32)
    detector, longest, now = SileroVoiceActivity(), 0, 0
    for start in range(0, heard.size - WINDOW_SAMPLES + 1, WINDOW_SAMPLES):
        likely = detector.probability(heard[start : start + WINDOW_SAMPLES]) > LIKELY
        now = now + 1 if likely else 0
        longest = max(longest, now)
    return longest * WINDOW_S


@cache
def back_channels(count: int = EACH) -> tuple[Stimulus, ...]:
    """ "Uh huh" and the like, each word by another voice in turn.

    Raises:
        SpeechError: flite is not installed.
    """
    said = [(word, VOICES[(i + j) % len(VOICES)]) for j, (i, word) in product(range(4), enumerate(BACK_CHANNELS))]
    return tuple(_that_trip(((f"{word} ({voice})", synthesize(word, voice)) for word, voice in said), _back, count))


@cache
def throats(count: int = EACH) -> tuple[Stimulus, ...]:
    """Coughs and laughs in turn, half of each."""
    coughs = list(_that_trip(_variants("cough", coughing), _throat, (count + 1) // 2))
    laughs = list(_that_trip(_variants("laugh", _laughing), _throat, count // 2))
    return tuple(in_turn([coughs, laughs]))


def echoes(count: int = EACH) -> tuple[Echo, ...]:
    """Echoes spread evenly over the ranges of gain and of delay, every gain with another delay."""
    gains = np.linspace(*ECHO_DB, count)
    delays = np.random.default_rng(_SEED).permutation(np.linspace(*ECHO_DELAY_S, count))
    return tuple(Echo(round(float(gain), 2), round(float(delay), 4)) for gain, delay in zip(gains, delays, strict=True))


def coughing(rng: np.random.Generator) -> Sound:
    """Two or three coughs in a row: a burst of breath on a voiced "uh" whose pitch falls; 16 kHz, about RMS 1."""
    from omnilive_demo.training.world import sounds_parts as parts  # a leaf: not needed when nothing is measured

    dice = parts.Dice(rng)
    pitch, size, vowel = dice.ratio(110, 260), dice.ratio(0.9, 1.2), dice.pick(_VOWELS)
    throat = np.array(
        [[(f * size, width, a) for f, width, a in zip(vowel, (110, 150, 220), (1, 0.6, 0.3), strict=True)]]
    )
    track, at_s = np.zeros(parts.samples(1.6), np.float32), 0.02
    for number in range(dice.count(2, 3)):
        length_s = dice.ratio(0.22, 0.34)
        n = parts.samples(length_s)
        place = parts.times(n) / length_s
        hz = pitch * np.exp2(0.25 * np.sin(np.pi * place) - 0.35 * place + 0.03 * parts.wander(rng, n, 25))
        voiced = parts.buzz(hz, n) * parts.swell(n, 0.012, 0.5 * length_s)
        breath = parts.noise(rng, n, 300, 5000) * dice.even(0.06, 0.16)
        blast = parts.noise(rng, n, 200, 6500) * parts.decay(n, 0.02)
        body = parts.unit(parts.shaped(parts.as_sound(voiced + breath), throat, 1.0)) * parts.swell(n, 0.006, 0.05)
        parts.add(track, at_s, parts.as_sound(body + 0.7 * blast), 1.0 if number == 0 else dice.even(0.6, 1.0))
        at_s += length_s + dice.even(0.03, 0.12)
    return track[: parts.samples(at_s)]


def _laughing(rng: np.random.Generator) -> Sound:
    from omnilive_demo.training.world.sounds_parts import Dice
    from omnilive_demo.training.world.sounds_voiced import laughing

    return laughing(Dice(rng), float(rng.uniform(0.8, 1.4)))


def _variants(name: str, make: Callable[[np.random.Generator], Sound]) -> Iterator[tuple[str, Speech]]:
    """Takes of a sound at rising levels: louder first, then another take."""
    for number, level_db in product(range(_TRIED), _LEVELS_DB):
        made = make(np.random.default_rng([_SEED, number]))
        scaled = np.clip(made * 10 ** (level_db / 20) / (np.sqrt(np.mean(np.square(made))) + 1e-9), -1, 1)
        sound = np.asarray(soxr.resample(scaled, SAMPLE_RATE_HZ, RATE_HZ), np.float32)
        yield f"{name} {number} at {level_db:.0f} dBFS", Speech("", name, sound, *speech_limits(sound))


def _that_trip(
    variants: Iterator[tuple[str, Speech]], made: Callable[[str, Speech, float], Stimulus], count: int
) -> Iterator[Stimulus]:
    """The first that trip the detector; of one take no second level."""

    def fitting() -> Iterator[Stimulus]:
        taken: set[str] = set()
        for name, speech in variants:
            take = name.partition(" at ")[0]
            if take in taken or (long_s := tripped_s(speech.samples)) < LONG_S:
                continue
            taken.add(take)
            yield made(name, speech, long_s)

    return islice(fitting(), count)


def _back(name: str, speech: Speech, long_s: float) -> Stimulus:
    return Stimulus("back-channel", name, speech, round(long_s, 3))


def _throat(name: str, speech: Speech, long_s: float) -> Stimulus:
    return Stimulus("throat", name, speech, round(long_s, 3))


def in_turn(kinds: Sequence[Sequence[T]]) -> list[T]:
    """The first of each kind, then the second of each: its beginning is a reduced number with all kinds in it."""
    return [one for rank in range(max(map(len, kinds), default=0)) for kind in kinds for one in kind[rank : rank + 1]]
