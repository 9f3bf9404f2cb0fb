"""What a newcomer and a Hugging Face Space rely on: README, pins, Makefile, Dockerfile."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent


def requirements() -> dict[str, str]:
    pins = {}
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        if match := re.match(r"([A-Za-z0-9_.-]+)\s*([=<>!~].*)?$", line.split("#")[0].strip()):
            pins[match[1].lower()] = (match[2] or "").strip()
    return pins


def front_matter() -> dict[str, object]:
    text = (ROOT / "README.md").read_text("utf-8")
    assert text.startswith("---\n"), "the Space front matter must be the first bytes of the README"
    return yaml.safe_load(text.split("---\n")[1])


def test_the_space_runs_the_pinned_gradio_on_python_3_11() -> None:
    front = front_matter()
    assert front["sdk"] == "gradio"
    assert f"=={front['sdk_version']}" == requirements()["gradio"]
    assert front["python_version"] == "3.11"
    assert (ROOT / str(front["app_file"])).is_file()


def test_the_packages_that_must_move_together_are_pinned() -> None:
    pins = requirements()
    assert pins["torch"] == "==2.11.*"
    assert pins["torchvision"] == "==0.26.*"
    assert pins["torchaudio"] == "==2.11.*"
    assert pins["fastrtc"] == "==0.0.34"
    assert pins["f5-tts"] == "==1.1.10"


def test_the_packages_of_the_mission_are_required() -> None:
    needed = {
        "gradio", "fastrtc", "torch", "transformers", "accelerate", "silero-vad", "faster-whisper", "open_clip_torch",
        "f5-tts", "huggingface_hub",
    }  # fmt: skip
    assert needed <= requirements().keys()


def test_the_readme_names_both_commands() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert "make demo" in text
    assert "make test" in text


def test_ci_runs_exactly_make_test() -> None:
    commands = [
        line for line in (ROOT / ".ci" / "run").read_text().splitlines()
        if line and not line.startswith(("#", "set ", "cd ", "export OMNILIVE_GOLDEN="))
    ]  # fmt: skip
    assert commands == ["make test"]


def test_the_container_is_not_root_and_serves_7860() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert "USER user" in text
    assert "EXPOSE 7860" in text
    assert "requirements.txt" in text


def test_no_tracked_file_is_larger_than_five_megabytes_and_no_weights_than_ten() -> None:
    for folder in ("assets", "docs", "omnilive_demo", "tests"):
        for path in (ROOT / folder).rglob("*"):
            most_mb = 10 if path.suffix == ".safetensors" and path.parent.name == "nano" else 5
            assert not path.is_file() or path.stat().st_size < most_mb * 2**20, path
