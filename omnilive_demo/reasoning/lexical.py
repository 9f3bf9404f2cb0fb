"""Plain features of an utterance that a sentence embedding does not show: how it opens, whom it addresses, hesitation.

Each is a number near 0..1 that can be read off the words. They are computed on the plain form (lower case, no
punctuation), so typed and recognised text look alike. "Opens" means: after hesitations and a call to the assistant.

Beside them stand the words and word pairs that are common over many templates ("^ tell", "tell me", "i guess"), because
the mean over tokens loses their order; which ones is decided in training and kept with the weights.
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
BODILY = word_set(
    """
    pass hand bring hold put throw kick fetch sit stand come go get eat drink wash brush wear open close shut move step
    touch wake hurry run stay pick lend sign follow smile turn pull push leave feed
    """
)
"""Requests for what only a body can do: they go to somebody else."""
SELF_ANSWERS = word_set(
    "no yes nope yeah maybe probably guess hmm hm ah oh well okay great wow again whatever argh nah yep suppose"
    " later never"
)
FAREWELLS = word_set("bye goodbye speaking phone cheers regards congratulations welcome sir ma'am madam officer doctor")
OTHERS = word_set("he she they we you it that's he's she's they're it's there's this these those the a an")
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
    "opens with the first person", "opens with something else that is spoken of", "opens with a bodily request",
    "asks further on", "asks last", "answers itself", "opens by addressing somebody", "ends by addressing somebody",
    "names a person", "hesitation", "takes leave", "says you", "says me",
)  # fmt: skip


def lexical_features(texts: Sequence[str]) -> NDArray[np.float32]:
    """`[n, len(FEATURES)]` float32 of texts in plain form."""
    return np.array([_features(text.split()) for text in texts], np.float32).reshape(len(texts), len(FEATURES))


def _features(words: list[str]) -> list[float]:
    if not words:
        return [0.0] * len(FEATURES)
    opening = next((i for i, word in enumerate(words) if word not in HESITATIONS), len(words) - 1)
    first, rest = words[opening], words[opening + 1 :]
    asks = [i for i in range(len(words)) if _asks_at(words, i)]
    further = [i for i in asks if i > opening]
    self_answered = any(word in SELF_ANSWERS for word in words[asks[-1] + 1 :][-4:]) if asks else False
    return [
        min(len(words), 20) / 10,
        float(len(words) == 1),
        float(first in QUESTION_WORDS),
        float(first in AUXILIARIES),
        float(first in COMMANDS),
        float(first in FIRST_PERSON),
        float(first in OTHERS),
        float(first in BODILY),
        float(bool(further)),
        float(bool(further) and not self_answered),
        float(self_answered),
        float(_names(first) and bool(rest)),
        float(len(words) > 1 and _names(words[-1])),
        float(any(map(_names, words))),
        sum(word in HESITATIONS for word in words) / len(words),
        float(any(word in FAREWELLS for word in words)),
        float("you" in words or "your" in words),
        float("me" in words),
    ]


def _names(word: str) -> bool:
    return word in KIN or word in FIRST_NAMES


_SUBJECTS = FIRST_PERSON | word_set("you it he she they there the that this any anybody anyone somebody someone")


def _asks_at(words: list[str], i: int) -> bool:
    """Whether a question begins here: a question word before an auxiliary, or an auxiliary before a subject."""
    word, after = words[i], words[i + 1] if i + 1 < len(words) else ""
    if word in QUESTION_WORDS:
        return after in AUXILIARIES or "'" in word
    return word in AUXILIARIES and after in _SUBJECTS


WORD_WEIGHT = 0.3  # of one common word; together they then weigh about as much as the embedding


def grams(text: str) -> set[str]:
    """The words and pairs of neighbours of a text in plain form; ^ and $ stand for its beginning and end."""
    words = ["^", *text.split(), "$"]
    return {*words, *(f"{one} {two}" for one, two in pairwise(words))}


def common_words(texts: Sequence[str], vocabulary: Sequence[str]) -> NDArray[np.float32]:
    """`[n, len(vocabulary)]` float32: which words and pairs of the vocabulary each text has."""
    index = {gram: i for i, gram in enumerate(vocabulary)}
    rows = np.zeros((len(texts), len(vocabulary)), np.float32)
    for row, text in zip(rows, texts, strict=True):
        row[[index[gram] for gram in grams(text) if gram in index]] = WORD_WEIGHT
    return rows
