from __future__ import annotations

import shutil

import av
import numpy as np
import pytest

from omnilive_demo.evaluation.echo import EchoPath
from omnilive_demo.evaluation.media import FRAME_SAMPLES
from omnilive_demo.evaluation.speech import RATE_HZ
from omnilive_demo.evaluation.stimuli import (
    ECHO_DB,
    ECHO_DELAY_S,
    LONG_S,
    Echo,
    back_channels,
    coughing,
    echoes,
    in_turn,
    throats,
    tripped_s,
)

needs_flite = pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")


@needs_flite
def test_twenty_back_channels_really_trip_the_detector() -> None:
    made = back_channels()
    assert len({one.name for one in made}) == 20
    assert all(one.tripped_s >= LONG_S and one.kind == "back-channel" for one in made)
    assert {one.speech.voice for one in made} == {"rms", "awb", "kal16", "slt"}


def test_twenty_coughs_and_laughs_really_trip_it_and_are_the_same_every_time() -> None:
    made = throats()
    assert [one.name.split()[0] for one in made] == ["cough", "laugh"] * 10
    assert len({one.name for one in made}) == 20
    assert all(tripped_s(one.speech.samples) >= LONG_S for one in made[:4])
    assert all(one.speech.duration_s < 1.6 for one in made)
    throats.cache_clear()
    again = throats()
    assert all(np.array_equal(a.speech.samples, b.speech.samples) for a, b in zip(made, again, strict=True))


def test_every_cough_is_another_one() -> None:
    first, second = (coughing(np.random.default_rng(seed)) for seed in (1, 2))
    assert first.size != second.size or not np.array_equal(first, second)


def test_what_is_no_voice_trips_nothing() -> None:
    hiss = np.random.default_rng(0).normal(0, 0.05, RATE_HZ).astype(np.float32)
    assert tripped_s(hiss) < LONG_S
    assert tripped_s(np.zeros(RATE_HZ // 2, np.float32)) == 0.0


def test_echoes_cover_the_ranges_of_the_design() -> None:
    made = echoes()
    assert len(made) == 20
    gains, delays = [one.gain_db for one in made], [one.delay_s for one in made]
    assert (min(gains), max(gains)) == ECHO_DB
    assert (min(delays), max(delays)) == ECHO_DELAY_S
    assert len(set(delays)) == 20
    assert made[0].louder() == Echo(-10.0, made[0].delay_s)


def test_a_reduced_number_has_some_of_each_kind() -> None:
    assert in_turn([["a", "b"], ["c"], ["d", "e"]]) == ["a", "c", "d", "b", "e"]


def heard(packets: list[bytes]) -> np.ndarray:
    codec = av.CodecContext.create("libopus", "r")
    frames = [frame for packet in packets for frame in codec.decode(av.Packet(packet))]
    return np.concatenate([frame.to_ndarray().reshape(-1, 2 if frame.layout.name == "stereo" else 1)[:, 0]
                           for frame in frames]).astype(np.float32)  # fmt: skip


def test_the_microphone_hears_the_loudspeaker_later_and_softer() -> None:
    path, delay_s = EchoPath(), 0.1
    tone = (8000 * np.sin(2 * np.pi * 400 * np.arange(FRAME_SAMPLES) / RATE_HZ)).astype(np.int16)
    assert path.packet(10.0) is None  # nothing but the quiet room
    path.on(Echo(-20.0, delay_s))
    for number in range(60):
        at_s = 10.0 + 0.02 * number
        jitter_s = 0.005 if number % 3 else -0.004  # frames do not arrive like clockwork
        path.take(tone if 20 <= number < 40 else np.zeros_like(tone), RATE_HZ, at_s + jitter_s)
        assert path.packet(at_s + 0.02) is not None or number < 2
    sent = path.off()
    loud = np.flatnonzero(np.abs(sent) > 0.001)
    assert loud[0] / RATE_HZ == pytest.approx(20 * 0.02 + delay_s, abs=0.02)
    assert loud.size / RATE_HZ == pytest.approx(0.4, abs=0.04)
    assert np.abs(sent).max() == pytest.approx(0.1 * 8000 / 32768, rel=0.02)
    assert path.packet(20.0) is None


def test_a_microphone_leaves_nothing_out_whenever_its_packets_leave() -> None:
    path = EchoPath()
    path.on(Echo(0.0, 0.1))
    ramp = np.arange(40 * FRAME_SAMPLES) % 20_000
    for number, frame in enumerate(ramp.astype(np.int16).reshape(-1, FRAME_SAMPLES)):
        path.take(frame, RATE_HZ, 10.0 + 0.02 * number)
        path.packet(10.02 + 0.02 * number + (0.007 if number % 3 else -0.006))
    sent = np.rint(path.off() * 32768).astype(int)
    sounding = sent[np.flatnonzero(sent)[0] :]
    assert set(np.diff(sounding) % 20_000) == {1}


def test_after_a_silence_nothing_of_an_earlier_sound_comes_back() -> None:
    path = EchoPath()
    path.on(Echo(0.0, 0.1))
    for number in range(100):
        path.take(np.full(FRAME_SAMPLES, 9000, np.int16), RATE_HZ, 10.0 + 0.02 * number)
    path.on(Echo(0.0, 0.1))
    for number in range(20):  # a while later, and much softer
        at_s = 12.9 + 0.02 * number
        path.take(np.full(FRAME_SAMPLES, 90, np.int16), RATE_HZ, at_s)
        path.packet(at_s + 0.02)
    assert np.abs(path.off()).max() < 100 / 32768


def test_an_echo_is_encoded_as_it_goes() -> None:
    path = EchoPath()
    path.on(Echo(-10.0, 0.05))
    noise = (6000 * np.random.default_rng(1).standard_normal(FRAME_SAMPLES)).clip(-30000, 30000).astype(np.int16)
    packets = []
    for number in range(50):
        path.take(noise, RATE_HZ, 5.0 + 0.02 * number)
        packets.append(path.packet(5.02 + 0.02 * number))
    decoded = heard([packet for packet in packets if packet])
    assert np.abs(decoded[RATE_HZ // 2 :]).max() > 0.02


def test_an_echo_of_another_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="48000"):
        EchoPath().take(np.zeros(480, np.int16), 24_000, 0.0)
