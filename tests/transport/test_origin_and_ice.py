from __future__ import annotations

import threading
from typing import Any

import pytest

from omnilive_demo.clock import ManualTime
from omnilive_demo.config import Settings
from omnilive_demo.transport.ice import RETRY_S, Ice, for_server
from omnilive_demo.transport.origin import client_address, origin_allowed

LOCAL = Settings(host="127.0.0.1", share=False, space_id="")
OPEN = Settings(host="0.0.0.0", share=False, space_id="")
SPACE = Settings(host="0.0.0.0", share=False, space_id="me/omnilive", hf_token="")


@pytest.mark.parametrize(
    ("settings", "headers", "allowed"),
    [
        (LOCAL, {"host": "localhost:7860"}, True),
        (LOCAL, {"host": "127.0.0.1:7860", "origin": "http://127.0.0.1:7860"}, True),
        (LOCAL, {"host": "[::1]:7860", "origin": "http://[::1]:7860"}, True),
        (LOCAL, {"host": "localhost:7860", "origin": "http://localhost:7861"}, False),
        (LOCAL, {"host": "localhost:7860", "origin": "http://127.0.0.1:7860"}, False),
        (LOCAL, {"host": "rebound.example:7860", "origin": "http://rebound.example:7860"}, False),
        (LOCAL, {"host": "rebound.example"}, False),
        (LOCAL, {"host": "localhost", "origin": "http://evil.example", "x-forwarded-host": "evil.example"}, False),
        (LOCAL, {"origin": "http://localhost"}, False),
        (OPEN, {"host": "192.168.1.5:7860", "origin": "http://192.168.1.5:7860"}, True),
        (OPEN, {"host": "Demo.Example", "origin": "https://demo.example"}, True),
        (OPEN, {"host": "demo.example:443", "origin": "https://demo.example"}, True),
        (OPEN, {"host": "demo.example:80", "origin": "https://demo.example"}, False),
        (OPEN, {"host": "demo.example", "origin": "https://demo.example.evil"}, False),
        (OPEN, {"host": "demo.example", "origin": "null"}, False),
        (OPEN, {"host": "demo.example", "origin": ""}, False),
        (OPEN, {"host": "demo.example", "origin": "file://demo.example"}, False),
        (OPEN, {"host": "demo.example", "origin": "https://demo.example:bad"}, False),
        (OPEN, {"host": "10.0.0.1", "origin": "https://evil.example", "x-forwarded-host": "evil.example"}, False),
        (SPACE, {"host": "10.0.0.1:7860", "origin": "https://me.hf.space", "x-forwarded-host": "me.hf.space"}, True),
        (SPACE, {"host": "me.hf.space", "origin": "https://me.hf.space"}, True),
        (SPACE, {"host": "me.hf.space", "origin": "https://you.hf.space", "x-forwarded-host": "me.hf.space"}, False),
        (SPACE, {"host": "me.hf.space", "origin": "https://x", "x-forwarded-host": ""}, False),
    ],
)
def test_only_our_own_pages_may_talk_to_us(settings: Settings, headers: dict[str, str], allowed: bool) -> None:
    assert origin_allowed(headers, settings) is allowed


def test_visitors_are_told_apart_behind_a_proxy_by_what_the_proxy_wrote() -> None:
    forged = {"x-forwarded-for": "1.1.1.1, 7.7.7.7"}
    assert client_address(forged, "10.0.0.1", SPACE) == "7.7.7.7"
    assert client_address(forged, "10.0.0.1", OPEN) == "10.0.0.1"
    assert client_address({}, "10.0.0.1", SPACE) == "10.0.0.1"


TURN = {
    "iceServers": {
        "urls": ["turn:t.example:3478", "turns:t.example:443?transport=tcp"],
        "username": "u",
        "credential": "c",
    }
}


async def test_a_private_server_needs_no_ice_servers() -> None:
    found = await Ice(LOCAL, fetch=lambda token: pytest.fail("asked")).servers()
    assert (found.servers, found.relayed, found.notice) == ((), False, None)
    assert for_server(found) == {"iceServers": []}


async def test_own_turn_servers_are_used() -> None:
    settings = Settings(host="0.0.0.0", turn_urls="turn:a.example", turn_username="u", turn_credential="secret")
    found = await Ice(settings).servers()
    assert found.relayed
    assert found.servers[0] == {"urls": ["turn:a.example"], "username": "u", "credential": "secret"}


async def test_credentials_are_fetched_once_in_a_thread_and_our_own_end_prefers_port_443() -> None:
    threads = []

    def fetch(token: str) -> Any:
        threads.append((token, threading.current_thread() is threading.main_thread()))
        return TURN

    ice = Ice(Settings(host="0.0.0.0", hf_token="hf_x"), fetch, ManualTime())
    found = await ice.servers()
    assert (await ice.servers()) is found
    assert threads == [("hf_x", False)]
    assert found.relayed
    assert for_server(found)["iceServers"][0]["urls"][0] == "turns:t.example:443?transport=tcp"


@pytest.mark.parametrize(
    "answer", [RuntimeError("down"), {}, {"iceServers": []}, {"iceServers": "x"}, "text", {"error": 1}]
)
async def test_no_credentials_are_a_notice_and_asked_for_again_later(answer: Any) -> None:
    asked = []

    def fetch(token: str) -> Any:
        asked.append(token)
        if isinstance(answer, Exception):
            raise answer
        return answer

    time = ManualTime()
    ice = Ice(Settings(host="0.0.0.0", hf_token="hf_x"), fetch, time)
    found = await ice.servers()
    assert not found.relayed
    assert found.notice is not None
    assert found.notice.code == "no_turn"
    await ice.servers()
    assert len(asked) == 1
    time.advance(RETRY_S + 1)
    await ice.servers()
    assert len(asked) == 2
