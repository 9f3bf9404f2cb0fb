from __future__ import annotations

import wave

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from omnilive_demo.cancel import CancelToken
from omnilive_demo.config import ASSETS
from omnilive_demo.speech.espeak import ESpeakSynthesizer
from omnilive_demo.speech.f5_voice import READER_TEXT
from omnilive_demo.speech.playout import RATE_HZ
from omnilive_demo.speech.synthesizer import Voice
from omnilive_demo.speech.visitor_voice import (
    OWN,
    SENTENCES_TO_READ,
    OwnVoice,
    RecordingError,
    VisitorVoice,
    own_voices,
    record_voice,
)

TEXT = SENTENCES_TO_READ["en"]
RNG = np.random.default_rng(11)


def noise(seconds: float, level: float, rate_hz: int = RATE_HZ) -> NDArray[np.float32]:
    return RNG.normal(0, level, round(seconds * rate_hz)).astype(np.float32)


@pytest.fixture(scope="module")
def read_aloud() -> NDArray[np.float32]:
    """Somebody reads the sentence in a room with a little noise, and waits before and after; 24 kHz."""
    spoken = ESpeakSynthesizer().synthesize(TEXT, Voice(), CancelToken())
    assert spoken is not None
    sound = np.concatenate([np.zeros(RATE_HZ, np.float32), spoken.samples, np.zeros(RATE_HZ // 2, np.float32)])
    return sound + noise(sound.size / RATE_HZ, 0.0005)


def code(samples: NDArray[np.float32], rate_hz: int = RATE_HZ, text: str = TEXT, heard: str | None = None) -> str:
    with pytest.raises(RecordingError) as caught:
        record_voice(samples, rate_hz, text, "en", True, heard)
    assert str(caught.value).endswith((".", "?"))
    return caught.value.code


def test_a_good_recording_becomes_a_voice_without_the_silence_around(read_aloud: NDArray[np.float32]) -> None:
    recorded = np.asarray(soxr.resample(read_aloud, RATE_HZ, 48_000), np.float32)
    voice = record_voice(recorded, 48_000, f" {TEXT} ", "en", True, heard=TEXT.lower())
    assert voice.text == TEXT
    assert voice.samples.dtype == np.float32
    assert voice.seconds == pytest.approx(read_aloud.size / RATE_HZ - 1.5, abs=0.25)


def test_a_real_reader_passes() -> None:
    with wave.open(str(ASSETS / "voices" / "reader.wav")) as file:
        rate_hz, data = file.getframerate(), file.readframes(file.getnframes())
    sound = np.frombuffer(data, "<i2").astype(np.float32) / 32768
    assert record_voice(sound, rate_hz, READER_TEXT, "en", True).seconds > 6.5


def test_nothing_goes_without_consent(read_aloud: NDArray[np.float32]) -> None:
    with pytest.raises(RecordingError, match="only used when you agree") as caught:
        record_voice(read_aloud, RATE_HZ, TEXT, "en", False)
    assert caught.value.code == "no_consent"


def test_what_is_wrong_is_told(read_aloud: NDArray[np.float32]) -> None:
    assert code(read_aloud[: round(3.2 * RATE_HZ)]) == "too_short"
    assert code(np.tile(read_aloud, 3)) == "too_long"
    assert code(np.zeros(100 * RATE_HZ, np.float32)) == "too_long"
    assert code(read_aloud * 0.02) == "too_quiet"
    assert code(np.clip(read_aloud * 30, -1, 1)) == "clipped"
    assert code(np.zeros(5 * RATE_HZ, np.float32)) == "no_sound"
    assert code(np.zeros(0, np.float32)) == "no_sound"
    assert code(noise(5, 0.1)) == "no_speech", "a fan"
    hum = 0.3 * np.sin(2 * np.pi * 100 * np.arange(5 * RATE_HZ) / RATE_HZ)
    assert code(hum.astype(np.float32)) == "no_speech", "a transformer"
    taps = noise(6, 0.0005)
    for at_s in (0.5, 2.5, 4.0, 5.5):
        taps[round(at_s * RATE_HZ) :][:2400] += noise(0.1, 0.2)
    assert code(taps) == "no_speech", "taps on the table"
    assert code(read_aloud, text="  ") == "no_text"


def test_what_cannot_be_sound_is_unreadable(read_aloud: NDArray[np.float32]) -> None:
    assert code(read_aloud, rate_hz=100) == "unreadable"
    assert code(np.stack([read_aloud, read_aloud])) == "unreadable"
    assert code(np.where(np.arange(read_aloud.size) == 9, np.nan, read_aloud)) == "unreadable"


def test_what_was_understood_must_be_what_was_to_be_read(read_aloud: NDArray[np.float32]) -> None:
    half_right = "the old light house keeper counted seven boats on the bay"
    assert record_voice(read_aloud, RATE_HZ, TEXT, "en", True, half_right).text == TEXT
    assert code(read_aloud, heard="could you pass me the salt please") == "other_text"
    assert code(read_aloud, heard="") == "other_text"
    zh = SENTENCES_TO_READ["zh"]
    assert (
        record_voice(read_aloud, RATE_HZ, zh, "zh", True, "今天早上太阳刚升起来我在海边看见七只小船").language == "zh"
    )
    assert code(read_aloud, text=zh, heard="你叫什么名字") == "other_text"


def test_it_is_told_nowhere_and_compared_by_identity(read_aloud: NDArray[np.float32]) -> None:
    voice = record_voice(read_aloud, RATE_HZ, TEXT, "en", True)
    same = VisitorVoice(voice.samples, voice.text, voice.language)
    assert voice != same
    assert TEXT not in repr(voice), "nothing of it reaches a log"
    assert OwnVoice(OWN, 1.0, voice) == OwnVoice(OWN, 1.0, voice)
    assert {one.name for one in own_voices()} == {OWN}
    assert {one.language for one in own_voices()} == set(SENTENCES_TO_READ)
