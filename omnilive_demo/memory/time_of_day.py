"""Days and parts of them in English: "today", "yesterday evening", "last night", "since this morning".

They are of the clock on the wall (`Calendar.placed` finds them in the stream). Where nobody knows the time of day, a
day is one of the last ones counted back from now: "today" the last 24 hours, "yesterday" those before.
"""

from __future__ import annotations

import re

DAY_S, HOUR_S = 86_400.0, 3600.0
_PARTS = {
    "morning": (5.0, 12.0), "noon": (11.0, 14.0), "afternoon": (12.0, 18.0), "evening": (17.0, 24.0),
    "night": (20.0, 29.0),
}  # fmt: skip
_PART = r"(?P<part>morning|afternoon|evening|night|noon)"
DAY = (
    r"\b(?P<since>since )?(?:earlier |late |early )?(?P<day>the day before yesterday|yesterday|today|tonight"
    rf"|last night|this (?:morning|afternoon|evening))(?:(?<!night)(?<!ing)(?<!noon) (?:at )?{_PART})?\b"
)
IN_ENGLISH = re.compile(r"\b(?:yesterday|today|tonight|last night|this (?:morning|afternoon|evening))\b")
_BACK = {"the day before yesterday": 2, "yesterday": 1, "last night": 1}


def day_span(match: re.Match[str], now_s: float, day_s: float | None) -> tuple[float, float] | None:
    """The stretch that a match of DAY names, in seconds of the wall clock reckoned back from `now_s`.

    Args:
        day_s: seconds since local midnight, or None where nobody knows.

    Returns:
        None where it has not begun: "this evening", asked in the morning.
    """
    day = match["day"]
    back = _BACK.get(day, 0)
    if day_s is None:
        span = now_s - (back + 1) * DAY_S, now_s - back * DAY_S
    else:
        part = match["part"] or {"tonight": "evening", "last night": "night"}.get(day, day.removeprefix("this "))
        begin_h, end_h = _PARTS.get(part, (0.0, 24.0))
        midnight_s = now_s - day_s - back * DAY_S
        span = midnight_s + begin_h * HOUR_S, midnight_s + end_h * HOUR_S
    if span[0] > now_s:
        return None
    return (span[0], now_s) if match["since"] else span
