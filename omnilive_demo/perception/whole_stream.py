"""One utterance for a recogniser that hears a stretch of sound as a whole, as Whisper does.

The words so far are found out by decoding all of the sound again: not more often than there is news, never twice at a
time for one utterance, and not at all when somebody's final words wait. Where the speaker pauses, the words are looked
at with all care: if nothing follows, these are the final ones already.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.cancel import CancelToken
from omnilive_demo.perception.recognizer import Recognition
from omnilive_demo.perception.utterance_sound import RATE_HZ, UtteranceSound
from omnilive_demo.serving.lane import LaneFull, Priority, WorkCancelled

logger = logging.getLogger(__name__)

NEWS_S, PROMPT_NEWS_S = 0.6, 0.3
"""So much new sound is worth another look at the words so far; the second where they are waited for."""
CLOSING = "The app is closing."
NOT_STARTED = "The speech recogniser is not loaded. Type your question instead, or restart the app."
_STALE_S = 2.0  # words so far that nobody got to look at within this time are not wanted any more
_BEHIND_S = 0.2  # of the quiet behind the last loud moment that is decoded with it
_UTTERANCE_FAILED = "This could not be understood: the speech recogniser failed on it. Please say it again."
_TOO_BUSY = "Too many people speak at once. Please say it again, or type it."
_NOTHING = Recognition("", 0.0)


class Decodes(Protocol):
    """The recogniser, as its streams see it."""

    async def decode(
        self, stream: WholeStream, careful: bool, priority: Priority, cancel: CancelToken, deadline_s: float | None
    ) -> tuple[Recognition, int]:
        """The words of all sound that there is when its turn comes, and how many samples that is."""
        ...

    def forget(self, stream: WholeStream) -> None:
        """An utterance is over."""
        ...


class WholeStream:
    """One utterance. Made by a recogniser's `open`; lives on the event loop."""

    def __init__(self, owner: Decodes, session: str, promptly: bool) -> None:
        self.session = session
        self.promptly = promptly
        self.sound = UtteranceSound()
        self._owner = owner
        self._text = ""
        self._heard = 0  # samples that the newest words cover
        self._settled: Recognition | None = None  # careful words of all sound up to `_heard`
        self._look: asyncio.Task[None] | None = None
        self._look_cancel = CancelToken()
        self._look_covers = 0  # samples, when it is a careful one
        self._final: asyncio.Task[None] | None = None
        self._final_cancel = CancelToken()
        self._result: Recognition | None = None
        self._error = ""

    def feed(self, samples: NDArray[np.float32]) -> None:
        """More sound, mono float32 `[n]` at 16 kHz. Never blocks."""
        if not self.over and self._final is None:
            self.sound.add(samples)

    async def partial(self) -> str:
        """The best text so far; the one before, when there is no news yet or no thread got to it."""
        if self.over or self._final is not None:
            return self._text
        if self._look is None:
            if not self._news:
                return self._text
            self._look_cancel = CancelToken()
            self._look = asyncio.create_task(self._look_at(self.sound.pauses, self._look_cancel))
        await asyncio.wait({self._look})
        return self._text

    async def finish(self) -> Recognition:
        """The final text.

        Raises:
            RuntimeError: the recogniser failed; the message is fit for the page.
        """
        if self._final is None and not self.over:
            self._final = asyncio.create_task(self._conclude())
        if self._final is not None:
            await asyncio.wait({self._final})
        if self._error:
            raise RuntimeError(self._error)
        return self._result or _NOTHING

    def cancel(self) -> None:
        """The utterance is not wanted after all: what waits for a thread waits no longer."""
        if not self.over:
            self._end(_NOTHING, "")

    # ---- for the recogniser ----------------------------------------------------------------------------------------

    @property
    def over(self) -> bool:
        """Whether it has come to its end, one way or another."""
        return self._result is not None or bool(self._error)

    def fail(self, why: str) -> None:
        """No words will come."""
        if not self.over:
            self._end(None, why)

    # ---- words so far ----------------------------------------------------------------------------------------------

    @property
    def _news(self) -> bool:
        """Whether looking again could tell more than the text that is known."""
        sound = self.sound
        if sound.loud_until <= self._heard and (self._settled is not None or not sound.pauses):
            return False
        if sound.pauses:
            return True
        wait_s = PROMPT_NEWS_S if self.promptly else NEWS_S
        return sound.audible and sound.samples - self._heard >= wait_s * RATE_HZ

    async def _look_at(self, careful: bool, cancel: CancelToken) -> None:
        self._look_covers = self.sound.samples if careful else 0
        priority = Priority.TURN if careful or self.promptly else Priority.BACKGROUND
        try:
            result, heard = await self._owner.decode(self, careful, priority, cancel, None if careful else _STALE_S)
        except (WorkCancelled, LaneFull):
            return
        except Exception:
            logger.exception("session %s: the words so far could not be found out", self.session)
            return
        finally:
            self._look, self._look_covers = None, 0
        if not self.over:
            self._heard = heard
            self._settled = result if careful else None
            # The mark at the end of an unfinished sentence is a guess, and changes with the next word.
            self._text = result.text if careful else result.text.rstrip(" .…,!?。，！？、")

    # ---- final words -----------------------------------------------------------------------------------------------

    async def _conclude(self) -> None:
        """Decode once more, unless what was found out at the pause is all there is."""
        look = self._look
        if look is not None:
            if 0 < self.sound.loud_until <= self._look_covers:
                await asyncio.wait({look})
            else:
                self._look_cancel.cancel()
        if self.over:
            return
        if self._settled is not None and self.sound.loud_until <= self._heard:
            self._end(self._settled, "")
            return
        if not self.sound.audible:
            self._end(_NOTHING, "")
            return
        try:
            result, _ = await self._owner.decode(self, True, Priority.EARS, self._final_cancel, None)
        except WorkCancelled:
            self.fail(CLOSING)
        except LaneFull:
            self.fail(_TOO_BUSY)
        except Exception:
            logger.exception("session %s: an utterance could not be decoded", self.session)
            self.fail(_UTTERANCE_FAILED)
        else:
            if not self.over:
                self._end(result, "")

    def _end(self, result: Recognition | None, error: str) -> None:
        self._result, self._error = result, error
        if result is not None:
            self._text = result.text
        self._look_cancel.cancel()
        self._final_cancel.cancel()
        self._owner.forget(self)
        self.sound.clear()
        for task in (self._look, self._final):
            if task is not None and task is not asyncio.current_task():
                task.cancel()  # takes a call that still waits out of the lane


class OpenStreams:
    """The utterances of a recogniser that are under way; they end with it."""

    def __init__(self) -> None:
        self._open: set[WholeStream] = set()
        self._closed = False

    def begin(self, owner: Decodes, session: str, utterance: int, promptly: bool, loaded: bool) -> WholeStream:
        """An utterance begins; one without a loaded recogniser fails at once, and says why."""
        stream = WholeStream(owner, session, promptly)
        logger.debug("session %s: utterance %s", session, utterance)
        if self._closed or not loaded:
            stream.fail(CLOSING if self._closed else NOT_STARTED)
        else:
            self._open.add(stream)
        return stream

    def end(self, stream: WholeStream) -> None:
        """An utterance is over."""
        self._open.discard(stream)

    def close(self) -> None:
        """All that are under way end without words, and no other begins."""
        self._closed = True
        for stream in tuple(self._open):
            stream.fail(CLOSING)


def up_to_now(sound: UtteranceSound) -> tuple[NDArray[np.float32], int]:
    """What is worth decoding, `[n]`: up to a little behind the last loud moment; and all samples that it stands for."""
    heard, until = sound.samples, sound.loud_until + round(_BEHIND_S * RATE_HZ)
    return sound.all()[: min(heard, until)], heard
