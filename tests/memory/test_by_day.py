"""Days and hours of a memory: they add up to what is remembered, say only what is so, and forget what is forgotten."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_stream import HashedWords, open_memory, said, watch

from omnilive_demo.memory.by_day import ByDay
from omnilive_demo.memory.calendar import DAY_S, Calendar
from omnilive_demo.memory.day_summary import summary_of
from omnilive_demo.memory.day_words import is_look, lasting, named, times
from omnilive_demo.memory.pooling import PoolingCompressor
from omnilive_demo.memory.records_log import ClipEntry, RecordsLog, SoundEntry, WordsEntry
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.memory.store import Sitting
from omnilive_demo.memory.stretch import Part, SeenThing, SoundCount, Stretch
from omnilive_demo.records import Heard, Label, Spoken

MIDNIGHT_S = 20_000 * DAY_S  # of 2024-10-04, UTC
TODAY = date(2024, 10, 4)


def clip(number: int, start_s: float, end_s: float, *labels: str, size: int = 100, kept: int = 65) -> ClipEntry:
    named_ = tuple(Label(text, 0.9) for text in labels)
    return ClipEntry(number, start_s, end_s, 16, named_, "", 1024, kept, size)


def by_day(log: RecordsLog, *sittings: Sitting, offset_s: float | None = 0.0) -> ByDay:
    calendar = Calendar(sittings or (Sitting(MIDNIGHT_S, 0.0),), offset_s)
    return ByDay(log.view(), calendar, {"mug", "book"}, lambda first, last: [])


def add(log: RecordsLog, *clips: ClipEntry) -> None:
    log.add_clips(clips, np.ones((len(clips), 4), np.float16))


# ---- sums ------------------------------------------------------------------------------------------------------------

spells = st.lists(
    st.tuples(
        st.sampled_from([0.5, 1.0, 1.9, 30.0, 4_000.0, 50_000.0, 200_000.0]),  # before it
        st.sampled_from([0.0, 2.0, 15.0, 300.0, 9_000.0, 100_000.0]),  # how long it is
        st.sampled_from(["clip", "clip", "words", "sound", "restart"]),
    ),
    max_size=25,
)  # fmt: skip


def lived(log: RecordsLog, what: list[tuple[float, float, str]]) -> list[Sitting]:
    sittings, t_s, wall_s, row = [Sitting(MIDNIGHT_S + 12_345.6, 0.0)], 0.0, MIDNIGHT_S + 12_345.6, 0
    for row, (before_s, length_s, kind) in enumerate(what, 1):
        wall_s += before_s + length_s
        if kind == "restart":  # the stream stands still meanwhile
            sittings.append(Sitting(wall_s, t_s + 1.0))
            t_s += 1.0
            continue
        start_s, t_s = t_s + before_s, t_s + before_s + length_s
        if kind == "clip":
            add(log, clip(row, start_s, t_s, "mug", size=row))
        elif kind == "words":
            log.add_words(WordsEntry(row, Spoken(row, start_s, t_s, "hello", "visitor")), np.ones(4, np.float32))
        else:
            log.add_sound(SoundEntry(row, Heard(start_s, t_s, "bell", 0.9)))
    return sittings


def assert_adds_up(log: RecordsLog, by: ByDay) -> None:
    days, more = by.days(10_000)
    view, totals = log.view(), log.totals
    assert not more
    hours = [hour for day in days if not day.empty for hour in by.hours(date.fromisoformat(day.date))]
    for stretches in (days, hours):
        assert sum(one.clips for one in stretches) == log.clip_count
        assert sum(one.seconds for one in stretches) == pytest.approx(totals.seconds, abs=0.1)
        assert sum(one.bytes for one in stretches) == totals.bytes
        assert sum(one.tokens_seen for one in stretches) == totals.tokens_seen
        assert sum(one.tokens_kept for one in stretches) == totals.tokens_kept
        assert sum(one.utterances for one in stretches) == len(view.words)
        assert sum(sound.count for one in stretches for sound in one.sounds) == len(view.sounds)
        keys = [(one.date, one.hour or 0) for one in stretches]
        assert keys == sorted(set(keys))
        assert all(part.start_s <= part.end_s + 0.001 for one in stretches for part in one.parts)


@given(spells, st.floats(-43_200, 43_200), st.tuples(st.floats(0, 500_000), st.floats(0, 300_000)))
@settings(max_examples=120, deadline=None)
def test_days_and_hours_add_up_to_what_is_remembered_also_after_forgetting(
    what: list[tuple[float, float, str]], offset_s: float, gone: tuple[float, float]
) -> None:
    log = RecordsLog()
    sittings = lived(log, what)
    assert_adds_up(log, by_day(log, *sittings, offset_s=offset_s))
    from_s, to_s = gone[0], sum(gone)
    log.forget(
        clip=lambda c: c.end_s >= from_s and c.start_s <= to_s,
        words=lambda w: w.spoken.end_s >= from_s and w.spoken.start_s <= to_s,
        sound=lambda s: s.heard.end_s >= from_s and s.heard.start_s <= to_s,
        frame=lambda f: False,
    )
    after = by_day(log, *sittings, offset_s=offset_s)
    assert_adds_up(log, after)
    assert not [c for c in log.view().clips if c.end_s >= from_s and c.start_s <= to_s]


# ---- places ----------------------------------------------------------------------------------------------------------


def test_a_night_without_change_passes_through_its_hours() -> None:
    log = RecordsLog()
    add(log, clip(1, 22.5 * 3600, 30 * 3600, "mug"))  # 22:30 until 6 in the morning
    by = by_day(log)
    (today, tomorrow), _ = by.days(31)
    assert [(one.date, one.clips, one.seconds) for one in (today, tomorrow)] == [
        ("2024-10-04", 1, 5400.0), ("2024-10-05", 0, 21_600.0)
    ]  # fmt: skip
    assert tomorrow.clip == 1
    assert tomorrow.summary == "A quiet day: 6 hours remembered; mostly a mug; nothing changed for 6 hours; " + (
        "nothing said or heard."
    )
    morning = by.hours(date(2024, 10, 5))
    assert [hour.hour for hour in morning] == [0, 1, 2, 3, 4, 5, 6]
    assert morning[0].parts == (Part(24 * 3600.0, 25 * 3600.0, MIDNIGHT_S + DAY_S),)
    assert morning[0].summary == "1 hour remembered; mostly a mug; nothing changed for 1 hour; nothing said."


def test_between_days_stand_those_without_anything() -> None:
    log = RecordsLog()
    add(log, clip(1, 60.0, 75.0), clip(2, 3 * DAY_S, 3 * DAY_S + 15.0), clip(3, 5 * DAY_S, 5 * DAY_S + 15.0))
    days, _ = by_day(log).days(31)
    assert [(day.date, day.length, day.empty) for day in days] == [
        ("2024-10-04", 1, False), ("2024-10-05", 2, True), ("2024-10-07", 1, False), ("2024-10-08", 1, True),
        ("2024-10-09", 1, False),
    ]  # fmt: skip
    assert days[1].summary == "Nothing is remembered of these 2 days."
    assert days[3].summary == "Nothing is remembered of this day."


def test_only_the_newest_days_are_told_and_the_older_ones_when_asked_for() -> None:
    log = RecordsLog()
    add(log, *(clip(i + 1, i * DAY_S, i * DAY_S + 15.0) for i in range(5)))
    by = by_day(log)
    newest, more = by.days(2)
    assert ([day.date for day in newest], more) == (["2024-10-07", "2024-10-08"], True)
    older, more = by.days(3, before=date(2024, 10, 7))
    assert ([day.date for day in older], more) == (["2024-10-04", "2024-10-05", "2024-10-06"], False)


def test_a_day_that_was_imported_later_is_one_day_in_two_parts() -> None:
    log = RecordsLog()
    add(log, clip(1, 0.0, 15.0), clip(2, 20.0, 35.0), clip(3, 50.0, 65.0))
    now, then, again = (
        Sitting(MIDNIGHT_S + 3600, 0.0),
        Sitting(MIDNIGHT_S - DAY_S, 18.0),
        Sitting(MIDNIGHT_S + 7200, 40),
    )
    (yesterday, today), _ = by_day(log, now, then, again).days(31)
    assert (yesterday.date, yesterday.clips) == ("2024-10-03", 1)
    assert [(part.start_s, part.end_s, part.local_s - MIDNIGHT_S) for part in today.parts] == [
        (0.0, 15.0, 3600.0), (50.0, 65.0, 7210.0)
    ]  # fmt: skip


def test_the_visitors_midnight_counts_where_the_memory_knows_none() -> None:
    log = RecordsLog()
    add(log, clip(1, 600.0, 615.0))
    nobody_knows = by_day(log, offset_s=None)
    assert not nobody_knows.knows_local
    assert nobody_knows.days(1, offset_s=-3600.0)[0][0].date == "2024-10-03"
    assert by_day(log, offset_s=0.0).days(1, offset_s=-3600.0)[0][0].date == "2024-10-04"


def test_the_picture_is_one_that_is_still_there() -> None:
    log = RecordsLog()
    add(log, clip(1, 0.0, 600.0, "mug", kept=1), clip(2, 601.0, 616.0, "mug"), clip(3, 617.0, 700.0, "book"))
    assert by_day(log).days(1)[0][0].clip == 2


# ---- words -----------------------------------------------------------------------------------------------------------


def stretch(seconds: float = 14 * 3600.0, hour: int | None = None, **facts: object) -> Stretch:
    return Stretch("2024-10-04", hour, parts=(Part(0.0, 1.0, 0.0),), clips=9, seconds=seconds, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        (
            stretch(
                seen=(SeenThing("mug", 4, 50_000.0), SeenThing("book", 4, 30_000.0), SeenThing("socks", 1, 60.0)),
                sounds=(SoundCount("barking", 3), SoundCount("bell", 1)),
                utterances=12,
            ),
            "14 hours remembered; mostly a mug and a book; heard barking three times and a bell once; "
            "12 things said or typed.",
        ),
        (
            stretch(600.0, 9, seen=(SeenThing("umbrella", 1, 15.0), SeenThing("bread", 1, 15.0)), utterances=1),
            "10 minutes remembered; most often an umbrella and some bread; 1 thing said or typed.",
        ),
        (
            stretch(7200.0, looks=(SeenThing("mostly blue", 2, 7000.0), SeenThing("bright", 1, 9.0))),
            "A quiet day: 2 hours remembered; mostly blue; nothing said or heard.",
        ),
        (stretch(0.0, sounds=(SoundCount("music", 2),)), "A moment remembered; heard music twice; nothing said."),
        (
            Stretch("2024-10-04", None, parts=(Part(0.0, 1.0, 0.0),), utterances=2),
            "No pictures; 2 things said or typed.",
        ),
    ],
)
def test_a_day_in_a_sentence(day: Stretch, sentence: str) -> None:
    assert summary_of(day) == sentence


def test_lengths_counts_and_names() -> None:
    assert [lasting(s) for s in (0.2, 59.4, 60, 3599, 8400, 35_999, 50_000)] == [
        "1 second", "59 seconds", "1 minute", "1 hour", "2 hours 20 minutes", "10 hours", "14 hours"
    ]  # fmt: skip
    assert [times(n) for n in (1, 2, 5, 40)] == ["once", "twice", "five times", "40 times"]
    assert [named(name) for name in ("alarm clock", "scissors", "glass", "footsteps", "uniform", "cactus")] == [
        "an alarm clock", "scissors", "a glass", "footsteps", "a uniform", "a cactus"
    ]  # fmt: skip
    assert [is_look(label) for label in ("mostly blue", "a little movement", "orange", "blue mug", "")] == [
        True, True, False, False, False
    ]  # fmt: skip


# ---- through the memory ----------------------------------------------------------------------------------------------


def test_the_memory_tells_its_days_and_what_is_forgotten_is_in_none(tmp_path: Path) -> None:
    memory = open_memory(tmp_path / "m", offset_s=0.0)
    watch(memory, 0.0, 40.0)
    watch(memory, 40.0, 80.0, ("dark", "still"))
    memory.add_spoken(said(1, 5.0, "the parcel is in the hall"))
    memory.add_heard(Heard(60.0, 61.0, "bell", 0.9))
    memory.close_clip()
    ((day,), more), figures = memory.by_day().days(31), memory.figures()
    assert (day.clips, day.tokens_kept, more) == (figures.clips, figures.tokens_kept, False)
    assert day.seconds == pytest.approx(figures.seconds)
    assert (day.utterances, [sound.label for sound in day.sounds]) == (1, ["bell"])
    numbers = [one.id for one in memory.clips()]
    assert [one.id for one in memory.by_day().between(0.0, 1e9)] == numbers
    assert [one.id for one in memory.by_day().around(numbers[0], 2)] == numbers[:2]
    memory.forget(40.0, 90.0)
    ((day,), _), figures = memory.by_day().days(31), memory.figures()
    assert (day.clips, day.sounds, day.seconds) == (figures.clips, (), pytest.approx(figures.seconds))
    assert memory.by_day().around(numbers[-1], 3) == ()
    assert all(one.end_s < 40.0 for one in memory.by_day().between(0.0, 1e9))
    memory.forget()
    assert memory.by_day().days(31) == ((), False)
    memory.close()


def test_a_second_sitting_is_a_day_of_its_own(tmp_path: Path) -> None:
    words = HashedWords()
    for epoch_s in (MIDNIGHT_S, MIDNIGHT_S + 2 * DAY_S):
        memory = SessionMemory(tmp_path / "m", PoolingCompressor(words), words, epoch_s=epoch_s, offset_s=0.0)
        watch(memory, memory.start_s, memory.start_s + 20.0)
        days, _ = memory.by_day().days(31)
        memory.close()
    assert [(day.date, day.empty) for day in days] == [
        ("2024-10-04", False), ("2024-10-05", True), ("2024-10-06", False)
    ]  # fmt: skip


def test_a_week_is_told_quickly() -> None:
    log = RecordsLog()
    add(
        log, *(clip(i + 1, i * 16.0, i * 16.0 + 15.0, "mug", "dark", f"thing {i % 250}", "book") for i in range(38_000))
    )
    by = by_day(log)
    began_s = time.process_time()
    days, _ = by.days(31)
    assert time.process_time() - began_s < 2.0  # of this processor, which others use as well
    assert len(days) == 8
    assert sum(day.clips for day in days) == 38_000
