"""What Whisper says without having heard it: its inventions on silence and noise, and loops it cannot get out of.

Pure functions on text and on what the decoder says about it. Where a guard is in doubt it keeps short everyday words
that the sound supports, and drops what nobody says to us.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from omnilive_demo.models.chinese import SIGNS

NO_SPEECH = 0.6  # Whisper's own threshold: above it there is rather no speech
UNSURE = -0.7  # mean log probability of a token; a clear voice has -0.1 to -0.4
SENSELESS = -1.3
REPETITIVE = 2.4  # length over compressed length; speech has 0.8 to 2
FASTEST_LETTERS, FASTESTSIGNS = 32.0, 12.0  # a second: more than people can say (signs: of Chinese, Japanese, Korean)
_SLACK_LETTERS = 12

_NEVER_SAID = """
thank you for watching|thanks for watching|thank you so much for watching|thank you very much for watching
thank you for listening|thanks for listening|please subscribe|please subscribe to my channel|like and subscribe
please like and subscribe|don't forget to subscribe|don't forget to like and subscribe|subscribe to my channel
see you in the next video|see you next time|i'll see you next time|i'll see you in the next video
see you in the next one|subtitles by the amara.org community|subtitles by amara.org|transcription by castingwords
transcribed by otter.ai|captions by getyourcaptions|www.mooji.org|for more information visit www.fema.gov
谢谢观看|谢谢大家观看|感谢观看|感谢您的观看|謝謝觀看|謝謝大家觀看|感謝觀看|谢谢收看|感谢收看|謝謝收看|多谢收看|請訂閱|请订阅
请不吝点赞订阅转发打赏支持明镜与点点栏目|請不吝點贊訂閱轉發打賞支持明鏡與點點欄目|字幕由amara.org社区提供|字幕由amara.org社群提供
中文字幕志愿者|字幕志愿者|字幕志願者|优优独播剧场yoyotelevisionseriesexclusive|優優獨播劇場yoyotelevisionseriesexclusive
ご視聴ありがとうございました|シーユーネクストタイム
untertitel der amara.org-community|untertitel im auftrag des zdf|vielen dank fürs zuschauen
sous-titres réalisés par la communauté d'amara.org|merci d'avoir regardé cette vidéo
subtítulos realizados por la comunidad de amara.org|gracias por ver el video
продолжение следует|спасибо за просмотр
"""
_SELDOM_MEANT = """
thank you|thank you very much|thanks|you|bye|bye bye|okay|ok|so|oh|hmm|mm|uh|um|yeah|the|i|and|i'm sorry|music|silence
谢谢|謝謝|谢谢大家|謝謝大家|嗯|啊|哦|再见|再見|好|音乐|音樂
"""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text as it was decoded.

    no_speech: how likely there was no speech (0..1). log_prob: mean of its tokens. compression: how repetitive it is.
    """

    text: str
    start_s: float
    end_s: float
    no_speech: float
    log_prob: float
    compression: float


def believable(piece: Piece, sound_s: float) -> bool:
    """Whether somebody may have said this in `sound_s` seconds of sound."""
    text = plain(cleaned(piece.text))
    if not text or text in _PHANTOMS or any(text.startswith(phantom) for phantom in _LONG_PHANTOMS):
        return False
    if piece.log_prob < SENSELESS or piece.compression > REPETITIVE:
        return False
    if piece.no_speech > NO_SPEECH and piece.log_prob < (UNSURE if piece.no_speech < 0.9 else UNSURE / 2):
        return False
    if text in _DOUBTFUL and (piece.no_speech > NO_SPEECH / 2 or piece.log_prob < UNSURE):
        return False
    return not too_fast(piece.text, sound_s)


def too_fast(text: str, seconds: float) -> bool:
    """Whether nobody can say this in that time."""
    signs = sum(map(_is_sign, text))
    letters = sum(character.isalnum() for character in text) - signs
    return letters / FASTEST_LETTERS + signs / FASTESTSIGNS > seconds + _SLACK_LETTERS / FASTEST_LETTERS


def cleaned(text: str) -> str:
    """Without what is no word: "[Music]", "(laughs)", "♪", and without loops."""
    text = re.sub(r"\[[^\]]*\]|\([^)]*\)|（[^）]*）|【[^】]*】|[♪♫♩♬�]+", " ", text)
    return unlooped(" ".join(text.split()))


def unlooped(text: str) -> str:
    """A phrase that is said over and over is kept once: at least 4 times in a row, a single word 6 times."""
    parts = re.findall(rf"{_SIGN}|[^\s{SIGNS}]+|\s+", text)
    words = [index for index, part in enumerate(parts) if not part.isspace()]
    keys = [plain(parts[index]) for index in words]
    at = 0
    while at < len(keys):
        for length in range(1, (len(keys) - at) // 4 + 1):
            times = _times(keys, at, length)
            if times >= (6 if length == 1 else 4):
                _cut(parts, words, keys, at + length, at + length * times)
                break
        at += 1
    return " ".join("".join(parts).split())


def plain(text: str) -> str:
    """Small letters without marks at the ends of words: what phantoms are compared by. Signs lose all marks."""
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    words = (word.strip(".,!?;:…\"'-。，、！？；：“”「」·") for word in text.split())
    joined = " ".join(word for word in words if word)
    return re.sub(r"[\s。，、！？；：]+", "", joined) if any(map(_is_sign, joined)) else joined


# ---- details -------------------------------------------------------------------------------------------------------

_SIGN = f"[{SIGNS}]"
_ONE_SIGN = re.compile(rf"[{SIGNS}가-힣]")


def _is_sign(character: str) -> bool:
    return _ONE_SIGN.match(character) is not None


def _phrases(text: str) -> frozenset[str]:
    return frozenset(plain(phrase) for line in text.split("\n") for phrase in line.split("|") if phrase.strip())


_PHANTOMS = _phrases(_NEVER_SAID)
_LONG_PHANTOMS = tuple(phrase for phrase in _PHANTOMS if "amara" in phrase or "zdf" in phrase or len(phrase) > 30)
_DOUBTFUL = _phrases(_SELDOM_MEANT)


def _times(keys: list[str], at: int, length: int) -> int:
    """How often the phrase of that length stands in a row from there on."""
    times = 1
    while keys[at + times * length : at + (times + 1) * length] == keys[at : at + length]:
        times += 1
    return times


def _cut(parts: list[str], words: list[int], keys: list[str], begin: int, end: int) -> None:
    """Take the words `begin`..`end` out, and the spaces before each."""
    for index in words[begin:end]:
        parts[index] = ""
    del words[begin:end], keys[begin:end]
