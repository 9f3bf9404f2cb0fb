"""What comes after "tell me when": a clause about something to come, read into what can be waited for, or cannot.

A table of patterns over plain words, tried in order; the whole clause has to fit. Sounds with a verb of their own come
before things ("the phone rings"), and things that go before things that come. A clause that tells of the past asks when
something was ("when you saw the dog"): it is a question, and no business of this module.
"""

from __future__ import annotations

import re
from dataclasses import replace

from omnilive_demo.models.descriptor_space import COLOURS, VISUAL_WORDS
from omnilive_demo.models.sound_words import NAMED, ONLY_HEARD, running, waited_for
from omnilive_demo.reasoning.standing_things import SOMEBODY, named, people, thing_said
from omnilive_demo.reasoning.standing_wanted import Found, Known, Read, Unfit, Wait, Wanted, gone
from omnilive_demo.reasoning.words import word_set

_AGAIN = re.compile(r"\b(?:again|another|next|a new|a different|comes? back|is back|returns?|re ?appears?|1 more)\b")
_TAIL = re.compile(
    r" (?:please|thanks|thank you|for me|okay|then|again|right away|at once|immediately|straight away|that is)$"
)
_SEES = r"(?:see|sea|seen|spot|notice|recogni[sz]e|detect|find|discover|observe|get to see|catch sight of)"
_LIGHT = r"(?:the |my |our )?(?:lights?|lamps?|sun)"
_ROOM = r"(?:it|(?:the|my) (?:room|picture|screen|image|kitchen|window|sky|place)|everything)"
_GETS = r"(?:(?:gets?|is|are|becomes?|turns?|goes|go|grows?|has (?:become|turned|gone|got|gotten)|'s) )"
_VERY = r"(?:(?:too|very|quite|completely|really|all|so|mostly) )?"
_THING = r"(?:something|anything|somebody|someone|anyone|anybody|it|he|she|they|(?:the|my|a|an) .+?)"
_DARK, _BRIGHT = r"(?:dark|darker|dim|gloomy)", r"(?:bright|brighter|light|lighter|lit)"
_COLOUR = rf"(?P<colour>{'|'.join(sorted({w for w, m in VISUAL_WORDS.items() if m in COLOURS}))})"

_LOOKS: tuple[tuple[str, str], ...] = (
    ("dark", rf"{_ROOM} ?{_GETS}{_VERY}{_DARK}(?: in here| here| outside)?"),
    ("bright", rf"{_ROOM} ?{_GETS}{_VERY}{_BRIGHT}(?: in here| here| outside)?"),
    ("dark", rf"{_LIGHT} (?:goes|go|is|are|gets?|has gone|have gone)(?: (?:turned|switched|put))? (?:off|out)"),
    ("bright", rf"{_LIGHT} (?:goes|go|comes?|is|are|gets?|has gone|have gone)(?: (?:turned|switched|put))? "
               rf"(?:back )?on"),
    ("dark", rf"{SOMEBODY} (?:turns?|switch(?:es)?|puts?) (?:(?:off|out) {_LIGHT}|{_LIGHT} (?:off|out))"),
    ("bright", rf"{SOMEBODY} (?:turns?|switch(?:es)?|puts?) (?:on {_LIGHT}|{_LIGHT} on)"),
    ("still", r"(?:everything|it|the (?:movement|picture)|nothing) (?:stops? moving|is still|stands? still"
              r"|calms? down|stops?)"
              r"|nothing (?:moves|is moving|happens)(?: any ?more| any longer)?"),
    ("moving", rf"{_THING} (?:moves?(?! away| out)|is moving|starts? (?:moving|to move)|happens|stirs?|changes?)"
               rf"(?: .{{0,30}})?"),
    ("moving", r"(?:there(?:'s| is)|you (?:see|notice|detect)) (?:any |some |a )?(?:movement|motion|activity|change|"
               r"(?:something|anything|anybody|somebody|someone) (?:moves?|moving))"),
    ("colour", rf"(?:{_ROOM}|(?:the|a) .+?) ?{_GETS}{_VERY}{_COLOUR}"),
    ("colour", rf"you (?:can )?(?:see|notice) (?:something|anything|the colou?r) {_COLOUR}"),
    ("colour", rf"there(?:'s| is) something {_COLOUR}"),
)  # fmt: skip

_SAYS = (
    r"(?:says?|saying|mentions?|mentioning|utters?|brings? up|(?:talks?|speaks?|talking|speaking) (?:about|of))"
    r" (?:the (?:words?|name|phrase) |something about |anything about |that |a |an |the |my )?(?P<x>.+)"
)
_SPEAKERS = (
    rf"(?:you hear (?:me|us|him|her|them|{SOMEBODY})|{SOMEBODY}|he|she|they|i|we|the (?:video|speaker|narrator|film"
    rf"|teacher)"
    r"|(?:a|the) (?:man|woman|person|voice))"
)
_MAKES = (
    r"(?:rings?|ringing|knocks?|knocking|barks?|barking|whistl(?:es?|ing)|coughs?|coughing|laughs?|laughing|claps?"
    r"|clapping"
    r"|beeps?|beeping|goes off|go off|boils?|boiling|sounds?|honks?|cries|cry|crying|screams?|screaming|sneezes?|sings?"
    r"|singing|types?|typing|rains?|raining|howls?|meows?|chimes?|buzzes|applauds?|giggles?|shouts?)"
)
_GOES = (
    r"(?:is|are|has|have) (?:gone|disappeared|vanished|missing|left|taken|taken away|removed|moved away|put away"
    r"|out of (?:view"
    r"|sight|the picture)|no longer (?:there|here|visible|in view|in the picture)|not (?:there|here|visible)"
    r"(?: any ?more)?)"
    r"|(?:goes|go|walks|drives|runs|flies|moves|swims) (?:away|out)|leaves?|disappears?|vanish(?:es)?"
    r"|(?:isn't|aren't) (?:there|here|visible|in view)(?: any ?more| any longer)?"
)
_COMES = (
    r"(?:comes?|coming|appears?|shows? up|turns? up|pops up|arrives?|enters?|gets? here|returns?|re ?appears?|passes"
    r"|drives"
    r"|walks|flies|goes|runs|can be seen|has (?:arrived|come|appeared|returned|entered)"
    r"|(?:is|are) (?:here|there|visible|back|around|coming|seen|in (?:view|sight|here|the .+)|on the .+|at the .+))"
)
_ENDS = re.compile(r"\b(?:stops?|ends?|stopped|ended|is over|are over|no longer|any ?more)\b")
_MAKES_TOO = (
    r"(?:shatters?|shattering|slams?|slamming|creaks?|creaking|squeaks?|squeaking|ticks?|ticking"
    r"|meowing|miaows?|purrs?|purring|snores?|snoring|sneezing|hiccups?|cheers?|cheering|growls?|growling|howling"
    r"|chirps?|chirping|tweets|quacks?|crows|moos?|mooing|bleats?|croaks?|neighs?|hoots?|buzzing|thunders?|thundering"
    r"|flush(?:es)?|flushing|drips?|dripping|sizzles?|sizzling|honking|explodes?|exploding|sobs?|sobbing|weeps?|weeping"
    r"|wails?|wailing|rattles?|rattling|clatters?|clattering|jingles?|jingling|hammers|hammering|drills|drilling)"
)  # verbs of sounds that only a larger tagger names
_IS_ON = (
    r"(?:(?:is |starts? |begins? )?(?:to )?(?:running|runs?|flows?|flowing)|starts?|(?:is|goes|turns|comes) on"
    r"|is turned on)"
)
_NO_SOUND = frozenset(("door", "fire", "clock"))  # loosely a knock, an alarm, a bell: not without a verb that says so

_PRESENT = (
    "is",
    "are",
    "gets",
    "get",
    "has",
    "have",
    "been",
    "being",
    "be",
    "it's",
    "that's",
    "there's",
    "'s",
    "you've",
)
_POINTERS = ("a", "an", "the", "my", "your", "our", "any", "some", "another", "very", "too")
_PAST = word_set(
    """
    saw was were said came left went had did got rang told happened took heard began found brought knew fell lost spoke
    ran sang ate drank stood sat broke woke
    """
)
_NOT_PAST = word_set("need feed bed red seed speed shed weed indeed bleed breed sled fed reed")
_QUESTION = re.compile(
    r"(?:is|are|was|were|did|do|does|will|would|can|could|has|had|have|should)\b.*"
    r"|(?:this|that|these|those)(?: is| are|'s)\b.*|(?:the|my|our|your|a)? ?(?:\w+ ){1,3}(?:is|are)"
    r"|you (?!(?:can |next |ever |do |will |first |no longer |don't |do not |can't |cannot |lose |actually |have "
    r"|get to |hear"
    rf"|here\b|listen|{_SEES})).*|(?:you're|you are)\b.*|i (?:put|set|lay|cut|let|left)\b.*"
    r"|(?:i|we|he|she|they) (?:should|must|can|could|may|shall|will|would|have to|need to|ought to)\b.*"
)


def is_question(clause: str) -> bool:
    """Whether a clause asks for something that was, that is, or that nobody can see: "you saw the dog", "lunch is"."""
    return _QUESTION.fullmatch(clause) is not None or _is_past(clause.split())


def _is_past(words: list[str]) -> bool:
    for i, word in enumerate(words):
        before = words[i - 1] if i else ""
        past = word in _PAST or (word.endswith("ed") and len(word) > 4 and word not in _NOT_PAST)
        if past and before not in _PRESENT and before not in _POINTERS:  # "is gone", "has left", "a potted plant"
            return True
    return False


def read_clause(clause: str, known: Known) -> Wanted | Unfit | None:
    """What a clause in normalised words waits for; None when it is a question."""
    again = _AGAIN.search(clause) is not None
    while (shorter := _TAIL.sub("", clause)) != clause:
        clause = shorter
    if not clause or is_question(clause):
        return None
    if _ENDS.search(clause) and waited_for(_masked(clause, known).split(), known.sounds):
        return Unfit("event", clause)  # sounds are heard when they are over, and not how they end
    for pattern, read in _TABLE:
        match = pattern.fullmatch(clause)
        found = read(match, known) if match is not None else None
        if found is not None:
            return _once_more(found) if again and isinstance(found, Wanted) else found
    words = [word for word in _masked(clause, known).split() if word not in _NO_SOUND]
    return heard_as(waited_for(words, NAMED), known) or Unfit("event", clause)


def _once_more(wanted: Wanted) -> Wanted:
    return replace(wanted, again=True)


def _masked(clause: str, known: Known) -> str:
    return known.things.masked(clause) if known.things is not None else clause


def heard_as(labels: frozenset[str], known: Known) -> Wanted | None:
    """A wait for sounds, in the order in which they are known; None for none."""
    return Wanted(Wait.SOUND, sounds=tuple(label for label in known.sounds if label in labels)) if labels else None


# ---- what the patterns mean ------------------------------------------------------------------------------------------


def thing_seen(said: str, known: Known) -> Wanted | Unfit:
    """A thing that is to come into view: "a dog", "my red mug", "somebody"."""
    found = named(said, known.things)
    if found:
        return Wanted(Wait.THING, found)
    if people(said):
        return Unfit("person")
    return Unfit("names") if known.things is None else Unfit("thing", thing_said(said))


def sound_heard(said: str, known: Known) -> Wanted | Unfit:
    """A sound that is to be heard, as it was said: "knocking", "a dog", "anything"."""
    if re.fullmatch(r"(?:something|anything|(?:a|any|some)(?: loud| strange)? (?:sounds?|noises?))(?: .*)?", said):
        return Wanted(Wait.SOUND)
    return heard_as(waited_for(said.split(), known.sounds), known) or Unfit("sound", thing_said(said))


def thing_gone(said: str, known: Known) -> Wanted | Unfit:
    """A thing that is to go out of view."""
    found = thing_seen(said, known)
    return gone(tuple((name,) for name in found.names)) if isinstance(found, Wanted) else found


def _sees(match: re.Match[str], known: Known) -> Found:
    return thing_seen(match["x"], known)


def _gone(match: re.Match[str], known: Known) -> Found:
    return thing_gone(match["x"], known)


def _hears(match: re.Match[str], known: Known) -> Found:
    return sound_heard(match["x"], known)


def _makes(match: re.Match[str], known: Known) -> Found:
    return _sounds(match, known) or Unfit("event", match.group(0))


def _sounds(match: re.Match[str], known: Known) -> Found:
    return heard_as(waited_for(match.group(0).split(), known.sounds), known)


def _runs(match: re.Match[str], known: Known) -> Found:
    return heard_as(running(match["x"].split(), known.sounds), known)


def _comes(match: re.Match[str], known: Known) -> Found:
    """Of things with no name, only what surely comes into view is taken for one: a bill is due, a train is on time."""
    found = thing_seen(match["x"], known)
    return None if isinstance(found, Unfit) and found.why == "thing" and "come" not in match.group(0) else found


def _says(match: re.Match[str], known: Known) -> Found:
    said = match["x"]
    if said in ("something", "anything", "that", "it", "so", "this", "name"):
        return Unfit("event", match.group(0))
    return Wanted(Wait.WORD, words=said)


def _look(word: str) -> Read:
    def read(match: re.Match[str], known: Known) -> Found:
        return Wanted(Wait.LOOK, look=VISUAL_WORDS[match["colour"]] if word == "colour" else word)

    return read


_WILL = r"(?:(?:can|could|do|will|next|ever|first|actually|have|get to) )*"
_TABLE: tuple[tuple[re.Pattern[str], Read], ...] = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        (rf"{_SPEAKERS} {_SAYS}", _says),
        (r"you hear the (?:words?|name|phrase) (?P<x>.+)", _says),
        (r"(?:the words? |the name )?(?P<x>.+?) (?:is|gets) (?:said|mentioned|spoken of|brought up)", _says),
        *((pattern, _look(word)) for word, pattern in _LOOKS),
        (rf"you {_WILL}(?:hear|here|listen to) (?P<x>.+)", _hears),
        (rf"there(?:'s| is| are) (?P<x>(?:a |any |some )?(?:loud )?(?:noise|sound|music|{_MAKES}).*)", _hears),
        (rf"(?P<x>.+?) (?:is |are |starts? (?:to )?|begins? (?:to )?)?{_MAKES}(?: .*)?", _makes),
        (rf"(?!you (?:can )?{_SEES}).+? (?:is |are |starts? (?:to )?|begins? (?:to )?)?{_MAKES_TOO}(?: .*)?", _sounds),
        (r"(?:.+ )?glass (?:is |gets )?(?:breaks?|breaking|broken)(?: .*)?", _sounds),
        (rf"there(?:'s| is| are) .*\b{ONLY_HEARD}\b.*", _sounds),
        (rf"(?P<x>.+?) {_IS_ON}", _runs),
        (rf"you {_WILL}(?:no longer|don't|do not|can't|cannot) {_SEES} (?P<x>.+?)(?: any ?more| any longer)?", _gone),
        (r"you lose sight of (?P<x>.+)", _gone),
        (rf"{SOMEBODY} (?:takes?|steals?|removes?|grabs?|carries|picks up) (?P<x>.+?)(?: away| out| off)?", _gone),
        (rf"you {_WILL}{_SEES} (?P<x>.+)", _sees),
        (r"there(?:'s| is| are)(?: again)? (?P<x>.+)", _sees),
        (rf"(?:i|{SOMEBODY}) (?:shows?|holds? up|(?:'m|am|is) (?:holding|showing)|brings?|carries)(?: you| in| up)? "
         rf"(?P<x>.+)", _sees),
        (rf"(?P<x>.+?) (?:{_GOES})(?: .*)?", _gone),
        (rf"(?P<x>.+?)(?:'s (?:here|there|back|coming)| {_COMES})(?: .*)?", _comes),
    )
)  # fmt: skip
