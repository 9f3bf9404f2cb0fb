"""What every training uses: budget, learning rate, precision, log, curves, checkpoints, export.

Usage:

    @dataclass(frozen=True, slots=True)
    class EncoderConfig:          # read from training/configs/TASK.toml by `config_file.read_command_line`
        batch: int
        run: RunSettings          # the table [run] of the file

    with Run(folder, config, config.run) as run:          # folder: log.jsonl, curves.png, checkpoint.pt, config.json
        network.to(run.device)
        run.keep(network=network, optimiser=optimiser)    # whatever has state_dict() and load_state_dict()
        run.resume()                                      # from the checkpoint, if there is one; False if not
        while run.goes_on():                              # until the budget is used or somebody ends the program
            batch = draw(run.rng)                         # numpy generator; run.torch_rng is the one of torch (CPU)
            run.set_learning_rate(optimiser)              # settings.learning_rate * run.factor: warm-up, then cosine
            with run.autocast():
                loss = ...
            ...
            run.step(loss=loss, accuracy=accuracy)        # means go to the log and the progress bar
            if run.due("check", 60.0):                    # at most once in 60 s of budget
                run.log(val_top1=...)                     # one line in the log, now
    if run.finished:                                      # False after SIGTERM/SIGINT: call again to go on
        export(network.state_dict(), path, {"figures": {...}})     # training/export.py: float16 safetensors

A text encoder (MiniLM) sets torch's threads to 1 when it is made: make it before the run begins.

The schedule is a function of the share of the budget used (`run.share`, 0..1), so a run that was killed and resumed, or
one on a slower machine, still ends with a small learning rate. With `steps` set the budget is counted in steps instead
of minutes, which makes a run repeatable bit by bit.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Literal, Protocol, Self

import numpy as np
import torch
from tqdm import tqdm  # type: ignore[import-untyped]

from omnilive_demo.training.curves import draw_curves
from omnilive_demo.training.device import choose_device, has_bf16


class Kept(Protocol):
    """A part of a checkpoint: a module, an optimiser, ..."""

    def state_dict(self) -> Any:
        """Its state."""
        ...

    def load_state_dict(self, state_dict: Any) -> Any:
        """Takes a state back."""
        ...


class HasGroups(Protocol):
    """An optimiser, as far as its learning rates go."""

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """What is treated alike, each with its `lr`."""
        ...


@dataclass(frozen=True, slots=True)
class RunSettings:
    """The table [run] of a configuration.

    minutes: wall time of the whole training. steps: if above 0 the budget, in place of minutes. warm_up: share of the
    budget with a rising rate. threads: of torch on the CPU, 0 leaves it alone.
    """

    seed: int = 1
    minutes: float = 30.0
    steps: int = 0
    learning_rate: float = 1e-3
    warm_up: float = 0.03
    last_rate: float = 0.01  # share of the learning rate at the end
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    device: str = "auto"
    threads: int = 0
    log_every: int = 20
    checkpoint_every_s: float = 120.0

    def __post_init__(self) -> None:
        if self.minutes <= 0 or self.steps < 0 or not 0 <= self.warm_up < 1:
            raise ValueError("run: minutes must be above 0, steps at least 0, warm_up in [0, 1)")


class Run:
    """One training run in a folder. Not for several threads."""

    def __init__(self, folder: Path, config: Any, settings: RunSettings, fresh: bool = False) -> None:
        self.folder = folder
        self.settings = settings
        self.device = torch.device(choose_device(settings.device))
        self.bf16 = has_bf16(self.device) if settings.precision == "auto" else settings.precision == "bf16"
        self.steps = 0
        self.rng = np.random.default_rng(settings.seed)
        self.torch_rng = torch.Generator().manual_seed(settings.seed)
        self._config = _plain(config)
        self._fresh = fresh
        self._kept: dict[str, Kept] = {}
        self._spent_before_s = 0.0
        self._began_s = time.monotonic()
        self._saved_s = self._began_s
        self._due: dict[str, float] = {}
        self._sums: dict[str, Any] = {}
        self._summed = 0
        self._ended = False
        self._handlers: dict[int, Any] = {}
        self._bar: Any = None

    # ---- begin and end

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.settings.threads:
            torch.set_num_threads(self.settings.threads)
        torch.manual_seed(self.settings.seed)  # dropout and initialisation use the global generator
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(ValueError):  # not in the main thread: then nobody can signal us
                self._handlers[number] = signal.signal(number, self._end)
        if self._fresh:
            for old in ("checkpoint.pt", "log.jsonl"):
                (self.folder / old).unlink(missing_ok=True)
        (self.folder / "config.json").write_text(json.dumps(self._config, indent=1), "utf-8")
        self._bar = tqdm(total=100.0, bar_format="{percentage:5.1f}% {bar:20} {elapsed} {postfix}", mininterval=1.0)
        self._began_s = self._saved_s = time.monotonic()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if self._bar is not None:
            self._bar.close()
        if kind is None:
            self._write_means()
            self.save()
            draw_curves(self.folder / "log.jsonl", self.folder / "curves.png")

    def _end(self, number: int, frame: FrameType | None) -> None:
        self._ended = True  # the loop sees it at its next turn, so that nothing is half done when it is saved

    # ---- budget

    @property
    def spent_s(self) -> float:
        """Wall seconds of this run, those before a resume included."""
        return self._spent_before_s + time.monotonic() - self._began_s

    @property
    def share(self) -> float:
        """The share of the budget that is used, 0..1."""
        if self.settings.steps:
            return min(1.0, self.steps / self.settings.steps)
        return min(1.0, self.spent_s / (self.settings.minutes * 60))

    @property
    def finished(self) -> bool:
        """Whether the budget is used."""
        return self.share >= 1.0

    @property
    def factor(self) -> float:
        """What the learning rate is multiplied by now: a linear warm-up, then half a cosine."""
        share, first, last = self.share, self.settings.warm_up, self.settings.last_rate
        if share < first:
            return max(share / first, 0.01)
        return last + (1 - last) * 0.5 * (1 + math.cos(math.pi * (share - first) / (1 - first)))

    def goes_on(self) -> bool:
        """Whether there is budget left and nobody ended the program; writes a checkpoint when one is due."""
        if time.monotonic() - self._saved_s > self.settings.checkpoint_every_s:
            self.save()
            draw_curves(self.folder / "log.jsonl", self.folder / "curves.png")
        return not self._ended and not self.finished

    def due(self, name: str, every_s: float) -> bool:
        """Whether `every_s` of the budget passed since this was last due under this name (the first time at once)."""
        if self.spent_s < self._due.get(name, 0.0):
            return False
        self._due[name] = self.spent_s + every_s
        return True

    # ---- a step

    def set_learning_rate(self, optimiser: HasGroups) -> None:
        """Sets the rate of every group; a group's own key `scale` (default 1) multiplies it."""
        for group in optimiser.param_groups:
            group["lr"] = self.settings.learning_rate * self.factor * group.get("scale", 1.0)

    def autocast(self) -> torch.autocast:
        """bfloat16 where the settings and the device allow it, else nothing."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16)

    def step(self, **figures: float | torch.Tensor) -> None:
        """Counts a step; the means of its figures go to the log every `log_every` steps."""
        self.steps += 1
        for name, value in figures.items():
            self._sums[name] = self._sums.get(name, 0.0) + (value.detach() if torch.is_tensor(value) else value)
        self._summed += 1
        if self._summed >= self.settings.log_every:
            self._write_means()

    def _write_means(self) -> None:
        if self._summed:
            means = {name: float(value) / self._summed for name, value in self._sums.items()}
            self._sums, self._summed = {}, 0
            self.log(**means)

    def log(self, **figures: float) -> None:
        """Writes one line to the log and the progress bar."""
        now = {"step": self.steps, "share": round(self.share, 5), "spent_s": round(self.spent_s, 1)}
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps({**now, **{name: _short(value) for name, value in figures.items()}}) + "\n")
        if self._bar is not None:
            self._bar.n = round(100 * self.share, 1)
            self._bar.set_postfix_str(" ".join(f"{name} {_short(value)}" for name, value in figures.items()))

    # ---- checkpoints

    def keep(self, **parts: Kept) -> None:
        """Names what a checkpoint holds."""
        self._kept.update(parts)

    def save(self) -> None:
        """Writes the checkpoint: whole or not at all."""
        state = {
            "parts": {name: part.state_dict() for name, part in self._kept.items()},
            "steps": self.steps,
            "spent_s": self.spent_s,
            "due": dict(self._due),
            "config": json.dumps(self._config),
            "rng": json.dumps(self.rng.bit_generator.state),
            "torch_rng": self.torch_rng.get_state(),
            "torch_global_rng": torch.get_rng_state(),
        }
        path = self.folder / "checkpoint.pt"
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
        self._saved_s = time.monotonic()

    def resume(self) -> bool:
        """Goes on from the checkpoint; False when there is none.

        Raises:
            ValueError: the checkpoint was made with another configuration (the table [run] may differ).
        """
        path = self.folder / "checkpoint.pt"
        if not path.exists():
            (self.folder / "log.jsonl").unlink(missing_ok=True)
            return False
        state = torch.load(path, map_location="cpu", weights_only=True)
        if _without_run(json.loads(state["config"])) != _without_run(json.loads(json.dumps(self._config))):
            raise ValueError(f"{path} was made with another configuration: use another folder, or --fresh")
        for name, part in self._kept.items():
            part.load_state_dict(state["parts"][name])
        self.steps = state["steps"]
        self._spent_before_s, self._began_s = state["spent_s"], time.monotonic()
        self._due = dict(state["due"])
        self.rng.bit_generator.state = json.loads(state["rng"])
        self.torch_rng.set_state(state["torch_rng"])
        torch.set_rng_state(state["torch_global_rng"])
        _forget_lines_after(self.folder / "log.jsonl", self.steps)
        return True


def _plain(config: Any) -> Any:
    if dataclasses.is_dataclass(config) and not isinstance(config, type):
        return {field.name: _plain(getattr(config, field.name)) for field in dataclasses.fields(config)}
    if isinstance(config, tuple | list):
        return [_plain(one) for one in config]
    return str(config) if isinstance(config, Path) else config


def _without_run(config: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key != "run"}


def _short(value: float) -> float:
    return float(f"{float(value):.5g}")


def _forget_lines_after(log: Path, step: int) -> None:
    if log.exists():
        lines = log.read_text("utf-8").splitlines()
        log.write_text("".join(f"{line}\n" for line in lines if json.loads(line)["step"] <= step), "utf-8")
