from __future__ import annotations

from pathlib import Path

import pytest

from omnilive_demo.evaluation.scene_files import SceneError, load, load_all

GOOD = """\
title: A remark stops nothing
camera: doughnuts
steps:
  - {type: "What happened?", name: question}
  - {wait_for: voice}
  - {say: uh huh, voice: slt, name: remark}
expect:
  - {event: interrupt, never: true, after: remark, since: onset, within_ms: 3000}
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "a_scene.yaml"
    path.write_text(text)
    return path


def test_there_are_enough_scenes_and_all_are_sound() -> None:
    scenes = load_all()
    assert len(scenes) >= 25
    assert len({scene.title for scene in scenes}) == len(scenes)


def test_a_scene_knows_its_file_its_steps_and_its_budgets(tmp_path: Path) -> None:
    scene = load(written(tmp_path, GOOD))
    assert scene.file == "a_scene"
    assert [step.action for step in scene.steps] == ["type", "wait_for", "say"]
    assert scene.expect[0].within_ms == 3000


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("say: uh huh, voice: slt", "say: uh huh, voice: bob", ":6: steps.2.voice: there is no voice 'bob'"),
        ("camera: doughnuts", "camera: dragon", ":2: camera: there is no picture 'dragon'"),
        ("{wait_for: voice}", "{wait_for: voice, wait: 3}", ":5: steps.1: a step does exactly one of"),
        ("{wait_for: voice}", "{wait: -3}", ":5: steps.1.wait: Input should be greater than 0"),
        ("{wait_for: voice}", "{play: thunder}", ":5: steps.1.play: there is no sound 'thunder'"),
        ("{wait_for: voice}", "{play: nowhere.wav}", ":5: steps.1.play: there is no file nowhere.wav"),
        ("within_ms: 3000", "within_s: 3", ":8: expect.0.within_ms: Field required"),
        ("after: remark", "after: remarks", "expect.0 is after 'remarks', but the steps are: question, remark"),
        ("name: remark", "name: question", "two steps are called question"),
        ("event: interrupt, never: true", "event: hush, never: true", ":8: expect.0: `never` goes with neither"),
        ("title: A remark stops nothing\n", "", ":1: title: Field required"),
        ("expect:", "expect: [", "not YAML: while parsing"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in GOOD
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(SceneError) as caught:
        load(path)
    assert str(path) in str(caught.value)
    assert told in str(caught.value)


def test_a_folder_without_scenes_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="there are no scenes"):
        load_all(tmp_path)


def test_a_list_is_no_scene(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="a scene is a mapping"):
        load(written(tmp_path, "- one\n- two\n"))
