"""The one-time conversion: the same tensors bit for bit, whatever stops it, and a sentence for what is wrong."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
import torch
from filelock import FileLock
from models.ixc25.tiny_memory import write_tiny_memory
from models.ixc25.tiny_reasoner import write_adapter, write_base
from models.ixc25.tiny_release import SHARD, base_tensors, bits, check_whole, shards, write_release
from safetensors.torch import load_file
from torch import Tensor

from omnilive_demo.models import __main__ as command
from omnilive_demo.models.ixc25_omnilive import conversion
from omnilive_demo.models.ixc25_omnilive.conversion import NOTES, convert
from omnilive_demo.models.ixc25_omnilive.conversion_plan import ConversionError
from omnilive_demo.models.ixc25_omnilive.loading import load_reasoner
from omnilive_demo.models.ixc25_omnilive.memory import load_memory_module
from omnilive_demo.models.memory_module.weight_files import WeightsError, read_folder


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return write_release(tmp_path / "release")


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


def test_the_reasoner_is_the_same_one_afterwards(tmp_path: Path) -> None:
    source, out = tmp_path / "release", tmp_path / "out"
    write_base(source / "base")
    write_adapter(source / "adapter")
    convert(source, out, shard_bytes=50_000)
    assert len(list((out / "base").glob("*.safetensors"))) > 3
    one, other = (
        load_reasoner(place / "base", place / "adapter", torch.float32).state_dict() for place in (source, out)
    )
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


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


def test_an_earlier_conversion_leaves_nothing_behind(release: Path, tmp_path: Path) -> None:
    """Of other pieces, and of another release: neither its index nor its shards are taken for the new ones."""
    out = tmp_path / "out"
    convert(release, out, shard_bytes=SHARD)
    several = set(shards(out))
    convert(release, out)  # larger shards: one for each file of the base
    assert {Path(file).name for file in shards(out) if file.startswith("base/model")} == {
        "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
    }  # fmt: skip
    assert len(several) > len(shards(out))
    check_whole(out)
    base = release / "base"
    for file in base.glob("pytorch_model*"):
        file.unlink()
    torch.save({"new": torch.ones(2)}, base / "pytorch_model.bin")  # one file now, without an index
    shutil.rmtree(base / "IXC2d5_clip_l_560")
    convert(release, out)
    assert read_folder(out / "base").keys() == {"new"}
    assert set(shards(out)) == {"base/model.safetensors", "adapter/adapter_model.safetensors"}
    assert set(json.loads((out / NOTES).read_text())) == set(shards(out))


def test_until_it_is_finished_no_loader_takes_it(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The configurations of an earlier conversion are away while weights are being replaced, and come back changed."""
    out = tmp_path / "out"
    convert(release, out, shard_bytes=SHARD)
    configs = [out / "base" / "config.json", out / "memory" / "config.json"]
    assert all(config.is_file() for config in configs)
    torch.save({"vision_model.a": torch.zeros(4)}, release / "base" / "IXC2d5_clip_l_560" / "pytorch_model.bin")
    (release / "base" / "config.json").write_text('{"hidden_size": 65}')
    there: list[bool] = []
    convert(release, out, lambda *step: there.extend(config.is_file() for config in configs), SHARD)
    assert there
    assert not any(there)
    assert [config.is_file() for config in configs] == [True, True]
    assert (out / "base" / "config.json").read_text() == '{"hidden_size": 65}'
    before = [config.stat().st_ino for config in configs]
    convert(release, out, shard_bytes=SHARD)
    assert [config.stat().st_ino for config in configs] == before, "what is finished is left alone"


def test_a_strangers_index_is_refused(release: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    index = out / "adapter" / "adapter_model.safetensors.index.json"
    index.parent.mkdir(parents=True)
    index.write_text('{"weight_map": {"a": "b.safetensors"}}')
    with pytest.raises(ConversionError, match="belongs to other weights"):
        convert(release, out, shard_bytes=SHARD)
    assert index.is_file()
    assert not list(out.rglob("*.safetensors"))


def test_files_of_pytorch_before_1_6_are_converted_too(tmp_path: Path) -> None:
    source = tmp_path / "model"
    source.mkdir()
    held = {f"layer.{i}": torch.full((20,), float(i)) for i in range(6)}
    torch.save(held, source / "pytorch_model.bin", _use_new_zipfile_serialization=False)
    convert(source, tmp_path / "out", shard_bytes=160)
    assert len(list((tmp_path / "out").glob("*.safetensors"))) == 3
    assert bits(read_folder(tmp_path / "out")) == bits(held)


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
