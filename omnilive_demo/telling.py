"""Turns what the rooms know into what the page is told."""

from __future__ import annotations

import base64
import io
import json
import logging
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

from PIL import Image

from omnilive_demo import lending
from omnilive_demo.config import ASSETS, Settings
from omnilive_demo.engine import Engine
from omnilive_demo.events import ClipRemembered, Hello, Json, MemoryFigures, Notice, Returned
from omnilive_demo.memory.calendar import away_s
from omnilive_demo.memory.long_memory import LongMemory
from omnilive_demo.models.registry import PROFILES
from omnilive_demo.reasoning.when import lasting
from omnilive_demo.records import Clip, KeyFrame

log = logging.getLogger(__name__)

THUMBNAIL_WIDTH = 160
LABELS = 4
AWAY_S = 60.0  # shorter absences are not worth a word


def hello(engine: Engine, settings: Settings, transport: str, resumed: bool) -> Hello:
    """The greeting of a connection."""
    return Hello(
        profile=engine.profile,
        why=engine.why,
        models=engine.models(),
        cannot=engine.cannot,
        samples=samples(ASSETS / "samples"),
        limits={
            "question_chars": settings.question_limit_chars,
            "upload_mb": settings.upload_limit_mb,
            "session_s": settings.longest_session_s,
            "push": settings.push_port > 0,
            "voices": [asdict(voice) for voice in engine.voices()],
            "own_voice": lending.offer(engine),
            "profiles": [] if settings.public else ["auto", *PROFILES],
        },
        resumed=resumed,
        transport=transport,
    )


def returned(memory: LongMemory) -> Returned | None:
    """What somebody is told who comes back to a memory; None where it is new, or nobody was away."""
    gone_s = away_s(memory.sittings)
    if gone_s < AWAY_S or not (memory.clips() or memory.spoken() or memory.heard()):
        return None
    message = f"Welcome back. You were away for {lasting(gone_s)}; what was before is remembered."
    return Returned(round(gone_s, 3), memory.start_s, message)


def memory_full(figures: MemoryFigures) -> Notice:
    """What the page is told once, when old pictures begin to make room."""
    limit = (figures.limit_bytes or 0) / 1e9
    return Notice(
        "memory_full",
        f"The memory has filled its {limit:.1f} GB: from now on pictures of the oldest moments make room.",
        "Their words and captions stay, and they are still found. Forget what you do not need, or raise the limit.",
    )


@lru_cache
def samples(folder: Path) -> tuple[Json, ...]:
    """What the page may know of the built-in sample streams (their truth stays here)."""
    try:
        listed = json.loads((folder / "samples.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        log.warning("no sample streams: %s", error)
        return ()
    keys = ("name", "title", "description", "duration_s", "poster", "questions")
    return tuple({key: sample[key] for key in keys if key in sample} for sample in listed)


def thumbnail(jpeg: bytes) -> str:
    """A small data URI of a key frame: it travels in the event, never through a public cache."""
    with Image.open(io.BytesIO(jpeg)) as image:
        image.thumbnail((THUMBNAIL_WIDTH, THUMBNAIL_WIDTH))
        out = io.BytesIO()
        image.convert("RGB").save(out, "JPEG", quality=70)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode("ascii")


def told_clip(clip: Clip) -> ClipRemembered:
    """A closed clip for the timeline. Decodes a JPEG: call it on a lane."""
    middle = clip.key_frames[len(clip.key_frames) // 2] if clip.key_frames else None
    return ClipRemembered(
        id=clip.id,
        start_s=clip.start_s,
        end_s=clip.end_s,
        frames=len(clip.frame_times_s),
        labels=tuple((label.text, label.score) for label in clip.labels[:LABELS]),
        caption=clip.caption,
        tokens_seen=clip.tokens_seen,
        tokens_kept=clip.tokens_kept,
        thumbnail=thumbnail(middle.jpeg) if middle else "",
    )


def told_open_clip(number: int, start_s: float, end_s: float, frames: int, newest: KeyFrame) -> ClipRemembered:
    """The growing clip for the timeline, under the number that it will keep. Decodes a JPEG: call it on a lane."""
    return ClipRemembered(number, start_s, end_s, frames, (), "", 0, 0, thumbnail(newest.jpeg), open=True)
