"""The memory on what the plain descriptor makes of real pixels: the picture scale and the clip rule fit it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from memory_stream import ask, open_memory
from numpy.typing import NDArray

from omnilive_demo.ear_events import VideoFrame
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.perception.descriptor import DescriptorEncoder
from omnilive_demo.perception.eyes import Eyes


def _room(light: float, ball: tuple[int, int, int] | None = None, ball_x: int = 100) -> NDArray[np.uint8]:
    """A wall, a floor and perhaps a ball, under some light."""
    image = np.zeros((180, 320, 3), np.float32)
    image[:110], image[110:] = (190, 185, 175), (120, 95, 70)
    image[30:80, 200:280] = (150, 190, 220)
    if ball is not None:
        y, x = np.ogrid[:180, :320]
        image[(y - 100) ** 2 + (x - ball_x) ** 2 < 45**2] = ball
    noise = np.random.default_rng(0).normal(0, 2, image.shape)
    return np.clip(image * light + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SessionMemory]:
    """Light to 20 s, dark to 40 s, light with a red ball to 60 s, light with a ball that rolls to 80 s."""
    memory = open_memory(tmp_path_factory.mktemp("sessions") / "a")
    eyes = Eyes(DescriptorEncoder())
    for t_s in range(80):
        image = _room(1.0)
        if 20 <= t_s < 40:
            image = _room(0.08)
        elif 40 <= t_s < 60:
            image = _room(1.0, (210, 25, 30))
        elif t_s >= 60:
            image = _room(1.0, (30, 160, 50), 60 + 10 * (t_s - 60))
        memory.see(eyes.observe(VideoFrame(image, float(t_s))))
    yield memory
    memory.close()


def test_clips_are_cut_where_the_light_goes(memory: SessionMemory) -> None:
    starts = {clip.start_s for clip in memory.clips()}
    assert {20.0, 40.0} <= starts


@pytest.mark.parametrize(
    ("question", "from_s", "to_s"),
    [
        ("when was it dark", 20, 40),
        ("did you see anything red", 40, 60),
        ("was there something green", 60, 80),
        ("did anything move", 56, 80),
    ],
)
def test_what_was_seen_is_found_where_it_was(memory: SessionMemory, question: str, from_s: float, to_s: float) -> None:
    evidence = ask(memory, question, 80.0).evidence
    assert evidence
    assert all(from_s <= e.start_s and e.end_s < to_s and e.kind == "picture" for e in evidence)


@pytest.mark.parametrize(
    "question", ["did you see anything purple", "was anything pink", "did you see something yellow"]
)
def test_what_was_not_seen_is_not_found(memory: SessionMemory, question: str) -> None:
    assert ask(memory, question, 80.0).evidence == ()
