"""How well pictures answer a question: what the compressor compares, and the labels that the question names.

From cosines: 0 at `nothing`, 1 at `certain`. The labels of a clip that the question names count with their score.

The training-free compressor understands looks and nothing else, so the better of both counts. The learned one
understands things, needs ("I'm hungry, where…?") and pointing ("what was that?"), and always has an opinion, so
- of a thing that is named, clips that show it by label come first (0.5 + 0.3 label + 0.2 cosine), others get 0.6;
- of a question about looks ("when was it dark?") the labels decide, and the cosine counts `looks`;
- of a question that names nothing, a clip with the label of a thing that it may mean gets `meaning` of how near their
  meanings are: with nano's 0.4, of the needs whose thing has its label, that finds 95 of 100 among 45 clips instead
  of 90;
- a question for words or sounds, or a greeting, does not look at cosines at all;
- pointing at "the first thing" or "the one before" also means a place in the order, and all other pointing means the
  newest clips: these get 0.45 to 0.55, so that a sure cosine decides and an unsure one does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.memory.moments import Memories
from omnilive_demo.memory.question_intent import Intent
from omnilive_demo.models.descriptor_space import VISUAL_WORDS

Scores = NDArray[np.float64]
SAME = 0.97
"""Of g of two clips that follow each other, with nano's memory module: of a still picture of the drawn world 95 of 100
have 0.99 and more (they differ in their times), of different scenes 95 of 100 have 0.50 at most (key `cosines` of
`evaluation memory --scenes 100`)."""
MANY_CLIPS = 45
MOST_LABELLED = 512  # clips of a name whose pictures are compared with the question as well
RECENT = (0.55, 0.5, 0.45)  # what pointing back gives to the newest clips, the newest first


@dataclass(frozen=True, slots=True)
class PictureScale:
    """Which cosines of q and g_k mean nothing and which are certain; belongs to the frame encoder and compressor.

    The defaults are the plain descriptor's: in its sample streams a word that clearly holds for the whole picture has
    0.4 to 0.75, one that holds for a part of it 0.15 to 0.25 (its labels tell), one that does not hold 0.1 or less.
    learned: the compressor was trained on questions; its cosines come with its weights. growth: the more clips there
    are, the higher is the best cosine of a question that none of them answers; by this for each time e as many, and
    `nothing` and `certain` are those among MANY_CLIPS. Where it is learned:
    meaning: cosine that a label adds whose meaning is the question's own, see above.
    needed: how much less of a cosine does for a need.
    looks: how much a cosine counts for a question about looks.
    same: cosine of g_k of two clips from which on they show the same, see `merging`; above 1, where it was not
    measured, none do.
    """

    nothing: float = 0.2
    certain: float = 0.6
    learned: bool = False
    growth: float = 0.0
    meaning: float = 0.4
    needed: float = 0.06
    looks: float = 0.25
    same: float = 2.0

    @classmethod
    def of_module(cls, about: Mapping[str, str]) -> PictureScale:
        """The scale of the nano profile's memory module, from what its weights' file says about them."""
        nothing, certain, growth = (float(about[f"cosine_{word}"]) for word in ("nothing", "certain", "growth"))
        return cls(nothing, certain, learned=True, growth=growth, same=SAME)

    def score(self, cosines: NDArray[np.float32], needed: bool = False) -> Scores:
        """Cosines of all clips to 0..1. `needed`: the question tells of a need, so something probably answers it."""
        nothing = self.nothing + self.growth * np.log(max(1, len(cosines)) / MANY_CLIPS) - self.needed * needed
        scores: Scores = (cosines.astype(np.float64) - nothing) / (self.certain - self.nothing)
        return np.clip(scores, 0.0, 1.0)


def picture_scores(
    memories: Memories,
    question: NDArray[np.float32] | None,
    names: Sequence[str],
    intent: Intent,
    scale: PictureScale,
    search: bool = False,
    meant: Mapping[str, float] = MappingProxyType({}),
) -> Scores:
    """A score in 0..1 for each clip.

    question: q. search: the search box, for which pictures count in full. meant: names of things with how near each is
    in meaning to the question, where it names none.
    """
    elsewhere = (intent.speech or intent.sound) and not search
    scores = np.zeros(len(memories.clips))
    shown = memories.named(intent.things)
    if question is not None and not (scale.learned and (elsewhere or intent.chat)):
        near = memories.nearness(meant)
        cosines = memories.cosines(question, _best(np.maximum(shown, near))) + scale.meaning * near
        needed = scale.learned and intent.needs
        scores = np.where(memories.lengths > 0, scale.score(cosines, needed), 0.0)
    if scale.learned and intent.points and not search:
        scores = np.maximum(scores, _pointed_at(memories, intent))
    if scale.learned:
        scores = _with_things(scores, shown, intent, scale.looks, search)
        names = [name for name in names if name in VISUAL_WORDS]  # a part of a name is none: "hot", of a hot dog
    if names:
        scores = np.maximum(scores, memories.named(names))
    return scores * 0.4 if elsewhere else scores


def _with_things(scores: Scores, shown: NDArray[np.float32], intent: Intent, looks: float, search: bool) -> Scores:
    if shown.any() or search:
        return np.where(shown > 0, 0.5 + 0.3 * shown + 0.2 * scores, scores * 0.6)
    asks_for_looks = not intent.things and not intent.points and any(word in VISUAL_WORDS for word in intent.topic)
    return scores * looks if asks_for_looks else scores


def _best(labels: NDArray[np.float32]) -> NDArray[np.int64]:
    """The clips of the surest labels, the newest of them: their cosines are looked at in any case."""
    at = np.flatnonzero(labels)
    if len(at) <= MOST_LABELLED:
        return at
    order = np.argsort(labels[at][::-1], kind="stable")[-MOST_LABELLED:]
    return np.sort(at[::-1][order])


def _pointed_at(memories: Memories, intent: Intent) -> Scores:
    """Which clips the words point at by their order. The clip that shows the present is none of them."""
    scores = np.zeros(len(memories.clips))
    past = len(scores) - 1 if memories.now_clip is not None else len(scores)
    order = range(past) if intent.order == "first" else range(past - 1, -1, -1)
    for position, score in zip(order, RECENT, strict=False):
        scores[position] = score
    return scores
