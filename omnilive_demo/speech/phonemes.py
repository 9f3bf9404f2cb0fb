"""Text as phonemes: eSpeak NG's International Phonetic Alphabet, clause by clause, with its place in the text.

Voices that were trained on eSpeak's phonemes read numbers, abbreviations and unknown words as eSpeak does. The library
is the one that speaks, so its lock is taken here too.
"""

from __future__ import annotations

import ctypes
import re
from dataclasses import dataclass

from omnilive_demo.speech.espeak import _shared_engine

_CHARS_UTF8, _IPA = 1, 2
_TITLE = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|Prof|St|vs)(\.)(?=\s)")  # or a clause would end behind each
_MARKS = ";:,.!?…—"
_BEHIND = re.compile(r"[^\w\s]+\s*\Z")
_FOREIGN = re.compile(r"\([a-z-]+\)")  # "(fr)": from here on in another language's sounds


@dataclass(frozen=True, slots=True)
class Clause:
    """What is said in one breath. `marks` is the punctuation behind it that is heard (no quotes, no brackets)."""

    offset: int
    text: str
    phonemes: str
    marks: str


def phonemes(text: str, voice: str = "en-us") -> tuple[Clause, ...]:
    """The clauses of a text; those without a sound are left out.

    Raises:
        RuntimeError: eSpeak NG has no such voice, or cannot start.
    """
    engine = _shared_engine()
    library = engine._library
    library.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_void_p), ctypes.c_int, ctypes.c_int]
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    data = _TITLE.sub(lambda found: found.group()[:-1] + " ", text).encode()
    buffer = ctypes.create_string_buffer(data)
    start = ctypes.addressof(buffer)
    place = ctypes.c_void_p(start)
    clauses: list[Clause] = []
    begin = 0
    with engine.lock:
        if library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise RuntimeError(f"The voice {voice} is missing from the data of eSpeak NG.")
        while place.value:
            said = library.espeak_TextToPhonemes(ctypes.byref(place), _CHARS_UTF8, _IPA) or b""
            # The library has read one character of the next clause, except where there is none.
            read = len(data[: place.value - start].decode("utf-8", "ignore")) - 1 if place.value else len(text)
            end = max(read, begin)
            sounds = " ".join(_FOREIGN.sub("", said.decode("utf-8", "ignore")).split())
            if sounds:
                clauses.append(Clause(begin, text[begin:end], sounds, _marks(text[begin:end])))
            begin = end
    return tuple(clauses)


def _marks(clause: str) -> str:
    found = _BEHIND.search(clause)
    return "".join(char for char in found.group() if char in _MARKS) if found else ""
