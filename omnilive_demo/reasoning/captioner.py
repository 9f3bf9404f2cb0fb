"""A sentence for each closed clip by a language model that sees: last in line, and left out when there is no time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from omnilive_demo.cancel import CancelToken
from omnilive_demo.models.vlm_model import Generation, VlmModel
from omnilive_demo.reasoning.prompt import decoded, harmless
from omnilive_demo.records import Clip, KeyFrame
from omnilive_demo.serving.lane import Lane, LaneFull, Priority, WorkCancelled

ASKED = (
    "These pictures were taken one after the other by a camera. Say in one short sentence what is to be seen in them "
    "and what happens. Say only that sentence."
)
MOST_PICTURES = 3
MOST_TOKENS = 48
MOST_CHARS = 200


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

    def __init__(self, model: VlmModel, lane: Lane, side: int = 384, busy: int = 4) -> None:
        self._model = model
        self._lane = lane
        self._side = side
        self._busy = busy

    async def caption(self, clip: Clip, deadline_s: float) -> str:
        """See the protocol."""
        if self._lane.depth >= self._busy:
            return ""
        never, text = CancelToken(), ""
        run = self._lane.run
        late = {"session": "captions", "priority": Priority.BACKGROUND, "deadline_s": deadline_s}
        try:
            generation = await run(self._begin, clip, **late)  # type: ignore[arg-type]
            if generation is None:
                return ""
            for _ in range(MOST_TOKENS):
                piece = await run(generation.next, never, **late)  # type: ignore[arg-type]
                if piece is None:
                    break
                text += piece
        except (LaneFull, WorkCancelled):
            return ""
        return first_sentence(text)  # what was read is not kept: the next clip is another one

    def _begin(self, clip: Clip) -> Generation | None:
        frames = _spread(clip.key_frames, MOST_PICTURES)
        pictures = [image for frame in frames if (image := decoded(frame.jpeg, self._side)) is not None]
        if not pictures:
            return None
        content = [*({"type": "image"} for _ in pictures), {"type": "text", "text": ASKED}]
        return self._model.begin(self._model.read([{"role": "user", "content": content}], pictures))


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
