"""The immutable values that more than one room holds: what was seen, heard, remembered, asked and recalled.

Times are seconds since the stream began; pictures are RGB uint8 `[H, W, 3]`; audio is mono float32 in [-1, 1].
Nothing here changes after it was made, so a memory snapshot is just a version number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Origin = Literal["visitor", "source"]
"""Who speaks or sounds: the visitor's microphone, or the sound track of a file, URL or pushed stream."""

EvidenceKind = Literal["now", "picture", "speech", "sound", "time"]
"""Why a clip was recalled: it is the present, it looks like it, it was said, it was heard, or the time fits."""


@dataclass(frozen=True, slots=True)
class Label:
    """A word for something perceived, with the confidence in it (0..1)."""

    text: str
    score: float


@dataclass(frozen=True, slots=True)
class FrameFeatures:
    """What the frame encoder makes of one picture.

    vector: `[D]` float32, unit norm. patches: `[P, C]` float32, row-major grid, P the square of an even number; C and D
    may differ. plain: patches of the plain descriptor `[P, E]`, where the encoder keeps them beside its own.
    """

    vector: NDArray[np.float32]
    patches: NDArray[np.float32]
    plain: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class SeenFrame:
    """One perceived frame (1 FPS). `change` is the share of patches that differ from the frame before (0..1)."""

    t_s: float
    image: NDArray[np.uint8]
    features: FrameFeatures
    labels: tuple[Label, ...]
    change: float
    similarity: float  # to the scene of the frame before (`perception.eyes`); 1.0 for the first


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """A remembered picture: JPEG bytes, at most 320 px wide."""

    t_s: float
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Clip:
    """A closed clip: final, compressed once, never changed.

    short_term: S_k `[4T, C]` float16; global_: g_k `[C]` float16; labels: what describes the clip as a whole.
    tokens_seen counts the patch tokens that came in; tokens_kept those that were not dropped as unchanged or, where the
    compressor reads them all, the memory rows that it made of them.
    """

    id: int
    start_s: float
    end_s: float
    frame_times_s: tuple[float, ...]
    key_frames: tuple[KeyFrame, ...]
    short_term: NDArray[np.float16]
    global_: NDArray[np.float16]
    labels: tuple[Label, ...]
    caption: str
    tokens_seen: int
    tokens_kept: int


@dataclass(frozen=True, slots=True)
class Spoken:
    """An utterance as it was understood. `answered` is None until it is decided."""

    utterance: int
    start_s: float
    end_s: float
    text: str
    origin: Origin
    answered: bool | None = None
    sound_label: str = "speech"


@dataclass(frozen=True, slots=True)
class Heard:
    """A sound that is not speech."""

    start_s: float
    end_s: float
    label: str
    score: float
    origin: Origin = "visitor"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The memory up to a moment (the paper's backup): entries with a version up to `version`, taken at `t_s`."""

    version: int
    t_s: float


@dataclass(frozen=True, slots=True)
class Question:
    """Something to be answered, with the memory that it may be answered from."""

    turn: int
    text: str
    asked_s: float
    snapshot: Snapshot
    spoken: bool
    sound_label: str = "speech"
    history: tuple[tuple[str, str], ...] = ()  # (question, answer as it was heard), oldest first
    heard_sentences: int = 0  # of this very answer, before it was cut off: the answer goes on behind them
    brief: bool = False  # one sentence is enough
    thread: Thread | None = None  # what was spoken of last, for "and before that?"


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """A stretch of the stream that a question names ("a minute ago"); `phrase` is how it was said."""

    start_s: float
    end_s: float
    phrase: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A remembered moment that an answer rests on. `score` in 0..1, best first; `text` is what it shows or says.

    short_term: S_k of its clip `[rows, C]` float16 for the reasoner (of evidence "now": of the newest frames alone,
    four rows a frame); None where there is none that the running models can read. key_frames: pictures of its clip, for
    a reasoner that looks at pictures. Neither is ever sent to a page.
    """

    clip_id: int | None
    start_s: float
    end_s: float
    score: float
    kind: EvidenceKind
    text: str
    labels: tuple[Label, ...] = ()
    spoken: tuple[Spoken, ...] = ()
    sounds: tuple[Heard, ...] = ()
    short_term: NDArray[np.float16] | None = field(default=None, compare=False, repr=False, metadata={"told": False})
    key_frames: tuple[KeyFrame, ...] = field(default=(), compare=False, repr=False, metadata={"told": False})


FollowKind = Literal["before", "after", "other", "when", "else", "said", "heard", "seen"]
"""What is asked about the last answer: what was before or after it, another moment that answers the same question, when
that was, what else was there, and what was said, heard or seen at that time."""


@dataclass(frozen=True, slots=True)
class Thread:
    """What was spoken of last.

    asked: the question that it began with. evidence: what the last answer rested on, the best first; none where it
    rested on nothing that is remembered. given: all that the answers to it and to its follow-ups rested on. t_s: stream
    time of the last answer. span: the stretch that it summed up, where it did that.
    """

    asked: str
    evidence: tuple[Evidence, ...] = ()
    given: tuple[Evidence, ...] = ()
    t_s: float = 0.0
    span: TimeSpan | None = None


@dataclass(frozen=True, slots=True)
class Follow:
    """A question that follows up the last answer: how, and what that was. The evidence is the recall's own."""

    kind: FollowKind
    thread: Thread


@dataclass(frozen=True, slots=True)
class Absence:
    """How long nothing was remembered before this sitting, in seconds of the wall clock: 0 where nobody was away.

    asked: its length, when it began, or what happened in it. at_s: where in the stream it lies.
    """

    asked: Literal["length", "begin", "events"]
    gone_s: float
    at_s: float


@dataclass(frozen=True, slots=True)
class Met:
    """Something that a stretch holds, by its name: how often (adjoining clips count once), and when first and last."""

    name: str
    times: int
    first_s: float
    last_s: float


@dataclass(frozen=True, slots=True)
class Digest:
    """What a named stretch comes to: things seen and sounds heard, the most frequent first; words, the newest last.

    begin_s, end_s: the first and the last of what is remembered of it; watched_s: for how long there was a picture.
    words: only the last few of `statements`.
    """

    things: tuple[Met, ...]
    sounds: tuple[Met, ...]
    words: tuple[Spoken, ...]
    statements: int
    begin_s: float
    end_s: float
    watched_s: float


@dataclass(frozen=True, slots=True)
class Recall:
    """What the memory brought back for a question. `looked_at_clips` is how many clips were searched.

    first, last: the earliest and the latest clip that show the thing which the question names, if any does.
    follows: the question follows up the last answer. absence: it asks about being away. digest: it asks what happened
    in a stretch, which this sums up. gaps: (stream time, seconds of the wall clock) at which the memory was closed for
    so long: stream time stands still meanwhile.
    long_term: H̄ `[rows, C]` float16 of what the question may see, oldest clip first, for a reasoner that reads memory;
    None where none was asked for. Never sent to a page.
    """

    evidence: tuple[Evidence, ...] = ()
    span: TimeSpan | None = None
    looked_at_clips: int = 0
    first: Evidence | None = None
    last: Evidence | None = None
    long_term: NDArray[np.float16] | None = field(default=None, compare=False, repr=False, metadata={"told": False})
    follows: Follow | None = None
    absence: Absence | None = None
    digest: Digest | None = None
    gaps: tuple[tuple[float, float], ...] = ()

    def ago_s(self, t_s: float, now_s: float) -> float:
        """How long before `now_s` a moment of the stream was, in life: with the time that the memory was closed."""
        gone_s = sum(gone_s for at_s, gone_s in self.gaps if t_s < at_s <= now_s)
        return max(0.0, now_s - t_s) + max(0.0, gone_s)


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of an answer: `text` to append, the clips it rests on, and the newest picture that it used.

    ends_sentence: it is the end of a sentence for sure, which can be spoken without waiting for what follows.
    """

    text: str
    evidence: tuple[int, ...] = field(default=())
    picture_t_s: float | None = None
    ends_sentence: bool = False
