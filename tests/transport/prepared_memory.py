"""A memory as its owner left it: clips with pictures, words and sounds, at times that a test names."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from omnilive_demo.memory.pooling import PoolingCompressor
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.models.text_encoder import MiniLM
from omnilive_demo.records import Clip, KeyFrame, Label


def picture(red: int) -> bytes:
    pixels = np.full((90, 160, 3), (red % 256, 90, 140), np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG")
    return out.getvalue()


def clip(start_s: float, end_s: float, *labels: str, caption: str = "") -> Clip:
    """A clip without a number: `SessionMemory.adopt` gives it one."""
    rows = np.ones((9, 4), np.float16)
    frames = tuple(KeyFrame(t_s, picture(int(start_s))) for t_s in (start_s, (start_s + end_s) / 2))
    times_s = tuple(np.arange(start_s, end_s + 0.5).tolist())[:16]
    found = tuple(Label(label, 0.9) for label in labels)
    return Clip(0, start_s, end_s, times_s, frames, rows, np.ones(28, np.float16), found, caption, 1024, 65)


def opened(folder: Path, epoch_s: float, words: MiniLM, offset_s: float | None = 0.0) -> SessionMemory:
    return SessionMemory(folder, PoolingCompressor(words), words, epoch_s=epoch_s, offset_s=offset_s)
