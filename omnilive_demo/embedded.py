"""The embedded models in their roles, kept so that they can take them up again."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from omnilive_demo.config import Role
from omnilive_demo.engine import Engine

PARTS: Mapping[Role, tuple[str, ...]] = MappingProxyType(
    {
        "recognition": ("recognizer",),
        "end_of_turn": ("end_of_turn", "turn_model"),
        "sound_tags": ("sound_namer",),
        "frame_encoder": ("encoder", "compressor", "names", "picture_scale", "space", "reader", "together"),
        "captioner": ("captioner",),
        "reasoner": ("reasoner", "instructions"),
        "synthesis": ("synthesizer",),
    }
)
"""What of the engine plays a role that can change over."""


class Embedded:
    """What played each role when the engine had just become ready."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._parts: dict[str, Any] = {part: getattr(engine, part) for parts in PARTS.values() for part in parts}

    def restore(self, role: Role) -> None:
        """The embedded model plays this role again."""
        for part in PARTS.get(role, ()):
            setattr(self._engine, part, self._parts[part])

    def part(self, name: str) -> Any:
        """A part of the engine as it was, such as "synthesizer"."""
        return self._parts[name]

    def plays(self, part: str) -> bool:
        """Whether a part of the engine, such as "recognizer", is the embedded one now."""
        return getattr(self._engine, part) is self._parts[part]
