"""The released reasoner's prompt: long-term memory, memory of the recalled clips, their pictures, and the question.

The order and the words are those of the release's memory example, or of the paper where that is set; the example has
no place for what was said and heard, which stands before the question here, as data. The pictures are one film strip:
first those of the recalled clips, then the newest ones of the live view, in the order of their times. They are thinned
so that the prompt fits; the newest picture always stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from omnilive_demo.models.chinese import Language, language_of
from omnilive_demo.models.ixc25_omnilive.canvas import film_canvas, film_tiles
from omnilive_demo.models.ixc25_omnilive.film_strip import MOST_FRAMES, film_strip, strip_size, thinned
from omnilive_demo.models.ixc25_omnilive.pictures import row_count
from omnilive_demo.models.ixc25_omnilive.prompt import (
    Cutter,
    Part,
    Recalled,
    Turn,
    Wording,
    length_of,
    memory_prompt,
    with_sound,
)
from omnilive_demo.models.sound_words import UNNAMED
from omnilive_demo.reasoning.prompt import (
    QUESTION_CHARS,
    PromptSize,
    decoded,
    harmless,
    history_and_begun,
    live_frames,
    said_and_heard,
    shrunk,
)
from omnilive_demo.reasoning.prompt_words import WORDS
from omnilive_demo.records import Evidence, Question, Recall, SeenFrame

Picture = NDArray[np.uint8]
_UNTOLD = frozenset(("", "speech", "silence", UNNAMED))


@dataclass(frozen=True, slots=True)
class MemoryPromptSize:
    """How much the model is given. rows: of the whole prompt; the positions that it was made for end at 24,576.

    clips: that are shown and whose memory is read; the release's softmax above 0.2 lets four through at most. Pictures
    of one film strip are `pictures` at most.
    """

    rows: int = 16_384
    clips: int = 4
    pictures: int = MOST_FRAMES
    live_pictures: int = 2
    history_turns: int = 6
    history_chars: int = 400


@dataclass(frozen=True, slots=True, eq=False)
class MemoryPrompt:
    """A question as the released reasoner is asked it.

    words: the question, its sound label and what was said and heard. long_term, short_term: memory rows `[n, M]`.
    past: pictures of the recalled clips, oldest first. canvas: all pictures as one, None without any. begun: what was
    heard of the answer already. clips: what it may rest on. live: the frames of the live view in it, oldest first.
    """

    words: str
    history: tuple[Turn, ...]
    long_term: torch.Tensor | None
    short_term: torch.Tensor | None
    past: tuple[Picture, ...]
    canvas: Picture | None
    begun: str
    clips: tuple[int, ...]
    live: tuple[SeenFrame, ...]
    language: Language

    @property
    def picture_t_s(self) -> float | None:
        """When the newest picture was taken."""
        return self.live[-1].t_s if self.live else None


class MemoryPrompter:
    """Makes prompts. Keeps no state of a session.

    Args:
        cutter: the model's tokenizer.
        width: M, of the memory rows that the model reads; rows of another memory are left out.
        wording: of the prompt.
        size: how much to put in.
    """

    def __init__(
        self, cutter: Cutter, width: int, wording: Wording = "released", size: MemoryPromptSize | None = None
    ) -> None:
        self._cutter = cutter
        self._width = width
        self._wording = wording
        self._size = size or MemoryPromptSize()

    def ask(self, question: Question, recall: Recall, frames: Sequence[SeenFrame], now_s: float) -> MemoryPrompt:
        """The prompt of a question that is answered from `now_s` on. frames: of the live view, oldest first."""
        language = language_of(question.text)
        history, begun = history_and_begun(question)
        shown = _shown(recall.evidence, self._size.clips)
        live = live_frames(frames, now_s, PromptSize(live_pictures=self._size.live_pictures))
        nothing = WORDS[language].nothing
        chars = self._size.history_chars
        prompt = MemoryPrompt(
            words=_words(question, recall, now_s, language),
            history=tuple(
                Turn(harmless(asked, chars) or nothing, harmless(answered, chars) or nothing)
                for asked, answered in history[-self._size.history_turns :]
            ),
            long_term=self._rows([] if recall.long_term is None else [recall.long_term]),
            short_term=self._rows([one.short_term for one in shown if one.short_term is not None]),
            past=_pictures(shown, live[0].t_s if live else None),
            canvas=None,
            begun=begun,
            clips=tuple(dict.fromkeys(one.clip_id for one in recall.evidence if one.clip_id is not None)),
            live=live,
            language=language,
        )
        return self._drawn(prompt)

    def refresh(self, prompt: MemoryPrompt, newest: SeenFrame) -> MemoryPrompt:
        """The same prompt with the newest picture in place of its last one."""
        return self._drawn(replace(prompt, live=(*prompt.live[:-1], newest)))

    def parts(self, prompt: MemoryPrompt, begun: str = "") -> tuple[Part, ...]:
        """What the model reads. begun: how the answer begins."""
        recalled = Recalled(prompt.long_term, prompt.short_term, prompt.canvas)
        return memory_prompt(
            self._cutter, prompt.words, recalled, prompt.history, wording=self._wording, begun=begun
        )  # fmt: skip

    def _drawn(self, prompt: MemoryPrompt) -> MemoryPrompt:
        """With as many of its pictures as there is room for."""
        pictures = [*prompt.past, *(shrunk(frame.image, _SIDE) for frame in prompt.live)]
        room = self._size.rows - length_of(self.parts(replace(prompt, canvas=None)))
        most = min(self._size.pictures, len(pictures))
        while most > 1 and _rows_of(thinned(pictures, most)) > room:
            most -= 1
        kept = thinned(pictures, most)
        return replace(prompt, canvas=film_canvas(film_strip(kept)) if kept else None)

    def _rows(self, blocks: Sequence[NDArray[np.float16]]) -> torch.Tensor | None:
        own = [block for block in blocks if block.ndim == 2 and block.shape[1] == self._width and len(block)]
        return torch.from_numpy(np.concatenate(own).astype(np.float32)) if own else None


_SIDE = 1120  # frames of a film strip are drawn at this size anyway


def _shown(evidence: Sequence[Evidence], most: int) -> list[Evidence]:
    """The best evidence of different clips, in the order of time: so the release hands clips over."""
    by_clip: dict[int, Evidence] = {}
    for one in evidence:
        if one.clip_id is not None and len(by_clip) < most:
            by_clip.setdefault(one.clip_id, one)
    return sorted(by_clip.values(), key=lambda one: one.start_s)


def _pictures(shown: Sequence[Evidence], before_s: float | None) -> tuple[Picture, ...]:
    """The pictures of clips, oldest first, as far as they are older than the live view's."""
    frames = [frame for one in shown for frame in one.key_frames if before_s is None or frame.t_s < before_s]
    decodable = (decoded(frame.jpeg, _SIDE) for frame in sorted(frames, key=lambda frame: frame.t_s))
    return tuple(picture for picture in decodable if picture is not None)


def _words(question: Question, recall: Recall, now_s: float, language: Language) -> str:
    words = WORDS[language]
    asked = harmless(question.text, QUESTION_CHARS)
    if question.spoken and question.sound_label not in _UNTOLD:
        asked = with_sound(asked, harmless(words.sound(question.sound_label), 60))
    notes = said_and_heard(recall, now_s, language)
    return "\n".join(part for part in (notes, asked, words.brief if question.brief else "") if part)


def _rows_of(pictures: Sequence[Picture]) -> int:
    """Rows of the film strip of these pictures."""
    return row_count(*film_tiles(*strip_size([(one.shape[1], one.shape[0]) for one in pictures])))
