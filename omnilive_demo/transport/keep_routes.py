"""`/api/session/keep`: keep this visit's memory with a private link, ask about it, take the link back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from omnilive_demo.config import Settings
from omnilive_demo.events import Json
from omnilive_demo.transport.keeping import Kept, KeptMemories
from omnilive_demo.transport.replies import ApiError, Endpoint, Owner, reply


def keep_routes(
    settings: Settings, kept: KeptMemories, owner: Owner, guard: Callable[[Endpoint], Endpoint]
) -> list[Route]:
    """`owner` finds the visit of a request, or raises."""

    async def status(request: Request) -> Response:
        visit = owner(request)
        if not settings.public:
            return reply({"here": True, "kept": True, "days": None, "until_s": None, "link": ""})
        return reply(_told(settings, await asyncio.to_thread(kept.of, visit.session.folder)))

    async def keep(request: Request) -> Response:
        visit = owner(request)
        if not settings.public:
            raise ApiError(
                409, "kept_here", "This memory stays on this computer anyway.", "Open the page again to go on with it."
            )
        await visit.session.wait_ready()
        return reply(_told(settings, await asyncio.to_thread(kept.keep, visit.session.folder)))

    async def release(request: Request) -> Response:
        visit = owner(request)
        await asyncio.to_thread(kept.release, visit.session.folder)
        return reply(_told(settings, None))

    path = "/api/session/keep"
    return [
        Route(path, guard(status), methods=["GET"]),
        Route(path, guard(keep), methods=["POST"]),
        Route(path, guard(release), methods=["DELETE"]),
    ]


def _told(settings: Settings, kept: Kept | None) -> Json:
    if kept is None:
        return {"here": False, "kept": False, "days": settings.keep_days, "until_s": None, "link": ""}
    return {
        "here": False, "kept": True, "days": settings.keep_days, "until_s": round(kept.until_s), "link": kept.link
    }  # fmt: skip
