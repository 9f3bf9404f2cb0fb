"""Is this somebody who takes the word, or one who only listens aloud ("mm-hmm", "yeah"), or no words at all?"""

from __future__ import annotations

from itertools import pairwise

from omnilive_demo.models.chinese import is_chinese, run_on
from omnilive_demo.reasoning.back_channel_zh import only_listens, repeats, takes_the_chinese_word
from omnilive_demo.reasoning.words import plain, word_set

LISTENING = word_set(
    """
    aha ah alright all right cool correct exactly fine good gotcha great huh hm hmm i see got it indeed interesting mhm
    mm mmm nice of course oh ok okay really right sure true uh um wow yeah yep yes yup go on
    """
)
"""Words of a listener. Never "no", "stop", "wait" or a question word."""

NOISE = word_set(
    "a an and are at but er for her hers him his hm i in is it of on or the them they to uh up ah oh huh ha"
)
"""What a recogniser makes of a cough or a hum: short words that alone say nothing."""

TAKING = word_set(
    """
    again are be can cancel could did do does enough excuse forget hang hey hold how hush is listen look mind never no
    nope pardon please quiet say shorter shut shush sorry stop tell wait what what's when where where's which who who's
    why you
    """
)
"""Words of one who takes the floor with a word or two. Any others, said so shortly, are rather a hum misheard."""

SHORT_S, FEW_WORDS = 0.7, 2
MOST_WORDS = 4
CERTAIN_S = 1.0
LONG_S = 1.6
FRAGMENT_WORDS, FRAGMENT_CHARS = 4, 6


def takes_the_word(text: str, speech_s: float, noise: str = "", own_text: str = "") -> bool:
    """Whether somebody who spoke for `speech_s` while we did, and was understood as `text`, wants us to be quiet.

    Who goes on for long wants to be heard, whatever was understood; who was not understood at all was a noise.

    Args:
        noise: what it sounds like, if not like speech: laughter is not an interruption, however long it lasts.
        own_text: what we say ourselves; who says the same is our echo.
    """
    words = plain(text).split()
    chinese = is_chinese(text)
    if noise or (repeats(text, own_text) if chinese else _repeats(words, plain(own_text).split())):
        return False
    if speech_s >= LONG_S:
        return True
    if chinese:
        return takes_the_chinese_word(text, speech_s)
    if not words or (len(words) <= MOST_WORDS and LISTENING.issuperset(words)):
        return False
    if speech_s < SHORT_S and len(words) <= FEW_WORDS:
        return not TAKING.isdisjoint(words)
    return not (speech_s < CERTAIN_S and (NOISE | LISTENING).issuperset(words))


def is_fragment(text: str) -> bool:
    """Whether these few words may be the beginning of something, and not a listener's."""
    if is_chinese(text):
        return len(run_on(text)) <= FRAGMENT_CHARS and not only_listens(text)
    words = plain(text).split()
    return len(words) <= FRAGMENT_WORDS and not LISTENING.issuperset(words)


def _repeats(words: list[str], own: list[str]) -> bool:
    """Whether at least half of the pairs of neighbouring words are neighbours in our own text as well."""
    pairs = set(pairwise(own))
    found = [pair in pairs for pair in pairwise(words)]
    return bool(found) and sum(found) * 2 >= len(found)
