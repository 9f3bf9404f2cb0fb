from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from omnilive_demo.training.config_file import CONFIGS, ConfigError, load_config
from omnilive_demo.training.frame_encoder import FrameEncoderConfig


@dataclass(frozen=True, slots=True)
class Inner:
    rate: float = 0.5
    on: bool = False

    def __post_init__(self) -> None:
        if self.rate < 0:
            raise ValueError("rate must not be negative")


@dataclass(frozen=True, slots=True)
class Outer:
    folder: Path
    batch: int
    sizes: tuple[int, ...] = (1,)
    mode: Literal["a", "b"] = "a"
    note: str | None = None
    inner: Inner = Inner()


def written(folder: Path, text: str) -> Path:
    path = folder / "some.toml"
    path.write_text(text, "utf-8")
    return path


def test_tables_lists_and_paths_become_what_the_dataclass_says(tmp_path: Path) -> None:
    path = written(tmp_path, 'folder = "x"\nbatch = 3\nsizes = [4, 9]\nnote = "n"\n[inner]\nrate = 2\n')
    assert load_config(Outer, path) == Outer(Path("x"), 3, (4, 9), "a", "n", Inner(rate=2.0))


def test_overrides_reach_into_tables_and_words_need_no_quotes(tmp_path: Path) -> None:
    path = written(tmp_path, 'folder = "x"\nbatch = 3\n')
    made = load_config(Outer, path, ["batch=5", "inner.rate=0.25", "inner.on=true", "mode=b", "folder=/some/where"])
    assert made == Outer(Path("/some/where"), 5, mode="b", inner=Inner(0.25, True))


@pytest.mark.parametrize(
    ("text", "overrides", "says"),
    [
        ('folder = "x"\nbatch = 3\nbacth = 4\n', [], "unknown key bacth; did you mean batch"),
        ('folder = "x"\nbatch = 3\n[inner]\nspeed = 1\n', [], "unknown key inner.speed; known are rate, on"),
        ('folder = "x"\n', [], "missing key batch"),
        ('folder = "x"\nbatch = "many"\n', [], "batch = 'many' is not of the type int"),
        ('folder = "x"\nbatch = true\n', [], "batch = True is not of the type int"),
        ('folder = "x"\nbatch = 3\nmode = "c"\n', [], "mode = 'c'"),
        ('folder = "x"\nbatch = 3\n', ["inner.rate=-1"], "rate must not be negative"),
        ('folder = "x"\nbatch = 3\n', ["batch"], "write it as key=value"),
        ('folder = "x"\nbatch = 3\n', ["batch.size=1"], "batch is no table"),
        ("folder = \n", [], "some.toml"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, overrides: list[str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        load_config(Outer, written(tmp_path, text), overrides)


def test_the_shipped_configuration_is_one() -> None:
    config = load_config(FrameEncoderConfig, CONFIGS / "frame_encoder.toml")
    assert config.run.minutes <= 60
