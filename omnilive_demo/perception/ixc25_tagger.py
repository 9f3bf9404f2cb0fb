"""What a sound is, by the released audio model: it is asked in words, and answers with one label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.models.sound_words import UNNAMED
from omnilive_demo.perception.audioset_labels import spelled, told_names
from omnilive_demo.perception.ixc25_sounds import name_of
from omnilive_demo.perception.loudness import level_db
from omnilive_demo.perception.sound_tagger import Tag

if TYPE_CHECKING:
    from omnilive_demo.models.ixc25_omnilive.audio_model import AudioModel

LEAST = 0.4
"""Below this chance a label is not named. Not measured: it needs the released weights."""
_NOTHING_DB = -75.0
_LEAST_SAMPLES = 16_000  # a second: what is shorter has silence before it


class Ixc25Tagger:
    """`SoundTagger` by a loaded audio model, which the recogniser may use meanwhile.

    The score is the chance of the label as a whole, all of its tokens; unlike that of the other taggers it was
    calibrated by nobody.

    Args:
        model: the same object that `Ixc25Recognizer` is given.
        name: shown on the page.
        least: chance from which a sound is named.
    """

    def __init__(self, model: AudioModel, name: str = "", least: float = LEAST) -> None:
        self.name = name or model.name
        self.names = told_names(spelled())  # its list is open; these are those that have a name here
        self._model = model
        self._least = least
        self.tag(
            np.random.default_rng(0).normal(0.0, 0.01, _LEAST_SAMPLES).astype(np.float32)
        )  # the first call is slow

    def tag(self, sound: NDArray[np.float32]) -> Tag:
        """See the protocol. Of a long sound the newest part is heard (30 s in the release)."""
        if level_db(sound) < _NOTHING_DB:
            return Tag("silence", 1.0)
        sound = sound[-self._model.most_samples :]
        if len(sound) < _LEAST_SAMPLES:
            sound = np.pad(sound, (_LEAST_SAMPLES - len(sound), 0))
        told = self._model.label([sound])[0]
        if not told.whole or told.chance < self._least:
            return Tag(UNNAMED, told.chance if told.whole else 0.0)
        return Tag(name_of(told.text), told.chance)
