"""Who has the floor while we speak: a voice ducks us, a voice that goes on silences us, and only words take the floor.

Everything up to the last step is taken back when it was nothing: a cough, a door, "mm-hmm", our own echo. Then the
answer goes on where it fell silent, with no word lost and none said twice.
"""

from __future__ import annotations

from collections.abc import Callable

from omnilive_demo.reasoning.back_channel import takes_the_word
from omnilive_demo.speech.playout import Playout

CLAIM_S = (0.6, 0.9, 1.2, 1.6)
"""How long somebody must have spoken for us to look whether they take the floor; at the last one they do."""


class Floor:
    """Ducks, holds, and gives the floor up or takes it back.

    Args:
        give_up: ends the answer under way.
    """

    def __init__(self, playout: Playout, give_up: Callable[[], None]) -> None:
        self._playout = playout
        self._give_up = give_up
        self._looks = 0
        self.claimed_by: int | None = None  # the utterance that silences us now

    def suspect(self) -> None:
        """There may be a voice: be quieter."""
        if self._playout.speaking is not None:
            self._playout.duck()

    def hold(self, utterance: int) -> None:
        """The voice goes on: be silent and wait for what it says."""
        self.claimed_by, self._looks = utterance, 0
        self._playout.hold()

    def wants_a_look(self, utterance: int, speech_s: float) -> bool:
        """Whether it is time to judge by the words so far; true once for each of the times in `CLAIM_S`."""
        if utterance != self.claimed_by or self._looks >= len(CLAIM_S) or speech_s < CLAIM_S[self._looks]:
            return False
        self._looks += 1
        return True

    def judge(self, utterance: int, text: str, speech_s: float, over: bool, noise: str = "") -> bool:
        """Give the floor to who takes it; take it back when it was nothing and is over. Whether it was given up now."""
        if utterance != self.claimed_by:
            return False
        if takes_the_word(text, speech_s, noise, self._playout.text):
            self.claimed_by = None
            self._give_up()
            return True
        if over:
            self.take_back()
        return False

    def take_back(self) -> None:
        """It was nothing: go on."""
        self.claimed_by = None
        self._playout.restore()
