from __future__ import annotations

import asyncio
import json

import numpy as np
import pytest

from omnilive_demo.evaluation.ear import Ear
from omnilive_demo.evaluation.inbox import Inbox

QUIET = np.zeros(960, dtype=np.int16)
LOUD = np.full(960, 3000, dtype=np.int16)


def frame(*halves: bool) -> np.ndarray:
    return np.concatenate([np.full(480, 3000 if loud else 0, dtype=np.int16) for loud in halves])


def test_the_first_audible_10_ms_are_found_inside_a_frame() -> None:
    ear = Ear()
    ear.take(QUIET, 48_000, 10.0)
    ear.take(frame(False, True), 48_000, 10.02)
    assert ear.first_after(10.0) == pytest.approx(10.03)


def test_sound_at_minus_45_dbfs_is_not_audible() -> None:
    ear = Ear()
    ear.take(np.full(960, round(32768 * 10 ** (-45 / 20)), dtype=np.int16), 48_000, 1.0)
    assert ear.first_after(0.0) is None


def test_an_answer_that_played_before_is_not_the_next_answer() -> None:
    ear = Ear()
    for number in range(20):
        ear.take(LOUD, 48_000, 1.0 + 0.02 * number)
    assert ear.first_after(1.2) is None
    assert ear.last_sound_s() == pytest.approx(1.4)
    ear.take(LOUD, 48_000, 3.0)
    assert ear.first_after(1.2) == pytest.approx(3.0)
    assert ear.first_after(1.2, before_s=2.0) is None
    assert ear.last_between(0.5, 2.0) == pytest.approx(1.4)


async def test_waiting_for_sound_ends_when_it_comes_or_in_time() -> None:
    ear = Ear()
    waiting = asyncio.create_task(ear.sound_after(5.0, timeout_s=5.0))
    await asyncio.sleep(0)
    ear.take(LOUD, 48_000, 5.5)
    assert await waiting == pytest.approx(5.5)
    with pytest.raises(TimeoutError):
        await ear.sound_after(6.0, timeout_s=0.01)


def told(seq: int, kind: str, **fields: object) -> str:
    return json.dumps({"v": 1, "seq": seq, "type": kind, "t_s": 0.0, **fields})


async def test_a_message_is_waited_for_by_its_fields() -> None:
    inbox = Inbox()
    waiting = asyncio.create_task(inbox.wait_for("caption", 5.0, final=True))
    await asyncio.sleep(0)
    inbox.put(told(1, "caption", text="what", final=False), 1.0)
    inbox.put(told(2, "caption", text="what is this", final=True), 2.0)
    arrived = await waiting
    assert arrived["text"] == "what is this"
    assert arrived.at_s == 2.0


async def test_a_message_that_does_not_come_says_what_came_instead() -> None:
    inbox = Inbox()
    inbox.put(told(1, "fault", code="broken"), 1.0)
    with pytest.raises(TimeoutError, match="broken"):
        await inbox.wait_for("answer", 0.01)


def test_repeated_and_skipped_numbers_are_counted() -> None:
    inbox = Inbox()
    for seq in (7, 8, 8, 11):
        inbox.put(told(seq, "state", state="idle"), 1.0)
    inbox.put(told(0, "notice", code="x"), 1.0)
    assert (inbox.repeated, inbox.skipped, inbox.last_seq) == (1, 2, 11)


def test_notes_of_the_media_library_are_not_ours() -> None:
    inbox = Inbox()
    inbox.put(json.dumps({"type": "log", "data": "response_starting"}), 1.0)
    assert inbox.arrived == []
