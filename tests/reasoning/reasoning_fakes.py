"""What the reasoning tests share: a text encoder without a model, frames and evidence made of a few words."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.cancel import CancelToken
from omnilive_demo.clock import ManualTime, SessionClock
from omnilive_demo.models.clip_reader import ClipReader
from omnilive_demo.models.text_encoder import TextEncoder
from omnilive_demo.models.thing_names import ThingNames
from omnilive_demo.reasoning.evidence_reasoner import EvidenceReasoner
from omnilive_demo.reasoning.view import RecentFrames
from omnilive_demo.records import (
    Delta,
    Evidence,
    EvidenceKind,
    FrameFeatures,
    Heard,
    Label,
    Question,
    Recall,
    SeenFrame,
    Snapshot,
    Spoken,
    TimeSpan,
)


class ScatteredEncoder:
    """Every text points somewhere else: nothing is near anything but itself."""

    name = "scattered"
    width = 64

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = [np.random.default_rng(zlib.crc32(text.encode())).normal(size=self.width) for text in texts]
        return np.array([row / np.linalg.norm(row) for row in rows], np.float32).reshape(len(texts), self.width)


def frame(t_s: float, *labels: str, score: float = 0.9) -> SeenFrame:
    features = FrameFeatures(np.zeros(4, np.float32), np.zeros((4, 4), np.float32))
    return SeenFrame(t_s, np.zeros((2, 2, 3), np.uint8), features, tuple(Label(x, score) for x in labels), 0.0, 1.0)


def spoken(number: int, start_s: float, text: str, origin: str = "visitor") -> Spoken:
    return Spoken(number, start_s, start_s + 2, text, origin, False)  # type: ignore[arg-type]


def evidence(
    clip: int | None,
    start_s: float,
    end_s: float,
    kind: EvidenceKind,
    text: str = "",
    labels: Sequence[str] = (),
    words: Sequence[Spoken] = (),
    sounds: Sequence[Heard] = (),
    score: float = 0.8,
    short_term: NDArray[np.float16] | None = None,
) -> Evidence:
    named = tuple(Label(label, 0.9) for label in labels)
    return Evidence(clip, start_s, end_s, score, kind, text, named, tuple(words), tuple(sounds), short_term)


class Stage:
    """A reasoner, a view at a moment, and a way to ask."""

    def __init__(
        self,
        now_s: float = 180.0,
        *frames: SeenFrame,
        names_things: bool = False,
        reader: ClipReader | None = None,
        names: ThingNames | None = None,
        text_encoder: TextEncoder | None = None,
    ) -> None:
        self.time = ManualTime()
        self.view = RecentFrames(SessionClock(self.time))
        self.time.advance(now_s)
        for one in frames:
            self.view.add(one)
        self.cancel = CancelToken()
        self.reasoner = EvidenceReasoner(text_encoder or ScatteredEncoder(), names_things, reader, names)
        self.first: Evidence | None = None
        self.last: Evidence | None = None

    def asked(
        self,
        text: str,
        *found: Evidence,
        span: TimeSpan | None = None,
        history: tuple[tuple[str, str], ...] = (),
        is_spoken: bool = True,
    ) -> tuple[Question, Recall]:
        now_s = self.view.now_s()
        question = Question(1, text, now_s, Snapshot(1, now_s), is_spoken, history=history)
        return question, Recall(tuple(found), span, 12, self.first, self.last)

    async def deltas(
        self,
        text: str,
        *found: Evidence,
        span: TimeSpan | None = None,
        history: tuple[tuple[str, str], ...] = (),
        is_spoken: bool = True,
    ) -> list[Delta]:
        question, recall = self.asked(text, *found, span=span, history=history, is_spoken=is_spoken)
        return [delta async for delta in self.reasoner.answer(question, recall, self.view, self.cancel)]

    async def answer(
        self,
        text: str,
        *found: Evidence,
        span: TimeSpan | None = None,
        history: tuple[tuple[str, str], ...] = (),
        is_spoken: bool = True,
    ) -> str:
        return "".join(d.text for d in await self.deltas(text, *found, span=span, history=history, is_spoken=is_spoken))
