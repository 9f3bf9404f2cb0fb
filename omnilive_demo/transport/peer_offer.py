"""Reads a WebRTC offer before fastrtc does.

fastrtc sends sound only to browsers that also send some, and waits for ever for the first track of one that sends none.
A browser without a microphone offers `recvonly` audio: for fastrtc we read it as `sendrecv` (nothing will come), and in
the answer the browser reads `sendonly`, which is what really happens.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_SDP_CHARS = 60_000
_DIRECTION = re.compile(r"^a=(sendrecv|sendonly|recvonly|inactive)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer that fastrtc can answer."""

    sdp: str
    listens_only: bool


def check_offer(sdp: str) -> Offer | None:
    """The offer, with its audio made `sendrecv`; None when it has not exactly one audio section that can receive."""
    if len(sdp) > MAX_SDP_CHARS:
        return None
    head, *sections = _sections(sdp)
    kinds = [section.split(" ", 1)[0] for section in sections]
    if kinds.count("m=audio") != 1 or kinds.count("m=video") > 1 or kinds.count("m=application") != 1:
        return None
    place = kinds.index("m=audio")
    direction = _direction(sections[place], head)
    if direction not in ("sendrecv", "recvonly"):
        return None
    if direction == "recvonly":
        sections[place] = _with_direction(sections[place], "sendrecv")
    return Offer("".join([head, *sections]), direction == "recvonly")


def answer_listener(sdp: str) -> str:
    """An answer for a browser that only listens: its audio section says `sendonly`."""
    head, *sections = _sections(sdp)
    return head + "".join(_with_direction(s, "sendonly") if s.startswith("m=audio") else s for s in sections)


def _sections(sdp: str) -> list[str]:
    return re.split(r"(?m)^(?=m=)", sdp)


def _direction(section: str, head: str) -> str:
    found = _DIRECTION.search(section) or _DIRECTION.search(head)
    return found.group(1) if found else "sendrecv"


def _with_direction(section: str, direction: str) -> str:
    if _DIRECTION.search(section):
        return _DIRECTION.sub(f"a={direction}", section, count=1)
    return section.rstrip("\r\n") + f"\r\na={direction}\r\n"
