"""Questions that name nothing themselves: they follow up the last answer, or ask about having been away.

What they mean, where A is what the last answer rested on (`Thread`):

| asked | means |
|---|---|
| "and before that?", "那之前呢？" | the moment directly before A, of A's kind: seen, said, heard, or all of it |
| "and then?", "后来呢？" | the one directly after A |
| "the other one?", "any other time?", "还有别的吗？" | the next best moment for the question that led to A |
| "when was that?", "那是什么时候？" | A itself |
| "what else was there?", "当时还有什么？" | A itself, and what was not told of it |
| "did anyone say anything then?", "当时有人说话吗？" | what was said, heard or seen at the time of A |
| "how long was I away?", "我离开了多久？" | the time for which this memory was closed before this visit |

A sentence is one of these only as a whole ("did you see the dog before that" is a question of its own, see
`recalling`). English is read as plain words, Chinese as the run-on form; both tables say the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from omnilive_demo.memory.followups_zh import AWAY_ZH, CHAT_ZH, FOLLOWS_ZH
from omnilive_demo.memory.question_intent import plain_words, read_intent
from omnilive_demo.models.chinese import is_chinese, run_on
from omnilive_demo.records import EvidenceKind, FollowKind

AwayKind = Literal["length", "begin", "events"]
T = TypeVar("T")

_SO = r"(?:(?:and|so|ok|okay|oh|um|uh|well|but|now|please|hmm|yes|no) )*"
_THAT = r"(?:that|then|it)"
_THEN = (
    r"(?:then|back then|at (?:that|the) (?:time|moment|point)|at that very moment|during that|meanwhile"
    r"|around that time|while that happened|in that moment)"
)
_JUST = r"(?:(?:just|right|even|directly|immediately|shortly) )?"
_ONE = r"(?:one|time|moment|place|thing)s?"
_SAID = r"(?:what (?:did (?:i|we|you hear me|he|she|they|anyone|anybody) say|was said)|what had (?:i|we) said)"
_HEARD = r"(?:what did you hear|what (?:could|can) be heard|what was heard|what (?:sound|noise) was (?:there|that|it))"
_SEEN = r"(?:what did you see|what was (?:seen|shown)|what (?:did|had) i (?:show|shown)(?: you)?)"
_HAPPENED = r"(?:what (?:happened|was going on|was there|was happening)|did (?:anything|something) happen)"
_WAS = (
    r"(?:what (?:was|came|were|is|had been)(?: there)?|what about|how about|what else was there|was there anything"
    r"|(?:what was |show me |tell me )?the (?:one|moment|thing)(?: from)?)"
)
_AWAY = r"(?:away|gone|out|absent|offline|not here|not there)"
_I = r"(?:i|we)"


@dataclass(frozen=True, slots=True)
class Followup:
    """How a question follows up. of: the kind that it asks for, where it says so ("what did i say before that")."""

    kind: FollowKind
    of: EvidenceKind | None = None


Rule = tuple[Followup, str]


def _step(kind: FollowKind, word: str, more: str) -> tuple[Rule, ...]:
    that = rf"{_JUST}{word}(?: {_THAT})?(?: one)?"
    surely = rf"{_JUST}{word} {_THAT}"
    return (
        (Followup(kind, "speech"), rf"{_SAID} {surely}"),
        (Followup(kind, "sound"), rf"{_HEARD} {surely}"),
        (Followup(kind, "picture"), rf"{_SEEN} {surely}"),
        (Followup(kind, "time"), rf"{_HAPPENED} (?:{surely}|{more})"),
        (Followup(kind), rf"(?:{_WAS} )?{that}|{more}"),
    )


FOLLOWS: tuple[Rule, ...] = (
    *_step("before", "before", r"(?:(?:even )?(?:earlier|further back)|earlier than that|go (?:back )?further back)"),
    (Followup("after"), r"(?:what )?then(?: what)?|what (?:happened|came|was) (?:next|then)|next"),
    *_step("after", "after", r"(?:afterwards?|later|next|after then)"),
    (
        Followup("other"),
        rf"(?:(?:what|how) about |i meant? |show me |tell me about |tell me |is there |was there |were there "
        rf"|(?:do|did|have) you (?:have |know |remember |see |seen |hear |heard )|i want |give me )?"
        rf"(?:(?:the|any|an|some) ?other {_ONE}|another {_ONE}|a different {_ONE}|one more)(?: like (?:that|it))?"
        rf"|not that {_ONE}(?: the other one)?|(?:that's|that is|it's) not (?:it|the one|what i meant)"
        rf"|(?:when|where) else|(?:the )?others|(?:and )?at (?:any|another|some) other time|any others|not that",
    ),
    (
        Followup("when"),
        rf"(?:when|how long ago|at what time|what time)(?: exactly)?"
        rf"(?: (?:was|is|did) {_THAT}(?: happen)?)?(?: exactly)?"
        rf"|(?:when|how long ago) (?:did you (?:see|hear) (?:that|it|them)|did (?:i|he|she|they) say (?:that|it))",
    ),
    (
        Followup("else"),
        rf"(?:what|who) else (?:was|were) (?:there|visible|around|in it|in the picture)(?: {_THEN})?"
        rf"|what else (?:did|could|can) you see(?: there| in it| {_THEN})?|what else (?:was there|happened) {_THEN}"
        rf"|(?:was there|did you see) anything else(?: there| in it| {_THEN})?",
    ),
    (
        Followup("said"),
        rf"(?:did|has|was) (?:anyone|anybody|someone|somebody|i|he|she|they|we) "
        rf"(?:say|said|saying|talk|talking|speak|speaking)(?: anything| something)? (?:{_THEN}|there)"
        rf"|{_SAID} (?:{_THEN}|there)|was (?:anything|something) said {_THEN}|(?:and )?who (?:spoke|talked) {_THEN}",
    ),
    (
        Followup("heard"),
        rf"(?:did|could) you hear (?:anything|something|a sound|a noise|any sounds?|any noises?) {_THEN}"
        rf"|{_HEARD} {_THEN}|(?:was there|were there) (?:a|any) (?:sound|noise)s? {_THEN}",
    ),
    (
        Followup("seen"),
        rf"{_SEEN} {_THEN}|what (?:could|did) (?:you|one|it|i) (?:see|look like) {_THEN}"
        rf"|what (?:was|were) (?:there|visible|in the picture|i doing) {_THEN}"
        rf"|did you see (?:anything|something) {_THEN}",
    ),
)

AWAY: tuple[tuple[AwayKind, str], ...] = (
    (
        "length",
        rf"(?:for )?how long (?:was|were|have|had|am|are) {_I}(?: been)? {_AWAY}(?: for)?"
        rf"|how long (?:was|were) (?:you|this|it) (?:off|closed|shut down|switched off|offline|asleep)"
        rf"|how long has it been since {_I} (?:was|were|left)(?: last)?(?: here)?",
    ),
    (
        "begin",
        rf"when (?:was|were) {_I} (?:last )?here(?: last)?|when was the last time (?:that )?{_I} (?:was|were) here"
        rf"|when (?:did {_I} (?:leave|go|go away|last visit|last come(?: here)?)|was my last visit)"
        rf"|(?:was|were) {_I} away",
    ),
    (
        "events",
        rf"(?:what (?:happened|was going on|did (?:{_I}|you) (?:miss|see|hear|notice)|have {_I} missed)"
        rf"|(?:did|was|has) (?:anything|something|anyone|anybody|someone|somebody|you|{_I})"
        r"(?: (?:happen(?:ed)?|here|come|see|hear|notice|miss|said?|speak)"
        r"(?: (?:anything|something|anyone|anybody))?)?)"
        rf" (?:while|when|since|as long as) {_I} (?:was|were|had been|have been|left|went)(?: {_AWAY})?",
    ),
)

_FOLLOWS = tuple((how, re.compile(_SO + f"(?:{pattern})")) for how, pattern in FOLLOWS)
_AWAYS = tuple((kind, re.compile(_SO + f"(?:{pattern})")) for kind, pattern in AWAY)
_FOLLOWS_ZH = tuple((Followup(kind, of), re.compile(pattern)) for kind, of, pattern in FOLLOWS_ZH)
_AWAYS_ZH = tuple((kind, re.compile(pattern)) for kind, pattern in AWAY_ZH)
_KEEPS_ZH = re.compile(CHAT_ZH)


def read_followup(text: str) -> Followup | None:
    """How a whole sentence follows up the last answer, in English or Chinese; None where it does not."""
    if is_chinese(text):
        return _first(_FOLLOWS_ZH, run_on(text))
    return _first(_FOLLOWS, _undoubled(plain_words(text)))


def asks_further(text: str) -> bool:
    """Whether a sentence just after an answer is surely about it: one word alone ("later") may be said to anybody."""
    return read_followup(text) is not None and (is_chinese(text) or " " in plain_words(text))


def read_away(text: str) -> AwayKind | None:
    """What a whole sentence asks about having been away, in English or Chinese; None where it does not."""
    return _first(_AWAYS_ZH, run_on(text)) if is_chinese(text) else _first(_AWAYS, plain_words(text))


def is_chat(text: str) -> bool:
    """Whether it only keeps the talk going ("thanks", "say that again"): what was spoken of is spoken of still."""
    return _KEEPS_ZH.fullmatch(run_on(text)) is not None if is_chinese(text) else read_intent(text).chat


def _first(table: Sequence[tuple[T, re.Pattern[str]]], words: str) -> T | None:
    return next((meant for meant, pattern in table if pattern.fullmatch(words)), None)


def _undoubled(words: str) -> str:
    """ "and that before that": recognisers double what is said slowly."""
    return re.sub(r"\b(\w+) \1\b", r"\1", words)
