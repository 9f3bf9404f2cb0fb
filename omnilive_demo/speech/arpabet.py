"""eSpeak NG's phonemes of American English as ARPAbet with stress, the alphabet of CMUdict.

Voices that were trained on CMUdict know these 39 sounds, with 0, 1 or 2 behind each vowel for no, the first and the
second stress. Their own tool for reading (g2p-en) is not needed then, and numbers and names are read as every other
voice here reads them.
"""

from __future__ import annotations

import re

_VOWELS = {
    "aɪ": "AY", "aʊ": "AW", "eɪ": "EY", "oʊ": "OW", "əʊ": "OW", "ɔɪ": "OY", "ɑː": "AA", "ɔː": "AO", "oː": "AO",
    "iː": "IY", "uː": "UW", "ɜː": "ER", "ɜ": "ER", "ɚ": "ER", "æ": "AE", "ə": "AH", "ɐ": "AH", "ᵻ": "IH", "ɪ": "IH",
    "i": "IY", "ɛ": "EH", "e": "EH", "ʌ": "AH", "ɑ": "AA", "ɒ": "AA", "a": "AA", "ɔ": "AO", "o": "OW", "ʊ": "UH",
    "u": "UW",
}  # fmt: skip
_CONSONANTS = {
    "tʃ": "CH", "dʒ": "JH", "p": "P", "b": "B", "t": "T", "d": "D", "k": "K", "ɡ": "G", "f": "F", "v": "V", "θ": "TH",
    "ð": "DH", "s": "S", "z": "Z", "ʃ": "SH", "ʒ": "ZH", "h": "HH", "m": "M", "n": "N", "ŋ": "NG", "l": "L", "ɹ": "R",
    "r": "R", "j": "Y", "w": "W", "ɾ": "T", "ʔ": "T", "x": "K", "ɬ": "L",
}  # fmt: skip
_REDUCED = frozenset("əɐᵻɚ")  # never stressed in English
_MARKS = {",": ",", ";": ",", ":": ",", "—": ",", ".": ".", "…": ".", "?": "?", "!": "!"}

_THE = re.compile(r"ðɪ\Z")  # "the" before a vowel, alone or run together ("ɪnðɪ"): never stressed
SYLLABIC = "\u0329"  # below a consonant that is a syllable by itself
SOUNDS = frozenset(_CONSONANTS.values()) | {f"{vowel}{stress}" for vowel in _VOWELS.values() for stress in "012"}
"""Every sound that can come out."""

_SOUND = re.compile("|".join(sorted((*_VOWELS, *_CONSONANTS, "ˈ", "ˌ", SYLLABIC), key=len, reverse=True)))


def arpabet(word: str) -> tuple[str, ...]:
    """The sounds of one word, or of several that eSpeak NG runs together ("ɪnðə"). What is unknown is left out."""
    sounds: list[str] = []
    full: list[int] = []  # vowels that could bear the stress
    stress = "0"
    before = ""
    for found in _SOUND.finditer(_THE.sub("ðə", word)):
        symbol = found.group()
        if symbol in "ˈˌ":
            stress = "1" if symbol == "ˈ" else "2"
        elif symbol == SYLLABIC:
            sounds[-1:-1] = ["AH0"] if sounds else []
        elif symbol in _VOWELS:
            if symbol not in _REDUCED:
                full.append(len(sounds))
            sounds.append(_VOWELS[symbol] + stress)
            stress = "0"
        elif not (symbol == "ɹ" and before[:1] in ("ɜ", "ɚ")):  # ER has the R in it
            sounds.append(_CONSONANTS[symbol])
        before = symbol
    if full and not any(sound.endswith("1") for sound in sounds):
        # "is", "that", "near": eSpeak NG weakens them within a sentence, CMUdict gives each word its stress.
        secondary = [place for place in full if sounds[place].endswith("2")]
        place = (secondary or full)[-1]
        sounds[place] = sounds[place][:-1] + "1"
    return tuple(sounds)


def pause(marks: str) -> str:
    """What is heard of the punctuation behind a clause: one of `,.?!`, or nothing."""
    heard = [_MARKS[mark] for mark in marks if mark in _MARKS]
    return max(heard, key=",.!?".index, default="")
