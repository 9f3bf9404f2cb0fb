"""Days, hours and stretches of a memory over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from prepared_memory import clip, opened
from starlette.applications import Starlette

from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.models.text_encoder import MiniLM
from omnilive_demo.records import Heard, Spoken

DAY_S = 86_400.0
MIDNIGHT_S = 20_000 * DAY_S  # of 2024-10-04
NOON_S = 12 * 3600.0


@pytest.fixture
async def web(make_app: Callable[..., Any], tmp_path: Path) -> AsyncIterator[Any]:
    """A visitor whose memory holds the noon of one day and the morning of the next."""
    words = MiniLM()
    memory = opened(tmp_path / "m", MIDNIGHT_S, words)
    for i in range(6):
        memory.adopt(clip(NOON_S + 16.0 * i, NOON_S + 16.0 * i + 15.0, "mug", caption=f"Clip {i}."), True)
    memory.adopt(clip(DAY_S + 9 * 3600.0, DAY_S + 9 * 3600.0 + 15.0, "book"), True)
    memory.add_spoken(Spoken(1, NOON_S + 20.0, NOON_S + 22.0, "the keys are here", "visitor", False))
    memory.add_heard(Heard(NOON_S + 70.0, NOON_S + 71.0, "bell", 0.9))
    app = make_app()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(Starlette(routes=app.routes)), base_url="http://localhost:7860"
    ) as app.http:
        token = (await app.enter())["token"]
        app.http.headers["Authorization"] = f"Bearer {token}"
        app.sessions[0].memory = memory
        yield app
    await app.lobby.close()
    memory.close()


async def got(web: Any, path: str) -> Any:
    answer = await web.http.get(f"/api/session/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_days_have_facts_a_sentence_and_a_picture(web: Any) -> None:
    told = await got(web, "days")
    assert (told["more"], told["local"]) == (False, True)
    first, second = told["days"]
    assert (first["date"], first["hour"], first["clips"], first["utterances"]) == ("2024-10-04", None, 6, 1)
    assert first["summary"] == "2 minutes remembered; mostly a mug; heard a bell once; 1 thing said or typed."
    assert first["parts"] == [
        {"start_s": NOON_S, "end_s": NOON_S + 95.0, "local_s": MIDNIGHT_S + NOON_S},
    ]
    assert all(day["thumbnail"].startswith("data:image/jpeg;base64,") for day in (first, second))
    memory = web.sessions[0].memory
    assert sum(day["bytes"] for day in told["days"]) + 2 * MiniLM().width + len("the keys are here") == (
        memory.figures().bytes
    )


async def test_older_days_are_asked_for(web: Any) -> None:
    newest = await got(web, "days?most=1")
    assert ([day["date"] for day in newest["days"]], newest["more"]) == (["2024-10-05"], True)
    older = await got(web, "days?most=1&before=2024-10-05")
    assert ([day["date"] for day in older["days"]], older["more"]) == (["2024-10-04"], False)


async def test_a_day_has_hours(web: Any) -> None:
    told = await got(web, "days/2024-10-04")
    assert [(hour["hour"], hour["clips"]) for hour in told["hours"]] == [(12, 6)]
    assert (await got(web, "days/2024-01-01"))["hours"] == []


async def test_a_stretch_is_told_in_pieces_with_its_words_and_sounds(web: Any) -> None:
    first = await got(web, f"timeline?from_s={NOON_S}&to_s={NOON_S + 3600}&most=4")
    assert ([one["caption"] for one in first["clips"]], first["more"]) == ([f"Clip {i}." for i in range(4)], True)
    assert first["captions"][0]["text"] == "the keys are here"
    assert (first["captions"][0]["utterance"], first["sounds"]) == (1, [])
    assert first["parts"] == [{"start_s": NOON_S, "end_s": NOON_S + 63.0, "local_s": MIDNIGHT_S + NOON_S}]
    assert set(first["clips"][0]) == {
        "id", "start_s", "end_s", "frames", "labels", "caption", "tokens_seen", "tokens_kept", "thumbnail", "open"
    }  # fmt: skip
    assert first["clips"][0]["thumbnail"].startswith("data:image/jpeg;base64,")
    rest = await got(web, f"timeline?from_s={first['clips'][-1]['end_s'] + 0.001}&to_s={NOON_S + 3600}&most=4")
    assert ([one["caption"] for one in rest["clips"]], rest["more"]) == (["Clip 4.", "Clip 5."], False)
    assert ([sound["label"] for sound in rest["sounds"]], rest["captions"]) == (["bell"], [])


async def test_a_clip_comes_amid_its_neighbours(web: Any) -> None:
    told = await got(web, "timeline?clip=4&most=3")
    assert [one["id"] for one in told["clips"]] == [3, 4, 5]
    answer = await web.http.get("/api/session/timeline?clip=99")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_clip")


async def test_what_is_forgotten_is_told_by_no_route(web: Any) -> None:
    memory: SessionMemory = web.sessions[0].memory
    memory.forget(NOON_S, NOON_S + 3600.0)
    assert [day["date"] for day in (await got(web, "days"))["days"]] == ["2024-10-05"]
    assert (await got(web, "days/2024-10-04"))["hours"] == []
    told = await got(web, "timeline")
    assert ([one["id"] for one in told["clips"]], told["captions"], told["sounds"]) == ([7], [], [])


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("days?before=yesterday", "bad_day"),
        ("days/yesterday", "bad_day"),
        ("days?most=some", "bad_number"),
        ("days?offset_s=1e9", "bad_number"),
        ("timeline?from_s=nan", "bad_number"),
        ("timeline?to_s=soon", "bad_number"),
        ("timeline?clip=-1", "bad_number"),
    ],
)
async def test_what_makes_no_sense_gets_a_sentence(web: Any, path: str, code: str) -> None:
    answer = await web.http.get(f"/api/session/{path}")
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["message"].endswith(".")
