from __future__ import annotations

import itertools

import numpy as np
import pytest
import soxr

from omnilive_demo.config import ASSETS
from omnilive_demo.ear_events import (
    AudioBlock,
    EarEvent,
    SoundDoubted,
    SoundHeard,
    SpeechAudio,
    SpeechConfirmed,
    SpeechEnded,
    SpeechHinted,
    SpeechPaused,
    SpeechStarted,
    SpeechSurrounded,
)
from omnilive_demo.perception.ears import Ears
from omnilive_demo.perception.segmenter import Pace
from omnilive_demo.perception.silero import SileroVoiceActivity
from omnilive_demo.perception.sound_tagger import NanoSoundTagger, Tag


class Loud:
    """Takes every loud window for speech."""

    def __init__(self) -> None:
        self.resets = 0

    def probability(self, window) -> float:
        assert window.shape == (512,)
        assert window.dtype == np.float32
        return 0.95 if np.abs(window).max() > 0.1 else 0.02

    def reset(self) -> None:
        self.resets += 1


def ears(detector=None, **kwargs) -> Ears:
    return Ears("visitor", detector or Loud(), itertools.count(1).__next__, **kwargs)


def tone(seconds: float, amplitude: float = 0.5, rate_hz: int = 16_000) -> np.ndarray:
    return (amplitude * np.sin(np.arange(round(seconds * rate_hz)) * 2 * np.pi * 300 / rate_hz)).astype(np.float32)


def hush(seconds: float, rate_hz: int = 16_000) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.0005, round(seconds * rate_hz)).astype(np.float32)


def feed(
    to: Ears, samples: np.ndarray, rate_hz: int = 16_000, start_s: float = 0.0, block_s: float = 0.02
) -> list[EarEvent]:
    pcm = (np.clip(samples, -1, 1) * 32767).astype(np.int16)
    step = round(block_s * rate_hz)
    events: list[EarEvent] = []
    for at in range(0, len(pcm), step):
        events += to.feed(AudioBlock(pcm[at : at + step], rate_hz, start_s + at / rate_hz))
    return events


def the(kind: type, events: list[EarEvent]):
    (event,) = [event for event in events if isinstance(event, kind)]
    return event


def sound_of(events: list[EarEvent], utterance: int = 1) -> np.ndarray:
    return np.concatenate([e.samples for e in events if isinstance(e, SpeechAudio) and e.utterance == utterance])


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("block_s", [0.01, 0.02, 0.5])
def test_times_are_right_at_any_rate_and_block_size(rate_hz, block_s):
    samples = np.concatenate([hush(1.0, rate_hz), tone(1.0, rate_hz=rate_hz), hush(1.0, rate_hz)])
    events = feed(ears(), samples, rate_hz, start_s=100.0, block_s=block_s)
    ended = the(SpeechEnded, events)
    assert ended.start_s == pytest.approx(101.0, abs=0.04)
    assert ended.end_s == pytest.approx(102.0, abs=0.04)
    assert the(SpeechStarted, events).t_s == pytest.approx(101.064, abs=0.04)


def test_utterance_sound_is_whole_and_begins_with_the_pre_roll():
    samples = np.concatenate([hush(1.024), tone(1.024), hush(1.024)])
    events = feed(ears(), samples)
    sound = sound_of(events)
    begin = 16_384 - 4_608  # nine windows of pre-roll before the first loud one
    expected = (samples * 32767).astype(np.int16).astype(np.float32) / 32768
    np.testing.assert_allclose(sound, expected[begin : begin + len(sound)], atol=1e-4)
    assert begin + len(sound) == pytest.approx(16_000 * the(SpeechEnded, events).t_s, abs=1)


def test_sound_comes_after_the_start_and_before_the_end():
    heard = (SoundHeard, SoundDoubted)
    events = [e for e in feed(ears(), np.concatenate([hush(0.5), tone(0.5), hush(1)])) if not isinstance(e, heard)]
    assert isinstance(events[0], SpeechHinted)
    assert isinstance(events[1], SpeechStarted)
    assert isinstance(events[2], SpeechAudio)
    assert isinstance(events[-1], SpeechEnded)
    assert isinstance(events[-2], SpeechAudio)


def test_cut_utterances_share_the_sound_without_loss_or_overlap():
    samples = np.concatenate([hush(0.512), tone(4.0), hush(1.0)])
    events = feed(ears(pace=Pace(longest_s=2.0)), samples)
    assert [e.truncated for e in events if isinstance(e, SpeechEnded)] == [True, False]
    both = np.concatenate([sound_of(events, 1), sound_of(events, 2)])
    expected = (samples * 32767).astype(np.int16).astype(np.float32) / 32768
    begin = 512 * 16 - 512 * 9
    np.testing.assert_allclose(both, expected[begin : begin + len(both)], atol=1e-4)


def test_long_gap_ends_the_utterance_where_the_sound_stopped():
    to, detector = ears(detector := Loud()), detector
    feed(to, np.concatenate([hush(0.5), tone(1.0)]))
    events = feed(to, hush(0.5), start_s=10.0)
    assert the(SpeechEnded, events).t_s == pytest.approx(1.5, abs=0.05)
    assert detector.resets == 1
    later = feed(to, np.concatenate([tone(0.5), hush(1)]), start_s=10.5)
    assert the(SpeechEnded, later).start_s == pytest.approx(10.5, abs=0.04)


def test_short_gap_shifts_the_times_and_counts_as_quiet():
    to = ears()
    feed(to, tone(1.0))
    events = feed(to, hush(0.2), start_s=1.5)
    assert the(SpeechEnded, events).end_s == pytest.approx(1.0, abs=0.04)
    assert the(SpeechPaused, events).t_s == pytest.approx(1.53, abs=0.04)


def test_jitter_of_block_times_does_not_matter():
    to, pcm = ears(), (np.concatenate([hush(0.5), tone(1.0), hush(1.0)]) * 32767).astype(np.int16)
    wobble = np.random.default_rng(1).uniform(-0.1, 0.1, 200)
    events: list[EarEvent] = []
    for i in range(len(pcm) // 320):
        events += to.feed(AudioBlock(pcm[i * 320 : (i + 1) * 320], 16_000, 5.0 + i * 0.02 + wobble[i]))
    ended = the(SpeechEnded, events)
    assert ended.end_s - ended.start_s == pytest.approx(1.0, abs=0.05)


def test_flush_ends_the_utterance_and_feeding_goes_on():
    to = ears()
    feed(to, tone(1.0))
    assert [type(e) for e in to.flush(1.0)] == [SpeechEnded]
    assert to.flush(1.1) == []
    assert the(SpeechEnded, feed(to, np.concatenate([tone(0.5), hush(1)]), start_s=30.0)).utterance == 2


def test_end_pause_is_set_for_the_named_utterance_only():
    def quiet_before_end(utterance: int) -> float:
        to = ears()
        feed(to, tone(1.024))
        to.set_end_pause(utterance, 1.0)
        ended = the(SpeechEnded, feed(to, hush(3.0), start_s=1.024))
        return ended.t_s - ended.end_s

    assert quiet_before_end(1) == pytest.approx(1.0, abs=0.04)
    assert quiet_before_end(7) == pytest.approx(0.4, abs=0.04)


def test_knock_is_a_sound_and_speech_is_not():
    quiet_detector = type("Deaf", (), {"probability": lambda self, window: 0.0, "reset": lambda self: None})()
    knock = np.concatenate([hush(1), tone(0.06, 0.3), hush(1)])
    heard = the(SoundHeard, feed(ears(quiet_detector), knock, 16_000)).heard
    assert heard.start_s == pytest.approx(1.0, abs=0.03)
    assert not [e for e in feed(ears(), np.concatenate([hush(1), tone(1), hush(1)])) if isinstance(e, SoundHeard)]


class Certain:
    """Takes everything for the same."""

    name = "certain"
    names = ()

    def __init__(self, label: str, score: float = 0.95) -> None:
        self.as_ = Tag(label, score)
        self.sounds: list[np.ndarray] = []

    def tag(self, sound) -> Tag:
        self.sounds.append(sound)
        return self.as_


def test_a_sound_has_the_name_that_its_last_second_was_given():
    deaf = type("Deaf", (), {"probability": lambda self, window: 0.0, "reset": lambda self: None})()
    tagger = Certain("bell")
    knock = np.concatenate([hush(1.5), tone(0.06, 0.3), hush(1)])
    assert the(SoundHeard, feed(ears(deaf, sound_tagger=tagger), knock)).heard.label == "bell"
    (sound,) = tagger.sounds
    assert len(sound) == pytest.approx(16_000, abs=512)
    loud = np.flatnonzero(np.abs(sound) > 0.1)
    assert 0.7 < loud[0] / 16_000 < loud[-1] / 16_000 < 0.95


def test_laughter_that_the_detector_takes_for_speech_is_told_before_the_utterance_ends():
    events = feed(ears(sound_tagger=Certain("laughing")), np.concatenate([hush(1), tone(1), hush(1)]))
    heard, ended = the(SoundHeard, events).heard, the(SpeechEnded, events)
    assert (heard.label, heard.start_s, heard.end_s) == ("laughing", ended.start_s, ended.end_s)
    assert events.index(SoundHeard(heard)) < events.index(ended)


def test_the_sound_before_an_utterance_and_the_one_in_it_are_told_with_their_samples():
    samples = np.concatenate([hush(2), tone(0.5, 0.08), hush(4.5), tone(1), hush(1)])
    events = feed(ears(sound_tagger=Certain("speech")), samples)
    heard = (samples * 32767).astype(np.int16).astype(np.float32) / 32768
    started, ended = the(SpeechStarted, events), the(SpeechEnded, events)
    around = the(SpeechSurrounded, events)
    assert around.utterance == started.utterance
    n = len(around.samples)
    (at,) = (at for at in range(0, len(heard), 512) if np.array_equal(heard[at : at + n], around.samples))
    assert at / 16_000 == pytest.approx(ended.start_s - 4.15, abs=0.04)
    assert (at + n) / 16_000 == pytest.approx(the(SpeechConfirmed, events).t_s, abs=0.04)
    alone, spoken = (event for event in events if isinstance(event, SoundDoubted))
    assert (alone.utterance, spoken.utterance) == (None, started.utterance)
    assert alone.heard.label == spoken.heard.label == "sound"
    assert 0.05 < np.abs(alone.samples).max() < 0.1
    assert (spoken.heard.start_s, spoken.heard.end_s) == (ended.start_s, ended.end_s)
    assert len(spoken.samples) / 16_000 == pytest.approx(1.3, abs=0.05)
    assert events.index(spoken) < events.index(ended)


def test_spoken_words_are_no_sound_to_the_real_ears(speak):
    tagger = NanoSoundTagger(ASSETS / "nano" / "sound_tagger.safetensors")
    for number, text in enumerate(("did you hear the dog bark this morning", "ha ha that was really funny")):
        samples = np.concatenate([hush(1.0), speak(text, ("slt", "rms")[number]), hush(1.5)])
        events = feed(ears(SileroVoiceActivity(), sound_tagger=tagger), samples)
        assert not [event for event in events if isinstance(event, SoundHeard)]


def test_level_follows_the_sound():
    to = ears()
    feed(to, tone(0.5))
    assert to.level_db == pytest.approx(-9.0, abs=0.5)
    feed(to, np.zeros(8_000, np.float32), start_s=0.5)
    assert to.level_db == -90.0


def test_sound_of_another_origin_is_refused():
    with pytest.raises(ValueError, match="visitor"):
        ears().feed(AudioBlock(np.zeros(320, np.int16), 16_000, 0.0, "source"))


def test_spoken_question_is_found_by_the_real_detector(speak):
    speech = speak("what did I say about the meeting")
    samples = np.concatenate([hush(1.0), speech, hush(1.0)])
    events = feed(ears(SileroVoiceActivity()), soxr.resample(samples, 16_000, 48_000), 48_000)
    confirmed, ended = the(SpeechConfirmed, events), the(SpeechEnded, events)
    assert confirmed.t_s - 1.0 < 0.35
    assert ended.start_s == pytest.approx(1.0, abs=0.15)
    assert ended.end_s == pytest.approx(1.0 + len(speech) / 16_000, abs=0.2)


def test_half_a_minute_of_room_noise_is_nothing():
    noise = np.random.default_rng(3).normal(0, 0.01, 30 * 16_000).astype(np.float32)
    assert feed(ears(SileroVoiceActivity()), noise, block_s=0.1) == []


def test_a_minute_of_silence_is_nothing_and_the_next_word_is_heard(speak):
    listening = ears(SileroVoiceActivity())
    assert feed(listening, hush(60.0)) == []
    question = speak("what is this")
    events = feed(listening, np.concatenate([question, hush(1.5)]), start_s=60.0)
    assert the(SpeechEnded, events).end_s == pytest.approx(60.0 + len(question) / 16_000, abs=0.5)
