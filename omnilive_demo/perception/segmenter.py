"""Where utterances begin and end: a state machine over the speech probability of each window.

    silent ──2 loud windows──► candidate ──~200 ms of speech──► speaking ──quiet──► paused ──quiet──► silent (ended)
       ◄────quiet (dismissed)────┘                                  ◄───2 loud windows───┘

A first trace of a voice while it is silent is told as a hint, taken back when no candidate follows. A candidate that
goes on is likely speech before it is confirmed. Loud is above the threshold; speech that is under way goes on while it
stays above a lower one (hysteresis). All waiting is measured in stream time and not in windows, so that a gap in the
sound counts as quiet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from omnilive_demo.ear_events import (
    EarEvent,
    HintDismissed,
    SpeechConfirmed,
    SpeechDismissed,
    SpeechEnded,
    SpeechHinted,
    SpeechLikely,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
)
from omnilive_demo.perception.voice_activity import WINDOW_S
from omnilive_demo.records import Origin

_EPSILON_S = 1e-6  # times are sums of floats


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient the segmenter is.

    threshold, hysteresis: probabilities. hint, hint_s: probability of a first trace of a voice, and how long it counts
    without a candidate. start_windows: loud windows in a row that make a candidate, or end a pause. likely_s,
    confirm_s: speech that makes a candidate likely, and an utterance. pause_s: quiet that is told of (and dismisses a
    candidate). brief_pause_s: the same, where somebody waits for it. end_pause_s: quiet that ends an utterance.
    longest_s: where an utterance is cut.
    """

    threshold: float = 0.5
    hysteresis: float = 0.15
    hint: float = 0.3
    hint_s: float = 4 * WINDOW_S
    start_windows: int = 2
    likely_s: float = 4 * WINDOW_S
    confirm_s: float = 6 * WINDOW_S
    pause_s: float = 5 * WINDOW_S
    brief_pause_s: float = 3 * WINDOW_S
    end_pause_s: float = 0.4
    longest_s: float = 15.0


class Phase(Enum):
    """What is going on."""

    SILENT = auto()
    CANDIDATE = auto()
    SPEAKING = auto()
    PAUSED = auto()


class Segmenter:
    """Turns speech probabilities of one stream into speech events.

    Args:
        origin: written into the events.
        next_utterance: gives the number of each new utterance.
        pace: how patient to be.
    """

    def __init__(self, origin: Origin, next_utterance: Callable[[], int], pace: Pace | None = None) -> None:
        self.phase = Phase.SILENT
        self.utterance = -1  # the newest one
        self._origin = origin
        self._next_utterance = next_utterance
        self._pace = pace or Pace()
        self._pause_s = self._pace.pause_s
        self._end_pause_s = self._pace.end_pause_s
        self._start_s = 0.0  # of the first speech window
        self._end_s = 0.0  # of the last speech window
        self._speech_s = 0.0  # how much of the utterance was speech
        self._loud_windows = 0  # in a row
        self._first_loud_s = 0.0
        self._likely = False
        self._hinted_s: float | None = None

    @property
    def start_s(self) -> float:
        """When the utterance under way began."""
        return self._start_s

    def set_end_pause(self, seconds: float) -> None:
        """How much quiet ends the utterance under way; the next one starts with the default again."""
        self._end_pause_s = max(seconds, 0.0)

    def tell_pauses_early(self) -> None:
        """Somebody was silenced by the utterance under way, and waits for its pauses: tell of brief ones as well."""
        self._pause_s = self._pace.brief_pause_s

    def step(self, probability: float, start_s: float) -> list[EarEvent]:
        """Take the next window, which begins at `start_s`, and say what it changed."""
        end_s = start_s + WINDOW_S
        if probability > self._pace.threshold:
            if self._loud_windows == 0:
                self._first_loud_s = start_s
            self._loud_windows += 1
        else:
            self._loud_windows = 0
        match self.phase:
            case Phase.SILENT:
                return self._while_silent(probability, end_s)
            case Phase.PAUSED:
                return self._while_paused(end_s)
            case _:
                return self._while_speaking(probability, start_s, end_s)

    def flush(self, t_s: float) -> list[EarEvent]:
        """The sound stops here: an utterance under way ends."""
        self._loud_windows = 0
        if self.phase is Phase.SILENT:
            return self._take_back_hint(t_s)
        return self._dismiss(t_s) if self.phase is Phase.CANDIDATE else self._end(t_s)

    def _while_silent(self, probability: float, t_s: float) -> list[EarEvent]:
        if self._loud_windows >= self._pace.start_windows:
            self._hinted_s = None
            return self._begin(t_s)
        if self._hinted_s is None and probability > self._pace.hint:
            self._hinted_s = t_s
            return [SpeechHinted(t_s, self._origin)]
        waited = self._hinted_s is not None and t_s - self._hinted_s > self._pace.hint_s - _EPSILON_S
        return self._take_back_hint(t_s) if waited else []

    def _take_back_hint(self, t_s: float) -> list[EarEvent]:
        if self._hinted_s is None:
            return []
        self._hinted_s = None
        return [HintDismissed(t_s, self._origin)]

    def _begin(self, t_s: float) -> list[EarEvent]:
        self.phase = Phase.CANDIDATE
        self._likely = False
        self.utterance = self._next_utterance()
        self._pause_s, self._end_pause_s = self._pace.pause_s, self._pace.end_pause_s
        self._start_s = self._first_loud_s
        self._speech_s = self._loud_windows * WINDOW_S
        self._end_s = t_s
        return [SpeechStarted(self.utterance, t_s, self._origin), *self._confirm_if_long_enough(t_s)]

    def _while_speaking(self, probability: float, start_s: float, t_s: float) -> list[EarEvent]:
        """Candidate or speaking."""
        if probability >= self._pace.threshold - self._pace.hysteresis:
            self._end_s = t_s
            self._speech_s += WINDOW_S
            events = self._confirm_if_long_enough(t_s)
            return [*events, *self._cut_if_too_long(t_s)]
        if t_s - self._end_s < self._pause_s - _EPSILON_S:
            return []
        if self.phase is Phase.CANDIDATE:
            return self._dismiss(t_s)
        self.phase = Phase.PAUSED
        paused = SpeechPaused(self.utterance, self._end_s, t_s, self._origin)
        return [paused, *self._end_if_quiet_enough(t_s)]

    def _while_paused(self, t_s: float) -> list[EarEvent]:
        if self._loud_windows == 0:
            return self._end_if_quiet_enough(t_s)
        if self._loud_windows < self._pace.start_windows:
            return []
        self.phase = Phase.SPEAKING
        self._end_s = t_s
        self._speech_s += self._loud_windows * WINDOW_S
        return [SpeechResumed(self.utterance, t_s, self._origin), *self._cut_if_too_long(t_s)]

    def _confirm_if_long_enough(self, t_s: float) -> list[EarEvent]:
        events: list[EarEvent] = []
        if not self._likely and self._speech_s >= self._pace.likely_s - _EPSILON_S:
            self._likely = True
            events.append(SpeechLikely(self.utterance, t_s, self._origin))
        if self.phase is Phase.CANDIDATE and self._speech_s >= self._pace.confirm_s - _EPSILON_S:
            self.phase = Phase.SPEAKING
            events.append(SpeechConfirmed(self.utterance, t_s, self._origin))
        return events

    def _cut_if_too_long(self, t_s: float) -> list[EarEvent]:
        """End an endless utterance. The next one begins at once, and is confirmed if speech really goes on."""
        if t_s - self._start_s < self._pace.longest_s - _EPSILON_S:
            return []
        ended = self._end(t_s, truncated=True)
        self._first_loud_s, self._loud_windows = t_s, 0
        return [*ended, *self._begin(t_s)]

    def _end_if_quiet_enough(self, t_s: float) -> list[EarEvent]:
        """A pause in which an utterance would become too long is where it is best cut."""
        quiet = t_s - self._end_s >= self._end_pause_s - _EPSILON_S
        too_long = t_s - self._start_s >= self._pace.longest_s - _EPSILON_S
        return self._end(t_s) if quiet or too_long else []

    def _end(self, t_s: float, truncated: bool = False) -> list[EarEvent]:
        self.phase = Phase.SILENT
        return [SpeechEnded(self.utterance, self._start_s, self._end_s, t_s, self._origin, truncated)]

    def _dismiss(self, t_s: float) -> list[EarEvent]:
        self.phase = Phase.SILENT
        return [SpeechDismissed(self.utterance, t_s, self._origin)]
