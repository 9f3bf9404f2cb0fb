"""What travels from the transport to perception and on to the session: sound, pictures, and what the ears heard.

Frozen dataclasses, past tense where something happened, times in seconds of stream time.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.records import Heard, Origin

# ---- transport -> perception ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AudioBlock:
    """Sound as it came in: mono int16 `[n]` at `rate_hz`, its first sample at `start_s`."""

    samples: NDArray[np.int16]
    rate_hz: int
    start_s: float
    origin: Origin = "visitor"


@dataclass(frozen=True, slots=True)
class VideoFrame:
    """A picture as it came in: RGB uint8 `[H, W, 3]`, taken at `t_s`."""

    image: NDArray[np.uint8]
    t_s: float


# ---- perception -> session -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SpeechHinted:
    """The very first trace of a voice: duck the answer. `SpeechStarted` or `HintDismissed` follows at once."""

    t_s: float
    origin: Origin


@dataclass(frozen=True, slots=True)
class HintDismissed:
    """It was nothing: restore the answer."""

    t_s: float
    origin: Origin


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Candidate speech: the voice detector fired. Snapshot the memory, duck the answer."""

    utterance: int
    t_s: float
    origin: Origin


@dataclass(frozen=True, slots=True)
class SpeechLikely:
    """The candidate goes on: an answer under way is to fall silent, and can still go on where it was."""

    utterance: int
    t_s: float
    origin: Origin


@dataclass(frozen=True, slots=True)
class SpeechConfirmed:
    """The candidate lasted long enough to be an utterance."""

    utterance: int
    t_s: float
    origin: Origin


@dataclass(frozen=True, slots=True)
class SpeechDismissed:
    """The candidate was too short to be speech (a cough, a door): restore the answer."""

    utterance: int
    t_s: float
    origin: Origin


@dataclass(frozen=True, slots=True)
class SpeechAudio:
    """More samples of the utterance under way, mono float32 `[n]` at 16 kHz, for the recogniser.

    noise: what the utterance sounds like so far, when it is a sound with a name rather than speech (told while we speak
    ourselves).
    """

    utterance: int
    samples: NDArray[np.float32]
    origin: Origin
    noise: str = ""


@dataclass(frozen=True, slots=True)
class SpeechPaused:
    """The speaker went quiet after `end_s`: look at the words so far and decide how long to wait.

    drawn_out: the last sound was held, as by somebody who looks for the next word.
    """

    utterance: int
    end_s: float
    t_s: float
    origin: Origin
    drawn_out: bool = False


@dataclass(frozen=True, slots=True)
class SpeechResumed:
    """The speaker went on after a pause: whatever was begun at the pause is to be revoked."""

    utterance: int
    t_s: float
    origin: Origin


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The speaker paused long enough: the utterance is complete. Last speech at `end_s`, decided at `t_s`."""

    utterance: int
    start_s: float
    end_s: float
    t_s: float
    origin: Origin
    truncated: bool = False  # cut at the longest length; what follows is the next utterance


@dataclass(frozen=True, slots=True)
class SoundHeard:
    """A sound that is not speech ended. samples: itself and a little around it, mono float32 `[n]` at 16 kHz."""

    heard: Heard
    samples: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SoundDoubted:
    """Something loud that ended is speech, as far as the ears can tell, and is told only if somebody knows it better.

    utterance: the one that it is the end of; None where the voice detector found no speech. samples: as above.
    """

    heard: Heard
    samples: NDArray[np.float32] = field(compare=False, repr=False)
    utterance: int | None = None


@dataclass(frozen=True, slots=True)
class SpeechSurrounded:
    """What was heard in the 4 s before an utterance that was just confirmed, and in it so far; samples as above."""

    utterance: int
    samples: NDArray[np.float32] = field(compare=False, repr=False)
    origin: Origin


EarEvent = (
    SpeechHinted | HintDismissed | SpeechStarted | SpeechLikely | SpeechConfirmed | SpeechDismissed | SpeechAudio
    | SpeechPaused | SpeechResumed | SpeechEnded | SoundHeard | SoundDoubted | SpeechSurrounded
)  # fmt: skip
