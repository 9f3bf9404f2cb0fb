from __future__ import annotations

import re
from difflib import SequenceMatcher
from pathlib import Path

import pocketsphinx
from tiny_fastspeech2 import SOUNDS as OF_THE_VOICE

from omnilive_demo.config import ASSETS
from omnilive_demo.speech.arpabet import _SOUND, SOUNDS, arpabet, pause
from omnilive_demo.speech.phonemes import phonemes


def read(text: str) -> str:
    return " ".join(" ".join(arpabet(group)) for clause in phonemes(text) for group in clause.phonemes.split())


def test_words_are_read_as_cmudict_writes_them() -> None:
    assert read("hello") == "HH AH0 L OW1"
    assert read("morning") == "M AO1 R N IH0 NG"
    assert read("hurry") == "HH ER1 IY0", "ER has its R in it"
    assert read("button") == "B AH1 T AH0 N", "a consonant that is a syllable"
    assert read("fire") == "F AY1 ER0"
    assert read("cheese judge") == "CH IY1 Z JH AH1 JH"
    assert read("information") == "IH2 N F ER0 M EY1 SH AH0 N"


def test_small_words_keep_the_stress_that_espeak_takes() -> None:
    assert read("that is it") == "DH AE1 T IH1 Z IH1 T"
    assert read("the a in the apple") == "DH AH0 AH0 IH1 N DH AH0 AE1 P AH0 L"
    assert arpabet("nˌɪɹ") == ("N", "IH1", "R")
    assert arpabet("ɪnðə") == ("IH1", "N", "DH", "AH0"), "run together by eSpeak"


def test_every_sound_is_one_that_the_voice_knows() -> None:
    assert set(OF_THE_VOICE) >= SOUNDS
    assert arpabet("ʘ!") == ()
    assert arpabet("\u0329") == ()


def test_the_strongest_mark_is_heard() -> None:
    heard = {"": "", ",": ",", ";": ",", "—": ",", "…": ".", "?!": "?", ".,": ".", "”": ""}
    assert {marks: pause(marks) for marks in heard} == heard


def test_everyday_words_agree_with_the_dictionary() -> None:
    """CMUdict (without stress) is in PocketSphinx's wheel; two readers differ by some sounds, not by many."""
    listed: dict[str, list[list[str]]] = {}
    for line in (Path(pocketsphinx.__file__).parent / "model/en-us/cmudict-en-us.dict").read_text("utf-8").splitlines():
        word, *sounds = line.split()
        listed.setdefault(word.partition("(")[0], []).append(sounds)
    words = set(re.findall(r"[a-z]{3,}", (ASSETS / "vocabulary.txt").read_text("utf-8").lower())) & set(listed)
    assert len(words) > 400
    wrong = total = 0
    for word in sorted(words):
        ipa = "".join(clause.phonemes for clause in phonemes(word)).replace(" ", "")
        assert not _SOUND.sub("", ipa).strip("ː\u0303"), f"{word}: {ipa}"
        made = [sound.rstrip("012") for sound in arpabet(ipa)]
        wrong += min(_apart(sounds, made) for sounds in listed[word])
        total += len(listed[word][0])
    assert wrong / total < 0.04


def _apart(one: list[str], other: list[str]) -> int:
    moves = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    return sum(max(b - a, d - c) for kind, a, b, c, d in moves if kind != "equal")
