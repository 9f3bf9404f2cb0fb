"""What rooms must read alike in a question: that it points back at something seen, or that it tells of a need.

Both take plain words (lower case, no punctuation) in which the things it names were replaced (`ThingNames.masked`).
"""

from __future__ import annotations

import re

_SHOWN = r"(?:show|showed|shown|showing|hold|held|holding|see|saw|seen|look|looked|had|have|there|thing|one|object|it)"
_PLACED = r"(?:put|putting|set|lay|laid|leave|left|drop|dropped)"
_LATELY = r"(?:just|last|latest|most recently|previous|first)"
_POINTS = re.compile(
    r"\bwhat (?:was|were) (?:that|those)\b|\bwhat that was\b|\bdid you see (?:that|it)$"
    rf"|\b{_LATELY} (?:\w+ ){{0,4}}{_SHOWN}\b"
    rf"|\b{_SHOWN}\b(?: \w+){{0,6}} (?:just now|last|first|latest|most recently)\b"
    rf"|\b{_SHOWN}\b(?: \w+){{0,4}} (?:a|one) (?:moment|second) (?:ago|back)\b"
    rf"|\bi (?:have |had )?(?:just |last )?{_PLACED} (?:(?:that|it|this|them|something)|(?:\w+ )?(?:down|away|aside))\b"
    rf"|\bi (?:have |had )?just {_PLACED}\b|\bwhat did i {_PLACED}\b|\b(?:came|come) (?:by|first|last|before)\b"
    r"|\bbefore (?:this|everything)\b|\bthe (?:one|thing|object) before\b|\bwent (?:away|out)\b|\bjust left\b"
    r"|\b(?:is|was|are|were|has|have|just|what) (?:gone|disappeared|vanished|missing)\b|\btaken away\b"
    r"|\b(?:no longer|isn't|not) here\b(?: any ?more)?|\bsomething (?:left|disappeared|vanished|is missing|is gone)\b"
    r"|\bwhat (?:just )?(?:left|vanished|disappeared)\b|\btake away\b|\b(?:start|started|begin|began) with\b"
    r"|\bin my hands? (?:a moment ago|before|just now)\b|\bwhat was (?:here|there) (?:before|a moment ago)\b"
    r"|\bcolou?r was (?:that|it)\b|\bany ?more\b"
)
_SOME = r"(?:something|anything|some|any)"
_WHO = r"(?:i|we|one|he|she|they|my \w+|the \w+)"
_NEED = re.compile(
    rf"\b(?:what|which|how|where|who) (?:\w+ ){{0,2}}(?:should|could|can|shall|would|might|must|do) {_WHO}\b"
    rf"|\b{_SOME} (?:\w+ ){{0,3}}(?:to|for|that|which|with|could|would|can|helps?)\b"
    r"|\b(?:what|which) (?:\w+ ){0,3}(?:could|would|helps?|for)\b"
    r"|\b(?:i|we) (?:need|want|would like|have to|must|can't|cannot|feel|should|could)\b"
    r"|\b(?:i am|i'm|we are|we're)\b(?! (?:looking|searching))|\b(?:i'd|i've got)\b"
    r"|\bmy \w+ (?:is|are|hurts?|needs?)\b|\bit's (?:\w+ )?(?:raining|pouring|cold|hot|dark|late|sunny|snowing)\b"
    r"|\bweather\b|\bthe thing (?:that|for|to|with|which)\b"
)


def points_back(words: str) -> bool:
    """Whether it points at something seen without naming it: "what was that", "what did i just put down"."""
    return _POINTS.search(words) is not None


def is_need(words: str) -> bool:
    """Whether it tells of a need, or asks for a thing by its use: "i'm hungry", "what could keep me dry"."""
    return _NEED.search(words) is not None
