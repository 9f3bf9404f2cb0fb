from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from omnilive_demo.evaluation.media import FRAME_SAMPLES, OPUS_DELAY_SAMPLES, quiet_room, speech_clip
from omnilive_demo.evaluation.speech import RATE_HZ, Speech, SpeechError, from_file, speech_limits, synthesize


def burst(before_s: float, loud_s: float, after_s: float, level: float = 0.3) -> np.ndarray:
    loud = np.full(round(loud_s * RATE_HZ), level, dtype=np.float32)
    return np.concatenate([np.zeros(round(before_s * RATE_HZ)), loud, np.zeros(round(after_s * RATE_HZ))]).astype("f4")


def test_speech_begins_and_ends_where_it_is_loud() -> None:
    onset, end = speech_limits(burst(0.25, 0.5, 0.4))
    assert onset == 0.25 * RATE_HZ
    assert end == 0.75 * RATE_HZ


def test_what_is_softer_than_minus_40_dbfs_is_not_speech() -> None:
    samples = burst(0.1, 0.1, 0.1) + burst(0.25, 0.05, 0.0, level=0.009)
    assert speech_limits(samples)[1] == 0.2 * RATE_HZ
    with pytest.raises(SpeechError, match="no sound"):
        speech_limits(burst(0.1, 0.1, 0.1, level=0.009))


def test_a_file_brings_its_reference_and_is_resampled(tmp_path: Path) -> None:
    path = tmp_path / "question.wav"
    wavfile.write(path, 16_000, (burst(0.3, 0.6, 0.3)[::3] * 32767).astype(np.int16))
    path.with_suffix(".txt").write_text("what is this\n")
    speech = from_file(path)
    assert speech.text == "what is this"
    assert speech.duration_s == pytest.approx(0.6, abs=0.02)


def test_a_text_file_called_wav_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "question.wav"
    path.write_text("this is not sound")
    with pytest.raises(SpeechError, match="cannot be read"):
        from_file(path)


def test_the_packet_that_carries_the_last_sound_is_known_exactly() -> None:
    samples = burst(0.25, 0.5, 0.4)
    clip = speech_clip(Speech("", "test", samples, *speech_limits(samples)))
    last = 0.75 * RATE_HZ - 1 + OPUS_DELAY_SAMPLES
    assert clip.end_packet == last // FRAME_SAMPLES
    assert clip.end_packet is not None
    # Packet end time less the offset is the time of the sample itself (and the encoder's look-ahead).
    end_s = (clip.end_packet + 1) * 0.020 - clip.end_offset_s
    assert end_s == pytest.approx(0.75 + OPUS_DELAY_SAMPLES / RATE_HZ, abs=2 / RATE_HZ)
    assert len(clip.packets) * 0.020 >= 1.15


def test_a_quiet_room_is_sound_but_not_speech() -> None:
    packets = quiet_room(1.0).packets
    assert len(packets) >= 50
    assert max(map(len, packets)) > 3  # noise, not the three bytes of digital silence


@pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")
def test_a_synthesised_sentence_is_the_same_every_time() -> None:
    first, second = synthesize("What is this?", "slt"), synthesize("What is this?", "slt")
    assert np.array_equal(first.samples, second.samples)
    assert 0.4 < first.duration_s < 2.0
