"""Everything that the assistant says without a model is there in both languages, and in that language."""

from __future__ import annotations

import json
import re
from itertools import product

import pytest

from omnilive_demo.config import ASSETS
from omnilive_demo.models import chinese_sounds, chinese_things
from omnilive_demo.models.chinese import is_chinese, language_of
from omnilive_demo.models.sound_words import NAMED
from omnilive_demo.models.thing_names import ThingNames
from omnilive_demo.models.vocabulary import read_vocabulary
from omnilive_demo.perception import audioset_labels
from omnilive_demo.reasoning import fixed_phrases
from omnilive_demo.reasoning.fixed_phrases import Phrase
from omnilive_demo.reasoning.standing_phrases import StandingPhrases
from omnilive_demo.reasoning.standing_phrases_zh import ChineseStandingPhrases
from omnilive_demo.reasoning.standing_wanted import Unfit, Wait, Wanted, gone
from omnilive_demo.reasoning.when_zh import ago_zh, between_zh, length_zh

PHRASES = {name: value for name, value in vars(fixed_phrases).items() if isinstance(value, Phrase)}
NAMES = {entry["name"]: entry["plural"] for entry in json.loads((ASSETS / "nano" / "names.json").read_text("utf-8"))}
EVERY_WANTED = [
    Wanted(Wait.THING, names=("dog", "cat")), Wanted(Wait.THING, names=("bus",), again=True),
    Wanted(Wait.GONE, names=("scissors",)), gone((("dog",), ("mug", "cup"))), Wanted(Wait.SOUND),
    Wanted(Wait.SOUND, sounds=("bell", "alarm")),
    Wanted(Wait.SOUND, sounds=("knocking",), every=True), *(Wanted(Wait.LOOK, look=look) for look in
    ("dark", "bright", "moving", "still", "red")), Wanted(Wait.TIME, delay_s=90), Wanted(Wait.TIME, delay_s=600,
    every=True), Wanted(Wait.TIME, delay_s=3600, every=True),
]  # fmt: skip
WHY = ("thing", "names", "person", "sound", "event", "clock", "when", "how long", "how often")


@pytest.mark.parametrize("phrase", PHRASES.values(), ids=list(PHRASES))
def test_every_fixed_phrase_has_both(phrase: Phrase) -> None:
    assert language_of(phrase.said("en")) == "en"
    assert language_of(phrase.said("zh")) == "zh"
    assert bool(re.search(r"[.?]$", phrase.en)) == bool(re.search(r"[。？]$", phrase.zh)), (
        "both are sentences, or neither"
    )


def test_the_phrases_are_all_there() -> None:
    assert len(PHRASES) > 20


@pytest.mark.parametrize("wanted", EVERY_WANTED, ids=str)
def test_all_that_is_said_of_a_standing_query_is_said_in_both(wanted: Wanted) -> None:
    english, chinese = StandingPhrases(ThingNames(NAMES)), ChineseStandingPhrases()
    by = (wanted.names or wanted.sounds or ("sound",))[0]
    for words, code in ((english, "en"), (chinese, "zh")):
        said = [
            words.awaited(wanted), words.taken(wanted), words.answered(wanted, by), words.dropped([wanted]),
            words.which([wanted, wanted]), words.listing([(wanted, 60.0 if wanted.kind is Wait.TIME else None)]),
        ]  # fmt: skip
        if wanted.kind in (Wait.THING, Wait.LOOK):
            said.append(words.already(wanted))
        if wanted.kind not in (Wait.TIME, Wait.WORD):
            said.append(words.not_yet(wanted))
        assert all(said)
        assert {language_of(one) for one in said} == {code}
        if code == "zh":
            assert not re.search(r"[a-z]", "".join(said)), said


def test_what_is_said_of_words_and_refusals() -> None:
    english, chinese = StandingPhrases(None), ChineseStandingPhrases()
    wanted = Wanted(Wait.WORD, words="午饭", note="洗手")
    assert chinese.taken(wanted) == "好的，一听到“午饭”我就提醒您洗手。"
    assert chinese.answered(wanted, "source", False) == "您让我提醒您洗手：刚才视频里说了“午饭”。"
    for why in WHY:
        assert is_chinese(chinese.refused(Unfit(why, "某样东西")))  # type: ignore[arg-type]
        assert not is_chinese(english.refused(Unfit(why, "a thing")))  # type: ignore[arg-type]
    assert chinese.full(8) == "我已经在等八件事了，不能再多。请先取消一件。"
    for came, sounded, turned in product(("dog",), ("barking",), ("dark", "blue")):
        clauses = [chinese.came(came), chinese.sounded(sounded), chinese.turned_out(turned)]
        assert all(is_chinese(chinese.sentence(clause)) for clause in clauses)


def test_every_thing_and_sound_that_can_be_told_has_a_chinese_word() -> None:
    vocabulary = read_vocabulary(ASSETS / "vocabulary.txt")
    names = set(NAMES) | set(vocabulary)
    assert set(chinese_things.known()) == names, "a word for each, and none for what no eyes know"
    assert all(is_chinese(chinese_things.said(name)) for name in names)
    assert all(name in chinese_things.names_of(chinese_things.said(name)) for name in names), (
        "what is said is understood"
    )
    told = set(audioset_labels._LABELS) - {"silence"} | {"sound"}
    assert all(is_chinese(chinese_sounds.told(label)) for label in told)
    names = audioset_labels.told_names(audioset_labels.spelled())
    assert all(label in chinese_sounds.labels_in(chinese_sounds.told(label), names, heard=True) for label in names)
    assert all(label in chinese_sounds.labels_in(chinese_sounds.told(label), NAMED, heard=True) for label in NAMED)


def test_a_name_that_an_operator_added_is_said_as_it_is_written() -> None:
    assert chinese_things.said("theremin") == "theremin"
    assert chinese_things.said_together(("mug", "cup")) == "杯子"
    assert chinese_things.said_together(("dog", "cat")) == "狗或猫"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "零秒"), (2, "两秒"), (15, "十五秒"), (60, "一分钟"), (90, "一分钟三十秒"), (7200, "两小时"),
     (5400, "一小时三十分钟"), (86_400 * 2 + 3600, "两天一小时"), (20, "二十秒"), (3_600_000, "四十一天十六小时")],
)  # fmt: skip
def test_lengths(seconds: float, text: str) -> None:
    assert length_zh(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1, "刚刚"), (8, "刚才"), (41, "四十秒前"), (60, "大约一分钟前"), (90, "大约一分半钟前"),
     (125, "大约两分钟前"), (3600, "大约一个小时前"), (5400, "大约一个半小时前"), (7300, "大约两个小时前"),
     (90_000, "大约一天前"), (3100, "大约一个小时前")],
)  # fmt: skip
def test_distances(seconds: float, text: str) -> None:
    assert ago_zh(seconds) == text


def test_stretches() -> None:
    assert between_zh(20, 36) == "开始后二十秒到三十六秒"
    assert between_zh(20, 20.2) == "开始后二十秒"
