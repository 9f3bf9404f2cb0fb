"""How long one speaker pauses in the middle of what they say, learnt while they talk."""

from __future__ import annotations

from collections import deque

TURNS = 8
NATURAL_S = 0.25  # shorter gaps lie between syllables and words
LONGEST_S = 2.0  # after that it was a new turn


class SpeakerPace:
    """Remembers the longest pause within each of the last turns.

    The second longest of them counts: one long thought makes nobody a slow speaker, and somebody who stopped pausing is
    quick again a few turns later.
    """

    def __init__(self) -> None:
        self._longest_s: deque[float] = deque(maxlen=TURNS)
        self._now_s = 0.0

    def went_on(self, pause_s: float) -> None:
        """The speaker was quiet for `pause_s` and went on."""
        if NATURAL_S <= pause_s <= LONGEST_S:
            self._now_s = max(self._now_s, pause_s)

    def turn_over(self) -> None:
        """What they said is complete."""
        self._longest_s.append(self._now_s)
        self._now_s = 0.0

    @property
    def pause_s(self) -> float:
        """How long they pause and still go on; 0 while that is not known."""
        longest_s = sorted([*self._longest_s, self._now_s])
        return longest_s[-2] if len(longest_s) > 1 else 0.0
