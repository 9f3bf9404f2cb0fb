"""Answers about the assistant itself, and small talk. Nothing is claimed that is not so at this moment."""

from __future__ import annotations

import re

from omnilive_demo.reasoning.answers_now import NO_PICTURE, present_sentence
from omnilive_demo.reasoning.asked import Asked, Sentence, Sentences
from omnilive_demo.reasoning.findings import said
from omnilive_demo.reasoning.phrases import quotation, speaker_of

_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_MEMORY = re.compile(r"\b(?:store|save|keep|record|remember|recording)\b")
_WHO = re.compile(r"\b(?:who|name|robot|human|real)\b|\bwhat are you$|\babout yourself\b|\bintroduce\b")
_PRESENCE = re.compile(r"\b(?:hear|understand) me\b|\bare you (?:there|listening|awake)\b|\bcan you see me\b")


def capability(asked: Asked) -> Sentences:
    """What this can do and what it cannot."""
    if _PRESENCE.search(asked.words):
        yield Sentence("Yes, I understood you." if asked.question.spoken else "Yes, I read you.")
        yield present_sentence(asked) or Sentence(NO_PICTURE)
        return
    if _MEMORY.search(asked.words):
        yield Sentence("I remember what I see and hear in this session.")
        yield Sentence("You can look at all of it on this page, and have me forget it.")
        return
    if _WHO.search(asked.words):
        yield Sentence("I'm OmniLive.")
    yield Sentence("I watch, I listen, and I remember.")
    yield Sentence("Ask me what I see, what was said, what I heard, or what happened a while ago.")
    if asked.names_things:
        yield Sentence("I know some everyday things by sight, and what I'm not sure of I only describe.")
    else:
        yield Sentence("I know light, colors and movement, but I can't name objects or people yet.")


def greeting(asked: Asked) -> Sentences:
    """Hello, and the present."""
    yield Sentence("Hello.")
    yield present_sentence(asked) or Sentence(NO_PICTURE)


def thanks(asked: Asked) -> Sentences:
    """The usual answer."""
    yield Sentence("You're welcome.")


def stop(asked: Asked) -> Sentences:
    """As short as can be: silence was asked for."""
    yield Sentence("Okay.")


def repeat(asked: Asked) -> Sentences:
    """The last answer again, as far as it was heard."""
    last = next((answer for _, answer in reversed(asked.question.history) if answer.strip()), "")
    if not last:
        yield Sentence("I haven't said anything yet.")
    for sentence in _SENTENCE.split(last.strip()):
        if sentence:
            yield Sentence(sentence if sentence[-1] in ".!?" else f"{sentence}.")


def note(asked: Asked) -> Sentences:
    """All words are remembered anyway."""
    yield Sentence("Okay, I have that.")
    yield Sentence("I keep what is said here, so you can ask me about it later.")


def standing(asked: Asked) -> Sentences:
    """Something is to be told later, but it was not understood what: who takes requests on did not take this one."""
    yield Sentence("I didn't understand what I should wait for.")
    yield Sentence("Say it like this: tell me when you see a dog, when you hear a knock, or in ten minutes.")


def unknown(asked: Asked) -> Sentences:
    """A question about the world: only what was said here can help."""
    found = said(asked.recall, asked.question.text)
    if found and found[0].score >= 0.5:
        best = found[0]
        yield Sentence(f"All I know is what {speaker_of(best.spoken)} said: {quotation(best.spoken.text)}.", best.clips)
        return
    yield Sentence("I don't know that.")
    yield Sentence("I only know what I have seen and heard here.")
