"""Eyes: a sampled frame becomes what is remembered of it. Synchronous, for one worker thread."""

from __future__ import annotations

import numpy as np

from omnilive_demo.ear_events import VideoFrame
from omnilive_demo.perception.frame_encoder import FrameEncoder
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
        self._encoder = encoder
        self._gate = ChangeGate()
        self._glances = ChangeGate()
        self._before: FrameFeatures | None = None

    def observe(self, frame: VideoFrame) -> SeenFrame:
        """Gate, encode and describe a frame.

        Raises:
            ValueError: not an RGB picture.
        """
        small = thumbnail(frame.image)
        self._glances.changed(small)
        seen = self._look(frame, float(self._gate.changed(small).mean()))
        self._before = seen.features
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
        return self._look(frame, float(self._gate.differs(small).mean()))

    def _look(self, frame: VideoFrame, change: float) -> SeenFrame:
        before = self._before
        features = self._encoder.encode(frame.image, before)
        similarity = 1.0 if before is None else scene_similarity(features, before)
        return SeenFrame(frame.t_s, frame.image, features, self._encoder.describe(features), change, similarity)


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
