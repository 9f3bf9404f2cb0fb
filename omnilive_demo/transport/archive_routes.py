"""`/api/session/memory.zip` and `/api/session/memory`: a memory goes out as a file and comes in as one."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from omnilive_demo.config import Settings
from omnilive_demo.events import Json
from omnilive_demo.memory.archive import write_archive
from omnilive_demo.session import InputError, Session
from omnilive_demo.transport import wire
from omnilive_demo.transport.replies import PRIVATE, ApiError, Endpoint, Owner
from omnilive_demo.transport.uploads import receive_upload

log = logging.getLogger(__name__)

FILE_NAME = "omnilive-memory.zip"


def archive_routes(settings: Settings, owner: Owner, guard: Callable[[Endpoint], Endpoint]) -> list[Route]:
    """`owner` finds the visit of a request, or raises."""
    importing: set[str] = set()

    async def export(request: Request) -> Response:
        memory = owner(request).session.memory
        headers = {**PRIVATE, "Content-Disposition": f'attachment; filename="{FILE_NAME}"'}
        # Its pieces are made on the server's threads: the memory is read as the browser takes them.
        return StreamingResponse(write_archive(memory), 200, headers, "application/zip")

    async def take_in(request: Request) -> Response:
        session = owner(request).session
        if session.id in importing:
            raise ApiError(409, "import_waits", "A memory is being imported already.", "Wait until that is done.")
        importing.add(session.id)
        try:
            await session.wait_ready()
            folder = owner(request).folder
            path, _ = await receive_upload(request, folder, settings.upload_limit_mb * 1_000_000)
        except BaseException:
            importing.discard(session.id)
            raise

        told: asyncio.Queue[Json | None] = asyncio.Queue()

        def progress(done: int, total: int) -> None:
            told.put_nowait({"done": done, "total": total})

        async def work() -> None:
            try:
                told.put_nowait(await _take_in(session, path, progress))
            finally:
                importing.discard(session.id)
                await asyncio.to_thread(path.unlink, missing_ok=True)
                told.put_nowait(None)

        # It goes on when the page goes away, and begins even if the page has gone already and nobody reads a line.
        task = asyncio.create_task(work(), name=f"import-{session.id}")
        _running.add(task)
        task.add_done_callback(_running.discard)

        async def lines() -> AsyncIterator[str]:
            while (line := await told.get()) is not None:
                yield json.dumps(line, ensure_ascii=False) + "\n"

        return StreamingResponse(lines(), 200, PRIVATE, "application/x-ndjson")

    return [
        Route("/api/session/memory.zip", guard(export), methods=["GET"]),
        Route("/api/session/memory", guard(take_in), methods=["POST"]),
    ]


_running: set[asyncio.Task[None]] = set()


async def _take_in(session: Session, path: Path, progress: Callable[[int, int], None]) -> Json:
    try:
        taken = await session.take_in(path, progress)
    except InputError as error:
        return {"code": error.code, "message": str(error), "hint": error.hint}
    except Exception:
        log.exception("an import failed")
        return {"code": "server_fault", "message": "A fault on the server.", "hint": "Try again."}
    return {"taken": wire.plain(asdict(taken))}
