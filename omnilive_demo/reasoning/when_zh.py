"""Times as people say them in Chinese, for eye and ear: "大约两分钟前", "一小时三十分钟"."""

from __future__ import annotations

from omnilive_demo.reasoning.when import JUST_NOW_S, MOMENT_S

_DIGITS = "零一二三四五六七八九"


def ago_zh(seconds: float) -> str:
    """How long before now: "刚刚", "刚才", "四十秒前", "大约两分钟前"."""
    if seconds < JUST_NOW_S:
        return "刚刚"
    if seconds < MOMENT_S:
        return "刚才"
    if seconds < 52.5:
        return f"{count_zh(5 * round(seconds / 5))}秒前"
    return f"大约{_rough(seconds)}前"


def length_zh(seconds: float) -> str:
    """A length of time to the second: "五分钟", "一小时三十分钟", "九十天"; of hours and days, seconds are not told."""
    whole = max(0, round(seconds))
    days, hours, minutes = whole // 86_400, whole // 3600 % 24, whole // 60 % 60
    parts = [(days, "天"), (hours, "小时"), (minutes, "分钟"), (whole % 60, "秒")]
    told = parts[:2] if days else parts[:3] if hours else parts
    return "".join(f"{count_zh(count)}{unit}" for count, unit in told if count) or "零秒"


def between_zh(start_s: float, end_s: float) -> str:
    """A stretch of the stream: "开始后二十秒到三十六秒"."""
    start, end = length_zh(start_s), length_zh(end_s)
    return f"开始后{end}" if start == end else f"开始后{start}到{end}"


def count_zh(number: int) -> str:
    """A number before a unit: 2 -> "两", 12 -> "十二", 20 -> "二十", 102 -> "102"."""
    if number == 2:
        return "两"
    if not 0 <= number < 100:
        return str(number)
    tens, ones = divmod(number, 10)
    if not tens:
        return _DIGITS[ones]
    return f"{_DIGITS[tens] if tens > 1 else ''}十{_DIGITS[ones] if ones else ''}"


def _rough(seconds: float) -> str:
    minutes = seconds / 60
    for size, unit, most in ((1, "分钟", 50), (60, "小时", 23.5 * 60), (1440, "天", float("inf"))):
        if minutes < most:
            count = minutes / size
            middle = "个" if unit == "小时" else ""
            if 1.25 <= count < 1.75:
                return "一天半" if unit == "天" else f"一{middle}半{unit}" if middle else "一分半钟"
            return f"{count_zh(max(1, round(count)))}{middle}{unit}"
    raise AssertionError("the last unit has no end")
