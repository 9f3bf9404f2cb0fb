"""What the labels of the released audio model are called here.

It names one sound by a label of AudioSet or FSD50K, run together: "Vacuumcleaner", "Walkandfootsteps" (AudioSet: "Walk,
footsteps"), "Fill(withliquid)", and "Speech", "speech" or "silence" (specification 3). The list is open.
"""

from __future__ import annotations

import re
from functools import cache

from omnilive_demo.models.sound_words import UNNAMED
from omnilive_demo.perception.audioset_labels import spelled

_MORE = {
    "Cellphonebuzzandvibratingalert": "ringing phone",
    "Humanvoice": "speech",
    "Insect": "buzzing insects",
    "Clock": "ticking clock",
}
"""Labels without a name in our list of AudioSet's, whose meaning has one."""
_COMMA_AND = re.compile(r",\s*(?:and\s+)?")


def name_of(label: str) -> str:
    """Our name for a label of the model; "sound" for one that has none."""
    return _names().get(_key(label), UNNAMED)


@cache
def _names() -> dict[str, str]:
    return {_key(label): name for label, name in (*spelled().items(), *_MORE.items())}


def _key(label: str) -> str:
    """However it is spelled: "Dishes, pots, and pans", "Dishesandpotsandpans", "Dishes_and_pots_and_pans"."""
    return re.sub(r"[^a-z]", "", _COMMA_AND.sub(" and ", label.lower()))
