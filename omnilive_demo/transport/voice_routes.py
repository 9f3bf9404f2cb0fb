"""A visitor lends a voice for this visit, asks whether one is lent, or takes it back. It is kept in memory only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from omnilive_demo.speech.visitor_voice import LONGEST_S, RecordingError
from omnilive_demo.transport.replies import ApiError, Endpoint, Owner, reply

MOST_RATE_HZ = 96_000
MOST_BYTES = int(3 * LONGEST_S * 48_000 * 2)


def voice_routes(owner: Owner, guard: Callable[[Endpoint], Endpoint]) -> list[Route]:
    """`GET`, `POST` and `DELETE /api/session/voice`. `owner` finds the visit of a request, or raises."""

    async def lend(request: Request) -> Response:
        """The body is 16-bit little-endian mono PCM; the query says `rate_hz`, `language` and `consent=true`."""
        visit = owner(request)
        rate = request.query_params.get("rate_hz", "")
        if not rate.isdecimal() or not 8_000 <= int(rate) <= MOST_RATE_HZ:
            raise ApiError(400, "unreadable", "The recording has no sample rate.", "Record it once more.")
        data = bytearray()
        async for chunk in request.stream():
            data += chunk
            if len(data) > MOST_BYTES:
                raise ApiError(413, "too_long", "The recording is too long.", "Read the sentence once.")
        samples = np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.float32) / np.float32(32768)
        agreed = request.query_params.get("consent") == "true"
        language = request.query_params.get("language", "en")
        try:
            taken_s = await visit.session.lending.lend(samples, int(rate), language, agreed)
        except RecordingError as error:
            raise ApiError(400, error.code, str(error)) from error
        return reply({"seconds": round(taken_s, 1)})

    async def lent(request: Request) -> Response:
        """How many seconds are kept (0: none), and whether answers are spoken in them; never the sound itself."""
        lending = owner(request).session.lending
        return reply({"seconds": round(lending.seconds, 1), "in_use": lending.in_use})

    async def take_back(request: Request) -> Response:
        owner(request).session.lending.take_back()
        return Response(status_code=204)

    return [
        Route("/api/session/voice", guard(lent), methods=["GET"]),
        Route("/api/session/voice", guard(lend), methods=["POST"]),
        Route("/api/session/voice", guard(take_back), methods=["DELETE"]),
    ]
