"""What a memory may know of a stream, without its pictures: which things are when, and what happens.

A timeline is made of a planned stream (`Plan.timeline`) or of remembered clips in any order (`clips.timeline_of`), so
questions can be asked about both. Times are seconds from the begin of the stream.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from omnilive_demo.training.world.things import Role
from omnilive_demo.training.world.truth import EventKind

SEEN = 0.4
"""From this visible share on a thing counts as seen."""

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Seen:
    """A thing in a segment; things of one name but another dye are told apart.

    spans: when it is seen. colour: what it is dyed in, or None for its own colours. visible: its best visible share
    (0..1). size: its largest height as a share of the picture's. count: how many are seen at once at most.
    """

    name: str
    plural: str
    role: Role
    spans: tuple[Span, ...]
    colour: str | None = None
    visible: float = 1.0
    size: float = 0.3
    count: int = 1

    @property
    def known(self) -> bool:
        """Whether its name is taught."""
        return self.role == "known"


@dataclass(frozen=True, slots=True)
class Happening:
    """An event as a timeline knows it. `known`: the thing's name is taught."""

    kind: EventKind
    name: str
    start_s: float
    end_s: float
    known: bool = True


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a timeline: a shot, or a remembered clip of one. Segments of one `scene` belong to one shot."""

    start_s: float
    end_s: float
    place: str
    things: tuple[Seen, ...]
    events: tuple[Happening, ...] = ()
    scene: int = -1


@dataclass(frozen=True, slots=True)
class Timeline:
    """Segments in order of time, without overlap."""

    segments: tuple[Segment, ...]

    @property
    def end_s(self) -> float:
        """When the last segment ends."""
        return self.segments[-1].end_s if self.segments else 0.0

    def until(self, t_s: float) -> Timeline:
        """What was over at a time: the segments that end by then."""
        return Timeline(tuple(segment for segment in self.segments if segment.end_s <= t_s + 1e-6))

    def scenes(self) -> tuple[tuple[Segment, ...], ...]:
        """Segments grouped into shots, in order."""
        groups: list[list[Segment]] = []
        for segment in self.segments:
            if groups and segment.scene >= 0 and groups[-1][-1].scene == segment.scene:
                groups[-1].append(segment)
            else:
                groups.append([segment])
        return tuple(tuple(group) for group in groups)

    def sightings(self, name: str, colour: str | None = None) -> tuple[Span, ...]:
        """When a thing is seen (if a colour is given: when it is seen dyed so), merged."""
        return merged(
            [
                span
                for segment in self.segments
                for seen in segment.things
                if seen.name == name and seen.visible >= SEEN and (colour is None or seen.colour == colour)
                for span in seen.spans
            ]
        )

    def events(self, *kinds: EventKind) -> tuple[Happening, ...]:
        """The events of these kinds, in the order in which they end; one that a cut divides counts once."""
        found: list[Happening] = []
        for scene in self.scenes():
            whole: dict[tuple[str, str], Happening] = {}
            for event in (event for segment in scene for event in segment.events if event.kind in kinds):
                before = whole.get((event.kind, event.name))
                whole[event.kind, event.name] = replace(event, start_s=before.start_s) if before else event
            found += whole.values()
        return tuple(sorted(found, key=lambda event: event.end_s))


def merged(spans: Sequence[Span], gap_s: float = 0.5) -> tuple[Span, ...]:
    """Spans in order, those that touch (or nearly) made one."""
    out: list[Span] = []
    for start_s, end_s in sorted(spans):
        if out and start_s <= out[-1][1] + gap_s:
            out[-1] = (out[-1][0], max(out[-1][1], end_s))
        else:
            out.append((start_s, end_s))
    return tuple(out)


def overlap_s(one: Span, other: Span) -> float:
    """Seconds that two spans share."""
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))


def moved(segment: Segment, start_s: float, scene: int | None = None) -> Segment:
    """The same segment at another time."""
    by_s = start_s - segment.start_s
    return Segment(
        start_s,
        segment.end_s + by_s,
        segment.place,
        tuple(replace(seen, spans=tuple((a + by_s, b + by_s) for a, b in seen.spans)) for seen in segment.things),
        tuple(replace(event, start_s=event.start_s + by_s, end_s=event.end_s + by_s) for event in segment.events),
        segment.scene if scene is None else scene,
    )
