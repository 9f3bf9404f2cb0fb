"""Answers to questions that name nothing: what was that, what did I just put down; and what could help with a need.

The memory found the moment (`Ranking`, by the compressor's question feature); what it shows is read from its S_k.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from omnilive_demo.models.clip_reader import Happening
from omnilive_demo.reasoning.answers_seen import colour_sentence
from omnilive_demo.reasoning.asked import Asked, Sentence, Sentences
from omnilive_demo.reasoning.phrases import capitalised, look_of, picture_is
from omnilive_demo.reasoning.sight import TELLS, THINKS, Sight, Thing
from omnilive_demo.reasoning.when import ago
from omnilive_demo.records import Evidence

NAMELESS = 0.7  # and from which on it is pointed at although it has no known name
HELPFUL = 0.3  # score of a picture from which on what it shows is suggested
SURE_HELP = 0.5  # below it, a suggestion is a "maybe"
ALSO_LOOKED_AT = 0.3  # moments that score this much less than the best may show what the question means all the same
CLOSE = 0.15  # moments that score this near to the best are looked at too
_PUT = re.compile(r"\b(?:put|set|lay|laid|leave|left|drop|dropped|let go)\b")
_GONE = re.compile(
    r"\b(?:gone|disappeared|vanished|missing|went (?:away|out)|just left|what left|taken? away|no longer|removed)\b"
)
_BEFORE = re.compile(r"\bbefore (?:this|that)\b|\bprevious\b|\b(?:one|thing) before\b")
_FIRST = re.compile(r"\bfirst\b|\b(?:beginning|start|begin)\b")
_SHOWED = re.compile(r"\bi (?:have |had )?(?:just |last )*(?:show|showed|shown|hold|held|holding)\b|\bi was\b")
_COLOUR = re.compile(r"\bcolou?r\b")
_TAKE = re.compile(r"\b(?:take|bring|pack|carry|wear|put on)\b")


def what_was(asked: Asked, sight: Sight) -> Sentences:
    """What that was, or what was shown, put down, seen before or is gone."""
    moments = [one for one in asked.recall.evidence if one.kind == "picture"]
    moments = moments or [one for one in asked.recall.evidence if one.clip_id is not None]
    if not moments:
        yield Sentence("I don't know what you mean. I have seen nothing that fits.")
        return
    moment, thing = _meant(asked, sight, moments)
    clips = _clips(moment)
    if thing is None:
        yield Sentence(_something(asked, moment), clips)
        yield Sentence("I don't know what it was.", clips)
        return
    yield Sentence(_it_was(asked, sight, thing), clips)
    if _COLOUR.search(asked.words) and sight.colour(thing)[1] < TELLS:  # else it was told with the thing
        yield Sentence(colour_sentence(sight, thing, f"The {sight.called(thing)}"), clips)
    when = ago(asked.ago_s(moment.end_s))
    place = sight.place(thing)
    there = f", {place}" if place else ""
    yield Sentence(f"I saw {sight.pronoun(thing)} {when}{there}.", clips)


def _meant(asked: Asked, sight: Sight, moments: Sequence[Evidence]) -> tuple[Evidence, Thing | None]:
    """The best moment, or one about as good in which what is asked for happens; and the thing of it."""
    happenings = _happenings(asked.words)
    close = [one for one in moments if one.score >= moments[0].score - CLOSE]
    for one in close if len(close) < len(moments) or len(close) > 1 else ():
        thing = sight.main(one, happenings[:1], otherwise=False)
        if thing is not None:
            return one, thing
    named = next(((one, thing) for one in close if (thing := sight.main(one, happenings)) is not None), None)
    return named or (moments[0], None)


def suggestion(asked: Asked, sight: Sight) -> Sentences | None:
    """What could help, of what was seen; None when nothing seems to."""
    thing = _helpful(asked, sight)
    if thing is not None:
        return _suggested(asked, sight, thing)
    best = next((one for one in asked.recall.evidence if one.kind == "picture"), None)
    guessed = sight.likely(asked.question.text, best) if best is not None and best.score >= SURE_HELP else None
    if guessed is not None:
        return _suggested(asked, sight, guessed)
    if best is None or best.score < NAMELESS:
        return None
    when = ago(asked.ago_s(best.end_s))
    text = f"Maybe something that I saw {when}, but I don't know what it is called."
    return iter((Sentence(text, _clips(best)),))


def _suggested(asked: Asked, sight: Sight, thing: Thing) -> Sentences:
    place = sight.place(thing)
    there = f", {place}" if place else ""
    saw = f"I saw {sight.pronoun(thing)} {ago(asked.ago_s(thing.evidence.end_s))}{there}"
    the = f"the {thing.name}"
    if not thing.plain:
        text = f"I think there was {sight.one(thing)}: {saw}."
    elif asked.words.startswith("where") or " where " in asked.words:
        text = f"{capitalised(the)}: {saw}."
    elif _TAKE.search(asked.words) and thing.evidence.score >= SURE_HELP:
        text = f"Take {the}: {saw}."
    elif asked.yes_or_no and thing.evidence.score >= SURE_HELP:
        text = f"Yes, {the}: {saw}."
    else:
        text = f"Maybe {the}: {saw}."
    yield Sentence(text, _clips(thing.evidence))


def _helpful(asked: Asked, sight: Sight) -> Thing | None:
    pictures = [one for one in asked.recall.evidence if one.kind == "picture" and one.score >= HELPFUL]
    named = set(asked.reading.things)  # "what could I fry an egg in" is not answered by the egg
    things = [
        thing
        for one in pictures
        if one.score >= pictures[0].score - ALSO_LOOKED_AT
        for thing in sight.things(one)
        if thing.name not in named
    ]
    return sight.nearest(asked.question.text, things)


def _happenings(words: str) -> tuple[Happening, ...]:
    if _PUT.search(words) and not _GONE.search(words):
        return ("put_down", "held", "shown")
    return ("picked_up", "held") if _GONE.search(words) else ("shown", "held")


def _it_was(asked: Asked, sight: Sight, thing: Thing) -> str:
    one, words = sight.one(thing), asked.words
    verb = "were" if sight.pronoun(thing) == "them" else "was"
    if _GONE.search(words):
        text = f"{one} {'are' if verb == 'were' else 'is'} gone"
    elif _PUT.search(words) and sight.happens(thing.evidence, "put_down")[1] >= THINKS:
        text = f"you put down {one}"
    elif _BEFORE.search(words):
        text = f"before this there {verb} {one}"
    elif _FIRST.search(words):
        text = f"the first thing was {one}"
    elif _SHOWED.search(words):
        text = f"you showed me {one}"
    else:
        text = f"that {verb} {one}"
    return f"{capitalised(text)}." if thing.plain else f"I think {text}."


def _something(asked: Asked, moment: Evidence) -> str:
    look = look_of(moment.labels)
    seen = f"a picture that was {picture_is(look)}" if look.adjectives else "something"
    return f"I saw {seen} {ago(asked.ago_s(moment.end_s))}."


def _clips(moment: Evidence) -> tuple[int, ...]:
    return () if moment.clip_id is None else (moment.clip_id,)
