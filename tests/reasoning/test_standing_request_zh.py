"""Requests in Chinese to be told later, as people say them and as a recogniser writes them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standing_fakes import NAMES

from omnilive_demo.config import ASSETS
from omnilive_demo.models.thing_names import ThingNames
from omnilive_demo.reasoning.instruction_chinese import ChineseInstructionPredictor
from omnilive_demo.reasoning.standing_request import read_request
from omnilive_demo.reasoning.standing_request_zh import MOST_CHARS
from omnilive_demo.reasoning.standing_wanted import Dropped, Listed, Unfit, Wait, Wanted

BIG = ThingNames({name: f"{name}s" for name in ("dog", "cup", "mug", "ambulance", "person", "car", "bus", "key")})


def thing(*names: str, **more: object) -> Wanted:
    return Wanted(Wait.THING, names=names, **more)  # type: ignore[arg-type]


def gone(*names: str) -> Wanted:
    return Wanted(Wait.GONE, names=names)


def look(word: str, **more: object) -> Wanted:
    return Wanted(Wait.LOOK, look=word, **more)  # type: ignore[arg-type]


def sound(*labels: str, **more: object) -> Wanted:
    return Wanted(Wait.SOUND, sounds=labels, **more)  # type: ignore[arg-type]


def word(words: str) -> Wanted:
    return Wanted(Wait.WORD, words=words)


def after(delay_s: float, note: str = "", every: bool = False) -> Wanted:
    return Wanted(Wait.TIME, delay_s=delay_s, note=note, every=every)


WANTED = [
    ("看到一只狗就提醒我", thing("dog")),
    ("看到狗或者猫的时候告诉我。", thing("dog", "cat")),
    ("如果看到我的钥匙，请告诉我", thing("key")),
    ("麻烦你看见有红色的杯子就喊我一声，谢谢", thing("mug")),
    ("公交车来了告诉我", thing("bus")),
    ("有车经过的时候提醒我", thing("car", "bus", "truck")),
    ("快递到了通知我", thing("parcel")),
    ("告诉我如果看到狗", thing("dog")),
    ("能不能在看到猫的时候跟我说一声", thing("cat")),
    ("留意一下有没有狗", thing("dog")),
    ("狗再来的时候告诉我", thing("dog", again=True)),
    ("看到花的时候告诉我", thing("sunflower", "rose", "tulip")),
    ("看到dog就告诉我", thing("dog")),
    ("鑰匙不見了告訴我", gone("key")),
    ("狗走了告诉我", gone("dog")),
    ("帮我看着我的包，不见了告诉我", gone("handbag")),
    ("门铃响的时候告诉我", sound("bell")),
    ("门铃一响就告诉我", sound("bell")),
    ("有人敲门叫我一声", sound("knocking")),
    ("听到敲门声的时候提醒我开门", sound("knocking", note="开门")),
    ("下雨了提醒我收衣服", sound("rain", note="收衣服")),
    ("狗叫的时候告诉我", sound("barking")),
    ("电话响了叫我", sound("ringing phone")),
    ("一听到有人咳嗽就告诉我", sound("coughing")),
    ("听到铃声的时候告诉我", sound("bell", "alarm", "ringing phone")),
    ("每次狗叫都告诉我", sound("barking", every=True)),
    ("注意听门铃", sound("bell")),
    ("听到什么声音就告诉我", sound()),
    ("水开了告诉我", sound("whistling")),
    ("天黑了提醒我关窗", look("dark", note="关窗")),
    ("有人关灯的时候告诉我", look("dark")),
    ("灯亮了告诉我", look("bright")),
    ("有动静就告诉我", look("moving")),
    ("画面不动了告诉我", look("still")),
    ("画面变成红色的时候告诉我", look("red")),
    ("要是有人说午饭就告诉我", word("午饭")),
    ("听到“苹果”这个词的时候提醒我", word("苹果")),
    ("五分钟后提醒我关火", after(300, "关火")),
    ("十分钟后提醒我给我妈打电话", after(600, "给您妈打电话")),
    ("定一个三分钟的闹钟", after(180)),
    ("每隔十分钟提醒我喝水", after(600, "喝水", every=True)),
    ("每小时提醒我站起来一次", after(3600, "站起来", every=True)),
    ("每半小时叫我一次", after(1800, every=True)),
    ("十分钟后提醒我们开会", after(600, "开会")),
    ("十分钟后提醒我拿我们的票", after(600, "拿你们的票")),
    ("十分钟后提醒我给 Anna 打电话", after(600, "给Anna打电话")),
    ("天黑了提醒我给MAMA打电话", look("dark", note="给MAMA打电话")),
    ("提醒我每隔十分钟喝水", after(600, "喝水", every=True)),
    ("提醒我每十分钟喝一次水", after(600, "喝水", every=True)),
    ("每个半小时提醒我们站起来", after(5400, "站起来", every=True)),
]


def _plain(found: object) -> object:
    """Sounds in any order."""
    if isinstance(found, Wanted):
        return (found.kind, set(found.names), found.look, set(found.sounds), found.words, found.delay_s, found.note,
                found.again, found.every)  # fmt: skip
    return found


@pytest.mark.parametrize(("text", "wanted"), WANTED, ids=[text for text, _ in WANTED])
def test_what_is_waited_for_is_read(text: str, wanted: Wanted) -> None:
    assert _plain(read_request(text, NAMES)) == _plain(wanted)


@pytest.mark.parametrize(
    ("text", "why", "what"),
    [
        ("看到独角兽的时候告诉我", "thing", "独角兽"),
        ("看到海狗就告诉我", "thing", "海狗"),
        ("看到狗粮就告诉我", "thing", "狗粮"),
        ("有人来了告诉我", "person", ""),
        ("我妈回来了告诉我", "person", ""),
        ("听到鲸鱼的声音告诉我", "sound", "鲸鱼"),
        ("洗衣机洗完了告诉我", "event", "洗衣机洗完"),
        ("雨停了告诉我", "event", "雨停"),
        ("七点叫我起床", "clock", ""),
        ("明天早上提醒我开会", "when", ""),
        ("提醒我喝水", "when", ""),
        ("定个闹钟", "how long", ""),
    ],
)
def test_what_cannot_be_waited_for_is_read_with_why(text: str, why: str, what: str) -> None:
    assert read_request(text, NAMES) == Unfit(why, what)  # type: ignore[arg-type]


def test_eyes_without_names_and_eyes_with_others() -> None:
    assert read_request("看到狗就告诉我", None) == Unfit("names")
    assert read_request("有人来了告诉我", BIG) == thing("person")
    assert read_request("救护车来了告诉我", BIG) == thing("ambulance")
    assert _plain(read_request("看到杯子告诉我", BIG)) == _plain(thing("mug", "cup"))


@pytest.mark.parametrize(
    ("text", "dropped"),
    [
        ("停止提醒", Dropped("提醒", sure=True)),
        ("别提醒我了", Dropped("提醒", sure=True)),
        ("不用提醒我关火了", Dropped("关火", sure=True)),
        ("取消五分钟的闹钟", Dropped("五分钟的闹钟", sure=True)),
        ("把闹钟取消吧", Dropped("闹钟", sure=True)),
        ("取消所有提醒", Dropped(all=True, sure=True)),
        ("不用等狗了", Dropped("狗")),
        ("看到狗的时候不用告诉我了", Dropped("看到狗")),
        ("取消刚才的", Dropped()),
    ],
)
def test_what_is_wanted_no_more_is_read(text: str, dropped: Dropped) -> None:
    assert read_request(text, NAMES) == dropped


@pytest.mark.parametrize("text", ["你在等什么？", "还在等什么", "我设了哪些提醒", "列出所有的提醒", "还有多久"])
def test_the_list_is_asked_for(text: str) -> None:
    assert read_request(text, NAMES) == Listed()


@pytest.mark.parametrize(
    "text",
    [
        "看到狗的时候告诉我它是什么颜色", "五分钟后告诉我谁来了", "告诉我刚才看到了什么", "你看到过狗吗", "这是什么",
        "把窗户关了", "我把钥匙放在哪里了", "妈妈来了吗", "看着我", "注意安全", "告诉我什么时候看到狗的", "你好", "停",
        "今天早上门铃响的时候有谁在", "昨天看到狗的时候你告诉我什么了", "取消", "",
    ],
)  # fmt: skip
def test_other_words_are_left_alone(text: str) -> None:
    assert read_request(text, NAMES) is None


def test_what_is_waited_for_is_taken_for_a_request_to_us() -> None:
    predictor = ChineseInstructionPredictor(ASSETS / "chinese" / "instruction.safetensors")
    assert [text for text, _ in WANTED if not predictor.predict(text).answer] == []


@given(st.text(alphabet="一二十每隔分钟后提醒我看到听狗门铃响的时候告诉就了起来过不用取消闹钟红色，。 a5", max_size=90))
def test_any_text_is_read(text: str) -> None:
    found = read_request(text, NAMES)
    assert found is None or isinstance(found, Wanted | Unfit | Dropped | Listed)


@pytest.mark.parametrize(
    "piece", ["一", "起来了", "又", "好的", "看到", "的时候", "一个", "别提醒我", "有人说", "每次", "的"]
)
@pytest.mark.parametrize("end", ["", "x", "告诉我", "就提醒我开门"])
def test_no_text_takes_long_to_read(piece: str, end: str) -> None:
    began = time.process_time()
    read_request((piece * 48)[: MOST_CHARS - len(end)] + end, NAMES)
    assert time.process_time() - began < 0.05


@pytest.mark.parametrize(
    ("text", "delay_s", "note"),
    [
        ("Remind me every ten minutes to drink some water.", 600, "to drink some water"),
        ("every hour remind me to stand up", 3600, "to stand up"),
        ("remind me to drink every half hour", 1800, "to drink"),
    ],
)
def test_english_reminders_repeat_as_well(text: str, delay_s: float, note: str) -> None:
    assert read_request(text, NAMES) == after(delay_s, note, every=True)
