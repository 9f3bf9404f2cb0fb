"""Times of a day in a memory that was closed and opened again: the night lies between two sittings."""

from __future__ import annotations

from pathlib import Path

import pytest
from memory_stream import HashedWords, said

from omnilive_demo.cancel import CancelToken
from omnilive_demo.memory.calendar import DAY_S, Calendar
from omnilive_demo.memory.pooling import PoolingCompressor
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.memory.store import Sitting
from omnilive_demo.records import Question, TimeSpan

EAST_S = 8 * 3600.0
MIDNIGHT_S = 1_700_000_000.0 - (1_700_000_000.0 + EAST_S) % DAY_S  # of some day in Beijing, as seconds since 1970
EVENING_S, MORNING_S = MIDNIGHT_S - 3 * 3600.0, MIDNIGHT_S + 9 * 3600.0


def opened(folder: Path, epoch_s: float, offset_s: float | None = EAST_S) -> SessionMemory:
    words = HashedWords()
    return SessionMemory(folder, PoolingCompressor(words), words, epoch_s=epoch_s, offset_s=offset_s)


def spans(memory: SessionMemory, text: str, now_s: float) -> TimeSpan | None:
    question = Question(1, text, now_s, memory.snapshot(now_s), True)
    return memory.recall(question, CancelToken()).span


def test_last_night_is_the_earlier_sitting(tmp_path: Path) -> None:
    evening = opened(tmp_path / "a", EVENING_S)
    evening.add_spoken(said(1, 600.0, "钥匙在抽屉里"))
    evening.close()
    memory = opened(tmp_path / "a", MORNING_S)
    now_s = memory.start_s + 60.0
    memory.add_spoken(said(2, memory.start_s + 30.0, "早饭是包子"))
    night, today = spans(memory, "昨晚我说了什么", now_s), spans(memory, "今天早上我说了什么", now_s)
    assert night is not None
    assert today is not None
    assert night.start_s == pytest.approx(-3 * 3600.0)  # it began at six, and the stream at nine
    assert 600.0 < night.end_s <= memory.start_s
    assert today.start_s == pytest.approx(memory.start_s)
    assert today.end_s == pytest.approx(now_s)
    minutes = spans(memory, "一分钟前发生了什么", now_s)
    assert minutes is not None
    assert minutes.start_s == pytest.approx(now_s - 90.0)
    memory.close()


def test_before_the_first_sitting_nothing_was_seen() -> None:
    calendar = Calendar([Sitting(MORNING_S, 0.0)], EAST_S)
    assert calendar.day_s(60.0) == pytest.approx(9 * 3600.0 + 60.0)
    placed = calendar.placed(TimeSpan(-40_000.0, -33_000.0, "昨晚"), 60.0)
    assert (placed.start_s, placed.end_s) == (-40_000.0, -33_000.0)


def test_who_does_not_know_the_local_time_says_none(tmp_path: Path) -> None:
    assert Calendar([Sitting(MORNING_S, 0.0)], None).day_s(60.0) is None
    memory = opened(tmp_path / "a", MORNING_S, offset_s=None)
    span = spans(memory, "昨天谁来过", 60.0)
    assert span is not None
    assert span.end_s <= 60.0 - DAY_S + 1.0
    memory.close()
