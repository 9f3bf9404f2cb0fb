"""What stays of a clip's pictures and labels: a few JPEGs, the labels of the clip as a whole, a short description."""

from __future__ import annotations

import io
from collections.abc import Container, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from omnilive_demo.records import Label

MAX_WIDTH = 320
JPEG_QUALITY = 80
MOST_KEY_FRAMES = 4
MOST_LABELS = 6
CLEARLY = 2  # frames that a thing must be seen in, in a clip of any length
SCENE_CHANGE = 0.3  # share of the patches that changed


def encode_jpeg(image: NDArray[np.uint8]) -> bytes:
    """RGB `[H, W, 3]` -> JPEG bytes, at most 320 px wide."""
    picture = Image.fromarray(image)
    if picture.width > MAX_WIDTH:
        height = max(1, round(picture.height * MAX_WIDTH / picture.width))
        picture = picture.resize((MAX_WIDTH, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


def choose_key_frames(changes: Sequence[float], new: Sequence[int] | None = None) -> tuple[int, ...]:
    """Which frames to keep, by how much each changed: first, last, the largest scene changes, and the middle.

    At most four, in order. new: the frames that are known to show something new; they stand for scene changes.
    """
    n = len(changes)
    chosen = {0, n - 1}
    found = [i for i, change in enumerate(changes) if change >= SCENE_CHANGE] if new is None else new
    inside = sorted((i for i in found if 0 < i < n - 1), key=lambda i: -changes[i])
    chosen.update(inside[: MOST_KEY_FRAMES - 2])
    if len(chosen) < MOST_KEY_FRAMES and n > 2:
        chosen.add(n // 2)
    return tuple(sorted(chosen))


def clip_labels(
    frames: Sequence[tuple[Label, ...]], names: Container[str] = (), most: int = MOST_LABELS
) -> tuple[Label, ...]:
    """What holds for a clip: the things in it, then its looks, surest first, at most `most` of each.

    A thing (a label that is one of `names`) counts with its best score if two frames show it, or half of them; it may
    have been held up for a moment. A look must hold for at least half of the frames and counts with its mean score.
    """
    totals: dict[str, list[float]] = {}
    for labels in frames:
        for label in labels:
            totals.setdefault(label.text, []).append(label.score)
    things = [
        Label(text, max(scores))
        for text, scores in totals.items()
        if text in names and (len(scores) >= CLEARLY or 2 * len(scores) >= len(frames))
    ]
    looks = [
        Label(text, sum(scores) / len(frames))
        for text, scores in totals.items()
        if text not in names and 2 * len(scores) >= len(frames)
    ]
    return tuple(label for kind in (things, looks) for label in sorted(kind, key=lambda label: -label.score)[:most])


def describe(labels: Sequence[Label], most: int = 3) -> str:
    """A short truthful description: the surest labels; empty when there are none."""
    return ", ".join(label.text for label in labels[:most])
