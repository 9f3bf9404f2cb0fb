"""A synthetic stream for the memory's tests: frames that lie where descriptor words point, words, sounds."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.cancel import CancelToken
from omnilive_demo.memory.pooling import PoolingCompressor
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.models import descriptor_space
from omnilive_demo.models.text_encoder import TextEncoder
from omnilive_demo.records import Clip, FrameFeatures, Heard, Label, Question, Recall, SeenFrame, Spoken, Thread

PATCHES = 16
EPOCH_S = 1_700_000_000.0


class HashedWords:
    """A text encoder for tests that ask nothing of meaning: words that are equal are near, others are not."""

    name = "hashed words"
    width = 64

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.zeros((len(texts), self.width), np.float32)
        for i, text in enumerate(texts):
            for word in text.lower().split():
                seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "little")
                rows[i] += np.random.default_rng(seed).normal(size=self.width).astype(np.float32)
        unit: NDArray[np.float32] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
        return unit


def frame(
    t_s: float, looks: Sequence[str] = ("bright", "plain"), similarity: float = 1.0, change: float = 0.0
) -> SeenFrame:
    """A frame that shows what the words say, and a little noise of its own."""
    rng = np.random.default_rng(zlib.crc32(f"{t_s:.3f}".encode()))
    direction = descriptor_space.direction(looks)
    assert direction is not None
    vector = direction + rng.normal(scale=0.05, size=descriptor_space.WIDTH).astype(np.float32)
    vector /= np.linalg.norm(vector)
    patches = (vector + rng.normal(scale=0.05, size=(PATCHES, descriptor_space.WIDTH))).astype(np.float32)
    shade = 30 if "dark" in looks else 200
    image = np.clip(rng.normal(shade, 8, (48, 64, 3)), 0, 255).astype(np.uint8)
    labels = tuple(Label(word, 0.9 - 0.1 * i) for i, word in enumerate(looks))
    return SeenFrame(t_s, image, FrameFeatures(vector.astype(np.float32), patches), labels, change, similarity)


def watch(memory: SessionMemory, from_s: float, to_s: float, looks: Sequence[str] = ("bright", "plain")) -> list[Clip]:
    """One frame a second; the first one is a new scene."""
    closed = []
    for i, t_s in enumerate(np.arange(from_s, to_s, 1.0)):
        clip = memory.see(frame(float(t_s), looks, similarity=0.2 if i == 0 else 0.99, change=0.9 if i == 0 else 0.01))
        if clip is not None:
            closed.append(clip)
    return closed


def open_memory(folder: Path, text_encoder: TextEncoder | None = None, **options: object) -> SessionMemory:
    encoder = text_encoder or HashedWords()
    return SessionMemory(folder, PoolingCompressor(encoder), encoder, epoch_s=EPOCH_S, **options)  # type: ignore[arg-type]


def said(utterance: int, start_s: float, text: str, answered: bool | None = False) -> Spoken:
    return Spoken(utterance, start_s, start_s + 2.0, text, "visitor", answered)


def heard(start_s: float, label: str = "sound") -> Heard:
    return Heard(start_s, start_s + 0.5, label, 0.8)


def ask(memory: SessionMemory, text: str, now_s: float, thread: Thread | None = None) -> Recall:
    question = Question(1, text, now_s, memory.snapshot(now_s), spoken=False, thread=thread)
    return memory.recall(question, CancelToken())
