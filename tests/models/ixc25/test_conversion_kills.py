"""The conversion, killed: at any line and in the middle of a file, it goes on and writes nothing twice."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest
from models.ixc25.tiny_release import SHARD, check_whole, shards, write_release
from torch import Tensor

from omnilive_demo.models.ixc25_omnilive import conversion
from omnilive_demo.models.ixc25_omnilive.conversion import NOTES, convert


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return write_release(tmp_path / "release")


def in_a_child(work: Callable[[], object]) -> int:
    """The signal that ended a process which does some work; 0 when it came to its end."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_at(line: int, work: Callable[[], object]) -> bool:
    """Whether some work was killed (kill -9) before the n-th line of the conversion that it ran."""
    left = line

    def trace(frame: FrameType, event: str, _: object) -> Callable[..., object] | None:
        nonlocal left
        if frame.f_code.co_filename != conversion.__file__:
            return None
        if event == "line":
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    def traced() -> None:
        sys.settrace(trace)
        work()

    return in_a_child(traced) == -signal.SIGKILL


def files(out: Path) -> set[str]:
    return {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file() and path.suffix != ".part"}


def check_configs_last(out: Path, whole: set[str]) -> None:
    """Where a configuration is, all that is none is there."""
    there, configs = files(out), {file for file in whole if Path(file).name in ("config.json", "adapter_config.json")}
    assert not there & configs or not whole - configs - there


def test_the_configurations_of_all_folders_come_last(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, plain, brought = tmp_path / "out", conversion._bring, []
    (release / "adapter" / "adapter_config.json").write_text("{}")
    (release / "base" / "tokenizer.model").write_bytes(b"pieces")
    convert(release, tmp_path / "whole", shard_bytes=SHARD)
    whole = files(tmp_path / "whole")

    def bring(source: Path, target: Path) -> None:
        check_configs_last(out, whole)
        plain(source, target)
        brought.append(str(target.relative_to(out)))

    monkeypatch.setattr(conversion, "_bring", bring)
    convert(release, out, shard_bytes=SHARD)
    assert set(brought[-3:]) == {"base/config.json", "adapter/adapter_config.json", "memory/config.json"}
    assert {"base/tokenizer.model", "memory/model.safetensors"} <= set(brought)
    assert files(out) == whole


def test_killed_anywhere_it_goes_on_and_writes_nothing_twice(release: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    line, kills, kept = 12, 0, 0
    convert(release, out, shard_bytes=SHARD)
    whole = files(out)
    while True:
        shutil.rmtree(out, ignore_errors=True)
        if not killed_at(line, lambda: convert(release, out, shard_bytes=SHARD)):
            break
        kills += 1
        check_configs_last(out, whole)
        noted = json.loads((out / NOTES).read_text()) if (out / NOTES).is_file() else {}
        before = {file: which for file, which in shards(out).items() if file in noted} if out.exists() else {}
        assert before.keys() == noted.keys()
        convert(release, out, shard_bytes=SHARD)
        check_whole(out)
        assert {file: which for file, which in shards(out).items() if file in before} == before
        kept += len(before)
        line += 59
    assert kills > 10
    assert kept > 20


def test_killed_again_and_again_it_comes_to_its_end(release: Path, tmp_path: Path) -> None:
    out, runs = tmp_path / "out", 0
    while killed_at(150 + 50 * runs, lambda: convert(release, out, shard_bytes=SHARD)):
        runs += 1
        assert runs < 60
    assert runs > 5
    check_whole(out)


def test_killed_in_the_middle_of_a_file(release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, plain, calls = tmp_path / "out", conversion.save_file, []

    def half(tensors: dict[str, Tensor], path: Path, **named: object) -> None:
        plain(tensors, path, **named)  # type: ignore[arg-type]
        calls.append(path)
        if len(calls) == 3:
            with path.open("r+b") as file:
                file.truncate(path.stat().st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)

    with monkeypatch.context() as patched:
        patched.setattr(conversion, "save_file", half)
        assert in_a_child(lambda: convert(release, out, shard_bytes=SHARD)) == -signal.SIGKILL
    assert list(out.rglob("*.part"))
    assert not (out / "base" / "config.json").exists()
    before = shards(out)
    assert len(before) == 2
    convert(release, out, shard_bytes=SHARD)
    check_whole(out)
    assert {file: which for file, which in shards(out).items() if file in before} == before
