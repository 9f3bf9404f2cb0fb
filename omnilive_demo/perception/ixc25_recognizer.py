"""Speech recognition by the released audio model, for many utterances at once.

Utterances that are to be decoded at about the same time are one batch of the model, the final words of some and the
words so far of others; where final words wait, those so far give way within a token. How an utterance is followed while
it is spoken: `whole_stream.py`. What the model invents on noise is left out by the rules of `whisper_guards.py`; as it
does not say how likely there was no speech, those of them that need this never hold.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from omnilive_demo.cancel import CancelToken
from omnilive_demo.models.chinese import language_of
from omnilive_demo.perception.recognizer import Recognition
from omnilive_demo.perception.utterance_sound import RATE_HZ, UtteranceSound
from omnilive_demo.perception.whisper_guards import Piece, believable, cleaned, plain
from omnilive_demo.perception.whole_stream import CLOSING, OpenStreams, WholeStream, up_to_now
from omnilive_demo.serving.lane import Lane, Priority, WorkCancelled
from omnilive_demo.serving.micro_batch import MicroBatch
from omnilive_demo.serving.threads import ThreadLane

if TYPE_CHECKING:
    from omnilive_demo.models.ixc25_omnilive.audio_model import AudioModel, Told


_TOGETHER = 8
_LEAST_S = 0.1


@dataclass(frozen=True, slots=True)
class _Asked:
    sound: UtteranceSound
    final: bool
    cancel: CancelToken


class Ixc25Recognizer:
    """A `Recognizer` of a loaded audio model, which others may use meanwhile. All methods are called on one event loop.

    Args:
        model: the same object that `Ixc25Tagger` is given.
        name: shown on the page.
        together: utterances of one batch.
    """

    def __init__(self, model: AudioModel, name: str = "", together: int = _TOGETHER) -> None:
        self.name = name or model.name
        self._model = model
        self._together = together
        self._lane: Lane | None = None
        self._batch: MicroBatch[_Asked, tuple[Recognition, int] | None] | None = None
        self._open = OpenStreams()
        self._finals = 0  # final words that are waited for

    async def start(self) -> None:
        """Pay for the first call, which is slow; returns when an utterance can be taken.

        Raises:
            RuntimeError: the model does not run on this machine; the message says why.
        """
        self._lane = ThreadLane("recognizer", threads=1)
        try:
            await self._lane.run(_warm_up, self._model, session="", priority=Priority.TURN)
        except Exception as error:
            await self.close()
            raise RuntimeError(f"The speech recogniser {self.name} does not run on this machine: {error}") from error
        except BaseException:
            await self.close()
            raise
        self._batch = MicroBatch("speech recognition", self._lane, self._recognise, self._together)

    async def close(self) -> None:
        """Stop the thread after the token that it is at; utterances under way end without words."""
        self._open.close()
        if self._lane is not None:
            await self._lane.close()
        self._batch = None

    def open(self, session: str, utterance: int, promptly: bool = False) -> WholeStream:
        """Begin an utterance. promptly: its first words are waited for, and looked at sooner and more often."""
        return self._open.begin(self, session, utterance, promptly, self._batch is not None)

    @property
    def depth(self) -> int:
        """How many decodings wait for the thread."""
        return 0 if self._batch is None else self._batch.depth

    # ---- for the streams -------------------------------------------------------------------------------------------

    async def decode(
        self, stream: WholeStream, careful: bool, priority: Priority, cancel: CancelToken, deadline_s: float | None
    ) -> tuple[Recognition, int]:
        """The words of all sound that there is when a batch begins, and how many samples that is.

        Raises:
            WorkCancelled, LaneFull: see `Lane.run`; or final words of somebody else were waited for.
        """
        if self._batch is None:
            raise WorkCancelled(CLOSING)
        final = priority == Priority.EARS
        self._finals += final
        try:
            result = await self._batch.run(
                _Asked(stream.sound, final, cancel),
                session=stream.session, priority=priority, deadline_s=deadline_s, cancel=cancel,
            )  # fmt: skip
        finally:
            self._finals -= final
        if result is None:
            raise WorkCancelled("The words are not wanted any more, or somebody's final words wait.")
        return result

    def forget(self, stream: WholeStream) -> None:
        """An utterance is over."""
        self._open.end(stream)

    # ---- on the lane's thread --------------------------------------------------------------------------------------

    def _recognise(self, asked: list[_Asked]) -> list[tuple[Recognition, int] | None]:
        """None where the words were not wanted to their end."""
        from omnilive_demo.models.ixc25_omnilive.audio_long import recognise_long

        final = any(one.final for one in asked)  # those are told with their batch: it is to wait for nothing else
        given_up: set[int] = set()

        def wanted(index: int) -> bool:
            one = asked[index]
            if one.cancel.cancelled or (not one.final and (final or self._finals)):
                given_up.add(index)
            return index not in given_up

        sounds = [up_to_now(one.sound) for one in asked]
        told = recognise_long(self._model, [samples for samples, _ in sounds], wanted)
        return [
            None if index in given_up else (heard_as(one, len(samples) / RATE_HZ), heard)
            for index, (one, (samples, heard)) in enumerate(zip(told, sounds, strict=True))
        ]


def heard_as(told: Told, seconds: float) -> Recognition:
    """What the model said of `seconds` of sound, as far as somebody may have said it."""
    text = cleaned(told.text)
    data = told.text.encode()
    repeated = len(data) / len(zlib.compress(data)) if data else 0.0
    piece = Piece(told.text, 0.0, seconds, no_speech=0.0, log_prob=told.log_prob, compression=repeated)
    if seconds < _LEAST_S or not plain(text) or not believable(piece, seconds):
        return Recognition("", 0.0, told.language)
    return Recognition(text, min(1.0, math.exp(told.log_prob)), told.language or language_of(text))


def _warm_up(model: AudioModel) -> None:
    model.transcribe(np.random.default_rng(0).normal(0.0, 0.01, RATE_HZ).astype(np.float32))
