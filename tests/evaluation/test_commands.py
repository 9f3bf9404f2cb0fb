from __future__ import annotations

from pathlib import Path

import pytest

from omnilive_demo.evaluation import live, measure, startup
from omnilive_demo.evaluation.__main__ import COMMANDS, main
from omnilive_demo.evaluation.script import _FACTS


def test_without_a_name_it_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    said = capsys.readouterr().out
    assert all(name in said for name in COMMANDS)


def test_an_unknown_name_is_refused_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["latency"]) == 2
    assert "no measurement called 'latency'" in capsys.readouterr().err


def test_every_full_measurement_is_a_command_with_options_that_it_takes(tmp_path: Path) -> None:
    runs = [*measure.RUNS, measure.soak(60)]
    assert len({run.name for run in runs}) == len(runs)
    for run in runs:
        assert run.command in COMMANDS
        argv = measure.command(run, tmp_path)
        assert argv[-2:] == ["--json", str(tmp_path / f"{run.name}.json")]
        if run.command == "live":
            live.parser().parse_args(argv[4:])


def test_the_full_counts_are_those_of_the_design() -> None:
    runs = [run for run in measure.RUNS if run.command == "live"]
    options = {run.name: live.parser().parse_args([*run.argv, "--json", "x"]) for run in runs}
    assert options["one_session"].questions >= 40
    assert options["eight_sessions"].peers == 8
    assert options["eight_sessions"].every == 20
    assert (options["bad_network"].loss, options["bad_network"].delay_ms) == (5, 150)
    assert options["serial"].serial
    assert options["serial"].questions == options["disentangled"].questions
    assert measure.SOAK_MINUTES == 60


def test_the_list_names_every_measurement(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", "--list"]) == 0
    said = capsys.readouterr().out
    assert all(run.name in said for run in measure.RUNS)


def test_an_unknown_measurement_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        measure.main(["nonsense"])
    assert "nonsense" in capsys.readouterr().err


def test_an_app_that_is_not_there_is_a_sentence_and_not_a_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("omnilive_demo.evaluation.server.REPOSITORY", tmp_path)
    assert startup.main(["--times", "1", "--json", str(tmp_path / "x.json")]) == 1
    assert "app.py is not there" in capsys.readouterr().err
    assert not (tmp_path / "x.json").exists()


def test_serial_cannot_be_asked_of_an_app_that_runs_already(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        live.main(["--serial", "--url", "http://127.0.0.1:1", "--json", str(tmp_path / "x.json")])


def test_a_question_does_not_hold_the_answer_that_is_expected() -> None:
    for statement, question, expects in _FACTS:
        assert expects
        assert all(word in statement.lower() for word in expects)
        assert not any(word in question.lower() for word in expects)
