"""Answers from the memory: what was said, what was heard, when the picture looked like that, what happened.

Each says only what its evidence holds, and says so when there is none. An empty search is told as one ("I found no
moment when…"), never as proof that something did not happen.
"""

from __future__ import annotations

from collections.abc import Sequence

from omnilive_demo.models.descriptor_space import COLOURS
from omnilive_demo.models.sound_words import UNNAMED as UNNAMED_SOUND
from omnilive_demo.reasoning.answers_now import fresh_frame
from omnilive_demo.reasoning.asked import Asked, Sentence, Sentences
from omnilive_demo.reasoning.findings import Said, Stretch, all_spoken, heard, said, stretches
from omnilive_demo.reasoning.phrases import (
    capitalised,
    listed,
    look_of,
    picture_is,
    quotation,
    sound_of,
    speaker_of,
    things,
)
from omnilive_demo.reasoning.when import ago, between, lasting, position
from omnilive_demo.records import Heard

MOST_QUOTES, MOST_STRETCHES, MOST_SOUNDS = 3, 4, 3
SURE, ALSO = 0.45, 0.6  # a first quotation below SURE is hedged; further ones reach ALSO of the first
PRESENT_S = 2.0  # a time that ends so shortly before the question reaches up to the present
LONG_QUOTE = 12  # words; a longer one is announced by a short sentence, which can be spoken at once
CANNOT_RECOGNISE = "I can't recognize objects or people by sight yet."


def what_was_said(asked: Asked) -> Sentences:
    """Quotations that answer, best first."""
    found = said(asked.recall, asked.question.text)
    if not found and asked.recall.span is not None:
        found = [one for one in all_spoken(asked.recall.evidence) if one.spoken.text != asked.question.text]
    if not found:
        yield Sentence(
            f"I haven't heard anything about {asked.about} so far." if asked.about != "that" else NOTHING_SAID
        )
        return
    yield from quotations(asked, found)


NOTHING_SAID = "I haven't heard anything that answers that."


def words_about(asked: Asked) -> Sentences:
    """What was said about it, if that is sure enough."""
    found = [one for one in said(asked.recall, asked.question.text) if one.score >= SURE]
    return quotations(asked, found) if found else iter(())


def quotations(asked: Asked, found: Sequence[Said]) -> Sentences:
    """What was said, best first, with who said it and when; hedged when it may not be meant."""
    first = found[0]
    when, words = ago(asked.ago_s(first.spoken.start_s)), quotation(first.spoken.text)
    if first.score < SURE:
        yield Sentence(f"I'm not sure. The closest I heard was {when}: {words}.", first.clips)
        return
    speaker = capitalised(speaker_of(first.spoken))
    if len(first.spoken.text.split()) > LONG_QUOTE:
        yield Sentence(f"{speaker} said it {when}.", first.clips)
        yield Sentence(f"The words were: {words}.", first.clips)
    else:
        yield Sentence(f"{speaker} said {when}: {words}.", first.clips)
    told = {first.spoken.text}
    for one in found[1:MOST_QUOTES]:
        if one.score >= ALSO * first.score and one.score >= SURE and one.spoken.text not in told:
            told.add(one.spoken.text)
            when = ago(asked.ago_s(one.spoken.start_s))
            text = f"{capitalised(speaker_of(one.spoken))} also said {when}: {quotation(one.spoken.text)}."
            yield Sentence(text, one.clips)


def what_was_heard(asked: Asked) -> Sentences:
    """The sounds that answer, newest first."""
    found = heard(asked.recall)
    if not found:
        words = said(asked.recall, asked.question.text)
        if words and words[0].score >= SURE:
            yield from quotations(asked, words)
        else:
            yield Sentence("I haven't noticed a sound like that.")
        return
    (sound, clips), *others = found
    yes = "Yes, " if asked.yes_or_no and sound.label != UNNAMED_SOUND else ""
    yield Sentence(f"{yes}I heard {sound_of(sound)} {ago(asked.ago_s(sound.start_s))}.", clips)
    if sound.label == UNNAMED_SOUND:
        yield Sentence("I can't tell what made it.", clips)
    yield from _other_sounds(asked, others[: MOST_SOUNDS - 1])


def _other_sounds(asked: Asked, others: Sequence[tuple[Heard, tuple[int, ...]]]) -> Sentences:
    for sound, clips in others:
        what = "another one" if sound.label == UNNAMED_SOUND else sound_of(sound)
        yield Sentence(f"I also heard {what} {ago(asked.ago_s(sound.start_s))}.", clips)


def when_it_was(asked: Asked) -> Sentences:
    """When the picture looked as the question says; without a visual word, when words about it were said."""
    looks = asked.reading.looks
    if not looks:
        yield from _by_words_or_things(asked, "I don't know when that was.")
        return
    runs = stretches(asked.recall.evidence, looks)
    if not runs:
        yield Sentence(f"{'No, ' if asked.yes_or_no else ''}I found no moment when {_was(looks)}.")
        return
    yes = "Yes, " if asked.yes_or_no else ""
    for i, run in enumerate(reversed(runs[-3:])):
        length = lasting(run.end_s - run.start_s)
        also = yes if i == 0 else "And "
        yield Sentence(capitalised(f"{also}{_was(looks, run)} {ago(_mid_s(asked, run))}, for {length}."), run.clips)
        if i == 0:
            yield Sentence(f"That was {between(run.start_s, run.end_s)}.", run.clips)


def how_long_it_was(asked: Asked) -> Sentences:
    """How long the picture looked as the question says, or how long this has been going on."""
    looks = asked.reading.looks
    runs = stretches(asked.recall.evidence, looks) if looks else []
    if runs:
        run = max(runs, key=lambda one: one.end_s - one.start_s)
        length = lasting(run.end_s - run.start_s)
        yield Sentence(capitalised(f"{_was(looks, run)} for {length}, {ago(_mid_s(asked, run))}."), run.clips)
    elif looks:
        yield Sentence(f"I found no moment when {_was(looks)}.")
    elif "how long have" in asked.words and " been" in asked.words:
        yield Sentence(f"This has been running for {lasting(asked.view.now_s())}.")
    else:
        yield from _by_words_or_things(asked, "I don't know how long that was.")


def how_many(asked: Asked) -> Sentences:
    """Counts of moments only: things are not counted."""
    if asked.reading.looks and "often" in asked.words:
        yield from when_it_was(asked)
    else:
        yield Sentence("I can't count things in the picture yet.")


def where_it_is(asked: Asked) -> Sentences:
    """Where something was said to be, or where it was seen."""
    missing = f"I haven't heard where {asked.about} could be." if asked.about != "that" else NOTHING_SAID
    yield from _by_words_or_things(asked, missing)


def whether_it_was_seen(asked: Asked) -> Sentences:
    """Yes or no by the looks of the picture, by its things, or by what was said."""
    if asked.reading.looks and not _names_more(asked):
        yield from when_it_was(asked)
    else:
        yield from _by_words_or_things(asked, "I can't tell.")


def what_happened(asked: Asked) -> Sentences:
    """Moment after moment, oldest first: picture, words, sounds; up to what has come since it was asked."""
    runs = stretches(asked.recall.evidence)
    loose = [e for e in asked.recall.evidence if e.clip_id is None and (e.spoken or e.sounds)]
    if not runs and not loose:
        named = asked.recall.span is not None
        yield Sentence("I have nothing in memory for that time." if named else "I have nothing in memory yet.")
        return
    for run in runs[-MOST_STRETCHES:]:
        yield _what_was_seen(asked, run)
        words = [s for s in run.spoken if not s.answered and s.text != asked.question.text]
        for i, spoken in enumerate(words[:2]):
            said_ = "said" if i == 0 else "also said"
            yield Sentence(f"{capitalised(speaker_of(spoken))} {said_}: {quotation(spoken.text)}.", run.clips)
        if run.sounds:
            yield Sentence(
                f"I also heard {sound_of(run.sounds[0])} {ago(asked.ago_s(run.sounds[0].start_s))}.", run.clips
            )
    for one in loose[:2]:
        for spoken in one.spoken[:1]:
            when = capitalised(ago(asked.ago_s(spoken.start_s)))
            yield Sentence(f"{when} {speaker_of(spoken)} said: {quotation(spoken.text)}.")
        for sound in one.sounds[:1]:
            yield Sentence(f"{capitalised(ago(asked.ago_s(sound.start_s)))} I heard {sound_of(sound)}.")
    if runs:
        yield from _meanwhile(asked, runs[-1])


def _meanwhile(asked: Asked, last: Stretch) -> Sentences:
    """What the newest picture shows that was taken since the question and is like nothing told last."""
    span, frame = asked.recall.span, fresh_frame(asked)
    to_the_present = span is None or span.end_s >= asked.question.asked_s - PRESENT_S
    if frame is None or not to_the_present or frame.t_s <= asked.question.asked_s:
        return
    now, before = look_of(frame.labels), last.look
    if now.things and set(now.things).isdisjoint(before.things):
        yield Sentence(f"And just now I see {things(now.things)}.", (), frame.t_s)
    elif not now.things and before.adjectives and now.adjectives and set(now.adjectives).isdisjoint(before.adjectives):
        yield Sentence(f"And just now the picture is {picture_is(now)}.", (), frame.t_s)


# ---- parts ---------------------------------------------------------------------------------------------------------


def _what_was_seen(asked: Asked, run: Stretch) -> Sentence:
    look = run.look
    clauses = []
    if look.adjectives:
        clauses.append(f"the picture was {picture_is(look)}")
    if look.moving or (look.moving is False and not clauses):
        clauses.append("something moved" if look.moving else "nothing moved")
    if look.things:
        clauses.append(f"I saw {things(look.things)}")
    what = listed(clauses) or "I saw a picture that I can't describe"
    when, length = capitalised(ago(_mid_s(asked, run))), lasting(run.end_s - run.start_s)
    return Sentence(f"{when}, for {length}, {what}.", run.clips)


def _by_words_or_things(asked: Asked, otherwise: str) -> Sentences:
    """Things of that name that were seen; else words about it; else `otherwise`, and why the eyes are no help."""
    topic = set(asked.reading.topic.split())
    seen = [run for run in stretches(asked.recall.evidence) if any(topic & set(t.split()) for t in run.look.things)]
    if seen:
        run = seen[-1]
        named = [t for t in run.look.things if topic & set(t.split())]
        yes = "Yes, " if asked.yes_or_no else ""
        yield Sentence(f"{yes}I saw {things(named)} {ago(_mid_s(asked, run))}.", run.clips)
        yield Sentence(f"That was {position(run.start_s)}.", run.clips)
    quoted = list(words_about(asked))
    yield from quoted
    if not quoted and not seen:
        yield Sentence(otherwise)
        if not asked.names_things:
            yield Sentence(CANNOT_RECOGNISE)


def _names_more(asked: Asked) -> bool:
    """Whether a thing is asked for and not only a look ("the red mug", not "was it red")."""
    return asked.reading.topic.split() != [] and len(asked.reading.topic.split()) > len(asked.reading.looks)


def _was(looks: Sequence[str], run: Stretch | None = None) -> str:
    """ "it was dark", "the picture was mostly blue", "there was some blue in the picture", "something moved"."""
    if "moving" in looks or "still" in looks:
        return "something moved" if "moving" in looks else "nothing moved"
    colours = [word for word in looks if word in COLOURS]
    if run is not None and any(run.look.shows(word) is not True for word in colours):
        return f"there was some {listed(colours)} in the picture"
    rest = [word for word in looks if word not in COLOURS]
    words = listed([*rest, *([f"mostly {listed(colours)}"] if colours else [])])
    return f"{'the picture' if colours else 'it'} was {words}"


def _mid_s(asked: Asked, run: Stretch) -> float:
    return asked.ago_s((run.start_s + run.end_s) / 2)
