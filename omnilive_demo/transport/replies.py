"""Answers of the HTTP routes: JSON, private ones never stored, errors as `{"code", "message", "hint"}`."""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from omnilive_demo.config import Settings
from omnilive_demo.events import Json
from omnilive_demo.session import InputError
from omnilive_demo.transport.origin import origin_allowed
from omnilive_demo.transport.visit import Visit

log = logging.getLogger(__name__)

PRIVATE = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
Headers = dict[str, str]
Endpoint = Callable[[Request], Awaitable[Response]]
Owner = Callable[[Request], Visit]  # finds the visit of a request, or raises


class ApiError(Exception):
    """A request that cannot be answered: HTTP status, code for the page's code, sentence and hint for its reader."""

    def __init__(
        self, status: int, code: str, message: str, hint: str = "", headers: Headers | None = None, **more: object
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.body: Json = {"code": code, "message": message, "hint": hint, **more}


FOREIGN = ApiError(403, "foreign_origin", "This page may not use this server.", "Open the app's own page.")


def reply(body: Json, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A private JSON answer."""
    return JSONResponse(body, status, {**PRIVATE, **(headers or {})})


def guarded(settings: Settings) -> Callable[[Endpoint], Endpoint]:
    """Wrap an endpoint: foreign pages are turned away, and every failure is an answer in words."""

    def wrap(endpoint: Endpoint) -> Endpoint:
        @functools.wraps(endpoint)
        async def guard(request: Request) -> Response:
            try:
                if not origin_allowed(request.headers, settings):
                    raise FOREIGN
                return await endpoint(request)
            except ApiError as error:
                return reply(error.body, error.status, error.headers)
            except InputError as error:
                return reply({"code": error.code, "message": str(error), "hint": error.hint}, _status(error.code))
            except Exception:
                log.exception("%s %s failed", request.method, request.url.path)
                return reply({"code": "server_fault", "message": "A fault on the server.", "hint": "Try again."}, 500)

        return guard

    return wrap


def _status(code: str) -> int:
    return {"too_many_requests": 429, "lobby_full": 503, "server_stopping": 503, "loading": 503}.get(code, 400)
