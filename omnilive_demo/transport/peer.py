"""A peer: one WebRTC connection as a link of its visit, from the offer to the end.

It listens to the connection that fastrtc made rather than to fastrtc, whose own clean-up may not run; the first of
several endings counts. The handler in `webrtc.py` only hands over to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Any, Literal

import numpy as np
from aiortc.exceptions import InvalidStateError
from fastrtc import Stream
from numpy.typing import NDArray

from omnilive_demo.queues import DropOldest
from omnilive_demo.speech.playout import FRAME_S, FRAME_SAMPLES, PlayoutFrame
from omnilive_demo.transport import wire
from omnilive_demo.transport.hurry import hurry
from omnilive_demo.transport.line import LinkClosed
from omnilive_demo.transport.visit import Visit

log = logging.getLogger(__name__)

ATTACH_TIMEOUT_S = 30.0  # from the offer to the first message: ICE included
BUFFERED_BYTES = 128_000  # a data channel with more than this waiting is slow
QUEUED_FRAMES = 25  # 0.5 s of sound
EMIT_S = 30.0  # shorter than the minute after which fastrtc complains
DRAIN_FRAMES = 10  # of silence behind the last sound: it pushes that out of the other side's buffers
WAIT_FRAMES = 3  # so late a frame is not waited for any longer: the sound is over, or held
MOST_WIDTH = 1280  # wider pictures are halved while they are copied


class Peer:
    """One peer connection of a visit, from the offer to the end."""

    transport: Literal["webrtc"] = "webrtc"

    def __init__(self, visit: Visit, webrtc_id: str, stream: Stream) -> None:
        self.visit = visit
        self.webrtc_id = webrtc_id
        self.line = visit.connect(self)
        self._stream = stream
        self._pc: Any = None
        self._tracks: list[Any] = []
        self._channel: Any = None
        self._room = asyncio.Event()
        self._sound: DropOldest[PlayoutFrame | None] = DropOldest(QUEUED_FRAMES)  # None: silence from here on
        self._cut = False  # such a None is queued
        self._drain = 0  # frames of silence that are still to be sent
        self._samples_in = 0
        self._over = False
        self._watchdog: asyncio.TimerHandle | None = None

    def adopt(self) -> None:
        """The offer was answered: listen to the peer connection that fastrtc made for it."""
        self._pc = self._stream.pcs[self.webrtc_id]
        self._tracks = list(self._stream.connections.get(self.webrtc_id, ()))
        self._pc.add_listener("datachannel", self._take_channel)
        self._pc.add_listener("connectionstatechange", self._state_changed)
        loop = asyncio.get_running_loop()
        self._watchdog = loop.call_later(ATTACH_TIMEOUT_S, self._attached_by_now)
        for track in self._tracks:
            if track.kind == "audio":
                hurry(self._pc)
            if track.kind == "video":  # pictures come in whether or not the browser's side would take any back
                _keep(track.start())

    # ---- data channel ------------------------------------------------------------------------------------------------

    def _take_channel(self, channel: Any) -> None:
        channel.remove_all_listeners("message")  # fastrtc's: it sends every message back as a log
        channel.bufferedAmountLowThreshold = BUFFERED_BYTES // 2
        channel.add_listener("message", self._take_message)
        channel.add_listener("bufferedamountlow", self._room.set)
        channel.add_listener("close", self.shutdown)
        self._channel = channel
        self._room.set()

    def _take_message(self, data: str | bytes) -> None:
        if isinstance(data, str):
            self.visit.take_text(self.line, data)
        else:
            self.visit.complain(self.line, wire.WireError("The data channel carries text only."))

    async def send_text(self, text: str) -> None:
        """Send a message, waiting while the other side is slow. Raises LinkClosed."""
        while self._channel is None or self._channel.bufferedAmount > BUFFERED_BYTES:
            if self._over:
                raise LinkClosed("the peer connection is over")
            self._room.clear()
            await self._room.wait()
        try:
            self._channel.send(text)
        except (InvalidStateError, ConnectionError) as error:
            raise LinkClosed("the data channel is closed") from error

    # ---- media -------------------------------------------------------------------------------------------------------

    def take_audio(self, samples: NDArray[np.int16], rate_hz: int) -> None:
        """20 ms from the microphone."""
        media_s = self._samples_in / rate_hz
        self._samples_in += len(samples)
        self.visit.media.take_audio(self.line, samples, rate_hz, media_s)

    def take_picture(self, bgr: NDArray[np.uint8]) -> None:
        """A picture from the camera, BGR `[H, W, 3]`; copied only if it is going to be looked at."""
        if self.visit.media.wants_picture(self.line):
            step = 2 if bgr.shape[1] > MOST_WIDTH else 1
            rgb = np.ascontiguousarray(bgr[::step, ::step, ::-1])
            self.visit.media.take_picture(self.line, rgb, self.visit.session.clock.now_s())

    def play(self, frame: PlayoutFrame) -> None:
        """Queue 20 ms of an answer."""
        self._sound.put(frame)

    def flush(self) -> int:
        """Drop all sound that has not left yet, fastrtc's own queue included; returns how many frames that were."""
        frames = self._sound.clear() - self._cut
        for track in self._tracks:
            if track.kind == "audio":
                frames += track.queue.qsize() if self._sounding else 0
                track.clear_queue()
        self._cut = self._sounding
        if self._cut:
            self._sound.put(None)
        return frames

    async def next_sound(self) -> NDArray[np.int16] | None:
        """The next 20 ms to send, `[1, n]`; None after a long silence, so that fastrtc does not worry.

        Sound that stops is followed by a moment of silence. Without it a receiver cannot tell the end from a loss: a
        browser goes on with what it heard last, and others keep the last packets and play them before the next answer.
        """
        wait_s = FRAME_S * WAIT_FRAMES if self._sounding else FRAME_S if self._drain else EMIT_S
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                frame = await self._sound.get()
            if frame is None:
                self._cut = False
            else:
                self._drain = DRAIN_FRAMES
                return frame.samples.reshape(1, -1)
        if not self._drain:
            return None
        self._drain -= 1
        return np.zeros((1, FRAME_SAMPLES), np.int16)

    @property
    def _sounding(self) -> bool:
        """Whether what was sent last was sound."""
        return self._drain == DRAIN_FRAMES

    # ---- end ---------------------------------------------------------------------------------------------------------

    async def hang_up(self, reason: str) -> None:
        """Close the connection. Safe to call twice."""
        if reason != "gone" and self._channel is not None:
            await self._drained()
        self.shutdown()
        if self._pc is not None:
            await self._pc.close()

    async def _drained(self) -> None:
        """Wait a moment for the last message to leave: closing drops what is buffered."""
        for _ in range(20):
            if self._channel.readyState != "open" or not self._channel.bufferedAmount:
                break
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.02)

    def shutdown(self) -> None:
        """Let go of everything. Called by fastrtc, by the peer connection, by the channel: the first call counts."""
        if self._over:
            return
        self._over = True
        self._room.set()
        if self._watchdog is not None:
            self._watchdog.cancel()
        self.visit.disconnect(self.line)
        self.visit.release_webrtc_id(self.webrtc_id)
        for track in self._tracks:
            track.stop()
            for name in ("process_input_task", "start_up_task", "decode_task"):
                if (task := getattr(track, name, None)) is not None:
                    task.cancel()
        if self._stream.pcs.get(self.webrtc_id) is self._pc:
            self._stream.clean_up(self.webrtc_id)
        if self._pc is not None:
            _keep(self._pc.close())

    def _state_changed(self) -> None:
        if self._pc.connectionState in ("failed", "closed"):
            if not self._over:
                log.info("a peer connection ended by itself: %s", self._pc.connectionState)
            self.shutdown()

    def _attached_by_now(self) -> None:
        if self.line.role == "new":
            log.info("a peer connection did not attach in time")
            self.shutdown()


def _keep(work: Coroutine[Any, Any, None]) -> None:
    """Run something that nobody waits for."""
    task = asyncio.create_task(work)
    _kept.add(task)
    task.add_done_callback(_kept.discard)


_kept: set[asyncio.Task[None]] = set()
