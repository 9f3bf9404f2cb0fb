"""Ears: sound as it comes in becomes speech events, the sound of utterances, and sounds that are not speech.

Everything is synchronous and meant for a worker thread, block after block: to 16 kHz, cut into windows of 32 ms, rated
by the voice detector, segmented. Stream time is kept from the blocks' own times: windows count from an anchor, which is
set again when a block comes where it was not expected.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import soxr
from numpy.typing import NDArray

from omnilive_demo.ear_events import (
    AudioBlock,
    EarEvent,
    SoundDoubted,
    SoundHeard,
    SpeechAudio,
    SpeechConfirmed,
    SpeechEnded,
    SpeechPaused,
    SpeechStarted,
    SpeechSurrounded,
)
from omnilive_demo.models.sound_words import UNNAMED
from omnilive_demo.perception.loudness import HOP_SAMPLES, SILENCE_DB, LoudnessEvents, level_db
from omnilive_demo.perception.own_voice import OwnVoice
from omnilive_demo.perception.prosody import is_drawn_out
from omnilive_demo.perception.segmenter import Pace, Phase, Segmenter
from omnilive_demo.perception.sound_names import LONGEST_S, SPEECH, SoundNames
from omnilive_demo.perception.sound_tagger import SoundTagger
from omnilive_demo.perception.voice_activity import SAMPLE_RATE_HZ, WINDOW_S, WINDOW_SAMPLES, VoiceActivity
from omnilive_demo.records import Heard, Origin

_JUMP_S = 0.25  # a block this far from where it was expected sets the anchor again
_GAP_S = 1.0  # a gap this long ends an utterance
_HOP_S = HOP_SAMPLES / SAMPLE_RATE_HZ
_TAG_EVERY_S = 0.2
_MAYBE_A_VOICE = 0.2  # from this probability on it is asked whether the voice is our own
BEFORE_S = 4.0  # as the released demo: sound this long before an utterance belongs to it
_NEWEST_S = 1.1  # of sound kept, for what looks back


class Ears:
    """The ears of one stream (the visitor's microphone, or the sound track of a source).

    Args:
        origin: written into the events; blocks of another origin are refused.
        voice_activity: this stream's own detector.
        next_utterance: gives the number of each new utterance (shared by the ears of a session).
        pace: how patient the segmenter is.
        pre_roll_s: sound before the first speech window that goes to the recogniser too, for soft first phonemes.
        sound_tagger: names the sounds; without one each is a "sound".
        own_voice: knows what we say ourselves; its echo is no speech.
    """

    def __init__(
        self,
        origin: Origin,
        voice_activity: VoiceActivity,
        next_utterance: Callable[[], int],
        pace: Pace | None = None,
        pre_roll_s: float = 0.3,
        sound_tagger: SoundTagger | None = None,
        own_voice: OwnVoice | None = None,
    ) -> None:
        self._origin = origin
        self._voice_activity = voice_activity
        self._pace = pace or Pace()
        self._segmenter = Segmenter(origin, next_utterance, self._pace)
        self._loudness = LoudnessEvents(origin)
        self._names = SoundNames(origin, sound_tagger)
        self._own_voice = own_voice
        self._noise = ""  # what the utterance under way is instead of speech
        self._next_tag_s = 0.0
        self._newest: deque[NDArray[np.float32]] = deque(maxlen=round(_NEWEST_S / WINDOW_S))
        recent = round(pre_roll_s / WINDOW_S) + self._pace.start_windows
        self._recent: deque[NDArray[np.float32]] = deque(maxlen=max(recent, 1))  # windows not given away yet
        self._resampler: soxr.ResampleStream | None = None
        self._rate_hz = 0
        self._rest: NDArray[np.float32] = np.zeros(0, np.float32)  # at 16 kHz, less than a window
        self._anchor_s: float | None = None  # stream time of window 0
        self._windows = 0
        self._taken = 0  # samples taken in at the blocks' rate, since the anchor
        self._level_db = SILENCE_DB

    @property
    def level_db(self) -> float:
        """Loudness of the newest 32 ms, in dB below full scale."""
        return self._level_db

    def feed(self, block: AudioBlock) -> list[EarEvent]:
        """Take sound in, in order; returns what was heard in it.

        Raises:
            ValueError: the block is of another origin, or not int16 `[n]`.
        """
        if block.origin != self._origin or block.samples.ndim != 1 or block.samples.dtype != np.int16:
            raise ValueError(f"these ears take mono int16 sound of the {self._origin}")
        events = self._place(block)
        samples = self._resample(block)
        self._taken += len(block.samples)
        if len(self._rest):
            samples = np.concatenate([self._rest, samples])
        whole = len(samples) // WINDOW_SAMPLES * WINDOW_SAMPLES
        self._rest = samples[whole:].copy()
        for start in range(0, whole, WINDOW_SAMPLES):
            events += self._hear(samples[start : start + WINDOW_SAMPLES])
        return _joined(events)

    def flush(self, t_s: float) -> list[EarEvent]:
        """The sound ends here (muted, source over): an utterance under way ends. Feeding may go on later."""
        events = self._segmenter.flush(t_s)
        self._forget()
        return events

    def set_end_pause(self, utterance: int, seconds: float) -> None:
        """How much quiet ends `utterance`, if it is still under way. Safe to call from another thread."""
        if utterance == self._segmenter.utterance:
            self._segmenter.set_end_pause(seconds)

    def tell_pauses_early(self, utterance: int) -> None:
        """Somebody waits for a pause in `utterance`, if it is still under way. Safe to call from another thread."""
        if utterance == self._segmenter.utterance:
            self._segmenter.tell_pauses_early()

    # ---- time ------------------------------------------------------------------------------------------------------

    def _place(self, block: AudioBlock) -> list[EarEvent]:
        """Find the block's place in stream time; what ends because it lies elsewhere."""
        if self._anchor_s is None:
            self._anchor_s = block.start_s
        elif self._rate_hz != block.rate_hz:
            self._anchor_again(block.start_s)
        expected_s = self._anchor_s + self._taken / block.rate_hz
        jump_s = block.start_s - expected_s
        if abs(jump_s) <= _JUMP_S:
            return []
        if -_GAP_S < jump_s < _GAP_S:
            events = self._complete_window() if jump_s > 0 else []
            self._anchor_again(block.start_s)  # the segmenter takes the missing time for quiet
            return events
        events = self._segmenter.flush(expected_s)
        self._forget()
        self._anchor_s = block.start_s
        return events

    def _complete_window(self) -> list[EarEvent]:
        """What waits for a full window belongs before the missing time: silence makes it whole."""
        if not len(self._rest):
            return []
        window = np.zeros(WINDOW_SAMPLES, np.float32)
        window[: len(self._rest)] = self._rest
        self._rest = np.zeros(0, np.float32)
        return self._hear(window)

    def _anchor_again(self, start_s: float) -> None:
        """What waits for a full window belongs before `start_s`."""
        self._anchor_s = start_s - len(self._rest) / SAMPLE_RATE_HZ
        self._windows = 0
        self._taken = 0

    def _forget(self) -> None:
        """Begin anew after a gap."""
        self._anchor_s, self._windows, self._taken = None, 0, 0
        self._rest = np.zeros(0, np.float32)
        self._recent.clear()
        self._newest.clear()
        self._resampler = None
        self._loudness.speech()
        self._names.forget()
        self._voice_activity.reset()
        self._level_db = SILENCE_DB

    # ---- sound -----------------------------------------------------------------------------------------------------

    def _resample(self, block: AudioBlock) -> NDArray[np.float32]:
        samples = block.samples.astype(np.float32) / np.float32(32768.0)
        if block.rate_hz == SAMPLE_RATE_HZ:
            self._rate_hz, self._resampler = block.rate_hz, None
            return samples
        if self._resampler is None or self._rate_hz != block.rate_hz:
            self._rate_hz = block.rate_hz
            self._resampler = soxr.ResampleStream(block.rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32", quality="MQ")
        out: NDArray[np.float32] = self._resampler.resample_chunk(samples)
        return out

    def _hear(self, window: NDArray[np.float32]) -> list[EarEvent]:
        assert self._anchor_s is not None
        start_s = self._anchor_s + self._windows * WINDOW_S
        self._windows += 1
        self._level_db = level_db(window)
        self._names.hear(window, start_s)
        speech = self._segmenter.step(self._probability(window, start_s + WINDOW_S), start_s)
        self._tag(start_s + WINDOW_S)
        return [*self._with_sound(speech, window), *self._sounds(window, start_s)]

    def _probability(self, window: NDArray[np.float32], end_s: float) -> float:
        """How likely the visitor speaks: our own voice coming back is not the visitor's."""
        probability = self._voice_activity.probability(window)
        self._newest.append(window)
        if self._own_voice is None or probability < _MAYBE_A_VOICE:
            return probability
        return 0.0 if self._own_voice.is_echo(np.concatenate(list(self._newest)), end_s) else probability

    def _with_sound(self, speech: list[EarEvent], window: NDArray[np.float32]) -> list[EarEvent]:
        """Put the utterance's sound among its events: the pre-roll after its start, the last window before its end."""
        self._recent.append(window)
        events: list[EarEvent] = []
        for event in speech:
            if isinstance(event, SpeechEnded):
                events += self._give(event.utterance)
                events.append(self._sound_in(event))
            events.append(self._how_it_ended(event) if isinstance(event, SpeechPaused) else event)
            if isinstance(event, SpeechStarted):
                events += self._give(event.utterance)
            elif isinstance(event, SpeechConfirmed):
                around = self._names.sound(self._segmenter.start_s - BEFORE_S, event.t_s)
                events.append(SpeechSurrounded(event.utterance, around, self._origin))
        if self._segmenter.phase is not Phase.SILENT:
            events += self._give(self._segmenter.utterance)
        return events

    def _sound_in(self, ended: SpeechEnded) -> EarEvent:
        """The newest stretch of an utterance: a sound for sure, or else what only its words will show."""
        start_s = max(ended.start_s, ended.end_s - LONGEST_S)
        samples = self._names.sound(start_s, ended.end_s)
        heard = self._names.in_speech(start_s, ended.end_s)
        if heard is not None:
            return SoundHeard(heard, samples)
        return SoundDoubted(Heard(start_s, ended.end_s, UNNAMED, 0.0, self._origin), samples, ended.utterance)

    def _how_it_ended(self, paused: SpeechPaused) -> SpeechPaused:
        sound = np.concatenate(list(self._newest))
        quiet = round((paused.t_s - paused.end_s) * SAMPLE_RATE_HZ)
        return replace(paused, drawn_out=is_drawn_out(sound[: len(sound) - quiet]))

    def _give(self, utterance: int) -> list[EarEvent]:
        if not self._recent:
            return []
        samples = np.concatenate(list(self._recent))
        self._recent.clear()
        return [SpeechAudio(utterance, samples, self._origin, self._noise)]

    def _tag(self, end_s: float) -> None:
        """While we speak: is what seems to interrupt us a voice? Looked at a few times a second."""
        start_s = self._segmenter.start_s
        phase = self._segmenter.phase
        if phase is Phase.SILENT:
            self._noise = ""
        if self._own_voice is None or phase not in (Phase.CANDIDATE, Phase.SPEAKING) or end_s < self._next_tag_s:
            return
        if self._own_voice.is_playing(end_s):
            self._next_tag_s = end_s + _TAG_EVERY_S
            self._noise = self._names.so_far(start_s, end_s)

    def _sounds(self, window: NDArray[np.float32], start_s: float) -> list[EarEvent]:
        phase = self._segmenter.phase
        if phase in (Phase.SPEAKING, Phase.PAUSED):
            return self._named(self._loudness.speech())
        events: list[EarEvent] = []
        for hop in range(WINDOW_SAMPLES // HOP_SAMPLES):
            level = level_db(window[hop * HOP_SAMPLES : (hop + 1) * HOP_SAMPLES])
            heard = self._loudness.step(level, start_s + hop * _HOP_S, _HOP_S, phase is Phase.CANDIDATE)
            events += self._named(heard)
        return events

    def _named(self, heard: Heard | None) -> list[EarEvent]:
        named = self._names.name(heard) if heard is not None else None
        if named is None:
            return []
        samples = self._names.sound(named.start_s, named.end_s)
        if named.label == SPEECH:
            return [SoundDoubted(replace(named, label=UNNAMED, score=0.0), samples)]
        return [SoundHeard(named, samples)]


def _joined(events: list[EarEvent]) -> list[EarEvent]:
    """Neighbouring pieces of an utterance's sound as one, so that a large block does not become many messages."""
    joined: list[EarEvent] = []
    for event in events:
        last = joined[-1] if joined else None
        if isinstance(event, SpeechAudio) and isinstance(last, SpeechAudio) and last.utterance == event.utterance:
            joined[-1] = SpeechAudio(
                event.utterance, np.concatenate([last.samples, event.samples]), event.origin, event.noise
            )
        else:
            joined.append(event)
    return joined
