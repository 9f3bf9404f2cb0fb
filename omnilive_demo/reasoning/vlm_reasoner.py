"""Answers of a vision-language model on this machine; what stands before the newest picture in a prompt stays read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from omnilive_demo.cancel import CancelToken
from omnilive_demo.models.vlm_model import Generation, VlmModel
from omnilive_demo.reasoning.prompt import PicturePart, Prompt, Prompter, TextPart
from omnilive_demo.reasoning.reasoner import LiveView
from omnilive_demo.reasoning.token_answers import MOST_TOKENS, TokenAnswers
from omnilive_demo.records import Delta, Question, Recall
from omnilive_demo.serving.lane import Lane


class VlmReasoner:
    """Implements `Reasoner`. Keeps no state of a session but what the model has read, see `vlm_prefix`.

    Args:
        lane: whose one thread runs the model.
        most_tokens: of one answer, after which it ends.
    """

    languages: tuple[str, ...] = ("en", "zh")
    ahead_s: float = 3.0
    sees_pictures: bool = True
    reads_memory: bool = False

    def __init__(
        self, model: VlmModel, lane: Lane, prompter: Prompter | None = None, most_tokens: int = MOST_TOKENS
    ) -> None:
        self.name = model.name
        self._model = model
        self._answers: TokenAnswers[Prompt] = TokenAnswers(lane, prompter or Prompter(), self._begin, most_tokens)

    def forget(self) -> None:
        """Drop the keys and values of all prompts."""
        self._model.shelf.clear()

    def answer(self, question: Question, recall: Recall, view: LiveView, cancel: CancelToken) -> AsyncIterator[Delta]:
        """The answer, token by token."""
        return self._answers.answer(question, recall, view, cancel)

    def _begin(self, prompt: Prompt, begun: str) -> Generation:
        return self._model.begin(self._model.read(chat_of(prompt), pictures_of(prompt), begun))


def chat_of(prompt: Prompt) -> list[dict[str, Any]]:
    """A prompt in the form of chat templates."""
    return [
        {
            "role": message.role,
            "content": [
                {"type": "text", "text": part.text} if isinstance(part, TextPart) else {"type": "image"}
                for part in message.parts
            ],
        }
        for message in prompt.messages
    ]


def pictures_of(prompt: Prompt) -> list[Any]:
    """Its pictures `[H, W, 3]`, in order."""
    return [part.image for message in prompt.messages for part in message.parts if isinstance(part, PicturePart)]
