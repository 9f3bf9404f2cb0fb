"""The manifest of a real data set: which clips of which videos, what they show, and which questions they answer.

JSON lines, one video each (docs/training.md has an example):

    {"video": "a.mp4",                                          relative to the manifest
     "clips": [{"start": 0.0, "end": 12.5, "caption": "a man opens a red umbrella", "things": ["umbrella"]}, ...],
     "questions": [{"text": "where is the umbrella?", "start": 3.0, "end": 9.0}, ...]}

Times are seconds of the video. `things` and `questions` may be missing. Clips are in order and do not overlap.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from omnilive_demo.models.nano.words import NOTHING, SOMETHING, Vocabulary


class ManifestError(ValueError):
    """What is wrong with a manifest, and in which line."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a video, with what is said about it: a caption, or a question that it answers."""

    start_s: float
    end_s: float
    text: str
    things: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Video:
    """A line of a manifest."""

    path: Path
    clips: tuple[Span, ...]
    questions: tuple[Span, ...]


def read_manifest(path: Path) -> tuple[Video, ...]:
    """All videos of a manifest.

    Raises:
        ManifestError: it is empty, a line is no JSON or lacks something, a time makes no sense, a video is missing.
        OSError: the manifest cannot be read.
    """
    videos = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if line.strip():
            try:
                videos.append(_video(json.loads(line), path.parent))
            except json.JSONDecodeError as error:
                raise ManifestError(f"{path}, line {number}: this is no JSON ({error})") from error
            except ManifestError as error:
                raise ManifestError(f"{path}, line {number}: {error}") from error
    if not videos:
        raise ManifestError(f"{path} names no video")
    return tuple(videos)


def words_of(text: str) -> list[str]:
    """The lower-case words of a caption, punctuation left out."""
    return re.findall(r"[a-z0-9]+(?:['-][a-z0-9]+)*", text.lower())


def vocabulary_of(videos: Iterable[Video], least: int, most: int) -> Vocabulary:
    """A reader's words for these videos: things named at least so often as names, and the commonest caption words."""
    spans = [clip for video in videos for clip in video.clips]
    things = Counter(thing for clip in spans for thing in clip.things)
    reserved = set(Vocabulary({}).words) | {NOTHING, SOMETHING}
    names = sorted(thing for thing, often in things.items() if often >= least and thing not in reserved)
    words = Counter(word for clip in spans for word in words_of(clip.text))
    others = [word for word, often in words.most_common(most) if often >= least]
    return Vocabulary({name: name for name in names}, tuple(sorted(others)))


def _video(row: Any, folder: Path) -> Video:
    name = _take(row, "video", str)
    path = folder / name
    if not path.is_file():
        raise ManifestError(f"there is no video {path}")
    clips = tuple(_span(one, "caption", "clips") for one in _take(row, "clips", list))
    if len(clips) < 2:
        raise ManifestError("a video needs at least two clips: one that answers, and one that does not")
    for before, after in pairwise(clips):
        if after.start_s < before.end_s - 1e-3:
            raise ManifestError(f"the clip that starts at {after.start_s} s begins before the one before it ends")
    questions = tuple(_span(one, "text", "questions") for one in row.get("questions", []))
    for question in questions:
        if not any(_meet(question, clip) for clip in clips):
            raise ManifestError(f'no clip is between {question.start_s} and {question.end_s} s: "{question.text}"')
    return Video(path, clips, questions)


def answered_by(question: Span, clips: Sequence[Span]) -> tuple[int, ...]:
    """The numbers of the clips that a question's stretch touches."""
    return tuple(number for number, clip in enumerate(clips) if _meet(question, clip))


def _meet(one: Span, other: Span) -> bool:
    shared = min(one.end_s, other.end_s) - max(one.start_s, other.start_s)
    return shared > 0.25 * min(one.end_s - one.start_s, other.end_s - other.start_s)


def _span(row: Any, text: str, where: str) -> Span:
    if not isinstance(row, dict):
        raise ManifestError(f"{where} must hold objects, not {row!r}")
    start_s, end_s = _take(row, "start", float), _take(row, "end", float)
    if not 0 <= start_s < end_s:
        raise ManifestError(f"{where}: start {start_s} and end {end_s} are no stretch of time")
    said = _take(row, text, str)
    if not said.strip():
        raise ManifestError(f"{where}: the {text} at {start_s} s is empty")
    return Span(start_s, end_s, said, tuple(str(one).lower() for one in row.get("things", ())))


def _take(row: Any, key: str, kind: type) -> Any:
    if not isinstance(row, dict) or key not in row:
        raise ManifestError(f'"{key}" is missing')
    value = row[key]
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ManifestError(f'"{key}" must be a {kind.__name__}, not {value!r}')
    return value
