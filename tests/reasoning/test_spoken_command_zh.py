from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnilive_demo.reasoning.spoken_command import Command, read_command

SAID = {
    Command.STOP: """停 停！ 停下来 停一下 别说了 别说了。 别讲了 算了 算了吧 不用说了 安静 安静一点 闭嘴
    够了 好了，够了 好了别说了 等一下 等等
    请停一下 先停一下 打住 取消 行了 暂停 你别说了 停停停 不要再说了 不要說了 別說了 等会儿 没事了
    可以了谢谢 OK停""",
    Command.GO_ON: """继续 继续说 继续吧 接着说 接着说吧 说下去 往下说 请继续 你继续说 好，继续 然后呢
    后来呢？ 繼續 刚才说到哪了 说完吧""",
    Command.REPEAT: """再说一遍 再说一次 请再说一遍 重复一遍 重复一下 再讲一遍 能不能再说一遍 没听清
    没听清楚 我没听清 你刚才说什么 你说什么 说什么？
    再來一遍 再說一遍 麻烦你再说一遍好吗 重新说一遍""",
    Command.SHORTER: """说短一点 短一点 简短一点 简单点 简单一点 说得简短一点 长话短说 太长了 太啰嗦了
    说重点 一句话说 少说点 请简短一些 讲简单点""",
    Command.LONGER: """详细一点 说详细一点 详细点 说得详细一点 再详细一点 多说一点 再多说几句 具体一点
    展开说说 说具体点 詳細一點 更详细一点""",
    Command.SLOWER: "说慢一点 慢一点说 慢慢说 说得太快了 你说太快了 语速放慢一点 慢点",
    Command.FASTER: "说快一点 快点说 你说得太慢了 语速加快一点",
    Command.LOUDER: "大声一点 大点声 声音太小了 声音大一点 太小声了 你说得太小声了",
    Command.QUIETER: "小声一点 小点声 声音太大了 声音小一点 太大声了 声音太吵了",
}
NONE_TEXT = """停车场在哪 我们几点停课 等一下提醒我关火 继续教育学院在哪里 简单点的菜有什么 你说什么时候出发
再说一遍我的地址是什么 帮我取消明天的会议
多 长 这是什么 太长的那根绳子呢 算了多少钱 我想再看一次那部电影 他说什么了 没听清楚他的名字 安静的房间在哪
对 不是 好的 太大 太大了 太小 太小了 太快 太快了 太慢了 快点 快一点 快点吧 再快一点 太吵了 大一点 小一点"""
NONE = NONE_TEXT.split()


@pytest.mark.parametrize(("command", "text"), [(c, t) for c, texts in SAID.items() for t in texts.split()])
def test_a_command_is_read(command: Command, text: str) -> None:
    assert read_command(text) is command


@pytest.mark.parametrize("text", NONE)
def test_a_sentence_that_only_begins_like_one_is_none(text: str) -> None:
    assert read_command(text) is None


@given(
    st.sampled_from([t for texts in SAID.values() for t in texts.split()]),
    st.sampled_from(["。", "！", " ", "…", "，"]),
)
def test_punctuation_does_not_matter(text: str, mark: str) -> None:
    assert read_command(text + mark) is read_command(text)
    assert read_command(mark + text) is read_command(text)


@given(st.text(alphabet="停继续再说一遍短点详细的了吧吗好我你不，。 a", max_size=60))
def test_any_text_is_read(text: str) -> None:
    assert read_command(text) in (None, *Command)
