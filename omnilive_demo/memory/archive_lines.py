"""The lines of an archive's lists, each value within its bounds: anybody may have written the file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

_Seconds = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
_Count = Annotated[int, Field(ge=0, le=2**40)]
_Text = Annotated[str, Field(max_length=20_000)]
_Score = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
_Sha = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Origin = Literal["visitor", "source"]


class Line(BaseModel):
    """What all lines have in common."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class File(Line):
    """A member that a line names."""

    file: str = Field(max_length=40)
    sha256: _Sha
    t_s: _Seconds = 0.0


class ClipLine(Line):
    """A clip."""

    id: _Count
    start_s: _Seconds
    end_s: _Seconds
    frame_times_s: list[_Seconds] = Field(max_length=100_000)
    labels: list[tuple[_Text, _Score]] = Field(max_length=200)
    caption: _Text
    tokens_seen: _Count
    tokens_kept: _Count
    frames: list[File] = Field(max_length=64)
    features: File


class SpokenLine(Line):
    """An utterance."""

    start_s: _Seconds
    end_s: _Seconds
    text: _Text
    origin: _Origin
    answered: bool | None = None
    sound_label: _Text = "speech"


class SoundLine(Line):
    """A sound."""

    start_s: _Seconds
    end_s: _Seconds
    label: _Text
    score: _Score
    origin: _Origin = "visitor"


class SittingLine(Line):
    """When a part of it was remembered."""

    epoch_s: float = Field(ge=0, le=1e11, allow_inf_nan=False)
    start_s: _Seconds
    space: str = Field("", max_length=200)


class Manifest(Line):
    """What the archive is, and what its lists must hash to."""

    format: str
    version: int
    clips: _Count
    spoken: _Count
    sounds: _Count
    sittings: list[SittingLine] = Field(max_length=1_000)  # each becomes a transaction of its own
    sha256: dict[str, _Sha]
