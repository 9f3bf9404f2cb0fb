from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from omnilive_demo.speech.sentences import MAX_CHARS, SentenceSplitter, goes_on, split_sentences

CASES = {
    "numbers": ("Pi is 3.14 or so. It is 2.5 m long.", ["Pi is 3.14 or so.", "It is 2.5 m long."]),
    "titles": ("Dr. Smith met Mrs. Jones. They talked.", ["Dr. Smith met Mrs. Jones.", "They talked."]),
    "latin": ("Use a tool, e.g. a saw. Or two.", ["Use a tool, e.g. a saw.", "Or two."]),
    "states within": ("The U.S. Army came. I left.", ["The U.S. Army came.", "I left."]),
    "states at the end": ("She lives in the U.S. The house is red.", ["She lives in the U.S.", "The house is red."]),
    "times within": ("It starts at 3:30 p.m. on Friday. Be there.", ["It starts at 3:30 p.m. on Friday.", "Be there."]),
    "times before a day": ("Meet at 3 p.m. Friday. Bye.", ["Meet at 3 p.m. Friday.", "Bye."]),
    "times at the end": ("We met at 3:30 p.m. The bell rang.", ["We met at 3:30 p.m.", "The bell rang."]),
    "quotes": ("You said “I am late.” Then you left.", ["You said “I am late.”", "Then you left."]),
    "quote going on": ("“Really?” he asked. Yes!", ["“Really?” he asked.", "Yes!"]),
    "ellipsis within": ("Well... maybe not. Or…", ["Well... maybe not.", "Or…"]),
    "ellipsis at the end": ("I wonder… The door opened.", ["I wonder…", "The door opened."]),
    "chinese": ("你好。我看见一扇红色的门！真的吗？是的", ["你好。", "我看见一扇红色的门！", "真的吗？", "是的"]),
    "chinese quotes": ("他说：“你好。”然后走了。", ["他说：“你好。”", "然后走了。"]),
    "chinese corner quotes": ("她说：「走吧。」门关了。", ["她说：「走吧。」", "门关了。"]),
    "chinese quotes within quotes": ("「他喊：『停！』」然后没了声音。", ["「他喊：『停！』」", "然后没了声音。"]),
    "chinese quote going on": ("「真的吗？」他笑着问。是的。", ["「真的吗？」他笑着问。", "是的。"]),
    "chinese quote and what they did": ("“你好。”他走了。好。", ["“你好。”", "他走了。", "好。"]),
    "two chinese quotes": ("“你好。”“再见！”", ["“你好。”", "“再见！”"]),
    "chinese ellipsis within": ("我想……也许吧。好……", ["我想……也许吧。", "好……"]),
    "chinese ellipsis before a space": ("他走了…… 我留下。", ["他走了……", "我留下。"]),
    "chinese marks": ("你好！！真的？！是的。", ["你好！！", "真的？！", "是的。"]),
    "chinese brackets": ("（他笑了。）我们走。", ["（他笑了。）", "我们走。"]),
    "chinese with decimals": ("圆周率是3.14。价格是1,299.5元！贵。", ["圆周率是3.14。", "价格是1,299.5元！", "贵。"]),
    "chinese with english": ("iPhone 15 Pro很贵。Yes, it is. 对吧？", ["iPhone 15 Pro很贵。", "Yes, it is.", "对吧？"]),
    "chinese with abbreviations": ("U.S.是美国。Dr. Wang来了。", ["U.S.是美国。", "Dr. Wang来了。"]),
    "western marks in chinese": ("是吗?我不知道.好的!走吧", ["是吗?", "我不知道.", "好的!", "走吧"]),
    "chinese dots within": ("我想...也许吧。", ["我想...也许吧。"]),
    "list": ("1. Milk\n2. Eggs and flour.\n- Tea", ["1. Milk", "2. Eggs and flour.", "- Tea"]),
    "initials": ("J. R. Hartley wrote it. So did I. We knew.", ["J. R. Hartley wrote it.", "So did I.", "We knew."]),
    "marks": ("What?! No way!! Yes.", ["What?!", "No way!!", "Yes."]),
    "addresses": ("See example.org for v1.2.3 today. Bye.", ["See example.org for v1.2.3 today.", "Bye."]),
    "brackets": ("It rained (a lot.) So I stayed.", ["It rained (a lot.)", "So I stayed."]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_text_is_cut_where_its_sentences_end(name: str) -> None:
    text, expected = CASES[name]
    assert split_sentences(text) == expected


def test_a_sentence_is_given_as_soon_as_the_space_behind_it_is_there() -> None:
    splitter = SentenceSplitter()
    assert splitter.push("The kettle boiled.") == []
    assert splitter.push(" ") == ["The kettle boiled."]


def test_a_long_first_sentence_starts_at_its_first_clause() -> None:
    text = "About two minutes ago the room was quite dark, and then somebody switched on the lamp by the window."
    assert split_sentences(text) == [text[:46], text[47:]]
    assert split_sentences("Yes. " + text) == ["Yes.", text], "only the first sentence is in such a hurry"


def test_a_long_first_sentence_in_chinese_starts_at_a_clause_of_as_long_a_sound() -> None:
    text = "大概两分钟以前这个房间里还是相当的暗，后来有人打开了窗边的那盏台灯。"
    assert split_sentences(text) == [text[:19], text[19:]]
    assert split_sentences("是的。" + text) == ["是的。", text]
    assert split_sentences("你的钥匙在桌子上，我想。") == ["你的钥匙在桌子上，我想。"]


def test_a_chinese_text_without_end_is_cut_at_a_comma() -> None:
    parts = split_sentences("是的。" + "门开了又关上，" * 100)[1:]
    assert all(len(part) <= MAX_CHARS and part.endswith("，") for part in parts)


def test_a_clause_is_not_cut_when_only_a_stump_would_follow() -> None:
    text = "You left your keys in the blue drawer of the desk, I think."
    assert split_sentences(text) == [text]


def test_a_text_without_end_is_cut_at_spaces() -> None:
    parts = split_sentences("word " * 300)
    assert all(len(part) <= MAX_CHARS for part in parts)
    assert parts[0].endswith("word")


def test_flush_leaves_nothing_behind() -> None:
    splitter = SentenceSplitter()
    splitter.push("One. Two")
    assert splitter.flush() == ["Two"]
    assert splitter.flush() == []


def test_who_knows_where_a_sentence_ends_can_say_so() -> None:
    splitter = SentenceSplitter()
    long = "I saw a red umbrella by the door about a minute ago, on the left side of the hall."
    assert splitter.push("Yes.") + splitter.end_sentence() == ["Yes."]
    assert splitter.push(long) + splitter.end_sentence() == [long], "only the first sentence is cut at a clause"
    assert splitter.end_sentence() == []
    splitter.flush()
    pieces = splitter.push(long) + splitter.end_sentence()
    assert [goes_on(piece) for piece in pieces] == [True, False]


def test_white_space_alone_is_no_sentence() -> None:
    assert split_sentences(" \n\t \n") == []


_words = st.sampled_from(
    ["Dr.", "e.g.", "U.S.", "3.14", "3:30", "p.m.", "the", "The", "J.", "...", "…", "“", ".”", "?", "!", ",", "\n", " ",
     "你好", "。", "！”", "1.", "-", "word,", "I", "etc.", "No.", "”", "(", ".)", "long and longer words here",
     "「", "」", "』", "？", "……", "他问", "她走了", "我", "，", "然后", "3.5元"]
)  # fmt: skip
_texts = st.one_of(st.text(max_size=200), st.lists(_words, max_size=60).flatmap(
    lambda parts: st.sampled_from(["", " "]).map(lambda glue: glue.join(parts))
))  # fmt: skip


@given(_texts, st.lists(st.integers(0, 600), max_size=12))
@example("a" * (MAX_CHARS - 1) + ". b" + " c" * 20, [MAX_CHARS])
@example("word " * 200, [3, 399, 400, 401, 402])
def test_pieces_give_the_same_sentences_as_the_whole_and_lose_nothing(text: str, cuts: list[int]) -> None:
    whole = split_sentences(text)
    splitter = SentenceSplitter()
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [s for a, b in itertools.pairwise(places) for s in splitter.push(text[a:b])] + splitter.flush()
    assert pieces == whole
    assert "".join("".join(whole).split()) == "".join(text.split())
    assert all(sentence.strip() == sentence and sentence for sentence in whole)


@given(_texts)
def test_character_by_character_is_the_same_too(text: str) -> None:
    splitter = SentenceSplitter()
    assert [s for char in text for s in splitter.push(char)] + splitter.flush() == split_sentences(text)
