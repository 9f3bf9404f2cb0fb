"""Speech recognition by PocketSphinx, with the en-us model inside its wheel, in worker processes (it holds the GIL).

Sound is streamed to a decoder while it is spoken, so the end of an utterance only waits for the tail. Each utterance
keeps its sound until its words are final: when all decoders are busy it waits with it, and when a decoder dies it is
played again to the next one. Nothing is lost.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import OrderedDict, deque

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.perception.recognizer import Recognition
from omnilive_demo.perception.transcript import readable
from omnilive_demo.serving.processes import WorkerProcess

logger = logging.getLogger(__name__)

_SESSIONS_REMEMBERED = 64
_REPLAYS = 2  # an utterance that kills this many decoders and one more is given up
_FAILED = "The speech recogniser stopped working. Type your question instead, or restart the app."
_UTTERANCE_FAILED = "This could not be understood: the speech recogniser failed on it. Please say it again."


class PocketSphinxStream:
    """One utterance. Made by `PocketSphinxRecognizer.open`; lives on the event loop."""

    def __init__(self, owner: PocketSphinxRecognizer, key: int, session: str, promptly: bool) -> None:
        self.key = key
        self.session = session
        self.promptly = promptly
        self.replays = 0
        self.sound: list[bytes] = []
        self.finishing = False
        self.worker: _Worker | None = None
        self._owner = owner
        self._text = ""
        self._partials: list[asyncio.Future[str]] = []
        self._final: asyncio.Future[Recognition] | None = None
        self._error = ""
        self._result: Recognition | None = None

    def feed(self, samples: NDArray[np.float32]) -> None:
        """More sound, mono float32 `[n]` at 16 kHz. Never blocks."""
        if self.over or self.finishing:
            return
        sound = (np.clip(samples, -1.0, 1.0) * np.float32(32767.0)).astype(np.int16).tobytes()
        self.sound.append(sound)
        if self.worker is not None:
            self.worker.send("feed", self, sound)

    async def partial(self) -> str:
        """The best text so far; what it was last, while no decoder is free."""
        if self.over or self.finishing or self.worker is None:
            return self._text
        if not self._partials:
            self.worker.send("partial", self)
        asked: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._partials.append(asked)
        return await asked

    async def finish(self) -> Recognition:
        """The final text.

        Raises:
            RuntimeError: the recogniser failed; the message is fit for the page.
        """
        if self._error:
            raise RuntimeError(self._error)
        if self._result is not None:
            return self._result
        if self._final is None:
            self.finishing = True
            self._final = asyncio.get_running_loop().create_future()
            if self.worker is not None:
                self.worker.send("finish", self)
        return await asyncio.shield(self._final)

    def cancel(self) -> None:
        """The utterance is not wanted after all."""
        if not self.over:
            self.settle(Recognition("", 0.0))
            self._owner.release(self)

    # ---- for the recogniser ----------------------------------------------------------------------------------------

    @property
    def over(self) -> bool:
        """Whether it has come to its end, one way or another."""
        return self._result is not None or bool(self._error)

    @property
    def asked(self) -> bool:
        """Whether somebody waits for a partial text."""
        return bool(self._partials)

    def settle(self, result: Recognition) -> None:
        """The words are final."""
        self._result = result
        self._end()
        if self._final is not None and not self._final.done():
            self._final.set_result(result)

    def fail(self, why: str) -> None:
        """No words will come."""
        self._error = why
        self._end()
        if self._final is not None and not self._final.done():
            self._final.set_exception(RuntimeError(why))
            self._final.exception()  # whoever waits still sees it; nobody waiting is no fault

    def tell(self, text: str) -> None:
        """The best text so far."""
        self._text = text
        asked, self._partials = self._partials, []
        for future in asked:
            if not future.done():
                future.set_result(text)

    def _end(self) -> None:
        self.sound.clear()
        self.tell(self._result.text if self._result is not None else self._text)


class _Worker:
    """A decoder process and the utterance that it works on."""

    def __init__(self, owner: PocketSphinxRecognizer, name: str) -> None:
        self.stream: PocketSphinxStream | None = None
        self.ready = False
        self.failed = False
        self._owner = owner
        self.process = WorkerProcess(
            name,
            "omnilive_demo.perception.pocketsphinx_worker",
            "serve",
            on_message=self._message,
            on_ready=self._became_ready,
            on_death=self._died,
            on_failure=self._gave_up,
        )

    @property
    def free(self) -> bool:
        return self.ready and self.stream is None

    def send(self, verb: str, stream: PocketSphinxStream, *values: object) -> None:
        if self.ready:  # while it is not, the utterance is played from its beginning later
            self.process.send((verb, stream.key, *values))

    def take(self, stream: PocketSphinxStream) -> None:
        """Work on an utterance, from its beginning."""
        self.stream, stream.worker = stream, self
        self.send("open", stream, self._owner.means_of(stream.session), stream.promptly)
        if stream.sound:
            self.send("feed", stream, b"".join(stream.sound))
        if stream.finishing:
            self.send("finish", stream)
        elif stream.asked:
            self.send("partial", stream)

    def let_go(self) -> PocketSphinxStream | None:
        stream, self.stream = self.stream, None
        if stream is not None:
            stream.worker = None
        return stream

    def _message(self, message: tuple) -> None:
        verb, key, text, *rest = message
        stream = self.stream
        if stream is None or stream.key != key:
            return  # of an utterance that was cancelled meanwhile
        if verb == "partial":
            stream.tell(readable(text))
        elif verb == "final":
            confidence, means = rest
            self.let_go()
            result = Recognition(readable(text), float(confidence))
            self._owner.remember_means(stream, result, means)
            stream.settle(result)
            self._owner.hand_out()

    def _became_ready(self) -> None:
        self.ready = True
        if self.stream is not None:
            self.take(self.stream)
        self._owner.hand_out()

    def _died(self) -> None:
        self.ready = False
        stream = self.stream
        if stream is None:
            return
        stream.replays += 1
        if stream.replays > _REPLAYS:
            self.let_go()
            stream.fail(_UTTERANCE_FAILED)
        else:
            logger.warning("utterance %s of session %s is decoded again", stream.key, stream.session)
            self._owner.move(self)

    def _gave_up(self, reason: str) -> None:
        self.ready, self.failed = False, True
        logger.error("a speech decoder is lost: %s", reason)
        self._owner.move(self)


class PocketSphinxRecognizer:
    """A `Recognizer` of several decoder processes. All methods are called on one event loop."""

    name = "PocketSphinx en-us"

    def __init__(self, workers: int = 2) -> None:
        if workers < 1:
            raise ValueError("a recogniser needs at least one worker")
        self._workers = [_Worker(self, f"recognizer-{index}") for index in range(workers)]
        self._waiting: deque[PocketSphinxStream] = deque()
        self._keys = itertools.count()
        self._means: OrderedDict[str, tuple[float, ...]] = OrderedDict()
        self._closed = False

    async def start(self) -> None:
        """Start the decoders; returns when all can take an utterance.

        Raises:
            RuntimeError: a decoder could not be loaded; the message says why.
        """
        results = await asyncio.gather(*(worker.process.start() for worker in self._workers), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                await self.close()
                raise result

    async def close(self) -> None:
        """Stop the decoders; utterances under way end without words."""
        self._closed = True
        for stream in [*self._waiting, *(worker.stream for worker in self._workers if worker.stream is not None)]:
            stream.fail("The app is closing.")
        self._waiting.clear()
        await asyncio.gather(*(worker.process.stop() for worker in self._workers))

    def open(self, session: str, utterance: int, promptly: bool = False) -> PocketSphinxStream:
        """Begin an utterance; it waits with its sound when all decoders are busy.

        promptly: its first words are waited for: decoding begins sooner, with less known of how the voice sounds.
        """
        stream = PocketSphinxStream(self, next(self._keys), session, promptly)
        logger.debug("session %s: utterance %s is %s here", session, utterance, stream.key)
        if self._closed or all(worker.failed for worker in self._workers):
            stream.fail(_FAILED)
        else:
            self._waiting.append(stream)
            self.hand_out()
        return stream

    @property
    def depth(self) -> int:
        """How many utterances wait for a decoder."""
        return len(self._waiting)

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the decoders that run."""
        return tuple(pid for worker in self._workers if (pid := worker.process.pid) is not None)

    # ---- for the workers and streams -------------------------------------------------------------------------------

    def hand_out(self) -> None:
        """Give waiting utterances to free decoders, first come first served."""
        for worker in self._workers:
            if worker.free and self._waiting:
                worker.take(self._waiting.popleft())

    def move(self, worker: _Worker) -> None:
        """The decoder cannot go on now: its utterance goes to the front of the queue."""
        stream = worker.let_go()
        if stream is not None:
            self._waiting.appendleft(stream)
        if all(other.failed for other in self._workers):
            lost, self._waiting = self._waiting, deque()
            for stream in lost:
                stream.fail(_FAILED)
        self.hand_out()

    def release(self, stream: PocketSphinxStream) -> None:
        """An utterance was cancelled."""
        worker = stream.worker
        if worker is not None:
            worker.send("cancel", stream)
            worker.let_go()
            self.hand_out()
        elif stream in self._waiting:
            self._waiting.remove(stream)

    def means_of(self, session: str) -> tuple[float, ...] | None:
        """The mean cepstrum of the session's utterances so far (how its microphone sounds)."""
        return self._means.get(session)

    def remember_means(self, stream: PocketSphinxStream, result: Recognition, means: tuple[float, ...]) -> None:
        """Learn how the session's microphone sounds, from an utterance that had words."""
        seconds = sum(len(piece) for piece in stream.sound) / 2 / 16_000
        if not result.text or seconds < 0.8:
            return
        before = self._means.pop(stream.session, means)
        self._means[stream.session] = tuple((a + b) / 2 for a, b in zip(before, means, strict=True))
        while len(self._means) > _SESSIONS_REMEMBERED:
            self._means.popitem(last=False)
