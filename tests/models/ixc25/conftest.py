from __future__ import annotations

from pathlib import Path

import pytest
from models.ixc25 import tiny_audio

from omnilive_demo.models.ixc25_omnilive.audio_model import AudioModel, load_audio_model


@pytest.fixture(scope="session")
def audio_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_audio.built(tmp_path_factory)


@pytest.fixture(scope="session")
def audio_model(audio_folder: Path) -> AudioModel:
    return load_audio_model(audio_folder)
