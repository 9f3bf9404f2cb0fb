"""An utterance while it is spoken."""

from __future__ import annotations

from dataclasses import dataclass, field

from omnilive_demo.perception.recognizer import RecognitionStream
from omnilive_demo.perception.semantic_turn import TurnSound
from omnilive_demo.records import Origin, Snapshot


@dataclass(slots=True)
class OpenUtterance:
    """Somebody speaks: since when, on which memory a question would be answered, and the words so far."""

    number: int
    origin: Origin
    start_s: float
    snapshot: Snapshot
    stream: RecognitionStream
    heard: TurnSound = field(default_factory=TurnSound)
    confirmed: bool = False
    quiet_since_s: float | None = None  # the speaker pauses
    noise: str = ""  # what it sounds like, when that is no speech
    over_turn: int = 0  # the turn that it silences, or silenced
    took_the_floor: bool = False  # an answer was cut off for it
    forgotten: bool = False  # the visitor had this time forgotten meanwhile
    hypothesis: str = ""  # the recogniser's last one
    shown: int = 0  # how many of its words are shown
    shown_s: float = 0.0  # how long it had lasted when they were looked at last
    before: str = ""  # a question that the speaker went on from before it could be answered

    @property
    def paused(self) -> bool:
        """Whether the speaker is quiet, and may go on."""
        return self.quiet_since_s is not None
