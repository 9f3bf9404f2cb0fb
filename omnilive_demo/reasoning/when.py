"""Times as people say them, for eye and ear: "about two minutes ago", "20 seconds in", "for 16 seconds".

Nothing here is a clock position like 0:42, which a synthesiser reads as a scoreline. Distances are rounded as people
round them; positions in the stream are given to the second, for whoever wants to look.
"""

from __future__ import annotations

JUST_NOW_S = 4.0
MOMENT_S = 12.0
_SMALL = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def ago(seconds: float) -> str:
    """How long before now: "just now", "a moment ago", "40 seconds ago", "about two minutes ago"."""
    if seconds < JUST_NOW_S:
        return "just now"
    if seconds < MOMENT_S:
        return "a moment ago"
    if seconds < 52.5:
        return f"{5 * round(seconds / 5)} seconds ago"
    return f"about {_rough(seconds)} ago"


def lasting(seconds: float) -> str:
    """How long something lasted: "16 seconds", "about three minutes"."""
    whole = max(1, round(seconds))
    if whole < 60:
        return _plural(whole, "second")
    return f"about {_rough(seconds)}"


def length(seconds: float) -> str:
    """A length of time to the second, as it is counted down: "5 minutes", "1 hour 30 minutes"."""
    return _exactly(seconds)


def position(t_s: float) -> str:
    """A place in the stream, to the second: "42 seconds in", "3 minutes 20 seconds in"."""
    return f"{_exactly(t_s)} in"


def between(start_s: float, end_s: float) -> str:
    """A stretch of the stream: "from 20 to 36 seconds in", "from 1 minute 10 seconds to 1 minute 26 seconds in"."""
    if _exactly(start_s) == _exactly(end_s):
        return position(end_s)
    if round(end_s) < 60:
        return f"from {round(start_s)} to {position(end_s)}"
    return f"from {_exactly(start_s)} to {position(end_s)}"


def _rough(seconds: float) -> str:
    minutes = seconds / 60
    if minutes < 1.25:
        return "a minute"
    if minutes < 1.75:
        return "a minute and a half"
    if minutes < 50:
        return _worded(round(minutes), "minute")
    hours = minutes / 60
    if hours < 1.25:
        return "an hour"
    if hours < 1.75:
        return "an hour and a half"
    if hours < 23.5:
        return _worded(round(hours), "hour")
    days = hours / 24
    return "a day" if days < 1.5 else _worded(round(days), "day")


def _worded(count: int, unit: str) -> str:
    number = _SMALL[count] if count < len(_SMALL) else str(count)
    return f"{number} {unit}s"


def _plural(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _exactly(t_s: float) -> str:
    whole = max(0, round(t_s))
    hours, minutes, seconds = whole // 3600, whole // 60 % 60, whole % 60
    parts = [(hours, "hour"), (minutes, "minute"), (seconds, "second")]
    if hours:
        parts = parts[:2]
    said = [_plural(count, unit) for count, unit in parts if count]
    return " ".join(said) or "0 seconds"
