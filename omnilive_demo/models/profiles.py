"""Profiles: which models play which part on this machine, and what that means for the visitor."""

from __future__ import annotations

from omnilive_demo.config import Settings

AVAILABLE = ("nano",)

CANNOT = {
    "nano": (
        "It names 250 everyday things, which it learned from drawings only: of photographs and camera pictures it may "
        "know few, and what it is not sure of it describes instead. It cannot name people or read text.",
        "It understands English only, best from a quiet microphone and in short sentences.",
        "It names fifteen everyday sounds, learned from computed ones; any other sound is just a sound to it.",
        "It answers from what it saw and heard here, and has no general knowledge.",
    ),
}  # fmt: skip


class ProfileError(ValueError):
    """The operator asked for something that this version does not have."""


def choose_profile(settings: Settings) -> tuple[str, str]:
    """The profile to run, and a sentence that says why.

    Raises:
        ProfileError: the profile, or a role's model, does not exist here; the message lists the choices.
    """
    if settings.roles:
        raise ProfileError(f"Models cannot be chosen by role yet (asked for: {', '.join(sorted(settings.roles))}).")
    if settings.profile == "auto":
        return "nano", "It is the only profile in this version, and it runs on every machine without a download."
    if settings.profile not in AVAILABLE:
        raise ProfileError(f"The profile {settings.profile!r} is not in this version. Choose one of: auto, nano.")
    return settings.profile, "It was chosen by the operator."
