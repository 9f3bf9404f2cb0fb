"""A sentence for each closed clip by a language model that sees: last in line, and left out when there is no time."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.cancel import CancelToken
from omnilive_demo.models.vlm_model import VlmModel
from omnilive_demo.reasoning.prompt import decoded, harmless
from omnilive_demo.reasoning.token_answers import Words
from omnilive_demo.records import Clip, KeyFrame
from omnilive_demo.serving.lane import Lane, LaneFull, Priority, WorkCancelled

ASKED = (
    "These pictures were taken one after the other by a camera. Say in one short sentence what is to be seen in them "
    "and what happens. Say only that sentence."
)
MOST_PICTURES = 3
MOST_TOKENS = 48
MOST_CHARS = 200
SIDE = 384
BUSY = 4


class Captioner(Protocol):
    """Describes clips of any session."""

    async def caption(self, clip: Clip, deadline_s: float) -> str:
        """One sentence; empty when there was no time or nothing to say.

        deadline_s: seconds within which the model must begin, and then come to each next word.
        """
        ...


class VlmCaptioner:
    """Implements `Captioner` with the model that reasons: a token at a time, each behind all tokens of answers.

    Args:
        lane: whose one thread runs the model.
        side: of the pictures, in pixels.
        busy: so many calls waiting mean that there is no time.
    """

    def __init__(self, model: VlmModel, lane: Lane, side: int = SIDE, busy: int = BUSY) -> None:
        self._model = model
        self._lane = lane
        self._side = side
        self._busy = busy

    async def caption(self, clip: Clip, deadline_s: float) -> str:
        """See the protocol."""
        return await described(self._lane, self._begin, clip, deadline_s, self._busy)

    def _begin(self, clip: Clip) -> Words | None:
        pictures = clip_pictures(clip, self._side)
        if not pictures:
            return None
        content = [*({"type": "image"} for _ in pictures), {"type": "text", "text": ASKED}]
        return self._model.begin(self._model.read([{"role": "user", "content": content}], pictures))


async def described(
    lane: Lane, begin: Callable[[Clip], Words | None], clip: Clip, deadline_s: float, busy: int = BUSY
) -> str:
    """A clip's caption, token by token on a model's lane, behind all that is more urgent; empty when there is no time.

    Args:
        begin: called on the lane; None where the clip has nothing to look at.
        deadline_s: see `Captioner.caption`.
        busy: so many calls waiting mean that there is no time.
    """
    if lane.depth >= busy:
        return ""
    never, text = CancelToken(), ""
    late = {"session": "captions", "priority": Priority.BACKGROUND, "deadline_s": deadline_s}
    try:
        words = await lane.run(begin, clip, **late)  # type: ignore[arg-type]
        if words is None:
            return ""
        for _ in range(MOST_TOKENS):
            piece = await lane.run(words.next, never, **late)  # type: ignore[arg-type]
            if piece is None:
                break
            text += piece
    except (LaneFull, WorkCancelled):
        return ""
    return first_sentence(text)  # what was read is not kept: the next clip is another one


def clip_pictures(clip: Clip, side: int = SIDE, most: int = MOST_PICTURES) -> list[NDArray[np.uint8]]:
    """Some of a clip's pictures `[H, W, 3]`, evenly, as far as they can be decoded."""
    frames = _spread(clip.key_frames, most)
    return [image for frame in frames if (image := decoded(frame.jpeg, side)) is not None]


def first_sentence(text: str) -> str:
    """The first sentence of what a model said, on one line, with a full stop; empty when there is none."""
    plain = harmless(re.sub(r"[*_#`]+", "", text), MOST_CHARS)
    found = re.match(r".+?(?:[.!?](?=\s|$)|[。！？])", plain)
    sentence = found.group() if found else plain
    return sentence if not sentence or sentence[-1] in ".!?。！？…" else f"{sentence}."


def _spread(items: Sequence[KeyFrame], most: int) -> Sequence[KeyFrame]:
    if len(items) <= most:
        return items
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]
