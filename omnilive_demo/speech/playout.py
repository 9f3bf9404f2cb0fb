"""Playout: the answer's sound on its way to the visitor, in 20 ms frames, at the pace of life.

A turn's sound is one row of frames: sentences with a short pause between them. The transport pulls; a frame is due at
its own place behind the turn's first one and is handed out at most `lead_s` before that. When the voice is late, the
row is anchored anew, so nothing is ever sent in a burst to make up for it. What was heard follows from the clock and
from what the page reports. A hold keeps everything that waits, takes back what had not left yet, and goes on from there
without a gap in the words; a stop drops it. All of it lives on the event loop.

Pace is that of life (`SessionClock.life_s`), also while a file drives stream time faster.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import numpy as np
import soxr
from numpy.typing import NDArray

from omnilive_demo.clock import SessionClock
from omnilive_demo.speech.heard_words import spoken_by
from omnilive_demo.speech.sentences import goes_on
from omnilive_demo.speech.synthesizer import SpokenSentence

RATE_HZ = 24_000
FRAME_SAMPLES = 480  # 20 ms
FRAME_S = FRAME_SAMPLES / RATE_HZ
PAUSE_S = 0.1  # between two sentences
DUCKED_GAIN = 0.25  # -12 dB
RAMP_SAMPLES = 240  # 10 ms, so that a change of gain does not click
AUDIBLE = 0.003  # about -50 dBFS
MAX_LATE_S = 0.25  # a puller that comes later than this does not get what it missed in one burst
MOST_BACK = 25  # frames that can be taken back: more never wait in a link


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
    newest: deque[NDArray[np.float32]] = field(default_factory=lambda: deque(maxlen=MOST_BACK))  # handed out last
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
        self._moved = asyncio.Event()  # a frame was handed out, or the turn changed
        self._finisher: asyncio.Task[None] | None = None
        self._gain = 1.0
        self._pulled = False  # somebody waits for frames
        self.ducked = False
        self.held = False
        self.take_back: Callable[[], int] = lambda: 0
        """Drops what was handed out and has not left yet; returns how many frames that were. Set by the transport."""
        self.on_frame: Callable[[PlayoutFrame, float], None] = lambda frame, due_s: None
        """Called with every frame that is handed out and the life time at which it is due."""

    def begin(self, turn: int) -> None:
        """A new turn's sound follows; whatever is left of an older turn is dropped."""
        self._drop_finisher()
        self._now = _TurnSound(turn)
        self.ducked = self.held = False
        self._wake()

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
        self._wake()

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
        self.held = False
        self._wake()
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
        parts = [spoken_by(sentence, heard_s - offset_s) for offset_s, sentence in now.sentences if heard_s > offset_s]
        return " ".join(part for part in parts if part)

    @property
    def text(self) -> str:
        """All sentences of the current turn that have sound, heard or not."""
        now = self._now
        return " ".join(sentence.text for _, sentence in now.sentences) if now is not None else ""

    def heard_sentences(self) -> int:
        """How many sentences of the current turn were heard to their end."""
        now = self._now
        if now is None:
            return 0
        heard_s = self._heard_s(now) + FRAME_S
        return sum(
            offset_s + len(piece.samples) / piece.rate_hz <= heard_s and not goes_on(piece.text)
            for offset_s, piece in now.sentences
        )

    def duck(self) -> None:
        """Lower the voice while somebody may be speaking."""
        self.ducked = True

    def hold(self) -> None:
        """Fall silent while somebody probably speaks. Nothing is lost: `restore` goes on from here."""
        if self.held:
            return
        self.ducked = self.held = True
        now = self._now
        if now is None or now.frozen_s is not None or not now.handed:
            return
        back = min(self.take_back(), len(now.newest), now.handed)
        for _ in range(back):
            now.waiting.appendleft(now.newest.pop())
        now.handed -= back
        self._drop_finisher()

    def restore(self) -> None:
        """Back to the full voice; after a hold, from where it fell silent."""
        self.ducked = False
        if not self.held:
            return
        self.held = False
        now = self._now
        if now is not None and now.frozen_s is None:
            if now.handed:
                now.anchor_s = None  # the time in which it was silent does not count
                now.report = None
            if not now.waiting:
                now.anchor_s = self._clock.life_s() - now.handed * FRAME_S if now.handed else None
                self._finish_when_over(now)  # a turn without any sound may have ended meanwhile
        self._wake()

    def ahead_s(self, turn: int) -> float:
        """Seconds of sound of this turn that are queued and not handed out; 0 when it is not the current turn."""
        now = self._current(turn)
        return len(now.waiting) * FRAME_S if now is not None else 0.0

    async def until_short(self, turn: int, ahead_s: float) -> None:
        """Wait until at most `ahead_s` of this turn's sound is queued and nobody holds it, or the turn is over.

        While nobody pulls (a page without sound), there is nothing to wait for.
        """
        while self._pulled and self._current(turn) is not None and (self.held or self.ahead_s(turn) > ahead_s):
            self._moved.clear()
            await self._moved.wait()

    @property
    def speaking(self) -> int | None:
        """The turn whose sound is under way, or None: from its first frame until it is finished or stopped."""
        now = self._now
        return now.turn if now and now.handed and not now.finished and now.frozen_s is None else None

    async def next_frame(self) -> PlayoutFrame:
        """Wait for the next frame that is due. One puller at a time."""
        self._pulled = True
        try:
            return await self._next_frame()
        finally:
            self._pulled = False

    async def _next_frame(self) -> PlayoutFrame:
        while True:
            now = self._now
            if now is None or not now.waiting or self.held:
                if now is not None and now.handed and not self.held:
                    now.starved = True
                self._changed.clear()
                await self._changed.wait()
            elif (wait_s := self._due_s(now) - self._lead_s - self._clock.life_s()) > 1e-6:
                await self._sleep(wait_s)
            else:
                return self._hand_out(now)

    def _wake(self) -> None:
        self._changed.set()
        self._moved.set()

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
        if now.anchor_s is None:  # not begun, or about to go on after a hold
            return now.handed * FRAME_S
        life_s = self._clock.life_s()
        heard_s = min(life_s - now.anchor_s, now.handed * FRAME_S)
        if now.report is not None:
            reported_s, at_s = now.report
            heard_s = min(heard_s, reported_s + life_s - at_s)
        return max(heard_s, 0.0)

    def _hand_out(self, now: _TurnSound) -> PlayoutFrame:
        sound = now.waiting.popleft()
        now.newest.append(sound)
        frame = PlayoutFrame(now.turn, self._to_int16(sound), now.handed * FRAME_S)
        now.handed += 1
        self._moved.set()
        self.on_frame(frame, (now.anchor_s or 0.0) + frame.offset_s)
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
        over = now.ended and not now.waiting and self._now is now and not self.held
        if not over or now.finished or self._finisher is not None:
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
