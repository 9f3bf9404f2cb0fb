"""Eyes: a sampled frame becomes what is remembered of it. Synchronous, for one worker thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from omnilive_demo.ear_events import VideoFrame
from omnilive_demo.perception.frame_encoder import FrameEncoder, ManyFramesEncoder
from omnilive_demo.perception.gate import ChangeGate
from omnilive_demo.perception.thumbnail import thumbnail
from omnilive_demo.records import FrameFeatures, SeenFrame

SCENE_THRESHOLD = 0.72
"""Of `scene_similarity` with plain patches: less than this is a new scene."""
GLIMPSED = 0.25
"""The share of patches that must have changed for a glance to become a look."""


class Eyes:
    """The eyes of one session. They compare each frame with the one before; the encoder may be shared."""

    def __init__(self, encoder: FrameEncoder) -> None:
        self.encoder = encoder
        self._gate = ChangeGate()
        self._glances = ChangeGate()
        self.before: FrameFeatures | None = None

    def observe(self, frame: VideoFrame) -> SeenFrame:
        """Gate, encode and describe a frame.

        Raises:
            ValueError: not an RGB picture.
        """
        return self.observed(frame, self.encoder.encode(frame.image, self.before))

    def observed(self, frame: VideoFrame, features: FrameFeatures) -> SeenFrame:
        """The same of a frame that was encoded already, with `before` as the frame before."""
        small = thumbnail(frame.image)
        self._glances.changed(small)
        seen = self._seen(frame, features, float(self._gate.changed(small).mean()))
        self.before = features
        return seen

    def glance(self, frame: VideoFrame) -> SeenFrame | None:
        """Look at a frame between two that are observed, if it has changed since it was looked at last.

        It is for the present only: the next frame is compared with the last observed one all the same.

        Raises:
            ValueError: not an RGB picture.
        """
        small = thumbnail(frame.image)
        if self._glances.differs(small).mean() < GLIMPSED:
            return None
        self._glances.changed(small)
        features = self.encoder.encode(frame.image, self.before)
        return self._seen(frame, features, float(self._gate.differs(small).mean()))

    def _seen(self, frame: VideoFrame, features: FrameFeatures, change: float) -> SeenFrame:
        similarity = 1.0 if self.before is None else scene_similarity(features, self.before)
        return SeenFrame(frame.t_s, frame.image, features, self.encoder.describe(features), change, similarity)


def observe_together(jobs: Sequence[tuple[Eyes, VideoFrame]]) -> list[SeenFrame]:
    """Frames of several sessions, at most one of each, encoded in one go; their eyes share an encoder for many."""
    encoder = cast(ManyFramesEncoder, jobs[0][0].encoder)
    made = encoder.encode_many([frame.image for _, frame in jobs], [eyes.before for eyes, _ in jobs])
    return [eyes.observed(frame, features) for (eyes, frame), features in zip(jobs, made, strict=True)]


def scene_similarity(features: FrameFeatures, before: FrameFeatures) -> float:
    """How much two frames show the same scene, 1 for the same picture: below a threshold a new clip begins.

    Where the encoder keeps plain patches, it is the mean over the patches of their cosine. Things come and go within a
    scene, so a vector that was made to tell things apart is the worse measure: on drawn streams (2135 pairs of frames,
    260 cuts) plain patches find 99.2 % of the cuts at 0.72 and split 3.4 % of the other pairs; the plain vector as a
    whole finds 97.7 % and splits 2.4 % at its best. Without plain patches it is the cosine of the vectors.
    """
    if features.plain is None or before.plain is None or features.plain.shape != before.plain.shape:
        return float(np.dot(features.vector, before.vector))
    lengths = np.linalg.norm(features.plain, axis=1) * np.linalg.norm(before.plain, axis=1)
    cosines = (features.plain * before.plain).sum(1) / np.maximum(lengths, 1e-6)
    return float(cosines.mean())
