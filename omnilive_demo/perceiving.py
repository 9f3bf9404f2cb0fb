"""One session's perception: its ears and eyes, fed through bounded queues, each on a lane of its own.

Nothing here waits for reasoning (the paper's disentangled modules). The one exception is on purpose: with
`Settings.serial` perception stands still while an answer is given, which is the counter-case that we measure against.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable

from omnilive_demo.ear_events import AudioBlock, EarEvent, VideoFrame
from omnilive_demo.engine import Engine
from omnilive_demo.perception.ears import Ears
from omnilive_demo.perception.eyes import Eyes
from omnilive_demo.perception.own_voice import OwnVoice
from omnilive_demo.perception.sampler import FrameSampler
from omnilive_demo.perception.segmenter import Pace
from omnilive_demo.queues import DropOldest
from omnilive_demo.records import Origin, SeenFrame
from omnilive_demo.serving.lane import Priority

log = logging.getLogger(__name__)

AUDIO_BLOCKS = 500  # 10 s of 20 ms blocks: longer than any stall that a visitor would sit through
FRAMES = 4
GLANCE_S = 0.2  # how often a picture is glanced at while an answer is given
UNWEIGHED_S = (
    1.0  # quiet that ends an utterance whose words are not known yet: a decoder that is behind cuts nobody off
)


class Perceiving:
    """Runs ears (one pair for each origin of sound) and eyes.

    Args:
        on_ear: called on the loop with every ear event, in order.
        on_seen: awaited with every perceived frame; its slowness makes frames drop, not pile up.
        on_glimpsed: called with a changed frame between two of those, while `attentive`.
        may_perceive: cleared to make perception wait (serial mode only).
    """

    def __init__(
        self,
        session: str,
        engine: Engine,
        on_ear: Callable[[EarEvent], None],
        on_seen: Callable[[SeenFrame], Awaitable[None]],
        on_glimpsed: Callable[[SeenFrame], None],
        first_utterance: int = 1,
    ) -> None:
        self._session = session
        self._engine = engine
        self._on_ear = on_ear
        self._on_seen = on_seen
        self._on_glimpsed = on_glimpsed
        self._utterances = itertools.count(first_utterance)
        self._audio: dict[Origin, DropOldest[AudioBlock | float]] = {}
        self._ears: dict[Origin, Ears] = {}
        self._frames: DropOldest[VideoFrame] = DropOldest(FRAMES)
        self._sampler = FrameSampler()
        self._glances = FrameSampler(GLANCE_S)
        self._glance: VideoFrame | None = None  # the queued frame that is only glanced at
        self.attentive = False  # an answer is given: what changes meanwhile has to be known at once
        self._eyes = Eyes(engine.encoder)
        self._tasks: list[asyncio.Task[None]] = []
        self._busy: set[str] = set()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self.may_perceive = asyncio.Event()
        self.may_perceive.set()
        self.seen_frames = 0
        self.own_voice = OwnVoice()

    def start(self) -> None:
        """Begin to perceive."""
        self._tasks.append(asyncio.create_task(self._look(), name="eyes"))

    async def close(self) -> None:
        """Stop at once."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def hear(self, block: AudioBlock) -> None:
        """Queue sound; never blocks."""
        self._queue(block.origin).put(block)
        self._quiet.clear()

    def flush(self, origin: Origin, t_s: float) -> None:
        """No more sound for now (muted, source ended): an utterance under way ends."""
        if origin in self._audio:
            self._audio[origin].put(t_s)
            self._quiet.clear()

    def watch(self, frame: VideoFrame) -> None:
        """Queue a picture if its second has none yet, or a glance is due and the eyes are free; never blocks."""
        glance = not self._sampler.take(frame.t_s)
        if glance and not (self._may_glance and self._glances.take(frame.t_s)):
            return
        self._glance = frame if glance else self._glance
        self._frames.put(frame)
        self._quiet.clear()

    @property
    def _may_glance(self) -> bool:
        return self.attentive and not len(self._frames) and "eyes" not in self._busy

    def wants_frame(self, t_s: float) -> bool:
        """Whether a picture taken now would be looked at; lets the transport skip the conversion of all others."""
        return self._sampler.wants(t_s) or (self._may_glance and self._glances.wants(t_s))

    def set_end_pause(self, origin: Origin, utterance: int, pause_s: float) -> None:
        """How long the silence after this utterance must be to end it."""
        if origin in self._ears:
            self._ears[origin].set_end_pause(utterance, pause_s)

    def tell_pauses_early(self, origin: Origin, utterance: int) -> None:
        """We were silenced by this utterance: its pauses are to be known sooner."""
        if origin in self._ears:
            self._ears[origin].tell_pauses_early(utterance)

    async def settled(self) -> None:
        """Wait until everything queued has been perceived."""
        await self._quiet.wait()

    @property
    def dropped_blocks(self) -> int:
        """Sound blocks that were dropped because the ears could not keep up."""
        return sum(queue.dropped for queue in self._audio.values())

    @property
    def dropped_frames(self) -> int:
        """Sampled frames that were dropped because the eyes could not keep up."""
        return self._frames.dropped

    def depths(self) -> dict[str, int]:
        """How much waits, by queue."""
        return {"audio_blocks": sum(len(queue) for queue in self._audio.values()), "frames": len(self._frames)}

    def _queue(self, origin: Origin) -> DropOldest[AudioBlock | float]:
        if origin not in self._audio:
            self._audio[origin] = DropOldest(AUDIO_BLOCKS)
            self._ears[origin] = Ears(
                origin,
                self._engine.new_voice_activity(),
                lambda: next(self._utterances),
                Pace(end_pause_s=UNWEIGHED_S),
                sound_tagger=self._engine.sound_tagger,
                own_voice=self.own_voice if origin == "visitor" else None,
            )
            self._tasks.append(asyncio.create_task(self._listen(origin), name=f"ears-{origin}"))
        return self._audio[origin]

    async def _listen(self, origin: Origin) -> None:
        queue, ears = self._audio[origin], self._ears[origin]
        while True:
            items = await queue.get_all()
            self._begin(origin)
            try:
                await self.may_perceive.wait()
                events = await self._engine.ears.run(_feed, ears, items, session=self._session, priority=Priority.EARS)
                for event in events:
                    self._on_ear(event)
            except Exception:
                log.exception("sound of the %s could not be perceived", origin)
            finally:
                self._end(origin)

    async def _look(self) -> None:
        while True:
            frame = await self._frames.get()
            self._begin("eyes")
            try:
                await self.may_perceive.wait()
                if frame is self._glance:
                    await self._glance_at(frame)
                    continue
                seen = await self._engine.observe(self._eyes, frame, self._session)
                self.seen_frames += 1
                await self._on_seen(seen)
            except Exception:
                log.exception("a frame could not be perceived")
            finally:
                self._end("eyes")

    async def _glance_at(self, frame: VideoFrame) -> None:
        self._glance = None
        seen = await self._engine.eyes.run(self._eyes.glance, frame, session=self._session, priority=Priority.EYES)
        if seen is not None:
            self._on_glimpsed(seen)

    def _begin(self, who: str) -> None:
        self._busy.add(who)

    def _end(self, who: str) -> None:
        self._busy.discard(who)
        if not self._busy and not len(self._frames) and not any(len(queue) for queue in self._audio.values()):
            self._quiet.set()


def _feed(ears: Ears, items: list[AudioBlock | float]) -> list[EarEvent]:
    events: list[EarEvent] = []
    for item in items:
        events += ears.flush(item) if isinstance(item, float) else ears.feed(item)
    return events
