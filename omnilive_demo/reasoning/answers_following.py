"""Answers to what follows up the last answer: the moment before or after it, another one, when it was, what else was.

Each tells of the recalled moments and of nothing else; where there is none, it says which way nothing is left.
"""

from __future__ import annotations

from collections.abc import Sequence

from omnilive_demo.reasoning.asked import Asked, Sentence, Sentences
from omnilive_demo.reasoning.phrases import capitalised, listed, look_of, picture_is, quotation, sound_of, speaker_of
from omnilive_demo.reasoning.phrases import things as named
from omnilive_demo.reasoning.sight import Sight
from omnilive_demo.reasoning.when import ago, between
from omnilive_demo.reasoning.words import plain
from omnilive_demo.records import Evidence, FollowKind, Heard, Spoken

MOST_THINGS, MOST_WORDS, MOST_SOUNDS, MOST_TIMES = 3, 2, 2, 3
MOST_ANSWERS = 3  # in which something may have been told already
NO_THREAD = "I don't know what you mean: my last answer told of nothing that I remember. Ask me about something first."
NOTHING: dict[FollowKind, str] = {
    "before": "I remember nothing from before that.",
    "after": "I remember nothing from after that.",
    "other": "I remember nothing else that answers that.",
    "when": NO_THREAD,
    "else": NO_THREAD,
    "said": "I heard nobody say anything then.",
    "heard": "I heard no other sound then.",
    "seen": "I had no picture then.",
}
NOTHING_SAID: dict[FollowKind, str] = {
    "before": "I remember nothing that was said before that.",
    "after": "I remember nothing that was said after that.",
    "other": "I remember no other words that answer that.",
}
NOTHING_HEARD: dict[FollowKind, str] = {
    "before": "I noticed no sound before that.",
    "after": "I noticed no sound after that.",
    "other": "I noticed no other sound like that.",
}
_BEGINS: dict[FollowKind, str] = {"before": "before that", "after": "after that", "other": "another time"}


def asks_again(asked: Asked) -> bool:
    """Whether the question that was followed up is to be answered anew: about the present, nothing is left out."""
    return any(one.kind == "now" for one in asked.recall.evidence)


def further(asked: Asked, sight: Sight | None) -> Sentences:
    """The sentences of an answer to a follow-up. sight: where things can be recognised."""
    follows = asked.recall.follows
    assert follows is not None
    if not follows.thread.evidence:
        yield Sentence(NO_THREAD)
    elif not asked.recall.evidence:
        yield Sentence(_nothing(follows.kind, follows.thread.evidence[0].kind))
    elif follows.kind == "when":
        yield from _when(asked)
    elif follows.kind == "else":
        yield from _what_else(asked, sight)
    else:
        for one in asked.recall.evidence:
            yield from _told(asked, sight, one, follows.kind)


def _nothing(kind: FollowKind, of: str) -> str:
    special = NOTHING_SAID if of == "speech" else NOTHING_HEARD if of == "sound" else {}
    return special.get(kind, NOTHING[kind])


def _when(asked: Asked) -> Sentences:
    evidence = asked.recall.evidence[:MOST_TIMES]
    for i, one in enumerate(sorted(evidence, key=lambda e: -e.end_s)):
        start_s, end_s = _place(one)
        begin = "That was" if i == 0 else "And"
        yield Sentence(f"{begin} {ago(asked.ago_s(end_s))}, {between(start_s, end_s)}.", _clips(one))


def _told(asked: Asked, sight: Sight | None, one: Evidence, kind: FollowKind) -> Sentences:
    begin, when = _BEGINS.get(kind, "at that time"), ago(asked.ago_s(_place(one)[1]))
    spoken = _meant(one)
    if one.kind == "speech" and spoken is not None:
        said = f"{speaker_of(spoken)} said {when}: {quotation(spoken.text)}."
        yield Sentence(capitalised(f"{begin} {said}"), _clips(one))
    elif one.kind == "sound":
        heard = next((sound for sound in one.sounds if sound.label == one.text), None)
        what = sound_of(heard) if heard is not None else "a sound"
        yield Sentence(capitalised(f"{begin}, {when}, I heard {what}."), _clips(one))
    elif one.clip_id is not None:
        yield Sentence(capitalised(f"{begin}, {when}, {_saw(sight, one)}."), _clips(one))
        if one.kind == "time":
            yield from _around(asked, one, one.spoken, one.sounds)
    else:
        yield from _around(asked, one, one.spoken, one.sounds, capitalised(begin))


def _what_else(asked: Asked, sight: Sight | None) -> Sentences:
    follows, answers = asked.recall.follows, [answer for _, answer in asked.question.history[-MOST_ANSWERS:]]
    told = plain(" ".join([*answers, follows.thread.asked if follows else ""])).split()
    first = True
    for one in asked.recall.evidence:
        others = [name for name in _things(sight, one) if not set(plain(name).split()) <= set(told)]
        if others:
            yield Sentence(f"I also saw {named(others[:MOST_THINGS])} then.", _clips(one))
            first = False
        meant = _meant(one)
        words = [spoken for spoken in one.spoken if spoken is not meant and spoken.text != asked.question.text]
        sounds = [sound for sound in one.sounds if one.kind != "sound" or sound.label != one.text]
        for sentence in _around(asked, one, [spoken for spoken in words if not spoken.answered], sounds):
            yield sentence
            first = False
    if first:
        yield Sentence("I noticed nothing else then.", _clips(asked.recall.evidence[0]))


def _around(
    asked: Asked, one: Evidence, words: Sequence[Spoken], sounds: Sequence[Heard], begin: str = "Then"
) -> Sentences:
    """What was said and heard around a moment."""
    statements = [spoken for spoken in words if not spoken.answered and plain(spoken.text) != asked.words]
    for spoken in statements[:MOST_WORDS]:
        yield Sentence(f"{begin} {speaker_of(spoken)} said: {quotation(spoken.text)}.", _clips(one))
    kinds = tuple(dict.fromkeys(sound_of(sound) for sound in sounds))[:MOST_SOUNDS]
    if kinds:
        yield Sentence(f"{begin} I heard {listed(kinds)}.", _clips(one))


def _saw(sight: Sight | None, one: Evidence) -> str:
    things, look = _things(sight, one), look_of(one.labels)
    if things:
        return f"I saw {named(things[:MOST_THINGS])}"
    if look.adjectives:
        return f"the picture was {picture_is(look)}"
    if look.moving is not None:
        return "something moved" if look.moving else "nothing moved"
    return "I saw a picture that I can't describe"


def _things(sight: Sight | None, one: Evidence) -> list[str]:
    """What a moment shows, as far as that can be told plainly."""
    if sight is None:
        return list(look_of(one.labels).things)
    return [thing.name for thing in sight.things(one) if thing.plain]


def _meant(one: Evidence) -> Spoken | None:
    """The words that a moment was recalled for."""
    if one.kind != "speech":
        return None
    return next((spoken for spoken in one.spoken if plain(spoken.text) == plain(one.text)), None)


def _place(one: Evidence) -> tuple[float, float]:
    spoken = _meant(one)
    if spoken is not None:
        return spoken.start_s, spoken.end_s
    heard = [sound for sound in one.sounds if one.kind == "sound" and sound.label == one.text]
    return (heard[-1].start_s, heard[-1].end_s) if heard else (one.start_s, one.end_s)


def _clips(one: Evidence) -> tuple[int, ...]:
    return () if one.clip_id is None else (one.clip_id,)
