"""Which sentences follow up the last answer, and which ask about having been away, in both languages."""

from __future__ import annotations

import pytest

from omnilive_demo.memory.followups import Followup, asks_further, is_chat, read_away, read_followup


@pytest.mark.parametrize(
    ("text", "kind", "of"),
    [
        ("And before that?", "before", None),
        ("What was before that?", "before", None),
        ("so what about before that", "before", None),
        ("And just before that?", "before", None),
        ("even earlier", "before", None),
        ("What did I say before that?", "before", "speech"),
        ("what did you hear before that", "before", "sound"),
        ("What did you see before that?", "before", "picture"),
        ("What happened before that?", "before", "time"),
        ("And then?", "after", None),
        ("and after that", "after", None),
        ("What happened next?", "after", None),
        ("what happened after that", "after", "time"),
        ("The other one?", "other", None),
        ("What about the other one?", "other", None),
        ("Show me another one.", "other", None),
        ("No, not that one!", "other", None),
        ("Any other time?", "other", None),
        ("When was that?", "when", None),
        ("How long ago was that?", "when", None),
        ("What else was there?", "else", None),
        ("Was there anything else there?", "else", None),
        ("Did anyone say anything then?", "said", None),
        ("What did I say then?", "said", None),
        ("Did you hear anything at that time?", "heard", None),
        ("What did you see then?", "seen", None),
        ("那之前呢？", "before", None),
        ("再往前呢", "before", None),
        ("在那之前我说了什么？", "before", "speech"),
        ("那之前发生了什么", "before", "time"),
        ("然后呢？", "after", None),
        ("後來呢？", "after", None),
        ("另一个呢？", "other", None),
        ("还有别的吗？", "other", None),
        ("不是这个。", "other", None),
        ("那是什么时候？", "when", None),
        ("那是多久之前的事？", "when", None),
        ("当时还有什么？", "else", None),
        ("当时有人说话吗？", "said", None),
        ("那时候你听到什么了吗？", "heard", None),
        ("当时你看到什么？", "seen", None),
    ],
)
def test_a_follow_up_is_read(text: str, kind: str, of: str | None) -> None:
    assert read_followup(text) == Followup(kind, of)  # type: ignore[arg-type]
    assert read_away(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Did you see the dog before that?", "What was that?", "What is this?", "When was the light on?",
        "and then we went home", "the other one is in the kitchen", "What did I say about the meeting?",
        "where is the other mug", "What happened today?", "before lunch", "what else",
        "我之前说了什么", "这是什么", "狗在哪里", "然后我们回家了", "另一个杯子在哪里", "今天发生了什么", "",
    ],
)  # fmt: skip
def test_a_question_of_its_own_is_none(text: str) -> None:
    assert read_followup(text) is None
    assert read_away(text) is None


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("How long was I away?", "length"),
        ("how long have we been gone", "length"),
        ("When was I last here?", "begin"),
        ("What happened while I was away?", "events"),
        ("Did anything happen while I was gone?", "events"),
        ("我离开了多久？", "length"),
        ("我不在的时候发生了什么？", "events"),
        ("我上次来是什么时候？", "begin"),
    ],
)
def test_being_away_is_asked_about(text: str, asked: str) -> None:
    assert read_away(text) == asked
    assert read_followup(text) is None


def test_one_word_alone_may_be_said_to_anybody() -> None:
    assert read_followup("later") is not None
    assert not asks_further("later")
    assert asks_further("the other one")
    assert asks_further("然后呢")


@pytest.mark.parametrize(("text", "chat"), [("thank you", True), ("谢谢你", True), ("再说一遍", True), ("狗呢", False)])
def test_thanks_change_no_topic(text: str, chat: bool) -> None:
    assert is_chat(text) is chat
