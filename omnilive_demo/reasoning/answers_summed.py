"""Answers that sum up: what happened in a long stretch; and for how long nothing was remembered at all."""

from __future__ import annotations

from collections.abc import Sequence

from omnilive_demo.models.sound_words import UNNAMED as UNNAMED_SOUND
from omnilive_demo.reasoning.asked import Asked, Sentence, Sentences
from omnilive_demo.reasoning.phrases import capitalised, look_of, quotation, speaker_of, with_article
from omnilive_demo.reasoning.phrases import things as named
from omnilive_demo.reasoning.when import ago, lasting
from omnilive_demo.records import Absence, Digest, Evidence, Met

MOST_THINGS, MOST_SOUNDS = 4, 3
NEVER_AWAY = "You haven't been away since this memory began."
_TIMES = {1: "once", 2: "twice"}


def absence(asked: Asked, away: Absence) -> Sentences:
    """How long the visitor was away, since when, or what happened meanwhile: nobody knows that."""
    if away.gone_s < 1.0:
        yield Sentence(NEVER_AWAY)
        return
    length = lasting(away.gone_s)
    if away.asked == "events":
        yield Sentence(f"I don't know: I was closed while you were away, for {length}.")
        yield Sentence("Nothing was seen, heard or recorded then.")
    elif away.asked == "begin":
        yield Sentence(f"You were last here {ago(asked.ago_s(away.at_s) + away.gone_s)}, and away for {length}.")
        for one in asked.recall.evidence[:1]:
            things = look_of(one.labels).things
            if one.kind == "speech":
                yield Sentence(f"The last words before that were: {quotation(one.text)}.", _clips([one]))
            elif things:
                yield Sentence(f"The last that I saw before that was {named(things)}.", _clips([one]))
    else:
        yield Sentence(f"You were away for {length}, until {ago(asked.ago_s(away.at_s))}.")


def summary(asked: Asked, digest: Digest) -> Sentences:
    """What was seen, heard and said in a stretch, each with its time."""
    span, evidence = asked.recall.span, asked.recall.evidence
    if not (digest.watched_s or digest.things or digest.sounds or digest.statements):
        yield Sentence("I have nothing in memory for that time.")
        return
    begin, end = ago(asked.ago_s(digest.begin_s)), ago(asked.ago_s(digest.end_s))
    phrase = capitalised(span.phrase) if span is not None else "Then"
    reach = f"from {begin} to {end}" if begin != end else end
    if digest.watched_s >= 1.0:
        seen = [one for one in evidence if one.kind == "time"]
        yield Sentence(f"{phrase}, I watched for {lasting(digest.watched_s)}, {reach}.", _clips(seen))
    else:
        yield Sentence(f"{phrase}, I had no picture, and only listened, {reach}.")
    if digest.things:
        seen = [one for one in evidence if one.kind == "time"]
        yield Sentence(f"I saw {_counted(asked, digest.things, MOST_THINGS, 'thing')}.", _clips(seen))
    if digest.sounds:
        heard = [one for one in evidence if one.kind == "sound"]
        yield Sentence(f"I heard {_counted(asked, digest.sounds, MOST_SOUNDS, 'kind of sound')}.", _clips(heard))
    if digest.words:
        last = digest.words[-1]
        said = [one for one in evidence if one.kind == "speech"]
        who, when = speaker_of(last), ago(asked.ago_s(last.start_s))
        if digest.statements == 1:
            text = f"{capitalised(who)} said {when}: {quotation(last.text)}."
        else:
            text = f"I heard {digest.statements} statements; the last one {who} made {when}: {quotation(last.text)}."
        yield Sentence(text, _clips(said))


def _counted(asked: Asked, met: Sequence[Met], most: int, what: str) -> str:
    """ "a mug twice, last 40 seconds ago, a dog about a minute ago, and two other things"."""
    parts = []
    for one in met[:most]:
        name = with_article("sound without a name" if one.name == UNNAMED_SOUND else one.name)
        when = ago(asked.ago_s(one.last_s))
        times = _TIMES.get(one.times, f"{one.times} times")
        parts.append(f"{name} {when}" if one.times == 1 else f"{name} {times}, last {when}")
    rest = len(met) - most
    if rest > 0:
        parts.append(f"{rest} other {what}{'' if rest == 1 else 's'}".replace("kind of sounds", "kinds of sound"))
    return ", ".join(parts[:-1]) + f", and {parts[-1]}" if len(parts) > 1 else parts[0]


def _clips(evidence: Sequence[Evidence]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(one.clip_id for one in evidence if one.clip_id is not None))
