"""ICE servers: how browser and server find a way to each other.

Own TURN servers come from the settings. On a public server with a hub token, short-lived credentials are asked for,
in a thread, with a time limit, and kept for a few minutes. Without either: nothing on a private server (it is reached
directly, and must not wait for the internet), and plain STUN where strangers come from afar. Failure to get TURN is a
notice for the page and never an error: the WebSocket always works.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastrtc import get_cloudflare_turn_credentials

from omnilive_demo.config import Settings
from omnilive_demo.events import Json, Notice

log = logging.getLogger(__name__)

FETCH_TIMEOUT_S = 4.0
CREDENTIALS_S = 600  # how long fetched credentials are good for
KEEP_S = 240.0  # after this long new ones are fetched
RETRY_S = 60.0  # after a failure
STUN: Json = {"urls": ["stun:stun.l.google.com:19302"]}

NO_TURN = Notice(
    "no_turn",
    "No relay server (TURN) is available, so a direct connection may fail.",
    "The page then carries picture and sound over a WebSocket by itself.",
)


@dataclass(frozen=True, slots=True)
class IceServers:
    """What both ends use. `relayed`: a TURN server is among them."""

    servers: tuple[Json, ...] = ()
    relayed: bool = False
    notice: Notice | None = None


class Ice:
    """Finds the ICE servers to use now.

    Args:
        fetch: gets credentials for a hub token; blocks.
        now: seconds of a monotonic clock.
    """

    def __init__(
        self,
        settings: Settings,
        fetch: Callable[[str], Any] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._fetch = fetch or _fetch_credentials
        self._now = now
        self._kept: IceServers | None = None
        self._good_until_s = 0.0
        self._lock = asyncio.Lock()

    async def servers(self) -> IceServers:
        """The servers in force. Never raises, and takes `FETCH_TIMEOUT_S` at most."""
        settings = self._settings
        if settings.turn_urls:
            own: Json = {
                "urls": list(settings.turn_urls),
                "username": settings.turn_username,
                "credential": settings.turn_credential.get_secret_value(),
            }
            return IceServers((own,), relayed=True)
        if not settings.public:
            return IceServers()
        if not settings.hf_token.get_secret_value():
            far = settings.on_space or settings.share
            return IceServers((STUN,) if far else (), notice=NO_TURN if far else None)
        async with self._lock:
            if self._kept is None or self._now() >= self._good_until_s:
                self._kept = await self._ask()
                self._good_until_s = self._now() + (KEEP_S if self._kept.relayed else RETRY_S)
            return self._kept

    async def _ask(self) -> IceServers:
        token = self._settings.hf_token.get_secret_value()
        try:
            answer = await asyncio.wait_for(asyncio.to_thread(self._fetch, token), FETCH_TIMEOUT_S)
            return IceServers(tuple(_ice_servers(answer)), relayed=True)
        except Exception as error:
            log.warning("no TURN credentials: %s", type(error).__name__, exc_info=log.isEnabledFor(logging.DEBUG))
            return IceServers((STUN,), notice=NO_TURN)


def for_server(found: IceServers) -> Json:
    """The same for our own end, which uses only the first TURN address: TCP 443 gets through most firewalls."""
    servers = []
    for server in found.servers:
        urls = server["urls"] if isinstance(server["urls"], list) else [server["urls"]]
        servers.append({**server, "urls": sorted(urls, key=lambda url: ":443" not in url)})
    return {"iceServers": servers}


def _fetch_credentials(token: str) -> Any:
    fetch: Callable[..., Any] = get_cloudflare_turn_credentials
    return fetch(hf_token=token, ttl=CREDENTIALS_S)


def _ice_servers(answer: Any) -> list[Json]:
    """Read what the credential service sent. Raises ValueError when there is no TURN server in it."""
    servers = answer.get("iceServers") if isinstance(answer, dict) else None
    servers = [servers] if isinstance(servers, dict) else servers
    if not isinstance(servers, list):
        raise ValueError("no iceServers in the answer")
    good = [
        {key: server[key] for key in ("urls", "username", "credential") if key in server}
        for server in servers
        if isinstance(server, dict) and isinstance(server.get("urls"), str | list)
    ]
    if not any("turn" in str(server["urls"]) for server in good):
        raise ValueError("no TURN server in the answer")
    return good
