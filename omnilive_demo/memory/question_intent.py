"""What a question is after: the present, words, sounds, or what happened; and the words that carry its topic.

Plain patterns over lower-case words, which hold for typed and for recognised questions (no punctuation needed).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from omnilive_demo.models.question_words import is_need, points_back
from omnilive_demo.models.sound_words import ONLY_HEARD
from omnilive_demo.models.thing_names import ThingNames

_NO_TOPIC = """
    a about after again ago ah all also am an and another any anyone anybody anything are around as ask asked at
    away back be because been before beginning being between both bring but by call called came can come could
    did do does doing done during each earlier else enn ever everything exactly few first for from get go goes
    going gone good got had happen happened happening happens has have having he hear heard hello her here hers
    hey him his hmm how i if in into is it its just kind know last lately left like little long look looked
    looking made make many may me mean mention mentioned might mine minute minutes moment more most much my
    myself nearby near need next no noise noises not nothing now of off oh ok okay on once one only or
    other our out over past people please probably put question quite really recently remember remind right said
    same saw say saying says second seconds see seen shall she should show since so some somebody someone
    something soon sort sound sounds speak spoke spoken start started still such talk talked talking tell than
    thank thanks that the their them then there these they thing things think this those three through time to
    today told too two um until up us use very want wanted was way we well went were what whatever when where
    which while who whole whom whose why will with would yeah yes yet you your yours hour hours day days listen
    listening voice what's where's who's that's it's i'm i've you've didn't don't doesn't isn't wasn't aren't
    can't let's i'd i'll mumble mumbled mumbling mutter muttered muttering whisper
    whispered whispering
"""
STOP_WORDS = frozenset(_NO_TOPIC.split())
"""Words that carry no topic: they are not looked for in what was said."""

_PAST = r"\b(?:did|was|were|had|ago|earlier|before|been|seen|said|happened|went|saw|came|left|previously|yesterday)\b"
_NOW = (
    r"\b(?:right now|now|currently|at the moment|at present)\b"
    r"|\bwhat(?:'s| is| are|s)? (?:this|that|these|those|it)\b"
    r"|\bwho(?:'s| is| are|s)? (?:this|that|these|those|he|she|they)\b"
    r"|\b(?:is|are|read|describe|identify|explain|about|at|name|with|like) (?:this|these|those)\b"
    r"|\b(?:this|these) (?:thing|one|object|picture|image|place|room|person|man|woman|color|colour)\b"
    r"|\b(?:do|can|could|are) you (?:still )?(?:see|seeing|watch|watching|look|looking|read)\b|\byou see\b"
    r"|\bwhat am i\b|\bwhere am i\b|\bhow do i look\b|\bhow many fingers\b"
    r"|\bam i (?:holding|wearing|showing|sitting|standing)\b"
    r"|\bin front of (?:me|you|the camera)\b|\b(?:i'm|i am|im) (?:holding|showing|wearing|pointing)\b|\bin my hands?\b"
    r"|\bdescribe (?:the|what|my|it|everything)\b|\bwhat(?:'s| is|s) (?:happening|going on|there|here|visible)\b"
    r"|\blook at\b|\b(?:call|recogni[sz]e|word for|check) this\b|^and this$|\b(?:lying|got) here\b"
    r"|\bhow many of these\b"
    r"|\bbefore (?:you|the camera)$|\byou(?:'re| are) looking at\b|\bam i presenting\b|\bright this second\b"
    r"|\bin front of the lens\b|\bin my fingers\b|\bin your sights\b|\bpointed at you\b|\bsay what you see\b"
    r"|\b(?:what|which) colou?r (?:is|are)\b|\bwhat do you see\b"
    r"|\bwhat(?:'s| is|s) on (?:the )?(?:screen|camera|picture)\b"
)
_PERHAPS_NOW = r"(?<!where )\b(?:is|are) (?:it|there|here|he|she|they|anyone|anybody|someone|somebody)\b"
_SHORT = 5  # words; a longer "is there something to…" looks for what was seen earlier
_SPEECH = (
    r"\b(?:say|said|says|saying|tell you|told|mention|mentioned"
    r"|talk about|talked|talking about|speak|spoke|spoken|discuss"
    r"|discussed|call it|words|phrase|sentence|conversation|ask"
    r"|asked|mumbl(?:e|ed|ing)|mutter(?:ed|ing)?|whisper(?:ed|ing)?)\b"
    r"|\bhear (?:me|him|her|them|us|anyone|someone) say\b"
    r"|\b(?:do|did) i have to\b|\bremind me\b(?! (?:what|where|which))"
)
_SOUND = (
    r"\b(?:noise|noises|sound|sounds|sounded|loud|bang|beep|ring|rang|ringing|bark|barked|barking|doorbell|bell|clap"
    r"|clapped|clapping|applause|whistle|whistled|whistling|knock|knocked|knocking|sirens?|alarms?|music|crash|thunder"
    r"|cough|coughed|coughing|laugh|laughed|laughing|laughter|footsteps|beeped|beeping"
    rf"|{ONLY_HEARD})\b"
    r"|\b(?:did it|was it|has it been|has it) rain(?:ed|ing)?\b"
    r"|\b(?:hear|heard|hearing|listen|listened)\b(?! (?:me|him|her|them|us) say| about)"
)
_OVERVIEW = (
    r"\bwhat (?:has |have |had )?(?:just |else )?happened\b|\bwhat did (?:you|i|we) (?:see|do|watch|miss)\b"
    r"|\bwhat(?:'s| has| have| was|s)? (?:you |i |been )?(?:seen|been going on|going on|been happening)\b"
    r"|\bwhat (?:do|can) you remember\b|\bsumm?ari[sz]e\b|\bsummary\b|\bdid (?:i|we) miss (?:anything|something)\b"
    r"|\bwhat have (?:you|i|we) (?:seen|done)\b|\bdid (?:anything|something) happen\b"
)
_FIRST = re.compile(r"\b(?:first|earliest|beginning|start|started|begin|began)\b")
_ABOUT_THINGS = re.compile(r"\b(?:where|when|did you see|have you seen|do you see|how many|colou?r)\b")
_CHAT = re.compile(
    r"^(?:(?:oh|okay|ok|great|well|so) )*(?:hello|hi|hey there|good (?:morning|evening|afternoon|night)|thanks"
    r"|thank you|cheers|bye|goodbye|stop|cancel|enough|be quiet|shut up|never ?mind)\b"
    r"|\bhow are you\b|\bwho are you\b|\bwhat are you$|\byour name\b|\bwhat can(?:'t|not)? you do\b|\bhow do you work\b"
    r"|\bwhat (?:time|day|date) is it\b|\b(?:say|repeat) (?:that|it) again\b|\btell me a joke\b"
    r"|\bare you (?:there|listening)\b"
)
_QUESTION_START = re.compile(
    r"^(?:what|where|when|who|whom|whose|why|which|how|did|do|does"
    r"|is|are|was|were|can|could|have|has|will|would|tell me)\b"
)
_REQUEST_MARKS = re.compile(r"\bask(?:ed)?\b|\bquestions?\b")


@dataclass(frozen=True, slots=True)
class Intent:
    """Where to look first. `questions`: it asks about earlier questions, so these are not held back.

    points: it points back at something without naming it ("what was that?", "what did I just put down?").
    order: "first" if it points at the first of all. needs: it tells of a need, or asks for a thing by its use.
    chat: a greeting, thanks, or a question about the assistant: nothing that was seen can answer it.
    things: known names in it.
    """

    now: bool = False
    speech: bool = False
    sound: bool = False
    overview: bool = False
    questions: bool = False
    points: bool = False
    order: Literal["", "first"] = ""
    needs: bool = False
    chat: bool = False
    topic: tuple[str, ...] = ()
    things: tuple[str, ...] = ()


def read_intent(text: str, time_phrase: str = "", names: ThingNames | None = None) -> Intent:
    """What `text` is after; the words of the time that it names carry no topic.

    With `names`, what is asked is read without the things it is asked about: an alarm clock is no alarm.
    """
    topic = topic_words(plain_words(text).replace(plain_words(time_phrase), " ") if time_phrase else text)
    words = plain_words(names.masked(text) if names else text)
    past = re.search(_PAST, words) is not None
    sound = re.search(_SOUND, words) is not None
    speech = re.search(_SPEECH, words) is not None
    things = names.mentioned(text) if names else ()
    perhaps = names is None or len(words.split()) <= _SHORT
    present = re.search(_NOW, words) or (re.search(_PERHAPS_NOW, words) if perhaps else None)
    visual_now = present is not None and not past
    points = points_back(words) and not (sound or speech or things)
    return Intent(
        now=visual_now and not sound and not speech and not points,
        speech=speech,
        sound=sound,
        overview=re.search(_OVERVIEW, words) is not None,
        questions=_REQUEST_MARKS.search(words) is not None,
        points=points,
        order="first" if points and _FIRST.search(words) else "",
        needs=is_need(words),
        chat=_CHAT.search(words) is not None,
        topic=topic,
        things=() if is_need(words) and _ABOUT_THINGS.search(words) is None else things,
    )


def topic_words(text: str) -> tuple[str, ...]:
    """The words of a question that say what it is about, in order, each once."""
    words = re.findall(r"[\w']+", plain_words(text))
    return tuple(dict.fromkeys(word for word in words if word not in STOP_WORDS and len(word) > 1))[:12]


def is_question(text: str) -> bool:
    """Whether words look like a question, with or without its mark."""
    return text.rstrip().endswith("?") or _QUESTION_START.match(plain_words(text)) is not None


def plain_words(text: str) -> str:
    """Lower case, without punctuation but apostrophes, single spaces."""
    return " ".join(re.sub(r"[^\w'\s]", " ", text.lower().replace("’", "'")).split())
