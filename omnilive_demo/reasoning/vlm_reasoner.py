"""Answers of a language model that sees, on this machine.

Each token is a call of its own on a worker, and none is computed before it is asked for. So an answer ends within one
token of being cancelled, several sessions take turns, and before each sentence the live view can be asked: when the
scene has changed (StreamChat), the newest picture takes the place of the last, what stands before it in the prompt
stays read, and the model goes on with the answer that it has begun.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from omnilive_demo.cancel import CancelToken
from omnilive_demo.models.vlm_model import Generation, VlmModel
from omnilive_demo.reasoning.answer_text import AnswerText, Piece
from omnilive_demo.reasoning.prompt import PicturePart, Prompt, Prompter, TextPart
from omnilive_demo.reasoning.reasoner import LiveView
from omnilive_demo.reasoning.refresh import LONGEST_VIEW_S, changed_picture
from omnilive_demo.records import Delta, Question, Recall
from omnilive_demo.serving.lane import Lane, Priority, WorkCancelled

MOST_TOKENS = 256
MOST_REFRESHES = 4


class VlmReasoner:
    """Implements `Reasoner`. Keeps no state of a session but what the model has read, see `vlm_prefix`.

    Args:
        lane: whose one thread runs the model.
        most_tokens: of one answer, after which it ends.
    """

    languages: tuple[str, ...] = ("en", "zh")
    ahead_s: float = 3.0
    sees_pictures: bool = True

    def __init__(
        self, model: VlmModel, lane: Lane, prompter: Prompter | None = None, most_tokens: int = MOST_TOKENS
    ) -> None:
        self.name = model.name
        self._model = model
        self._lane = lane
        self._prompter = prompter or Prompter()
        self._most_tokens = most_tokens

    def forget(self) -> None:
        """Drop the keys and values of all prompts."""
        self._model.shelf.clear()

    async def answer(
        self, question: Question, recall: Recall, view: LiveView, cancel: CancelToken
    ) -> AsyncIterator[Delta]:
        """The answer, token by token."""
        frames, now_s = view.recent(LONGEST_VIEW_S), view.now_s()
        prompt = await asyncio.to_thread(self._prompter.ask, question, recall, frames, now_s)
        answer = AnswerText(prompt.begun, 0 if prompt.begun else question.heard_sentences, question.brief)
        left, refreshes = self._most_tokens, 0
        generation: Generation | None = None
        try:
            while not answer.over:
                if generation is None:
                    generation = await self._run(cancel, self._begin, prompt, answer.text)
                text = await self._run(cancel, generation.next, cancel) if left > 0 else None
                left -= 1
                newest = None
                for piece in answer.push(text) if text is not None else answer.finish():
                    yield _delta(prompt, piece)
                    if cancel.cancelled:
                        return
                    # Whoever listens came back for the next sentence: look again before it is made.
                    if piece.ends_sentence and text is not None and refreshes < MOST_REFRESHES and not answer.over:
                        newest = changed_picture(view, prompt.live[-1] if prompt.live else None)
                        if newest is not None:
                            break
                if text is None:
                    return
                if newest is not None:
                    refreshes += 1
                    generation.close()
                    generation = None
                    answer.pause()
                    prompt = await asyncio.to_thread(self._prompter.refresh, prompt, newest)
        except WorkCancelled:
            return
        finally:
            if generation is not None:
                generation.close()

    async def _run(self, cancel: CancelToken, function: Any, *args: object) -> Any:
        result = await self._lane.run(function, *args, session="reasoner", priority=Priority.TURN, cancel=cancel)
        if cancel.cancelled:
            raise WorkCancelled("The answer is not wanted any more.")
        return result

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


def _delta(prompt: Prompt, piece: Piece) -> Delta:
    return Delta(piece.text, prompt.clips, prompt.picture_t_s, piece.ends_sentence)
