"""Standing queries with all they say and tell, on a clock in the test's hand."""

from __future__ import annotations

import asyncio

import numpy as np

from omnilive_demo.clock import ManualTime, SessionClock
from omnilive_demo.events import PageEvent, StandingChanged
from omnilive_demo.models.thing_names import ThingNames
from omnilive_demo.records import FrameFeatures, Heard, Label, SeenFrame
from omnilive_demo.remark import Remark
from omnilive_demo.standing import Standing

NAMES = ThingNames({"dog": "dogs", "cat": "cats", "bus": "buses", "scissors": "scissors"})


class Room:
    """Standing queries, with all they say and tell; time stands still unless it is moved."""

    def __init__(self, names: ThingNames | None = NAMES) -> None:
        self.time = ManualTime()
        self.clock = SessionClock(self.time)
        self.told: list[StandingChanged] = []
        self.said: list[Remark] = []
        self.slept: list[float] = []
        self.standing = Standing(self.clock, names, self._tell, self.said.append, self._sleep)

    def _tell(self, event: PageEvent) -> None:
        assert isinstance(event, StandingChanged)
        self.told.append(event)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.Event().wait()  # the test moves the clock itself, and ticks

    def take(self, text: str) -> str:
        answer = self.standing.take(text)
        assert answer is not None, text
        return answer

    def see(self, seconds: int, *labels: str, score: float = 0.9) -> None:
        for _ in range(seconds):
            self.time.advance(1.0)
            features = FrameFeatures(np.zeros(4, np.float32), np.zeros((4, 4), np.float32))
            named = tuple(Label(label, score) for label in labels)
            image = np.zeros((2, 2, 3), np.uint8)
            self.standing.on_seen(SeenFrame(self.clock.now_s(), image, features, named, 0.0, 1.0))

    def hear(self, label: str) -> None:
        self.time.advance(1.0)
        now_s = self.clock.now_s()
        self.standing.on_heard(Heard(now_s - 0.5, now_s, label, 0.9))

    def words(self, text: str, origin: str = "visitor") -> None:
        self.time.advance(2.0)
        now_s = self.clock.now_s()
        self.standing.on_words(text, now_s - 1.0, now_s, origin)  # type: ignore[arg-type]

    @property
    def texts(self) -> list[str]:
        return [remark.text for remark in self.said]

    @property
    def statuses(self) -> list[tuple[int, str]]:
        return [(event.id, event.status) for event in self.told]
