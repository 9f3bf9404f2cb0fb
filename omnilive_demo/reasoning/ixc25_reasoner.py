"""Answers of the released OmniLive reasoner, which reads the memory itself: H̄ of all, S of the recalled clips.

One model serves all sessions, through one lane. Whether something wants an answer is asked of it as well, and captions
of clips, which come last.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from omnilive_demo.cancel import CancelToken
from omnilive_demo.models.ixc25_omnilive.canvas import film_canvas
from omnilive_demo.models.ixc25_omnilive.film_strip import film_strip
from omnilive_demo.models.ixc25_omnilive.generation import Generation
from omnilive_demo.models.ixc25_omnilive.language_model import LanguageModel
from omnilive_demo.models.ixc25_omnilive.prompt import Recalled, Wording, memory_prompt
from omnilive_demo.reasoning.captioner import BUSY, clip_pictures, described
from omnilive_demo.reasoning.instruction import Instruction
from omnilive_demo.reasoning.ixc25_prompt import MemoryPrompt, MemoryPrompter, MemoryPromptSize
from omnilive_demo.reasoning.reasoner import LiveView
from omnilive_demo.reasoning.token_answers import MOST_TOKENS, TokenAnswers
from omnilive_demo.records import Clip, Delta, Question, Recall
from omnilive_demo.serving.lane import Lane

CAPTION = "Say in one short sentence what is to be seen in them and what happens."


class Ixc25Reasoner:
    """Implements `Reasoner`. Keeps no state of a session but how late prompts began, see `beginnings.py`.

    Args:
        lane: whose one thread runs the model.
        wording: of the prompt.
        size: how much the model is given.
        most_tokens: of one answer, after which it ends.
    """

    languages: tuple[str, ...] = ("en", "zh")
    ahead_s: float = 3.0
    sees_pictures: bool = True
    reads_memory: bool = True

    def __init__(
        self,
        model: LanguageModel,
        lane: Lane,
        wording: Wording = "released",
        size: MemoryPromptSize | None = None,
        most_tokens: int = MOST_TOKENS,
    ) -> None:
        self.name = model.name
        self._model = model
        self._prompter = MemoryPrompter(model.tokenizer, model.memory_width, wording, size)
        self._answers: TokenAnswers[MemoryPrompt] = TokenAnswers(lane, self._prompter, self._begin, most_tokens)

    def forget(self) -> None:
        """Drop what was read of all prompts."""
        self._model.reader.clear()

    def answer(self, question: Question, recall: Recall, view: LiveView, cancel: CancelToken) -> AsyncIterator[Delta]:
        """The answer, token by token."""
        return self._answers.answer(question, recall, view, cancel)

    def _begin(self, prompt: MemoryPrompt, begun: str) -> Generation:
        return self._model.begin(self._prompter.parts(prompt, begun))


class Ixc25InstructionPredictor:
    """Implements `InstructionPredictor` in any language that the reasoner reads; safe from any thread.

    It does not wait in the reasoner's lane: a few words are read beside an answer that is being made, and whoever asks
    something new is not to wait for that.
    """

    def __init__(self, model: LanguageModel) -> None:
        self.name = model.name
        self._model = model

    def predict(self, text: str) -> Instruction:
        """Whether `text` is to be answered. Nothing said is not answered."""
        if not any(letter.isalnum() for letter in text):
            return Instruction(answer=False, probability=0.0)
        probability = self._model.wants_answer(text)
        return Instruction(answer=probability >= 0.5, probability=probability)


class Ixc25Captioner:
    """Implements `Captioner` with the model that reasons, from a film strip of a clip's pictures."""

    def __init__(self, model: LanguageModel, lane: Lane, busy: int = BUSY) -> None:
        self._model = model
        self._lane = lane
        self._busy = busy

    async def caption(self, clip: Clip, deadline_s: float) -> str:
        """See the protocol."""
        return await described(self._lane, self._begin, clip, deadline_s, self._busy)

    def _begin(self, clip: Clip) -> Generation | None:
        pictures = clip_pictures(clip)
        if not pictures:
            return None
        shown = Recalled(canvas=film_canvas(film_strip(pictures)))
        return self._model.begin(memory_prompt(self._model.tokenizer, CAPTION, shown))
