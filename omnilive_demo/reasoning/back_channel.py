"""Is this somebody who takes the word, or one who only listens aloud ("mm-hmm", "yeah"), or no words at all?"""

from __future__ import annotations

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

SHORT_S = 0.7
LONG_S = 1.6
MOST_WORDS = 4


def takes_the_word(text: str, speech_s: float) -> bool:
    """Whether somebody who spoke for `speech_s` while we did, and was understood as `text`, wants us to be quiet.

    Who goes on for long wants to be heard, whatever was understood; who was not understood at all was a noise.
    """
    words = plain(text).split()
    if speech_s >= LONG_S:
        return True
    if not words or (len(words) <= MOST_WORDS and LISTENING.issuperset(words)):
        return False
    return not (speech_s < SHORT_S and (NOISE | LISTENING).issuperset(words))
