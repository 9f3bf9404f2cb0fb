"""What a page that comes without history must be told: the newest of everything, within bounds."""

from __future__ import annotations

import math
from collections import deque

from omnilive_demo.events import (
    AnswerGrew,
    Caption,
    ClipRemembered,
    MemoryFigures,
    PageEvent,
    Retrieved,
    SoundNoticed,
    SourceChanged,
    TurnLatency,
)  # fmt: skip

CLIPS = 500
WORDS = 200
TURNS = 50


class Told:
    """Keeps what was told and still holds."""

    def __init__(self) -> None:
        self._clips: dict[int, ClipRemembered] = {}
        self._words: deque[Caption | SoundNoticed] = deque(maxlen=WORDS)
        self._turns: dict[tuple[str, int], Retrieved | AnswerGrew | TurnLatency] = {}
        self._source: SourceChanged | None = None
        self._figures: MemoryFigures | None = None

    def note(self, event: PageEvent) -> None:
        """Remember that this was told."""
        match event:
            case ClipRemembered():
                self._clips[event.id] = event
                _bound(self._clips, CLIPS)
            case Caption(final=True) | SoundNoticed():
                self._words.append(event)
            case Retrieved() | AnswerGrew(final=True) | TurnLatency():
                self._turns[(event.TYPE, event.turn)] = event
                _bound(self._turns, 3 * TURNS)
            case SourceChanged():
                self._source = event
            case MemoryFigures():
                self._figures = event
                self._forget(event)

    def events(self) -> tuple[PageEvent, ...]:
        """All of it, in an order that a page can take: clips, words, then what was answered to them."""
        single = (self._source, self._figures)
        clips = sorted(self._clips.values(), key=lambda clip: (clip.open, clip.id))
        return (*clips, *self._words, *self._turns.values(), *(event for event in single if event is not None))

    def _forget(self, figures: MemoryFigures) -> None:
        """Nobody is told again what was forgotten; answers may quote it, so they go as well."""
        if figures.forgot_from_s is None:
            return
        begin_s = figures.forgot_from_s
        end_s = math.inf if figures.forgot_to_s is None else figures.forgot_to_s
        self._clips = {
            key: clip for key, clip in self._clips.items() if clip.end_s < begin_s or clip.start_s > end_s
        }  # fmt: skip
        kept = [said for said in self._words if said.end_s < begin_s or said.start_s > end_s]
        self._words = deque(kept, maxlen=WORDS)
        self._turns.clear()


def _bound(kept: dict, size: int) -> None:
    while len(kept) > size:
        del kept[next(iter(kept))]
