from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omnilive_demo.evaluation import conversation, conversation_figures
from omnilive_demo.evaluation.changing_scenes import Judged
from omnilive_demo.evaluation.conversation_trials import Asked, Disturbed, resume_gap_ms
from omnilive_demo.evaluation.inbox import Arrived
from omnilive_demo.evaluation.record import Record
from omnilive_demo.evaluation.report import table
from omnilive_demo.evaluation.talking_over import TalkedOver


def states(*told: tuple[float, str]) -> list[Arrived]:
    return [Arrived(at_s, {"type": "state", "state": state}) for at_s, state in told]


def test_an_answer_goes_on_so_long_after_the_stimulus() -> None:
    assert resume_gap_ms(states((1.1, "ducked"), (1.9, "speaking")), end_s=1.7) == 200.0
    assert resume_gap_ms(states((1.1, "ducked"), (1.4, "speaking")), end_s=1.7) == 0.0
    assert resume_gap_ms(states((1.1, "speaking")), end_s=1.7) is None
    twice = states((1.1, "ducked"), (1.2, "speaking"), (1.5, "ducked"), (2.1, "speaking"))
    assert resume_gap_ms(twice, end_s=1.7) == 400.0


def test_an_echo_has_no_end_and_every_ducking_counts() -> None:
    twice = states((1.0, "ducked"), (1.5, "speaking"), (3.0, "ducked"), (3.1, "speaking"))
    assert resume_gap_ms(twice, end_s=None) == 500.0


def disturbed(kind: str, stopped: bool) -> Disturbed:
    gap_ms = None if stopped else 150.0
    return Disturbed(kind, "x", 0.3, stopped, 90.0, gap_ms, 400.0)


def test_false_stops_are_counted_over_what_was_usable_and_by_kind() -> None:
    tried = [disturbed("echo", True), disturbed("echo", False), disturbed("throat", False), None]
    figures = conversation_figures.stimuli(tried)
    assert figures["false_stop_rate"] == pytest.approx(1 / 3, abs=1e-4)
    assert figures["resume_gap_ms"]["n"] == 2
    assert figures["stimuli"]["not_usable"] == 1
    assert figures["stimuli"]["by_kind"]["echo"] == {"n": 2, "false_stop_rate": 0.5}
    assert figures["stimuli"]["by_kind"]["back-channel"]["false_stop_rate"] is None


def test_interruptions_and_the_words_that_came_too_late() -> None:
    tried = [TalkedOver(80.0, 240.0, 1), TalkedOver(None, 300.0, 2), None]
    figures = conversation_figures.interruptions(tried)
    assert (figures["duck_ms"]["n"], figures["stop_ms"]["p50"]) == (1, 270.0)
    assert figures["words_after_interruption"]["max"] == 2
    assert (figures["interruptions"]["never_ducked"], figures["interruptions"]["not_usable"]) == (1, 1)


def test_cut_offs_are_a_share_of_all_that_hesitated() -> None:
    asked = [Asked("q", "slt", 0.9, outcome, (), "a", 600.0) for outcome in ("whole", "mended", "cut off", "not heard")]
    figures = conversation_figures.hesitating(asked)  # type: ignore[arg-type]
    assert figures["cut_off_rate"] == 0.25
    assert figures["hesitating"]["not_heard"] == 1


def test_changes_with_and_without_refresh_stand_side_by_side() -> None:
    def shown(*kinds: Any) -> list[dict[str, Any]]:
        sentences = [Judged("", kind, (), 1.0) for kind in kinds]
        return [{"usable": True, "sentences": sentences, "gaps_ms": [120.0] * (len(kinds) - 1)}]

    figures = conversation_figures.changes(
        {"with_refresh": shown("true", "true"), "without_refresh": shown("true", "stale")}
    )
    assert figures["stale_sentence_rate"] == {"with_refresh": 0.0, "without_refresh": 0.5}
    assert (figures["sentence_gap_ms"]["p50"], figures["sentence_gap_ms"]["n"]) == (120.0, 2)


def test_what_the_server_does_not_count_is_not_told_as_nought() -> None:
    figures = conversation_figures.speculation({"speculated": 4}, {"speculated"})
    assert figures == {"speculation": {"begun": 4, "hits": None, "revoked": None}}


def test_the_table_shows_what_was_measured_and_nothing_else() -> None:
    result = conversation_figures.stimuli([disturbed("echo", False)])
    shown = table(conversation_figures.rows(result))
    assert "false stops" in shown
    assert "0.0 %" in shown
    assert "voice to voice" not in shown


def test_the_full_counts_are_those_of_the_design() -> None:
    options = conversation.parser().parse_args(["--json", "x"])
    assert options.stimuli == 60
    assert options.hesitating >= 40
    assert options.changes >= 10
    assert options.scenes is None  # all of them


def test_a_scene_that_is_not_there_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert conversation.main(["--scene", "dragon", "--json", str(tmp_path / "x.json")]) == 1
    assert "no scene called dragon" in capsys.readouterr().err


def test_a_record_finds_onsets_gaps_and_the_last_sound() -> None:
    record = Record()
    for number in range(100):
        loud = 10 <= number < 20 or 26 <= number < 30  # 0.2 .. 0.4 s and 0.52 .. 0.6 s
        record.take(np.full(960, 3000 if loud else 0, np.int16), 48_000, 0.02 * number)
    assert record.onsets_s(0.0) == [pytest.approx(0.2), pytest.approx(0.52)]
    assert record.onsets_s(0.3) == [pytest.approx(0.52)]
    assert record.last_audible_s(0.0, 0.5) == pytest.approx(0.4)
    assert record.last_audible_s(1.0) is None
    assert record.falls_silent_s(0.3, 0.1) == pytest.approx(0.4)
    assert record.falls_silent_s(0.3, 0.2) == pytest.approx(0.6)
    assert record.falls_silent_s(1.0, 0.2) == 1.0
    assert record.longest_silence_s(0.2, 0.6) == pytest.approx(0.12)
    assert record.longest_silence_s(1.0, 1.5) == pytest.approx(0.5)
