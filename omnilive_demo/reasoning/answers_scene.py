"""What is before the camera now, by name: read from S_k of the newest frames, backed by what the frames were labelled.

Before every sentence the newest picture is looked at again: what it contradicts is not said any more, and what has come
instead is. What has no known name is described and said to be unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from omnilive_demo.reasoning.answers_now import (
    describe_now,
    fresh_frame,
    look_sentence,
    movement_or_change,
    movement_sentence,
)
from omnilive_demo.reasoning.answers_seen import colour_sentence
from omnilive_demo.reasoning.asked import Asked, Sentence, Sentences
from omnilive_demo.reasoning.phrases import listed, look_of, picture_is
from omnilive_demo.reasoning.question_rules import COLOUR_ASKED
from omnilive_demo.reasoning.sight import TELLS, Sight, Thing
from omnilive_demo.records import Evidence, Label, SeenFrame

NEWEST_S = 3.0
MOST_NAMES = 4
_POINTING = re.compile(
    r"\b(?:this|that|these|those|hold|holding|showing|pointing|in my hands?|call(?:ed)?|name|it)\b|\bhave i got\b"
)
UNKNOWN = "I don't know what it is."


def describe_scene(asked: Asked, sight: Sight) -> Sentences:
    """What this is, or what there is to be seen."""
    frame = fresh_frame(asked)
    if frame is None or (asked.reading.looks and asked.yes_or_no):
        yield from describe_now(asked)
        return
    moment = _present(asked, sight, frame)
    if _POINTING.search(asked.words):
        yield from _this(asked, sight, moment, frame)
    else:
        yield from _all(asked, sight, moment, frame)


def _this(asked: Asked, sight: Sight, moment: Evidence, frame: SeenFrame) -> Sentences:
    thing = sight.main(moment)
    if thing is None:
        yield from _unnamed(asked, sight, moment, frame, UNKNOWN)
        return
    many = sight.pronoun(thing) == "them"
    this = "these are" if many else "this is"
    text = f"{this[:1].upper()}{this[1:]}" if thing.plain else f"I think {this}"
    yield _seen(moment, frame, f"{text} {sight.one(thing)}.")
    others = [other for other in sight.things(moment) if other.name != thing.name and other.plain]
    rest: list[Callable[[SeenFrame], str | None]] = []
    if COLOUR_ASKED.search(asked.words) and sight.colour(thing)[1] < TELLS:  # else it was told with the thing
        rest.append(lambda _: colour_sentence(sight, thing, f"The {sight.called(thing)}", present=True))

    def also(newest: SeenFrame) -> str | None:
        left = [other for other in others if not _vanished(other.name, frame, newest)]
        return f"I also see {_listed(sight, left)}." if left else None

    yield from _while_it_lasts(asked, sight, moment, frame, (thing, *others), [*rest, also])


def _all(asked: Asked, sight: Sight, moment: Evidence, frame: SeenFrame) -> Sentences:
    things = sight.things(moment)
    plain = [thing for thing in things if thing.plain]
    if plain:
        yield _seen(moment, frame, f"I see {_listed(sight, plain)}.")
    elif things:
        yield _seen(moment, frame, f"I think I see {_listed(sight, things[:1])}.")
    else:
        something = "something that I don't know" if sight.has_unknown(moment) else "nothing that I can name"
        yield from _unnamed(asked, sight, moment, frame, f"I see {something}.")
        return
    yield from _while_it_lasts(asked, sight, moment, frame, things)
    newest = fresh_frame(asked)
    moves = movement_sentence(newest) if newest is not None else None
    if newest is not None and moves is not None:
        yield _seen(moment, newest, moves)


def _while_it_lasts(
    asked: Asked,
    sight: Sight,
    moment: Evidence,
    first: SeenFrame,
    told: Sequence[Thing],
    rest: Sequence[Callable[[SeenFrame], str | None]] = (),
) -> Sentences:
    """The rest of a description while the picture stays what it was; else what has come instead, and no more.

    rest: each makes its sentence when its turn comes, from the newest picture.
    """
    for text_of in rest:
        if (changed := _changed(asked, sight, moment, first, told)) is not None:
            yield changed
            return
        newest = fresh_frame(asked) or first
        if (text := text_of(newest)) is not None:
            yield _seen(moment, newest, text)
    if (changed := _changed(asked, sight, moment, first, told)) is not None:
        yield changed


def _changed(asked: Asked, sight: Sight, moment: Evidence, first: SeenFrame, told: Sequence[Thing]) -> Sentence | None:
    """What to say when the newest picture, taken since the first sentence, shows other things, or looks all different.

    None while it may be the same: that no known thing is in it proves no change by that alone.
    """
    frame = fresh_frame(asked)
    if frame is None or frame.t_s <= moment.end_s:
        return None
    if names := _names(sight, frame):
        return None if names & {thing.name for thing in told} else _now_there(sight, moment, frame)
    before, now = look_of(first.labels), look_of(frame.labels)
    if before.adjectives and now.adjectives and set(now.adjectives).isdisjoint(before.adjectives):
        return _seen(moment, frame, f"That has just changed: now the picture is {picture_is(now)}.")
    return None


def _now_there(sight: Sight, moment: Evidence, frame: SeenFrame) -> Sentence:
    bare = replace(moment, short_term=None)
    newest = [Thing(label.text, label.score, bare) for label in frame.labels if label.text in sight.names]
    return _seen(moment, frame, f"That has just changed: now I see {_listed(sight, newest)}.")


def _names(sight: Sight, frame: SeenFrame) -> set[str]:
    return {label.text for label in frame.labels if label.text in sight.names}


def _vanished(name: str, first: SeenFrame, newest: SeenFrame) -> bool:
    """Whether a thing that the first picture was labelled with is in the newest one no more."""
    return name in {label.text for label in first.labels} and name not in {label.text for label in newest.labels}


def _unnamed(asked: Asked, sight: Sight, moment: Evidence, frame: SeenFrame, unknown: str) -> Sentences:
    """How the picture looks, and that nothing in it has a name; unless something with a name comes meanwhile."""
    if (looks := look_sentence(frame)) is not None:
        yield _seen(moment, frame, looks)
    yield from movement_or_change(asked, look_of(frame.labels))
    newest = fresh_frame(asked) or frame
    came = newest.t_s > moment.end_s and _names(sight, newest)
    yield _now_there(sight, moment, newest) if came else _seen(moment, newest, unknown)


def _present(asked: Asked, sight: Sight, frame: SeenFrame) -> Evidence:
    """The newest frames as a moment: S_k as it was recalled, and the labels of the last seconds."""
    scores: dict[str, float] = {}
    for one in (*asked.view.recent(NEWEST_S), frame):
        for label in one.labels:
            scores[label.text] = max(label.score, scores.get(label.text, 0.0))
    labels = tuple(Label(text, score) for text, score in scores.items())
    recalled = next((one for one in asked.recall.evidence if one.kind == "now"), None)
    if recalled is None:
        return Evidence(None, frame.t_s, frame.t_s, 1.0, "now", "", labels)
    return replace(recalled, labels=labels, end_s=max(recalled.end_s, frame.t_s))


def _listed(sight: Sight, things: Sequence[Thing]) -> str:
    return listed([sight.one(thing) for thing in things[:MOST_NAMES]])


def _seen(moment: Evidence, frame: SeenFrame, text: str) -> Sentence:
    clips = () if moment.clip_id is None else (moment.clip_id,)
    return Sentence(text, clips, frame.t_s)
