"""A stream of days, put together from recorded clips: awake, asleep, awake; with planted things, words and sounds.

Each day has a third of stillness in its middle (one frame, again and again: what is merged); the rest is one clip after
another, drawn at random from those that show nothing that was planted. Once a minute somebody says something, every
minute and a half something is heard. At certain ages, counted back from the end, a clip is put in that shows a thing
which no other clip shows, somebody says where something is, and a sound is heard that is heard at no other time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from omnilive_demo.evaluation.memory_pool import RecordedClip, RecordedPool, rare_things
from omnilive_demo.memory.key_frames import clip_labels
from omnilive_demo.models.sound_words import NAMED
from omnilive_demo.records import Heard, SeenFrame, Spoken
from omnilive_demo.training.world.nouns import fill
from omnilive_demo.training.world.question_bank import shipped_bank
from omnilive_demo.training.world.things import things_of

DAY_S = 86_400.0
AGES_S = (600.0, 3600.0, 21_600.0, DAY_S, 2.5 * DAY_S, 4.5 * DAY_S, 6.9 * DAY_S)
SPEAKS_EVERY_S, SOUNDS_EVERY_S = 60.0, 90.0
THINGS_AN_AGE = 5
MOST_PLANTED_SHARE = 0.3  # of the pool's clips
HIDDEN = (
    ("spare key", "under the flower pot"), ("passport", "in the top drawer"), ("garage code", "seven four two one"),
    ("library book", "on the piano"), ("sewing kit", "behind the mirror"), ("tax letter", "in the blue folder"),
    ("bicycle pump", "beside the boiler"),
)  # fmt: skip
ASKED_SOUNDS = {
    "barking": "Did you hear a dog?", "siren": "When was there a siren?", "bell": "When did the doorbell ring?",
    "alarm": "When did the alarm go off?", "clapping": "Did anybody clap?", "whistling": "Did you hear whistling?",
    "coughing": "Did somebody cough?",
}  # fmt: skip
_TALK = (
    "I think we should paint the {} wall again", "the train was late because of {} on the line",
    "she wants to read about {} next week", "let us talk about {} some other day", "my brother never liked {} much",
    "they write about {} in the paper today", "we had a long call on {} this morning",
)  # fmt: skip
_TOPICS = (
    "gardening", "football", "the weather", "taxes", "holidays", "cooking", "politics", "music", "the neighbours",
    "school", "traffic", "chess", "history", "painting", "sailing", "physics", "the election", "the harvest",
)  # fmt: skip

Kind = Literal["explicit", "speech", "sound"]


@dataclass(frozen=True, slots=True)
class Planted:
    """Something that is there once. `from_s`, `to_s`: when; `age_s`: how long before the end."""

    kind: Kind
    question: str
    age_s: float
    from_s: float
    to_s: float
    clip: RecordedClip | None = None
    text: str = ""


class Week:
    """The stream: what is planted, and all of it in order.

    Args:
        days: its length; less than a day is a short day.
    """

    def __init__(self, pool: RecordedPool, days: float, seed: int = 7) -> None:
        self.end_s = float(round(days * DAY_S))
        self._pool = pool
        self._rng = np.random.default_rng(seed)
        self._day_s = min(DAY_S, self.end_s)
        ages = [age_s for age_s in AGES_S if age_s < 0.98 * self.end_s] or [0.5 * self.end_s]
        named = {thing.name: thing for thing in things_of("known")}
        asked = shipped_bank().explicit["test"]
        rare = {name: clips for name, clips in rare_things(pool.clips).items() if name in named}
        hidden: set[int] = set()  # first frames of the clips that show something planted
        planted: list[Planted] = []
        for name in rare:
            n = len(planted)
            if n == THINGS_AN_AGE * len(ages):
                break
            shown = {clip.first for clip in rare[name]}
            if hidden & shown:
                continue  # or one of the two would be there at two ages
            if len(hidden | shown) > MOST_PLANTED_SHARE * len(pool.clips):
                break
            hidden |= shown
            age_s, clip = ages[n % len(ages)], rare[name][0]
            at_s = self._awake(self.end_s - age_s + 40.0 * (n // len(ages)))
            question = fill(asked[n % len(asked)], named[name])
            planted.append(Planted("explicit", question, age_s, at_s, at_s + clip.frames, clip, name))
        for age_s, (thing, place) in zip(ages, HIDDEN, strict=False):
            at_s = self._awake(self.end_s - age_s - 100.0)
            text = f"the {thing} is {place}"
            planted.append(Planted("speech", f"What did I say about the {thing}?", age_s, at_s, at_s + 3.0, None, text))
        for age_s, (label, question) in zip(ages, ASKED_SOUNDS.items(), strict=False):
            at_s = self._awake(self.end_s - age_s - 150.0)
            planted.append(Planted("sound", question, age_s, at_s, at_s + 1.0, None, label))
        self.planted = tuple(sorted(planted, key=lambda one: one.from_s))
        self._filling = [clip for clip in pool.clips if clip.first not in hidden]
        self._night = self._filling[0]
        self.shown: dict[str, tuple[float, float]] = {}  # question -> when its clip was really put in

    def clips(self) -> Iterator[tuple[list[SeenFrame], list[Spoken | Heard]]]:
        """The stream in order: frames of a clip (a minute of a night), and what is said and heard meanwhile."""
        t_s, before = 0.0, None
        waiting = [one for one in self.planted if one.clip is not None]
        both: list[Spoken | Heard] = [*self._talk(), *self._sounds()]
        heard = sorted(both, key=lambda one: one.start_s)
        said = 0
        while t_s < self.end_s:
            frames: list[SeenFrame]
            if self.sleeps(t_s):
                still = [self._pool.still(self._night, t_s + i, 1.0) for i in range(60)]
                if before is not None and not self.sleeps(before.t_s):
                    still[0] = self._pool.frames(self._night, t_s, before)[0]
                frames = still
            else:
                clip = self._filling[int(self._rng.integers(len(self._filling)))]
                if waiting and waiting[0].from_s <= t_s:
                    one = waiting.pop(0)
                    clip = one.clip or clip
                    self.shown[one.question] = (t_s, t_s + clip.frames - 1.0)
                frames = self._pool.frames(clip, t_s, before)
            end_s = frames[-1].t_s + 1.0
            first = said
            while said < len(heard) and heard[said].start_s < end_s:
                said += 1
            yield frames, heard[first:said]
            t_s, before = end_s, frames[-1]

    def span_of(self, one: Planted) -> tuple[float, float]:
        """When something planted was there."""
        return self.shown.get(one.question, (one.from_s, one.to_s))

    def is_named(self, one: Planted) -> bool:
        """Whether the frame encoder names the thing that was planted, as a label of the clip."""
        if one.clip is None:
            return False
        labels = clip_labels([frame.labels for frame in self._pool.frames(one.clip, 0.0, None)], (one.text,))
        return any(label.text == one.text for label in labels)

    def sleeps(self, t_s: float) -> bool:
        """Whether nothing happens then."""
        return self._day_s / 3 <= t_s % self._day_s < 2 * self._day_s / 3

    def _awake(self, t_s: float) -> float:
        """The moment, or where it is in a night the first one after it."""
        t_s = max(1.0, t_s)
        return t_s if not self.sleeps(t_s) else t_s - t_s % self._day_s + 2 * self._day_s / 3 + 60.0

    def _talk(self) -> list[Spoken]:
        planted = [(one.from_s, one.text) for one in self.planted if one.kind == "speech"]
        times = [t_s for t_s in np.arange(5.0, self.end_s, SPEAKS_EVERY_S) if not self.sleeps(t_s)]
        texts = [
            (float(t_s), _TALK[int(self._rng.integers(len(_TALK)))].format(_one(self._rng, _TOPICS))) for t_s in times
        ]
        said = sorted((*texts, *planted))
        return [Spoken(n, t_s, t_s + 3.0, text, "visitor", False) for n, (t_s, text) in enumerate(said, 1)]

    def _sounds(self) -> list[Heard]:
        labels = [label for label in NAMED if label not in ASKED_SOUNDS]
        times = [t_s for t_s in np.arange(30.0, self.end_s, SOUNDS_EVERY_S) if not self.sleeps(t_s)]
        usual = [Heard(float(t_s), float(t_s) + 1.0, _one(self._rng, labels), 0.8) for t_s in times]
        planted = [Heard(one.from_s, one.to_s, one.text, 0.9) for one in self.planted if one.kind == "sound"]
        return [*usual, *planted]


def _one(rng: np.random.Generator, of: Sequence[str]) -> str:
    return of[int(rng.integers(len(of)))]
