from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

from omnilive_demo.config import ASSETS
from omnilive_demo.evaluation.speech import RATE_HZ, VOICES, synthesize
from omnilive_demo.evaluation.stimuli import coughing
from omnilive_demo.models.sound_words import CLASSES, NAMED, UNNAMED
from omnilive_demo.perception.sound_tagger import NanoSoundTagger, cut, told
from omnilive_demo.training.world.sounds import take

WEIGHTS = ASSETS / "nano" / "sound_tagger.safetensors"


@pytest.fixture(scope="module")
def tagger() -> NanoSoundTagger:
    return NanoSoundTagger(WEIGHTS)


def test_new_sounds_get_their_names_and_rarely_a_wrong_one(tagger: NanoSoundTagger) -> None:
    right = wrong = 0
    for label in NAMED:
        for seed in range(6):
            tag = tagger.tag(take(label, np.random.default_rng([77, seed, NAMED.index(label)]), 2.0).sound)
            right += tag.label == label
            wrong += told(tag) and tag.label != label
    assert right >= 0.8 * 6 * len(NAMED)
    assert wrong <= 0.08 * 6 * len(NAMED)


def test_speech_silence_and_noise_get_no_name(tagger: NanoSoundTagger) -> None:
    for label in ("speech", "silence"):
        tags = [tagger.tag(take(label, np.random.default_rng([78, seed]), 2.0).sound) for seed in range(10)]
        assert sum(told(tag) for tag in tags) <= 1
        assert sum(tag.label == label for tag in tags) >= 7
    assert not told(tagger.tag(np.zeros(16_000, np.float32)))
    assert not told(tagger.tag(np.zeros(0, np.float32)))


def heard(sound: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A sound of 16 kHz in a quiet room, as loud as speech, with what went before it."""
    loud = np.clip(sound * 0.12 / (np.sqrt(np.mean(np.square(sound))) + 1e-9), -1, 1)
    padded = np.concatenate([np.zeros(max(2_400, 16_000 - loud.size)), loud, np.zeros(2_400)])
    return (padded + rng.normal(0, 0.001, padded.size)).astype(np.float32)


def test_voiced_coughs_of_another_recipe_are_coughs(tagger: NanoSoundTagger) -> None:
    rng = np.random.default_rng(5)
    tags = [tagger.tag(heard(coughing(rng), rng)) for _ in range(20)]
    assert sum(tag.label == "coughing" for tag in tags) >= 17
    assert sum(tag.label == "speech" for tag in tags) <= 1


@pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")
def test_a_word_that_takes_the_floor_is_no_cough(tagger: NanoSoundTagger) -> None:
    rng = np.random.default_rng(6)
    tags = []
    for word in ("stop", "no", "wait", "what", "hey", "be quiet", "never mind"):
        for voice in VOICES:
            said = synthesize(word, voice)
            sound = soxr.resample(said.samples[said.onset_sample : said.end_sample], RATE_HZ, 16_000)
            tags.append(tagger.tag(heard(np.asarray(sound, np.float32), rng)))
    assert sum(tag.label == "speech" for tag in tags) >= 0.9 * len(tags)
    assert not [tag for tag in tags if tag.label in ("coughing", "laughing")]


def test_a_chance_below_the_least_confidence_is_no_name(tmp_path: Path) -> None:
    with safe_open(WEIGHTS, "numpy") as file:
        facts, tensors = file.metadata(), {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    assert json.loads(facts["classes"]) == list(CLASSES)
    shy = tmp_path / "shy.safetensors"
    save_file(tensors, shy, facts | {"confidence": "1.1"})
    bell = take("bell", np.random.default_rng(3), 2.0).sound
    assert NanoSoundTagger(WEIGHTS).tag(bell).label == "bell"
    assert NanoSoundTagger(shy).tag(bell).label == UNNAMED
    save_file(tensors, shy, facts | {"classes": json.dumps(["bell"])})
    with pytest.raises(ValueError, match="other sounds"):
        NanoSoundTagger(shy)
    with pytest.raises(FileNotFoundError, match=r"omnilive_demo\.training sound_tagger"):
        NanoSoundTagger(tmp_path / "none.safetensors")


def test_windows_cover_the_sound_from_its_begin_to_its_end() -> None:
    ramp = np.arange(64_000, dtype=np.float32)
    assert cut(ramp[:16_000]).shape == (1, 16_000)
    assert cut(ramp[:30_000]).shape == (3, 16_000)
    long = cut(ramp)
    assert long.shape == (4, 16_000)
    assert (long[0, 0], long[-1, -1]) == (0, 63_999)
    short = cut(ramp[1:8_001])
    assert short.shape == (1, 16_000)
    assert (short[0, 0], short[0, -1]) == (0, 8_000)


def test_it_is_small() -> None:
    assert WEIGHTS.stat().st_size < 1_000_000
