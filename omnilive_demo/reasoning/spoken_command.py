"""Words that steer the talk itself, at any time: stop, go on, say that again, shorter."""

from __future__ import annotations

import re
from enum import StrEnum

from omnilive_demo.models.chinese import is_chinese
from omnilive_demo.reasoning.spoken_command_zh import read_chinese_command
from omnilive_demo.reasoning.words import plain


class Command(StrEnum):
    """What the visitor wants of the answer."""

    STOP = "stop"
    GO_ON = "go on"
    REPEAT = "repeat"
    SHORTER = "shorter"
    LONGER = "longer"
    SLOWER = "slower"
    FASTER = "faster"
    LOUDER = "louder"
    QUIETER = "quieter"


_SO = r"(?:(?:okay|ok|oh|no|hey|please|now|just|and|well|yes|can you|could you|would you|will you) )*"
_END = r"(?: (?:now|please|it|that|talking|speaking|for a moment|for now|thanks|thank you|computer|omni))*"
_SPEAK = r"(?:(?:speak|talk|say it) )?(?:(?:a bit|a little|much|a little bit) )?"
_BIT = r"(?: (?:a bit|a little|a little bit))?"
_TOO = r"(?:(?:(?:that's|that is|(?:you're|you are)(?: talking| speaking)?|you (?:talk|speak)) )?too)"
_TABLE = tuple(
    (command, re.compile(rf"{_SO}(?:{pattern}){_END}"))
    for command, pattern in (
        (
            Command.STOP,
            r"(?:stop|hush|shush|shut up|silence|pause|enough|quiet|be quiet|be silent|never ?mind|cancel"
            r"|(?:wait|hold on|hang on)(?: (?:a|one|just a) (?:second|moment|minute))?"
            r"|(?:one|just a) (?:second|moment|minute)"
            r"|forget (?:it|about it|that)|that(?:'s| is) enough|that will do|stop (?:it|that|talking|speaking))"
            r"(?: (?:stop|enough|quiet|please|never ?mind))*",
        ),
        (
            Command.GO_ON,
            r"(?:go on|go ahead|carry on|keep going|continue|keep talking|proceed|please do|what else"
            r"|where were (?:you|we)|finish (?:that|your sentence|what you were saying)|you were saying)",
        ),
        (
            Command.REPEAT,
            r"(?:(?:say|repeat|tell me) (?:that|it|this)(?: once more| one more time| again| slower| louder)*"
            r"|say again|come again|pardon(?: me)?|once more|once again|one more time|repeat|sorry what"
            r"|what (?:was that again|did you (?:just )?say)(?: again)?)",
        ),
        (
            Command.SHORTER,
            r"(?:(?:much |a bit |a little |in )?(?:shorter|short|brief|briefly|briefer)"
            r"|(?:keep|make|say) it (?:short|shorter|brief)|be (?:brief|short|more brief)|in a few words"
            r"|in one sentence|(?:give me )?the short version|too long|that(?:'s| is| was) too long"
            r"|(?:a )?shorter answers?)",
        ),
        (
            Command.LONGER,
            r"(?:(?:tell me |say )?more(?: about (?:it|that))?|in (?:more )?detail|more details?|longer"
            r"|(?:a )?longer answers?|(?:give me )?the long version|(?:give me )?the whole answer)",
        ),
        (
            Command.SLOWER,
            rf"{_SPEAK}(?:slower|more slowly|less fast|not so fast)|(?:speak|talk) slowly|slow down{_BIT}|{_TOO} fast",
        ),
        (Command.FASTER, rf"{_SPEAK}(?:faster|more quickly|quicker)|speed up{_BIT}|{_TOO} slow(?:ly)?"),
        (
            Command.LOUDER,
            rf"{_SPEAK}(?:louder|more loudly)|speak up{_BIT}|{_TOO} quiet(?:ly)?|turn (?:it|the volume) up",
        ),
        (
            Command.QUIETER,
            rf"{_SPEAK}(?:quieter|more quietly|softer|less loud|not so loud)|lower your voice{_BIT}|{_TOO} loud(?:ly)?"
            r"|turn (?:it|the volume) down",
        ),
    )
)

_OF_ANYTHING = frozenset(
    (Command.SHORTER, Command.LONGER, Command.SLOWER, Command.FASTER, Command.LOUDER, Command.QUIETER)
)
# What names us, the voice or what was said: "too loud" may be of a party, and "slower" of the car. As in Chinese.
_NAMES_US = re.compile(
    r"\b(?:please|thanks|thank|you|your|computer|omni|speak|speaking|talk|talking|say|tell|give|voice|volume|answers?"
    r"|version|sentence|words|details?|keep|make|be)\b"
)


def is_surely_command(text: str) -> bool:
    """Whether a sentence steers the talk, whoever else is in the room: "stop", "slower, please", not "too loud"."""
    command = read_command(text)
    return command is not None and (
        command not in _OF_ANYTHING or is_chinese(text) or _NAMES_US.search(plain(text)) is not None
    )


def read_command(text: str) -> Command | None:
    """The command that a whole sentence is, in English or Chinese, or None."""
    if is_chinese(text):
        name = read_chinese_command(text)
        return Command(name) if name else None
    words = plain(text)
    return next((command for command, pattern in _TABLE if pattern.fullmatch(words)), None)
