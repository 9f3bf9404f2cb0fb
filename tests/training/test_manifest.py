"""Training on real videos from a manifest: errors that say what is wrong, and a few steps on two tiny videos."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch
from safetensors import safe_open

from omnilive_demo.models.memory_module.config import MemoryModuleConfig
from omnilive_demo.models.memory_module.module import MemoryModule
from omnilive_demo.models.memory_module.patch_features import EncodedPatches
from omnilive_demo.models.nano.reader import ReaderConfig, load_reader
from omnilive_demo.training.compressor_learner import Habits
from omnilive_demo.training.config_file import CONFIGS, load_config
from omnilive_demo.training.manifest import ManifestConfig, main, train
from omnilive_demo.training.manifest_file import ManifestError, read_manifest
from omnilive_demo.training.manifest_streams import moments_of, pictures_of
from omnilive_demo.training.run import Run, RunSettings

COLOURS = {"red": (220, 20, 20), "green": (20, 200, 20), "blue": (20, 20, 220)}
SMALL = MemoryModuleConfig(
    hidden=32, layers=1, heads=4, kv_heads=2, intermediate=32, feature_width=48, text_width=0, vocabulary=64
)


def write_video(path: Path, colours: list[str], seconds: int = 4, fps: int = 5) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=fps)
        stream.width = stream.height = 64
        for colour in colours:
            picture = np.full((64, 64, 3), COLOURS[colour], np.uint8)
            for _ in range(seconds * fps):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode())


def row_for(name: str, colours: list[str], seconds: int = 4) -> dict[str, Any]:
    clips, questions = [], []
    for i, colour in enumerate(colours):
        span = {"start": seconds * i, "end": seconds * (i + 1)}
        clips.append({**span, "caption": f"A {colour} wall.", "things": [f"{colour} wall"]})
        questions.append({**span, "text": f"where was it {colour}"})
    return {"video": name, "clips": clips, "questions": questions}


def write_manifest(folder: Path) -> Path:
    orders = [["red", "green", "blue"], ["blue", "red", "green"]]
    for number, order in enumerate(orders):
        write_video(folder / f"{number}.mp4", order)
    path = folder / "videos.jsonl"
    path.write_text("".join(json.dumps(row_for(f"{i}.mp4", order)) + "\n" for i, order in enumerate(orders)))
    return path


class Letters:
    """A tokenizer of letters."""

    def __call__(self, text: str, add_special_tokens: bool = False) -> dict[str, list[int]]:
        return {"input_ids": [ord(letter) % 64 for letter in text]}


def patches(picture: np.ndarray) -> np.ndarray:
    """The mean colours of 4 x 4 cells, with more numbers to make it 12 wide."""
    cells = picture.reshape(4, 16, 4, 16, 3).mean((1, 3)).reshape(16, 3) / 255
    return np.tile(cells, (1, 4)).astype(np.float32)


def test_a_few_steps_on_tiny_videos(tmp_path: Path) -> None:
    videos = read_manifest(write_manifest(tmp_path))
    settings = RunSettings(steps=80, learning_rate=5e-3, precision="fp32", device="cpu", log_every=5)
    config = ManifestConfig(
        tokenizer=tmp_path, tower="none", least=1, frames=4, tokens=(1, 4), clips=(2, 3), module=SMALL, store="float32",
        reader=ReaderConfig(memory_width=32, hidden=32, layers=1, heads=4, kv_heads=2, intermediate=32),
        habits=Habits(history=0.0), run=settings,
    )  # fmt: skip
    module = MemoryModule(SMALL)
    module.initialise(torch.Generator().manual_seed(1))
    weights = tmp_path / "out" / "memory.safetensors"
    run = Run(tmp_path / "out", config, config.run)
    figures = train(config, videos, videos[:1], run, weights, (module, EncodedPatches(patches), Letters()))
    log = [json.loads(line) for line in (tmp_path / "out" / "log.jsonl").read_text().splitlines()]
    losses = [row["loss"] for row in log if "loss" in row]
    assert losses[-1] < 0.7 * losses[0]
    assert figures["read_caption"] > figures["blind_caption"]
    with safe_open(weights, "pt") as file:
        assert json.loads(file.metadata()["memory_module"])["vocabulary"] == 64
        assert torch.equal(file.get_tensor("projector.0.weight"), module.state_dict()["projector.0.weight"])
    reader = load_reader(weights.with_name("reader.safetensors"))
    assert {"red wall", "blue wall", "green wall"} <= set(reader.vocabulary.names)
    assert {"a", "red", "wall"} <= set(reader.vocabulary.words)


def test_pictures_come_from_the_asked_moments(tmp_path: Path) -> None:
    videos = read_manifest(write_manifest(tmp_path))
    moments = [moments_of(clip, 1.0, 2) for clip in videos[0].clips]
    assert moments == [[1.0, 3.0], [5.0, 7.0], [9.0, 11.0]]
    found = pictures_of(videos[0].path, [t for of_clip in moments for t in of_clip])
    assert [int(picture.mean((0, 1)).argmax()) for picture in found] == [0, 0, 1, 1, 2, 2]
    (tmp_path / "no.mp4").write_text("this is no video")
    with pytest.raises(ManifestError, match=r"no\.mp4 cannot be read"):
        pictures_of(tmp_path / "no.mp4", [0.0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda row: row.pop("clips"), '"clips" is missing'),
        (lambda row: row.update(video="gone.mp4"), "there is no video"),
        (lambda row: row["clips"][1].update(end=1.0), "no stretch of time"),
        (lambda row: row["clips"][1].update(start=2.0), "begins before"),
        (lambda row: row["clips"][0].pop("caption"), '"caption" is missing'),
        (lambda row: row["clips"][0].update(caption=" "), "is empty"),
        (lambda row: row["questions"][0].update(start=90, end=95), "no clip is between"),
        (lambda row: row["questions"][0].update(start="soon"), "must be a float"),
        (lambda row: row.update(clips=row["clips"][:1]), "at least two clips"),
    ],
)
def test_what_is_wrong_with_a_manifest_is_said_with_its_line(tmp_path: Path, change: Any, message: str) -> None:
    (tmp_path / "a.mp4").write_bytes(b"")
    good, bad = row_for("a.mp4", ["red", "green"]), row_for("a.mp4", ["red", "green"])
    change(bad)
    path = tmp_path / "videos.jsonl"
    path.write_text(f"{json.dumps(good)}\n{json.dumps(bad)}\n")
    with pytest.raises(ManifestError, match=f"line 2: .*{message}"):
        read_manifest(path)


def test_the_command_line_ends_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "videos.jsonl"
    path.write_text("{\n")
    assert main(["--manifest", str(path)]) == 1
    assert "line 1: this is no JSON" in capsys.readouterr().err
    write_manifest(tmp_path)
    assert main(["--manifest", str(path), "--set", f"tokenizer={tmp_path}", "--folder", str(tmp_path / "run")]) == 1
    assert "tokenizer is incomplete" in capsys.readouterr().err


def test_the_released_configuration_has_the_released_sizes() -> None:
    config = load_config(ManifestConfig, CONFIGS / "compressor_released.toml")
    module = config.module
    assert (module.hidden, module.layers, module.heads, module.kv_heads) == (1536, 28, 12, 2)
    assert (module.intermediate, module.feature_width, module.vocabulary, module.rope_theta) == (
        8960,
        4096,
        151936,
        1e6,
    )
    assert config.reader.memory_width == module.hidden
