"""Sample streams as files: H.264 and AAC in an mp4 that any browser plays, and what is measured in such a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from numpy.typing import NDArray

from omnilive_demo.training.samples_art import HEIGHT, WIDTH, Picture
from omnilive_demo.training.samples_sound import RATE_HZ, Sound
from omnilive_demo.training.samples_story import FPS

_BLOCK = 1024  # samples in an AAC frame
# One thread and no scene-cut search across threads: the same pictures give the same file.
_X264 = {"crf": "22", "preset": "slow", "profile": "main", "threads": "1", "g": str(4 * FPS)}


@dataclass(frozen=True)
class Measured:
    """What a file holds, after decoding all of it. Levels are in dBFS; `speech` is not separated from the rest."""

    duration_s: float
    frames: int
    width: int
    height: int
    size_bytes: int
    peak_db: float
    rms_db: float
    sound: NDArray[np.float32]  # mono, 48 kHz
    brightness: NDArray[np.float32]  # mean luma of each frame, 0..255


def write_mp4(path: Path, pictures: Iterable[Picture], sound: Sound) -> None:
    """Encode pictures (at `FPS`) and mono sound (48 kHz), interleaved, with the index in front."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as out:
        video = out.add_stream("libx264", rate=FPS, options=_X264)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        audio = out.add_stream("aac", rate=RATE_HZ, layout="mono")
        audio.bit_rate = 64_000
        assert isinstance(audio, AudioStream)
        done = 0
        for index, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            out.mux(video.encode(frame))
            done = _mux_sound(out, audio, sound, done, round((index + 1) / FPS * RATE_HZ))
        _mux_sound(out, audio, sound, done, sound.size, last=True)
        out.mux(video.encode(None))
        out.mux(audio.encode(None))


def _mux_sound(
    out: av.container.OutputContainer, audio: AudioStream, sound: Sound, begin: int, end: int, last: bool = False
) -> int:
    while end - begin >= _BLOCK or (last and begin < end):
        block = sound[begin : min(begin + _BLOCK, end)]
        frame = av.AudioFrame.from_ndarray(block[None, :], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, begin, Fraction(1, RATE_HZ)
        out.mux(audio.encode(frame))
        begin += block.size
    return begin


def measure(path: Path) -> Measured:
    """Decode a whole file and measure it."""
    blocks: list[NDArray[np.float32]] = []
    brightness: list[float] = []
    with av.open(str(path)) as source:
        video, audio = source.streams.video[0], source.streams.audio[0]
        duration_s = float(source.duration or 0) / av.time_base
        assert isinstance(video, VideoStream)
        width, height = video.width, video.height
        for frame in source.decode(video, audio):
            if isinstance(frame, av.VideoFrame):
                brightness.append(float(frame.to_ndarray(format="gray").mean()))
            elif isinstance(frame, av.AudioFrame):
                blocks.append(frame.to_ndarray()[0])
    sound = np.concatenate(blocks)
    return Measured(
        duration_s, len(brightness), width, height, path.stat().st_size,
        _db(float(np.abs(sound).max())), _db(float(np.sqrt(np.mean(np.square(sound))))),
        sound, np.array(brightness, np.float32),
    )  # fmt: skip


def _db(level: float) -> float:
    return round(20 * float(np.log10(max(level, 1e-9))), 1)
