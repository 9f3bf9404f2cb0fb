"""What the page is told (`docs/protocol.md`): one class for each wire type.

Frozen dataclasses, past tense where something happened, times in seconds of stream time. What travels inside the
session is in `ear_events`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from omnilive_demo.records import Evidence, Origin

State = Literal["idle", "listening", "thinking", "speaking", "ducked"]
Speaker = Literal["visitor", "source", "assistant"]
Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Hello:
    """Greets a connection: which profile runs, which model plays which role, and what it cannot do."""

    TYPE: ClassVar[str] = "hello"
    profile: str
    why: str
    models: tuple[tuple[str, str], ...]  # (role, name)
    cannot: tuple[str, ...]
    samples: tuple[Json, ...]
    limits: Json
    resumed: bool = False
    transport: str = ""


@dataclass(frozen=True, slots=True)
class StateChanged:
    """What the assistant does now; `detail` is a sentence with what the visitor can do."""

    TYPE: ClassVar[str] = "state"
    state: State
    detail: str = ""
    turn: int | None = None


@dataclass(frozen=True, slots=True)
class Caption:
    """Words said. `answered` is None while it is not decided, False for heard but not answered."""

    TYPE: ClassVar[str] = "caption"
    utterance: int
    text: str
    final: bool
    speaker: Speaker
    start_s: float
    end_s: float
    answered: bool | None = None
    typed: bool = False
    turn: int | None = None


@dataclass(frozen=True, slots=True)
class SoundNoticed:
    """A sound event for the timeline's sound lane."""

    TYPE: ClassVar[str] = "sound"
    label: str
    score: float
    start_s: float
    end_s: float
    origin: Origin = "visitor"


@dataclass(frozen=True, slots=True)
class ClipRemembered:
    """A clip for the timeline; `open` while it still grows (then it is sent again). `thumbnail` is a JPEG data URI."""

    TYPE: ClassVar[str] = "clip"
    id: int
    start_s: float
    end_s: float
    frames: int
    labels: tuple[tuple[str, float], ...]
    caption: str
    tokens_seen: int
    tokens_kept: int
    thumbnail: str
    open: bool = False


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The memories that a turn's answer rests on, best first."""

    TYPE: ClassVar[str] = "retrieval"
    turn: int
    evidence: tuple[Evidence, ...]
    looked_at_clips: int


@dataclass(frozen=True, slots=True)
class AnswerGrew:
    """A piece of an answer. `text` is all so far, `final` closes it, `heard_text` is what was heard, once known.

    unasked: it answers no question of its turn. standing: the standing query that it answers.
    """

    TYPE: ClassVar[str] = "answer"
    turn: int
    delta: str
    text: str
    final: bool
    evidence: tuple[int, ...] = ()
    picture_t_s: float | None = None
    heard_text: str | None = None
    unasked: bool = False
    standing: int | None = None


@dataclass(frozen=True, slots=True)
class Interrupted:
    """An answer was cut off. `heard_text` is the part that had been played."""

    TYPE: ClassVar[str] = "interrupt"
    turn: int
    reason: Literal["speech", "stop", "question", "closed", "fault"]
    heard_text: str = ""


@dataclass(frozen=True, slots=True)
class TurnLatency:
    """Milliseconds by stage of one turn, in order; `total_ms` runs from the last word to the first sound."""

    TYPE: ClassVar[str] = "latency"
    turn: int
    stages_ms: tuple[tuple[str, float], ...]
    total_ms: float


@dataclass(frozen=True, slots=True)
class StandingChanged:
    """A standing query ("tell me when…") and its status. `due_s`: when it is due, if the clock ends it."""

    TYPE: ClassVar[str] = "standing"
    id: int
    text: str
    status: Literal["waiting", "answered", "cancelled", "expired"]
    kind: Literal["thing", "gone", "look", "sound", "word", "time"]
    since_s: float
    due_s: float | None = None
    ended_s: float | None = None


@dataclass(frozen=True, slots=True)
class MemoryFigures:
    """How much is remembered. let_go: clips whose pictures made room, since the memory reached `limit_bytes`."""

    TYPE: ClassVar[str] = "memory"
    clips: int
    seconds: float
    bytes: int
    tokens_seen: int
    tokens_kept: int
    forgot_from_s: float | None = None
    forgot_to_s: float | None = None
    limit_bytes: int | None = None
    let_go: int = 0


@dataclass(frozen=True, slots=True)
class Returned:
    """A memory goes on after a while: how long nobody was here, and the stream time at which it goes on."""

    TYPE: ClassVar[str] = "returned"
    away_s: float
    since_s: float
    message: str


@dataclass(frozen=True, slots=True)
class LoadProgress:
    """A model on its way: `done` of `total` (bytes, or steps when `total` is small)."""

    TYPE: ClassVar[str] = "progress"
    model: str
    done: int
    total: int
    ready: bool = False


@dataclass(frozen=True, slots=True)
class SourceChanged:
    """Where picture and sound come from, and how far a file has come."""

    TYPE: ClassVar[str] = "source"
    kind: Literal["none", "camera", "sample", "file", "url", "push"]
    name: str
    state: Literal["waiting", "playing", "ended", "failed", "stopped"]
    position_s: float = 0.0
    duration_s: float | None = None
    rate: float = 1.0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class MediaCarried:
    """Which connection carries picture and sound now; empty: none does."""

    TYPE: ClassVar[str] = "media"
    transport: Literal["", "webrtc", "websocket"]


@dataclass(frozen=True, slots=True)
class SpeakingRate:
    """How fast answers are spoken from now on, a factor on normal speed: somebody said so, or moved the slider."""

    TYPE: ClassVar[str] = "speaking_rate"
    rate: float


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the visitor should know; `hint` says what can be done."""

    TYPE: ClassVar[str] = "notice"
    code: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something went wrong; takes the place of the state line until it is over."""

    TYPE: ClassVar[str] = "fault"
    code: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Bye:
    """The session is over."""

    TYPE: ClassVar[str] = "bye"
    reason: str


PageEvent = (
    Hello | StateChanged | Caption | SoundNoticed | ClipRemembered | Retrieved | AnswerGrew | Interrupted | TurnLatency
    | StandingChanged | MemoryFigures | Returned | LoadProgress | SourceChanged | MediaCarried | SpeakingRate | Notice
    | Fault | Bye
)  # fmt: skip
