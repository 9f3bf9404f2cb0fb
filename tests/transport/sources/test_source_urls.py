from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from source_media import RATE_HZ, RecordingSession, make_movie, ramp
from source_servers import RtspServer, file, free_port, refusing_port, silence, status, web_server

from omnilive_demo.clock import SessionClock
from omnilive_demo.transport.sources.failure import SourceFailed
from omnilive_demo.transport.sources.inputs import UrlInput
from omnilive_demo.transport.sources.network import Network, RtspGuard
from omnilive_demo.transport.sources.player import Ending, Player
from omnilive_demo.transport.sources.urls import parse_url

MP4 = {"codecs": ("libx264", "aac")}


def player_for(
    address: str, session: RecordingSession, *, limit_s: float = 20.0, rate: float = 1.0, **network
) -> Player:
    public = network.pop("public", False)
    source = UrlInput(parse_url(address), Network(public, limit_s, **network))
    return Player(session, source, "url", "stream", rate, silence_limit_s=limit_s + 1)


async def play(address: str, **options) -> tuple[RecordingSession, Ending]:
    session = RecordingSession()
    return session, await player_for(address, session, **options).run()


async def failure_of(address: str, **options) -> SourceFailed:
    with pytest.raises(SourceFailed) as caught:
        await play(address, **options)
    assert not [thread for thread in threading.enumerate() if thread.name == "source-reader"]
    return caught.value


async def test_a_film_on_a_web_server_plays_whole_and_seeks_to_its_index(tmp_path):
    path = make_movie(tmp_path / "a.mkv", 3.0)
    mp4 = make_movie(tmp_path / "a.mp4", 3.0, size=(640, 480), fps=25, **MP4)
    async with web_server() as web:
        web.answers = {"/a.mkv": file(path), "/a.mp4": file(mp4)}
        session, _ = await play(web.url("/a.mkv"))
        assert np.array_equal(session.sound, ramp(3 * RATE_HZ))
        session, ending = await play(web.url("/a.mp4"))
        assert ending.position_s == pytest.approx(3.0, abs=0.1)
        assert len(session.frames) >= 12


async def test_a_server_without_ranges_serves_a_stream_that_needs_none(tmp_path):
    path = make_movie(tmp_path / "a.ts", 2.0, **MP4)
    async with web_server() as web:
        web.answers = {"/a.ts": file(path, ranges=False)}
        _session, ending = await play(web.url("/a.ts"))
        assert ending.position_s == pytest.approx(2.0, abs=0.2)


def make_hls(folder, seconds=4.0) -> None:
    options = {"hls_time": "1", "hls_list_size": "0"}
    make_movie(folder / "live.m3u8", seconds, fps=20, options=options, **MP4)


async def test_hls_plays_through_all_its_segments(tmp_path):
    make_hls(tmp_path)
    async with web_server() as web:
        web.answers = {f"/{path.name}": file(path) for path in tmp_path.iterdir()}
        session, ending = await play(web.url("/live.m3u8"))
        assert ending.position_s == pytest.approx(4.0, abs=0.2)
        assert len({path for path, _ in web.asked}) == 5
        assert len(session.frames) >= 16


@pytest.mark.parametrize(
    "entry",
    [
        "file:///etc/hostname",
        "/etc/passwd#.ts",
        "concat:a.ts|b.ts",
        "data:video/mp2t;base64,R0A=",
        "rtmp://127.0.0.1/x/y",
    ],
)
async def test_a_playlist_that_points_elsewhere_gets_nothing(tmp_path, entry):
    text = f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{entry}\n#EXT-X-ENDLIST\n"
    (tmp_path / "evil.m3u8").write_text(text)
    async with web_server() as web:
        web.answers = {"/evil.m3u8": file(tmp_path / "evil.m3u8")}
        assert (await failure_of(web.url("/evil.m3u8"))).code in (
            "source_protocol",
            "source_not_media",
            "source_not_found",
        )


async def test_a_public_server_does_not_follow_a_playlist_or_a_redirect_into_its_own_network(tmp_path):
    async with web_server() as inner, web_server() as web:
        inner.answers = {"/secret.ts": file(make_movie(tmp_path / "a.ts", 1.0, **MP4))}
        text = f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{inner.url('/secret.ts')}\n#EXT-X-ENDLIST\n"
        (tmp_path / "evil.m3u8").write_text(text)
        web.answers = {
            "/evil.m3u8": file(tmp_path / "evil.m3u8"),
            "/moved": status("302 Found", f"Location: {inner.url('/secret.ts')}"),
            "/file": status("301 Moved", "Location: file:///etc/passwd"),
        }
        for path in ("/evil.m3u8", "/moved", "/file"):
            source = UrlInput(
                parse_url(f"http://stream.example:{web.port}{path}"), OpenInternet(True, 2.0, lambda h, p: [OUTSIDE])
            )
            with pytest.raises(SourceFailed) as caught:
                await Player(RecordingSession(), source, "url", "stream").run()
            assert caught.value.code == ("source_protocol" if path == "/file" else "source_private")
        assert inner.asked == []
        assert len(web.asked) == 3


OUTSIDE = "8.8.8.8"


class OpenInternet(Network):
    """An internet in which the one address outside is answered by loopback."""

    def _reach(self, address, port, deadline_s):
        assert address == OUTSIDE
        return super()._reach("127.0.0.1", port, deadline_s)


async def test_passwords_do_not_travel_to_another_server(tmp_path):
    path = make_movie(tmp_path / "a.ts", 1.0, **MP4)
    async with web_server() as web, web_server() as other:
        other.answers = {"/a.ts": file(path)}
        web.answers = {
            "/here": status("302 Found", "Location: /there"),
            "/there": status("302 Found", f"Location: {other.url('/a.ts')}"),
        }
        await play(web.url("/here", account="bob:secret@"))
        assert [headers.get("authorization") for _, headers in web.asked] == ["Basic Ym9iOnNlY3JldA=="] * 2
        assert "authorization" not in other.asked[0][1]


async def test_an_address_that_leads_round_in_circles_is_given_up():
    async with web_server() as web:
        web.answers = {"/a": status("302 Found", "Location: /a")}
        assert (await failure_of(web.url("/a"))).code == "source_redirect"
        assert len(web.asked) == 6


@pytest.mark.parametrize(
    ("line", "code"),
    [("404 Not Found", "source_not_found"), ("403 Forbidden", "source_unauthorized"), ("500 Oops", "source_http")],
)
async def test_http_errors_have_their_sentences(line, code):
    async with web_server() as web:
        web.answers = {"/a": status(line)}
        failure = await failure_of(web.url("/a"))
        assert failure.code == code
        assert line[:3] in str(failure)


async def test_a_server_that_never_answers_is_given_up_at_the_limit():
    async with web_server() as web:
        web.answers = {"/a": silence}
        loop = asyncio.get_running_loop()
        began = loop.time()
        failure = await failure_of(web.url("/a"), limit_s=0.5)
        assert failure.code == "source_stalled"
        assert "0.5 seconds" in str(failure)
        assert loop.time() - began < 1.5


async def test_a_server_that_stops_midway_is_given_up_after_what_it_sent(tmp_path):
    path = make_movie(tmp_path / "a.ts", 8.0, **MP4)
    async with web_server() as web:
        web.answers = {"/a.ts": file(path, ranges=False, stop_after=path.stat().st_size * 3 // 4)}
        session = RecordingSession()
        with pytest.raises(SourceFailed) as caught:
            await player_for(web.url("/a.ts"), session, limit_s=0.5).run()
        assert caught.value.code == "source_stalled"
        assert session.frames
        assert session.blocks


async def test_a_connection_that_is_cut_midway_is_told(tmp_path):
    path = make_movie(tmp_path / "a.ts", 8.0, **MP4)
    async with web_server() as web:
        web.answers = {"/a.ts": file(path, ranges=False, stop_after=path.stat().st_size * 3 // 4, then="cut")}
        session = RecordingSession()
        with pytest.raises(SourceFailed) as caught:
            await player_for(web.url("/a.ts"), session).run()
        assert caught.value.code == "source_cut"
        assert session.frames


@pytest.mark.parametrize("scheme", ["http", "rtmp", "rtsp"])
async def test_a_refused_connection_and_an_unknown_host_have_their_sentences(scheme):
    def nothing(host, port):
        raise socket.gaierror(socket.EAI_NONAME, "no")

    with refusing_port() as port:
        assert (await failure_of(f"{scheme}://127.0.0.1:{port}/live/x")).code == "source_refused"
    assert (await failure_of(f"{scheme}://nowhere.example/live/x", resolve=nothing)).code == "source_unknown_host"
    failure = await failure_of(f"{scheme}://printer.example/x", public=True, resolve=lambda h, p: ["10.0.0.9"])
    assert failure.code == "source_private"


@pytest.mark.parametrize("scheme", ["http", "https", "rtmp", "rtmps", "rtsp", "rtsps"])
async def test_stopping_while_a_server_is_silent_takes_less_than_a_second(scheme):
    held = []

    async def hold(reader, writer):
        held.append(writer)
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await reader.read(-1)
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    task = asyncio.create_task(player_for(f"{scheme}://127.0.0.1:{port}/live/x", RecordingSession(), limit_s=30).run())
    while not held:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    loop = asyncio.get_running_loop()
    began = loop.time()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert loop.time() - began < 1.0
    for _ in range(100):
        if not (left := [thread for thread in threading.enumerate() if thread.name.startswith("source-")]):
            break
        await asyncio.sleep(0.01)
    assert not left
    server.close()


async def test_an_rtsp_stream_plays_over_one_connection():
    rtsp = RtspServer()
    server = await asyncio.start_server(rtsp.serve, "127.0.0.1", 0)
    session = RecordingSession(SessionClock())
    ending = await player_for(f"rtsp://127.0.0.1:{server.sockets[0].getsockname()[1]}/cam", session).run()
    server.close()
    assert rtsp.methods[:2] == ["OPTIONS", "DESCRIBE"]
    assert "PLAY" in rtsp.methods
    assert ending.position_s == pytest.approx(2.0, abs=0.2)
    assert int(np.abs(np.fft.rfft(session.sound[:16_000].astype(float), 16_000)).argmax()) == 440


@pytest.mark.parametrize(
    ("line", "extra", "code"),
    [
        ("302 Moved", "Location: rtsp://127.0.0.1:1/x\r\n", "source_redirect"),
        ("404 Not Found", "", "source_not_found"),
        ("401 Unauthorized", "", "source_unauthorized"),
    ],
)
async def test_what_an_rtsp_server_refuses_has_its_sentence(line, extra, code):
    server = await asyncio.start_server(RtspServer(line, extra).serve, "127.0.0.1", 0)
    failure = await failure_of(f"rtsp://127.0.0.1:{server.sockets[0].getsockname()[1]}/cam")
    server.close()
    assert failure.code == code


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="FFmpeg's program is the RTMP server here")
async def test_an_rtmp_stream_plays(tmp_path):
    address = f"rtmp://127.0.0.1:{free_port()}/live/x"
    movie = make_movie(tmp_path / "a.mp4", 3.0, **MP4)
    command = f"ffmpeg -v error -re -i {movie} -c copy -f flv -listen 1 {address}"
    server = await asyncio.create_subprocess_exec(*command.split(), stderr=asyncio.subprocess.DEVNULL)
    session = RecordingSession(SessionClock())
    for _ in range(100):
        with pytest.raises(SourceFailed) as caught:  # this server ends by hanging up
            await player_for(address, session).run()
        if caught.value.code != "source_refused":  # it is listening now
            break
        await asyncio.sleep(0.05)
    await server.wait()
    assert caught.value.code == "source_cut"
    assert len(session.sound) > 2.5 * RATE_HZ
    assert len(session.frames) >= 10


@given(st.lists(st.binary(max_size=300), max_size=8), st.integers(1, 64))
def test_the_rtsp_guard_finds_a_redirect_behind_any_media_and_in_any_pieces(payloads, step):
    data = b"RTSP/1.0 200 OK\r\nContent-Length: 20\r\n\r\nRTSP/1.0 302 not one"
    data += b"".join(b"$\x00" + len(part).to_bytes(2) + part for part in payloads)
    guard = RtspGuard()
    for at in range(0, len(data), step):
        guard.feed(data[at : at + step])
    with pytest.raises(SourceFailed):
        guard.feed(b"RTSP/1.0 302 Moved\r\nLocation: rtsp://10.0.0.1/\r\n\r\n")
