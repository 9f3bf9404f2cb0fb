from __future__ import annotations

import io
from typing import Any

import httpx
import pytest
from PIL import Image

from omnilive_demo.transport import uploads as uploads_module


@pytest.fixture
async def web(make_app):
    """Our routes without a network, and a visitor's headers."""
    app = make_app(upload_limit_mb=1, seats=2)
    from starlette.applications import Starlette

    transport = httpx.ASGITransport(Starlette(routes=app.routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:7860") as app.http:
        session = await app.enter()
        app.mine = {"Authorization": f"Bearer {session['token']}"}
        yield app
    await app.lobby.close()


async def get(web: Any, path: str, **options: Any) -> httpx.Response:
    headers = {**web.mine, **options.pop("headers", {})}
    return await web.http.get(path, headers=headers, **options)


async def test_a_session_says_how_to_connect_and_is_resumed_by_its_token(web: Any) -> None:
    first = (await web.http.post("/session", headers=web.mine)).json()
    again = (await web.http.post("/session", headers=web.mine)).json()
    assert set(first) == {"token", "webrtc_id", "ice_servers", "turn", "transports", "public"}
    assert (first["transports"], first["ice_servers"], first["public"]) == (["webrtc", "websocket"], [], False)
    assert again["token"] == first["token"]
    assert again["webrtc_id"] != first["webrtc_id"]
    assert len(web.sessions) == 1


async def test_without_a_seat_the_answer_is_a_place_in_the_line(web: Any) -> None:
    await web.enter()
    answer = await web.http.post("/session")
    body = answer.json()
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "3"
    assert (body["code"], body["position"]) == ("waiting", 1)
    assert "This page goes on by itself." in body["message"]
    again = (await web.http.post("/session", json={"ticket": body["ticket"]})).json()
    assert (again["ticket"], again["position"]) == (body["ticket"], 1)
    await web.http.delete("/session", headers=web.mine)
    assert (await web.http.post("/session", json={"ticket": body["ticket"]})).status_code == 200


async def test_a_token_of_the_past_begins_a_new_session(web: Any) -> None:
    answer = await web.http.post("/session", headers={"Authorization": "Bearer long-gone"})
    assert answer.status_code == 200
    assert len(web.sessions) == 2


PRIVATE = [
    "clips",
    "clips/1",
    "clips/1/frames/0",
    "view",
    "search?q=keys",
    "export",
    "days",
    "days/2023-11-14",
    "timeline",
]


@pytest.mark.parametrize("path", PRIVATE)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic abc"}])
async def test_everything_private_needs_the_token(web: Any, path: str, headers: dict[str, str]) -> None:
    answer = await web.http.get(f"/api/session/{path}", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["code"] == "unknown_session"


@pytest.mark.parametrize(
    "path", [*(f"/api/session/{p}" for p in PRIVATE), "/healthz", "/page/app.js", "/samples/kitchen.mp4"]
)
async def test_a_foreign_page_gets_nothing(web: Any, path: str) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": "rebound.example"}):
        answer = await get(web, path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")
    ours = await get(web, path, headers={"Origin": "http://localhost:7860"})
    assert ours.status_code < 300


@pytest.mark.parametrize("path", PRIVATE)
async def test_private_answers_are_not_stored(web: Any, path: str) -> None:
    web.sessions[0].see(1.0)
    answer = await get(web, f"/api/session/{path}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, no-store"


async def test_a_clip_tells_its_pictures_words_and_sounds(web: Any) -> None:
    clip = (await get(web, "/api/session/clips/1")).json()
    assert (clip["id"], clip["start_s"], clip["labels"][0]) == (1, 16.0, {"text": "red", "score": 0.9})
    assert [words["text"] for words in clip["spoken"]] == ["where are my keys"]
    assert clip["sounds"] == []
    picture = await get(web, "/" + clip["key_frames"][1]["path"])
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.headers["x-frame-time"] == "24.000"
    assert Image.open(io.BytesIO(picture.content)).size == (64, 48)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [("clips/77", 404, "no_clip"), ("clips/1/frames/9", 404, "no_frame"), ("clips?first=x", 400, "bad_number"),
     ("search?q=%20", 400, "empty_search"), ("search?q=" + "a" * 1001, 400, "search_too_long"),
     ("view?since=soon", 400, "bad_number"), ("search?q=a&limit=-3", 400, "bad_number")],
)  # fmt: skip
async def test_what_is_not_there_is_said_in_words(web: Any, path: str, status: int, code: str) -> None:
    web.sessions[0].see(1.0)
    answer = await get(web, f"/api/session/{path}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["message"]


async def test_ranges_search_and_export(web: Any) -> None:
    ranged = (await get(web, "/api/session/clips?first=1&last=1")).json()
    assert [clip["id"] for clip in ranged["clips"]] == [1]
    found = (await get(web, "/api/session/search", params={"q": "my <b>keys</b>"})).json()
    assert found["evidence"][0]["clip_id"] == 1
    assert found["looked_at_clips"] == 3
    export = await get(web, "/api/session/export")
    assert "attachment" in export.headers["content-disposition"]
    assert len(export.json()["clips"]) == 3


async def test_the_newest_view_is_sent_only_when_it_is_newer(web: Any) -> None:
    assert (await get(web, "/api/session/view")).status_code == 204
    web.sessions[0].see(12.3456)
    fresh = await get(web, "/api/session/view")
    assert fresh.status_code == 200
    assert fresh.headers["x-frame-time"] == "12.346"
    assert (await get(web, "/api/session/view?since=12.346")).status_code == 204
    assert (await get(web, "/api/session/view?since=11")).status_code == 200


async def test_forgetting_over_http(web: Any) -> None:
    answer = await web.http.post("/api/session/forget", headers=web.mine, json={"from_s": 1, "to_s": 2})
    assert answer.json()["memory"]["clips"] == 3
    assert web.sessions[0].calls == [("forget", 1.0, 2.0)]
    bad = await web.http.post("/api/session/forget", headers=web.mine, json={"from_s": -1})
    assert (bad.status_code, bad.json()["code"]) == (400, "bad_range")


async def test_an_upload_lands_in_the_visits_own_folder(web: Any) -> None:
    data = bytes(range(256)) * 2000
    bare = await web.http.post("/api/session/upload?name=../../etc/My%20film.mp4", headers=web.mine, content=data)
    assert bare.json() == {"name": "My film.mp4", "id": "u1"}
    path, _ = web.sources[0].uploads["u1"]
    assert path.read_bytes() == data
    assert path.parent == web.visit.folder
    form = await web.http.post("/api/session/upload", headers=web.mine, files={"file": ("b.mp4", data)})
    assert form.json()["name"] == "b.mp4"
    assert web.sources[0].uploads["u1"][0].read_bytes() == data


async def test_uploads_that_cannot_be_taken_leave_nothing_behind(web: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def upload(content: Any, **headers: str) -> tuple[int, str]:
        answer = await web.http.post("/api/session/upload?name=x", headers={**web.mine, **headers}, content=content)
        return answer.status_code, answer.json()["code"]

    async def endless():
        for _ in range(40):
            yield b"x" * 100_000

    assert await upload(b"x" * 1_200_000) == (413, "upload_too_large")
    assert await upload(endless()) == (413, "upload_too_large")
    assert await upload(b"") == (400, "upload_empty")
    form = {"Content-Type": "multipart/form-data; boundary=b"}
    assert await upload(b"--b--\r\n", **form) == (400, "upload_no_file")

    async def full(chunks: Any, file: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(uploads_module, "_store", full)
    assert await upload(b"abc") == (507, "disk_full")
    assert list(web.visit.folder.iterdir()) == []
    assert web.sources[0].uploads == {}


async def test_files_come_with_ranges_types_and_no_listing(web: Any) -> None:
    part = await web.http.get("/samples/kitchen.mp4", headers={"Range": "bytes=256-511"})
    assert part.status_code == 206
    assert part.content == bytes(range(256))
    assert part.headers["content-range"] == "bytes 256-511/10240"
    assert part.headers["content-type"] == "video/mp4"
    script = await web.http.get("/page/app.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["x-content-type-options"] == "nosniff"
    for path in ("/page/", "/samples/", "/page/../../secret", "/page/%2e%2e/%2e%2e/secret"):
        assert (await web.http.get(path)).status_code == 404


async def test_requests_that_make_no_sense_get_a_sentence(web: Any) -> None:
    for content in (b"[", b'{"ticket": 7}', b'{"ticket": "' + b"x" * 100 + b'"}'):
        answer = await web.http.post("/session", content=content)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    answer = await web.http.post("/session", content=b"x" * 200_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_a_fault_of_ours_is_a_sentence_and_not_a_trace(web: Any) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("secret detail")

    web.sessions[0].memory.search = broken
    answer = await get(web, "/api/session/search?q=a")
    assert answer.status_code == 500
    assert "secret" not in answer.text


async def test_webrtc_can_be_turned_off(make_app) -> None:
    from starlette.applications import Starlette

    app = make_app(webrtc=False)
    transport = httpx.ASGITransport(Starlette(routes=app.routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as app.http:
        session = await app.enter()
        assert (session["transports"], session["webrtc_id"]) == (["websocket"], "")
        headers = {"Authorization": f"Bearer {session['token']}"}
        answer = await app.http.post("/webrtc/offer", json={"type": "offer", "webrtc_id": ""}, headers=headers)
        assert answer.json()["code"] == "no_webrtc"
    await app.lobby.close()


async def test_the_operator_of_a_private_server_chooses_the_profile(web: Any) -> None:
    token = (await web.enter())["token"]
    mine = {"Authorization": f"Bearer {token}"}
    assert (await web.http.post("/api/session/profile?name=lite")).status_code == 401
    answer = await web.http.post("/api/session/profile?name=lite", headers=mine)
    assert (answer.status_code, answer.json()) == (202, {"profile": "lite"})
    refused = await web.http.post("/api/session/profile?name=huge", headers=mine)
    assert (refused.status_code, refused.json()["code"]) == (400, "unknown_profile")
    assert web.wanted == ["lite"]
