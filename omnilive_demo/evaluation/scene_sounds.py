"""What a scripted scene plays into the microphone: sentences, sounds by name, WAV files; each made once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from omnilive_demo.evaluation.media import OpusClip, speech_clip
from omnilive_demo.evaluation.speech import RATE_HZ, Speech, from_file, speech_limits, synthesize
from omnilive_demo.evaluation.stimuli import throats

_SEED = 11
_LOUD = 0.1  # of the peak: softer stretches do not count for a sound's level


@cache
def sentence(text: str, voice: str) -> OpusClip:
    """A sentence by a flite voice.

    Raises:
        SpeechError: flite is not installed.
    """
    return speech_clip(synthesize(text, voice))


@cache
def sound(name: str, seconds: float, level_db: float, folder: Path) -> OpusClip:
    """A sound by its name (`scene_files.SOUNDS`), or a WAV file below a folder as it is.

    Raises:
        SpeechError: the file cannot be read.
    """
    if name.endswith(".wav"):
        return speech_clip(from_file(folder / name))
    if name in ("cough", "laugh"):
        return speech_clip(next(one for one in throats() if one.name.startswith(name)).speech)
    from omnilive_demo.training.samples_sound import MAKERS  # a leaf: only scenes that play something need it

    made = np.asarray(MAKERS[name](np.random.default_rng(_SEED), round(seconds * RATE_HZ)), np.float32)
    loud = np.abs(made) >= _LOUD * np.abs(made).max()
    scaled = np.clip(made * 10 ** (level_db / 20) / np.sqrt(np.mean(np.square(made[loud]))), -0.9, 0.9)
    return speech_clip(Speech("", name, scaled.astype(np.float32), *speech_limits(scaled.astype(np.float32))))
