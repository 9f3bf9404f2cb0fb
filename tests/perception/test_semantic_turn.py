from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from perception import tiny_turn
from perception.tiny_turn import turn

from omnilive_demo.perception.end_of_turn import PauseAndCompleteness, Said
from omnilive_demo.perception.semantic_turn import SmartTurn, SoundAndCompleteness, TurnSound

pytestmark = pytest.mark.filterwarnings("ignore:.*TorchScript-based ONNX export", "ignore::torch.jit.TracerWarning")
WORDS, BOTH = PauseAndCompleteness(), SoundAndCompleteness()
COMPLETE, OPEN = Said("Where did I leave my keys?", 2.0), Said("Where did I leave my", 2.0)


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("turn")
    untrained = SmartTurn(tiny_turn.build(folder / "untrained.onnx", None))
    return tiny_turn.build(folder / "smart-turn-tiny.onnx", untrained.features)


@pytest.fixture(scope="module")
def model(path: Path) -> SmartTurn:
    return SmartTurn(path)


# ---- the model -----------------------------------------------------------------------------------------------------


def test_how_a_turn_ends_is_heard(model: SmartTurn) -> None:
    assert model.name == "smart-turn-tiny"
    for seed in range(100, 106):
        assert model.probability(turn(True, seed)) > 0.8
        assert model.probability(turn(False, seed)) < 0.2


def test_the_last_eight_seconds_count(model: SmartTurn) -> None:
    last = turn(True, 7, 7.8)
    assert model.probability(last) == model.probability(np.concatenate([turn(False, 8, 5.0), last]))
    short = model.probability(turn(True, 9, 1.0))
    before = np.concatenate([np.zeros(16_000, np.float32), turn(True, 9, 1.0)])
    assert model.probability(before) == pytest.approx(short, abs=1e-3)


def test_hardly_any_sound_is_no_fault(model: SmartTurn) -> None:
    for samples in (0, 1, 100):
        assert 0.0 <= model.probability(np.zeros(samples, np.float32)) <= 1.0


def test_features_are_those_that_the_model_was_trained_on(model: SmartTurn, speak) -> None:
    from transformers import WhisperFeatureExtractor

    theirs = WhisperFeatureExtractor(chunk_length=8)
    for sound in (speak("where did I leave my keys"), turn(True, 1, 9.0)):
        heard = sound[-128_000:]
        whole = np.pad(heard, (128_000 - len(heard), 0))
        expected = theirs(
            whole, sampling_rate=16_000, padding="max_length", max_length=128_000, truncation=True, do_normalize=True,
            return_tensors="np",
        )["input_features"][0]  # fmt: skip
        found = model.features(sound)
        assert found.shape == (80, 800)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, atol=2e-3)


def test_calls_from_several_threads_agree(model: SmartTurn) -> None:
    turns = [turn(finished, seed) for finished in (False, True) for seed in range(3)]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(model.probability, turns)) == [model.probability(one) for one in turns]


def test_preparing_the_sound_takes_little_time(model: SmartTurn) -> None:
    sound = turn(True, 2, 8.0)
    took_s = []
    for _ in range(5):
        began_s = time.perf_counter()
        model.features(sound)
        took_s.append(time.perf_counter() - began_s)
    assert min(took_s) < 0.1


def test_missing_broken_and_foreign_files_are_told_plainly(path: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="end-of-turn model is missing"):
        SmartTurn(tmp_path / "none.onnx")
    (tmp_path / "half.onnx").write_bytes(path.read_bytes()[:30_000])
    with pytest.raises(RuntimeError, match="is damaged"):
        SmartTurn(tmp_path / "half.onnx")
    with pytest.raises(ValueError, match="of this kind"):
        SmartTurn(tiny_turn.build(tmp_path / "long.onnx", None, frames=400))


def test_the_end_of_a_turn_is_kept_and_no_more() -> None:
    sound = TurnSound()
    assert len(sound.last()) == 0
    ramp = np.arange(200_000, dtype=np.float32)
    for at in range(0, 64_000, 512):
        sound.add(ramp[at : at + 512])
    np.testing.assert_array_equal(sound.last(), ramp[:64_000])
    for at in range(64_000, 200_000, 512):
        sound.add(ramp[at : at + 512])
    np.testing.assert_array_equal(sound.last(), ramp[-128_000:])
    assert sum(map(len, sound._pieces)) < 128_000 + 512


# ---- the pause -----------------------------------------------------------------------------------------------------


def test_without_a_probability_the_words_decide() -> None:
    for said in (COMPLETE, OPEN, Said("", 1.0), Said("Stop", 0.4), Said("你好", 1.0)):
        assert BOTH.pause_s(said) == WORDS.pause_s(said)


def test_who_has_surely_finished_is_answered_soonest() -> None:
    assert BOTH.pause_s(COMPLETE, 0.99) == pytest.approx(0.3)
    assert BOTH.pause_s(COMPLETE, 0.99) < WORDS.pause_s(COMPLETE)


def test_a_sentence_that_sounds_unfinished_is_waited_for() -> None:
    assert BOTH.pause_s(COMPLETE, 0.05) == pytest.approx(1.6)
    assert 0.7 < BOTH.pause_s(COMPLETE, 0.4) < 1.1


def test_a_last_word_that_was_misheard_costs_half_of_the_wait() -> None:
    assert BOTH.pause_s(OPEN, 0.95) == pytest.approx((WORDS.pause_s(OPEN) + 0.3) / 2)
    assert BOTH.pause_s(OPEN, 0.05) == pytest.approx(1.6)


def test_commands_are_not_waited_for_however_they_sound() -> None:
    assert BOTH.pause_s(Said("Stop", 0.4), 0.05) == WORDS.pause_s(Said("Stop", 0.4))


def test_before_the_words_are_known_and_in_other_scripts_the_sound_decides() -> None:
    for text in ("", "где мои ключи", "열쇠가 어디에"):
        assert BOTH.pause_s(Said(text, 2.0), 0.95) == pytest.approx(0.3)
        assert BOTH.pause_s(Said(text, 2.0), 0.05) == pytest.approx(1.6)


def test_chinese_words_are_weighed_as_well() -> None:
    complete, left_open = Said("我把钥匙放在哪里了？", 2.0), Said("我把钥匙放在", 2.0)
    assert BOTH.pause_s(complete, 0.95) == pytest.approx(0.3)
    assert BOTH.pause_s(complete, 0.05) == pytest.approx(1.6)
    assert BOTH.pause_s(left_open, 0.95) == pytest.approx((WORDS.pause_s(left_open) + 0.3) / 2)
    assert BOTH.pause_s(left_open, 0.05) == pytest.approx(1.6)
    assert BOTH.pause_s(Said("停", 0.4), 0.05) == WORDS.pause_s(Said("停", 0.4)), "a command is not waited for"


def test_slow_speakers_are_given_their_time_unless_they_have_surely_finished() -> None:
    slow = Said("Where did I leave my keys?", 2.0, speaker_pause_s=0.7)
    assert BOTH.pause_s(slow, 0.6) == pytest.approx(1.15 * 0.7)
    assert BOTH.pause_s(slow, 0.97) == pytest.approx(0.3)
    assert BOTH.pause_s(Said("", 2.0, speaker_pause_s=5.0), 0.7) == pytest.approx(0.9)


@given(
    st.sampled_from([COMPLETE, OPEN, Said("", 1.0), Said("Let me", 1.0), Said("那个", 1.0), Said("so it", 9.0, True)]),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1.0),
)
def test_who_sounds_more_finished_is_never_waited_for_longer(said: Said, one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert 0.3 <= BOTH.pause_s(said, more) <= BOTH.pause_s(said, less) <= 1.6
