"""The sounds of one session: told and remembered at once, and named better a moment later where a larger model listens.

The ears' own tagger decides at once what is a cough and what a voice, because an answer that is talked over cannot
wait. A larger one, where there is one, looks at the same stretches afterwards on a lane of its own, one after another
and behind everything else: at sounds, at what was before an utterance, and at what was taken for speech but has no
words. Where too much is waiting the oldest keeps the name that it has.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.ear_events import SoundDoubted, SoundHeard, SpeechSurrounded
from omnilive_demo.engine import Engine
from omnilive_demo.events import PageEvent, SoundNoticed
from omnilive_demo.memory.long_memory import LongMemory
from omnilive_demo.models.sound_words import UNNAMED
from omnilive_demo.perception.ears import BEFORE_S
from omnilive_demo.perception.sound_names import GOES_ON_S, LASTING, LIKELY_NO_SPEECH, SPEECH
from omnilive_demo.perception.sound_tagger import Tag, told
from omnilive_demo.queues import DropOldest
from omnilive_demo.records import Heard
from omnilive_demo.serving.lane import LaneFull, Priority, WorkCancelled
from omnilive_demo.standing import Standing

log = logging.getLogger(__name__)

LOOKS = 4  # that wait; one more and the oldest is dropped
BEGINS_WITHIN_S = 3.0  # a look that has not begun by then is not worth it any more
NEWEST = 8  # sounds and utterances that are kept at hand


@dataclass(frozen=True, slots=True)
class _Look:
    samples: NDArray[np.float32]
    then: Callable[[Tag], None]


class Sounds:
    """Takes what the ears heard besides words. Everything is called on the event loop, and nothing here blocks it.

    What a look finds comes back to the session that asked for it; of what was forgotten meanwhile nothing comes back.

    Args:
        tell: puts an event into the session's stream.
        write: runs a memory write, in order, off the loop.
    """

    def __init__(
        self,
        session: str,
        engine: Engine,
        memory: LongMemory,
        tell: Callable[[PageEvent], None],
        write: Callable[..., None],
        standing: Standing,
    ) -> None:
        self._session = session
        self._engine = engine
        self._memory = memory
        self._tell = tell
        self._write = write
        self._standing = standing
        self._recent: deque[Heard] = deque(maxlen=NEWEST)
        self._before: dict[int, str] = {}  # utterance -> what was heard before it
        self._doubted: dict[int, SoundDoubted] = {}  # utterance -> its sound, until its words are known
        self._last: dict[str, float] = {}  # lasting sound -> when it was heard last
        self._looks: DropOldest[_Look] = DropOldest(LOOKS)
        self._looking: asyncio.Task[None] | None = None
        self._forgot = 0  # how often; a look from before does not count any more

    def take(self, event: SoundHeard | SoundDoubted | SpeechSurrounded) -> None:
        """The next one from the ears, in order."""
        match event:
            case SoundHeard():
                heard = event.heard
                self._note(heard)
                self._look(event.samples, lambda tag: self._rename(heard, tag))
            case SoundDoubted(utterance=int(utterance)):
                self._doubted[utterance] = event
                _bound(self._doubted)
            case SoundDoubted():
                self._look(event.samples, lambda tag: self._after_all(event.heard, tag))
            case SpeechSurrounded():
                self._look(event.samples, lambda tag: self._note_before(event.utterance, tag))

    def goes_with(self, utterance: int, start_s: float, end_s: float) -> str:
        """The sound of an utterance: a named one within it (a laugh) or the last one before it, or "speech"."""
        before = self._before.pop(utterance, "")
        noted = [h.label for h in reversed(self._recent) if start_s - BEFORE_S <= h.end_s <= end_s]
        named = next((label for label in noted[:1] if label != UNNAMED), before)
        return named or next(iter(noted), SPEECH)

    def understood(self, utterance: int, text: str) -> None:
        """The words of an utterance are known. What has none may have been a sound after all."""
        doubted = self._doubted.pop(utterance, None)
        if doubted is not None and not text:
            self._look(doubted.samples, lambda tag: self._after_all(doubted.heard, tag))

    def forget(self) -> None:
        """A stretch of the stream was forgotten."""
        self._forgot += 1
        self._looks.clear()
        self._recent.clear()
        self._before.clear()
        self._doubted.clear()
        self._last.clear()

    async def close(self) -> None:
        """Look at nothing any more."""
        self.forget()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    @property
    def dropped(self) -> int:
        """Stretches that the larger model was to look at and could not."""
        return self._looks.dropped

    # ---- what a sound is ---------------------------------------------------------------------------------------------

    def _note(self, heard: Heard) -> None:
        self._goes_on(heard)
        self._recent.append(heard)
        self._announce(heard)
        self._write(self._memory.add_heard, heard)
        self._standing.on_heard(heard)

    def _rename(self, heard: Heard, tag: Tag) -> None:
        """A sound that was told has a better name. The page and the memory know it by its time."""
        if not told(tag) or tag.label == heard.label:
            return
        named = replace(heard, label=tag.label, score=tag.score)
        with contextlib.suppress(ValueError):  # many came since
            self._recent[self._recent.index(heard)] = named
        self._announce(named)
        self._write(self._memory.rename_heard, named)
        if not self._goes_on(named):
            self._standing.on_heard(named)

    def _after_all(self, heard: Heard, tag: Tag) -> None:
        """What was taken for speech is a sound, if that is likely; one that goes on was told already."""
        if told(tag) and tag.score >= LIKELY_NO_SPEECH:
            named = replace(heard, label=tag.label, score=tag.score)
            if not self._goes_on(named):
                self._note(named)

    def _note_before(self, utterance: int, tag: Tag) -> None:
        if told(tag):
            self._before[utterance] = tag.label
            _bound(self._before)

    def _goes_on(self, heard: Heard) -> bool:
        """Whether it is a lasting sound that was heard a moment ago; it counts as heard."""
        if heard.label not in LASTING:
            return False
        last_s = self._last.get(heard.label)
        self._last[heard.label] = max(heard.end_s, last_s or 0.0)
        return last_s is not None and heard.start_s - last_s <= GOES_ON_S

    def _announce(self, heard: Heard) -> None:
        self._tell(SoundNoticed(heard.label, heard.score, heard.start_s, heard.end_s, heard.origin))

    # ---- looking -----------------------------------------------------------------------------------------------------

    def _look(self, samples: NDArray[np.float32] | None, then: Callable[[Tag], None]) -> None:
        if self._engine.sound_namer is None or samples is None or not len(samples):
            return
        self._looks.put(_Look(samples, then))
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_on(), name="sounds")

    async def _look_on(self) -> None:
        while True:
            look = await self._looks.get()
            forgot, namer = self._forgot, self._engine.sound_namer
            if namer is None:
                continue  # the embedded tagger hears alone again
            try:
                tag = await self._engine.sounds.run(
                    namer.tag, look.samples,
                    session=self._session, priority=Priority.BACKGROUND, deadline_s=BEGINS_WITHIN_S,
                )  # fmt: skip
                if forgot == self._forgot:
                    look.then(tag)
            except (LaneFull, WorkCancelled):
                self._looks.dropped += 1
            except Exception:
                log.exception("a sound could not be looked at")


def _bound(kept: dict) -> None:
    while len(kept) > NEWEST:
        del kept[next(iter(kept))]
