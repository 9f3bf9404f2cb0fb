"""A memory that was closed over night: how long that was, what the days come to, and how long ago things were."""

from __future__ import annotations

from pathlib import Path

import pytest
from memory_stream import HashedWords, heard, said, watch

from omnilive_demo.cancel import CancelToken
from omnilive_demo.memory.calendar import DAY_S
from omnilive_demo.memory.pooling import PoolingCompressor
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.memory.store import Sitting
from omnilive_demo.records import Question, Recall

EAST_S = 8 * 3600.0
MIDNIGHT_S = 1_700_000_000.0 - (1_700_000_000.0 + EAST_S) % DAY_S  # of some day in Beijing, as seconds since 1970
EVENING_S, MORNING_S = MIDNIGHT_S - 3 * 3600.0, MIDNIGHT_S + 9 * 3600.0
NIGHT_S = 12 * 3600.0


class Names(tuple[str, ...]):
    """Of the things that the pictures' labels name."""

    def mentioned(self, text: str) -> tuple[str, ...]:
        return ()

    def masked(self, text: str) -> str:
        return text


def opened(folder: Path, epoch_s: float, offset_s: float | None = EAST_S) -> SessionMemory:
    words, names = HashedWords(), Names(("red", "blue"))
    return SessionMemory(
        folder, PoolingCompressor(words), words, epoch_s=epoch_s, offset_s=offset_s, names=names,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.fixture
def morning(tmp_path: Path) -> tuple[SessionMemory, float]:
    """Yesterday: red, blue, red, with words and knocks; today: blue. The memory, and the time now."""
    evening = opened(tmp_path / "a", EVENING_S)
    for i, look in enumerate(("red", "blue", "red")):
        watch(evening, 100.0 * i, 100.0 * i + 32.0, (look,))
    evening.add_spoken(said(1, 110.0, "the keys are in the drawer"))
    evening.add_spoken(said(2, 130.0, "what time is it", answered=True))
    for at_s in (20.0, 220.0):
        evening.add_heard(heard(at_s, "knock"))
    evening.close()
    memory = opened(tmp_path / "a", MORNING_S)
    watch(memory, memory.start_s, memory.start_s + 32.0, ("blue",))
    return memory, memory.start_s + 60.0


def ask(memory: SessionMemory, text: str, now_s: float) -> Recall:
    return memory.recall(Question(1, text, now_s, memory.snapshot(now_s), True), CancelToken())


@pytest.mark.parametrize("text", ["How long was I away?", "我离开了多久？"])
def test_the_night_was_the_absence(morning: tuple[SessionMemory, float], text: str) -> None:
    memory, now_s = morning
    recall = ask(memory, text, now_s)
    assert recall.absence is not None
    assert recall.absence.gone_s == pytest.approx(NIGHT_S, abs=300.0)
    assert recall.absence.at_s == memory.start_s
    memory.sit(Sitting(0.0, now_s + 1.0))  # an import of long ago changes nothing of that
    again = ask(memory, "how long was i gone", now_s + 2.0)
    assert again.absence == recall.absence
    memory.close()


def test_the_last_moment_before_the_night_is_shown(morning: tuple[SessionMemory, float]) -> None:
    memory, now_s = morning
    recall = ask(memory, "When was I last here?", now_s)
    assert [(one.text, one.end_s) for one in recall.evidence] == [("red", 231.0)]
    assert ask(memory, "What happened while I was away?", now_s).evidence == ()
    memory.close()


def test_nobody_was_away_from_a_new_memory(tmp_path: Path) -> None:
    memory = opened(tmp_path / "a", EVENING_S)
    watch(memory, 0.0, 20.0)
    recall = ask(memory, "How long was I away?", 21.0)
    assert recall.absence is not None
    assert recall.absence.gone_s == 0.0
    memory.close()


@pytest.mark.parametrize("text", ["What happened yesterday?", "what happened yesterday evening", "昨天发生了什么？"])
def test_yesterday_comes_to_what_was_seen_heard_and_said(morning: tuple[SessionMemory, float], text: str) -> None:
    memory, now_s = morning
    recall = ask(memory, text, now_s)
    digest = recall.digest
    assert digest is not None
    assert [(met.name, met.times) for met in digest.things] == [("red", 2), ("blue", 1)]
    assert [(met.name, met.times, met.first_s) for met in digest.sounds] == [("knock", 2, 20.0)]
    assert [spoken.text for spoken in digest.words] == ["the keys are in the drawer"]  # and no question
    assert digest.statements == 1
    assert digest.watched_s == pytest.approx(3 * 30.0, abs=4.0)
    assert digest.end_s <= memory.start_s
    assert {one.kind for one in recall.evidence} == {"time", "speech", "sound"}
    assert all(0.0 < one.score <= 1.0 and one.end_s < memory.start_s for one in recall.evidence)
    memory.close()


@pytest.mark.parametrize("text", ["What happened today?", "what happened this morning", "今天发生了什么"])
def test_today_is_only_today(morning: tuple[SessionMemory, float], text: str) -> None:
    memory, now_s = morning
    digest = ask(memory, text, now_s).digest
    assert digest is not None
    assert [(met.name, met.times) for met in digest.things] == [("blue", 1)]
    assert digest.sounds == ()
    assert digest.begin_s >= memory.start_s
    memory.close()


def test_a_day_of_which_nothing_is_remembered_comes_to_nothing(morning: tuple[SessionMemory, float]) -> None:
    memory, now_s = morning
    recall = ask(memory, "what happened the day before yesterday", now_s)
    assert recall.evidence == ()
    assert recall.digest is not None
    assert recall.digest.watched_s == 0.0
    assert ask(memory, "what happened this evening", now_s).digest is None  # it has not come
    memory.close()


def test_a_short_stretch_is_told_moment_by_moment(morning: tuple[SessionMemory, float]) -> None:
    memory, now_s = morning
    assert ask(memory, "what happened in the last minute", now_s).digest is None
    assert ask(memory, "what happened in the last hour", now_s).digest is not None
    assert ask(memory, "what did i say yesterday", now_s).digest is None
    memory.close()


def test_how_long_ago_counts_the_night(morning: tuple[SessionMemory, float]) -> None:
    memory, now_s = morning
    recall = ask(memory, "what happened yesterday", now_s)
    assert recall.ago_s(0.0, now_s) == pytest.approx(MORNING_S - EVENING_S + 60.0)
    assert recall.ago_s(memory.start_s + 10.0, now_s) == pytest.approx(50.0)
    memory.close()
