"""The operator of a private server chooses another profile on the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from omnilive_demo.config import Settings
from omnilive_demo.models.profiles import ProfileError
from omnilive_demo.transport.replies import ApiError, Endpoint, reply
from omnilive_demo.transport.visit import Visit


class Profiles(Protocol):
    """Changes what runs."""

    def check(self, profile: str) -> None:
        """Raises ProfileError when there is no such profile."""
        ...

    def change(self, profile: str) -> None:
        """Begin to change over; what comes of it is told to every page."""
        ...


def profile_endpoint(settings: Settings, owner: Callable[[Request], Visit], profiles: Profiles) -> Endpoint:
    """`POST /api/session/profile?name=`: 202, and the models change over one by one."""

    async def change(request: Request) -> Response:
        owner(request)
        if settings.public:
            raise ApiError(403, "operator_only", "Only the operator of this server chooses what runs here.")
        name = request.query_params.get("name", "")
        try:
            profiles.check(name)
        except ProfileError as error:
            raise ApiError(400, "unknown_profile", str(error)) from error
        profiles.change(name)
        return reply({"profile": name}, 202)

    return change
