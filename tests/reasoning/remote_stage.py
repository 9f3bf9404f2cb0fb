"""What the tests of the remote reasoner share: a moment with a picture, and what comes back."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from PIL import Image
from reasoning_fakes import Stage, frame

from omnilive_demo.reasoning.remote_reasoner import RemoteReasoner
from omnilive_demo.records import Delta, SeenFrame


def seen_frame(t_s: float, *labels: str, colour: int = 0, change: float = 0.0) -> SeenFrame:
    return replace(frame(t_s, *labels), image=np.full((48, 64, 3), colour, np.uint8), change=change)


def stage_of(reasoner: RemoteReasoner, *frames: SeenFrame) -> Stage:
    stage = Stage(180.0, *(frames or (seen_frame(179, "cup", colour=200),)))
    stage.reasoner = reasoner  # type: ignore[assignment]
    return stage


def text_of(deltas: Iterable[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


def decoded_url(url: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))))
