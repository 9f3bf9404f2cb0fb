from __future__ import annotations

import json
import os
import signal
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from omnilive_demo.training.export import export
from omnilive_demo.training.run import Run, RunSettings


@dataclass(frozen=True, slots=True)
class Config:
    width: int
    run: RunSettings


SETTINGS = RunSettings(seed=5, steps=40, learning_rate=0.1, warm_up=0.1, log_every=5, precision="fp32", device="cpu")


def train(
    folder: Path, config: Config, stop_at: int | None = None, by_signal: bool = False
) -> tuple[torch.Tensor, Run]:
    """Fits a line to noise; every number that it draws matters for the outcome."""
    with Run(folder, config, config.run) as run:
        model = torch.nn.Linear(config.width, 1)
        optimiser = torch.optim.Adam(model.parameters())
        run.keep(model=model, optimiser=optimiser)
        run.resume()
        while run.goes_on():
            run.set_learning_rate(optimiser)
            x = torch.from_numpy(run.rng.standard_normal((8, config.width))).float()
            y = x.sum(1, keepdim=True) + torch.randn(8, 1, generator=run.torch_rng)
            loss = torch.nn.functional.mse_loss(torch.nn.functional.dropout(model(x), 0.1), y)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            run.step(loss=loss)
            if run.steps == stop_at:
                if by_signal:
                    os.kill(os.getpid(), signal.SIGTERM)
                else:
                    run.save()
                    break
    return model.weight.detach().clone(), run


def log_of(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text("utf-8").splitlines()]


def test_a_run_that_was_killed_ends_as_one_that_was_not(tmp_path: Path) -> None:
    config = Config(3, SETTINGS)
    whole, _ = train(tmp_path / "whole", config)
    _, first = train(tmp_path / "parts", config, stop_at=17, by_signal=True)
    assert not first.finished
    assert first.steps == 17
    parts, second = train(tmp_path / "parts", config)
    assert second.finished
    assert torch.equal(whole, parts)


def test_the_log_has_means_and_no_line_twice(tmp_path: Path) -> None:
    config = Config(3, SETTINGS)
    train(tmp_path, config, stop_at=17)
    (tmp_path / "log.jsonl").open("a").write('{"step": 30, "loss": 1.0}\n')  # written after the last checkpoint
    train(tmp_path, config)
    steps = [line["step"] for line in log_of(tmp_path)]
    assert steps == sorted(set(steps))
    assert steps[-1] == 40
    losses = [line["loss"] for line in log_of(tmp_path)]
    assert losses[-1] < losses[0]
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_another_configuration_does_not_go_on_from_a_checkpoint(tmp_path: Path) -> None:
    train(tmp_path, Config(3, SETTINGS), stop_at=10)
    with pytest.raises(ValueError, match="another configuration"):
        train(tmp_path, Config(4, SETTINGS))
    _, run = train(tmp_path, Config(3, replace(SETTINGS, steps=20)))  # the budget may change
    assert run.steps == 20


def test_a_checkpoint_is_whole_or_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train(tmp_path, Config(3, SETTINGS), stop_at=10)

    def torn(state: object, file: object) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", torn)
    with pytest.raises(OSError, match="disk full"):
        train(tmp_path, Config(3, SETTINGS), stop_at=20)
    monkeypatch.undo()
    _, run = train(tmp_path, Config(3, SETTINGS))
    assert run.finished


def test_minutes_that_are_spent_stay_spent(tmp_path: Path) -> None:
    settings = replace(SETTINGS, steps=0, minutes=10.0)
    with Run(tmp_path, Config(3, settings), settings) as run:
        run.resume()
        run._began_s -= 300.0  # five minutes go by
        assert run.share == pytest.approx(0.5, abs=0.01)
        middle = run.factor
    with Run(tmp_path, Config(3, settings), settings) as again:
        assert again.resume()
        assert again.share == pytest.approx(0.5, abs=0.01)
        assert again.factor == pytest.approx(middle, abs=0.01)
        again._began_s -= 300.0
        assert not again.goes_on()
        assert again.finished


def test_the_rate_rises_and_then_falls(tmp_path: Path) -> None:
    with Run(tmp_path, Config(3, SETTINGS), SETTINGS) as run:
        factors = []
        for run.steps in range(41):
            factors.append(run.factor)
    assert factors[4] == pytest.approx(1.0)
    assert factors[:5] == sorted(factors[:5])
    assert factors[4:] == sorted(factors[4:], reverse=True)
    assert factors[-1] == pytest.approx(SETTINGS.last_rate)


def test_exported_tensors_are_halved_and_their_story_is_told(tmp_path: Path) -> None:
    tensors = {"a": torch.randn(3, 4), "steps": torch.tensor(7)}
    size = export(tensors, tmp_path / "new" / "x.safetensors", {"about": "a test", "figures": {"top1": 0.5}})
    assert size == (tmp_path / "new" / "x.safetensors").stat().st_size
    with safe_open(tmp_path / "new" / "x.safetensors", "pt") as file:
        assert file.get_tensor("a").dtype == torch.float16
        assert torch.allclose(file.get_tensor("a").float(), tensors["a"], atol=2e-3)
        assert file.get_tensor("steps") == 7
        assert json.loads(file.metadata()["figures"]) == {"top1": 0.5}
        assert file.metadata()["about"] == "a test"


def test_what_is_too_large_or_no_number_is_not_shipped(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at most"):
        export({"a": torch.zeros(6_000_000)}, tmp_path / "x.safetensors", {})
    with pytest.raises(ValueError, match="not finite"):
        export({"a": torch.tensor([1e6])}, tmp_path / "x.safetensors", {})
    assert list(tmp_path.iterdir()) == []
