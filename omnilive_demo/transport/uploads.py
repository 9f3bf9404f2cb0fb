"""Uploads: streamed to the visit's private folder, with a limit, never whole in memory.

The page may send the bare file (`?name=`) or a form with one file. The name it gives is only shown; on disk the file is
called by a random id.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from omnilive_demo.transport.replies import ApiError

WRITE_BYTES = 1 << 20


async def receive_upload(request: Request, folder: Path, limit_bytes: int) -> tuple[Path, str]:
    """Store the request's file; its path, and the name that it was given.

    Raises:
        ApiError: too large, empty, no file, no room on the disk, or the sender went away.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit_bytes + 65_536:  # a form has some lines around the file
        raise _too_large(limit_bytes)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    path = folder / secrets.token_hex(8)
    try:
        with contextlib.closing(await asyncio.to_thread(path.open, "wb")) as file:
            if request.headers.get("content-type", "").startswith("multipart/form-data"):
                name = await _store_form(request, file, limit_bytes)
            else:
                name = request.query_params.get("name", "")
                await _store(_limited(request.stream(), limit_bytes), file)
        if not path.stat().st_size:
            raise ApiError(400, "upload_empty", "The file is empty.", "Choose another file.")
    except BaseException as error:
        await asyncio.to_thread(path.unlink, missing_ok=True)
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ApiError(507, "disk_full", "The server's disk is full.", "Use a smaller file.") from error
        if isinstance(error, ClientDisconnect):
            raise ApiError(400, "upload_cut", "The upload was cut off.", "Send the file again.") from error
        raise
    return path, _shown(name)


async def _store(chunks: AsyncIterator[bytes], file: BinaryIO) -> None:
    waiting = bytearray()
    async for chunk in chunks:
        waiting += chunk
        if len(waiting) >= WRITE_BYTES:
            await asyncio.to_thread(file.write, bytes(waiting))
            waiting.clear()
    await asyncio.to_thread(file.write, bytes(waiting))


async def _store_form(request: Request, file: BinaryIO, limit_bytes: int) -> str:
    stream = _limited(request.stream(), limit_bytes + 65_536)
    try:
        form = await MultiPartParser(request.headers, stream, max_files=1, max_fields=8).parse()
    except MultiPartException as error:
        raise ApiError(400, "upload_unreadable", "The form could not be read.", "Send one file.") from error
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(form.close)
        for value in form.values():
            if not isinstance(value, str):
                while chunk := await value.read(WRITE_BYTES):
                    await asyncio.to_thread(file.write, chunk)
                return value.filename or ""
    raise ApiError(400, "upload_no_file", "There is no file in the form.", "Choose a file.")


async def _limited(chunks: AsyncIterator[bytes], limit_bytes: int) -> AsyncGenerator[bytes, None]:
    seen = 0
    async for chunk in chunks:
        seen += len(chunk)
        if seen > limit_bytes:
            raise _too_large(limit_bytes)
        yield chunk


def _too_large(limit_bytes: int) -> ApiError:
    limit_mb = limit_bytes // 1_000_000
    return ApiError(
        413, "upload_too_large", f"The file is larger than {limit_mb} MB.", "Cut it, or lower its resolution."
    )


def _shown(name: str) -> str:
    """A name fit to be shown: no folders, no control characters, not endless."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return "".join(c for c in last if c.isprintable())[:120] or "upload"
