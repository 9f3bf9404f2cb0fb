"""Times to come, as they are asked for: "in two minutes", "an hour and twenty minutes" -> seconds."""

from __future__ import annotations

import re

from omnilive_demo.models.number_words import UNIT_S, normalise

_UNIT = r"(?:second|sec|minute|min|hour|day)s?"
_COUNT = r"(?:\d+(?:\.\d+)?|an?|couple|few|several)"
AMOUNT = rf"{_COUNT} {_UNIT}(?: and a half)?(?: (?:and )?{_COUNT} {_UNIT})?"
"""A length of time in normalised words."""
DELAY = (
    r"(?:(?:in|and|after|within|for|into) )?(?:(?:about|exactly|another|just|maybe|like|the next) )*"
    rf"(?P<amount>{AMOUNT})(?: (?:from now|time|or so))?"
)
"""A length of time from now on, in normalised words; a recogniser writes "and four hours"."""
CLOCK = re.compile(
    r"\b(?:at|by|for|until|before) (?:about |around )?(?:(?:half|quarter|\d+) (?:past |to )?)?"
    r"(?:\d+|noon|midnight|midday)(?: \d+)?(?: o'clock| am| pm| a m| p m)?$|\bo'clock\b"
)
"""A time of day."""
SOME_DAY = re.compile(
    r"\b(?:later(?: on)?|tomorrow|tonight|soon|some ?time|next (?:week|month|year|time)|(?:on|next) \w+day|in a "
    r"(?:while|bit)"
    r"|this (?:morning|afternoon|evening)|in the (?:morning|afternoon|evening)|(?:mon|tues|wednes|thurs|fri|satur"
    r"|sun)day)$"
)
"""A time that is none to reckon with."""

_SEVERAL = {"a": 1.0, "an": 1.0, "couple": 2.0, "few": 3.0, "several": 5.0}
_PART = re.compile(rf"(?P<count>{_COUNT}) (?P<unit>{_UNIT})(?P<half> and a half)?")
_MISHEARD = (
    (r"\b(\d+) (?:in its|in it's|in is|minutes?')(?!\w)", r"\1 minutes"),
    (r"\binto (?=(?:second|minute|hour)s\b)", "in 2 "),
    (r"\b(in|for) (?:for|fore|full) (?=(?:second|minute|hour)s\b)", r"\1 4 "),
    (r"\bhalf (?:and|in|on|a|an)? ?(?:hour|our|hower)\b", "half an hour"),
    (r"\b(an|1) our\b", r"\1 hour"),
    (r"\b(set|start|make) a (?:diner|tire|tamer|time or|time are)\b", r"\1 a timer"),
)
_LOOSE_APOSTROPHE = re.compile(r"(?<!\w)'+|'+(?!\w)")


def plain_request(text: str) -> str:
    """The words of a request: lower case, no punctuation, numbers as digits, times that were misheard mended."""
    return " ".join(_LOOSE_APOSTROPHE.sub(" ", normalise(text, _MISHEARD)).split())


def seconds_of(amount: str) -> float:
    """The seconds of a length of time that fits AMOUNT; 0 for anything else."""
    total_s = 0.0
    for part in _PART.finditer(amount):
        count, unit_s = part["count"], UNIT_S[part["unit"].removesuffix("s")]
        total_s += (_SEVERAL[count] if count in _SEVERAL else float(count)) * unit_s
        total_s += unit_s / 2 if part["half"] else 0.0
    return total_s
