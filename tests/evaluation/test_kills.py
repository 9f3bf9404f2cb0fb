"""A killed process loses nothing that it said was kept; and the trials themselves would notice."""

from __future__ import annotations

import contextlib
import json
import os
import random
import threading
from pathlib import Path

import pytest

from omnilive_demo.evaluation import kills
from omnilive_demo.evaluation.kills import KillFigures, trials
from omnilive_demo.memory.store import session_folder


@pytest.mark.parametrize("key", ["", "a key for tests"])
def test_nothing_that_was_kept_is_lost_when_the_process_is_killed(key: str) -> None:
    assert trials(8, seed=3, key=key) == KillFigures(kills=8, lost=0)


def test_clips_go_on_and_make_room_before_the_kill(tmp_path: Path) -> None:
    folder, told = session_folder(tmp_path, "abc"), kills._Told()
    for line in kills._fill(folder, ""):
        told.note(line)
    reader, writer = os.pipe()
    with os.fdopen(reader, "r") as lines:
        work = threading.Thread(target=_remember_until_nobody_listens, args=(folder, writer))
        work.start()
        said = [json.loads(lines.readline()) for _ in range(80)]
    work.join()
    os.close(writer)
    for line in said:
        told.note(line)
    clips = [line[1] for line in said if line[0] == "clip"]
    assert len(clips) > len(set(clips)), "some went on"
    memory = kills._open(folder, "")
    assert memory.figures().let_go > 0
    memory.close()
    assert kills._lost(folder, "", told, []) == 0
    newest = max(told.clips)
    start_s, end_s = told.clips[newest]
    told.clips[newest] = (start_s, end_s + 100.0)
    assert kills._lost(folder, "", told, []) == 1
    told.clips[newest] = (start_s - 1.0, start_s)
    assert kills._lost(folder, "", told, []) == 1


def _remember_until_nobody_listens(folder: Path, out: int) -> None:
    with contextlib.suppress(BrokenPipeError):
        kills._remember(folder, "", out, random.Random(1), kills.FULL_BYTES)


def test_a_loss_would_be_noticed(tmp_path: Path) -> None:
    folder = session_folder(tmp_path, "abc")
    memory = kills._open(folder, "")
    for t_s in range(8):
        memory.see(kills._frame(float(t_s)))
    memory.close()
    told = kills._Told()
    for line in (["clip", 1, 0.0, 3.0], ["clip", 2, 4.0, 7.0], ["clip", 3, 8.0, 11.0], ["words", 5.0], ["sound", 6.0]):
        told.note(line)
    assert kills._lost(folder, "", told, []) == 3
    assert kills._lost(folder, "", kills._Told(), [(0.0, 3.0)]) == 1
    told.note(["forgetting", 4.5, 20.0])
    assert kills._lost(folder, "", told, []) == 0
