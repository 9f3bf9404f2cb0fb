"""What is before the camera now, by name: read from S_k of the newest frames, backed by what the frames were labelled.

Every sentence looks at the newest picture again. What has no known name is described and said to be unknown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from omnilive_demo.reasoning.answers_now import describe_now, fresh_frame, look_sentence, movement_sentence
from omnilive_demo.reasoning.answers_seen import colour_sentence
from omnilive_demo.reasoning.asked import Asked, Sentence, Sentences
from omnilive_demo.reasoning.phrases import listed
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
        yield from _description(moment, frame)
        yield _seen(moment, frame, UNKNOWN)
        return
    many = sight.pronoun(thing) == "them"
    this = "these are" if many else "this is"
    text = f"{this[:1].upper()}{this[1:]}" if thing.plain else f"I think {this}"
    yield _seen(moment, frame, f"{text} {sight.one(thing)}.")
    if COLOUR_ASKED.search(asked.words) and sight.colour(thing)[1] < TELLS:  # else it was told with the thing
        yield _seen(moment, frame, colour_sentence(sight, thing, f"The {sight.called(thing)}", present=True))
    others = [other for other in sight.things(moment) if other.name != thing.name and other.plain]
    if others:
        yield _seen(moment, frame, f"I also see {_listed(sight, others)}.")
    yield from _change(asked, sight, moment, (thing, *others))


def _all(asked: Asked, sight: Sight, moment: Evidence, frame: SeenFrame) -> Sentences:
    things = sight.things(moment)
    plain = [thing for thing in things if thing.plain]
    if plain:
        yield _seen(moment, frame, f"I see {_listed(sight, plain)}.")
    elif things:
        yield _seen(moment, frame, f"I think I see {_listed(sight, things[:1])}.")
    else:
        yield from _description(moment, frame)
        something = "something that I don't know" if sight.has_unknown(moment) else "nothing that I can name"
        yield _seen(moment, frame, f"I see {something}.")
        return
    yield from _change(asked, sight, moment, things)
    newest = fresh_frame(asked)
    moves = movement_sentence(newest) if newest is not None else None
    if newest is not None and moves is not None:
        yield _seen(moment, newest, moves)


def _change(asked: Asked, sight: Sight, moment: Evidence, told: Sequence[Thing]) -> Sentences:
    """When the newest picture, taken since the first sentence, shows only other things: these."""
    frame = fresh_frame(asked)
    if frame is None:
        return
    names = {label.text: label.score for label in frame.labels if label.text in sight.names}
    if names and moment.end_s < frame.t_s and names.keys().isdisjoint(thing.name for thing in told):
        newest = [Thing(name, score, replace(moment, short_term=None)) for name, score in names.items()]
        yield _seen(moment, frame, f"That has just changed: now I see {_listed(sight, newest)}.")


def _description(moment: Evidence, frame: SeenFrame) -> Sentences:
    for text in (look_sentence(frame), movement_sentence(frame)):
        if text is not None:
            yield _seen(moment, frame, text)


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
