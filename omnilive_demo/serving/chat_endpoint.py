"""A chat model on another machine: any OpenAI-compatible endpoint (vLLM, SGLang, llama.cpp, a hosted one), streamed.

Whoever asks gets text piece by piece and may stop at any time: the connection is closed, which is how such servers are
told to stop computing. Busy and broken servers are asked again, but only before the first word.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from omnilive_demo.cancel import CancelToken
from omnilive_demo.serving.lane import WorkCancelled

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
Body = Mapping[str, Any]
log = logging.getLogger(__name__)

_LIMITS = "max_tokens", "max_completion_tokens"  # what the longest answer is called; the second by newer hosted models
LOOK_S = 0.02  # how often a wait asks whether it is still wanted
_TOO_LONG = re.compile(r"context|too long|maximum.{0,40}(?:tokens|length)|token limit|too many tokens", re.IGNORECASE)
_OTHER_MODEL = re.compile(r"pinned to|model.{0,120}not (?:found|exist|available|served|loaded)", re.IGNORECASE)
_NO_PICTURES = re.compile(r"image|vision|multi-?modal|content.{0,20}(?:string|type)", re.IGNORECASE)
_ERROR = re.compile(r'\{\s*"error"\s*:\s*"(.*?)(?:"\s*\})?$')  # whose quotation marks and line breaks are as they came


class EndpointError(RuntimeError):
    """The endpoint did not answer; the message is a sentence fit for the page. status: of HTTP, where there was one."""

    def __init__(self, sentence: str, status: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status


class EndpointLost(EndpointError):
    """The endpoint went away in the middle of an answer."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an endpoint may take, and how often it is asked again before its first word. Seconds."""

    connect_s: float = 5.0
    first_token_s: float = 20.0
    next_token_s: float = 15.0
    attempts: int = 3
    pause_s: float = 0.5  # before the second attempt; doubled before each other one
    longest_pause_s: float = 5.0


class ChatEndpoint:
    """Streams chat completions.

    Args:
        base_url: up to and without `/chat/completions`, as "http://localhost:8000/v1".
        model: the model's name there.
        key: sent as a bearer token; empty: none is sent.

    Raises:
        ValueError: the address is no http(s) address.
    """

    def __init__(self, base_url: str, model: str, key: str = "", patience: Patience | None = None) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(
                f"The address of the language model must begin with http:// or https://, not {base_url!r}."
            )
        self.model = model
        self.where = parts.netloc.rpartition("@")[2]
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._key = key
        self._patience = patience or Patience()
        self._limit = _LIMITS[0]
        self._client: httpx.AsyncClient | None = None

    async def stream(
        self, messages: Sequence[Body], cancel: CancelToken, most_tokens: int, more: Body | None = None
    ) -> AsyncGenerator[str]:
        """The answer's text, piece by piece. Close the iterator, or cancel, to stop it.

        Args:
            messages: in the endpoint's own form (role, content).
            more: further fields of the request.

        Raises:
            EndpointLost: it went away after its first word.
            EndpointError: it could not be asked.
            WorkCancelled: cancelled before its end.
        """
        body = {"model": self.model, "messages": list(messages), "stream": True, self._limit: most_tokens}
        response = await self._open(body | dict(more or {}), cancel)
        begun = False
        try:
            pieces = _pieces(response)
            while True:
                limit_s = self._patience.next_token_s if begun else self._patience.first_token_s
                try:
                    piece = await _while_wanted(anext(pieces, None), cancel, limit_s)
                except WorkCancelled:
                    raise
                except Exception as error:
                    raise self._broken(error, begun) from error
                if piece is None:
                    return
                if piece:
                    begun = True
                    yield piece
        finally:
            await response.aclose()

    async def close(self) -> None:
        """Close the connections that are kept."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _open(self, body: Body, cancel: CancelToken) -> httpx.Response:
        """The response whose text follows, asked for as often as it takes."""
        pause_s = self._patience.pause_s
        for left in reversed(range(self._patience.attempts)):
            response, wait_s = None, pause_s
            try:
                response = await _while_wanted(self._send(body), cancel, self._patience.first_token_s)
            except TimeoutError as error:
                raise EndpointError(self._late()) from error
            except OSError as error:
                if not left:
                    raise EndpointError(self._unreachable()) from error
                log.info("%s cannot be reached, trying again: %s", self.where, error)
            if response is not None and response.status_code < 400:
                return response
            if response is not None:
                failure, again = await self._refusal(response)
                if self._limit in body and _LIMITS[1] in str(failure) and self._limit != _LIMITS[1]:
                    self._limit = _LIMITS[1]  # learnt once
                    renamed = {_LIMITS[1] if name == _LIMITS[0] else name: value for name, value in body.items()}
                    return await self._open(renamed, cancel)
                if not again or not left:
                    raise failure
                wait_s = max(wait_s, _retry_after_s(response.headers.get("retry-after")))
                log.info("%s answers %d, trying again", self.where, response.status_code)
            await _while_wanted(asyncio.sleep(min(wait_s, self._patience.longest_pause_s)), cancel, None)
            pause_s *= 2
        raise EndpointError(self._unreachable())

    async def _send(self, body: Body) -> httpx.Response:
        """Raises OSError when there is no connection."""
        import httpx

        if self._client is None:  # its certificates are read from the disk
            times = httpx.Timeout(None, connect=self._patience.connect_s)
            self._client = await asyncio.to_thread(httpx.AsyncClient, timeout=times)
        head = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        content = await asyncio.to_thread(lambda: json.dumps(body, ensure_ascii=False).encode())  # it holds pictures
        request = self._client.build_request(
            "POST", self._url, content=content, headers={**head, "Content-Type": "application/json"}
        )
        try:
            return await self._client.send(request, stream=True)
        except httpx.TransportError as error:
            raise OSError(str(error) or type(error).__name__) from error

    async def _refusal(self, response: httpx.Response) -> tuple[EndpointError, bool]:
        """Why it did not answer, and whether asking again may help."""
        try:
            async with asyncio.timeout(self._patience.connect_s):
                said = _message(await response.aread())
        except Exception:  # noqa: BLE001 - its reason is lost, the status says enough
            said = ""
        finally:
            await response.aclose()
        status = response.status_code
        if status in (401, 403):
            sentence = f"{self.where} does not accept the key for the language model. Set another key."
        elif status == 404:
            sentence = f"{self.where} has no model {self.model!r}, or its address is not quite right. Check both."
        elif status == 429:
            sentence = f"{self.where} is too busy, or its rate limit is reached. Ask again in a moment."
        elif status >= 500:
            sentence = f"{self.where} has a fault of its own (status {status}). Ask again in a moment."
        elif _OTHER_MODEL.search(said):  # first: the names of models say "vision", or "long-context"
            sentence = f"{self.where} has no model {self.model!r}. Choose one that it serves. It said: {said}"
        elif status == 413 or _TOO_LONG.search(said):
            sentence = f"The question with its memories is too long for {self.model!r}. Ask for less at once."
        elif _NO_PICTURES.search(said):
            sentence = (
                f"The model {self.model!r} of {self.where} takes no pictures: choose one that sees. It said: {said}"
            )
        else:
            sentence = f"{self.where} refused the request (status {status}). It said: {said or 'nothing'}"
        return EndpointError(sentence, status), (status == 429 and "quota" not in said) or status >= 500

    def _broken(self, error: Exception, begun: bool) -> EndpointError:
        if isinstance(error, EndpointError):
            return error
        if isinstance(error, TimeoutError):
            return (
                EndpointLost(f"{self.where} fell silent in the middle of its answer.")
                if begun
                else EndpointError(self._late())
            )
        if isinstance(error, _Refused):
            kind, sentence = (EndpointLost if begun else EndpointError), f"{self.where} could not go on: {error}"
            if _TOO_LONG.search(str(error)):
                sentence = f"The question with its memories is too long for {self.model!r}. Ask for less at once."
            return kind(sentence)
        if begun:
            return EndpointLost(f"The connection to {self.where} broke in the middle of the answer.")
        return EndpointError(f"{self.where} closed the connection before it answered. Ask again in a moment.")

    def _unreachable(self) -> str:
        return f"The language model at {self.where} cannot be reached. Check its address, and that it runs."

    def _late(self) -> str:
        return f"{self.where} did not begin to answer within {self._patience.first_token_s:g} seconds."


class _Refused(Exception):
    """The endpoint tells of an error within its stream."""


async def _pieces(response: httpx.Response) -> AsyncGenerator[str]:
    """The text in a stream of server-sent events; "" for what carries none. Raises _Refused, or httpx's errors."""
    if "json" in response.headers.get("content-type", ""):  # it does not stream: all at once
        yield _text(json.loads(await response.aread()), "message")
        return
    async for line in response.aiter_lines():
        if not line.startswith("data:"):
            continue
        data = line[5:].strip()
        if data == "[DONE]":
            return
        try:
            event = json.loads(data)
        except ValueError as error:
            if told := _ERROR.match(data):
                raise _Refused(_message(told[1].encode())) from error
            raise
        yield _text(event, "delta")
        if any(choice.get("finish_reason") for choice in event.get("choices") or ()):
            return
    raise ConnectionError("the stream ended without its end")


def _text(event: Any, field: str) -> str:
    if not isinstance(event, dict) or event.get("error"):
        raise _Refused(_message(json.dumps(event).encode()))
    choices = event.get("choices") or [{}]
    content = (choices[0].get(field) or {}).get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text") or "" for part in content if isinstance(part, dict))


def _message(data: bytes) -> str:
    """What an error says, short and on one line."""
    text = data.decode("utf-8", "replace")
    try:
        told = json.loads(text)
        told = told.get("error", told) if isinstance(told, dict) else told
        if isinstance(told, dict):
            text = " ".join(str(told[name]) for name in ("code", "message", "detail") if told.get(name))
        else:
            text = str(told)
    except ValueError:
        pass
    text = " ".join(text.split())
    return text if len(text) <= 200 else text[:200] + " …"


def _retry_after_s(value: str | None) -> float:
    return float(value) if value is not None and re.fullmatch(r"\d+(?:\.\d+)?", value) else 0.0


async def _while_wanted(work: Awaitable[T], cancel: CancelToken, limit_s: float | None) -> T:
    """The result of `work`, which ends with the wish for it. Raises WorkCancelled, TimeoutError."""
    task = asyncio.ensure_future(work)  # cancelled at once below, where nobody wants it
    deadline_s = None if limit_s is None else asyncio.get_running_loop().time() + limit_s
    try:
        while not task.done():
            await asyncio.wait((task,), timeout=LOOK_S)
            if cancel.cancelled:
                raise WorkCancelled("The answer is not wanted any more.")
            if not task.done() and deadline_s is not None and asyncio.get_running_loop().time() > deadline_s:
                raise TimeoutError
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
