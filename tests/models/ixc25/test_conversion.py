"""The one-time conversion: the same tensors bit for bit, whatever stops it, and a sentence for what is wrong."""

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
import torch
from filelock import FileLock
from models.ixc25.tiny_memory import write_tiny_memory
from safetensors.torch import load_file
from torch import Tensor

from omnilive_demo.models import __main__ as command
from omnilive_demo.models.ixc25_omnilive import conversion
from omnilive_demo.models.ixc25_omnilive.conversion import NOTES, convert
from omnilive_demo.models.ixc25_omnilive.conversion_plan import ConversionError
from omnilive_demo.models.ixc25_omnilive.memory import load_memory_module
from omnilive_demo.models.memory_module.weight_files import WeightsError, read_folder

SHARD = 3000  # bytes


def base_tensors() -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(1)
    made = {f"model.layers.{i}.weight": torch.randn(20, 30, generator=random).bfloat16() for i in range(9)}
    made |= {"plora_sub_GN": torch.randn(1, 1, 1, 8, generator=random), "count": torch.tensor(7)}
    made["one"] = made["again"] = torch.tensor([1.5, float("nan"), float("inf")])  # the same memory, and no number
    made["turned"] = torch.arange(6.0).reshape(2, 3).T  # not contiguous
    made["large"] = torch.randn(2000, generator=random)  # larger than a shard
    made["bools"] = torch.tensor([True, False])
    return made


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """`base` in two `.bin` shards with its tower apart, the adapter, and a memory that is safetensors already."""
    folder = tmp_path / "release"
    base, tower, adapter = folder / "base", folder / "base" / "IXC2d5_clip_l_560", folder / "adapter"
    tower.mkdir(parents=True)
    adapter.mkdir()
    held = base_tensors()
    where = {name: f"pytorch_model-0000{1 + (i > 6)}-of-00002.bin" for i, name in enumerate(held)}
    for file in set(where.values()):
        torch.save({name: held[name] for name in held if where[name] == file}, base / file)
    (base / "pytorch_model.bin.index.json").write_text(json.dumps({"metadata": {}, "weight_map": where}))
    (base / "config.json").write_text('{"hidden_size": 64}')
    (base / "modeling.py").write_text("raise SystemExit\n")
    torch.save({"vision_model.a": torch.ones(4)}, tower / "pytorch_model.bin")
    torch.save({"base_model.b": torch.ones(3).bfloat16()}, adapter / "adapter_model.bin")
    torch.save({"rate": 0.1}, adapter / "training_args.bin")
    write_tiny_memory(folder / "memory")
    (folder / ".cache").mkdir()
    torch.save({"hidden": torch.ones(1)}, folder / ".cache" / "pytorch_model.bin")
    return folder


def bits(tensors: dict[str, Tensor]) -> dict[str, tuple[object, ...]]:
    return {
        n: (t.dtype, tuple(t.shape), t.contiguous().reshape(-1).view(torch.uint8).tolist()) for n, t in tensors.items()
    }


def shards(out: Path) -> dict[str, tuple[int, int]]:
    """Which file is which: whoever writes one anew makes another."""
    return {
        str(path.relative_to(out)): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in out.rglob("*.safetensors")
        if "memory" not in path.parts
    }


def check_whole(out: Path) -> None:
    assert bits(read_folder(out / "base")) == bits(base_tensors())
    assert bits(load_file(out / "base" / "IXC2d5_clip_l_560" / "model.safetensors")) == bits(
        {"vision_model.a": torch.ones(4)}
    )
    assert bits(load_file(out / "adapter" / "adapter_model.safetensors")) == bits(
        {"base_model.b": torch.ones(3).bfloat16()}
    )
    assert (out / "base" / "config.json").read_text() == '{"hidden_size": 64}'
    files = [path.name for path in out.rglob("*") if path.is_file()]
    assert not [name for name in files if name.endswith((".part", ".bin", ".bin.index.json"))]


def test_a_release_is_converted_bit_for_bit(release: Path, tmp_path: Path) -> None:
    out, told = tmp_path / "out", []
    left_out = convert(release, out, lambda *step: told.append(step), SHARD)
    check_whole(out)
    assert [path.name for path in left_out] == ["training_args.bin"]
    index = json.loads((out / "base" / "model.safetensors.index.json").read_text())
    files = sorted({*index["weight_map"].values()})
    assert len(files) > 4
    assert files == [f"model-{i:05}-of-{len(files):05}.safetensors" for i in range(1, len(files) + 1)]
    for file in files:
        held = load_file(out / "base" / file)
        assert sum(tensor.nbytes for tensor in held.values()) <= SHARD or len(held) == 1
    assert index["metadata"]["total_size"] == sum(tensor.nbytes for tensor in base_tensors().values())
    done = [step[1] for step in told]
    assert done == sorted(done)
    assert told[-1][1] == told[-1][2]
    memory = out / "memory"
    assert os.path.samefile(memory / "model.safetensors", release / "memory" / "model.safetensors")
    assert not os.path.samefile(memory / "config.json", release / "memory" / "config.json")
    load_memory_module(memory)
    assert not (out / ".cache").exists()


def test_a_memory_in_pickles_is_the_same_module_afterwards(tmp_path: Path) -> None:
    source = write_tiny_memory(tmp_path / "memory", "bin shards")
    convert(source, tmp_path / "out", shard_bytes=60_000)
    one, other = (load_memory_module(folder).module.state_dict() for folder in (source, tmp_path / "out"))
    assert all(torch.equal(one[name], other[name]) for name in one)


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


def test_killed_anywhere_it_goes_on_and_writes_nothing_twice(release: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    line, kills, kept = 12, 0, 0
    while True:
        shutil.rmtree(out, ignore_errors=True)
        if not killed_at(line, lambda: convert(release, out, shard_bytes=SHARD)):
            break
        kills += 1
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


def test_what_is_damaged_or_of_another_release_is_written_again(release: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    convert(release, out, shard_bytes=SHARD)
    before = shards(out)
    convert(release, out, shard_bytes=SHARD)
    assert shards(out) == before
    damaged = next(out.glob("base/model-00002-of-*.safetensors"))
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    convert(release, out, shard_bytes=SHARD)
    check_whole(out)
    anew = {file for file, which in shards(out).items() if before[file] != which}
    assert anew == {str(damaged.relative_to(out))}
    torch.save({"vision_model.a": torch.full((4,), 2.0)}, release / "base" / "IXC2d5_clip_l_560" / "pytorch_model.bin")
    convert(release, out, shard_bytes=SHARD)
    assert load_file(out / "base" / "IXC2d5_clip_l_560" / "model.safetensors")["vision_model.a"].tolist() == [2.0] * 4
    (out / NOTES).write_text("{")
    convert(release, out, shard_bytes=SHARD)
    assert bits(read_folder(out / "base")) == bits(base_tensors())


def test_a_disk_that_is_too_small_is_told_before_anything_is_written(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, large = tmp_path / "out", conversion._SPARE_BYTES + 10_000
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(conversion.shutil, "disk_usage", lambda _: usage._replace(free=large))
    with pytest.raises(ConversionError, match=r"is too small: it takes 0\.1 GB more, and 0\.1 GB are free"):
        convert(release, out, shard_bytes=SHARD)
    assert not list(out.rglob("*.safetensors"))
    monkeypatch.undo()
    convert(release, out, shard_bytes=SHARD)
    monkeypatch.setattr(conversion.shutil, "disk_usage", lambda _: usage._replace(free=large))
    convert(release, out, shard_bytes=SHARD)  # what is finished takes no space


def test_a_disk_that_fills_up_is_told_and_what_is_finished_is_kept(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, plain, calls = tmp_path / "out", conversion.save_file, []

    def full(tensors: dict[str, Tensor], path: Path, **named: object) -> None:
        calls.append(path)
        if len(calls) > 2:
            raise OSError(28, "No space left on device")
        plain(tensors, path, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(conversion, "save_file", full)
    with pytest.raises(ConversionError, match=r"cannot be written: the disk is full\. What is finished is kept"):
        convert(release, out, shard_bytes=SHARD)
    before = shards(out)
    monkeypatch.undo()
    convert(release, out, shard_bytes=SHARD)
    assert len(before) == 2
    assert {file: which for file, which in shards(out).items() if file in before} == before


def test_what_did_not_reach_the_disk_is_noticed(release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = conversion.save_file
    monkeypatch.setattr(
        conversion, "save_file", lambda held, *a, **n: plain({k: v * 0 for k, v in held.items()}, *a, **n)
    )
    with pytest.raises(ConversionError, match="Is the disk in order"):
        convert(release, tmp_path / "out", shard_bytes=SHARD)
    assert not list((tmp_path / "out").rglob("*.safetensors"))


def harm(release: Path, how: str) -> None:
    base = release / "base"
    first, second = base / "pytorch_model-00001-of-00002.bin", base / "pytorch_model-00002-of-00002.bin"
    index = base / "pytorch_model.bin.index.json"
    match how:
        case "missing":
            second.unlink()
        case "missing, no index":
            second.unlink()
            index.unlink()
        case "cut":
            second.write_bytes(second.read_bytes()[:-50])
        case "code":
            torch.save({"a": torch.ones(1), "b": os.system}, second)
        case "no tensors":
            torch.save({}, second)
        case "twice":
            torch.save(torch.load(first), second)
        case "spare":
            torch.save({"spare": torch.ones(1)}, base / "pytorch_model.bin")
        case "another index":
            names = json.loads(index.read_text())["weight_map"]
            index.write_text(json.dumps({"weight_map": names | {"lost": second.name}}))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("missing", r"pytorch_model-00002-of-00002\.bin is missing"),
        ("missing, no index", r"pytorch_model-00002-of-00002\.bin is missing"),
        ("cut", r"pytorch_model-00002-of-00002\.bin is damaged or incomplete"),
        ("code", r"pytorch_model-00002-of-00002\.bin holds more than tensors"),
        ("no tensors", "holds no tensors"),
        ("twice", r"is in pytorch_model-00001-of-00002\.bin and once more in"),
        ("spare", r"pytorch_model\.bin belongs to other weights"),
        ("another index", "lost is in one only"),
    ],
)
def test_what_is_wrong_with_a_release_is_told(release: Path, tmp_path: Path, how: str, said: str) -> None:
    harm(release, how)
    with pytest.raises((ConversionError, WeightsError), match=said):
        convert(release, tmp_path / "out", shard_bytes=SHARD)
    assert not (tmp_path / "out").exists()


def test_two_at_once_and_folders_in_each_other_are_refused(release: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with FileLock(out / ".conversion.lock"), pytest.raises(ConversionError, match="Another conversion"):
        convert(release, out)
    for place in (release, release / "out", tmp_path):
        with pytest.raises(ConversionError, match="lie in each other"):
            convert(release, place)
    with pytest.raises(ConversionError, match="There is no folder"):
        convert(tmp_path / "nothing", out)
    with pytest.raises(ConversionError, match="holds no weights to convert"):
        convert(release / "memory", out)


def test_the_command(release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert command.main(["convert", str(release), str(out)]) == 0
    told = capsys.readouterr()
    assert "training_args.bin holds no weights" in told.out
    assert told.out.splitlines()[-1] == f"Converted: {out}"
    check_whole(out)
    assert command.main(["convert", str(tmp_path / "nothing"), str(out)]) == 1
    assert capsys.readouterr().err == f"There is no folder {tmp_path / 'nothing'}.\n"
    assert command.main(["convert", str(release)]) == 2
    assert "out" in capsys.readouterr().err
    assert command.main(["--help"]) == 0
    assert "convert" in capsys.readouterr().out
