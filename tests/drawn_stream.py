"""A drawn stream with known contents, seen by the shipped eyes and kept by the shipped memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from omnilive_demo.cancel import CancelToken
from omnilive_demo.clock import ManualTime, SessionClock
from omnilive_demo.ear_events import VideoFrame
from omnilive_demo.engine import Engine
from omnilive_demo.memory.clip_builder import ClipRule
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.perception.eyes import SCENE_THRESHOLD, Eyes
from omnilive_demo.reasoning.view import RecentFrames
from omnilive_demo.records import Delta, Question, Recall
from omnilive_demo.training.world.painter import paint
from omnilive_demo.training.world.sprites import NotoSprites
from omnilive_demo.training.world.staging import Actor, Setting, Waypoint
from omnilive_demo.training.world.things import by_name

SCENE_S = 8.0


@dataclass(frozen=True)
class Shown:
    """One scene: things by name with their place (x, y, size), and the background."""

    things: tuple[tuple[str, float, float, float], ...]
    place: str
    colour: str | None = None
    held: bool = False


def scene(shown: Shown, start_s: float, seed: int) -> Iterator[tuple[float, np.ndarray]]:
    """Its pictures, one a second."""
    setting = Setting(shown.place, seed)
    end_s = start_s + SCENE_S
    actors = tuple(
        Actor(
            by_name()[name],
            (Waypoint(start_s, x, y, size), Waypoint(end_s, x, y, size)),
            shown.colour,
            held=((start_s, end_s),) if shown.held else (),
        )
        for name, x, y, size in shown.things
    )
    for t_s in np.arange(start_s, end_s, 1.0):
        yield float(t_s), paint(setting, actors, float(t_s), _sprites(), size=384).image


_SPRITES: list[NotoSprites] = []


def _sprites() -> NotoSprites:
    if not _SPRITES:
        _SPRITES.append(NotoSprites())
    return _SPRITES[0]


class Watcher:
    """Eyes, memory and reasoner of an engine, without sound and without a page."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.time = ManualTime()
        self.view = RecentFrames(SessionClock(self.time))
        self.eyes = Eyes(engine.encoder)
        self.memory = SessionMemory(
            folder, engine.compressor, engine.text_encoder, epoch_s=0.0, rule=ClipRule(scene_threshold=SCENE_THRESHOLD),
            scale=engine.picture_scale, names=engine.names, captioner=engine.reader, space=engine.space,
        )  # fmt: skip
        self.now_s = 0.0

    def watch(self, shown: Shown, seed: int) -> tuple[float, float]:
        """See a scene. Returns when it was."""
        start_s = self.now_s
        for t_s, image in scene(shown, start_s, seed):
            self.time.advance(t_s + 1.0 - self.view.now_s())
            seen = self.eyes.observe(VideoFrame(image, t_s))
            self.view.add(seen)
            closed = self.memory.see(seen)
            if closed is not None:
                self.memory.caption(closed.id)
        self.now_s = start_s + SCENE_S
        return start_s, self.now_s - 1.0

    async def ask(self, text: str) -> tuple[Recall, str, list[Delta]]:
        """What is recalled and answered."""
        question = Question(1, text, self.now_s, self.memory.snapshot(self.now_s), spoken=False)
        recall = self.memory.recall(question, CancelToken())
        deltas = [delta async for delta in self.engine.reasoner.answer(question, recall, self.view, CancelToken())]
        return recall, "".join(delta.text for delta in deltas), deltas
