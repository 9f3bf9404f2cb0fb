"""What a visitor may fetch of their own memory: clips, pictures, search results, everything as one file.

The memory is read in threads of these routes' own: SQLite, JPEG and search are too slow for the event loop.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from omnilive_demo.config import Settings
from omnilive_demo.events import Json
from omnilive_demo.memory.long_memory import LongMemory
from omnilive_demo.records import Clip, Heard, Recall, Spoken
from omnilive_demo.transport import wire
from omnilive_demo.transport.pictures import encode_jpeg
from omnilive_demo.transport.replies import PRIVATE, ApiError, Endpoint, Owner, reply

T = TypeVar("T")
MOST_FOUND = 50
MOST_QUERY_CHARS = 1000

_threads = ThreadPoolExecutor(2, thread_name_prefix="memory-http")


async def read(function: Callable[..., T], *args: Any) -> T:
    """Call what is too slow for the event loop, on these routes' own threads."""
    return await asyncio.get_running_loop().run_in_executor(_threads, function, *args)


class ForgetRange(BaseModel):
    """The body of a request to forget: seconds of stream time; absent ends are open."""

    from_s: float | None = Field(None, ge=0, allow_inf_nan=False)
    to_s: float | None = Field(None, ge=0, allow_inf_nan=False)


def memory_routes(settings: Settings, owner: Owner, guard: Callable[[Endpoint], Endpoint]) -> list[Route]:
    """The routes under `/api/session` that read or forget. `owner` finds the visit of a request, or raises."""

    async def clips(request: Request) -> Response:
        first = whole(request.query_params.get("first", "0"), "first")
        last = request.query_params.get("last")
        last_id = None if last is None else whole(last, "last")
        memory = owner(request).session.memory
        # The clips are read from the disk as they are asked for, so the whole list is made off the loop.
        return reply({"clips": await read(_summaries, memory, first, last_id)})

    async def clip(request: Request) -> Response:
        memory = owner(request).session.memory
        return reply(await read(_detail, memory, whole(request.path_params["id"], "id")))

    async def frame(request: Request) -> Response:
        memory = owner(request).session.memory
        found = await read(_clip, memory, whole(request.path_params["id"], "id"))
        at = whole(request.path_params["n"], "n")
        if at >= len(found.key_frames):
            raise ApiError(404, "no_frame", "The clip has no such picture.", "It may have been forgotten.")
        picture = found.key_frames[at]
        return Response(picture.jpeg, 200, {**PRIVATE, "X-Frame-Time": f"{picture.t_s:.3f}"}, "image/jpeg")

    async def view(request: Request) -> Response:
        newest = owner(request).session.latest_frame()
        since = request.query_params.get("since")
        if newest is None or (since is not None and round(newest.t_s, 3) <= number(since, "since")):
            return Response(status_code=204, headers=PRIVATE)
        headers = {**PRIVATE, "X-Frame-Time": f"{newest.t_s:.3f}", "ETag": f'"{newest.t_s:.3f}"'}
        return Response(await read(encode_jpeg, newest.image), 200, headers, "image/jpeg")

    async def search(request: Request) -> Response:
        words = " ".join(request.query_params.get("q", "").split())
        if not words:
            raise ApiError(400, "empty_search", "There is nothing to search for.", "Type a word.")
        if len(words) > MOST_QUERY_CHARS:
            raise ApiError(400, "search_too_long", "That is too long to search for.", "Use fewer words.")
        limit = min(MOST_FOUND, max(1, whole(request.query_params.get("limit", "20"), "limit")))
        recall: Recall = await read(owner(request).session.memory.search, words, limit)
        return reply({
            "q": words, "evidence": wire.plain(recall.evidence), "span": wire.plain(recall.span),
            "looked_at_clips": recall.looked_at_clips,
        })  # fmt: skip

    async def export(request: Request) -> Response:
        text = await read(_export, owner(request).session.memory)
        headers = {**PRIVATE, "Content-Disposition": 'attachment; filename="omnilive-session.json"'}
        return Response(text, 200, headers, "application/json")

    async def forget(request: Request) -> Response:
        visit = owner(request)
        try:
            span = ForgetRange.model_validate_json(await request.body() or b"{}")
        except ValidationError as error:
            raise ApiError(400, "bad_range", "The range to forget was not understood.", "Give seconds.") from error
        await visit.session.forget(span.from_s, span.to_s)
        return reply({"memory": wire.plain(await read(visit.session.memory.figures))})

    routes: Sequence[tuple[str, Endpoint, str]] = (
        ("clips", clips, "GET"),
        ("clips/{id:int}", clip, "GET"),
        ("clips/{id:int}/frames/{n:int}", frame, "GET"),
        ("view", view, "GET"),
        ("search", search, "GET"),
        ("export", export, "GET"),
        ("forget", forget, "POST"),
    )
    return [Route(f"/api/session/{path}", guard(endpoint), methods=[method]) for path, endpoint, method in routes]


def _clip(memory: LongMemory, number: int) -> Clip:
    for clip in memory.clips(number, number + 1):
        if clip.id == number:
            return clip
    raise ApiError(404, "no_clip", "There is no such clip.", "It may have been forgotten.")


def _summaries(memory: LongMemory, first: int, last: int | None) -> list[Json]:
    return [_summary(clip) for clip in memory.clips(first, last)]  # each is read from the disk here, off the loop


def _summary(clip: Clip) -> Json:
    return {
        "id": clip.id, "start_s": wire.plain(clip.start_s), "end_s": wire.plain(clip.end_s),
        "frame_times_s": wire.plain(clip.frame_times_s), "labels": wire.plain(clip.labels), "caption": clip.caption,
        "tokens_seen": clip.tokens_seen, "tokens_kept": clip.tokens_kept,
        "key_frames": [
            {"n": n, "t_s": wire.plain(picture.t_s), "path": f"api/session/clips/{clip.id}/frames/{n}"}
            for n, picture in enumerate(clip.key_frames)
        ],
    }  # fmt: skip


def _detail(memory: LongMemory, number: int) -> Json:
    clip = _clip(memory, number)
    return {
        **_summary(clip),
        "spoken": [wire.plain(words) for words in memory.spoken() if _overlap(words, clip)],
        "sounds": [wire.plain(sound) for sound in memory.heard() if _overlap(sound, clip)],
    }


def _overlap(what: Spoken | Heard, clip: Clip) -> bool:
    # A clip's last picture stands for the second that follows it.
    return what.start_s <= clip.end_s + 1.0 and what.end_s >= clip.start_s


def _export(memory: LongMemory) -> str:
    body = {
        "figures": wire.plain(memory.figures()),
        "clips": [_summary(clip) for clip in memory.clips()],
        "spoken": [wire.plain(words) for words in memory.spoken()],
        "sounds": [wire.plain(sound) for sound in memory.heard()],
    }
    return json.dumps(body, ensure_ascii=False, indent=1)


def whole(text: object, name: str) -> int:
    """A whole number of a request. Raises ApiError."""
    digits = str(text)
    if not digits.isdecimal() or len(digits) > 9:
        raise ApiError(400, "bad_number", f"`{name}` must be a whole number.")
    return int(digits)


def number(text: str, name: str) -> float:
    """Seconds of a request. Raises ApiError."""
    try:
        seconds = float(text)
    except ValueError as error:
        raise ApiError(400, "bad_number", f"`{name}` must be a number of seconds.") from error
    if not math.isfinite(seconds):
        raise ApiError(400, "bad_number", f"`{name}` must be a number of seconds.")
    return seconds
