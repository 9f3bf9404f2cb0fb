"""The HTTP and WebSocket routes that join Gradio's app: sessions, offers, the live socket, memory, uploads, files."""

from __future__ import annotations

import asyncio
import mimetypes
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from omnilive_demo.config import Settings
from omnilive_demo.events import Json
from omnilive_demo.session import InputError
from omnilive_demo.transport.archive_routes import archive_routes
from omnilive_demo.transport.day_routes import day_routes
from omnilive_demo.transport.ice import Ice
from omnilive_demo.transport.keep_routes import keep_routes
from omnilive_demo.transport.keeping import KeptMemories
from omnilive_demo.transport.lobby import Lobby
from omnilive_demo.transport.memory_routes import memory_routes
from omnilive_demo.transport.origin import client_address, origin_allowed
from omnilive_demo.transport.profile_route import Profiles, profile_endpoint
from omnilive_demo.transport.replies import FOREIGN, ApiError, Endpoint, guarded, reply
from omnilive_demo.transport.uploads import receive_upload
from omnilive_demo.transport.visit import Visit
from omnilive_demo.transport.voice_routes import voice_routes
from omnilive_demo.transport.waiting import RateLimit, Waiting
from omnilive_demo.transport.webrtc import OfferRefused, WebRtc
from omnilive_demo.transport.websocket import Live

POLL_S = 3  # how often a waiting page asks again
MAX_BODY_BYTES = 100_000
LINKS_EACH, LINKS_TOGETHER = 30, 300  # in a minute, of those that lead nowhere: a waiting page sends a good one often

# Some systems have other ideas about these, and browsers insist on them.
MIME_TYPES = {
    ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".json": "application/json",
    ".svg": "image/svg+xml", ".wasm": "application/wasm", ".mp4": "video/mp4", ".webm": "video/webm",
    ".wav": "audio/wav", ".woff2": "font/woff2", ".vtt": "text/vtt", ".webp": "image/webp",
}  # fmt: skip


class EnterBody(BaseModel):
    """The body of `POST /session`; may be absent."""

    ticket: str = Field("", max_length=64)
    memory: str = Field("", max_length=64, description="the token of a private link")


class OfferBody(BaseModel):
    """The body of `POST /webrtc/offer`: an offer, or a late ICE candidate."""

    model_config = ConfigDict(extra="ignore")
    type: str = Field(max_length=20)
    webrtc_id: str = Field(max_length=64)
    sdp: str = ""
    candidate: dict[str, Any] | None = None


def build_routes(
    lobby: Lobby,
    settings: Settings,
    health: Callable[[], Json],
    page_folder: Path,
    samples_folder: Path,
    profiles: Profiles,
    kept: KeptMemories,
) -> list[BaseRoute]:
    """All routes of ours. `health` gives the body of `/healthz`."""
    guard = guarded(settings)
    ice = Ice(settings)
    webrtc = WebRtc(settings, ice) if settings.webrtc else None
    doors = _Doors(lobby, settings, ice, webrtc, kept)

    async def healthz(request: Request) -> Response:
        return reply(health())

    async def live(socket: WebSocket) -> None:
        await Live(socket, lobby, settings).run()

    def route(path: str, endpoint: Endpoint, method: str) -> Route:
        return Route(path, guard(endpoint), methods=[method])

    for suffix, kind in MIME_TYPES.items():
        mimetypes.add_type(kind, suffix)
    return [
        route("/session", doors.enter, "POST"),
        route("/session", doors.leave, "DELETE"),
        route("/webrtc/offer", doors.offer, "POST"),
        WebSocketRoute("/ws/live", live),
        route("/api/session/upload", doors.upload, "POST"),
        *archive_routes(settings, doors.owner, guard),
        *keep_routes(settings, kept, doors.owner, guard),
        *memory_routes(settings, doors.owner, guard),
        *day_routes(doors.owner, guard),
        *voice_routes(doors.owner, guard),
        Route("/api/session/profile", guard(profile_endpoint(settings, doors.owner, profiles)), methods=["POST"]),
        route("/healthz", healthz, "GET"),
        Mount("/page", _Files(page_folder, settings, "no-cache")),
        Mount("/samples", _Files(samples_folder, settings, "public, max-age=3600")),
    ]


class _Doors:
    """The endpoints that let visitors in and out."""

    def __init__(self, lobby: Lobby, settings: Settings, ice: Ice, webrtc: WebRtc | None, kept: KeptMemories) -> None:
        self._lobby = lobby
        self._settings = settings
        self._ice = ice
        self._webrtc = webrtc
        self._kept = kept
        self._guesses = RateLimit(LINKS_EACH, LINKS_TOGETHER, 60.0, time.monotonic)

    def owner(self, request: Request) -> Visit:
        """The visit that the request's token belongs to. Raises ApiError 401."""
        visit = self._bearer(request)
        if visit is None:
            raise ApiError(
                401, "unknown_session", "This session is over, or never was.", "Reload the page.",
                {"WWW-Authenticate": "Bearer"},
            )  # fmt: skip
        return visit

    def _bearer(self, request: Request) -> Visit | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return self._lobby.find(token.strip()) if scheme.lower() == "bearer" and token else None

    async def enter(self, request: Request) -> Response:
        """`POST /session`: go on with the visit of the token, or begin one, or wait."""
        visit = self._bearer(request)
        body = await _body(request, EnterBody)
        peer = request.client.host if request.client else ""
        address = client_address(request.headers, peer, self._settings)
        memory = await self._linked(body.memory, address) if body.memory else None
        if visit is None or memory not in (None, visit.session.folder):
            found = await self._lobby.enter(body.ticket, address, memory)
            if isinstance(found, Waiting):
                raise ApiError(
                    503, "waiting", found.message, "Keep this page open.", {"Retry-After": str(POLL_S)},
                    ticket=found.ticket, position=found.position, wait_s=found.wait_s, retry_after_s=POLL_S,
                )  # fmt: skip
            visit = found
            if memory is not None:  # a visit that is killed does not tell its end
                await asyncio.to_thread(self._kept.prolong, memory)
        found_ice = await self._ice.servers()
        if found_ice.notice and not visit.no_turn_told and self._webrtc is not None:
            visit.no_turn_told = True
            visit.session.announce(found_ice.notice)
        return reply({
            "token": visit.token,
            "webrtc_id": visit.issue_webrtc_id() if self._webrtc else "",
            "ice_servers": list(found_ice.servers) if self._webrtc else [],
            "turn": found_ice.relayed,
            "transports": ["webrtc", "websocket"] if self._webrtc else ["websocket"],
            "public": self._settings.public,
        })  # fmt: skip

    async def _linked(self, token: str, address: str) -> Path:
        """The folder that a private link leads to."""
        if not self._guesses.admit(address):
            raise InputError("too_many_requests", "Too many links were tried in a short time.", "Wait for a minute.")
        folder = await asyncio.to_thread(self._kept.find, token)
        if folder is None:
            raise ApiError(
                404, "no_memory", "This link leads to no memory: it was taken back, or it has expired.",
                "Open the page without it to begin anew.",
            )  # fmt: skip
        self._guesses.forgive(address)
        return folder

    async def leave(self, request: Request) -> Response:
        """`DELETE /session`: the visitor is done."""
        await self._lobby.leave(self.owner(request), "left")
        return Response(status_code=204)

    async def offer(self, request: Request) -> Response:
        """`POST /webrtc/offer`."""
        visit = self.owner(request)
        if self._webrtc is None:
            raise ApiError(404, "no_webrtc", "WebRTC is turned off on this server.", "Use the WebSocket.")
        body = await _body(request, OfferBody)
        if body.type == "ice-candidate":
            taken = await self._webrtc.candidate(visit, body.webrtc_id, body.candidate or {})
            return reply({"status": "success" if taken else "ignored"})
        try:
            return reply(await self._webrtc.offer(visit, body.webrtc_id, body.sdp))
        except OfferRefused as error:
            status = 503 if error.code == "no_room" else 400
            raise ApiError(status, error.code, str(error), "The WebSocket carries everything as well.") from error

    async def upload(self, request: Request) -> Response:
        """`POST /api/session/upload`."""
        visit = self.owner(request)
        path, name = await receive_upload(request, visit.folder, self._settings.upload_limit_mb * 1_000_000)
        return reply({"name": name, "id": visit.sources.add_upload(path, name)})


async def _body(request: Request, model: type[Any]) -> Any:
    """The request's JSON as `model`. Raises ApiError when it is too long or something else."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_BODY_BYTES:
            raise ApiError(413, "too_large", "The request is too large.")
    try:
        return model.model_validate_json(bytes(data) or b"{}")
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ApiError(400, "bad_request", f"The request was not understood ({place}: {first['msg']}).") from error


class _Files(StaticFiles):
    """Files of the page and the samples: byte ranges, right types, no listings, only for our own page."""

    def __init__(self, folder: Path, settings: Settings, cache: str) -> None:
        super().__init__(directory=folder, check_dir=False)
        self._settings = settings
        self._cache = cache

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not origin_allowed(Request(scope).headers, self._settings):
            await reply(FOREIGN.body, FOREIGN.status)(scope, receive, send)
            return
        await super().__call__(scope, receive, send)

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = self._cache
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
