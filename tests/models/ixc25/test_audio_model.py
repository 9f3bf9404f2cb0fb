"""Sound in, text and labels out."""

from __future__ import annotations

import numpy as np
import pytest
from models.ixc25.tiny_audio import HIGH_HZ, LABELS, LOW_HZ, MIDDLE_HZ, SAYS, tone

from omnilive_demo.cancel import CancelToken
from omnilive_demo.models.ixc25_omnilive.audio_model import AudioModel, Told
from omnilive_demo.models.ixc25_omnilive.audio_prompt import CLASSIFY, RECOGNISE


@pytest.mark.parametrize("hz", SAYS)
def test_sound_in_text_out_and_label_out(audio_model: AudioModel, hz: float) -> None:
    for seconds in (0.5, 1.7, 3.6):
        assert audio_model.transcribe(tone(hz, seconds)) == SAYS[hz].removeprefix("<|zh|>")
        assert audio_model.classify(tone(hz, seconds)) == LABELS[hz]


def test_many_sounds_at_once_with_the_language_that_is_named(audio_model: AudioModel) -> None:
    sounds = [tone(LOW_HZ, 1.0), tone(HIGH_HZ, 3.0), np.zeros(100, np.float32), tone(LOW_HZ, 0.6)]
    told = audio_model.recognise(sounds)
    assert [one.text for one in told] == ["Where are my keys?", "你好", "", "Where are my keys?"]
    assert [one.language for one in told] == ["", "zh", "", ""]
    assert told[2] == Told("")
    for one in told:
        assert one.whole
        assert 0.5 < one.chance <= np.exp(one.log_prob) <= 1.0
    alone = audio_model.recognise(sounds[:1])[0]
    assert alone.text == told[0].text
    assert alone.chance == pytest.approx(told[0].chance, abs=1e-4)


def test_cancelled_within_a_token(audio_model: AudioModel) -> None:
    cancel, steps = CancelToken(), 0
    for _ in audio_model._answers([tone(LOW_HZ, 1.0)], RECOGNISE, [31], lambda index: not cancel.cancelled):
        steps += 1
        cancel.cancel()
    assert steps == 1
    assert audio_model.transcribe(tone(LOW_HZ, 1.0), cancel) == ""
    told = audio_model.recognise([tone(LOW_HZ, 1.0), tone(MIDDLE_HZ, 1.0)], lambda index: index == 1)
    assert not told[0].whole
    assert told[1].text == "Thanks for watching!"


def test_what_is_too_long_is_refused_and_what_is_too_short_says_nothing(audio_model: AudioModel) -> None:
    assert audio_model.most_samples == 4 * 16_000
    assert audio_model.transcribe(tone(LOW_HZ, 4.0)) == "Where are my keys?"
    with pytest.raises(ValueError, match=r"hears 4 seconds at a time, not 4\.5"):
        audio_model.transcribe(tone(LOW_HZ, 4.5))
    assert audio_model.transcribe(np.zeros(0, np.float32)) == ""
    assert audio_model.classify(np.zeros(400, np.float32)) == ""


def test_a_model_that_loops_is_stopped(audio_model: AudioModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio_model._tokenizer, "ends", frozenset())
    told = audio_model.recognise([tone(LOW_HZ, 0.5)])[0]
    assert not told.whole
    assert told.text.startswith("Where are my keys?")
    *_, answers = audio_model._answers([tone(LOW_HZ, 0.5)], RECOGNISE, [31], lambda index: True)
    assert len(answers[0].ids) == 31


def test_the_prompts_are_those_of_the_release(audio_model: AudioModel) -> None:
    """Specification 3, letter by letter, and each mark as one token."""
    for prompt in ("Detect the language and recognize the speech.", "Classify the audio."):
        assert prompt in (RECOGNISE, CLASSIFY)
        ids = audio_model._prompts[prompt]
        assert audio_model._tokenizer._tokenizer.decode(ids) == (
            "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n"
            f"Audio 1: <|audio_bos|><|AUDIO|><|audio_eos|>\n{prompt}<|im_end|>\n<|im_start|>assistant\n"
        )
        assert ids.count(audio_model.network.config.audio_token) == 1
        marks = audio_model._tokenizer._tokenizer.convert_tokens_to_ids(["<|im_start|>", "<|im_end|>"])
        assert [ids.count(mark) for mark in marks] == [3, 2]


def test_control_words_are_no_text(audio_model: AudioModel) -> None:
    tokenizer = audio_model._tokenizer
    ids = tokenizer._tokenizer("<|en|> Hello,<|AUDIO|>\n there", add_special_tokens=False)["input_ids"]
    assert tokenizer.text(ids) == ("Hello, there", "en")
    half = tokenizer._tokenizer("你", add_special_tokens=False)["input_ids"]
    broken = tokenizer._tokenizer("á", add_special_tokens=False)["input_ids"][:1]
    assert tokenizer.text([*half, *broken]) == ("你", "")
