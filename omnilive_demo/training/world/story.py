"""A stream is planned before it is painted: a day seen by a camera, shot by shot, with all that is true of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from omnilive_demo.training.world.backdrop import PLACES
from omnilive_demo.training.world.narration import SOUNDS, VOICES, Said, Sounding, sentence, speaking_s
from omnilive_demo.training.world.painter import paint
from omnilive_demo.training.world.plots import PLOTS, Part, Plot, Stage, play
from omnilive_demo.training.world.presence import spans_of
from omnilive_demo.training.world.sprites import SpriteSource
from omnilive_demo.training.world.staging import Actor, Setting
from omnilive_demo.training.world.things import Thing, things_of
from omnilive_demo.training.world.timeline import Happening, Seen, Segment, Span, Timeline
from omnilive_demo.training.world.truth import COLOURS, Event, Picture, Shot

FIRST_TEST_SEED = 1_000_000
"""Streams with this seed or a higher one are for testing only: nothing is ever trained on them."""

_NEW_LEAD = 0.82  # of the leads so many were not seen before in the stream


class Scene(NamedTuple):
    """A shot with what is put before the camera in it."""

    shot: Shot
    setting: Setting
    actors: tuple[Actor, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A stream to be painted. Shots follow each other without a gap from 0 to `duration_s`."""

    seed: int
    shots: tuple[Scene, ...]
    events: tuple[Event, ...]
    lines: tuple[Said, ...]
    sounds: tuple[Sounding, ...]

    @property
    def duration_s(self) -> float:
        """The length of the stream."""
        return self.shots[-1].shot.end_s

    def timeline(self) -> Timeline:
        """What is true of the stream, one segment for each shot."""
        return Timeline(tuple(_segment(scene, index, self.events) for index, scene in enumerate(self.shots)))


def plan_stream(
    seed: int,
    things: Sequence[Thing] | None = None,
    *,
    clips: int | None = None,
    duration_s: float | None = None,
    distractors: Sequence[Thing] | None = None,
    aspect: float | None = None,
) -> Plan:
    """A stream of 30 to 60 shots (or `clips` of them, or about `duration_s` seconds), the same for the same arguments.

    things: whose names may be asked (all known ones); most play in one shot only, a few in two or three. distractors:
    others that appear too (the rehearsed ones). aspect: of the camera (drawn if not given).

    Raises:
        ValueError: there are fewer than 3 things.
    """
    cast = list(things_of("known") if things is None else things)
    if len(cast) < 3:
        raise ValueError("a story needs at least 3 things")
    rng = np.random.default_rng([seed, 31])
    strangers = list(things_of("rehearsed") if distractors is None else distractors)
    wanted = int(rng.integers(30, 61)) if clips is None else clips
    telling = _Telling(rng, cast, strangers, aspect or float(rng.choice([4 / 3, 16 / 9, 16 / 9, 1.0, 3 / 4])))
    while telling.now_s < duration_s - 2 if duration_s else len(telling.scenes) < wanted:
        telling.add_shot()
    return Plan(seed, tuple(telling.scenes), tuple(telling.events), tuple(telling.lines), tuple(telling.sounds))


class _Telling:
    """A plan in the making; every choice comes from one generator, in order."""

    def __init__(self, rng: np.random.Generator, cast: list[Thing], strangers: list[Thing], aspect: float) -> None:
        self.rng, self.strangers, self.aspect = rng, strangers, aspect
        self.fresh = [cast[index] for index in rng.permutation(len(cast))]
        self.known: list[Thing] = []
        self.settings: list[Setting] = []
        self.scenes: list[Scene] = []
        self.events: list[Event] = []
        self.lines: list[Said] = []
        self.sounds: list[Sounding] = []
        self.now_s = 0.0
        self.blur, self.noise = float(rng.beta(1, 5)), float(rng.beta(2, 6))
        self.shake = float(rng.uniform(0, 0.025))
        self.voice = str(rng.choice(VOICES))

    def add_shot(self) -> None:
        """Another shot at the end."""
        rng = self.rng
        opening = not self.scenes and rng.random() < 0.75
        weights = np.array([kind.weight for kind in PLOTS.values()])
        plot: Plot = "shown" if opening else list(PLOTS)[int(rng.choice(len(PLOTS), p=weights / weights.sum()))]
        length = float(np.clip(PLOTS[plot].least_s + rng.gamma(1.3, 3.0), 3.2, 24))
        start, end = self.now_s, round(self.now_s + length, 1)
        setting = self._setting()
        stage = Stage(rng, start, end, self.aspect)
        lead = self._part(fresh=_NEW_LEAD, stranger=0.06, several=plot == "stands")
        others = [
            self._part(fresh=0.5, stranger=0.45, several=True, taken=lead.thing)
            for _ in range(int(rng.choice(4, p=[0.3, 0.4, 0.2, 0.1])))
        ]
        play(stage, plot, lead, others)
        self.scenes.append(Scene(Shot(start, end, setting.place), setting, tuple(stage.actors)))
        self.events += stage.events
        self._voice_over(plot, lead, setting.place, start, end)
        self.now_s = end

    def _setting(self) -> Setting:
        """A new setting, or one of before (never the same twice in a row)."""
        rng = self.rng
        earlier = [setting for setting in self.settings if setting != self.settings[-1]]
        if earlier and rng.random() < 0.3:
            setting = earlier[int(rng.integers(len(earlier)))]
        else:
            light = float(np.clip(rng.normal(1.0, 0.15), 0.6, 1.4)) if rng.random() > 0.08 else rng.uniform(0.35, 0.6)
            setting = Setting(
                str(rng.choice(PLACES)), int(rng.integers(1 << 31)), round(float(light), 3), self.shake, self.aspect,
                round(float(np.clip(self.blur + rng.normal(0, 0.05), 0, 1)), 3),
                round(float(np.clip(self.noise + rng.normal(0, 0.05), 0, 1)), 3),
            )  # fmt: skip
        self.settings.append(setting)
        return setting

    def _part(self, fresh: float, stranger: float, several: bool, taken: Thing | None = None) -> Part:
        rng, drawn = self.rng, self.rng.random()
        before = [thing for thing in self.known if thing != taken]
        if self.strangers and rng.random() < stranger:
            thing = self.strangers[int(rng.integers(len(self.strangers)))]
        elif self.fresh and (drawn < fresh or not before):
            thing = self.fresh.pop()
            self.known.append(thing)
        else:
            thing = (before or self.known)[int(rng.integers(len(before or self.known)))]
        colour = str(rng.choice(COLOURS)) if rng.random() < 0.22 else None
        count = int(rng.choice([1, 2, 3, 4], p=[0.66, 0.18, 0.1, 0.06])) if several else 1
        return Part(thing, colour, count)

    def _voice_over(self, plot: Plot, lead: Part, place: str, start_s: float, end_s: float) -> None:
        rng, room_s = self.rng, end_s - start_s
        text, label = sentence(rng, plot, lead, place), str(rng.choice(SOUNDS))
        if rng.random() < 0.3 and speaking_s(text) + 0.6 < room_s:
            self.lines.append(Said(round(start_s + 0.4, 2), text, self.voice))
        elif rng.random() < 0.15:
            length = float(rng.uniform(2, min(5, room_s)))
            begin = start_s + float(rng.uniform(0, room_s - length))
            self.sounds.append(Sounding(label, round(begin, 2), round(begin + length, 2)))


def _segment(scene: Scene, number: int, events: Sequence[Event]) -> Segment:
    found: dict[tuple[str, str | None], list[tuple[Actor, tuple[Span, ...], float]]] = {}
    for index, actor in enumerate(scene.actors):
        spans, best = spans_of(scene.setting, scene.actors, index)
        if spans:
            found.setdefault((actor.thing.name, actor.colour), []).append((actor, spans, best))
    seen = tuple(
        Seen(
            name, group[0][0].thing.plural, group[0][0].thing.role,
            tuple(span for _, spans, _ in group for span in spans), colour, max(best for *_, best in group),
            max(point.size for actor, *_ in group for point in actor.path), len(group),
        )
        for (name, colour), group in found.items()
    )  # fmt: skip
    shot = scene.shot
    happenings = tuple(
        Happening(event.kind, event.thing.name, event.start_s, event.end_s, event.thing.role == "known")
        for event in events
        if shot.start_s <= event.start_s < shot.end_s
    )
    return Segment(shot.start_s, shot.end_s, shot.place, seen, happenings, number)


def pictures(
    plan: Plan, sprites: SpriteSource, fps: float = 1.0, size: int = 192, phase_s: float = 0.0
) -> Iterator[Picture]:
    """The stream's pictures `[size, size, 3]` at `phase_s`, `phase_s` + 1 / fps, … Raises what the painter raises."""
    for scene, t_s in moments(plan, fps, phase_s):
        yield paint(scene.setting, scene.actors, t_s, sprites, size)


def moments(plan: Plan, fps: float = 1.0, phase_s: float = 0.0) -> Iterator[tuple[Scene, float]]:
    """When pictures are taken, each with its scene."""
    number = 0
    for scene in plan.shots:
        while (t_s := phase_s + number / fps) < scene.shot.end_s:
            yield scene, t_s
            number += 1


def intervals_of(plan: Plan, thing: Thing | str) -> tuple[Span, ...]:
    """When a thing is seen (visible share >= 0.4), merged; worked out from the paths, without painting."""
    return plan.timeline().sightings(thing if isinstance(thing, str) else thing.name)
