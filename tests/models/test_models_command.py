"""The command line that lists, fetches and checks models, run in this process against a stand-in of the hub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from models.hub_stand_in import StandIn, hub_stand_in

from omnilive_demo.models import __main__ as command
from omnilive_demo.models import registry
from omnilive_demo.models.spec import ModelFile, ModelSpec

LARGE = bytes(range(256)) * 500


@pytest.fixture
def standing(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """A hub that holds the two smallest of our models, with contents of our own, and so with hashes of its own."""
    small = {
        "smart-turn": (ModelFile("smart-turn-v3.2-cpu.onnx"),),
        "vocos-mel-24khz": registry.SPECS["vocos-mel-24khz"].files,
    }
    from dataclasses import replace

    from models.hub_stand_in import COMMIT

    specs: dict[str, ModelSpec] = {
        name: replace(spec, files=small.get(name, spec.files), revision=COMMIT if name in small else spec.revision)
        for name, spec in registry.SPECS.items()
    }
    monkeypatch.setattr(command, "SPECS", specs)
    monkeypatch.setattr(registry, "SPECS", specs)
    with hub_stand_in() as hub:
        hub.add("pipecat-ai/smart-turn-v3", {"smart-turn-v3.2-cpu.onnx": LARGE})
        hub.add("charactr/vocos-mel-24khz", {"config.yaml": b"a: 1", "pytorch_model.bin": LARGE})
        yield hub


@pytest.fixture
def place(standing: StandIn, tmp_path: Path) -> list[str]:
    return ["--endpoint", standing.url, "--cache", str(tmp_path / "hub")]


def test_all_models_are_listed_with_their_licences(place: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["list", *place]) == 0
    out = capsys.readouterr().out
    for spec in registry.SPECS.values():
        assert spec.repository in out
    assert "may not be used commercially" in out
    assert command.main(["list", "--profile", "lite", "--role", "synthesis", *place]) == 0
    out = capsys.readouterr().out
    assert "vits-ljs" in out
    assert "f5-tts" not in out


def test_fetched_models_are_here_and_whole(place: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["check", "smart-turn", *place]) == 1
    assert "smart-turn is not here" in capsys.readouterr().err
    assert command.main(["fetch", "--profile", "lite", "--role", "end_of_turn", *place]) == 0
    folder = Path(capsys.readouterr().out.split(": ", 1)[1].strip())
    assert (folder / "smart-turn-v3.2-cpu.onnx").read_bytes() == LARGE
    assert command.main(["check", "smart-turn", *place]) == 0
    assert "whole" in capsys.readouterr().out
    assert command.main(["list", "--role", "end_of_turn", *place]) == 0
    assert " yes " in capsys.readouterr().out
    assert command.main(["fetch", "smart-turn", "--offline", *place]) == 0


def test_a_damaged_model_is_found_and_comes_back(place: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["fetch", "smart-turn", *place]) == 0
    file = next(Path(place[-1]).rglob("smart-turn-v3.2-cpu.onnx"))
    file.resolve().write_bytes(LARGE[:-1] + b"?")
    assert command.main(["check", "smart-turn", *place]) == 1
    assert "fetch smart-turn" in capsys.readouterr().err
    assert command.main(["fetch", "smart-turn", *place]) == 0
    assert file.read_bytes() == LARGE


def test_what_cannot_be_had_is_one_line_and_the_rest_goes_on(
    place: list[str], standing: StandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    standing.gated.add("pipecat-ai/smart-turn-v3")
    assert command.main(["fetch", "smart-turn", "vocos-mel-24khz", *place]) == 1
    told = capsys.readouterr()
    assert "is gated" in told.err
    assert "vocos-mel-24khz: " in told.out
    assert "Traceback" not in told.err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["fetch"], "say which models"),
        (["fetch", "whisper-huge"], "whisper-large-v3-turbo"),
        (["fetch", "--profile", "nano"], "invalid choice"),
        (["dance"], "invalid choice"),
    ],
)
def test_what_is_not_a_command_is_said(argv: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(argv) == 2
    assert said in capsys.readouterr().err


def test_stopping_is_no_accident(
    place: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "fetch", interrupted)
    assert command.main(["fetch", "smart-turn", *place]) == 130
    assert "goes on from there" in capsys.readouterr().err
