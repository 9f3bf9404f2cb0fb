from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pytest
from starlette.applications import Starlette

from omnilive_demo.speech.visitor_voice import RecordingError


@pytest.fixture
async def web(make_app):
    """Our routes without a network, and a visitor whose session notes what is lent."""
    app = make_app()
    transport = httpx.ASGITransport(Starlette(routes=app.routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:7860") as app.http:
        session = await app.enter()
        app.mine = {"Authorization": f"Bearer {session['token']}"}
        app.lent = []

        async def lend(samples: np.ndarray, rate_hz: int, language: str, consent: bool) -> float:
            app.lent.append((samples, rate_hz, language, consent))
            if not consent:
                raise RecordingError("no_consent", "Tick the box, then record.")
            return samples.size / rate_hz

        app.sessions[0].lending = SimpleNamespace(
            lend=lend, take_back=lambda: app.lent.append("taken back"), seconds=6.94, in_use=True
        )
        yield app
    await app.lobby.close()


async def send(web: Any, query: str, body: bytes) -> httpx.Response:
    answer: httpx.Response = await web.http.post(f"/api/session/voice?{query}", headers=web.mine, content=body)
    return answer


async def test_a_recording_reaches_the_session_and_no_file(web: Any, tmp_path: Path) -> None:
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    sound = (np.sin(np.arange(96_000) / 20) * 20_000).astype("<i2")
    answer = await send(web, "rate_hz=48000&language=zh&consent=true", sound.tobytes())
    assert (answer.status_code, answer.json()) == (200, {"seconds": 2.0})
    samples, rate_hz, language, consent = web.lent[0]
    assert (rate_hz, language, consent) == (48_000, "zh", True)
    assert samples.dtype == np.float32
    assert np.abs(samples * 32768 - sound).max() < 1
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == before
    assert (await web.http.delete("/api/session/voice", headers=web.mine)).status_code == 204
    assert web.lent[1] == "taken back"


async def test_a_page_that_was_loaded_anew_learns_what_is_kept(web: Any) -> None:
    answer = await web.http.get("/api/session/voice", headers=web.mine)
    assert (answer.status_code, answer.json()) == (200, {"seconds": 6.9, "in_use": True})
    assert (await web.http.get("/api/session/voice")).status_code == 401


async def test_consent_is_said_and_never_supposed(web: Any) -> None:
    for query in ("rate_hz=48000", "rate_hz=48000&consent=", "rate_hz=48000&consent=1"):
        answer = await send(web, query, bytes(100))
        assert (answer.status_code, answer.json()["code"]) == (400, "no_consent")


async def test_what_is_no_recording_is_told(web: Any) -> None:
    for query in ("consent=true", "consent=true&rate_hz=abc", "consent=true&rate_hz=100"):
        assert (await send(web, query, bytes(100))).json()["code"] == "unreadable"
    answer = await send(web, "consent=true&rate_hz=48000", bytes(4_000_000))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_long")
    assert (await web.http.post("/api/session/voice?rate_hz=48000", content=b"")).status_code == 401
    assert (await web.http.delete("/api/session/voice")).status_code == 401
    assert web.lent == []
