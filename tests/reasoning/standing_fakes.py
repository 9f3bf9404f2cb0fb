"""Names for tests of standing queries: those that the eyes were taught."""

from __future__ import annotations

import json

from omnilive_demo.config import ASSETS
from omnilive_demo.models.thing_names import ThingNames

NAMES = ThingNames(
    {entry["name"]: entry["plural"] for entry in json.loads((ASSETS / "nano" / "names.json").read_text("utf-8"))}
)
