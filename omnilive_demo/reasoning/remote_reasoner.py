"""Answers of a language model that sees, on another machine: any OpenAI-compatible chat endpoint with image input.

Before each new sentence the live view is asked. When the scene has changed (StreamChat), the request under way is cut
and the model goes on with the answer that it has begun, before the newest picture: as its own words to be continued
where the endpoint can do that, else as a turn of the dialogue that asks it to go on.
"""

from __future__ import annotations

import asyncio
import base64
import io
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from omnilive_demo.cancel import CancelToken
from omnilive_demo.models.chinese import Language
from omnilive_demo.reasoning.answer_text import AnswerText
from omnilive_demo.reasoning.prompt import GO_ON, Message, Part, Prompt, Prompter, TextPart
from omnilive_demo.reasoning.reasoner import LiveView
from omnilive_demo.reasoning.refresh import LONGEST_VIEW_S, changed_picture
from omnilive_demo.records import Delta, Question, Recall
from omnilive_demo.serving.chat_endpoint import ChatEndpoint, EndpointError
from omnilive_demo.serving.lane import WorkCancelled

Continuing = Literal["auto", "prefix", "turn"]
"""How a begun answer goes on: as the last message, to be continued; or asked for in another turn."""

MOST_TOKENS = 300
MOST_REFRESHES = 4
QUALITY = 85
LOST: dict[Language, str] = {
    "en": "I lost the connection to my language model, so I have to stop here.",
    "zh": "我和语言模型的连接断了，只能先说到这里。",
}
_CONTINUE = {"continue_final_message": True, "add_generation_prompt": False}  # vLLM, SGLang
_NOT_UNDERSTOOD = (400, 422)

log = logging.getLogger(__name__)


class RemoteReasoner:
    """Implements `Reasoner`. Keeps no state of a session.

    Args:
        continuing: how a begun answer goes on; "auto" tries "prefix" and learns once that the endpoint cannot.
    """

    languages: tuple[str, ...] = ("en", "zh")
    ahead_s: float = 3.0
    sees_pictures: bool = True
    reads_memory: bool = False

    def __init__(
        self, endpoint: ChatEndpoint, prompter: Prompter | None = None, continuing: Continuing = "auto"
    ) -> None:
        self.name = f"{endpoint.model} at {endpoint.where}"
        self._endpoint = endpoint
        self._prompter = prompter or Prompter()
        self._continuing = continuing

    def forget(self) -> None:
        """Nothing is kept here."""

    async def answer(
        self, question: Question, recall: Recall, view: LiveView, cancel: CancelToken
    ) -> AsyncIterator[Delta]:
        """The answer as it is generated. Raises EndpointError when not a word of it could be had."""
        frames, now_s = view.recent(LONGEST_VIEW_S), view.now_s()
        prompt: Prompt | None = await asyncio.to_thread(self._prompter.ask, question, recall, frames, now_s)
        skip = 0 if prompt is None or prompt.begun else question.heard_sentences
        answer = AnswerText(prompt.begun if prompt else "", skip, question.brief)
        refreshes = 0
        while prompt is not None:
            now, prompt = prompt, None
            try:
                async with aclosing(self._speak(now, answer, cancel)) as deltas:
                    async for delta in deltas:
                        yield delta
                        if cancel.cancelled:
                            return
                        if not delta.ends_sentence or answer.over or refreshes >= MOST_REFRESHES:
                            continue
                        # Whoever listens came back for the next sentence: look again before it is taken.
                        newest = changed_picture(view, now.live[-1] if now.live else None)
                        if newest is not None:
                            prompt = await asyncio.to_thread(self._prompter.refresh, now, newest)
                            break
            except WorkCancelled:
                return
            except EndpointError as error:
                if not answer.told:
                    raise
                log.warning("an answer ends early: %s", error)
                gap = ("…" if answer.within_sentence else "") + ("" if now.language == "zh" else " ")
                yield Delta(gap + LOST[now.language], now.clips, now.picture_t_s, ends_sentence=True)
                return
            if prompt is not None:
                refreshes += 1
                answer.pause()

    async def close(self) -> None:
        """Close the connections that are kept."""
        await self._endpoint.close()

    async def _speak(self, prompt: Prompt, answer: AnswerText, cancel: CancelToken) -> AsyncGenerator[Delta]:
        """One request, from where the answer stands to its end."""
        async with aclosing(self._pieces(prompt, answer.text, cancel)) as pieces:
            async for text in pieces:
                for piece in answer.push(text):
                    yield Delta(piece.text, prompt.clips, prompt.picture_t_s, piece.ends_sentence)
                if answer.over:
                    return
        for piece in answer.finish():
            yield Delta(piece.text, prompt.clips, prompt.picture_t_s, piece.ends_sentence)

    async def _pieces(self, prompt: Prompt, begun: str, cancel: CancelToken) -> AsyncGenerator[str]:
        as_prefix = bool(begun) and self._continuing != "turn"
        told = False
        try:
            messages = await asyncio.to_thread(wire_messages, prompt, begun, as_prefix)
            stream = self._endpoint.stream(messages, cancel, MOST_TOKENS, _CONTINUE if as_prefix else None)
            async with aclosing(stream) as pieces:
                async for text in pieces:
                    told = True
                    yield text
            return
        except EndpointError as error:
            if told or not as_prefix or self._continuing == "prefix" or error.status not in _NOT_UNDERSTOOD:
                raise
            log.info("%s cannot continue a begun answer: it is asked to go on in a turn", self.name)
        self._continuing = "turn"
        async with aclosing(self._pieces(prompt, begun, cancel)) as pieces:
            async for text in pieces:
                yield text


def wire_messages(prompt: Prompt, begun: str, as_prefix: bool) -> list[dict[str, Any]]:
    """A prompt in the endpoint's form, with the begun answer behind it. Encodes pictures: not for the event loop."""
    messages = [_message(message) for message in prompt.messages]
    if begun:
        messages.append({"role": "assistant", "content": begun})
        if not as_prefix:
            messages.append({"role": "user", "content": GO_ON[prompt.language]})
    return messages


def _message(message: Message) -> dict[str, Any]:
    # Plain words go as a string, which endpoints without pictures take as well.
    if all(isinstance(part, TextPart) for part in message.parts):
        return {"role": message.role, "content": _words(message.parts)}
    return {"role": message.role, "content": [_part(part) for part in message.parts]}


def _words(parts: Sequence[Part]) -> str:
    return "\n".join(part.text for part in parts if isinstance(part, TextPart))


def _part(part: Part) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    return {"type": "image_url", "image_url": {"url": picture_url(part.image)}}


def picture_url(image: NDArray[np.uint8]) -> str:
    """A picture `[H, W, 3]` as a data URL of a JPEG file."""
    out = io.BytesIO()
    Image.fromarray(image).save(out, "JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode("ascii")
