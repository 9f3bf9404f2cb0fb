"""The space of the plain picture descriptor: what each dimension means, and which words point where.

The descriptor (`perception/descriptor.py`) places pictures here, and the memory turns visual words of a question into
a direction here. Every dimension is centred on what an ordinary picture shows, and opposites (dark and bright, still
and moving, plain and detailed) pull apart; so the cosine of a word's direction with a picture is positive where the
word holds, about zero where nothing is known, and negative where its opposite holds.

Words that are mostly used otherwise ("still there", "I am fine", "he rose") are left out of the word table on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

LIGHT = ("dark", "bright")
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "white", "gray", "black")
CHROMA = ("colourful", "dull")
SURFACE = ("plain", "detailed")
TEXTURE = ("horizontal", "vertical", "diagonal", "fine")
MOTION = ("still", "moving")
LAYOUT = tuple(
    f"{what}_{where}" for what in ("light", "red_green", "yellow_blue") for where in ("right", "low", "centre")
)

DIMENSIONS: tuple[str, ...] = (*LIGHT, *COLOURS, *CHROMA, *SURFACE, *TEXTURE, *MOTION, *LAYOUT)
"""Names of the dimensions, in order. The last nine say where in the picture light and colour lie."""

WIDTH = len(DIMENSIONS)

_MEANINGS: dict[str, dict[str, float]] = {
    "dark": {"dark": 1.0, "bright": -1.0},
    "bright": {"bright": 1.0, "dark": -1.0},
    "colourful": {"colourful": 1.0, "dull": -1.0},
    "dull": {"dull": 1.0, "colourful": -1.0},
    "plain": {"plain": 1.0, "detailed": -1.0},
    "detailed": {"detailed": 1.0, "plain": -1.0},
    "horizontal": {"horizontal": 1.0, "vertical": -1.0},
    "vertical": {"vertical": 1.0, "horizontal": -1.0},
    "diagonal": {"diagonal": 1.0},
    "fine": {"fine": 1.0},
    "still": {"still": 1.0, "moving": -1.0},
    "moving": {"moving": 1.0, "still": -1.0},
    **{colour: {colour: 1.0} for colour in COLOURS},
}

_WORDS: dict[str, str] = {
    "dark": "dark darker darkest darkness darkened dim dimmed dimly gloomy night nighttime unlit",
    "bright": "bright brighter brightest brightness brightened light lit lighter sunny sunlit daylight glaring",
    "red": "red reddish crimson scarlet",
    "orange": "orange",
    "yellow": "yellow yellowish golden",
    "green": "green greenish",
    "blue": "blue bluish navy azure cyan turquoise teal",
    "purple": "purple purplish violet magenta lilac",
    "pink": "pink pinkish",
    "brown": "brown brownish beige",
    "white": "white whitish",
    "gray": "gray grey grayish greyish silver",
    "black": "black",
    "colourful": "colourful colorful",
    "dull": "dull colourless colorless",
    "plain": "plain blank empty",
    "detailed": "detailed cluttered crowded messy",
    "horizontal": "horizontal horizontally",
    "vertical": "vertical vertically",
    "diagonal": "diagonal diagonally slanted",
    "fine": "textured texture",
    "still": "motionless unmoving static",
    "moving": "move moves moved moving movement motion",
}

VISUAL_WORDS: Mapping[str, str] = MappingProxyType(
    {word: meaning for meaning, words in _WORDS.items() for word in words.split()}
)
"""Every visual word that is understood (lower case), and the plain word (a key of the meanings) it stands for."""


def direction(words: Sequence[str]) -> NDArray[np.float32] | None:
    """Where pictures lie that the words describe.

    Args:
        words: any words or phrases, in any case; those that are not visual are passed over.

    Returns:
        A unit vector `[WIDTH]`, or None when no word is visual (or the words cancel out: "dark and bright").
    """
    meanings = {
        VISUAL_WORDS[word] for phrase in words for word in re.findall(r"[a-z]+", phrase.lower()) if word in VISUAL_WORDS
    }
    total = np.zeros(WIDTH, np.float32)
    for meaning in sorted(meanings):
        total += _unit(_MEANINGS[meaning])
    length = float(np.linalg.norm(total))
    return total / np.float32(length) if length > 0.3 else None


def _unit(meaning: Mapping[str, float]) -> NDArray[np.float32]:
    vector = np.zeros(WIDTH, np.float32)
    for name, weight in meaning.items():
        vector[DIMENSIONS.index(name)] = weight
    unit: NDArray[np.float32] = vector / np.linalg.norm(vector)
    return unit
