from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnilive_demo.perception.utterance_sound import UtteranceSound
from omnilive_demo.perception.whisper_guards import Piece, believable, cleaned, plain, too_fast, unlooped


def piece(text, no_speech=0.02, log_prob=-0.25, compression=1.1):
    return Piece(text, 0.0, 2.0, no_speech, log_prob, compression)


@pytest.mark.parametrize(
    "text",
    [
        " Where did I leave my keys?",
        " Thank you.",
        " No.",
        " Stop!",
        " Okay, what is this?",
        " 这是什么？",
        " 谢谢。",
        " Did anybody thank you for watching the kids?",
        " What time is it (roughly)?",
        " Tell me when the kettle boils.",
    ],
)
def test_what_people_say_is_kept(text):
    assert believable(piece(text), 2.0)


@pytest.mark.parametrize(
    "text",
    [
        " Thank you for watching!",
        " Thanks for watching.",
        " Please subscribe to my channel.",
        "谢谢观看！",
        " 請不吝點贊 訂閱 轉發 打賞支持明鏡與點點欄目",
        " Subtitles by the Amara.org community",
        " 字幕由 Amara.org 社区提供",
        " Untertitel im Auftrag des ZDF, 2020",
        "ご視聴ありがとうございました",
        " ...",
        "",
        " ♪♪",
    ],
)
def test_what_nobody_says_is_dropped_however_sure_the_model_is(text):
    assert not believable(piece(text, no_speech=0.0, log_prob=-0.05), 3.0)


def test_short_words_need_a_sound_that_supports_them():
    assert believable(piece(" Thank you."), 1.0)
    assert not believable(piece(" Thank you.", no_speech=0.4), 1.0)
    assert not believable(piece(" you", log_prob=-0.9), 1.0)
    assert not believable(piece(" 谢谢。", no_speech=0.5), 1.0)
    assert believable(piece(" Stop it.", no_speech=0.4), 1.0)


def test_no_speech_and_unsure_words_are_weighed_together():
    text = " I put it in the cupboard."
    assert believable(piece(text, no_speech=0.8, log_prob=-0.3), 2.0)
    assert not believable(piece(text, no_speech=0.8, log_prob=-0.8), 2.0)
    assert not believable(piece(text, no_speech=0.95, log_prob=-0.4), 2.0)
    assert believable(piece(text, no_speech=0.1, log_prob=-0.9), 2.0)  # somebody who is hard to understand
    assert not believable(piece(text, log_prob=-1.5), 2.0)
    assert not believable(piece(text, compression=2.6), 2.0)


def test_nobody_speaks_faster_than_people_can():
    assert not too_fast("What is this?", 0.4)
    assert too_fast("Hello everyone and welcome back to another episode of the show", 0.6)
    assert not too_fast("Hello everyone and welcome back to another episode of the show", 2.5)
    assert too_fast("大家好欢迎收看今天的节目我们下次再见", 0.5)
    assert not too_fast("大家好欢迎收看今天的节目我们下次再见", 3.0)


def test_sounds_in_brackets_are_no_words():
    assert cleaned(" [Music] Where is it? (laughs) ♪") == "Where is it?"
    assert cleaned("（笑声）你好【音乐】") == "你好"
    assert cleaned(" [BLANK_AUDIO]") == ""


def test_loops_are_cut_and_emphasis_is_not():
    assert unlooped("I think so. I think so. I think so. I think so. I think so.") == "I think so."
    assert unlooped("and the dog the dog the dog the dog the dog the dog ran") == "and the dog ran"
    assert unlooped("no no no no, stop") == "no no no no, stop"
    assert unlooped("no no no no no no no no") == "no"
    assert unlooped("我不知道我不知道我不知道我不知道我不知道") == "我不知道"
    assert unlooped("那个那个是什么") == "那个那个是什么"


WORDS = st.lists(st.sampled_from(["where", "did", "the", "dog", "put", "my", "你", "好"]), max_size=40).map(" ".join)


@given(WORDS)
def test_unlooped_invents_nothing_and_is_done_in_one_go(text):
    once = unlooped(text)
    assert unlooped(once) == once
    assert set(once.split()) == set(text.split())


def test_plain_compares_words_and_not_marks():
    assert plain(" Don’t forget to  SUBSCRIBE! ") == "don't forget to subscribe"
    assert plain("谢谢 观看。") == "谢谢观看"
    assert plain(" ... ") == ""


# ---- the sound of an utterance -------------------------------------------------------------------------------------

NOISE = np.random.default_rng(1).normal(0, 1, 160_000).astype(np.float32)


def test_a_pause_is_known_by_its_quiet():
    sound = UtteranceSound()
    assert not sound.audible
    assert not sound.pauses
    sound.add(0.1 * NOISE[:16_000])
    assert sound.audible
    assert not sound.pauses
    assert sound.loud_until == 16_000
    sound.add(0.001 * NOISE[:1000])
    assert not sound.pauses
    sound.add(0.001 * NOISE[:1000])
    assert sound.pauses
    assert sound.loud_until == 16_000
    sound.add(0.05 * NOISE[:480])
    assert not sound.pauses
    assert sound.loud_until == sound.samples == 18_480


def test_over_a_noise_there_is_no_pause():
    sound = UtteranceSound()
    sound.add(0.1 * NOISE[:16_000] + 0.02 * NOISE[16_000:32_000])
    sound.add(0.02 * NOISE[:16_000])
    assert not sound.pauses
    assert sound.loud_until == sound.samples


def test_sound_is_kept_as_it_came_and_no_more_than_enough():
    sound = UtteranceSound()
    mine = NOISE[:512].copy()
    sound.add(mine)
    mine[:] = 0
    np.testing.assert_array_equal(sound.all(), NOISE[:512])
    for _ in range(4):
        sound.add(NOISE)
    assert sound.seconds == 30.0
    assert len(sound.all()) == 480_000
    assert not UtteranceSound().all().size
