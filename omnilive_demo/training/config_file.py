"""Configuration files of the trainings: a TOML file becomes a frozen dataclass, or a clear error.

A table of the file is a field that is a dataclass itself. Fields without a default must be in the file.
"""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import tomllib
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

C = TypeVar("C")

CONFIGS = Path(__file__).parent / "configs"


class ConfigError(ValueError):
    """What is wrong with a configuration, in words for the person who wrote it."""


@dataclass(frozen=True, slots=True)
class CommandLine(Generic[C]):
    """What a training was called with. `folder` takes the log and the checkpoints, `weights` the trained tensors."""

    config: C
    folder: Path
    weights: Path
    fresh: bool


def read_command_line(
    argv: Sequence[str], cls: type[C], task: str, weights: Path, own: Sequence[argparse.ArgumentParser] = ()
) -> CommandLine[C]:
    """Reads `--config FILE`, `--set key=value` (as often as wished), `--folder DIR`, `--weights FILE` and `--fresh`.

    own: the task's own options, for the help; what they are set to is the task's to read. Ends the program with the
    message of a `ConfigError`.
    """
    parser = argparse.ArgumentParser(prog=f"python -m omnilive_demo.training {task}", parents=own, allow_abbrev=False)
    parser.add_argument(
        "--config", type=Path, default=CONFIGS / f"{task}.toml", help="TOML file (default: the shipped)"
    )
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="e.g. --set run.minutes=5")
    parser.add_argument("--folder", type=Path, default=Path("runs") / task, help="log, curves and checkpoints")
    parser.add_argument("--weights", type=Path, default=weights, help="safetensors file to write")
    parser.add_argument("--fresh", action="store_true", help="begin anew although there is a checkpoint")
    found = parser.parse_args(argv)
    try:
        config = load_config(cls, found.config, found.set)
    except (ConfigError, OSError) as error:
        parser.error(str(error))
    return CommandLine(config, found.folder, found.weights, found.fresh)


def load_config(cls: type[C], path: Path, overrides: Sequence[str] = ()) -> C:
    """The dataclass `cls` from a TOML file; `overrides` are "key=value" or "table.key=value".

    Raises:
        ConfigError: an unknown or missing key, a value of the wrong type, or text that is not TOML.
        OSError: the file cannot be read.
    """
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from error
    for override in overrides:
        _override(table, override)
    made: C = _make(cls, table, str(path), "")
    return made


def _override(table: dict[str, Any], override: str) -> None:
    key, is_set, text = override.partition("=")
    if not is_set or not key.strip():
        raise ConfigError(f"--set {override}: write it as key=value")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()  # a word without quotes
    *tables, last = key.strip().split(".")
    for name in tables:
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            raise ConfigError(f"--set {override}: {name} is no table")
    table[last] = value


def _make(cls: type[Any], table: Mapping[str, Any], where: str, prefix: str) -> Any:
    fields = {field.name: field for field in dataclasses.fields(cls)}
    for key in table:
        if key not in fields:
            near = difflib.get_close_matches(key, fields, 1)
            hint = f"; did you mean {prefix}{near[0]}?" if near else f"; known are {', '.join(fields)}"
            raise ConfigError(f"{where}: unknown key {prefix}{key}{hint}")
    hints = get_type_hints(cls)
    values: dict[str, Any] = {}
    for name, field in fields.items():
        kind = hints[name]
        if name in table:
            values[name] = _value(kind, table[name], where, f"{prefix}{name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ConfigError(f"{where}: missing key {prefix}{name}")
    try:
        return cls(**values)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from error


def _value(kind: Any, value: Any, where: str, name: str) -> Any:
    if dataclasses.is_dataclass(kind) and isinstance(kind, type) and isinstance(value, Mapping):
        return _make(kind, value, where, f"{name}.")
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _value(next(one for one in get_args(kind) if one is not type(None)), value, where, name)
    if origin is tuple and isinstance(value, list):
        return tuple(_value(get_args(kind)[0], one, where, name) for one in value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is Path and isinstance(value, str):
        return Path(value)
    if origin is not None and origin is not tuple and value in get_args(kind):  # Literal
        return value
    if isinstance(kind, type) and isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    expected = getattr(kind, "__name__", str(kind)) if origin is None else str(kind)
    raise ConfigError(f"{where}: {name} = {value!r} is not of the type {expected}")
