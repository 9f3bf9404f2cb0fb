"""Scripted scenes as YAML files: what a visitor does, step by step, and what has to come of it, within what time.

    title: A short remark in an answer stops nothing
    camera: doughnuts                      # a picture of `pictures.py`
    steps:
      - {type: "What happened since the beginning?", name: question}
      - {wait_for: voice}
      - {say: uh huh, voice: slt, name: remark}
    expect:
      - {event: interrupt, never: true, after: remark, since: onset, within_ms: 3000}
      - {event: state, where: {state: ducked}, after: remark, since: onset, within_ms: 100}

A mistake is told with its file, its line and its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from omnilive_demo.evaluation.pictures import MOMENTS, UnknownPicture
from omnilive_demo.evaluation.speech import VOICES

FOLDER = Path(__file__).resolve().parent / "scenes"
ACTIONS = ("say", "play", "type", "wait", "picture", "wait_for", "send")
SOUNDS = (
    "cough", "laugh", "knock", "bell", "rain", "footsteps", "bark", "phone", "tune", "train", "kettle", "keys", "birds",
)  # fmt: skip
"""What `play` knows besides files: a cough and a laugh as of `stimuli.py`, the rest as of the sample streams."""


class SceneError(ValueError):
    """A scene file cannot be used; the text has the file, the place in it, and what is wrong there."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Step(_Part):
    """One thing that the visitor does; the next step begins when it is done.

    say: a sentence by a flite voice. play: a sound by name, or a WAV file beside the scene. type: a typed question.
    wait: seconds. picture: what the camera shows from now on. wait_for: the answer becomes audible (`voice`), is over
    (`hush`: nothing audible or under way for a second). send: a message as it is.
    """

    name: str = ""
    say: str | None = Field(None, min_length=1)
    play: str | None = Field(None, min_length=1)
    type: str | None = Field(None, min_length=1)
    wait: float | None = Field(None, gt=0, le=60)
    picture: str | None = None
    wait_for: Literal["voice", "hush"] | None = None
    send: dict[str, Any] | None = None
    voice: str = VOICES[0]
    level_db: float = Field(-20.0, le=-3, ge=-60, description="of a played sound, dBFS")
    seconds: float = Field(2.0, gt=0, le=20, description="of a played sound")
    patience_s: float = Field(15.0, gt=0, le=60, description="how long `wait_for` waits")

    @property
    def action(self) -> str:
        """Which of the actions it is."""
        return next(action for action in ACTIONS if getattr(self, action) is not None)

    @field_validator("voice")
    @classmethod
    def _known_voice(cls, value: str) -> str:
        if value not in VOICES:
            raise ValueError(f"there is no voice {value!r}; there are: {', '.join(VOICES)}")
        return value

    @field_validator("picture")
    @classmethod
    def _known_picture(cls, value: str | None) -> str | None:
        return value if value is None else _picture(value)

    @field_validator("play")
    @classmethod
    def _known_sound(cls, value: str | None) -> str | None:
        if value is not None and value not in SOUNDS and not value.endswith(".wav"):
            raise ValueError(f"there is no sound {value!r}; there are: {', '.join(SOUNDS)}, or a .wav file")
        return value

    @model_validator(mode="after")
    def _one_action(self) -> Self:
        given = [action for action in ACTIONS if getattr(self, action) is not None]
        if len(given) != 1:
            raise ValueError(f"a step does exactly one of {', '.join(ACTIONS)}; this one has {given or 'none'}")
        return self


class Expectation(_Part):
    """What has to come, or must not, within some milliseconds of a step.

    event: a type of the wire, or `voice` (the answer becomes audible) or `hush` (it falls silent).
    where: fields that it has. says: one of these is in its text. after: name of a step; since: its onset or its end.
    never: nothing of the kind within the time. times: of how many different turns (or standing queries) it comes.
    later_s: the time counts from so much after the step. temporal_offset: when it came is one of the figures.
    """

    event: str = Field(min_length=1)
    where: dict[str, Any] = {}
    says: tuple[str, ...] = ()
    after: str
    since: Literal["onset", "end"] = "end"
    later_s: float = Field(0.0, ge=0, le=60)
    within_ms: int = Field(gt=0, le=60_000)
    temporal_offset: bool = False
    never: bool = False
    times: int | None = Field(None, ge=1)
    why: str = ""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.event in ("voice", "hush") and (self.where or self.says or self.times):
            raise ValueError(f"{self.event!r} has no fields to compare")
        if self.never and (self.times or self.event == "hush"):
            raise ValueError("`never` goes with neither `times` nor `hush`")
        return self


class Scene(_Part):
    """A scripted scene. file: its name, without the ending."""

    file: str = ""
    title: str = Field(min_length=1)
    camera: str
    steps: tuple[Step, ...] = Field(min_length=1)
    expect: tuple[Expectation, ...] = Field(min_length=1)

    @field_validator("camera")
    @classmethod
    def _known_picture(cls, value: str) -> str:
        return _picture(value)

    @model_validator(mode="after")
    def _steps_are_known(self) -> Self:
        names = [step.name for step in self.steps if step.name]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"two steps are called {', '.join(sorted(twice))}")
        for number, expectation in enumerate(self.expect):
            if expectation.after not in names:
                known = ", ".join(names) or "none has a name"
                raise ValueError(f"expect.{number} is after {expectation.after!r}, but the steps are: {known}")
        return self


def load(path: Path) -> Scene:
    """A scene from a file.

    Raises:
        SceneError: the file cannot be read, is no YAML, or is not a scene.
    """
    try:
        text = path.read_text("utf-8")
        content = yaml.safe_load(text)
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise SceneError(f"{path} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise SceneError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise SceneError(f"{path}: a scene is a mapping with title, camera, steps and expect")
    try:
        scene = Scene.model_validate({**content, "file": path.stem})
    except ValidationError as error:
        raise SceneError("\n".join(_told(path, tree, one["loc"], one["msg"]) for one in error.errors())) from error
    for number, step in enumerate(scene.steps):
        if step.play is not None and step.play.endswith(".wav") and not (path.parent / step.play).is_file():
            raise SceneError(_told(path, tree, ("steps", number, "play"), f"there is no file {step.play}"))
    return scene


def load_all(folder: Path = FOLDER) -> list[Scene]:
    """All scenes of a folder, by name.

    Raises:
        SceneError: there are none, or one of them cannot be used.
    """
    scenes = [load(path) for path in sorted(folder.glob("*.yaml"))]
    if not scenes:
        raise SceneError(f"{folder}: there are no scenes")
    return scenes


def _picture(name: str) -> str:
    if name not in MOMENTS:
        raise ValueError(str(UnknownPicture(name)))
    return name


def _told(path: Path, tree: yaml.Node | None, place: Sequence[int | str], message: str) -> str:
    where = ".".join(map(str, place))
    return f"{path}:{_line(tree, place)}: {where}{': ' if where else ''}{message.removeprefix('Value error, ')}"


def _line(node: yaml.Node | None, place: Sequence[int | str]) -> int:
    """The line of the innermost part of a place that is in the file."""
    if node is None:
        return 1
    for key in place:
        if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
        elif isinstance(node, yaml.MappingNode):
            inner = next((value for name, value in node.value if name.value == key), None)
            if inner is None:
                break
            node = inner
    return int(node.start_mark.line) + 1
