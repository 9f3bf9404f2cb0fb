"""A visitor who speaks Chinese: what is answered, by which voice, in which sentences, and what words steer the talk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
from session_fakes import ScriptedReasoner, Stage, ToneSynthesizer
from standing_room import NAMES

from omnilive_demo import casting
from omnilive_demo.cancel import CancelToken
from omnilive_demo.ear_events import SpeechAudio, SpeechEnded, SpeechPaused, SpeechStarted
from omnilive_demo.events import AnswerGrew, Caption, Fault, Interrupted, StandingChanged
from omnilive_demo.perception.end_of_turn import PauseAndCompleteness
from omnilive_demo.reasoning.instruction import Instruction
from omnilive_demo.reasoning.prompt import Prompt, Prompter
from omnilive_demo.records import Delta, FrameFeatures, Heard, Label, Question, Recall, SeenFrame
from omnilive_demo.speech.synthesizer import SpokenSentence, Voice, VoiceInfo
from omnilive_demo.speech.voice_choice import VoiceChoice
from omnilive_demo.standing import Standing

ANSWER = ("这是一只狗。它在", "睡觉；旁边有三个杯子！", "杯子是3.5元买的吗？我不知道")
SENTENCES = ["这是一只狗。", "它在睡觉；旁边有三个杯子！", "杯子是3.5元买的吗？", "我不知道"]


class NoEnglish:
    """The English predictor, which is not to be asked."""

    name = "english"

    def predict(self, text: str) -> Instruction:
        raise AssertionError(f"this is Chinese: {text}")


class Polyglot(ScriptedReasoner):
    """Answers in Chinese, and keeps the prompts that a model would be given."""

    languages = ("en", "zh")  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__(ANSWER)
        self.prompts: list[Prompt] = []

    async def answer(self, question: Question, recall: Recall, view: Any, cancel: CancelToken) -> AsyncIterator[Delta]:
        self.prompts.append(Prompter().ask(question, recall, (), question.asked_s))
        async for delta in super().answer(question, recall, view, cancel):
            yield delta


class Voices(ToneSynthesizer):
    """An English and a Chinese voice; notes which of them spoke."""

    def __init__(self) -> None:
        super().__init__()
        self.spoken: list[tuple[str, Voice]] = []

    def synthesize(self, sentence: str, voice: Voice, cancel: CancelToken) -> SpokenSentence | None:
        self.spoken.append((sentence, voice))
        return super().synthesize(sentence, voice, cancel)

    def voices(self) -> tuple[VoiceInfo, ...]:
        return (VoiceInfo("en-us", "en", "American"), VoiceInfo("cmn", "zh", "Mandarin"))


class ChineseStage(Stage):
    """The scripted conversation with everything of it that knows languages as it is in a session."""

    def __init__(self, words: dict[int, str | Exception] | None = None) -> None:
        super().__init__(words)
        self.reasoner = Polyglot()
        self.voices = Voices()
        engine: Any = self.conversation._engine
        engine.reasoner = self.reasoner
        engine.synthesizer = VoiceChoice((), self.voices)
        engine.instructions = casting.two_languages(NoEnglish())
        engine.end_of_turn = PauseAndCompleteness()
        self.conversation._steering._standing = self.conversation._standing = self.standing = Standing(
            self.clock, NAMES, self.told.append, lambda remark: self.conversation.remark(remark)
        )
        self.voice = None

    @property
    def voice(self) -> Voice | None:  # type: ignore[override]
        """The visitor's choice, of which nothing was chosen."""
        return self.voicing.voice

    @voice.setter
    def voice(self, _: object) -> None:
        pass

    async def hear(self, utterance: int, text: str) -> None:
        """Somebody says something, and what is said to it is heard to the end."""
        self.recognizer.words[utterance] = text
        self.say(utterance)
        await self.settle()
        await self.listen()

    async def listen(self) -> None:
        """Hear what is said, and what waits to be said, to the end."""

        async def pull() -> None:
            while True:
                await self.playout.next_frame()

        puller = asyncio.create_task(pull())
        while self.conversation._turns.under_way or self.conversation._remarks:
            await asyncio.sleep(0)
        puller.cancel()
        await self.settle()

    def see(self, seconds: int, *labels: str) -> None:
        for _ in range(seconds):
            self.time.advance(1.0)
            features = FrameFeatures(np.zeros(4, np.float32), np.zeros((4, 4), np.float32))
            named = tuple(Label(label, 0.9) for label in labels)
            picture = np.zeros((2, 2, 3), np.uint8)
            self.standing.on_seen(SeenFrame(self.clock.now_s(), picture, features, named, 0.0, 1.0))

    @property
    def answers(self) -> list[str]:
        return [one.text for one in self.of(AnswerGrew) if one.final and one.heard_text is None]


@pytest.fixture
async def stage() -> AsyncIterator[ChineseStage]:
    made = ChineseStage()
    yield made
    made.standing.close()


async def test_a_question_is_answered_sentence_by_sentence_by_a_chinese_voice(stage: ChineseStage) -> None:
    for _ in range(3):
        await stage.hear(1, "这是什么？")
    assert stage.reasoner.prompts[0].language == "zh"  # type: ignore[attr-defined]
    system = stage.reasoner.prompts[0].messages[0].parts[0].text  # type: ignore[attr-defined, union-attr]
    assert system.startswith("你是一个实时助手")
    assert [sentence for sentence, _ in stage.voices.spoken[:4]] == SENTENCES
    assert {voice.name for _, voice in stage.voices.spoken} == {"cmn"}


async def test_who_speaks_with_somebody_else_is_not_answered(stage: ChineseStage) -> None:
    await stage.hear(1, "妈妈，我的鞋在哪儿？")
    await stage.hear(2, "嗯，让我想想")
    assert not stage.reasoner.questions
    assert [caption.answered for caption in stage.of(Caption)] == [False, False]


async def test_the_talk_is_steered_by_words(stage: ChineseStage) -> None:
    stage.recognizer.words |= {1: "这是什么？", 2: "停", 3: "继续", 4: "再说一遍", 5: "嗯嗯"}
    stage.say(1)
    await stage.settle()
    await stage.play(35)  # the first sentence, and a little of the second
    stage.say(5)
    await stage.settle()
    assert not stage.of(Interrupted), "who listens aloud interrupts nobody"
    stage.say(2)
    await stage.settle()
    assert stage.of(Interrupted)[0].heard_text == "这是一只狗。"
    await stage.hear(3, "继续")
    assert stage.reasoner.questions[-1].heard_sentences == 1
    await stage.hear(4, "再说一遍")
    assert stage.reasoner.questions[-1].text == "再说一遍"
    assert stage.reasoner.questions[-1].history[-1][0] == "这是什么？", "a language model has what it said before"


@pytest.mark.parametrize(
    ("said", "reply", "rate"),
    [
        ("慢一点", "好的，我说慢一点。", 1 / 1.2),
        ("说快点儿", "好的，我说快一点。", 1.2),
        ("大声一点", "我调不了音量，请用您设备上的音量键。", 1.0),
        ("小声点", "我调不了音量，请用您设备上的音量键。", 1.0),
        ("简短一点", "好的，我说简短一点。", 1.0),
        ("说详细一点", "好的，我说详细一点。", 1.0),
        ("继续", "刚才已经说完了。", 1.0),
        ("speak more slowly please", "Okay, I'll speak more slowly.", 1 / 1.2),
    ],
)
async def test_fixed_replies_are_in_the_language_of_the_words(
    stage: ChineseStage, said: str, reply: str, rate: float
) -> None:
    await stage.hear(1, said)
    assert stage.answers == [reply]
    (spoken,) = [voice for sentence, voice in stage.voices.spoken if sentence == reply]
    assert spoken.name == ("cmn" if said[0] > "z" else "en-us")
    assert spoken.rate == pytest.approx(rate)


async def test_there_is_a_slowest_and_a_fastest(stage: ChineseStage) -> None:
    for number in range(1, 6):
        await stage.hear(number, "慢一点")
    assert stage.answers[-1] == "我已经说得最慢了。"
    assert stage.voicing.voice == Voice("en-us", 0.5)


async def test_what_is_waited_for_is_told_in_chinese(stage: ChineseStage) -> None:
    stage.see(5)
    await stage.hear(1, "看到一只狗就提醒我")
    await stage.hear(2, "门铃响的时候告诉我")
    await stage.hear(3, "每隔十分钟提醒我喝水")
    assert stage.answers == [
        "好的，一看到狗我就告诉您。",
        "好的，一听到铃声我就告诉您。",
        "好的，我每隔十分钟提醒您喝水，直到您说停止提醒。",
    ]
    assert [event.text for event in stage.of(StandingChanged)] == ["狗出现", "铃声", "每隔十分钟喝水"]
    assert not stage.reasoner.questions
    await stage.hear(4, "你在等什么")
    assert stage.answers[-1].startswith("我在等：狗出现、铃声。再过")
    stage.see(3, "dog")
    await stage.settle()
    await stage.listen()
    now_s = stage.clock.now_s()
    stage.standing.on_heard(Heard(now_s - 0.5, now_s, "bell", 0.9))
    await stage.settle()
    await stage.listen()
    assert stage.answers[-2:] == ["您让我告诉您：刚才看到狗了。", "您让我告诉您：刚才听到了铃声。"]
    for _ in range(3):
        stage.time.advance(600.0)
        stage.standing.tick()
        await stage.settle()
        await stage.listen()
    assert stage.answers[-3:] == ["您让我提醒您喝水。"] * 3
    await stage.hear(5, "停止提醒")
    assert stage.answers[-1] == "好的，不再提醒您喝水了。"
    assert stage.standing.open == ()
    assert {voice.name for _, voice in stage.voices.spoken} == {"cmn"}


async def test_each_is_told_in_the_language_in_which_it_was_asked_for(stage: ChineseStage) -> None:
    stage.see(5)
    stage.conversation.ask("Tell me when you see a dog.")
    stage.conversation.ask("看到猫的时候告诉我")
    stage.see(3, "dog")
    stage.see(3, "cat")
    await stage.listen()
    assert stage.answers[-2:] == [
        "You asked me to tell you: a dog just came into view.", "您让我告诉您：刚才看到猫了。",
    ]  # fmt: skip
    await stage.hear(1, "看到独角兽就告诉我")
    assert stage.answers[-1].startswith("我不认识独角兽")


async def test_a_word_is_told_but_not_when_it_is_asked_about(stage: ChineseStage) -> None:
    await stage.hear(1, "要是有人说午饭就告诉我")
    await stage.hear(2, "刚才有人提到午饭吗")
    assert stage.standing.open == (1,)
    stage.standing.on_words("該吃午飯了", stage.clock.now_s(), stage.clock.now_s(), "source")
    await stage.settle()
    assert stage.answers[-1] == "您让我告诉您：刚才视频里说了“午饭”。"


@pytest.mark.parametrize(
    ("asked", "dropped", "left"),
    [
        ("看到狗就告诉我", "不用等狗了", 0),
        ("五分钟后提醒我关火", "不用提醒我关火了", 0),
        ("定个五分钟的闹钟", "取消闹钟", 0),
        ("听到敲门声告诉我", "取消敲门声的提醒", 0),
        ("天黑了告诉我", "天黑的时候不用告诉我了", 0),
        ("看到狗就告诉我", "别提醒我了", 0),
        ("看到狗就告诉我", "取消所有提醒", 0),
        ("五分钟后提醒我关火", "取消十分钟的提醒", 0),
        ("看到狗就告诉我", "stop watching for the dog", 0),
        ("tell me when you see a dog", "不用等狗了", 0),
        ("看到狗就告诉我", "不用等猫了", 1),
    ],
)
def test_one_is_dropped_in_words(asked: str, dropped: str, left: int) -> None:
    standing = Standing(ChineseStage().clock, NAMES, lambda event: None, lambda remark: None)
    standing._timer = type("Over", (), {"done": lambda self: False, "cancel": lambda self: None})()  # type: ignore[assignment]
    assert standing.take(asked)
    standing.take(dropped)
    assert len(standing.open) == left


async def test_what_was_not_understood_is_told_in_the_visitors_language(stage: ChineseStage) -> None:
    await stage.hear(1, "这是什么？")
    stage.recognizer.words[2] = RuntimeError("磁盘")
    stage.say(2)
    await stage.settle()
    fault = stage.of(Fault)[-1]
    assert fault.message.startswith("我没听清刚才的话")
    assert fault.hint == "请再说一遍。"


async def test_words_are_shown_while_they_are_spoken_by_the_character(stage: ChineseStage) -> None:
    stage.say(1, end=False)
    for words in ("我的", "我的要是", "我的钥匙在", "我的钥匙在哪", "我的钥匙在哪里"):
        stage.recognizer.words[1] = words
        stage.time.advance(0.7)
        stage.conversation.on_ear(SpeechAudio(1, np.zeros(512, np.float32), "visitor"))
        await stage.settle()
    shown = [caption.text for caption in stage.of(Caption)]
    assert shown == ["我的", "我的钥匙在", "我的钥匙在哪"]


async def test_a_complete_sentence_to_somebody_else_is_not_waited_behind_like_a_fragment(stage: ChineseStage) -> None:
    for number, words in ((1, "妈妈，我的鞋在哪儿"), (2, "那个我想")):
        stage.recognizer.words[number] = words
        stage.pauses.clear()
        stage.conversation.on_ear(SpeechStarted(number, 0.0, "visitor"))
        stage.conversation.on_ear(SpeechPaused(number, 1.0, 1.16, "visitor"))
        await stage.settle()
        assert (max(stage.pauses) >= 1.5) is (number == 2)
        stage.conversation.on_ear(SpeechEnded(number, 0.0, 1.0, 2.0, "visitor"))
        await stage.settle()
