"""A tiny pool of clips whose patches say plainly what is in them, and a text encoder that needs no weights."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.training.world.clips import ClipPool, DrawnClip, InFrame, part_path
from omnilive_demo.training.world.timeline import Happening

WIDTH, TEXT_WIDTH = 24, 40
NAMES = ("umbrella", "mug", "dog", "key", "banana", "book", "car", "guitar")


def vector_of(word: str, width: int) -> NDArray[np.float32]:
    return np.random.default_rng(zlib.crc32(word.encode())).standard_normal(width).astype(np.float32)


class WordVectors:
    """Every word has a random vector; a text's token states are those of its words between two marks."""

    width = TEXT_WIDTH

    def token_states(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        words = [["[", *text.lower().replace("?", "").replace(".", "").split(), "]"] for text in texts]
        return [np.stack([vector_of(word, TEXT_WIDTH) for word in of_text]) for of_text in words]

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        means = np.stack([states.mean(0) for states in self.token_states(texts)])
        return means / np.linalg.norm(means, axis=1, keepdims=True)


def in_frame(
    name: str, motion: str = "still", box: tuple[float, ...] = (0.1, 0.1, 0.5, 0.6), **rest: object
) -> InFrame:
    values = {"colour": None, "dyed": None, "visible": 1.0, "held": False, "place": "left", "role": "known"}
    return InFrame(name=name, motion=motion, box=box, **{**values, **rest})  # type: ignore[arg-type]


def clip_of(
    truth: Sequence[Sequence[InFrame]], first: int = 0, start_s: float = 0.0, stream: int = 1, shot: int = 0,
    events: tuple[Happening, ...] = (), part: int = 0,
) -> DrawnClip:  # fmt: skip
    times = tuple(start_s + i for i in range(len(truth)))
    frames = tuple(tuple(frame) for frame in truth)
    return DrawnClip(
        stream, shot, part, "table", first, len(frames), start_s, start_s + len(frames), times, frames, events
    )


def write_pool(folder: Path, streams: int = 6, clips: int = 12, seed: int = 0) -> ClipPool:
    """Streams of short clips with one or two things each; a patch is the name's vector and a little noise."""
    rng = np.random.default_rng(seed)
    (folder / "parts").mkdir(parents=True)
    patches: list[NDArray[np.float32]] = []
    for stream in range(streams):
        rows, now_s = [], 0.0
        for shot in range(clips):
            names = [str(name) for name in rng.choice(NAMES, int(rng.integers(1, 3)), replace=False)]
            frames = int(rng.integers(3, 6))
            truth = [[in_frame(name) for name in names]] * frames
            shown = (Happening("shown", names[0], now_s, now_s + 2.0),) if rng.random() < 0.5 else ()
            rows.append(clip_of(truth, len(patches), now_s, stream, shot, shown))
            code = sum(vector_of(name, WIDTH) for name in names)
            patches += [code + 0.3 * rng.standard_normal((16, WIDTH)) for _ in range(frames)]
            now_s += frames
        part_path(folder, stream).write_text("".join(json.dumps(asdict(row)) + "\n" for row in rows))
    np.save(folder / "patches.npy", np.stack(patches).astype(np.float16))
    about = {"seeds": list(range(streams)), "frames": len(patches), "size": 16, "clips": clips, "style": "fake"}
    (folder / "pool.json").write_text(json.dumps(about))
    (folder / "encoded.json").write_text(json.dumps({"encoder": "fake", "frames": len(patches)}))
    return ClipPool.open(folder)
