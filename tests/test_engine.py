from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from omnilive_demo import engine as engines
from omnilive_demo.config import Settings
from omnilive_demo.engine import NANO, Engine
from omnilive_demo.events import Fault

WEIGHTS = ("frame_encoder.safetensors", "memory.safetensors", "reader.safetensors", "sound_tagger.safetensors")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped weights, to be spoilt."""
    copy = tmp_path / "nano"
    shutil.copytree(NANO, copy)
    monkeypatch.setattr(engines, "NANO", copy)
    return copy


async def failure_of(settings: Settings) -> tuple[str, list[object]]:
    engine = Engine(settings)
    told: list[object] = []
    engine.listen(told.append)
    try:
        await engine.start()
    finally:
        await engine.close()
    assert not engine.ready.is_set()
    return engine.failure, told


@pytest.mark.parametrize("name", WEIGHTS)
@pytest.mark.parametrize("kept", [None, 0, 5000])
async def test_weights_that_are_missing_or_truncated_are_told_by_name(
    folder: Path, name: str, kept: int | None
) -> None:
    path = folder / name
    data = path.read_bytes()
    path.unlink()
    if kept is not None:
        path.write_bytes(data[:kept])
    failure, told = await failure_of(Settings())
    assert name in failure
    assert any(isinstance(event, Fault) and failure in event.message for event in told)


async def test_the_engine_fills_every_role() -> None:
    engine = Engine(Settings())
    try:
        await engine.start()
        assert engine.failure == ""
        names = dict(engine.models())
        assert "loading" not in names.values()
        assert names["memory compressor"] == "learned"
        assert engine.compressor.width == engine.compressor.integrate([], []).shape[1]
        assert "umbrella" in engine.names
        assert engine.picture_scale.learned
    finally:
        await engine.close()
