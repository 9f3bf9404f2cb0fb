"""What a question's intent and time come to once both are known: the time that was meant, the names that count."""

from __future__ import annotations

import re
from dataclasses import replace

from omnilive_demo.memory.digest import SHORTEST_S
from omnilive_demo.memory.followups_zh import OVERVIEW_ZH
from omnilive_demo.memory.question_intent import Intent, plain_words
from omnilive_demo.memory.time_of_day import IN_ENGLISH
from omnilive_demo.models.chinese import is_chinese, run_on
from omnilive_demo.models.descriptor_space import VISUAL_WORDS
from omnilive_demo.records import TimeSpan

_BEGINNING = re.compile(r"\b(?:beginning|start|first)\b|一开始|最开始|最初|刚开始|起初|开头")
_LOOSE_TIMES = frozenset(
    (
        "today", "so far", "this morning", "this evening", "this afternoon", "tonight",
        "今天", "今天早上", "今天上午", "今天下午", "今天晚上", "到目前为止",
    )
)  # fmt: skip
_PRESENT = re.compile(r"^(?:is|are|am|isn't|aren't|does|do|can)\b")
_DAYS_ZH = ("今", "昨", "前天", "前晚", "大前")
_PLACES = frozenset(("area", "some", "mostly", "middle", "above", "below", "left", "right"))  # no names of things


def meant_time(span: TimeSpan | None, intent: Intent, learned: bool) -> TimeSpan | None:
    """The time that was meant. A learned question feature knows what "just" and "last" point at; and nobody who
    asks what to take with him today means a stretch of the stream.
    """
    if span is None or not learned or _BEGINNING.search(span.phrase):
        return span
    return None if intent.points or (span.phrase in _LOOSE_TIMES and not intent.overview) else span


def wants_sum(span: TimeSpan, intent: Intent) -> bool:
    """Whether it asks what happened on a day or in another long stretch: more than a few moments can show."""
    if not intent.overview or intent.things or intent.speech:
        return False
    of_a_day = IN_ENGLISH.search(span.phrase) is not None or span.phrase.startswith(_DAYS_ZH)
    return of_a_day or span.end_s - span.start_s >= SHORTEST_S


def with_overview(intent: Intent, text: str) -> Intent:
    """A Chinese question for all that happened is one as well."""
    overview = is_chinese(text) and re.search(OVERVIEW_ZH, run_on(text)) is not None
    return replace(intent, overview=True) if overview else intent


def names_asked(intent: Intent) -> tuple[str, ...]:
    """What a label may be called: things, words of the topic, and what visual words stand for ("gloomy": dark)."""
    parts = {part for name in intent.things for part in name.split()}  # ice cream is no cream
    topic = [word for word in intent.topic if word not in parts]
    meanings = (VISUAL_WORDS[word] for word in topic if word in VISUAL_WORDS)
    return tuple(word for word in dict.fromkeys((*intent.things, *topic, *meanings)) if word not in _PLACES)


def with_present(intent: Intent, text: str, visual: bool) -> Intent:
    """A visual question in the present tense ("is the light on?") is about now."""
    if intent.now or not visual or intent.speech or intent.sound or not _PRESENT.match(plain_words(text)):
        return intent
    return replace(intent, now=True, speech=False, sound=False)
