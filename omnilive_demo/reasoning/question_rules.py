"""The questions that people ask of a thing that watches and listens, as a table of patterns over plain words.

Tried in order, the whole text has to fit; leading hesitations and a call to the assistant are taken off first. The
order matters where a sentence fits two: "when did I say..." asks for words, "when did it ring" for a sound.
"""

from __future__ import annotations

import re
from enum import StrEnum

from omnilive_demo.models.sound_words import ONLY_HEARD
from omnilive_demo.reasoning.words import word_set


class Kind(StrEnum):
    """What an answer has to be about."""

    NOW_WHAT = "now what"
    WHEN = "when"
    SAID = "said"
    HAPPENED = "happened"
    HEARD = "heard"
    WHERE = "where"
    DID_YOU_SEE = "did you see"
    HOW_LONG = "how long"
    COUNT = "count"
    COLOUR = "colour"
    WHAT_WAS = "what was"
    SUGGESTION = "suggestion"
    CAPABILITY = "capability"
    GREETING = "greeting"
    THANKS = "thanks"
    STOP = "stop"
    REPEAT = "repeat"
    NOTE = "note"
    STANDING = "standing"
    OTHER = "other"


_ABOUT_ME = (Kind.STOP, Kind.REPEAT, Kind.THANKS, Kind.GREETING, Kind.STANDING, Kind.NOTE, Kind.CAPABILITY)
PLAIN = frozenset((*_ABOUT_ME, Kind.SAID, Kind.HEARD))
"""Kinds that stay what they are, whatever things are named."""
ABOUT_THINGS = frozenset((Kind.WHERE, Kind.WHEN, Kind.DID_YOU_SEE, Kind.COUNT, Kind.HOW_LONG, Kind.NOW_WHAT))
"""Kinds that may ask for a thing."""
ABOUT_LOOKS = frozenset((Kind.NOW_WHAT, Kind.WHEN, Kind.COUNT, Kind.HOW_LONG, Kind.HAPPENED))
"""Kinds that may ask for more than things; in other words than these they tell of a need."""
COLOUR_ASKED = re.compile(r"\b(?:what|which) (?:\w+ )?colou?rs?\b|\b(?:colou?r|shade) of\b")
HERE = re.compile(r"\b(?:this|that|these|those|hold|holding|showing|wearing|doing|see|looking|describe)\b")

_PAST = r"(?:ago|so far|before|earlier|today|yesterday|just now|at the (?:beginning|start|end)|since|while)"
_SOUND = r"(?:noise|sound|bang|knock|ring|beep|bark|siren|alarm|doorbell|bell|music|clap|whistle|thunder|scream)"
_SOUNDED = r"(?:rang|cough(?:ed|ing)?|laugh(?:ed|ing|ter)?|clapp(?:ed|ing)|shouted|applause|footsteps|whistl(?:ed|ing))"
_SOMEBODY = r"(?:anybody|anyone|somebody|someone)"
_PLEASE = r"(?:(?:please|can you|could you|will you|would you) )*"
_SO = r"(?:(?:okay|ok|please|now|just|oh|great|yes) )*"
_POINTED = r"(?:this|that|these|those|it|he|she|here|there)"

_RULES: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    (Kind.OTHER, (r"what time is it\b.*", r"what(?:'s| is) the (?:time|date|weather)\b.*", r"what day is it\b.*")),
    (Kind.STOP, (
        rf"{_SO}(?:(?:stop|cancel|enough|hush|shush|shut up|quiet|silence|pause|be quiet|never ?mind|that's enough"
        r"|forget (?:it|that|about it))(?: (?:it|that|now|please|talking|speaking|for a moment))* ?)+",
    )),
    (Kind.REPEAT, (
        rf"{_PLEASE}(?:say|repeat|tell me) (?:that|it)(?: once more| again| please| slower| louder)*",
        r"(?:sorry )?(?:say again|repeat|come again|pardon|pardon me|once more|once again)(?: please)?",
        r"(?:sorry )?what (?:was that again|did you (?:just )?say)(?: again)?",
    )),
    (Kind.THANKS, (rf"{_SO}(?:thanks|thank you|many thanks|cheers)(?: .{{0,30}})?",)),
    (Kind.GREETING, (
        r"(?:hello|hi|hey|good (?:morning|evening|afternoon|day)|nice to meet you)"
        r"(?: (?:there|again|you|to you|computer|assistant|omni|everybody|nice to meet you))*(?: how are you.{0,12})?",
        r"how are you(?: doing)?(?: today)?",
        r"how's it going",
    )),
    (Kind.STANDING, (
        rf"{_PLEASE}(?:tell|alert|warn|notify|wake|call|ping|inform) me"
        r" (?:when(?:ever)?|if|as soon as|once|before|in|at)\b"
        r"(?! (?:you|i|he|she|it|they|the \w+) (?:saw|was|were|said|came|left)\b).*",
        r".*\blet me know (?:when|if|as soon as|once)\b.*",
        rf"{_PLEASE}remind me (?:to|in|at|that)\b.*",
        r"(?:as soon as|whenever) .*",
        r".*\b(?:set|start) (?:a|an|the) (?:timer|alarm|reminder)\b.*",
        r"(?:keep an eye on|watch out for|look out for|listen for) .*",
    )),
    (Kind.NOTE, (
        rf"{_PLEASE}(?:remember|note|memorize|keep in mind|make a note|write down|take a note)(?: down)?"
        r" (?:that|this|of|to|the|my|our|i|we|she|he)\b.*",
    )),
    (Kind.CAPABILITY, (
        r"(?:.* )?(?:who|what) are you(?: able to do| exactly)?",
        r".*\bwhat(?:'s| is) your name\b.*",
        r".*\bwhat (?:else )?can(?:'t|not)? you (?:do|see and hear|hear and see|recognize|understand)\b.*",
        r"what (?:can|should|may) i ask(?: you)?",
        r"how (?:does this|do you|can you) (?:work|help)(?: me)?",
        r"(?:.* )?(?:can|do) you (?:hear|understand) me(?: \w+)?",
        r"are you (?:there|listening|awake|a robot|real|human|recording)(?: \w+)?",
        r"(?:do|can) you (?:store|save|keep|record|remember) (?:this|everything|what i say|my \w+|things|me)",
        r"who (?:made|built|programmed|trained) you",
        r"introduce yourself",
        r".*\babout yourself\b.*",
        r"help(?: me)?(?: please)?",
    )),
    (Kind.SAID, (
        r".*\b(?:say|said|says|mention|mentioned|told|tell you|spoke|words|quote)\b.*",
        r".*\b(?:mumble|mutter|whisper)(?:ed)?\b.*",
        r".*\b(?:talk|talked|talking|speak) about\b.*",
        r".*\bdiscuss(?:ed)?\b.*",
    )),
    (Kind.HEARD, (
        r".*\b(?:hear|heard|hearing)\b.*",
        rf".*\b{_SOUND}(?:s|ing|ed)?\b.*",
        rf".*\b(?:{_SOUNDED}|{ONLY_HEARD})\b.*",
        r"(?:did it|was it|has it been|has it) rain(?:ed|ing)?\b.*",
        r".*\b(?:was it|how) loud\b.*",
    )),
    (Kind.HOW_LONG, (r".*\bhow long (?:was|were|did|is|has|have|am|are|do|until)\b.*", r".*\bfor how long\b.*")),
    (Kind.COUNT, (r".*\bhow (?:many|often)\b.*", r"(?:please )?count\b.*")),
    (Kind.WHEN, (
        r".*\bwhen (?:was|were|did|is|are|does|have|do)\b.*",
        r".*\b(?:at what (?:time|point)|what time (?:was|did|is the|is my)|which day|what day is (?:the|my))\b.*",
        r".*\b(?:how long ago|since when|last time)\b.*",
    )),
    (Kind.HAPPENED, (
        r".*\bwhat (?:has |have |had |else |just )*(?:happened|changed)\b.*",
        r".*\b(?:everything|anything) that happened\b.*",
        r".*\b(?:summar\w*|recap|sum up)\b.*",
        r".*\bwhat (?:was|were|did) (?:going on|you see|i do|we do|i miss|we miss|he do|she do|they do)\b.*",
        r".*\bdid (?:anything|something) (?:happen|change)\b.*",
        r"(?:and )?(?:what )?(?:was |came )?(?:just )?(?:before|after) (?:that|this)",
        r"and then(?: what)?",
        r".*\bwhat do you remember\b.*",
        rf"describe .*\b{_PAST}\b.*",
        rf"what (?:was|were) .*\b{_PAST}\b.*",
    )),
    (Kind.WHERE, (
        r".*\bwhere (?:did|is|are|was|were|have|has|do|does|can|could|should|am)\b.*",
        r".*\bwhere's\b.*",
        r".*\b(?:can't find|lost|looking for|find) (?:my|the)\b.*",
    )),
    (Kind.DID_YOU_SEE, (
        rf".*\b(?:did|have|had) (?:you|{_SOMEBODY}|i|he|she|it|they) .*",
        rf"was (?:there|it|the|my|{_SOMEBODY}) .*",
        r"were .*",
        r"who (?:was|came|left|took|entered).*",
        r"did (?:the|my|a) .*",
        rf".*\b(?:is|are) .*\b{_PAST}",
    )),
    (Kind.NOW_WHAT, (
        rf".*\bwhat(?:'s| is| are|s)? {_POINTED}\b.*",
        r".*\b(?:do|can|could) you (?:still )?(?:see|describe|read|recognize)\b.*",
        r".*\bare you (?:seeing|looking at|watching)\b.*",
        r".*\b(?:describe|look at|in front of (?:me|you)|my hands?|what you see)\b.*",
        r".*\bwhat(?:'s| is|s)? (?:happening|going on|in front of|on the|in the|in my|behind)\b.*",
        r".*\b(?:what|which) colou?rs?\b.*",
        r"what am i (?:holding|wearing|doing|showing).*",
        r".*\bhow do i look\b.*",
        r"who is (?:this|that|here|there)\b.*",
        r"(?:what|which) (?:kind|sort|type|brand|shape) (?:of )?.*\b(?:this|that|these|those)\b.*",
        rf"(?:is|are|am) (?:it|there|{_SOMEBODY}|this|that|the|my|i|he|she|they)\b.*",
        r"(?:is|are) (?:anything|something|everything)\b.*",
        r"does (?:it|this|that|the \w+) look\b.*",
        r"read (?:this|that|it).*",
    )),
)  # fmt: skip
_TABLE = tuple((kind, tuple(re.compile(pattern) for pattern in patterns)) for kind, patterns in _RULES)
_LEADING = re.compile(
    r"^(?:(?:uh|um|er|erm|hmm|oh|so|well|okay|ok|and|but|hey|please|now|the|a|computer|assistant|omni) )+"
)

NO_TOPIC = word_set(
    """
    a about after again ago all also am an and any anybody anyone anything are as ask at be because been before but by
    can could day did do does doing done each earlier else everything exactly for from get give go going had happen
    happened has have he hear heard her here him his how i if i'm i've in is it it's just know last like look many me
    mean mention mentioned minute minutes hour hours second seconds more most my no not now of off oh okay on once or
    our out please put recall remember right said same saw say says see seen she should show so some somebody someone
    something speak spoke such talk talked talking tell than that the their them then there these they thing think
    this those time to today told too uh um until up us very want was way we were what what's when where where's which
    while who whole whom whose why will with words would yes yet you your quote repeat point leave left find lost lay
    looking noise sound beginning start end long often far mumble mumbled mutter muttered whisper whispered
    """
)
"""Words that say nothing about what a question is about."""


def by_rule(words: str) -> Kind | None:
    """The kind by the first rule that fits the plain words, or None when none knows them."""
    stripped = _LEADING.sub("", words) or words
    return next((kind for kind, rules in _TABLE if any(r.fullmatch(w) for r in rules for w in (stripped, words))), None)
