"""A visitor with everything: a session, all that it tells, and a page that plays what it says."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tiny_roles import until

from omnilive_demo.ear_events import AudioBlock, VideoFrame
from omnilive_demo.engine import Engine
from omnilive_demo.events import AnswerGrew, Caption, PageEvent
from omnilive_demo.session import Session


class Visitor:
    """A session, all that it tells, and a page that plays what it says."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.session = Session(folder.name, engine, engine.settings, folder, 0.0)
        self.told: list[PageEvent] = []
        self.played: list[NDArray[np.int16]] = []
        self.session.subscribe(self.told.append)

    async def come(self) -> None:
        await self.session.start()
        await self.session.wait_ready()
        self._page = asyncio.create_task(self._play())

    async def _play(self) -> None:
        while True:
            self.played.append((await self.session.playout.next_frame()).samples)

    async def leave(self) -> None:
        self._page.cancel()
        await self.session.close("over")

    def of(self, kind: type) -> list:
        return [event for event in self.told if isinstance(event, kind)]

    async def let_hear(self, sound: NDArray[np.float32], rate_hz: int) -> None:
        """A sound at the microphone, with quiet around it."""
        quiet = np.random.default_rng(1).normal(0.0, 1e-4, rate_hz)
        samples = (np.concatenate([quiet, sound, quiet, quiet]) * 32767).astype(np.int16)
        at_s = self.session.clock.now_s()
        for begin in range(0, len(samples), rate_hz // 50):
            block = samples[begin : begin + rate_hz // 50]
            self.session.hear(AudioBlock(block, rate_hz, at_s + begin / rate_hz, "visitor"))
        await self.session.settled("visitor")

    async def show(self, pictures: Sequence[NDArray[np.uint8]]) -> None:
        """Pictures before the camera, one a second."""
        begin_s = self.session.clock.now_s()
        for number, picture in enumerate(pictures):
            self.session.watch(VideoFrame(picture, begin_s + number))
            await self.session.settled("visitor")
        self.session.clock.skip_to(begin_s + len(pictures))

    async def ask(self, text: str) -> AnswerGrew:
        """Type a question; its whole answer."""
        self.session.ask(text)
        turn = next(event.turn for event in reversed(self.told) if isinstance(event, Caption) and event.typed)
        return await self.answer(turn)

    async def answer(self, turn: int) -> AnswerGrew:
        """The whole answer of a turn."""
        await until(lambda: any(event.final and event.turn == turn for event in self.of(AnswerGrew)))
        return next(event for event in reversed(self.of(AnswerGrew)) if event.turn == turn)
