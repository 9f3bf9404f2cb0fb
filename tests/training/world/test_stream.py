from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from world_fakes import Discs, bank

from omnilive_demo.training import world_streams
from omnilive_demo.training.samples_media import measure
from omnilive_demo.training.samples_sound import RATE_HZ, Sound
from omnilive_demo.training.world.clips import ClipPool
from omnilive_demo.training.world.questions import ask
from omnilive_demo.training.world.story import plan_stream
from omnilive_demo.training.world.stream import widened, write_stream
from omnilive_demo.training.world.track import track_of

SEED = 1_000_007


def fake_voice(text: str, voice: str) -> Sound:
    """A buzz as long as the text."""
    n = len(text) * RATE_HZ // 18
    return (0.3 * np.sin(2 * np.pi * 120 * np.arange(n) / RATE_HZ)).astype(np.float32)


def test_a_stream_is_written_with_its_truth(tmp_path: Path) -> None:
    plan = plan_stream(SEED, clips=8, aspect=16 / 9)
    asked = ask(plan.timeline(), np.random.default_rng(0), "test", bank=bank())
    made = write_stream(plan, tmp_path, "drawn", Discs(), fake_voice, asked, seconds=4.0)
    assert (made.width, made.height, made.frames) == (640, 360, 60)
    assert made.duration_s == pytest.approx(4.0, abs=0.1)
    assert made.brightness.mean() > 10
    described = json.loads((tmp_path / "drawn.json").read_text("utf-8"))
    assert described["video"] == "drawn.mp4"
    truth = described["truth"]
    assert truth["seed"] == SEED
    assert truth["scenes"][0]["things"]
    assert all(scene["start_s"] < 4 for scene in truth["scenes"])
    assert len(described["questions"]) in (1, 2, 3)
    with Image.open(tmp_path / "drawn.jpg") as poster:
        assert poster.size == (640, 360)
    assert measure(tmp_path / "drawn.mp4").peak_db < 0


def test_the_track_says_its_lines_and_makes_its_sounds_when_the_plan_says() -> None:
    plan = plan_stream(SEED)
    track, said = track_of(plan, fake_voice, plan.duration_s)
    assert track.size == round(plan.duration_s * RATE_HZ)
    assert [line for line, _ in said] == list(plan.lines)
    for start_s, end_s in [(line.start_s, end_s) for line, end_s in said]:
        assert _rms(track, start_s, end_s) > 0.02
    assert plan.sounds
    for sound in plan.sounds:
        assert _rms(track, sound.start_s, sound.end_s) > 0.01
    quiet, none = track_of(plan, None, plan.duration_s)
    assert none == []
    line = plan.lines[0]
    assert _rms(quiet, line.start_s, line.start_s + 1) < 0.005
    assert np.array_equal(track_of(plan, None, plan.duration_s)[0], quiet)


def _rms(track: Sound, start_s: float, end_s: float) -> float:
    part = track[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)]
    return float(np.sqrt(np.mean(np.square(part))))


def test_a_narrow_picture_stands_between_black() -> None:
    white = np.full((64, 64, 3), 255, np.uint8)
    assert widened(white, 16 / 9).min() == 255
    narrow = widened(white, 1.0)
    assert narrow[:, 140:500].min() == 255
    assert narrow[:, :139].max() == 0
    wide = widened(white, 2.0)
    assert wide[20:340].min() == 255
    assert wide[:19].max() == 0


def test_the_command_draws_a_pool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(world_streams, "NotoSprites", Discs)
    done = world_streams.main(["--clips", "--seed", "5", "--shots", "2", "--processes", "1", "--out", str(tmp_path)])
    assert done == 0
    assert {clip.stream for clip in ClipPool.open(tmp_path).clips} == {5}
