"""The training-free compressor in CLIP's space, behind the same three calls.

- compress: patches that look like the same place before are dropped (`token_dropping`). S_k is, for each frame, the
  mean of what was kept of each quarter; a quarter of which nothing was kept looks as it did, and repeats its row. g_k
  lies halfway between the mean of all frames' vectors and the mean of the key frames' (`path_curvature`), so that what
  was shown for a moment is not lost among sixteen frames.
- integrate: as `pooling` does, a causal reading without weights.
- encode_question: the words of the question that carry its topic, as captions, through the text tower. What they have
  in common with captions of nothing in particular is taken out: all captions lie close together, and what is left is
  how much more than any caption a picture fits this one. H̄ is not needed for that.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from omnilive_demo.memory.compressor import Array, TokenCount
from omnilive_demo.memory.path_curvature import key_frames
from omnilive_demo.memory.picture_scores import PictureScale
from omnilive_demo.memory.pooling import PoolingCompressor
from omnilive_demo.memory.question_intent import read_intent
from omnilive_demo.memory.time_expressions import parse_time
from omnilive_demo.memory.token_dropping import SAME, kept_patches
from omnilive_demo.models.text_encoder import TextEncoder
from omnilive_demo.models.thing_names import ThingNames
from omnilive_demo.records import FrameFeatures

KEY_SHARE = 0.5  # of g_k, for the key frames alone
CAPTIONS = ("a photo of {}.", "a picture with {}.", "{}.")
GENERIC = (
    "a photo.", "a picture.", "a photo of something.", "a blurry photo.", "a photo of a room.", "a photo of a thing.",
    "a photo of a place.",
)  # fmt: skip
SCALE = PictureScale(nothing=0.07, certain=0.19, learned=True, meaning=0.12, needed=0.02, looks=1.0, same=0.98)
"""From CLIP's usual cosines (a picture and its own caption 0.25 to 0.3, another caption 0.1 to 0.2, a generic one 0.2),
not yet measured with this compressor on real weights. `learned`: it has an opinion on everything, so that labels decide
where they can. `meaning` and `needed` are the same share of this narrow range as the embedded memory's are of its wider
one. That was taught things; CLIP's captions tell of light and colour as well, so its cosine counts in full for `looks`.
Two pictures of one still scene have 0.98 and more (`same`).
All of them are a reasoned start.
"""
_LATE_S = 1e9  # any time expression ("two days ago") lies before it
_UNSEEN = frozenset(
    (
        "name", "names", "age", "birthday", "address", "number", "password", "idea", "opinion", "joke", "story",
        "reason", "meaning", "language", "date", "topic", "yesterday",
    )
)  # fmt: skip
"""Words that no picture shows."""


class ClipCompressor:
    """Implements `Compressor` and `DropsTokens` without training. Safe to call from any thread.

    Args:
        text_encoder: the text tower of the model whose pictures are compressed.
        names: of things, so that a question about an alarm clock is not taken for one about a sound.
        same: cosine from which on a patch is the same as before.
    """

    name = "training-free, in CLIP's space"

    def __init__(self, text_encoder: TextEncoder, names: ThingNames | None = None, same: float = SAME) -> None:
        self.width = text_encoder.width
        self._text_encoder = text_encoder
        self._names = names
        self._same = same
        self._pooling = PoolingCompressor(text_encoder, self.width)
        self._generic = _unit(text_encoder.encode(GENERIC).mean(0))

    def compress(self, frames: Sequence[FrameFeatures], start_s: float, end_s: float) -> tuple[Array, Array]:
        """A closed clip of T frames -> (S_k `[4T, C]`, g_k `[C]`), unit rows.

        Raises:
            ValueError: there is no frame, or the patches are not of this space or no square grid with an even side.
        """
        patches = self._patches(frames)
        short_term = _slots(patches, kept_patches(patches, self._same))
        vectors = np.stack([frame.vector for frame in frames]).astype(np.float32)
        keys = list(key_frames(list(vectors)))
        return short_term, _unit((1 - KEY_SHARE) * vectors.mean(0) + KEY_SHARE * vectors[keys].mean(0))

    def kept(self, frames: Sequence[FrameFeatures]) -> TokenCount:
        """How many patch tokens of a clip came in, and how many `compress` keeps."""
        patches = self._patches(frames)
        return TokenCount(patches.shape[0] * patches.shape[1], int(kept_patches(patches, self._same).sum()))

    def key_frames(self, frames: Sequence[FrameFeatures]) -> tuple[int, ...]:
        """Positions of the frames that show something new, the first one included."""
        return key_frames([frame.vector for frame in frames])

    def integrate(self, short_term: Sequence[Array], global_: Sequence[Array]) -> Array:
        """All S_k and g_k of a segment, in order -> long-term memory H̄ `[K, C]`, unit rows."""
        return self._pooling.integrate(short_term, global_)

    def expect(self, short_term: Sequence[Array]) -> None:
        """Nothing to be done: pooling is quick."""

    def encode_question(self, question: str, long_term: Array) -> Array | None:
        """Where pictures of the question's topic lie, `[C]` unit norm.

        None when it has no topic that a picture could show: greetings, questions for words or sounds, "what was that?".
        """
        topic = self._topic(question)
        if not topic:
            return None
        asked = _unit(self._text_encoder.encode([caption.format(topic) for caption in CAPTIONS]).mean(0))
        rest = asked - self._generic * np.float32(asked @ self._generic)
        length = float(np.linalg.norm(rest))
        return (rest / np.float32(length)).astype(np.float32) if length > 1e-3 else None

    def _topic(self, question: str) -> str:
        span = parse_time(question, _LATE_S)
        intent = read_intent(question, span.phrase if span is not None else "", self._names)
        words = [word for word in intent.topic if word not in _UNSEEN]
        return "" if intent.chat or intent.speech or intent.sound else " ".join(words)

    def _patches(self, frames: Sequence[FrameFeatures]) -> Array:
        """All patches of a clip `[T, P, C]`."""
        if not frames:
            raise ValueError("a clip holds at least one frame")
        patches = np.stack([frame.patches for frame in frames]).astype(np.float32)
        side = round(patches.shape[1] ** 0.5)
        if side * side != patches.shape[1] or side % 2:
            raise ValueError(f"{patches.shape[1]} patches are not a square grid with an even side")
        if patches.shape[2] != self.width:
            raise ValueError(f"the compressor takes patches of width {self.width}, not {patches.shape[2]}")
        return patches


def _slots(patches: Array, kept: np.ndarray) -> Array:
    """S_k `[4T, C]`, frame by frame, the quarters row by row: means of the kept patches `[T, P, C]` of each."""
    frames, count, width = patches.shape
    half = round(count**0.5) // 2
    grid = (frames, 2, half, 2, half)
    weights = kept.astype(np.float32)
    sums = (patches * weights[..., None]).reshape(*grid, width).sum((2, 4)).reshape(frames, 4, width)
    any_kept = weights.reshape(grid).sum((2, 4)).reshape(frames, 4) > 0
    slots = _unit(sums)
    for t in range(1, frames):
        slots[t] = np.where(any_kept[t][:, None], slots[t], slots[t - 1])
    return slots.reshape(4 * frames, width)


def _unit(rows: Array) -> Array:
    unit: Array = (rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-8)).astype(np.float32)
    return unit
