"""A killed process loses nothing that it said was kept; and the trials themselves would notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from omnilive_demo.evaluation import kills
from omnilive_demo.evaluation.kills import KillFigures, trials
from omnilive_demo.memory.store import session_folder


@pytest.mark.parametrize("key", ["", "a key for tests"])
def test_nothing_that_was_kept_is_lost_when_the_process_is_killed(key: str) -> None:
    assert trials(8, seed=3, key=key) == KillFigures(kills=8, lost=0)


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
