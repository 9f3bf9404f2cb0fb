"""Time expressions: "a minute ago", "at the beginning", "in the last five minutes" -> a stretch of the stream.

A table of patterns, tried in order; the first that fits wins. The text is normalised first: number words become
numbers, and what a recogniser makes of them ("to minutes a go", "for seconds ago") is mended. A named moment gets a
width that grows with its distance, since "a minute ago" is said of anything from half a minute to one and a half; a
counted one ("ten seconds ago") is taken more exactly. Questions that ask for a time ("how long ago") name none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from omnilive_demo.memory.time_expressions_zh import Now, parse_chinese_time
from omnilive_demo.memory.time_of_day import DAY, day_span
from omnilive_demo.models import number_words
from omnilive_demo.models.chinese import is_chinese
from omnilive_demo.models.number_words import UNIT_S
from omnilive_demo.records import TimeSpan

_UNIT = r"(?P<unit>second|sec|moment|minute|min|hour|day)s?"
_COUNT = r"(?P<count>\d+(?:\.\d+)?|an?|couple|few|several|many)"
_AGO = r"(?:ago|back|earlier)"
_MISHEARD = (
    (r"\b(?:a go|or go|a goal|to go)\b", "ago"),
    (r"\b(?:for|fore)(?= (?:second|minute|minuet|hour|day)s (?:ago|back|earlier)\b)", "4"),
    (r"\b(?:our|ours) (?=ago|back)", "hour "),
)


@dataclass(frozen=True, slots=True)
class _Now:
    """What a pattern is read against: stream time now, where the stream began, what was spoken of last."""

    now_s: float
    start_s: float
    previous: TimeSpan | None
    day_s: float | None = None


def parse_time(
    text: str, now_s: float, start_s: float = 0.0, previous: TimeSpan | None = None, day_s: float | None = None
) -> TimeSpan | None:
    """The stretch of the stream that `text` names, or None.

    Args:
        text: a question as typed or recognised.
        now_s: stream time at which it was asked.
        start_s: where the stream begins.
        previous: what the last answer was about, for "before that" and "after that".
        day_s: seconds since local midnight where known, for "yesterday morning".

    Returns:
        A span that ends at `now_s` at the latest. It may lie before `start_s`: then nothing was seen yet.
    """
    if is_chinese(text):
        return parse_chinese_time(text, Now(now_s, start_s, previous, day_s))
    words = normalise(text)
    if re.search(r"\bhow (?:long|many|much)\b[\w .]*\b(?:ago|back|earlier)\b", words):
        return None
    now = _Now(now_s, start_s, previous, day_s)
    for pattern, read in _PATTERNS:
        match = pattern.search(words)
        if match is None:
            continue
        span = read(match, now)
        if span is not None:
            begin_s, end_s = min(span), max(span)
            return TimeSpan(min(begin_s, now_s), min(end_s, now_s), _as_said(text, match.group(0).strip()))
    return None


def normalise(text: str) -> str:
    """Lower case, no punctuation, numbers as digits, common misrecognitions mended."""
    return number_words.normalise(text, _MISHEARD)


def _as_said(text: str, phrase: str) -> str:
    """The fewest words of `text` that still say `phrase`: "two minutes ago" and not "2 minutes ago"."""
    words = re.sub(r"[?!,;:\"]|\.(?!\d)", " ", text).split()[-200:]
    if phrase not in normalise(" ".join(words)):
        return phrase
    begin, end = 0, len(words)
    while phrase in normalise(" ".join(words[begin + 1 : end])):
        begin += 1
    while phrase in normalise(" ".join(words[begin : end - 1])):
        end -= 1
    if begin and words[begin - 1].lower() in ("a", "an", "one"):  # swallowed by "a couple of", "one hundred"
        begin -= 1
    return " ".join(words[begin:end]).lower()


def _seconds(count: str, unit: str) -> float:
    vague = {"a": 1.0, "an": 1.0, "couple": 2.0, "few": 3.0, "several": 5.0, "many": 10.0}
    return (vague[count] if count in vague else float(count)) * UNIT_S[unit]


def _slack_s(count: str, distance_s: float) -> float:
    """How far from its distance a named moment may lie."""
    share = 0.25 if count[0].isdigit() and float(count) != 1 else 0.5
    return max(5.0, share * distance_s)


Span = tuple[float, float]


def _ago(match: re.Match[str], now: _Now) -> Span:
    distance_s = _seconds(match["count"], match["unit"])
    slack_s = _slack_s(match["count"], distance_s)
    return now.now_s - distance_s - slack_s, now.now_s - distance_s + slack_s


def _uncounted_ago(match: re.Match[str], now: _Now) -> Span:
    """Minutes ago, hours ago, without a number."""
    unit_s = UNIT_S[match["unit"]]
    return now.now_s - 10 * unit_s, now.now_s - unit_s


def _last(match: re.Match[str], now: _Now) -> Span:
    count = match["count"] or ("few" if match["plural"] else "a")
    return now.now_s - _seconds(count, match["unit"]), now.now_s


def _between_ago(match: re.Match[str], now: _Now) -> Span:
    unit = match["unit"]
    far_s = _seconds(match["far"], match["far_unit"] or unit)
    near_s = 0.0 if match["near"] == "now" else _seconds(match["near"], unit or match["far_unit"])
    return now.now_s - far_s, now.now_s - near_s


def _between_now(match: re.Match[str], now: _Now) -> Span:
    return now.now_s - _seconds(match["count"], match["unit"]), now.now_s


def _into(match: re.Match[str], now: _Now) -> Span:
    distance_s = _seconds(match["count"], match["unit"])
    slack_s = _slack_s(match["count"], distance_s)
    return now.start_s + distance_s - slack_s, now.start_s + distance_s + slack_s


def _first(match: re.Match[str], now: _Now) -> Span:
    count = match["count"] or ("few" if match["plural"] else "a")
    return now.start_s, now.start_s + _seconds(count, match["unit"])


def _beginning(match: re.Match[str], now: _Now) -> Span:
    length_s = min(60.0, max(20.0, 0.1 * (now.now_s - now.start_s)))
    return now.start_s, now.start_s + length_s


def _before_that(match: re.Match[str], now: _Now) -> Span | None:
    if now.previous is None:
        return None
    return now.previous.start_s - 60.0, now.previous.start_s - 0.5


def _after_that(match: re.Match[str], now: _Now) -> Span | None:
    if now.previous is None:
        return None
    return now.previous.end_s + 0.5, now.previous.end_s + 60.0


def _lately(seconds: float, until_s: float = 0.0) -> Callable[[re.Match[str], _Now], Span]:
    return lambda match, now: (now.now_s - seconds, now.now_s - until_s)


def _earlier(match: re.Match[str], now: _Now) -> Span:
    return now.start_s, max(now.start_s, now.now_s - 10.0)


def _day(match: re.Match[str], now: _Now) -> Span | None:
    return day_span(match, now.now_s, now.day_s)


def _while_ago(match: re.Match[str], now: _Now) -> Span:
    """Anything but the last half minute (less of it when there is not much)."""
    age_s = now.now_s - now.start_s
    return now.start_s, now.now_s - min(30.0, 0.3 * age_s)


def _everything(match: re.Match[str], now: _Now) -> Span:
    return now.start_s, now.now_s


Reader = Callable[[re.Match[str], _Now], "Span | None"]
_SHOW = r"(?:stream|video|call|session|conversation|recording)"
_BEGAN = r"(?:started|began|start|begin|met|turned (?:this|it) on|switched (?:this|it) on)"

_TABLE: tuple[tuple[str, Reader], ...] = (
    (
        rf"\bbetween (?P<far>\d+(?:\.\d+)?|an?|couple|few)(?: (?P<far_unit>second|minute|hour|day)s?)?(?: ago)? and "
        rf"(?P<near>\d+(?:\.\d+)?|an?|couple|few) {_UNIT}(?: ago| back)?",
        _between_ago,
    ),
    (rf"\bbetween {_COUNT} {_UNIT}(?: ago)? and now\b", _between_now),
    (rf"\b(?:since|from) {_COUNT} {_UNIT} ago\b", _between_now),
    (
        rf"\b(?:in|over|during|within|for|of)? ?(?:the|this|these) (?:last|past|previous) (?:{_COUNT} )?"
        r"(?P<unit>second|minute|hour|day)(?P<plural>s)?\b",
        _last,
    ),
    (
        rf"\b(?:in|over|during|within|for)? ?(?:the|my|our) (?:very )?first (?:{_COUNT} )?"
        r"(?P<unit>second|minute|hour)(?P<plural>s)?\b",
        _first,
    ),
    (r"\b(?:just )?(?:a|1) (?:moment|second|sec) (?:ago|back)\b", _lately(20.0)),
    (rf"\b(?:just |about |around |roughly |like |some )*{_COUNT} {_UNIT} {_AGO}\b", _ago),
    (r"\b(?:moments|seconds) (?:ago|back)\b", _lately(20.0)),
    (rf"\b{_UNIT} ago\b", _uncounted_ago),
    (rf"\b{_COUNT} {_UNIT} (?:in|into (?:it|this|the (?:stream|video|call|session)))(?: (?:the|this)\b|$)", _into),
    (rf"\b{_COUNT} {_UNIT} after (?:the (?:start|beginning)|(?:we|i|you|it) {_BEGAN})\b", _into),
    (r"\b(?:just|right) before (?:that|this|then)\b|\bbefore (?:that|then)\b", _before_that),
    (r"\b(?:just|right) after (?:that|this|then)\b|\b(?:after|since) (?:that|then)\b|\bafterwards?\b", _after_that),
    (rf"\b(?:since|from) (?:the (?:very )?(?:start|beginning)|(?:we|i|you|it) {_BEGAN})\b", _everything),
    (r"\bso far\b|\bthe (?:whole|entire) time\b|\ball (?:this|the) time\b", _everything),
    (r"\b(?:at|in|from|near|around|about|towards?) the (?:very )?(?:start|beginning|outset)\b", _beginning),
    (
        r"\bthe (?:start|beginning) of (?:this|the|our) (?:stream|video|call|session|conversation|recording)\b",
        _beginning,
    ),
    (
        rf"\bwhen (?:we|i|you|it|this|the {_SHOW}) (?:first |just )?{_BEGAN}\b",
        _beginning,
    ),
    (r"\b(?:at first|initially|first of all|in the first place)\b", _beginning),
    (r"\bjust now\b|\bonly now\b|\bthis (?:very )?(?:moment|instant)\b|\b(?:just|only) a moment ago\b", _lately(20.0)),
    (r"\b(?:a (?:little |long |short )?while|some time|a long time|long) (?:ago|back|earlier)\b", _while_ago),
    (DAY, _day),
    (r"\b(?:recently|lately|not long ago)\b", _lately(300.0)),
    (r"\b(?:earlier|previously|beforehand|in the past)\b|\bbefore$", _earlier),
)
_PATTERNS = tuple((re.compile(pattern), reader) for pattern, reader in _TABLE)
