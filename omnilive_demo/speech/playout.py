"""Playout: the answer's sound on its way to the visitor, in 20 ms frames, at the pace of life.

A turn's sound is one row of frames: sentences with a short pause between them. The transport pulls; a frame is due at
its own place behind the turn's first one and is handed out at most `lead_s` before that. When the voice is late, the
row is anchored anew, so nothing is ever sent in a burst to make up for it. What was heard follows from the clock and
from what the page reports; a stop drops everything that waits. All of it lives on the event loop.

Pace is that of life (`SessionClock.life_s`), also while a file drives stream time faster.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import numpy as np
import soxr
from numpy.typing import NDArray

from omnilive_demo.clock import SessionClock
from omnilive_demo.speech.synthesizer import SpokenSentence

RATE_HZ = 24_000
FRAME_SAMPLES = 480  # 20 ms
FRAME_S = FRAME_SAMPLES / RATE_HZ
PAUSE_S = 0.12  # between two sentences
DUCKED_GAIN = 0.25  # -12 dB
RAMP_SAMPLES = 240  # 10 ms, so that a change of gain does not click
AUDIBLE = 0.003  # about -50 dBFS
MAX_LATE_S = 0.25  # a puller that comes later than this does not get what it missed in one burst


@dataclass(frozen=True, slots=True)
class PlayoutFrame:
    """20 ms of an answer: int16 `[480]` at 24 kHz; `offset_s` is its place in the turn's sound."""

    turn: int
    samples: NDArray[np.int16]
    offset_s: float


@dataclass(slots=True)
class _TurnSound:
    """One turn: its frames that wait, and how far it came. Offsets are seconds in the turn's sound."""

    turn: int
    waiting: deque[NDArray[np.float32]] = field(default_factory=deque)
    sentences: list[tuple[float, SpokenSentence]] = field(default_factory=list)  # (offset, sentence)
    queued: int = 0  # frames
    handed: int = 0  # frames
    anchor_s: float | None = None  # life time of offset 0
    started: bool = False
    ended: bool = False
    finished: bool = False
    starved: bool = False  # the puller found nothing
    report: tuple[float, float] | None = None  # (heard, life time of the report)
    frozen_s: float | None = None  # stopped: no more than this was heard


class Playout:
    """Queue of one session's answer sound. The transport pulls frames; a stop empties it at once.

    Args:
        clock: for pacing: frames are handed out at most `lead_s` ahead of life.
        on_started: called with the turn when its first audible frame is handed out.
        on_finished: called with the turn when the time of its last frame has passed, after `end`. A turn that ends
            without any sound finishes within `end`; a turn that is stopped never does.
        sleep: waits some seconds of life; tests bring their own time.
    """

    def __init__(
        self,
        clock: SessionClock,
        on_started: Callable[[int], None],
        on_finished: Callable[[int], None],
        lead_s: float = 0.06,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._on_started = on_started
        self._on_finished = on_finished
        self._lead_s = lead_s
        self._sleep = sleep
        self._now: _TurnSound | None = None
        self._changed = asyncio.Event()
        self._finisher: asyncio.Task[None] | None = None
        self._gain = 1.0
        self.ducked = False

    def begin(self, turn: int) -> None:
        """A new turn's sound follows; whatever is left of an older turn is dropped."""
        self._drop_finisher()
        self._now = _TurnSound(turn)

    def put(self, turn: int, sentence: SpokenSentence) -> None:
        """Queue a sentence (resampled to 24 kHz); ignored when the turn is no longer the current one."""
        now = self._current(turn)
        if now is None or now.ended:
            return
        sound = sentence.samples
        if sentence.rate_hz != RATE_HZ:
            sound = np.asarray(soxr.resample(sound, sentence.rate_hz, RATE_HZ), np.float32)
        if sound.size and now.queued:
            self._append(now, np.zeros(round(self._pause_s(now) * RATE_HZ), np.float32))
        now.sentences.append((now.queued * FRAME_S, sentence))
        self._append(now, sound)
        self._changed.set()

    def end(self, turn: int) -> None:
        """No more sentences come for this turn."""
        now = self._current(turn)
        if now is None or now.ended:
            return
        now.ended = True
        self._finish_when_over(now)

    def stop(self) -> str:
        """Drop everything at once; returns the text that had been heard, to the word."""
        now = self._now
        if now is None:
            return ""
        if now.frozen_s is None:
            now.frozen_s = self._heard_s(now)
            now.waiting.clear()
            self._drop_finisher()
        return self.heard_text()

    def heard_until(self, turn: int, heard_ms: float) -> None:
        """The page reports what really came out of the loudspeaker; also after a stop, while it flushes."""
        now = self._now
        if now is None or now.turn != turn or heard_ms < 0:
            return
        if now.frozen_s is not None:
            now.frozen_s = min(now.frozen_s, heard_ms / 1000)
        else:
            now.report = (heard_ms / 1000, self._clock.life_s())

    def heard_text(self) -> str:
        """The text of the current turn that was heard so far, to the word; after a stop, up to then."""
        now = self._now
        if now is None:
            return ""
        heard_s = self._heard_s(now)
        parts = [_spoken_by(sentence, heard_s - offset_s) for offset_s, sentence in now.sentences if heard_s > offset_s]
        return " ".join(part for part in parts if part)

    def duck(self) -> None:
        """Lower the voice while somebody may be speaking."""
        self.ducked = True

    def restore(self) -> None:
        """Back to the full voice."""
        self.ducked = False

    @property
    def speaking(self) -> int | None:
        """The turn whose sound is under way, or None: from its first frame until it is finished or stopped."""
        now = self._now
        return now.turn if now and now.handed and not now.finished and now.frozen_s is None else None

    async def next_frame(self) -> PlayoutFrame:
        """Wait for the next frame that is due. One puller at a time."""
        while True:
            now = self._now
            if now is None or not now.waiting:
                if now is not None and now.handed:
                    now.starved = True
                self._changed.clear()
                await self._changed.wait()
            elif (wait_s := self._due_s(now) - self._lead_s - self._clock.life_s()) > 1e-6:
                await self._sleep(wait_s)
            else:
                return self._hand_out(now)

    def _current(self, turn: int) -> _TurnSound | None:
        now = self._now
        return now if now is not None and now.turn == turn and now.frozen_s is None else None

    def _append(self, now: _TurnSound, sound: NDArray[np.float32]) -> None:
        """Cut sound into frames; the last one is filled up with silence."""
        padded = np.concatenate([sound, np.zeros(-sound.size % FRAME_SAMPLES, np.float32)])
        now.waiting.extend(padded.reshape(-1, FRAME_SAMPLES))
        now.queued += padded.size // FRAME_SAMPLES

    def _pause_s(self, now: _TurnSound) -> float:
        """What is left of the pause after the silence that the visitor has already heard while the voice was late."""
        silent_s = self._clock.life_s() - self._end_s(now) if now.starved else 0.0
        return min(max(PAUSE_S - silent_s, 0.0), PAUSE_S)

    def _due_s(self, now: _TurnSound) -> float:
        """Life time at which the next frame is to be heard; anchors the row at its begin and behind a gap."""
        life_s = self._clock.life_s()
        offset_s = now.handed * FRAME_S
        late_s = 0.0 if now.anchor_s is None else life_s - (now.anchor_s + offset_s)
        if now.anchor_s is None or late_s > (0.0 if now.starved else MAX_LATE_S):
            now.anchor_s = life_s - offset_s
        now.starved = False
        return now.anchor_s + offset_s

    def _end_s(self, now: _TurnSound) -> float:
        """Life time at which all that was handed out has been heard."""
        return (now.anchor_s or 0.0) + now.handed * FRAME_S

    def _heard_s(self, now: _TurnSound) -> float:
        """How much of the turn's sound has been heard, in seconds of it."""
        if now.frozen_s is not None:
            return now.frozen_s
        if now.anchor_s is None:
            return 0.0
        life_s = self._clock.life_s()
        heard_s = min(life_s - now.anchor_s, now.handed * FRAME_S)
        if now.report is not None:
            reported_s, at_s = now.report
            heard_s = min(heard_s, reported_s + life_s - at_s)
        return max(heard_s, 0.0)

    def _hand_out(self, now: _TurnSound) -> PlayoutFrame:
        sound = now.waiting.popleft()
        frame = PlayoutFrame(now.turn, self._to_int16(sound), now.handed * FRAME_S)
        now.handed += 1
        if not now.started and float(np.abs(sound).max()) >= AUDIBLE:
            now.started = True
            self._on_started(now.turn)
        self._finish_when_over(now)
        return frame

    def _to_int16(self, sound: NDArray[np.float32]) -> NDArray[np.int16]:
        target = DUCKED_GAIN if self.ducked else 1.0
        gain: NDArray[np.float32] | float = target
        if self._gain != target:
            gain = np.full(FRAME_SAMPLES, target, np.float32)
            gain[:RAMP_SAMPLES] = np.linspace(self._gain, target, RAMP_SAMPLES, dtype=np.float32)
            self._gain = target
        return np.clip(np.rint(sound * (gain * np.float32(32767))), -32768, 32767).astype(np.int16)

    def _finish_when_over(self, now: _TurnSound) -> None:
        """Once nothing more will be handed out, wait until the last frame's own time has passed."""
        if not now.ended or now.waiting or self._now is not now or now.finished or self._finisher is not None:
            return
        if now.handed == 0:
            self._finish(now)
        else:
            self._finisher = asyncio.get_running_loop().create_task(self._finish_later(now))

    async def _finish_later(self, now: _TurnSound) -> None:
        while (left_s := self._end_s(now) - self._clock.life_s()) > 1e-6:
            await self._sleep(left_s)
        self._finisher = None
        self._finish(now)

    def _finish(self, now: _TurnSound) -> None:
        now.finished = True
        self._on_finished(now.turn)

    def _drop_finisher(self) -> None:
        if self._finisher is not None:
            self._finisher.cancel()
            self._finisher = None


def _spoken_by(sentence: SpokenSentence, heard_s: float) -> str:
    """The words of a sentence that are complete after `heard_s` seconds of it."""
    text = sentence.text
    length_s = sentence.samples.size / sentence.rate_hz
    if heard_s >= length_s - 1e-6:
        return text
    starts = sentence.word_starts_s or _even_word_starts(text, length_s)
    offset = max((offset for offset, start_s in starts if start_s <= heard_s), default=0)
    offset = min(offset, len(text))
    while offset > 0 and not text[offset - 1].isspace() and _is_one_word(text[offset - 1 : offset + 1]):
        offset -= 1  # an event inside "3:30" or "$3.14" does not cut the word
    return text[:offset].rstrip()


def _is_one_word(pair: str) -> bool:
    """Whether there is no word boundary between two characters: Chinese and Japanese are heard by the character."""
    return not any("぀" <= char <= "鿿" for char in pair)


def _even_word_starts(text: str, length_s: float) -> tuple[tuple[int, float], ...]:
    """Word starts by length, for a voice that reports none."""
    return tuple((m.start(), length_s * m.start() / len(text)) for m in re.finditer(r"\S+", text))
