"""The reading thread: opens an input, decodes it, and hands over what perception takes, in order of time.

The hand-over is bounded, so a reader is never more than a few seconds ahead of the player. `stop` ends it within a
second wherever it waits: in a full hand-over, a network read, a pipe.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import av
import av.error
from av.container import InputContainer
from av.stream import Stream

from omnilive_demo.transport.sources.failure import SourceFailed, no_tracks
from omnilive_demo.transport.sources.inputs import Input
from omnilive_demo.transport.sources.pipe import Handover
from omnilive_demo.transport.sources.tracks import Picture, PictureTrack, Sound, SoundTrack, Timeline, stamp_s

log = logging.getLogger(__name__)

_AHEAD = 96  # items: about four seconds of stream
_ORDER_S = 1.0  # how far apart the tracks of a file may be written and still be put in order
_LIVE_LEAPS_S = (1.0, 10.0)  # how far back and forth time stamps may go before it is a leap, which is closed
_FILE_LEAPS_S = (5.0, 3600.0)  # a file may be interleaved badly, and really show nothing for long (a screen recording)
_MAX_PIXELS = 8192 * 4320


@dataclass(frozen=True, slots=True)
class Opened:
    """The source can be played. `duration_s` is None for a stream without end."""

    duration_s: float | None
    has_picture: bool
    has_sound: bool


@dataclass(frozen=True, slots=True)
class Finished:
    """Nothing more comes. `failure` says why, unless the source simply ended; `end_s` is how far it came."""

    failure: SourceFailed | None
    end_s: float
    duration_s: float | None


Item = Opened | Picture | Sound | Finished


class Reader:
    """Reads one input, once."""

    def __init__(self, source: Input) -> None:
        self.items: Handover[Item] = Handover(_AHEAD)
        self._source = source
        self._stopping = False
        self._loop = asyncio.get_running_loop()
        self._done = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="source-reader", daemon=True)
        self._end_s = 0.0
        self._duration_s: float | None = None
        self._problem: Exception | None = None

    def start(self) -> None:
        """Begin to read; the first item is Opened or Finished, the last one Finished."""
        self._thread.start()

    async def stop(self, limit_s: float = 1.0) -> bool:
        """End the thread. False when it still hung after `limit_s` (a name server that does not answer)."""
        self._stopping = True
        self.items.close()
        self._source.abort()
        if not self._thread.is_alive():
            return True
        try:
            await asyncio.wait_for(self._done.wait(), limit_s)
        except TimeoutError:
            log.warning("the reading thread did not end within %s s; it ends when the system lets it go", limit_s)
            return False
        self._thread.join(0.1)  # it is at its last statement
        return True

    def _run(self) -> None:
        failure: SourceFailed | None = None
        try:
            self._read()
            failure = self._source.failure
        except SourceFailed as error:
            failure = self._source.failure or error
        except (av.error.FFmpegError, OSError, ValueError) as error:
            failure = self._source.explain(error)
            log.info("source ended with %s (%s)", failure.code, type(error).__name__)
        except Exception as error:  # the thread's top: whatever it is becomes words on the page and a trace in the log
            log.exception("the reading thread failed")
            failure = self._source.explain(error)
        finally:
            self._source.close()
            self.items.put(Finished(failure, self._end_s, self._duration_s))
            try:
                self._loop.call_soon_threadsafe(self._done.set)
            except RuntimeError:
                log.debug("the loop ended before the reader")

    def _read(self) -> None:
        with self._source.open() as container:
            streams = [s for s in (container.streams.best("video"), container.streams.best("audio")) if s is not None]
            if not streams:
                raise no_tracks()
            self._duration_s = container.duration / 1e6 if container.duration and container.duration > 0 else None
            kinds = {stream.type for stream in streams}
            self.items.put(Opened(self._duration_s, "video" in kinds, "audio" in kinds))
            in_order = self._decode(container, streams)
            for item in in_order if self._source.live else by_time(in_order, len(streams)):
                self._end_s = max(self._end_s, item.end_s)
                if not self.items.put(item):
                    return
        if self._problem is not None and not self._is_early_end(self._problem):
            raise self._problem

    def _decode(self, container: InputContainer, streams: list[Stream]) -> Iterator[Picture | Sound]:
        start_s = None if container.start_time is None else container.start_time / 1e6
        timeline = Timeline(start_s, *(_FILE_LEAPS_S if self._duration_s else _LIVE_LEAPS_S))
        pictures, sounds = PictureTrack(), SoundTrack()
        for stream in streams:
            _prepare(stream)
        bad_packets = 0
        for frame in self._frames(container, streams):
            if frame is None:
                bad_packets += 1
                continue
            stamp = stamp_s(frame)
            media_s = timeline.to_media(stamp if stamp is not None else self._end_s + (start_s or 0.0))
            if isinstance(frame, av.VideoFrame):
                yield from pictures.take(frame, media_s)
            elif isinstance(frame, av.AudioFrame):
                yield from sounds.take(frame, media_s)
        yield from sounds.flush()
        if not (pictures.seen or sounds.seen or self._problem or self._stopping):
            raise SourceFailed(
                "source_codec", "Its picture and sound cannot be decoded.", "Convert it to H.264 video and AAC sound."
            )
        if bad_packets:
            log.info("%s packets could not be decoded and were left out", bad_packets)

    def _frames(
        self, container: InputContainer, streams: list[Stream]
    ) -> Iterator[av.VideoFrame | av.AudioFrame | None]:
        """Decoded frames; None for a bad packet. An error is kept for later: what is held back comes first."""
        try:
            for packet in container.demux(streams):
                if self._stopping:
                    return
                yield from _decoded(packet.stream, packet)
        except (av.error.FFmpegError, OSError, SourceFailed) as error:
            self._problem = error
            for stream in streams:
                yield from _decoded(stream, None)

    def _is_early_end(self, problem: Exception) -> bool:
        """Damage after readable content is an early end, which the player reports; a failing network is a failure."""
        return isinstance(problem, av.error.InvalidDataError | av.error.EOFError) and self._end_s > 0


def _prepare(stream: Stream) -> None:
    context = stream.codec_context
    if context is None:
        raise SourceFailed(
            "source_codec", "It uses a coding that cannot be decoded here.", "Convert it to H.264 and AAC."
        )
    if isinstance(stream, av.VideoStream):
        context.thread_count = 2
        context.options = {"max_pixels": str(_MAX_PIXELS)}
        if stream.codec_context.name in ("h264", "hevc") and (stream.average_rate or 0) >= 15:
            context.skip_frame = "NONREF"  # at most a few hundredths of a second, and never a picture others rest on


def _decoded(stream: Stream, packet: av.Packet | None) -> Iterator[av.VideoFrame | av.AudioFrame | None]:
    if not isinstance(stream, av.VideoStream | av.AudioStream):
        return
    try:
        frames = stream.decode(packet)
    except (av.error.InvalidDataError, av.error.EOFError):
        yield None
        return
    yield from frames


def by_time(items: Iterator[Picture | Sound], tracks: int) -> Iterator[Picture | Sound]:
    """Put the items of several tracks in order of `end_s`, holding back at most `_ORDER_S` of them."""
    waiting: list[tuple[float, int, Picture | Sound]] = []
    newest: dict[type, float] = {}
    number = count()
    for item in items:
        heapq.heappush(waiting, (item.end_s, next(number), item))
        newest[type(item)] = item.end_s
        # The track that lags behind may still bring items from there on, but none from more than _ORDER_S ago.
        until_s = max(min(newest.values()) if len(newest) == tracks else 0.0, max(newest.values()) - _ORDER_S)
        while waiting and waiting[0][0] <= until_s:
            yield heapq.heappop(waiting)[2]
    while waiting:
        yield heapq.heappop(waiting)[2]
