"""Names for the sounds of one stream: `loudness` finds when, the tagger says what, a lasting sound is told once."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.perception.audioset_labels import LASTING_NAMES
from omnilive_demo.perception.sound_tagger import SoundTagger, told
from omnilive_demo.perception.voice_activity import SAMPLE_RATE_HZ, WINDOW_S
from omnilive_demo.records import Heard, Origin

KEPT_S = 6.0  # longer than any sound and the quiet after it
LASTING = frozenset(
    ("music", "rain", "engine", "alarm", "siren", "ringing phone", "typing", "footsteps", "clapping", "laughing")
).union(LASTING_NAMES)
GOES_ON_S = 10.0  # a lasting sound that comes again within this time is still the same one
SURE_IT_IS_NO_SPEECH = 0.9  # the voice detector thought it was
LIKELY_NO_SPEECH = 0.75  # enough for what can be taken back
THROAT, LIKELY_THROAT = frozenset(("laughing", "coughing")), 0.5  # what people do while they listen
_AROUND_S = 0.15
_SECOND_S = 1.0
LONGEST_S = 4.0  # of what is named
SPEECH = "speech"


class SoundNames:
    """Keeps the newest seconds and names what was found in them. Without a tagger every sound stays a "sound"."""

    def __init__(self, origin: Origin, tagger: SoundTagger | None) -> None:
        self._origin = origin
        self._tagger = tagger
        self._recent: deque[tuple[float, NDArray[np.float32]]] = deque(maxlen=round(KEPT_S / WINDOW_S))
        self._last: dict[str, float] = {}  # lasting sound -> when it was heard last

    def hear(self, window: NDArray[np.float32], start_s: float) -> None:
        """Keep the next window `[512]`, which begins at `start_s`."""
        if self._tagger is not None:
            self._recent.append((start_s, window))

    def forget(self) -> None:
        """The stream begins anew."""
        self._recent.clear()
        self._last.clear()

    def name(self, heard: Heard) -> Heard | None:
        """The sound with its name, which is "speech" when it is that; None when it was told already and goes on."""
        if self._tagger is None:
            return heard
        tag = self._tagger.tag(self.sound(heard.start_s, heard.end_s))
        if tag.label == SPEECH:
            return replace(heard, label=SPEECH, score=tag.score)
        if not told(tag):
            return heard
        return self._once(replace(heard, label=tag.label, score=tag.score))

    def in_speech(self, start_s: float, end_s: float) -> Heard | None:
        """What the voice detector took for speech, if it surely is a named sound: laughter, a song, a bark."""
        if self._tagger is None:
            return None
        start_s = max(start_s, end_s - LONGEST_S)
        tag = self._tagger.tag(self.sound(start_s, end_s))
        if not told(tag) or tag.score < SURE_IT_IS_NO_SPEECH:
            return None
        return self._once(Heard(start_s, end_s, tag.label, tag.score, self._origin))

    def so_far(self, start_s: float, end_s: float) -> str:
        """What an utterance under way sounds like, if it is a sound with a name and not speech; else empty."""
        if self._tagger is None:
            return ""
        tag = self._tagger.tag(self.sound(max(start_s, end_s - LONGEST_S), end_s))
        least = LIKELY_THROAT if tag.label in THROAT else LIKELY_NO_SPEECH
        return tag.label if told(tag) and tag.score >= least else ""

    def _once(self, heard: Heard) -> Heard | None:
        if heard.label not in LASTING:
            return heard
        goes_on = heard.start_s - self._last.get(heard.label, -GOES_ON_S - 1.0) <= GOES_ON_S
        self._last[heard.label] = heard.end_s
        return None if goes_on else heard

    def sound(self, start_s: float, end_s: float) -> NDArray[np.float32]:
        """The stretch with a little around it, at least a second long: what went before fills a short one up."""
        end_s += _AROUND_S
        start_s = min(start_s - _AROUND_S, end_s - _SECOND_S)
        kept = [window for at_s, window in self._recent if start_s <= at_s + WINDOW_S / 2 < end_s]
        found = np.concatenate(kept) if kept else np.zeros(0, np.float32)
        return found[-round(KEPT_S * SAMPLE_RATE_HZ) :]
