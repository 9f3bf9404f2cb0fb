"""What a visitor may fetch of their memory by time: days, the hours of a day, and the clips of a stretch.

All of it is made on the threads of the memory's routes, from what is in RAM; pictures are read for what is told only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from omnilive_demo import telling
from omnilive_demo.events import Caption, ClipRemembered, Json, SoundNoticed
from omnilive_demo.memory.by_day import ByDay
from omnilive_demo.memory.long_memory import LongMemory
from omnilive_demo.memory.stretch import Stretch
from omnilive_demo.records import Clip
from omnilive_demo.transport import wire
from omnilive_demo.transport.memory_routes import number, read, whole
from omnilive_demo.transport.replies import ApiError, Endpoint, Owner, reply

MOST_DAYS = 31
MOST_CLIPS = 200
MOST_WORDS = 400  # words, and as many sounds, that come along with clips
MOST_OFFSET_S = 86_400.0


def day_routes(owner: Owner, guard: Callable[[Endpoint], Endpoint]) -> list[Route]:
    """The routes under `/api/session` that tell of times. `owner` finds the visit of a request, or raises."""

    async def days(request: Request) -> Response:
        memory = owner(request).session.memory
        before = request.query_params.get("before")
        until = None if before is None else _day(before)
        return reply(await read(_days, memory, _most(request, MOST_DAYS), until, _offset_s(request)))

    async def day(request: Request) -> Response:
        memory = owner(request).session.memory
        return reply(await read(_hours, memory, _day(request.path_params["date"]), _offset_s(request)))

    async def timeline(request: Request) -> Response:
        memory, asked = owner(request).session.memory, request.query_params
        most = _most(request, MOST_CLIPS)
        if "clip" in asked:
            return reply(await read(_around, memory, whole(asked["clip"], "clip"), most, _offset_s(request)))
        from_s, to_s = number(asked.get("from_s", "0"), "from_s"), number(asked.get("to_s", "1e12"), "to_s")
        return reply(await read(_between, memory, from_s, to_s, most, _offset_s(request)))

    routes: Sequence[tuple[str, Endpoint]] = (("days", days), ("days/{date}", day), ("timeline", timeline))
    return [Route(f"/api/session/{path}", guard(endpoint), methods=["GET"]) for path, endpoint in routes]


def _days(memory: LongMemory, most: int, before: date | None, offset_s: float) -> Json:
    by_day = memory.by_day()
    found, more = by_day.days(most, before, offset_s)
    return {"days": [_told(memory, one) for one in found], "more": more, "local": by_day.knows_local}


def _hours(memory: LongMemory, day: date, offset_s: float) -> Json:
    by_day = memory.by_day()
    return {
        "date": day.isoformat(),
        "hours": [_told(memory, one) for one in by_day.hours(day, offset_s)],
        "local": by_day.knows_local,
    }


def _told(memory: LongMemory, stretch: Stretch) -> Json:
    clips = () if stretch.clip is None else memory.clips(stretch.clip, stretch.clip)
    return {**wire.plain(stretch), "thumbnail": telling.told_clip(clips[0]).thumbnail if clips else ""}


def _around(memory: LongMemory, clip: int, most: int, offset_s: float) -> Json:
    by_day = memory.by_day()
    found = by_day.around(clip, most)
    if not found:
        raise ApiError(404, "no_clip", "There is no such clip.", "It may have been forgotten.")
    told = _stretch(by_day, found, found[0].start_s, found[-1].end_s, offset_s)
    return {**told, "more": False}


def _between(memory: LongMemory, from_s: float, to_s: float, most: int, offset_s: float) -> Json:
    by_day = memory.by_day()
    found = by_day.between(from_s, to_s)
    more = len(found) > most
    told = _stretch(by_day, found[:most], from_s, found[most - 1].end_s if more else to_s, offset_s)
    return {**told, "more": more}


def _stretch(by_day: ByDay, clips: Sequence[Clip], from_s: float, to_s: float, offset_s: float) -> Json:
    clips = tuple(clips)  # each is read from the disk here, once
    times = np.array([(clip.start_s, clip.end_s) for clip in clips]).reshape(-1, 2)
    told = [_fields(telling.told_clip(clip)) for clip in clips]
    words = [
        _fields(Caption(place, said.text, True, said.origin, said.start_s, said.end_s, said.answered))
        for place, said in by_day.spoken(from_s, to_s, MOST_WORDS)
    ]
    sounds = [
        _fields(SoundNoticed(heard.label, heard.score, heard.start_s, heard.end_s, heard.origin))
        for heard in by_day.heard(from_s, to_s, MOST_WORDS)
    ]
    return {"clips": told, "captions": words, "sounds": sounds, "parts": wire.plain(by_day.parts(times, offset_s))}


def _fields(event: ClipRemembered | Caption | SoundNoticed) -> Json:
    """What the event's message would hold, without its number and time."""
    message = wire.to_wire(event, 0, 0.0)
    return {name: value for name, value in message.items() if name not in ("v", "seq", "type", "t_s")}


def _most(request: Request, most: int) -> int:
    return max(1, min(most, whole(request.query_params.get("most", str(most)), "most")))


def _offset_s(request: Request) -> float:
    offset_s = number(request.query_params.get("offset_s", "0"), "offset_s")
    if abs(offset_s) > MOST_OFFSET_S:
        raise ApiError(400, "bad_number", "`offset_s` must be less than a day.")
    return offset_s


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ApiError(400, "bad_day", "That is no day.", "Write it as 2026-11-26.") from error
