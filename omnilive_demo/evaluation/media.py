"""Media encoded once and sent by many peers: Opus packets of a sentence or of a quiet room, VP8 packets of a scene.

aiortc sends ready packets without encoding them, so eight peers on the server's own two cores cost the harness
little, and what it does cost is reported apart.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import chain
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from omnilive_demo.evaluation.speech import RATE_HZ, Speech

FRAME_SAMPLES = 960  # 20 ms, what a browser sends
OPUS_DELAY_SAMPLES = 312  # the encoder looks 6.5 ms ahead: sample k is heard at k + 312
FPS = 15
WIDTH, HEIGHT = 640, 480
ROOM_NOISE = 10 ** (-62 / 20)  # a quiet room is not digital silence
_KEY_FRAME_EVERY = 30


@dataclass(frozen=True, slots=True)
class OpusClip:
    """Sound as 20 ms Opus packets. The packet numbers say where speech begins and ends (None: no speech).

    `end_offset_s` is how much of packet `end_packet` comes after the last sample of speech; likewise the onset's.
    """

    packets: tuple[bytes, ...]
    text: str = ""
    onset_packet: int | None = None
    onset_offset_s: float = 0.0
    end_packet: int | None = None
    end_offset_s: float = 0.0


@dataclass(frozen=True, slots=True)
class VideoLoop:
    """VP8 frames at 15 per second, to be played round and round; the first one is a key frame."""

    packets: tuple[bytes, ...]

    @property
    def duration_s(self) -> float:
        """Length of one round."""
        return len(self.packets) / FPS

    def packet(self, number: int) -> bytes:
        """The `number`-th frame that a camera sends."""
        return self.packets[number % len(self.packets)]


def speech_clip(speech: Speech) -> OpusClip:
    """Encode a sentence, in a quiet room, with 100 ms of that room behind it."""
    samples = np.concatenate([speech.samples, np.zeros(RATE_HZ // 10, dtype=np.float32)])
    last = speech.end_sample - 1 + OPUS_DELAY_SAMPLES
    first = speech.onset_sample + OPUS_DELAY_SAMPLES
    return OpusClip(
        packets=tuple(_opus(samples + _room(len(samples), seed=1))),
        text=speech.text,
        onset_packet=first // FRAME_SAMPLES,
        onset_offset_s=(FRAME_SAMPLES - first % FRAME_SAMPLES) / RATE_HZ,
        end_packet=last // FRAME_SAMPLES,
        end_offset_s=(FRAME_SAMPLES - 1 - last % FRAME_SAMPLES) / RATE_HZ,
    )


class OpusEncoder:
    """Sound to Opus, 20 ms at a time: for what is not known before it is sent."""

    def __init__(self) -> None:
        self._codec = av.CodecContext.create("libopus", "w")
        self._codec.sample_rate, self._codec.format, self._codec.layout = RATE_HZ, "s16", "mono"
        self._codec.bit_rate, self._codec.time_base = 48_000, Fraction(1, RATE_HZ)
        self._codec.options = {"application": "voip", "frame_duration": "20"}
        self._sent = 0

    def encode(self, samples: NDArray[np.float32]) -> Iterator[bytes]:
        """Packets of `[960]` samples: one, or none yet at the very beginning."""
        frame = av.AudioFrame.from_ndarray(to_pcm(samples[None]), "s16", "mono")
        frame.sample_rate, frame.pts = RATE_HZ, self._sent
        self._sent += samples.size
        yield from (bytes(packet) for packet in self._codec.encode(frame))

    def flush(self) -> Iterator[bytes]:
        """What the encoder still holds back."""
        yield from (bytes(packet) for packet in self._codec.encode(None))


@cache
def quiet_room(seconds: float = 5.0) -> OpusClip:
    """Nobody speaks: faint noise, to be played round and round."""
    return OpusClip(tuple(_opus(_room(round(seconds * RATE_HZ), seed=2))))


def pcm_frames(speech: Speech) -> Iterator[NDArray[np.int16]]:
    """The same sentence as 20 ms of 16-bit PCM each, for the WebSocket."""
    whole = -(-(len(speech.samples) + RATE_HZ // 10) // FRAME_SAMPLES) * FRAME_SAMPLES
    samples = np.zeros(whole, dtype=np.float32)
    samples[: len(speech.samples)] = speech.samples
    samples += _room(whole, seed=1)
    for start in range(0, whole, FRAME_SAMPLES):
        yield to_pcm(samples[start : start + FRAME_SAMPLES])


def to_pcm(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Float sound as 16-bit samples."""
    return np.asarray(np.clip(np.round(samples * 32767), -32768, 32767), dtype=np.int16)


def video_loop(path: Path | None) -> VideoLoop:
    """A file's picture as 640x480@15, at most two minutes of it; without a file, the drawn scene of `scene.py`."""
    from omnilive_demo.evaluation import scene  # drawing is needed only when nothing is cached

    if path is None:
        key = hashlib.sha256(Path(scene.__file__).read_bytes() + Path(__file__).read_bytes()).hexdigest()[:16]
        return cached_loop(f"scene-{key}", scene.frames)
    stat = path.stat()
    key = hashlib.sha256(f"{path.resolve()}|{stat.st_size}|{stat.st_mtime_ns}".encode()).hexdigest()[:16]
    return cached_loop(f"file-{key}", lambda: _file_frames(path))


def encode_video(pictures: Iterable[NDArray[np.uint8]]) -> Iterator[bytes]:
    """Real-time VP8 at about 1 Mbit/s with a key frame every two seconds. Pictures: RGB uint8, all of one size."""
    remaining = iter(pictures)
    first = next(remaining)
    codec = av.CodecContext.create("libvpx", "w")
    codec.height, codec.width = first.shape[:2]
    codec.pix_fmt, codec.time_base, codec.framerate = "yuv420p", Fraction(1, FPS), Fraction(FPS)
    codec.bit_rate, codec.gop_size = 1_000_000, _KEY_FRAME_EVERY
    codec.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "keyint_min": str(_KEY_FRAME_EVERY)}
    for number, picture in enumerate(chain([first], remaining)):
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = number, codec.time_base
        yield from (bytes(packet) for packet in codec.encode(frame))
    yield from (bytes(packet) for packet in codec.encode(None))


def _file_frames(path: Path, longest_s: float = 120.0) -> Iterator[NDArray[np.uint8]]:
    due = 0
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if frame.time is None or frame.time < due / FPS:
                continue
            scaled = frame.reformat(width=WIDTH, height=HEIGHT, format="rgb24")
            picture = np.asarray(scaled.to_ndarray(), dtype=np.uint8)
            while due / FPS <= frame.time:
                due += 1
                yield picture
            if due >= longest_s * FPS:
                return


def cached_loop(name: str, pictures: Callable[[], Iterable[NDArray[np.uint8]]]) -> VideoLoop:
    """A loop under a name that tells its contents; drawn and encoded once on this machine."""
    folder = Path(tempfile.gettempdir()) / "omnilive-test-video"
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.npz"
    if not path.exists():
        packets = list(encode_video(pictures()))
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".npz", delete=False) as draft:
            np.savez(draft, data=np.frombuffer(b"".join(packets), np.uint8), sizes=[len(p) for p in packets])
        Path(draft.name).replace(path)
    with np.load(path) as stored:
        data, ends = stored["data"].tobytes(), np.cumsum(stored["sizes"])
    starts = [0, *ends[:-1].tolist()]
    return VideoLoop(tuple(data[start:end] for start, end in zip(starts, ends.tolist(), strict=True)))


def _opus(samples: NDArray[np.float32]) -> Iterator[bytes]:
    encoder = OpusEncoder()
    whole = len(samples) // FRAME_SAMPLES * FRAME_SAMPLES
    for start in range(0, whole, FRAME_SAMPLES):
        yield from encoder.encode(samples[start : start + FRAME_SAMPLES])
    yield from encoder.flush()


def _room(n: int, seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0, ROOM_NOISE, n).astype(np.float32)
