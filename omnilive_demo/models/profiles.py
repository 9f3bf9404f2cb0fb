"""Profiles: what a visitor should not expect of each."""

from __future__ import annotations

_LARGER = (
    "It can be wrong, and may say so in a sure voice: look at the memories under an answer.",
    "It cannot identify people.",
)
CANNOT = {
    "nano": (
        "It names 250 everyday things, which it learned from drawings only: of photographs and camera pictures it may "
        "know few, and what it is not sure of it describes instead. It cannot name people or read text.",
        "It understands English only, best from a quiet microphone and in short sentences.",
        "It names fifteen everyday sounds, learned from computed ones; any other sound is just a sound to it.",
        "It answers from what it saw and heard here, and has no general knowledge.",
    ),
    "lite": (*_LARGER, "On a CPU an answer may take many seconds to begin."),
    "standard": _LARGER,
    "omnilive": (
        *_LARGER,
        "It cannot wait for a thing to appear: its eyes have no names for things, and captions come later.",
    ),
}  # fmt: skip


class ProfileError(ValueError):
    """The operator asked for something that this version does not have."""
