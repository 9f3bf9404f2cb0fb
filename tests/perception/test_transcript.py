from __future__ import annotations

import pytest

from omnilive_demo.perception.transcript import agreed, pieces, readable


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("<s> what did(2) i say [NOISE] about the meeting </s>", "What did I say about the meeting"),
        ("i'm sure i'll come", "I'm sure I'll come"),
        ("<sil> [SPEECH] ++NOISE++", ""),
        ("", ""),
        ("is it in italy", "Is it in italy"),
        ("a(2)", "A"),
        ("did anybody not", "Did anybody knock"),
        ("has somebody know that", "Has somebody knocked"),
        ("did anyone not kept the door", "Did anyone knock at the door"),
        ("did anyone know of at the door", "Did anyone knock at the door"),
        ("did anybody off", "Did anybody cough"),
        ("did anybody know the answer", "Did anybody know the answer"),
        ("did anybody not see it", "Did anybody not see it"),
        ("does anybody know", "Does anybody know"),
    ],
)
def test_raw_words_become_readable(raw, text):
    assert readable(raw) == text


@pytest.mark.parametrize(
    ("newer", "older", "sure"),
    [
        ("where are my keys", "where are my", "where are my"),
        ("where are the keys", "where are my keys", "where are"),
        ("where are  my keys", "where are my keys", "where are my keys"),
        ("where", "when", ""),
        ("", "where", ""),
        ("我的钥匙在哪里", "我的钥匙", "我的钥匙"),
        ("我的钥匙在哪里", "我的药是在", "我的"),
        ("我想，去", "我想，", "我想，"),
        ("打开 YouTube 看看", "打开 YouTube 吧", "打开 YouTube"),
        ("打开YouTube看看", "打开You", "打开"),
    ],
)
def test_what_two_hypotheses_agree_on_is_settled_word_by_word_or_character_by_character(newer, older, sure):
    assert agreed(newer, older) == sure


def test_words_are_counted_in_either_script():
    assert [pieces(text) for text in ("", "where are my keys?", "我的钥匙", "打开 YouTube")] == [0, 4, 4, 3]
