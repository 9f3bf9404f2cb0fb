"""Chinese numerals and counted times, said as looking back ("五分钟前") or ahead ("两个半小时后"):
characters -> numbers."""

from __future__ import annotations

import re

from omnilive_demo.models.number_words import UNIT_S

_DIGITS = {char: n for n, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2}
_PLACES = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
NUMERAL = r"(?:\d+(?:\.\d+)?|[零〇一二两俩三四五六七八九十百千万]+(?:点[零〇一二三四五六七八九]+)?)"
"""A number in digits or characters."""
VAGUE = {"几": 3.0, "好几": 5.0, "若干": 5.0, "十几": 15.0, "几十": 30.0, "二十几": 25.0, "三十几": 35.0}
COUNT = rf"(?:[二三]?十几|几十|{NUMERAL}来?|好几|几|半|若干)"
"""How many of a unit, a vague number or a half included."""
UNIT = r"(?:秒钟|秒|分钟|分|钟头|小时|刻钟|天|日)"
AMOUNT = rf"(?:{COUNT}个?多?半?{UNIT}半?(?:[零又加]?{COUNT}个?半?{UNIT})?)"
"""A length of time: "五分钟", "两个半小时", "一分钟半", "一小时二十分钟"."""
_PART = re.compile(rf"(?P<count>{COUNT})个?(?P<more>多?)(?P<half>半?)(?P<unit>{UNIT})(?P<after>半?)")
_SECONDS = {
    "秒钟": UNIT_S["second"], "秒": UNIT_S["second"], "分钟": UNIT_S["minute"], "分": UNIT_S["minute"],
    "钟头": UNIT_S["hour"], "小时": UNIT_S["hour"], "刻钟": 15 * UNIT_S["minute"], "天": UNIT_S["day"],
    "日": UNIT_S["day"],
}  # fmt: skip


def number_of(numeral: str) -> float | None:
    """The value of a numeral: "二十五" -> 25, "一百零三" -> 103, "两百五" -> 250, "三点五" -> 3.5, "12.5"; else None.

    Digits said one by one count as they are written: "一二三" -> 123.
    """
    if re.fullmatch(r"\d+(?:\.\d+)?", numeral):
        return float(numeral)
    whole, point, tenths = numeral.partition("点")
    if not whole or any(char not in _DIGITS and char not in _PLACES for char in whole):
        return None
    if point and (not tenths or any(char not in _DIGITS for char in tenths)):
        return None
    value = float(_by_places(whole) if any(char in _PLACES for char in whole) else _one_by_one(whole))
    return value + (float("0." + "".join(str(_DIGITS[char]) for char in tenths)) if point else 0.0)


def _one_by_one(chars: str) -> int:
    return int("".join(str(_DIGITS[char]) for char in chars))


def _by_places(chars: str) -> int:
    """Digits before their places; a last digit right after hundreds or thousands stands one place below them."""
    total = section = 0
    digit: int | None = None
    place = 0
    for char in chars:
        if char in _DIGITS:
            digit = _DIGITS[char]
            place = 0 if digit == 0 else place
        elif char == "万":
            total += (section + (digit or 0) or 1) * 10_000
            section, digit, place = 0, None, 10_000
        else:
            section += (1 if digit is None else digit) * _PLACES[char]
            digit, place = None, _PLACES[char]
    below = place // 10 if place >= 100 else 1
    return total + section + (digit or 0) * below


def count_of(count: str) -> float:
    """The number that a COUNT stands for: "几" is taken as three, "半" as a half.

    Raises:
        ValueError: it is none.
    """
    count = count.removesuffix("来") if len(count) > 1 else count
    if count == "半":
        return 0.5
    value = VAGUE[count] if count in VAGUE else number_of(count)
    if value is None:
        raise ValueError(f"This is no number: {count!r}")
    return value


def seconds_of(amount: str) -> float:
    """The seconds of a length of time that fits AMOUNT; 0 for anything else."""
    total_s = 0.0
    for part in _PART.finditer(amount):
        unit_s = _SECONDS[part["unit"]]
        total_s += count_of(part["count"]) * unit_s + (0.5 * unit_s if part["half"] or part["after"] else 0.0)
    return total_s


def is_exact(amount: str) -> bool:
    """Whether a length of time is counted in a number other than one, and so meant more exactly than "a minute"."""
    parts = list(_PART.finditer(amount))
    if len(parts) != 1:
        return bool(parts)
    part = parts[0]
    if part["more"] or part["count"].endswith("来"):
        return False
    return number_of(part["count"]) not in (None, 1.0) or bool(part["half"] or part["after"])
