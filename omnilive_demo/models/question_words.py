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
    # the scene before
    r"|\b(?:prior to|ahead of|leading up to|just before|until (?:this|i)|scene before|before that)\b"
    r"|\b(?:back|by) one\b"
    r"|\bone step back\b|\bpreced(?:e|ed|ing)\b|\bpredecessor\b|\bbefore (?:you saw|i (?:switched|showed)|the thing)\b"
    r"|\bthis (?:one )?(?:replaced?|come after|came after|take the place|followed)\b"
    # the first thing
    r"|\b(?:initial|earliest|oldest) (?:object|item|thing)\b|\bnumber one\b|\bvery first\b|\bfirst of all\b"
    r"|\bwas first\b"
    r"|\b(?:open|opened|lead|led) (?:with|the show)\b|\bat the outset\b|\bwhen (?:this all|we) (?:began|got going)\b"
    r"|\b(?:before anything else|all the way back|from the top)\b|\bfirst (?:turned|object|item)\b"
    r"|\bpresented (?:\w+ )?first\b"
    # what is gone
    r"|\bwhat's (?:gone|missing|vanished|not there|lacking)\b"
    r"|\b(?:thing|things|it|that)(?:'s| has| that) (?:gone|disappeared)\b"
    r"|\b(?:has|have|been|was|got|were) (?:\w+ )?(?:removed|taken|carried)\b"
    r"|\b(?:carried|carry|moved|wandered|took|take) off\b"
    r"|\b(?:moved|slipped|dropped) out\b|\bwent missing\b|\bthe missing\b|\bno longer\b"
    r"|\bisn't (?:there|in its place)\b"
    r"|\bhas left\b|\band has gone\b|\b(?:thing|something) (?:that )?vanished\b|\bexited\b|\babsent\b|\bi remove\b"
    r"|\b(?:take|took) with me\b"
    # what was put down
    rf"|\bwhere (?:i|my hand|did my hand)(?:'ve| have)? (?:placed|rested|{_PLACED})\b|\b(?:let|lets) go of\b"
    rf"|\bi(?:'ve| have) placed\b"
    rf"|\bmy hand {_PLACED} down\b|\bwhere'd i \w+ it\b"
    rf"|\b(?:placed|deposit|rested|parked) (?:it|that|there|over there|something)\b"
    rf"|\bthing (?:that )?i(?:'ve| have)? (?:just {_PLACED}|was carrying|had in my hand)\b"
    # what was shown
    r"|\b(?:held|holding|displaying|presented|showed|flashed|looking at)\b"
    r".* (?:just then|ago|recent|lately|last|a second)\b"
    r"|\b(?:just now|ago|just|recent|last) (?:\w+ ){0,5}(?:held up|holding|fingers|displaying|presented)\b"
    r"|\bflashed at\b"
    r"|\bjust (?:had|then)\b|\bjust this second\b"
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
