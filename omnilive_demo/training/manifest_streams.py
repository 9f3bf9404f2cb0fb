"""Streams for the compressor's training from the videos of a manifest: decoded, encoded once, kept on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import av
import av.error
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from omnilive_demo.models.memory_module.patch_features import PatchFeatures
from omnilive_demo.models.nano.words import END, SOMETHING, Vocabulary
from omnilive_demo.training.compressor_stream import BareName, Reading, Stream, StreamClip, StreamQuestion
from omnilive_demo.training.manifest_file import ManifestError, Span, Video, answered_by, words_of

LONGEST_CAPTION = 48  # words


def pictures_of(path: Path, moments_s: Sequence[float]) -> list[NDArray[np.uint8]]:
    """The pictures of a video at these moments (ascending seconds): each time the last one that had begun.

    Raises:
        ManifestError: the file is no video, is broken, or ends before the first moment.
    """
    found: list[NDArray[np.uint8]] = []
    newest: av.VideoFrame | None = None
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise ManifestError(f"{path} has no pictures")
            first_s: float | None = None
            for frame in container.decode(container.streams.video[0]):
                first_s = frame.time if first_s is None else first_s
                for moment_s in moments_s[len(found) :]:
                    if newest is None or frame.time - first_s <= moment_s:
                        break
                    found.append(newest.to_ndarray(format="rgb24").astype(np.uint8, copy=False))
                if len(found) == len(moments_s):
                    return found
                newest = frame
    except (av.error.FFmpegError, OSError) as error:
        raise ManifestError(f"{path} cannot be read as a video: {error}") from error
    if newest is None:
        raise ManifestError(f"{path} holds no picture")
    last = newest.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
    return found + [last] * (len(moments_s) - len(found))


def moments_of(clip: Span, fps: float, most: int) -> list[float]:
    """When the pictures of a clip are taken: evenly, in the middle of their stretches, at `fps` but at most so many."""
    count = max(1, min(most, round((clip.end_s - clip.start_s) * fps)))
    step_s = (clip.end_s - clip.start_s) / count
    return [clip.start_s + step_s * (i + 0.5) for i in range(count)]


@dataclass(frozen=True, slots=True)
class Features:
    """Merged features of videos, made once and kept in a folder.

    maker: names what makes them, so that another tower's are not mistaken for its own. frames: most of a clip.
    """

    source: PatchFeatures
    folder: Path
    maker: str
    fps: float = 1.0
    frames: int = 16

    def of(self, video: Video) -> list[tuple[Tensor, int]]:
        """Merged features `[T*R, F]` float16 and T of every clip of a video."""
        moments = [moments_of(clip, self.fps, self.frames) for clip in video.clips]
        sign = f"{video.path.resolve()} {video.path.stat().st_size} {self.maker} {moments}"
        path = self.folder / f"{hashlib.sha256(sign.encode()).hexdigest()[:24]}.npy"
        if not path.exists():
            pictures = pictures_of(video.path, [t for of_clip in moments for t in of_clip])
            made = self.source.merged(pictures).to("cpu", torch.float16).numpy()
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            with part.open("wb") as file:
                np.save(file, made)
            part.replace(path)
        rows = cast(Any, np.load(path, mmap_mode="r"))
        per_frame = len(rows) // sum(len(of_clip) for of_clip in moments)
        found, first = [], 0
        for of_clip in moments:
            end = first + per_frame * len(of_clip)
            found.append((torch.from_numpy(np.array(rows[first:end])), len(of_clip)))
            first = end
        return found


class ManifestStreams:
    """Draws a video (or a stretch of one) for each step.

    Args:
        clips: least and most clips of a step.
        tokens: P, one of these for each step.
    """

    def __init__(
        self,
        videos: Sequence[Video],
        vocabulary: Vocabulary,
        features: Features,
        clips: tuple[int, int] = (2, 32),
        tokens: Sequence[int] = (4,),
    ) -> None:
        self._videos, self._vocabulary, self._features = videos, vocabulary, features
        self._clips, self._tokens = clips, tokens
        self._names = {thing for video in videos for clip in video.clips for thing in clip.things}

    def draw(self, rng: np.random.Generator) -> Stream:
        """A random stretch of a random video."""
        video = self._videos[int(rng.integers(len(self._videos)))]
        least, most = min(self._clips[0], len(video.clips)), min(self._clips[1], len(video.clips))
        count = int(rng.integers(least, most + 1))
        begin = int(rng.integers(len(video.clips) - count + 1))
        return self.stream(video, begin, count, int(rng.choice(list(self._tokens))))

    def stream(self, video: Video, begin: int = 0, count: int | None = None, tokens: int = 4) -> Stream:
        """Clips of a video from number `begin` on, with the questions that some but not all of them answer."""
        chosen = video.clips[begin : None if count is None else begin + count]
        merged = self._features.of(video)
        clips = tuple(self._clip(clip, *merged[begin + i]) for i, clip in enumerate(chosen))
        questions = []
        for question in video.questions:
            positives = answered_by(question, chosen)
            if positives and len(positives) < len(chosen):
                questions.append(StreamQuestion(question.text, positives, "explicit", late=True))
        named = sorted({name for clip in clips for name in clip.names})
        others = sorted(self._names & set(self._vocabulary.plurals) - set(named))[: 2 * len(named)]
        return Stream(clips, tuple(questions), tokens, tuple(BareName(name, name) for name in (*named, *others)))

    def _clip(self, clip: Span, merged: Tensor, frames: int) -> StreamClip:
        words = [word if self._vocabulary.knows(word) else SOMETHING for word in words_of(clip.text)]
        answer = (*self._vocabulary.ids(words[:LONGEST_CAPTION]), self._vocabulary.id(END))
        reading = Reading(tuple(self._vocabulary.prompt("caption")), answer, "caption")
        names = {name: 1.0 for name in clip.things if name in self._vocabulary.plurals}
        return StreamClip(merged, frames, clip.start_s, clip.end_s, (reading,), names)
