"""The prompt of a language model that sees: one conversation of typed messages, for models here and on other machines.

The order is that of how long things last, so that what a model has read already can be kept: the system text, the
dialogue, then in one message what was recalled, the newest pictures and the question. Whoever refreshes the picture
while the answer is given (StreamChat) replaces the last picture only; all before it stays word for word the same.

What was said, read or recalled is data. It is quoted, on one line, without the angle brackets of which models make
their control words, and the system text says that nothing in it is an instruction.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from omnilive_demo.models.chinese import Language, language_of
from omnilive_demo.reasoning.phrases import ENOUGH_SCORE, quotation
from omnilive_demo.reasoning.prompt_further import further_lines
from omnilive_demo.reasoning.prompt_words import WORDS, PromptWords
from omnilive_demo.records import Evidence, KeyFrame, Question, Recall, SeenFrame

Role = Literal["system", "user", "assistant"]

GO_ON: dict[Language, str] = {"en": "Go on from here without repeating.", "zh": "请接着说下去，不要重复。"}

QUESTION_CHARS = 2000
STALE_S = 5.0  # pictures come once a second: an older one is not the present any more
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class TextPart:
    """Words."""

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class PicturePart:
    """A picture, RGB uint8 `[H, W, 3]`, taken at `t_s` of the stream."""

    t_s: float
    image: NDArray[np.uint8]


Part = TextPart | PicturePart


@dataclass(frozen=True, slots=True)
class Message:
    """What one side says."""

    role: Role
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question as a model is asked it, in the order in which its parts last.

    before: system text and dialogue. memory, present, asked: the parts of the last message. begun: what was heard of
    the answer already. clips: what it may rest on. live: the frames in `present`, oldest first. now_s: when it begins.
    """

    before: tuple[Message, ...]
    memory: tuple[Part, ...]
    present: tuple[Part, ...]
    asked: tuple[Part, ...]
    begun: str
    clips: tuple[int, ...]
    live: tuple[SeenFrame, ...]
    now_s: float
    language: Language

    @property
    def messages(self) -> tuple[Message, ...]:
        """The whole conversation, the question last."""
        return (*self.before, Message("user", (*self.memory, *self.present, *self.asked)))

    @property
    def picture_t_s(self) -> float | None:
        """When the newest picture was taken."""
        return self.live[-1].t_s if self.live else None


@dataclass(frozen=True, slots=True)
class PromptSize:
    """How much a model is given. `side`: the longest side of a picture in pixels."""

    history_turns: int = 6
    history_chars: int = 400  # of one question or answer
    evidence: int = 8
    remembered_pictures: int = 3
    live_pictures: int = 2
    live_step_s: float = 2.0  # between two of them
    side: int = 640


PicturesOf = Callable[[Evidence], Sequence[KeyFrame]]


def no_pictures(evidence: Evidence) -> Sequence[KeyFrame]:
    """Where the evidence brings no pictures along."""
    return ()


class Prompter:
    """Makes prompts. Keeps no state of a session.

    Args:
        size: how much to put in.
        pictures_of: the remembered pictures of a piece of evidence.
    """

    def __init__(self, size: PromptSize | None = None, pictures_of: PicturesOf = no_pictures) -> None:
        self._size = size or PromptSize()
        self._pictures_of = pictures_of

    def ask(self, question: Question, recall: Recall, frames: Sequence[SeenFrame], now_s: float) -> Prompt:
        """The prompt of a question that is answered from `now_s` on. frames: of the live view, oldest first."""
        language = language_of(question.text)
        words = WORDS[language]
        history, begun = history_and_begun(question)
        evidence = recall.evidence[: self._size.evidence]
        live = live_frames(frames, now_s, self._size)
        return Prompt(
            before=(Message("system", (TextPart(words.system),)), *self._dialogue(history, words)),
            memory=(_memory(recall, evidence, now_s, language), *self._remembered(recall, evidence, now_s, words)),
            present=self._present(live, now_s, words, changed=False),
            asked=(TextPart(_asked(question, words)),),
            begun=begun,
            clips=tuple(dict.fromkeys(one.clip_id for one in evidence if one.clip_id is not None)),
            live=live,
            now_s=now_s,
            language=language,
        )

    def refresh(self, prompt: Prompt, newest: SeenFrame) -> Prompt:
        """The same prompt with the newest picture in place of its last one."""
        live = (*prompt.live[:-1], newest)
        present = self._present(live, prompt.now_s, WORDS[prompt.language], changed=True)
        return replace(prompt, live=live, present=present)

    def _dialogue(self, history: Sequence[tuple[str, str]], words: PromptWords) -> list[Message]:
        chars = self._size.history_chars
        messages: list[Message] = []
        for asked, answered in history[-self._size.history_turns :]:
            messages.append(Message("user", (TextPart(harmless(asked, chars) or words.nothing),)))
            messages.append(Message("assistant", (TextPart(harmless(answered, chars) or words.nothing),)))
        return messages

    def _remembered(
        self, recall: Recall, evidence: Sequence[Evidence], now_s: float, words: PromptWords
    ) -> tuple[Part, ...]:
        parts: list[Part] = []
        for one in evidence:
            if one.kind == "now" or len(parts) >= 2 * self._size.remembered_pictures:
                continue
            frames = self._pictures_of(one)
            image = decoded(frames[len(frames) // 2].jpeg, self._size.side) if frames else None
            if image is not None:
                t_s = frames[len(frames) // 2].t_s
                told = words.remembered_picture.format(ago=words.ago(recall.ago_s(t_s, now_s)))
                parts += [TextPart(told), PicturePart(t_s, image)]
        return tuple(parts)

    def _present(self, live: Sequence[SeenFrame], now_s: float, words: PromptWords, changed: bool) -> tuple[Part, ...]:
        if not live:
            return (TextPart(words.no_picture),)
        parts: list[Part] = []
        for frame in live[:-1]:
            length = words.length(max(1.0, now_s - frame.t_s))
            parts.append(TextPart(words.earlier_picture.format(length=length)))
            parts.append(PicturePart(frame.t_s, shrunk(frame.image, self._size.side)))
        newest = words.picture_changed if changed else words.picture_now
        return (*parts, TextPart(newest), PicturePart(live[-1].t_s, shrunk(live[-1].image, self._size.side)))


def history_and_begun(question: Question) -> tuple[tuple[tuple[str, str], ...], str]:
    """The dialogue before a question, and what was heard of its answer already, to the last pause for breath.

    Whoever goes on with an answer hands over what was heard of it as the last of the history.
    """
    history = question.history
    if not question.heard_sentences or not history or history[-1][0] != question.text:
        return history, ""
    heard = history[-1][1]
    ends = [match.end() for match in _BREATH.finditer(heard)]
    return history[:-1], heard[: ends[-1]] if ends else ""


_BREATH = re.compile(r"[.!?…。！？,;:，；：、—][\"'”’)\]」』）]*(?=\s|$)|[。！？，；：、—]")


def harmless(text: str, chars: int = 300) -> str:
    """Text as data: on one line, without angle brackets, cut at `chars`."""
    plain = _CONTROL.sub(" ", text).replace("<", "‹").replace(">", "›").strip()
    return plain if len(plain) <= chars else plain[:chars].rstrip() + " …"


def shrunk(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The picture `[H, W, 3]`, its longest side at most `side`."""
    factor = side / max(image.shape[:2])
    if factor >= 1.0:
        return image
    size = max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))


def decoded(jpeg: bytes, side: int) -> NDArray[np.uint8] | None:
    """A remembered picture `[H, W, 3]`; None when its bytes are damaged."""
    try:
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as picture:
            return shrunk(np.asarray(picture.convert("RGB")), side)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None


def _memory(recall: Recall, evidence: Sequence[Evidence], now_s: float, language: Language) -> TextPart:
    words = WORDS[language]
    lines = [_line(one, recall.ago_s(one.end_s, now_s), words) for one in evidence]
    for template, seen in ((words.first, recall.first), (words.last, recall.last)):
        if seen is not None:
            shown = _shown(seen, words) or words.asked_about
            ago = words.ago(recall.ago_s(seen.start_s, now_s))
            lines.append(template.format(ago=ago, shown=shown))
    span = words.span.format(between=words.between(recall.span.start_s, recall.span.end_s)) if recall.span else ""
    head = (words.memory if lines else words.no_memory).format(span=span)
    return TextPart("\n".join([*further_lines(recall, now_s, language), head, *lines]))


def _line(one: Evidence, ago_s: float, words: PromptWords) -> str:
    """One piece of evidence: when, what was seen, said and heard."""
    told = [words.shown.format(shown=shown)] if (shown := _shown(one, words)) else []
    for spoken in one.spoken:
        who = words.visitor if spoken.origin == "visitor" else words.video
        told.append(words.said.format(who=who, words=quotation(harmless(spoken.text))))
    if one.sounds:
        told.append(words.heard.format(sounds=harmless(words.sounds([heard.label for heard in one.sounds]))))
    if not told and one.text:
        told.append(quotation(harmless(one.text)))
    past = words.when.format(ago=words.ago(ago_s), between=words.between(one.start_s, one.end_s))
    return f"- {words.now if one.kind == 'now' else past}{words.colon}{words.semicolon.join(told) or words.no_name}"


def _shown(one: Evidence, words: PromptWords) -> str:
    """The caption where there is one, and what was named for sure."""
    named = [label.text for label in one.labels if label.score >= ENOUGH_SCORE][:8]
    caption = one.text if one.kind in ("now", "picture", "time") else ""
    told = caption.lower()
    rest = [words.thing(name) for name in named if name.lower() not in told and words.thing(name) not in told]
    parts = (quotation(caption) if caption else "", words.comma.join(dict.fromkeys(rest)))
    return harmless(words.semicolon.join(filter(None, parts)))


def _asked(question: Question, words: PromptWords) -> str:
    lines = [harmless(question.text, QUESTION_CHARS)]
    if question.spoken and question.sound_label != "speech":
        lines.insert(0, words.sound_with_question.format(sound=harmless(words.sound(question.sound_label), 60)))
    if question.brief:
        lines.append(words.brief)
    return "\n".join(lines)


def said_and_heard(recall: Recall, now_s: float, language: Language) -> str:
    """What was said and heard of the evidence, a line for each piece, under a heading; before it what a follow-up is
    about. Empty when there is none of all this.
    """
    words, further = WORDS[language], further_lines(recall, now_s, language)
    told = [one for one in recall.evidence if one.spoken or one.sounds]
    lines = [_line(one, recall.ago_s(one.end_s, now_s), words) for one in told]
    return "\n".join([*further, *([words.memory.format(span=""), *lines] if lines else ())])


def live_frames(frames: Iterable[SeenFrame], now_s: float, size: PromptSize) -> tuple[SeenFrame, ...]:
    """The newest frame and some before it, oldest first; none when the newest is not of the present."""
    chosen: list[SeenFrame] = []
    for frame in reversed(tuple(frames)):
        if len(chosen) < size.live_pictures and (not chosen or chosen[-1].t_s - frame.t_s >= size.live_step_s):
            chosen.append(frame)
    return tuple(reversed(chosen)) if chosen and now_s - chosen[0].t_s <= STALE_S else ()
