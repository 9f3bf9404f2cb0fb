"""Plain features of an utterance that a sentence embedding does not show: how it opens, whom it addresses, hesitation.

Each is a number near 0..1 that can be read off the words. They are computed on the plain form (lower case, no
punctuation), so typed and recognised text look alike. "Opens" means: after hesitations and a call to the assistant.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.reasoning.words import word_set

QUESTION_WORDS = word_set(
    """
    what where when who whose whom which why how what's where's who's when's how's
    """
)
AUXILIARIES = word_set(
    """
    is are am was were do does did can could will would should shall have has had may isn't aren't wasn't weren't don't
    doesn't didn't can't couldn't won't wouldn't haven't hasn't
    """
)
COMMANDS = word_set(
    """
    tell show describe explain read say repeat remind remember find look count stop wait cancel forget continue listen
    answer translate help summarize recap guess play set wake warn notify alert watch turn speak talk search note write
    start delete pause recommend give let make keep skip mute spell sum list quote name compare check call save define
    calculate convert suggest
    """
)
HESITATIONS = word_set(
    """
    uh um er erm eh ah ahh oh hmm hm mm mhm huh enn en ehh uhm ugh ooh so well okay ok like yeah yes right anyway and
    but now then please hey hi hello just
    """
)
FIRST_PERSON = word_set(
    """
    i i'm i've i'll i'd we we're we've we'll my our me
    """
)
KIN = word_set(
    """
    mom mum mommy mummy mama mother dad daddy papa honey darling dear sweetheart sweetie baby babe love kids guys
    grandma grandpa granny grandad aunt uncle brother sister son buddy dude bro sir madam miss professor doctor waiter
    boy girl folks everybody everyone ladies gentlemen mate pal
    """
)
FIRST_NAMES = word_set(
    """
    john anna mary tom peter susan paul emma david kate mike michael sarah max julia alex ben laura lisa mark robert
    james william richard joseph thomas charles christopher daniel matthew anthony donald steven andrew joshua kenneth
    kevin brian george timothy ronald jason edward jeffrey ryan jacob gary nicholas eric jonathan stephen larry justin
    scott brandon frank gregory patrick jack dennis jerry henry adam nathan patricia jennifer linda elizabeth barbara
    jessica karen nancy betty helen sandra ashley donna kimberly emily carol michelle amanda melissa deborah stephanie
    rebecca cynthia angela nicole katherine christine rachel maria heather diane ruth olivia joyce alice julie grace
    victoria sophie lucy hannah charlotte jane bob bill jim joe steve dave tim sam nick chris tony rick martin simon
    oliver harry leo felix oscar lily ella mia amy eve rose claire
    """
)

FEATURES = (
    "length", "one word", "opens with a question word", "opens with an auxiliary", "opens with a command",
    "opens with the first person", "asks further on", "opens by addressing somebody", "ends by addressing somebody",
    "names a person", "hesitation", "says you", "says me",
)  # fmt: skip


def lexical_features(texts: Sequence[str]) -> NDArray[np.float32]:
    """`[n, len(FEATURES)]` float32 of texts in plain form."""
    return np.array([_features(text.split()) for text in texts], np.float32).reshape(len(texts), len(FEATURES))


def _features(words: list[str]) -> list[float]:
    if not words:
        return [0.0] * len(FEATURES)
    opening = next((i for i, word in enumerate(words) if word not in HESITATIONS), len(words) - 1)
    first = words[opening]
    addressed = first in KIN or first in FIRST_NAMES
    rest = words[opening + 1 :]
    return [
        min(len(words), 20) / 10,
        float(len(words) == 1),
        float(first in QUESTION_WORDS),
        float(first in AUXILIARIES),
        float(first in COMMANDS),
        float(first in FIRST_PERSON),
        float(_asks_further_on(rest)),
        float(addressed and bool(rest)),
        float(len(words) > 1 and (words[-1] in KIN or words[-1] in FIRST_NAMES)),
        float(any(word in FIRST_NAMES or word in KIN for word in words)),
        sum(word in HESITATIONS for word in words) / len(words),
        float("you" in words or "your" in words),
        float("me" in words),
    ]


def _asks_further_on(words: list[str]) -> bool:
    """Whether a question begins inside: a question word before an auxiliary, or an auxiliary before a subject."""
    subjects = FIRST_PERSON | {"you", "it", "he", "she", "they", "there", "the", "that", "this", "any", "somebody"}
    for one, two in pairwise(words):
        if one in QUESTION_WORDS and (two in AUXILIARIES or "'" in one):
            return True
        if one in AUXILIARIES and two in subjects:
            return True
    return False
