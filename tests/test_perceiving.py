"""Which pictures are perceived: one a second, and while an answer is given also what changes in between."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from session_fakes import InlineLane

from omnilive_demo.ear_events import VideoFrame
from omnilive_demo.perceiving import GLANCE_S, Perceiving
from omnilive_demo.perception.descriptor import DescriptorEncoder
from omnilive_demo.perception.eyes import Eyes
from omnilive_demo.records import SeenFrame


class Watching:
    """Eyes of one session, with what they saw for the memory and what they only glimpsed."""

    def __init__(self) -> None:
        self.seen: list[SeenFrame] = []
        self.glimpsed: list[SeenFrame] = []

        async def observe(eyes: Eyes, frame: VideoFrame, session: str) -> SeenFrame:
            return eyes.observe(frame)

        engine: Any = SimpleNamespace(encoder=DescriptorEncoder(), eyes=InlineLane(), observe=observe)
        self.perceiving = Perceiving("s", engine, lambda event: None, self._see, self.glimpsed.append)
        self.perceiving.start()

    async def _see(self, frame: SeenFrame) -> None:
        self.seen.append(frame)

    async def show(self, shade: int, from_s: float, to_s: float) -> None:
        """A plain picture at 15 frames a second."""
        for number in range(round(15 * (to_s - from_s))):
            t_s = from_s + number / 15
            if self.perceiving.wants_frame(t_s):
                self.perceiving.watch(VideoFrame(np.full((48, 64, 3), shade, np.uint8), t_s))
                await asyncio.wait_for(self.perceiving.settled(), 5.0)


@pytest.mark.parametrize("attentive", [False, True])
async def test_what_changes_between_two_frames_is_glimpsed_while_an_answer_is_given(attentive: bool) -> None:
    watching = Watching()
    watching.perceiving.attentive = attentive
    await watching.show(40, 0.0, 1.4)
    await watching.show(220, 1.4, 3.0)
    await watching.perceiving.close()
    assert [round(frame.t_s, 2) for frame in watching.seen] == [0.0, 1.0, 2.0], "the memory gets one a second"
    assert len(watching.glimpsed) == attentive
    if attentive:
        assert 1.4 <= watching.glimpsed[0].t_s + 1e-6 < 1.4 + GLANCE_S
        assert watching.glimpsed[0].change > 0.9


async def test_a_glance_never_takes_the_place_of_a_frame() -> None:
    watching = Watching()
    watching.perceiving.attentive = True
    watching.perceiving.may_perceive.clear()  # the eyes are busy
    for number in range(30):
        t_s = number / 15
        if watching.perceiving.wants_frame(t_s):
            watching.perceiving.watch(VideoFrame(np.full((48, 64, 3), 8 * number, np.uint8), t_s))
        await asyncio.sleep(0)
    watching.perceiving.may_perceive.set()
    await asyncio.wait_for(watching.perceiving.settled(), 5.0)
    await watching.perceiving.close()
    assert [round(frame.t_s, 2) for frame in watching.seen] == [0.0, 1.0]
    assert watching.perceiving.dropped_frames == 0
