"""The sound track of a drawn stream: its narrator and its sounds over the hush of a room, 48 kHz mono."""

from __future__ import annotations

import numpy as np
import soxr

from omnilive_demo.training.samples_sound import CEILING, RATE_HZ, SPEECH_DB, Narrator, Sound
from omnilive_demo.training.world.narration import Said
from omnilive_demo.training.world.sounds import plain
from omnilive_demo.training.world.sounds_parts import RATE_HZ as SOUNDS_HZ
from omnilive_demo.training.world.story import Plan

_HUSH_DB = -62.0
_SOUND_DB = -26.0
_FADE_S = 0.03


def track_of(plan: Plan, narrator: Narrator | None, seconds: float) -> tuple[Sound, list[tuple[Said, float]]]:
    """The track `[seconds * 48000]`, and each sentence with its end. Without a narrator nobody speaks.

    Raises what the narrator raises.
    """
    rng = np.random.default_rng([plan.seed, 32])
    track = (rng.standard_normal(round(seconds * RATE_HZ)) * 10 ** (_HUSH_DB / 20)).astype(np.float32)
    said: list[tuple[Said, float]] = []
    for line in plan.lines if narrator else ():
        assert narrator is not None
        speech = _at_level(narrator(line.text, line.voice), SPEECH_DB)
        if line.start_s + speech.size / RATE_HZ <= seconds:
            _add(track, line.start_s, speech)
            said.append((line, round(line.start_s + speech.size / RATE_HZ, 2)))
    for sound in plan.sounds:
        heard = plain(sound.label, rng, sound.end_s - sound.start_s)
        heard = np.asarray(soxr.resample(heard, SOUNDS_HZ, RATE_HZ), np.float32)
        _add(track, sound.start_s, _faded(_at_level(heard, _SOUND_DB)))
    peak = float(np.abs(track).max())
    return (track * np.float32(CEILING / peak) if peak > CEILING else track), said


def _add(track: Sound, start_s: float, sound: Sound) -> None:
    begin = round(start_s * RATE_HZ)
    room = max(0, min(sound.size, track.size - begin))
    track[begin : begin + room] += sound[:room]


def _at_level(sound: Sound, level_db: float) -> Sound:
    """Brings the RMS of what sounds (within 40 dB of the peak) to a level."""
    active = np.abs(sound) > 0.01 * np.abs(sound).max()
    rms = float(np.sqrt(np.mean(np.square(sound[active])))) if active.any() else 1.0
    return (sound * (10 ** (level_db / 20) / rms)).astype(np.float32)


def _faded(sound: Sound) -> Sound:
    size = min(round(_FADE_S * RATE_HZ), sound.size // 2)
    ramp = np.linspace(0, 1, size, dtype=np.float32)
    sound[:size] *= ramp
    sound[sound.size - size :] *= ramp[::-1]
    return sound
