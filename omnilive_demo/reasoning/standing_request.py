"""Requests to be told later: "tell me when you see a dog", "remind me in two minutes to call Anna", "cancel the timer".

Patterns over plain words, cheap enough to read every sentence with. The whole text has to fit: what is a question about
the past ("tell me when you saw the dog"), or said to somebody else, is none of it. Requests in which something is named
that cannot be waited for are read all the same (`Unfit`), so that they can be refused in words.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace

from omnilive_demo.models.chinese import is_chinese
from omnilive_demo.models.sound_words import NAMED
from omnilive_demo.models.thing_names import ThingNames
from omnilive_demo.reasoning.standing_clause import read_clause, sound_heard, thing_gone, thing_seen
from omnilive_demo.reasoning.standing_drop import THE_REMINDER
from omnilive_demo.reasoning.standing_request_zh import read_request_zh
from omnilive_demo.reasoning.standing_things import turned
from omnilive_demo.reasoning.standing_time import AMOUNT, CLOCK, DELAY, SOME_DAY, plain_request, seconds_of
from omnilive_demo.reasoning.standing_wanted import Dropped, Known, Listed, Request, Unfit, Wait, Wanted, repeated
from omnilive_demo.reasoning.words import plain

MOST_WORDS = 40

_LEADING = re.compile(
    r"^(?:(?:please|hey|okay|ok|so|well|oh|and|now|uh|um|er|then|also|just|computer|assistant|omni|but|kindly|yes|no"
    r"|sorry"
    r"|can you|could you|will you|would you|i want you to|i'd like you to|i would like you to|i need you to|you can"
    r"|you should"
    r"|you must|make sure to|make sure you|be sure to|be so kind and|don't forget to|would you mind to|try to) )+"
)
_TRAILING = re.compile(r"(?: (?:please|thanks|thank you|okay|will you|would you|can you|could you))+$")
_ME = r"(?:me|us|mi)"
_TELL = (
    rf"(?:(?:t[ei]ll|warn|alert|notify|inform|ping|call|wake|remind|buzz|nudge|signal)(?: to)? {_ME}(?: up)?"
    rf"(?: please)?|warning"
    rf"|(?:let|led) {_ME} (?:know|no)|give {_ME} (?:a|an) (?:shout|shot|sign|call|signal|heads up|hint|warning|nudge"
    rf"|ring|word"
    r"|alert|ping|reminder|poke)|say (?:something|so|hello|it)|speak up|shout|(?:i|we) (?:want|need|would like) to "
    r"(?:know|be"
    r" told|be warned)|(?:i|we)'d like to (?:know|be told|be warned)|make a (?:sound|noise))"
)
_WHEN = (
    r"(?:right )?(?:when|if|as soon as|so soon as|once|in case|went|(?:the )?(?:moment|minute|second|instant)"
    r"|(?P<every>when ?ever|every time|each time|any ?time)|(?:the )?(?:next|first) time)(?: that)?"
)
_OUT = (
    r"(?:watch(?:ing)? out|look(?:ing)? out|be on the (?:look ?out|watch)"
    r"|keep (?:an eye|your eyes|a look ?out|watch)(?: out| open| peeled)*)"
)
_NOTE = r"(?P<note>(?:to|that|about|of|it's time)? ?.+)"
_TIMER = r"(?P<timer>timer|timers|alarm|reminder|countdown|alarm clock|egg timer|stopwatch)"

_TIMED = tuple(
    re.compile(pattern)
    for pattern in (
        rf"remind {_ME} {DELAY}(?: {_NOTE})?",
        rf"(?:remind {_ME}|set (?:a|the) reminder|make a reminder) (?P<note>(?:to|that|about|of) .+?) {DELAY}",
        rf"{_TELL} (?P<note>(?:to|that) .+?) {DELAY}",
        rf"{_TELL} {DELAY}(?: (?P<note>(?:to|that|about) .+))?",
        rf"{DELAY} {_TELL}(?: (?P<note>(?:to|that|about|of) .+))?",
        rf"{_TELL} {_WHEN} (?:the )?(?P<amount>{AMOUNT}) (?:are|is|have|has) (?:over|up|passed|gone(?: by)?|done"
        rf"|elapsed)",
        rf"(?:(?:set|start|make|create|run|give {_ME}|put|add|i need|i want|i'd like)(?: {_ME})? )?(?:a|an|the"
        rf"|another|up a)?"
        rf" ?{_TIMER} (?:for|of|in|to)? ?(?:the next )?(?P<amount>{AMOUNT})(?: (?P<note>(?:to|for|that) .+)"
        rf"| from now)?",
        rf"(?:(?:set|start|make|create|run|give {_ME}|put|add|i need|i want|i'd like)(?: {_ME})? )?(?:a|an|the"
        rf"|another)?"
        rf" ?(?P<amount>{AMOUNT}) {_TIMER}(?: (?P<note>(?:to|for|that) .+))?",
        rf"(?:count down|count) (?:from )?(?P<amount>{AMOUNT})",
    )
)
_UNTIMED = re.compile(
    rf"(?:remind {_ME}|set (?:a|the) reminder|make a reminder)(?: (?:later|tomorrow|tonight|soon|some ?time))?(?: "
    rf"(?:to|that) .+)?|wake {_ME}(?: up)?(?: .+)?"
    rf"|(?:set|start|make|create|i need|i want|i'd like)(?: {_ME})? (?:a|an|the|another) {_TIMER}(?: .*)?"
)
_TOLD = tuple(
    re.compile(pattern)
    for pattern in (
        rf"remind {_ME} {_WHEN} (?P<clause>.+?) (?P<note>(?:to|that) .+)",
        rf"{_TELL} {_WHEN} (?P<clause>.+)",
        rf"remind {_ME} (?P<note>(?:to|that) .+?) {_WHEN} (?P<clause>.+)",
        rf"{_WHEN} (?P<clause>.+?) (?:then )?(?:please )?{_TELL}(?: (?P<note>(?:to|that|about) .+))?",
    )
)
_FOLLOWED = rf"(?: (?:and|then|and then) (?:please )?{_TELL}(?: {_WHEN} (?P<clause>.+))?)?"
_WATCHED = tuple(
    (re.compile(pattern + _FOLLOWED), read)
    for pattern, read in (
        (rf"{_OUT} for (?P<x>.+?)", thing_seen),
        (r"(?P<weak>watch|wait) for (?P<x>.+?)", thing_seen),
        (r"(?:listen(?: out)?|keep (?:an ear|your ears)(?: out| open)*) for (?P<x>.+?)", sound_heard),
        (r"keep an eye on (?P<x>.+?)(?: for me)?", thing_gone),
        (r"(?P<weak>watch|guard|look after|watch over) (?P<x>.+?)(?: for me)?", thing_gone),
    )
)

_UNIT = r"(?:second|minute|half hour|hour|day)"
_ONE = r"(?:reminder|timer|alarm|alert|countdown|request|query)"
_MORE = r"(?:reminders|timers|alarms|alerts|countdowns|requests|queries)"
_ONES = rf"(?:{_MORE}|{_ONE})"
_ALL = re.compile(
    rf"(?:all|everything|every one|both)(?: (?:of )?(?:it|them|those|that|these|the|my|{_ONES}|waiting))*|them(?: all)?"
    rf"|(?:every|all|any) (?:of )?(?:the |my |your )?{_ONES}|anything|(?:my|the|your) {_MORE}"
)
_LAST = re.compile(
    r"(?:it|that|this|the last(?: 1)?|that 1|the last (?:reminder|timer|request)"
    r"|what i (?:just )?(?:said|asked)(?: you)?)?"
)
_OF = r"(?: (?:about|of|to|that|when|if) (?P<x>.+?))?"
_NOW = r"(?: (?:any ?more|any longer|again|now|right now|every .+))*"
_DROPPED = tuple(
    (re.compile(pattern), sure)
    for pattern, sure in (
        (r"(?:stop|stopped|quit|no more) (?:watching|looking|waiting|listening)(?: out)? for (?P<x>.+)", True),
        (rf"(?:cancel|delete|remove|clear|drop|scrap|dismiss|forget(?: about)?|never ?mind(?: about)?) (?P<x>(?!what"
         rf"|that i).*\b{_ONES})\b(?P<rest>(?: (?:about|for|to|of|with) .+)?)", True),
        (rf"(?:stop|end|abort|kill|turn off|switch off) (?P<x>.*\b{_ONES}\b.*)", False),
        (r"(?:cancel|delete|remove|drop|scrap|forget about|forget|never ?mind(?: about)?|don't worry about) (?P<x>"
         r"(?:the|my|that|a|an|all|both|them|it|everything)\b.*)", False),
        (rf"(?:stop|quit) reminding(?: {_ME})?{_OF}{_NOW}", True),
        (r"(?:you )?(?:don't|do not|needn't|no need to|don't have to|don't need to|can stop|stop) (?:have to "
         r"|need to )?(?:tell|telling|remind|reminding|warn|wake|let|watch|watching|wait|waiting|look|listen)(?: "
         r"(?:me|us))?(?: know)?(?: out)?(?: (?:about|of|when|if|for|to) (?P<x>.+?))?(?: any ?more| any longer"
         r"| again)", True),
        (r"(?:you )?(?:don't|do not|needn't|no need to|don't have to|don't need to) (?:have to |need to )?(?:remind"
         r"|wake|warn|watch|wait|look out|listen)(?: (?:me|us))?(?: know)?(?: (?:about|of|when|if|for|to) "
         r"(?P<x>.+))?", False),
        (rf"(?:i|we) (?:don't|do not|no longer) (?:need|want) (?P<x>.*\b{_ONES}\b.*?)(?: any ?more"
         rf"| any longer)?", True),
        (r"(?:stop|quit) (?:watching|waiting)", False),
        (rf"(?:stop|quit) (?:telling|warning|alerting)(?: {_ME})?{_OF}{_NOW}", False),  # of what is being said, maybe
    )
)  # fmt: skip
_LISTED = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:what|who|whom) (?:else )?(?:are|were) you (?:still |now )*(?:waiting|watching out|looking out|watching"
        r"|looking|listening) for",
        r"(?:what|which things?) (?:did|have) i (?:ask|asked|tell|told) you to (?:tell|remind|warn|watch|listen|wait"
        r"|look|let|notify|alert)\b.*",
        rf"(?:what|which|how many)(?: of my)? {_ONES} (?:do (?:i|you|we) have|are there|are (?:set|open|running|on"
        rf"|left|waiting)|have i set).*",
        rf"(?:list|show|tell me|read(?: out)?|what are)(?: me)?(?: all)? (?:of )?(?:the|my) {_ONES}",
        rf"(?:do|have) (?:i|you|we) (?:have |got )?(?:any|some) (?:open |more )?{_ONES}(?: left| set| running)?",
        r"are you (?:still )?(?:waiting|watching out|looking out|watching|listening) for .+",
        r"how (?:much time|long) (?:is left|do i have left|is there left|is it)(?: on (?:the|my) (?:timer|countdown"
        r"|alarm))?(?: until .*)?",
        r"(?:what|which) things are you waiting for",
    )
)  # fmt: skip


def read_request(text: str, names: ThingNames | None, sounds: tuple[str, ...] = NAMED) -> Request | None:
    """What a visitor's sentence, in English or Chinese, asks to be told later, or to be told no more; None when it asks
    for neither.

    Args:
        text: as typed or recognised.
        names: of things that the eyes know; without it, no thing can be waited for.
        sounds: names that a sound may get.
    """
    known = Known(names, sounds)
    if is_chinese(text):
        return read_request_zh(text, known)
    words = plain_request(text)
    if not words or len(words.split()) > MOST_WORDS:
        return None
    words = _TRAILING.sub("", _LEADING.sub("", words))
    managed = _managed(words)
    if managed is not None:
        return managed
    wanted = _repeated(words) or _timed(words) or _told(words, known) or _watched(words, known) or _untimed(words)
    return replace(wanted, note=_note(wanted.note, text)) if isinstance(wanted, Wanted) and wanted.note else wanted


def _managed(words: str) -> Dropped | Listed | None:
    if any(pattern.fullmatch(words) for pattern in _LISTED):
        return Listed()
    for pattern, sure in _DROPPED:
        match = pattern.fullmatch(words)
        if match is None:
            continue
        about = (match.groupdict().get("x") or "") + (match.groupdict().get("rest") or "")
        everything = _ALL.fullmatch(about) is not None
        if everything and words.startswith("forget every"):
            return None  # that is the memory
        if not everything and _LAST.fullmatch(about):  # "stop reminding me" means the reminder, however long ago
            about = THE_REMINDER if re.search(r"\bremind(?:ing)?\b", words) else ""
        return Dropped("" if everything else about, everything, sure)
    return None


_OFTEN = rf"every (?P<amount>{AMOUNT}|{_UNIT})(?: or so)?"
_EVERY = tuple(
    re.compile(pattern)
    for pattern in (
        rf"remind {_ME} {_OFTEN}(?: {_NOTE})?",
        rf"{_TELL} {_OFTEN}(?: (?P<note>(?:to|that|about|of) .+))?",
        rf"{_OFTEN} remind {_ME}(?: {_NOTE})?",
        rf"{_OFTEN} {_TELL}(?: (?P<note>(?:to|that|about|of) .+))?",
        rf"{_TELL} (?P<note>(?:to|that) .+?) {_OFTEN}",
    )
)


_NOTE_ASKS = re.compile(r"(?:(?:about|of) )?(?:what|where|who|when|how|why|which|if|whether)\b")


def _repeated(words: str) -> Wanted | Unfit | None:
    for pattern in _EVERY:
        match = pattern.fullmatch(words)
        note = (match["note"] or "").strip() if match is not None else ""
        if match is not None and not _NOTE_ASKS.match(note):
            amount = match["amount"]
            return repeated(seconds_of(amount if re.fullmatch(AMOUNT, amount) else f"a {amount}"), note)
    return None


def _timed(words: str) -> Wanted | Unfit | None:
    for pattern in _TIMED:
        match = pattern.fullmatch(words)
        if match is None:
            continue
        delay_s = seconds_of(match["amount"])
        note = (match.groupdict().get("note") or "").strip()
        if 0 < delay_s < math.inf and not _NOTE_ASKS.match(note):
            return Wanted(Wait.TIME, delay_s=delay_s, note=note)
    return None


def _told(words: str, known: Known) -> Wanted | Unfit | None:
    found: Wanted | Unfit | None = None
    for match in filter(None, (pattern.fullmatch(words) for pattern in _TOLD)):
        found = read_clause(match["clause"], known)
        if isinstance(found, Wanted):
            return replace(found, note=match.groupdict().get("note") or "", every=bool(match["every"]))
        if CLOCK.search(match["clause"]):
            return Unfit("clock")
    return found


def _watched(words: str, known: Known) -> Wanted | Unfit | None:
    for pattern, read in _WATCHED:
        match = pattern.fullmatch(words)
        if match is None:
            continue
        told = words[match.end("x") :].strip() not in ("", "for me")
        if match["clause"]:  # and tell me when it moves
            clause = re.sub(r"^(?:it|he|she|they)\b", match["x"], match["clause"])
            found = read_clause(clause, known)
            return replace(found, every=bool(match["every"])) if isinstance(found, Wanted) else found
        read_as = read(match["x"], known)
        if isinstance(read_as, Unfit) and match.groupdict().get("weak") and not told:
            return None  # "wait for me", "watch this"
        return read_as
    return None


def _untimed(words: str) -> Unfit | None:
    if _UNTIMED.fullmatch(words) is None or re.search(r"\b(?:if|when|unless)\b", words):
        return None
    if CLOCK.search(words):
        return Unfit("clock")
    if SOME_DAY.search(words) or words.startswith(("remind", "wake")):
        return Unfit("when")
    return Unfit("how long" if "reminder" not in words else "when")


def _note(note: str, text: str) -> str:
    """What to remind of, said to the visitor, in the letters in which it was typed where that can be found out."""
    words = note if note.split()[0] in ("to", "that", "about", "of") else f"to {note}"
    first, _, rest = words.partition(" ")
    typed = re.findall(r"[\w'’]+(?:[-.]\w+)*", text)
    length = len(rest.split())
    for begin in range(len(typed)):
        for end in range(begin + max(1, length - 2), min(len(typed), begin + length + 2) + 1):
            if plain(" ".join(typed[begin:end])) == rest:
                return f"{first} {turned(' '.join(typed[begin:end]))}"
    return f"{first} {turned(rest)}"
