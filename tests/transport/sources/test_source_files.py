from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import av
import numpy as np
import pytest
from source_media import COLOURS, RATE_HZ, InstantClock, RecordingSession, make_movie, ramp

from omnilive_demo.clock import SessionClock
from omnilive_demo.config import ASSETS
from omnilive_demo.transport.sources.failure import SourceFailed
from omnilive_demo.transport.sources.inputs import FileInput
from omnilive_demo.transport.sources.player import Ending, Player


async def play(
    path: Path, rate: float = 1.0, session: RecordingSession | None = None
) -> tuple[RecordingSession, Ending]:
    session = session or RecordingSession()
    ending = await Player(session, FileInput(path), "file", "film", rate).run()
    return session, ending


def reading_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("source-")]


async def test_every_sample_of_a_file_arrives_in_order_at_rate_16(tmp_path):
    path = make_movie(tmp_path / "a.mkv", 8.0)
    session = RecordingSession(SessionClock())
    session, ending = await play(path, 16.0, session)
    assert np.array_equal(session.sound, ramp(8 * RATE_HZ))
    assert len(session.frames) == 32
    assert session.settled_calls >= 30
    assert ending.position_s == pytest.approx(8.0, abs=0.06)
    assert session.clock.now_s() >= 8.0
    assert not session.clock.driven


async def test_blocks_follow_each_other_without_gap_or_overlap(tmp_path):
    session, _ = await play(make_movie(tmp_path / "a.mkv", 3.0), 8.0)
    starts = [block.start_s for _, block in session.blocks]
    lengths = [len(block.samples) / block.rate_hz for _, block in session.blocks]
    assert np.allclose(np.diff(starts), lengths[:-1], atol=1e-6)
    assert all(0.02 <= length <= 0.1 for length in lengths)
    assert all(block.origin == "source" for _, block in session.blocks)


async def test_at_rate_1_nothing_is_handed_on_before_it_has_happened_nor_late(tmp_path):
    session = RecordingSession(InstantClock())
    await play(make_movie(tmp_path / "a.mkv", 3.0), 1.0, session)
    for now_s, block in session.blocks:
        assert now_s == pytest.approx(block.start_s + len(block.samples) / RATE_HZ, abs=1e-6)
    for now_s, frame in session.frames:
        assert 0 <= now_s - frame.t_s < 0.02
    assert sum(session.clock.waits) == pytest.approx(3.0, abs=0.02)


async def test_stream_time_goes_on_from_where_the_session_was(tmp_path):
    session = RecordingSession()
    session.clock.time.advance(100.0)
    await play(make_movie(tmp_path / "a.mkv", 1.0), 1.0, session)
    assert session.blocks[0][1].start_s == pytest.approx(100.0)
    assert session.frames[0][1].t_s == pytest.approx(100.0)


async def test_a_start_offset_in_the_time_stamps_is_taken_off(tmp_path):
    session, ending = await play(make_movie(tmp_path / "a.ts", 2.0, codecs=("libx264", "aac"), offset_s=500.0), 16.0)
    assert session.frames[0][1].t_s < 0.1
    assert ending.position_s == pytest.approx(2.0, abs=0.2)


async def test_only_four_pictures_a_second_are_converted_and_they_show_the_right_moment(tmp_path):
    session, _ = await play(make_movie(tmp_path / "a.mp4", 3.0, fps=25, codecs=("libx264", "aac")), 16.0)
    assert 12 <= len(session.frames) <= 13
    for _, frame in session.frames:
        if abs(frame.t_s - round(frame.t_s)) > 0.1:
            colour = frame.image[60:].reshape(-1, 3).mean(0)
            assert np.abs(colour - COLOURS[int(frame.t_s) % 3]).max() < 25


async def test_large_pictures_are_scaled_to_640_and_small_ones_left(tmp_path):
    session, _ = await play(make_movie(tmp_path / "a.mp4", 0.5, size=(1280, 720), sound=False), 16.0)
    assert session.frames[0][1].image.shape == (360, 640, 3)
    assert session.frames[0][1].image.dtype == np.uint8
    session, _ = await play(make_movie(tmp_path / "b.mp4", 0.5, size=(128, 96), sound=False), 16.0)
    assert session.frames[0][1].image.shape == (96, 128, 3)


@pytest.mark.parametrize(
    ("rotation", "white"), [(90, "left"), (180, "bottom"), (270, "right")], ids=["left", "upside down", "right"]
)
async def test_a_rotated_phone_video_comes_upright(tmp_path, rotation, white):
    path = make_movie(tmp_path / "a.mp4", 0.5, sound=False, rotation=rotation)
    session, _ = await play(path, 16.0)
    image = session.frames[0][1].image.astype(int)
    h, w = image.shape[:2]
    sides = {
        "left": image[:, : w // 8],
        "bottom": image[-h // 8 :],
        "right": image[:, -w // 8 :],
        "top": image[: h // 8],
    }
    assert max(sides, key=lambda side: sides[side].mean()) == white
    assert (h > w) == (rotation != 180)


async def test_a_file_with_sound_only_and_one_with_picture_only_play(tmp_path):
    session, _ = await play(make_movie(tmp_path / "a.wav", 1.0, picture=False), 16.0)
    assert len(session.sound) == RATE_HZ
    assert not session.frames
    session, _ = await play(make_movie(tmp_path / "a.mp4", 1.0, sound=False), 16.0)
    assert len(session.frames) == 4
    assert not session.blocks


async def test_stereo_at_44100_becomes_mono_at_16000_of_the_same_length(tmp_path):
    with av.open(str(tmp_path / "a.wav"), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=44_100, layout="stereo")
        tone = (9000 * np.sin(np.arange(44_100) * 2 * np.pi * 440 / 44_100)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.repeat(tone, 2)[None], format="s16", layout="stereo")
        frame.rate = 44_100
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    session, _ = await play(tmp_path / "a.wav", 16.0)
    assert abs(len(session.sound) - 16_000) <= 40
    spectrum = np.abs(np.fft.rfft(session.sound[:16_000].astype(float), 16_000))
    assert int(spectrum.argmax()) == 440


async def test_the_page_is_told_about_once_a_second_how_far_it_is(tmp_path):
    session, _ = await play(make_movie(tmp_path / "a.mkv", 4.0))
    positions = [event.position_s for event in session.events]
    assert session.states[0] == "playing"
    assert positions == sorted(positions)
    assert 4 <= len(positions) <= 6
    assert session.last.duration_s == pytest.approx(4.0, abs=0.1)


async def test_a_truncated_film_plays_what_is_there_and_says_so(tmp_path):
    whole = make_movie(
        tmp_path / "a.mp4", 6.0, codecs=("libx264", "aac"), options={"movflags": "faststart"}
    ).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: int(len(whole) * 0.6)])
    session, ending = await play(tmp_path / "cut.mp4", 16.0)
    assert session.frames
    assert session.blocks
    assert 1.5 < ending.position_s < 5.0
    assert ending.missing_s > 1.0


async def failure_of(path: Path) -> SourceFailed:
    with pytest.raises(SourceFailed) as caught:
        await play(path, 16.0)
    return caught.value


async def test_a_film_without_its_index_is_called_incomplete(tmp_path):
    whole = make_movie(tmp_path / "a.mp4", 3.0).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    assert (await failure_of(tmp_path / "cut.mp4")).code == "source_truncated"


async def test_a_text_file_an_empty_file_and_a_missing_one_have_their_sentences(tmp_path):
    (tmp_path / "text.mp4").write_text("Dear diary, this is not a film.\n" * 200)
    (tmp_path / "empty.mp4").write_bytes(b"")
    assert (await failure_of(tmp_path / "text.mp4")).code == "source_not_media"
    assert (await failure_of(tmp_path / "empty.mp4")).code == "source_empty"
    assert (await failure_of(tmp_path / "none.mp4")).code == "source_missing"


async def test_a_file_with_neither_picture_nor_sound_is_refused(tmp_path):
    with av.open(str(tmp_path / "a.mkv"), "w") as out:
        stream = out.add_mux_stream("subrip")
        packet = av.Packet(b"only words")
        packet.stream, packet.pts, packet.dts, packet.duration = stream, 0, 0, 1000
        out.mux(packet)
    assert (await failure_of(tmp_path / "a.mkv")).code == "source_no_tracks"


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:9/secret.ts\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile other.mkv\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    ],
    ids=["playlist", "concat list", "session description"],
)
async def test_an_uploaded_list_of_other_places_opens_none_of_them(tmp_path, text):
    make_movie(tmp_path / "other.mkv", 0.5)
    for name in ("list.mp4", "list.m3u8", "list.ffconcat", "list.sdp"):
        (tmp_path / name).write_text(text)
        assert (await failure_of(tmp_path / name)).code == "source_not_media"


async def test_stopping_in_the_middle_takes_less_than_a_second_and_leaves_no_thread(tmp_path):
    path = make_movie(tmp_path / "a.mkv", 60.0, fps=10)
    session = RecordingSession(SessionClock())
    task = asyncio.create_task(Player(session, FileInput(path), "file", "film", 1.0).run())
    while not session.blocks:
        await asyncio.sleep(0.01)
    began = asyncio.get_running_loop().time()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.get_running_loop().time() - began < 1.0
    assert not reading_threads()


async def test_a_session_that_takes_its_time_holds_the_reader_back(tmp_path):
    class Slow(RecordingSession):
        gate = asyncio.Event()

        async def settled(self, origin):
            await super().settled(origin)
            if self.settled_calls == 1:
                await self.gate.wait()

    session = Slow()
    player = Player(session, FileInput(make_movie(tmp_path / "a.mkv", 20.0, fps=10)), "file", "film", 16.0)
    task = asyncio.create_task(player.run())
    while not session.settled_calls:
        await asyncio.sleep(0.01)
    before = len(session.blocks)
    for _ in range(20):
        await asyncio.sleep(0.01)
    assert len(session.blocks) == before <= 20
    session.gate.set()
    await task
    assert np.array_equal(session.sound, ramp(20 * RATE_HZ))


async def test_a_damaged_middle_is_left_out_and_the_rest_plays(tmp_path):
    data = bytearray(make_movie(tmp_path / "a.ts", 6.0, codecs=("libx264", "aac")).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    (tmp_path / "bad.ts").write_bytes(data)
    session, ending = await play(tmp_path / "bad.ts", 16.0)
    assert ending.position_s > 5.0
    assert len(session.frames) > 15


SAMPLES = sorted((ASSETS / "samples").glob("*.mp4"))


@pytest.mark.parametrize("path", SAMPLES, ids=[path.stem for path in SAMPLES])
async def test_a_built_in_sample_plays_through(path):
    session, ending = await play(path, 16.0, RecordingSession(InstantClock()))
    assert ending.missing_s == 0
    assert ending.duration_s is not None
    assert ending.position_s == pytest.approx(ending.duration_s, abs=0.5)
    assert len(session.frames) == pytest.approx(4 * ending.duration_s, rel=0.05)
    assert len(session.sound) / RATE_HZ == pytest.approx(ending.duration_s, abs=1.0)
