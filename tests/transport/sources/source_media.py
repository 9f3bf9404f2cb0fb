"""Tiny media made on the spot, and a session that records what it is given."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from omnilive_demo.clock import ManualTime, SessionClock
from omnilive_demo.ear_events import AudioBlock, VideoFrame
from omnilive_demo.events import Fault, Notice, PageEvent, SourceChanged
from omnilive_demo.records import Origin

RATE_HZ = 16_000
COLOURS = ((220, 30, 30), (30, 200, 30), (40, 40, 220))


def ramp(n: int) -> np.ndarray:
    """Sound in which every sample tells where it belongs."""
    return (np.arange(n) % 60_000 - 30_000).astype(np.int16)


def make_movie(
    path: Path,
    seconds: float = 2.0,
    *,
    picture: bool = True,
    sound: bool = True,
    fps: int = 20,
    size: tuple[int, int] = (128, 96),
    codecs: tuple[str, str] = ("libx264", "pcm_s16le"),
    rate_hz: int = RATE_HZ,
    options: dict[str, str] | None = None,
    rotation: int = 0,
    offset_s: float = 0.0,
) -> Path:
    """A film that changes its colour every second, over a ramp (PCM) or a tone (anything else)."""
    with av.open(str(path), "w", options=options or {}) as out:
        video = out.add_stream(codecs[0], rate=fps) if picture else None
        if video is not None:
            video.width, video.height, video.pix_fmt = *size, "yuv420p"
            video.codec_context.gop_size = fps
            if rotation:
                video.set_display_rotation(rotation)
        audio = out.add_stream(codecs[1], rate=rate_hz, layout="mono") if sound else None
        n = int(seconds * rate_hz)
        wave = ramp(n) if codecs[1] == "pcm_s16le" else (8000 * np.sin(np.arange(n) * 0.17)).astype(np.int16)
        step = rate_hz // fps
        for k in range(int(seconds * fps)):
            if video is not None:
                image = np.full((size[1], size[0], 3), COLOURS[k // fps % 3], np.uint8)
                image[: size[1] // 4] = 255  # a white band at the top shows which way is up
                frame = av.VideoFrame.from_ndarray(image, format="rgb24")
                frame.pts, frame.time_base = k + round(offset_s * fps), Fraction(1, fps)
                out.mux(video.encode(frame))
            if audio is not None:
                block = av.AudioFrame.from_ndarray(wave[None, k * step : (k + 1) * step], format="s16", layout="mono")
                block.rate, block.pts, block.time_base = (
                    rate_hz,
                    k * step + round(offset_s * rate_hz),
                    Fraction(1, rate_hz),
                )
                out.mux(audio.encode(block))
        for stream in (video, audio):
            if stream is not None:
                out.mux(stream.encode(None))
    return path


class InstantClock(SessionClock):
    """A session's clock that jumps to where somebody waits for, and remembers the waits."""

    def __init__(self) -> None:
        self.time = ManualTime()
        super().__init__(self.time)
        self.waits: list[float] = []

    async def sleep_until(self, t_s: float) -> None:
        if not self.driven and t_s > self.now_s():
            self.waits.append(t_s - self.now_s())
            self.time.advance(t_s - self.now_s())


class RecordingSession:
    """Keeps everything, with the stream time at which it came."""

    def __init__(self, clock: SessionClock | None = None) -> None:
        self.clock = clock or InstantClock()
        self.blocks: list[tuple[float, AudioBlock]] = []
        self.frames: list[tuple[float, VideoFrame]] = []
        self.events: list[PageEvent] = []
        self.settled_calls = 0
        self.ended: list[Origin] = []

    def hear(self, block: AudioBlock) -> None:
        self.blocks.append((self.clock.now_s(), block))

    def watch(self, frame: VideoFrame) -> None:
        self.frames.append((self.clock.now_s(), frame))

    def sound_ended(self, origin: Origin) -> None:
        self.ended.append(origin)

    async def settled(self, origin: Origin) -> None:
        assert origin == "source"
        self.settled_calls += 1

    def announce(self, event: PageEvent) -> None:
        self.events.append(event)

    @property
    def sound(self) -> np.ndarray:
        return np.concatenate([block.samples for _, block in self.blocks]) if self.blocks else np.zeros(0, np.int16)

    @property
    def states(self) -> list[str]:
        return [event.state for event in self.events if isinstance(event, SourceChanged)]

    @property
    def last(self) -> SourceChanged:
        return [event for event in self.events if isinstance(event, SourceChanged)][-1]

    @property
    def fault(self) -> Fault | None:
        return next((event for event in self.events if isinstance(event, Fault)), None)

    @property
    def notices(self) -> list[Notice]:
        return [event for event in self.events if isinstance(event, Notice)]
