"""Times of a day in a memory that was closed and opened again: the night lies between two sittings."""

from __future__ import annotations

from pathlib import Path

import pytest
from memory_stream import HashedWords, said

from omnilive_demo import telling
from omnilive_demo.cancel import CancelToken
from omnilive_demo.memory.calendar import DAY_S, Calendar, away_s
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


@pytest.mark.parametrize(
    ("wall_s", "stream_s"),
    [(1000.0, 0.0), (1050.0, 50.0), (1500.0, 100.0), (2000.0, 300.0), (2010.0, 310.0), (510.0, 110.0), (900.0, 300.0)],
)
def test_an_imported_memory_keeps_its_own_time(wall_s: float, stream_s: float) -> None:
    sittings = (Sitting(1000.0, 0.0), Sitting(500.0, 100.0), Sitting(2000.0, 300.0))  # the middle one was imported
    assert Calendar(sittings, 0.0)._stream(wall_s) == stream_s


@pytest.mark.parametrize(
    ("sittings", "gone_s"),
    [
        ((Sitting(1000.0, 0.0),), 0.0),
        ((Sitting(1000.0, 0.0), Sitting(8800.0, 600.0)), 7200.0),
        ((Sitting(1000.0, 0.0), Sitting(1100.0, 600.0)), 0.0),  # a file ran faster than life
    ],
)
def test_how_long_somebody_was_away(sittings: tuple[Sitting, ...], gone_s: float) -> None:
    assert away_s(sittings) == gone_s


def test_evidence_of_an_earlier_sitting_is_where_it_was(tmp_path: Path) -> None:
    first = opened(tmp_path / "a", EVENING_S)
    first.add_spoken(said(1, 600.0, "the key is in the drawer"))
    first.close()
    memory = opened(tmp_path / "a", EVENING_S + 7200.0)
    assert away_s(memory.sittings) == pytest.approx(7200.0 - memory.start_s)
    now_s = memory.start_s + 60.0
    question = Question(1, "where did i say the key is", now_s, memory.snapshot(now_s), True)
    evidence = memory.recall(question, CancelToken()).evidence
    assert (evidence[0].text, evidence[0].start_s) == ("the key is in the drawer", 600.0)
    told = telling.returned(memory)
    assert told is not None
    assert told.message == "Welcome back. You were away for about two hours; what was before is remembered."
    assert told.since_s == memory.start_s
    memory.close()
    soon = opened(tmp_path / "a", EVENING_S + 7230.0)
    assert telling.returned(soon) is None
    soon.close()
    fresh = opened(tmp_path / "b", EVENING_S)
    assert telling.returned(fresh) is None
    fresh.close()
