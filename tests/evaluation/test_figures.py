from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from omnilive_demo.evaluation import figures, report
from omnilive_demo.evaluation.inbox import Inbox
from omnilive_demo.evaluation.media import OpusClip
from omnilive_demo.evaluation.script import Line
from omnilive_demo.evaluation.server import Sample
from omnilive_demo.evaluation.visitor import Asked


def asked(said: str = "what is this", question: bool = True, **fields: Any) -> Asked:
    line = Line(OpusClip((), said), question, fields.pop("expects", ()))
    return Asked(0, line, fields.pop("onset_s", 9.0), fields.pop("end_s", 10.0), **fields)


def visitor(inbox: Inbox, *lines: Asked) -> Any:
    peer = SimpleNamespace(inbox=inbox, network=SimpleNamespace(lost=0))
    return SimpleNamespace(number=0, peer=peer, asked=list(lines), failure="")


def watcher(**fields: Any) -> Any:
    return SimpleNamespace(**{"samples": [], "health": [], "own": [], "own_lag_ms": [], **fields})


def clips(*times_s: tuple[float, float]) -> Inbox:
    inbox = Inbox()
    for number, (at_s, end_s) in enumerate(times_s, 1):
        inbox.put(json.dumps({"v": 1, "seq": number, "type": "clip", "id": -1, "end_s": end_s, "frames": number}), at_s)
    return inbox


def test_latency_runs_from_the_last_word_to_the_first_sound() -> None:
    answered = asked(heard="what is this", answered=True, first_sound_s=10.7, stages_ms={"recognise": 100.0})
    result = figures.conversation([answered])
    assert result["voice_to_voice_ms"]["p50"] == 700
    assert result["stages_ms"]["recognise"]["p50"] == 100
    assert result["stages_ms"]["transport and rest"]["p50"] == 600


def test_a_question_without_an_answer_is_lost_and_stays_in_the_list() -> None:
    silent = asked(heard="what is this", answered=True)
    talk = asked(heard="what is this", answered=False)
    unheard = asked()
    result = figures.conversation([silent, talk, unheard])
    lost = figures.lost([silent, talk, unheard], [visitor(Inbox())], watcher())
    assert result["voice_to_voice_ms"]["n"] == 0
    assert len(result["turns"]) == 3
    assert (lost["answers"], lost["questions_taken_for_talk"], lost["utterances"]) == (1, 1, 1)


def test_an_utterance_that_was_not_heard_is_all_errors() -> None:
    words = figures.conversation([asked(heard="what is this"), asked("one two three", heard=None)])["wer"]
    assert words["rate"] == 0.5
    assert words["words"] == 6


def test_statements_have_no_latency_but_count_when_they_are_answered() -> None:
    result = figures.conversation([asked(question=False, heard="x", answered=True, first_sound_s=11.0)])
    assert result["statements_answered"] == 1
    assert result["voice_to_voice_ms"]["n"] == 0


def test_answers_that_miss_the_point_are_counted() -> None:
    good = asked(answer="You said the meeting is on Thursday.", expects=("thursday",))
    bad = asked(answer="I do not know.", expects=("thursday",))
    assert figures.conversation([good, bad])["answers_on_the_point"] == {"right": 1, "n": 2}


def test_frames_seen_while_answering_and_the_longest_gap() -> None:
    going_on = visitor(clips((9.5, 1), (10.5, 2), (11.5, 3), (12.5, 4)), asked(first_sound_s=10.6, last_sound_s=13.0))
    result = figures.perception_while_answering([going_on])
    assert (result["frames"], result["seconds"]) == (3, 3.0)
    assert result["gap_s"]["max"] == 1.0


def test_perception_that_stands_still_shows_as_a_gap_of_the_whole_answer() -> None:
    inbox = clips((9.9, 1), (13.1, 2), (13.2, 3))
    result = figures.perception_while_answering([visitor(inbox, asked(first_sound_s=10.6, last_sound_s=13.0))])
    assert result["frames"] == 0
    assert result["gap_s"]["max"] == 3.0


def test_the_same_frame_told_twice_is_one_frame() -> None:
    assert figures.frames_seen_s(clips((1.0, 1), (1.1, 1), (2.0, 2))) == [1.0, 2.0]


def samples(minutes: int, mb_per_h: float, cpu: float = 0.25) -> list[Sample]:
    return [Sample(float(s), cpu * s, 500 + mb_per_h * s / 3600, 30, 60, 3) for s in range(0, minutes * 60, 10)]


def test_cpu_is_a_share_of_one_core_and_memory_has_a_slope() -> None:
    load = figures.load(watcher(samples=samples(60, 6.0), own=[(0.0, 0.0), (10.0, 1.0)]))
    assert load["server_cpu"]["mean"] == 0.25
    assert load["harness_cpu"]["mean"] == 0.1
    assert load["rss_mb"]["slope_mb_per_h"] == pytest.approx(6.0, abs=0.1)
    assert load["rss_mb"]["slope_from_minute"] == 10.0
    assert load["threads"] == load["threads"] | {"first": 30, "last": 30, "max": 30}


def test_memory_of_the_first_ten_minutes_is_not_a_leak() -> None:
    soak = samples(60, 0.0)
    soak = [Sample(s.at_s, s.cpu_s, s.rss_mb - max(0, 600 - s.at_s), 30, 60, 3) for s in soak]
    assert figures.load(watcher(samples=soak))["rss_mb"]["slope_mb_per_h"] == pytest.approx(0.0, abs=0.01)


def test_loop_lag_leaves_out_the_minute_before_the_run() -> None:
    health = [(float(t), {"loop_lag_ms": {"p50": 1.0, "p99": 90.0 if t < 60 else 12.0}}) for t in range(0, 200, 5)]
    lag = figures.load(watcher(health=health))["loop_lag_ms"]
    assert lag["p99"] == 12.0
    assert lag["worst_p99"] == 12.0


def test_an_app_that_cannot_be_looked_into_has_no_figures_rather_than_zeros() -> None:
    load = figures.load(watcher())
    assert load["server_cpu"]["p50"] is None
    assert load["rss_mb"] == {"n": 0}


def test_a_report_says_what_made_it_and_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "run.json"
    result = report.header("live", ["--speech", "my question.wav"]) | figures.conversation([asked()])
    report.write(path, result)
    stored = json.loads(path.read_text())
    assert stored["command"] == "python -m omnilive_demo.evaluation live --speech 'my question.wav'"
    assert stored["date"].endswith("+00:00")
    assert stored["machine"]["cores"] >= 1
    assert stored["machine"]["python"].startswith("3.")
    assert list(path.parent.iterdir()) == [path]
    with pytest.raises(ValueError, match="JSON"):
        report.write(path, {"broken": float("nan")})
    assert json.loads(path.read_text()) == stored


def test_a_table_is_aligned() -> None:
    assert report.table([("figure", "p50"), ("x", "1")]) == "figure  p50\n------  ---\nx       1"


def test_what_the_server_lost_is_added_up_over_its_sessions() -> None:
    session = {"lost_frames": 2, "lost_utterances": 0, "frames_seen": 50}
    polls = [(0.0, {}), (5.0, {"queues": {"lanes": {}, "sessions": {"a": session, "b": session}}})]
    lost = figures.lost([], [visitor(Inbox())], watcher(health=polls))
    assert lost["frames"] == 4
    assert lost["counted_by_server"] == {"lost_frames": 4, "lost_utterances": 0}
    assert figures.lost([], [visitor(Inbox())], watcher())["frames"] is None


def test_minutes_say_nothing_about_the_memory_of_an_hour() -> None:
    assert figures.load(watcher(samples=samples(5, 300.0)))["rss_mb"]["slope_mb_per_h"] is None
