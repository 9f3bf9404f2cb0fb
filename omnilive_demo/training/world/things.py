"""The things of the drawn world: names, plurals, glyphs, and which of them a model may learn.

`data/things.json` lists them. A glyph is a character that a colour emoji font draws (training style); `openmoji` is the
name of the same thing's drawing in another style, which no model is trained on.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Literal

Role = Literal["known", "rehearsed", "unknown"]
"""known: its name is taught. rehearsed: shown in training as something without a name. unknown: never shown."""

Part = Literal["calibration", "test"]
"""Of the unknown things. calibration: the threshold of naming is chosen with them. test: only measured with."""
CALIBRATION_SHARE = 3  # every third, about

HANDS = ("🫳", "✋", "🤚", "🫴", "🤏")
SKINS = ("", "🏻", "🏼", "🏽", "🏾", "🏿")


@dataclass(frozen=True, slots=True)
class Thing:
    """A kind of thing. `name` is a lower-case noun without an article."""

    name: str
    plural: str
    glyph: str
    openmoji: str
    role: Role


@lru_cache(maxsize=1)
def all_things() -> tuple[Thing, ...]:
    """Every thing, in the order of the file."""
    rows = json.loads((Path(__file__).parent.parent / "data" / "things.json").read_text("utf-8"))
    return tuple(Thing(**row) for row in rows)


@lru_cache(maxsize=3)
def things_of(role: Role) -> tuple[Thing, ...]:
    """The things of a role, in the order of the file."""
    return tuple(thing for thing in all_things() if thing.role == role)


@lru_cache(maxsize=2)
def strangers_of(part: Part) -> tuple[Thing, ...]:
    """The unknown things of a part, in the order of the file. A thing's part follows from its name alone, so that it
    stays what it is when others come or go."""
    chosen = part == "calibration"
    return tuple(
        thing
        for thing in things_of("unknown")
        if (int(sha256(thing.name.encode()).hexdigest(), 16) % CALIBRATION_SHARE == 0) == chosen
    )


@lru_cache(maxsize=1)
def by_name() -> dict[str, Thing]:
    """The known things by name."""
    return {thing.name: thing for thing in things_of("known")}
