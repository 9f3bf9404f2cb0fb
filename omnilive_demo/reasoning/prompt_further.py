"""What a language model is told beside the evidence: what a follow-up asks for, the sum of a stretch, an absence.

The evidence was found for it already; without these lines a model would not know that "the other one" leaves out what
it told before, or that nothing at all lies before "before that".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from omnilive_demo.models.chinese import Language
from omnilive_demo.models.chinese_sounds import told
from omnilive_demo.models.chinese_things import said
from omnilive_demo.reasoning.phrases import with_article
from omnilive_demo.reasoning.when import ago, length
from omnilive_demo.reasoning.when_zh import ago_zh, length_zh
from omnilive_demo.records import Digest, FollowKind, Met, Recall


@dataclass(frozen=True, slots=True)
class FurtherWords:
    """The sentences in one language. Of `follows` the first is for evidence, the second for none."""

    follows: dict[FollowKind, tuple[str, str]]
    no_thread: str
    never_away: str
    away: str  # {length}, {ago}
    away_events: str
    watched: str  # {length}, {first}, {last}
    things: str  # {met}
    sounds: str  # {met}
    statements: str  # {count}
    met: str  # {name}, {times}, {first}, {last}
    met_once: str  # {name}, {last}
    comma: str
    ago: Callable[[float], str]
    length: Callable[[float], str]
    thing: Callable[[str], str]
    sound: Callable[[str], str]


WORDS: dict[Language, FurtherWords] = {
    "en": FurtherWords(
        follows={
            "before": (
                "The memory below is what came directly before what your last answer told of.",
                "You remember nothing from before what your last answer told of: say so.",
            ),
            "after": (
                "The memory below is what came directly after what your last answer told of.",
                "You remember nothing from after what your last answer told of: say so.",
            ),
            "other": (
                "The memory below is another moment that may answer the same question; what you told is left out.",
                "You remember no other moment that answers the same question: say so.",
            ),
            "when": ("The question is about what your last answer told of, which is below.", ""),
            "else": ("The question is what else there was at the time of your last answer, which is below.", ""),
            "said": (
                "The memory below is what was said at the time of your last answer.",
                "You heard nobody say anything at the time of your last answer: say so.",
            ),
            "heard": (
                "The memory below is what was heard at the time of your last answer.",
                "You heard no sound at the time of your last answer: say so.",
            ),
            "seen": (
                "The memory below is what was seen at the time of your last answer.",
                "You had no picture at the time of your last answer: say so.",
            ),
        },
        no_thread="The question follows up something, but your last answer rested on no memory: ask what is meant.",
        never_away="The visitor has not been away since this memory began.",
        away="The visitor was away for {length}, until {ago}; you were closed meanwhile.",
        away_events="Nothing was seen, heard or recorded in that time: say so.",
        watched="In that time you watched for {length}, first {first} and last {last}.",
        things="Seen in that time: {met}.",
        sounds="Heard in that time: {met}.",
        statements="Statements heard in that time: {count}.",
        met="{name} ({times} times, first {first}, last {last})",
        met_once="{name} ({last})",
        comma=", ",
        ago=ago,
        length=length,
        thing=with_article,
        sound=with_article,
    ),
    "zh": FurtherWords(
        follows={
            "before": (
                "下面的记忆是你上次回答所说的事之前紧接着的内容。",
                "你不记得上次回答所说的事之前还有什么：请如实说明。",
            ),
            "after": (
                "下面的记忆是你上次回答所说的事之后紧接着的内容。",
                "你不记得上次回答所说的事之后还有什么：请如实说明。",
            ),
            "other": (
                "下面的记忆是可能回答同一个问题的另一个时刻，已经说过的不在其中。",
                "没有别的记忆能回答同一个问题：请如实说明。",
            ),
            "when": ("问的是你上次回答所说的事，见下面。", ""),
            "else": ("问的是你上次回答所说的那时候还有什么，见下面。", ""),
            "said": ("下面的记忆是那时候说的话。", "那时候你没有听到有人说话：请如实说明。"),
            "heard": ("下面的记忆是那时候听到的声音。", "那时候你没有听到声音：请如实说明。"),
            "seen": ("下面的记忆是那时候看到的画面。", "那时候没有画面：请如实说明。"),
        },
        no_thread="这个问题接着上文，但你上次的回答没有依据任何记忆：请问清楚指的是什么。",
        never_away="从这段记忆开始到现在，用户没有离开过。",
        away="用户离开了{length}，{ago}回来；这期间你是关闭的。",
        away_events="这段时间里没有看到、听到或记录任何事情：请如实说明。",
        watched="这段时间里你看了{length}，最早是{first}，最后是{last}。",
        things="这段时间看到：{met}。",
        sounds="这段时间听到：{met}。",
        statements="这段时间听到的话有{count}句。",
        met="{name}（{times}次，最早{first}，最后{last}）",
        met_once="{name}（{last}）",
        comma="、",
        ago=ago_zh,
        length=length_zh,
        thing=said,
        sound=told,
    ),
}


def further_lines(recall: Recall, now_s: float, language: Language) -> list[str]:
    """The lines, in the order in which they stand before the evidence; none for a question on its own."""
    words = WORDS[language]
    lines: list[str] = []
    if (follows := recall.follows) is not None:
        found, nothing = words.follows[follows.kind]
        lines.append(found if recall.evidence else nothing if follows.thread.evidence and nothing else words.no_thread)
    if (away := recall.absence) is not None:
        gone = words.away.format(length=words.length(away.gone_s), ago=words.ago(recall.ago_s(away.at_s, now_s)))
        lines.append(gone if away.gone_s >= 1.0 else words.never_away)
        if away.asked == "events" and away.gone_s >= 1.0:
            lines.append(words.away_events)
    return [*lines, *(_sum(recall.digest, recall, now_s, words) if recall.digest is not None else ())]


def _sum(digest: Digest, recall: Recall, now_s: float, words: FurtherWords) -> list[str]:
    def when(t_s: float) -> str:
        return words.ago(recall.ago_s(t_s, now_s))

    def counted(met: Sequence[Met], name: Callable[[str], str]) -> str:
        return words.comma.join(
            (words.met_once if one.times == 1 else words.met).format(
                name=name(one.name), times=one.times, first=when(one.first_s), last=when(one.last_s)
            )
            for one in met
        )

    lines = []
    if digest.watched_s >= 1.0:
        length_ = words.length(digest.watched_s)
        lines.append(words.watched.format(length=length_, first=when(digest.begin_s), last=when(digest.end_s)))
    if digest.things:
        lines.append(words.things.format(met=counted(digest.things, words.thing)))
    if digest.sounds:
        lines.append(words.sounds.format(met=counted(digest.sounds, words.sound)))
    if digest.statements:
        lines.append(words.statements.format(count=digest.statements))
    return lines
