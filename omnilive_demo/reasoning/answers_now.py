"""Answers about the present. Every sentence pulls the newest picture anew, so a long answer follows what it sees."""

from __future__ import annotations

from omnilive_demo.reasoning.asked import Asked, Sentence, Sentences
from omnilive_demo.reasoning.phrases import Look, look_of, picture_is, things
from omnilive_demo.reasoning.when import ago
from omnilive_demo.records import SeenFrame

STALE_S = 5.0  # pictures come once a second: an older one is not the present any more
_SEEN_AS = {"moving": "something is moving", "still": "nothing is moving"}
CANNOT_NAME = "I can't name objects yet, so I can only describe it."
NO_PICTURE = "No picture is reaching me right now."


def describe_now(asked: Asked) -> Sentences:
    """What the picture shows now: how it looks, what is in it, whether it moves."""
    frame = fresh_frame(asked)
    if frame is None:
        yield from _no_fresh_picture(asked)
        return
    look = look_of(frame.labels)
    if asked.reading.looks and asked.yes_or_no:
        yield _verdict(asked, frame, look, asked.reading.looks[0])
        return
    elif (looks := look_sentence(frame)) is not None:
        yield _seen(asked, frame, looks)
    elif not look.known:
        yield _seen(asked, frame, "I do see a picture, but I can't make out what it shows.")
    yield from _things(asked)
    yield from movement_or_change(asked, look)
    if not asked.names_things:
        yield Sentence(CANNOT_NAME)


def present_sentence(asked: Asked) -> Sentence | None:
    """The present in one sentence, or None when there is no fresh picture or nothing to say of it."""
    frame = fresh_frame(asked)
    text = look_sentence(frame) if frame is not None else None
    return _seen(asked, frame, text) if frame is not None and text is not None else None


def look_sentence(frame: SeenFrame) -> str | None:
    """How a picture looks; None when nothing can be said of it."""
    look = look_of(frame.labels)
    return f"Right now the picture is {picture_is(look)}." if look.adjectives else None


def movement_sentence(frame: SeenFrame) -> str | None:
    """Whether anything moves in it; None when that is not known."""
    moving = look_of(frame.labels).moving
    return None if moving is None else "Something is moving." if moving else "Nothing is moving."


def _verdict(asked: Asked, frame: SeenFrame, look: Look, word: str) -> Sentence:
    shown = look.shows(word)
    if shown is None:
        so_far = f" The picture is {picture_is(look)}, that much I see." if look.adjectives else ""
        return _seen(asked, frame, f"I can't tell.{so_far}")
    if word in _SEEN_AS:
        clause = _SEEN_AS["moving" if (word == "moving") == shown else "still"]
        return _seen(asked, frame, f"{'Yes' if shown else 'No'}, {clause} right now.")
    if shown:
        return _seen(asked, frame, f"Yes, right now the picture is {picture_is(look)}.")
    return _seen(asked, frame, f"No, right now the picture is {picture_is(look)}.")


def _things(asked: Asked) -> Sentences:
    frame = fresh_frame(asked)
    look = look_of(frame.labels) if frame else None
    if frame is not None and look is not None and look.things:
        yield _seen(asked, frame, f"I see {things(look.things)}.")


def movement_or_change(asked: Asked, first: Look) -> Sentences:
    """Whether anything moves; or, when the picture has changed since the first sentence, how it looks now."""
    frame = fresh_frame(asked)
    if frame is None:
        return
    look = look_of(frame.labels)
    if look.adjectives and set(look.adjectives).isdisjoint(first.adjectives) and first.adjectives:
        yield _seen(asked, frame, f"That has just changed: now it is {picture_is(look)}.")
    elif (moves := movement_sentence(frame)) is not None:
        yield _seen(asked, frame, moves)


def _no_fresh_picture(asked: Asked) -> Sentences:
    yield Sentence(NO_PICTURE)
    last = asked.view.latest()
    look = look_of(last.labels) if last else None
    if last is not None and look is not None and look.adjectives:
        text = f"The last one, {ago(asked.ago_s(last.t_s))}, was {picture_is(look)}."
        yield Sentence(text, _now_clips(asked), last.t_s)


def fresh_frame(asked: Asked) -> SeenFrame | None:
    """The newest picture, if it is the present."""
    frame = asked.view.latest()
    return frame if frame is not None and asked.ago_s(frame.t_s) <= STALE_S else None


def _seen(asked: Asked, frame: SeenFrame, text: str) -> Sentence:
    return Sentence(text, _now_clips(asked), frame.t_s)


def _now_clips(asked: Asked) -> tuple[int, ...]:
    return tuple(e.clip_id for e in asked.recall.evidence if e.kind == "now" and e.clip_id is not None)
