from __future__ import annotations

import shutil
import subprocess
import wave
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

Speak = Callable[..., NDArray[np.float32]]


@pytest.fixture(scope="session")
def speak(tmp_path_factory) -> Speak:
    """Speech of a flite voice: mono float32 at 16 kHz, without the quiet around it."""
    if shutil.which("flite") is None:
        pytest.skip("flite is not installed (Debian package flite)")
    folder: Path = tmp_path_factory.mktemp("speech")

    @cache
    def speak(text: str, voice: str = "rms") -> NDArray[np.float32]:
        path = folder / f"{abs(hash((text, voice)))}.wav"
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True)
        with wave.open(str(path)) as file:
            assert file.getframerate() == 16_000
            samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float32) / 32768
        loud = np.flatnonzero(np.abs(samples) > 0.01)
        return samples[loud[0] : loud[-1]]

    return speak
