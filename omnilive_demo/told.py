"""What a page that comes without history must be told: the newest of everything, within bounds."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import replace

from omnilive_demo.events import (
    AnswerGrew,
    Caption,
    ClipRemembered,
    Interrupted,
    MemoryFigures,
    PageEvent,
    Retrieved,
    Returned,
    SoundNoticed,
    SourceChanged,
    SpeakingRate,
    StandingChanged,
    TurnLatency,
)  # fmt: skip

CLIPS = 500
WORDS = 200
ROW = 2 * WORDS  # words, sounds and answers together
STANDINGS = 16  # those that wait, and the last ones that do no more


class Told:
    """Keeps what was told and still holds."""

    def __init__(self) -> None:
        self._clips: dict[int, ClipRemembered] = {}
        # In order of arrival, so that a question stands before its answer.
        self._row: dict[Hashable, PageEvent] = {}
        self._standings: dict[int, StandingChanged] = {}
        self._source: SourceChanged | None = None
        self._figures: MemoryFigures | None = None
        self._returned: Returned | None = None
        self._rate: SpeakingRate | None = None

    def note(self, event: PageEvent) -> None:
        """Remember that this was told."""
        match event:
            case ClipRemembered():
                self._clips[event.id] = event
                _bound(self._clips, CLIPS)
            case Caption(final=True):
                self._keep((event.TYPE, event.utterance), event)
            case SoundNoticed():
                self._keep((event.TYPE, event.start_s, event.origin), event)
            case Retrieved() | AnswerGrew(final=True) | Interrupted() | TurnLatency():
                self._keep((event.TYPE, event.turn), event)
            case StandingChanged():
                self._note_standing(event)
            case Returned():
                self._returned = event
            case SpeakingRate():
                self._rate = event
            case SourceChanged():
                self._source = event
            case MemoryFigures():
                self._forget(event)
                self._figures = replace(event, forgot_from_s=None, forgot_to_s=None)

    @property
    def plays(self) -> bool:
        """Whether something plays that keeps time by the stream's clock: anything but the camera."""
        source = self._source
        return source is not None and source.state == "playing" and source.kind not in ("none", "camera")

    def events(self) -> tuple[PageEvent, ...]:
        """All of it, in an order that a page can take."""
        clips = sorted(self._clips.values(), key=lambda clip: clip.id)
        single = (self._source, self._returned, self._rate, self._figures)
        standings = sorted(self._standings.values(), key=lambda event: event.id)
        return (*clips, *standings, *self._row.values(), *(event for event in single if event is not None))

    def _keep(self, key: Hashable, event: PageEvent) -> None:
        self._row[key] = event
        _bound(self._row, ROW)

    def _note_standing(self, event: StandingChanged) -> None:
        """Those that wait are told, however many have ended since; few can wait at once."""
        self._standings.pop(event.id, None)
        self._standings[event.id] = event
        ended = [number for number, one in self._standings.items() if one.status != "waiting"]
        for number in ended[: max(0, len(self._standings) - STANDINGS)]:
            del self._standings[number]

    def _forget(self, figures: MemoryFigures) -> None:
        """Nobody is told again what was forgotten; answers may quote it, so they go as well."""
        if figures.forgot_from_s is None:
            return
        begin_s = figures.forgot_from_s
        end_s = math.inf if figures.forgot_to_s is None else figures.forgot_to_s
        self._clips = {key: clip for key, clip in self._clips.items() if clip.end_s < begin_s or clip.start_s > end_s}
        self._standings = {
            key: event for key, event in self._standings.items() if not begin_s <= event.since_s <= end_s
        }
        self._row = {
            key: event
            for key, event in self._row.items()
            if isinstance(event, Caption | SoundNoticed) and (event.end_s < begin_s or event.start_s > end_s)
        }


def _bound(kept: dict, size: int) -> None:
    while len(kept) > size:
        del kept[next(iter(kept))]
