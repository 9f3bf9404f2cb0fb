"""What the assistant says that no model made up and that has no parts, in each of its languages.

Sentences with parts (a thing, a time) are `standing_phrases`' and `standing_phrases_zh`'.
"""

from __future__ import annotations

from dataclasses import dataclass

from omnilive_demo.models.chinese import Language


@dataclass(frozen=True, slots=True)
class Phrase:
    """One sentence in every language."""

    en: str
    zh: str

    def said(self, language: Language) -> str:
        """In one of them."""
        return self.zh if language == "zh" else self.en


# ---- steering --------------------------------------------------------------------------------------------------------
NOTHING_LEFT = Phrase("I had said all of it.", "刚才已经说完了。")
BRIEF = Phrase("Okay, I'll keep it short.", "好的，我说简短一点。")
FULL = Phrase("Okay, I'll say more.", "好的，我说详细一点。")
SLOWER = Phrase("Okay, I'll speak more slowly.", "好的，我说慢一点。")
FASTER = Phrase("Okay, I'll speak faster.", "好的，我说快一点。")
SLOWEST = Phrase("I can't speak any more slowly.", "我已经说得最慢了。")
FASTEST = Phrase("I can't speak any faster.", "我已经说得最快了。")
VOLUME = Phrase(
    "I can't change the volume from here. Please use the volume of your device.", "我调不了音量，请用您设备上的音量键。"
)

# ---- standing queries ------------------------------------------------------------------------------------------------
INSTEAD = Phrase(
    "I can watch for things that I know, listen for sounds and words, and remind you after a time.",
    "我可以留意认识的东西，留意声音和话语，也可以过一段时间提醒您。",
)
NOTHING = Phrase("I'm not waiting for anything.", "现在没有在等的事。")
NOT_THAT = Phrase("I'm not waiting for that.", "我没有在等这个。")
SAME = Phrase("I'm already waiting for that.", "这个我已经在等了。")
NO_NAMES = Phrase(
    "I don't know things by name, so I could not tell you. I can tell you when something moves.",
    "我还叫不出东西的名字，所以没法告诉您。画面里有动静的时候，我可以告诉您。",
)
NO_PEOPLE = Phrase(
    "I can't tell people by sight, so I could not tell you. I can listen for knocking, a bell or footsteps, or tell "
    "you when something moves.",
    "我认不出人，所以没法告诉您。我可以留意敲门声、铃声或脚步声，画面里有动静的时候也可以告诉您。",
)
NO_CLOCK = Phrase(
    "I don't know what time of day it is where you are. Tell me in how many minutes or hours.",
    "我不知道您那里现在几点。请告诉我过多少分钟或多少小时。",
)
SAY_WHEN = Phrase(
    "I need to know when. Say, for example: remind me in ten minutes.", "请告诉我什么时候，比如说：十分钟后提醒我。"
)
SAY_HOW_LONG = Phrase(
    "For how long? Say, for example: set a timer for five minutes.", "要多长时间？比如说：定一个五分钟的闹钟。"
)

# ---- what went wrong -------------------------------------------------------------------------------------------------
NOT_UNDERSTOOD = Phrase("I could not make out what was said", "我没听清刚才的话")
TOOK_TOO_LONG = Phrase("it took too long", "识别用的时间太长")
SAY_IT_AGAIN = Phrase("Say it again.", "请再说一遍。")
NOT_ANSWERED = Phrase("The answer could not be given", "没能给出回答")
ASK_AGAIN = Phrase("Ask again.", "请再问一次。")
WENT_WRONG = Phrase("Something went wrong inside; your last words may be lost.", "内部出了点问题，刚才的话可能丢失了。")
ON_THE_PAGE = Phrase("The answer is on the page.", "回答在页面上。")
