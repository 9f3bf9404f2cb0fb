"""A memory as one zip file that people can open and the app can take in again.

    manifest.json          format, version, sittings, counts, SHA-256 of the three lists
    clips.jsonl            a line for each clip: times, labels, caption, tokens, and its files with their SHA-256
    spoken.jsonl           a line for each utterance
    sounds.jsonl           a line for each sound
    transcript.vtt         what was said and heard, as WebVTT
    frames/000012-0.jpg    key frames
    features/000012.rows   S_k and, as the last row, g_k: two int32 (rows, width), then float16, little-endian

It is written as it is read, clip by clip, to something that cannot seek: neither the file nor the memory is ever whole
in RAM, and nothing lies on the disk. The lists come last, when it is known what really went in.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

import numpy as np

from omnilive_demo.memory.long_memory import LongMemory
from omnilive_demo.memory.store_rows import pack_rows
from omnilive_demo.records import Clip, Heard, Spoken

FORMAT = "omnilive-memory"
VERSION = 1
CLIPS, SPOKEN, SOUNDS, MANIFEST, TRANSCRIPT = (
    "clips.jsonl", "spoken.jsonl", "sounds.jsonl", "manifest.json", "transcript.vtt",
)  # fmt: skip
_CHUNK = 1 << 18
_WHO = {"visitor": "Visitor", "source": "Stream"}


class _Sink(io.RawIOBase):
    """Where zipfile writes; what came since the last look is taken away."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(data)  # type: ignore[call-overload]
        self._parts.append(part)
        self.size += len(part)
        return len(part)

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts, self.size = [], 0
        return taken


def write_archive(memory: LongMemory) -> Iterator[bytes]:
    """The zip file in pieces. Slow: take them on a thread. What is forgotten meanwhile is left out from then on."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:
        lines: list[str] = []
        numbers: list[int] = []
        for clip in memory.clips():
            lines.append(_json(_clip(archive, clip)))
            numbers.append(clip.id)
            if sink.size >= _CHUNK:
                yield sink.take()
        left = memory.clip_numbers()
        lines = [line for line, number in zip(lines, numbers, strict=True) if number in left]
        words, sounds = memory.spoken(), memory.heard()
        digests: dict[str, str] = {}
        listed: tuple[tuple[str, Iterable[str]], ...] = (
            (CLIPS, lines),
            (SPOKEN, (_json(asdict(said)) for said in words)),
            (SOUNDS, (_json(asdict(heard)) for heard in sounds)),
            (TRANSCRIPT, transcript(words, sounds)),
        )
        for name, texts in listed:
            digest = hashlib.sha256()
            with archive.open(_info(name, zipfile.ZIP_DEFLATED), "w") as member:
                for text in texts:
                    data = (text + "\n").encode()
                    digest.update(data)
                    member.write(data)
                    if sink.size >= _CHUNK:
                        yield sink.take()
            digests[name] = digest.hexdigest()
        manifest = {
            "format": FORMAT, "version": VERSION, "clips": len(lines), "spoken": len(words), "sounds": len(sounds),
            "sittings": [asdict(sitting) for sitting in memory.sittings], "sha256": digests,
        }  # fmt: skip
        archive.writestr(_info(MANIFEST, zipfile.ZIP_DEFLATED), json.dumps(manifest, ensure_ascii=False, indent=1))
    yield sink.take()


def _clip(archive: zipfile.ZipFile, clip: Clip) -> dict[str, object]:
    """Put a clip's files in; what its line says."""
    frames = []
    for n, frame in enumerate(clip.key_frames):
        name = f"frames/{clip.id:06d}-{n}.jpg"
        archive.writestr(_info(name), frame.jpeg)
        frames.append({"file": name, "t_s": frame.t_s, "sha256": hashlib.sha256(frame.jpeg).hexdigest()})
    rows = np.concatenate([clip.short_term.astype(np.float16), clip.global_[None].astype(np.float16)])
    data, name = pack_rows(rows), f"features/{clip.id:06d}.rows"
    archive.writestr(_info(name), data)
    return {
        "id": clip.id, "start_s": clip.start_s, "end_s": clip.end_s, "frame_times_s": list(clip.frame_times_s),
        "labels": [[label.text, label.score] for label in clip.labels], "caption": clip.caption,
        "tokens_seen": clip.tokens_seen, "tokens_kept": clip.tokens_kept, "frames": frames,
        "features": {"file": name, "sha256": hashlib.sha256(data).hexdigest()},
    }  # fmt: skip


def _info(name: str, compression: int = zipfile.ZIP_STORED) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)  # no date: what is in it says when it was
    info.compress_type = compression
    info.external_attr = 0o600 << 16
    return info


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


# ---- transcript ----------------------------------------------------------------------------------------------------


def transcript(words: Sequence[Spoken], sounds: Sequence[Heard]) -> Iterator[str]:
    """WebVTT (w3.org/TR/webvtt1) in lines: who said what, and sounds in brackets, in order of time."""
    yield "WEBVTT"
    cues = [(said.start_s, said.end_s, f"<v {_WHO.get(said.origin, 'Someone')}>{_cue(said.text)}") for said in words]
    cues += [(heard.start_s, heard.end_s, f"[{_cue(heard.label)}]") for heard in sounds]
    for start_s, end_s, text in sorted(cues):
        yield f"\n{_time(start_s)} --> {_time(max(end_s, start_s + 0.001))}\n{text}"


def _cue(text: str) -> str:
    plain = " ".join(text.split())
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _time(seconds: float) -> str:
    ms = max(0, round(seconds * 1000))
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"
