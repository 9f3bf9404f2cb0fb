"""When has somebody finished? How much quiet to wait for, judged by how complete the words sound so far."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from omnilive_demo.models.chinese import is_chinese
from omnilive_demo.perception import end_of_turn_zh
from omnilive_demo.perception.end_of_turn_zh import Sounds

_LEFT_OPEN_WORDS = """
    a an the my your his her its our their some any every each another which whose
    of to in on at by for from with without about into onto over under between behind before after during near than
    and or but because if when while although though unless until since whether so that as
    is are was were am be been being do does did has have had can could will would shall should may might must
    let's i'm you're we're they're i've we've i'll we'll i'd you'd he'd she'd we'd they'd wanna gonna
    i we they he she who what where why how very really more most too just also not
    um uh er erm hmm uhm like well
"""
_LEFT_OPEN = frozenset(_LEFT_OPEN_WORDS.split())
"""Words after which more is to come: determiners, prepositions, conjunctions, auxiliaries, subjects, fillers."""

_BE = r"(is|was|are|were|am)"
_AUXILIARY = r"(is|was|are|were|am|did|do|does|can|could|will|would|have|has|had|should)"
_PRONOUN = r"(it|this|that|these|those|he|she|they|you|i|we|there|here)"
_FINDS = r"(see|saw|seen|find|found|notice|noticed|hear|heard|put|leave|left)"
_NO_PLACE = rf"(?!.* {_FINDS} (on|in|at|from|behind|under)$)"  # "what do you see on" the table
_NO_WHAT = r"(?!(what|which|who)\b.* (on|in)$)"  # "what is that on" the left
_LACKS = rf"({_FINDS}|describe|take|show|bring|give|get|need|have|tell|read)"
_THING = r"(it|this|that|him|her|them|me|you|us)"

_CLOSED = re.compile(
    rf"(what|who|where|when|how|which) {_BE} {_PRONOUN}"  # "who are they"
    rf"|.*\b(what|who|where|how) {_PRONOUN} {_AUXILIARY}"  # "do you know where they are"
    rf"|{_NO_PLACE}(what|who|where|which|how)\b.* {_AUXILIARY} (\w+ ){{1,3}}"
    r"(about|for|from|with|to|like|do|doing|have|(\w+ing|\w+ed|look|live|work|sit|stay) (on|in|at))"
    rf"|{_NO_PLACE}{_NO_WHAT}.*\b{_AUXILIARY} {_PRONOUN} .*\b(on|in|that|before|after|too)"  # "did you turn it on"
    rf"|.*\b(about|like|after|before|for|with|of|to) {_THING}|.*\bdo (it|this|that|them)"
    r"|(so|why|how|who|what|when|where|really|why not|how so|(yes )?i (am|do|did|can|was|have|will))"
)
"""Whole texts that are complete although their last word is one of those."""

_OPEN_QUESTION = re.compile(
    rf"(so |and |but )?((why|how) )?{_AUXILIARY} {_PRONOUN}"  # "why is it"
    rf"|(so |and |but )?(what|where|when|who|how) (did|do|does|can|could|will|would|have|has|had|should) {_PRONOUN}"
    rf"|(so |and |but )?((where|why|how) )?(did|do|does|can|could|will|would|have|has|had|should) {_PRONOUN} {_LACKS}"
    rf"|(so |and |but )?((where|when|why)\b.* {_FINDS}|how many( \w+)?)"
)
"""Whole texts that begin a question and lack what it is about: "where did I put", "did you see"."""

_ANNOUNCING = re.compile(
    r"(.*\b)?(i (just )?(want|wanted|would like|was going|am going|need|have) to (ask|know|tell|say)"
    r"( you)?( something)?"
    r"|(can|could|would|will) you( please)?( tell| show| remind)?( me| us)?|do you (know|remember|think|mean)"
    r"|tell me( when)?|i (think|mean|guess|wonder|was wondering)|the (thing|question|problem) is|excuse me|hey|okay so"
    r"|let me)"
)
"""Whole texts that only announce something."""

_COMMAND = re.compile(
    r"(please )?(stop|quiet|be quiet|shut up|enough|wait|cancel|never mind|go on|continue|repeat( that)?|again|louder"
    r"|yes|no|yes please|no thanks|no thank you|thanks|thank you|stop (it|that|talking)|what( is|'s| was) (this|that)"
    r"|what do you see)( please| now)?"
)
"""Short texts that nobody goes on from."""


_SPEAKER_MARGIN = 1.15  # over the pauses that a speaker made so far


@dataclass(frozen=True, slots=True)
class Said:
    """An utterance where its speaker falls silent.

    text: what was understood so far; empty when nothing was. speech_s: how long it lasts already. drawn_out: its last
    sound was held. speaker_pause_s: how long this speaker pauses and still goes on, as known so far.
    """

    text: str
    speech_s: float
    drawn_out: bool = False
    speaker_pause_s: float = 0.0


class EndOfTurn(Protocol):
    """Decides how long a pause ends a turn."""

    def pause_s(self, said: Said, finished: float | None = None) -> float:
        """Seconds of quiet after which the speaker has finished.

        finished: how likely that is by the sound (0..1), where a model listened.
        """
        ...


@dataclass(frozen=True, slots=True)
class PauseAndCompleteness:
    """A fixed pause, shortened after commands, lengthened while words or voice tell that more is to come.

    A speaker who is known to pause for longer is given that long, up to `patient_s`, where the words alone would not
    make us wait.
    """

    complete_s: float = 0.38
    command_s: float = 0.3
    announcing_s: float = 1.55
    left_open_s: float = 1.55
    drawn_out_s: float = 1.1
    unknown_s: float = 0.5  # nothing was understood: perhaps the recogniser is behind
    patient_s: float = 0.9
    rambling_s: float = 8.0  # who has spoken for this long pauses longer
    rambling_extra_s: float = 0.15

    def pause_s(self, said: Said, finished: float | None = None) -> float:
        """Seconds of quiet after which the speaker has finished; goes by words and voice alone."""
        sounds = end_of_turn_zh.sounds(said.text) if is_chinese(said.text) else _sounds(said.text)
        match sounds:
            case Sounds.COMMAND:
                return self.command_s
            case Sounds.ANNOUNCING:
                return self.announcing_s
            case Sounds.LEFT_OPEN:
                return self.left_open_s
        if said.drawn_out:
            return self.drawn_out_s
        if sounds is Sounds.NOTHING:
            return max(self.unknown_s, self._patience_s(said))
        rambling_s = self.rambling_extra_s if said.speech_s >= self.rambling_s else 0.0
        return max(self.complete_s + rambling_s, self._patience_s(said))

    def _patience_s(self, said: Said) -> float:
        return min(_SPEAKER_MARGIN * said.speaker_pause_s, self.patient_s)


def _sounds(english: str) -> Sounds:
    """How complete an English text sounds; case and punctuation do not matter."""
    words = re.findall(r"[a-z']+", english.lower())
    text = " ".join(words)
    if _COMMAND.fullmatch(text):
        return Sounds.COMMAND
    if _ANNOUNCING.fullmatch(text):
        return Sounds.ANNOUNCING
    open_ = _OPEN_QUESTION.fullmatch(text) is not None or (bool(words) and words[-1] in _LEFT_OPEN)
    if open_ and not _CLOSED.fullmatch(text):
        return Sounds.LEFT_OPEN
    return Sounds.COMPLETE if words else Sounds.NOTHING
