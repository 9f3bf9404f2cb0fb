from __future__ import annotations

import asyncio
import json
import threading

import numpy as np
import pytest
from source_media import RATE_HZ, InstantClock, RecordingSession, make_movie, ramp
from source_servers import file, silence, status, web_server

from omnilive_demo.clock import SessionClock
from omnilive_demo.config import Settings
from omnilive_demo.session import InputError
from omnilive_demo.transport import wire
from omnilive_demo.transport.sources.runner import SourceRunner


def choice(kind: str, **fields) -> wire.Source:
    return wire.Source(type="source", kind=kind, **fields)


@pytest.fixture
def session():
    return RecordingSession(InstantClock())


@pytest.fixture
def runner(session, tmp_path):
    samples = tmp_path / "samples"
    samples.mkdir()
    make_movie(samples / "kitchen.mkv", 2.0).rename(samples / "kitchen.mp4")
    listed = [{"name": "kitchen", "title": "A kitchen"}, {"name": "gone", "title": "Not there"}]
    (samples / "samples.json").write_text(json.dumps(listed))
    (tmp_path / "secret.mp4").write_bytes((samples / "kitchen.mp4").read_bytes())
    return SourceRunner(session, Settings(), tmp_path / "uploads", samples=samples, stall_limit_s=1.5)


async def finished(session: RecordingSession) -> str:
    async with asyncio.timeout(15):
        while not session.states or session.states[-1] not in ("ended", "failed"):
            await asyncio.sleep(0.005)
    return session.states[-1]


async def test_a_sample_plays_from_waiting_to_ended(runner, session):
    await runner.start(choice("sample", name="kitchen", rate=16))
    assert await finished(session) == "ended"
    assert session.states[:2] == ["waiting", "playing"]
    assert np.array_equal(session.sound, ramp(2 * RATE_HZ))
    assert runner.current == session.last
    assert (session.last.kind, session.last.name, session.last.rate) == ("sample", "kitchen", 16.0)
    assert session.last.position_s == pytest.approx(2.0, abs=0.1)
    assert session.fault is None


@pytest.mark.parametrize("name", ["", "gone", "../secret", "/etc/passwd", "kitchen.mp4", "..", "samples"])
async def test_only_listed_samples_are_opened(runner, name):
    with pytest.raises(InputError) as caught:
        await runner.start(choice("sample", name=name))
    assert caught.value.code == "source_missing"


async def test_an_upload_plays_under_its_own_name_and_is_deleted_at_the_end(runner, session, tmp_path):
    path = make_movie(tmp_path / "tmp123.mkv", 1.0)
    upload = runner.add_upload(path, "C:\\films\\My holiday.mkv")
    assert not path.exists()
    await runner.start(choice("file", name=upload, rate=16))
    assert await finished(session) == "ended"
    assert session.last.name == "My holiday.mkv"
    assert len(session.sound) == RATE_HZ
    await runner.close()
    assert not list((tmp_path / "uploads").iterdir())


async def test_an_empty_upload_and_an_unknown_one_are_refused_at_once(runner, tmp_path):
    (tmp_path / "e.mp4").write_bytes(b"")
    with pytest.raises(InputError) as caught:
        runner.add_upload(tmp_path / "e.mp4", "e.mp4")
    assert caught.value.code == "source_empty"
    with pytest.raises(InputError):
        await runner.start(choice("file", name="../e.mp4"))


async def test_only_the_newest_uploads_are_kept(runner, tmp_path):
    for n in range(10):
        (tmp_path / f"{n}.mp4").write_bytes(b"x")
        runner.add_upload(tmp_path / f"{n}.mp4", "a")
    assert len(list((tmp_path / "uploads").iterdir())) == 8


async def test_a_text_file_fails_with_a_sentence_and_the_session_goes_on(runner, session, tmp_path):
    (tmp_path / "t.mp4").write_text("no film\n" * 100)
    await runner.start(choice("file", name=runner.add_upload(tmp_path / "t.mp4", "t.mp4")))
    assert await finished(session) == "failed"
    assert session.last.detail == "This is not a video or sound file that can be read."
    assert session.fault is not None
    assert session.fault.code == "source_not_media"
    assert session.fault.hint
    await runner.start(choice("sample", name="kitchen", rate=16))
    assert await finished(session) == "ended"


async def test_a_cut_off_film_is_played_and_then_said_to_end_early(runner, session, tmp_path):
    whole = make_movie(
        tmp_path / "a.mp4", 6.0, codecs=("libx264", "aac"), options={"movflags": "faststart"}
    ).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: int(len(whole) * 0.6)])
    await runner.start(choice("file", name=runner.add_upload(tmp_path / "cut.mp4", "cut.mp4"), rate=16))
    assert await finished(session) == "ended"
    assert "ended early" in session.last.detail
    assert "of 6 seconds" in session.last.detail
    await asyncio.sleep(0)
    assert session.notices[0].code == "source_truncated"
    assert session.frames


async def test_a_new_source_stops_the_old_one_and_a_bad_one_does_not(runner, session, tmp_path):
    session.clock = SessionClock()
    long = runner.add_upload(make_movie(tmp_path / "l.mkv", 30.0, fps=5), "long")
    await runner.start(choice("file", name=long))
    while not session.blocks:
        await asyncio.sleep(0.005)
    with pytest.raises(InputError):
        await runner.start(choice("url", url="file:///etc/passwd"))
    assert runner.current.state == "playing"
    assert runner.current.name == "long"
    await runner.start(choice("sample", name="kitchen", rate=16))
    assert await finished(session) == "ended"
    names = [(event.name, event.state) for event in session.events]
    assert names.index(("long", "stopped")) < names.index(("kitchen", "waiting"))
    assert ("long", "ended") not in names
    assert sum(thread.name == "source-reader" for thread in threading.enumerate()) == 0


async def test_camera_and_none_are_only_announced(runner, session):
    await runner.start(choice("camera"))
    await runner.start(choice("none"))
    assert [(event.kind, event.state) for event in session.events] == [("camera", "playing"), ("none", "stopped")]


async def test_a_url_plays_without_showing_its_password(runner, session, tmp_path, caplog):
    caplog.set_level("DEBUG")
    path = make_movie(tmp_path / "a.mkv", 1.0)
    async with web_server() as web:
        web.answers = {"/a.mkv": file(path)}
        await runner.start(choice("url", url=web.url("/a.mkv?key=hunter2", account="bob:hunter2@")))
        assert await finished(session) == "ended"
        await runner.start(choice("url", url=web.url("/none?key=hunter2", account="bob:hunter2@")))
        assert await finished(session) == "failed"
    assert "hunter2" not in repr(session.events) + caplog.text
    assert session.events[0].name.endswith("/a.mkv?…")


async def test_a_silent_server_and_an_error_become_words_on_the_page(runner, session):
    async with web_server() as web:
        web.answers = {"/a": silence, "/b": status("404 Not Found")}
        await runner.start(choice("url", url=web.url("/a")))
        assert await finished(session) == "failed"
        assert session.last.detail == "The stream sent nothing for 1.5 seconds."
        session.events.clear()
        await runner.start(choice("url", url=web.url("/b")))
        assert await finished(session) == "failed"
        assert session.fault is not None
        assert session.fault.code == "source_not_found"


async def test_forbidden_addresses_are_refused_at_once_and_private_ones_only_in_public(runner, session, tmp_path):
    for url in ("file:///etc/passwd", "concat:a|b", "data:,x", "", "ftp://a/b"):
        with pytest.raises(InputError) as caught:
            await runner.start(choice("url", url=url))
        assert caught.value.code in ("source_protocol", "source_address")
        assert str(caught.value)
    public = SourceRunner(session, Settings(share=True), tmp_path)
    for url in ("http://127.0.0.1/a", "rtsp://192.168.1.10/cam", "rtmp://2130706433/live/x"):
        with pytest.raises(InputError) as caught:
            await public.start(choice("url", url=url))
        assert caught.value.code == "source_private"
    assert session.events == []


async def test_an_unforeseen_error_is_told_and_logged(runner, session, caplog, monkeypatch):
    def broken(block):
        raise ZeroDivisionError

    monkeypatch.setattr(session, "hear", broken)
    await runner.start(choice("sample", name="kitchen"))
    assert await finished(session) == "failed"
    assert session.last.detail == "The source cannot be read."
    assert "ZeroDivisionError" in caplog.text


async def test_stopping_twice_or_without_a_source_does_nothing(runner, session):
    await runner.stop()
    await runner.start(choice("sample", name="kitchen"))
    await runner.stop()
    await runner.stop()
    assert session.states.count("stopped") == 1
    assert not session.clock.driven
