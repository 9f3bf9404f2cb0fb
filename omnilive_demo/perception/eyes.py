"""Eyes: a sampled frame becomes what is remembered of it. Synchronous, for one worker thread."""

from __future__ import annotations

import numpy as np

from omnilive_demo.events import VideoFrame
from omnilive_demo.perception.frame_encoder import FrameEncoder
from omnilive_demo.perception.gate import ChangeGate
from omnilive_demo.perception.thumbnail import thumbnail
from omnilive_demo.records import FrameFeatures, SeenFrame


class Eyes:
    """The eyes of one session. They compare each frame with the one before; the encoder may be shared."""

    def __init__(self, encoder: FrameEncoder) -> None:
        self._encoder = encoder
        self._gate = ChangeGate()
        self._before: FrameFeatures | None = None

    def observe(self, frame: VideoFrame) -> SeenFrame:
        """Gate, encode and describe a frame.

        Raises:
            ValueError: not an RGB picture.
        """
        changed = self._gate.changed(thumbnail(frame.image))
        before = self._before
        features = self._encoder.encode(frame.image, before)
        similarity = 1.0 if before is None else float(np.dot(features.vector, before.vector))
        self._before = features
        labels = self._encoder.describe(features)
        return SeenFrame(frame.t_s, frame.image, features, labels, float(changed.mean()), similarity)
