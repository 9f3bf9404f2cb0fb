from __future__ import annotations

import asyncio
import contextlib
import struct
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from source_media import COLOURS, RATE_HZ, RecordingSession, make_movie
from source_servers import free_port, publish

from omnilive_demo.clock import SessionClock
from omnilive_demo.config import Settings
from omnilive_demo.session import InputError
from omnilive_demo.transport import wire
from omnilive_demo.transport.sources import amf, rtmp
from omnilive_demo.transport.sources.pipe import BytePipe
from omnilive_demo.transport.sources.push import PushHub
from omnilive_demo.transport.sources.runner import SourceRunner

PUSH = wire.Source(type="source", kind="push")


@pytest.fixture
def movie(tmp_path):
    return make_movie(tmp_path / "push.mp4", 3.0, codecs=("libx264", "aac"))


@pytest.fixture
def settings():
    return Settings(host="127.0.0.1", push_port=free_port())


class Waiter(RecordingSession):
    """A session on the real clock whose events can be waited for."""

    def __init__(self) -> None:
        super().__init__(SessionClock())
        self._changed = asyncio.Event()

    def announce(self, event) -> None:
        super().announce(event)
        self._changed.set()

    async def until(self, true) -> None:
        async with asyncio.timeout(15):
            while not true():
                self._changed.clear()
                await self._changed.wait()


def address_of(session: RecordingSession) -> str:
    """The address as a visitor reads it off the page."""
    detail = session.last.detail
    server, _, key = detail.removeprefix("Server: ").partition(" · Stream key: ")
    return f"{server}/{key}"


async def visitor(settings, tmp_path) -> tuple[Waiter, SourceRunner]:
    session = Waiter()
    runner = SourceRunner(session, settings, tmp_path)
    await runner.start(PUSH)
    await session.until(lambda: session.states == ["waiting"])
    return session, runner


async def test_a_visitor_gets_an_address_and_a_key_and_what_is_pushed_there_is_seen_and_heard(
    settings, tmp_path, movie
):
    session, runner = await visitor(settings, tmp_path)
    assert session.last.name == f"rtmp://127.0.0.1:{settings.push_port}/live"
    publisher = await publish(movie, address_of(session))
    await session.until(lambda: session.states[-2:] == ["playing", "waiting"] or session.states.count("waiting") == 2)
    assert await publisher.wait() == 0
    assert session.fault is None
    assert len(session.sound) == pytest.approx(3 * RATE_HZ, abs=0.2 * RATE_HZ)
    assert len(session.frames) >= 11
    colours = [frame.image[60:].reshape(-1, 3).mean(0) for _, frame in session.frames]
    assert [int(np.abs(np.array(COLOURS) - c).sum(1).argmin()) for c in colours[1::4]] == [0, 1, 2]
    assert session.notices[-1].code == "push_ended"
    await runner.stop()
    assert runner.current.state == "stopped"


async def test_a_publisher_with_a_wrong_key_is_refused(settings, tmp_path, movie):
    session, runner = await visitor(settings, tmp_path)
    for wrong in ("", "guess", "%00", address_of(session).rpartition("/")[2][:-1]):
        assert await (await publish(movie, f"{session.last.name}/{wrong}")).wait() != 0
    assert session.states == ["waiting"]
    assert not session.blocks
    await runner.stop()


async def test_two_visitors_push_at_once_and_each_gets_his_own(settings, tmp_path, movie):
    other_movie = make_movie(tmp_path / "other.mp4", 2.0, picture=False, codecs=("libx264", "aac"))
    (one, first), (two, second) = [await visitor(settings, tmp_path) for _ in range(2)]
    assert address_of(one) != address_of(two)
    publishers = [await publish(movie, address_of(one), 2.0), await publish(other_movie, address_of(two), 2.0)]
    await one.until(lambda: one.states.count("waiting") == 2)
    await two.until(lambda: two.states.count("waiting") == 2)
    assert one.frames
    assert one.blocks
    assert two.blocks
    assert not two.frames
    assert len(two.sound) < len(one.sound)
    assert [await publisher.wait() for publisher in publishers] == [0, 0]
    await asyncio.gather(first.stop(), second.stop())


async def test_a_second_publisher_with_the_same_key_is_refused_until_the_first_has_gone(settings, tmp_path, movie):
    session, runner = await visitor(settings, tmp_path)
    address = address_of(session)
    first = await publish(movie, address, 1.0)
    await session.until(lambda: "playing" in session.states)
    assert await (await publish(movie, address)).wait() != 0
    await session.until(lambda: session.states.count("waiting") == 2)
    third = await publish(movie, address)
    await session.until(lambda: session.states.count("waiting") == 3)
    assert await first.wait() == await third.wait() == 0
    await runner.stop()


async def test_stopping_sends_the_publisher_away_closes_the_door_and_leaves_no_thread(settings, tmp_path, movie):
    session, runner = await visitor(settings, tmp_path)
    publisher = await publish(movie, address_of(session), 0.5)
    await session.until(lambda: "playing" in session.states)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await runner.stop()
    assert loop.time() - began < 1.0
    assert await asyncio.wait_for(publisher.wait(), 5) != 0
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("source-")]
    with pytest.raises(ConnectionError):
        await asyncio.open_connection("127.0.0.1", settings.push_port)
    assert not PushHub._hubs


async def test_stopping_while_waiting_for_a_publisher_is_at_once(settings, tmp_path):
    _, runner = await visitor(settings, tmp_path)
    await asyncio.wait_for(runner.stop(), 0.5)


async def test_a_taken_port_and_push_turned_off_have_their_sentences(settings, tmp_path):
    server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", settings.push_port)
    for asked, code in (
        (settings, "push_port"),
        (Settings(push_port=0), "push_off"),
        (Settings(space_id="a/b"), "push_off"),
    ):
        with pytest.raises(InputError) as caught:
            await SourceRunner(Waiter(), asked, tmp_path).start(PUSH)
        assert caught.value.code == code
    server.close()


@pytest.mark.parametrize(
    "noise", [b"GET / HTTP/1.1\r\n\r\n", b"\x03" + bytes(1536 * 2) + b"\x00" + b"\xff" * 30, b"\x03" * 5000, b""]
)
async def test_noise_on_the_port_disturbs_nobody(settings, tmp_path, movie, noise):
    session, runner = await visitor(settings, tmp_path)
    _, writer = await asyncio.open_connection("127.0.0.1", settings.push_port)
    writer.write(noise)
    writer.write_eof()
    publisher = await publish(movie, address_of(session), 8.0)
    await session.until(lambda: session.states.count("waiting") == 2)
    assert await publisher.wait() == 0
    assert session.frames
    writer.close()
    await runner.stop()


# ---- the protocol ----------------------------------------------------------------------------------------------------


def chunks_of(message: rtmp.Message, size: int, channel: int, absolute: bool, last_ms: int) -> bytes:
    """A message cut into chunks, as a publisher does it: with its own time, or with the time since the one before."""
    time_ms = message.time_ms if absolute else message.time_ms - last_ms
    field, extra = (0xFFFFFF, struct.pack(">I", time_ms)) if time_ms >= 0xFFFFFF else (time_ms, b"")
    basic = bytes([channel]) if channel < 64 else bytes([0, channel - 64])
    head = field.to_bytes(3) + len(message.body).to_bytes(3) + bytes([message.kind])
    head += message.stream.to_bytes(4, "little") if absolute else b""
    form = 0 if absolute else 1
    out = bytes([basic[0] | form << 6]) + basic[1:] + head + extra + message.body[:size]
    for at in range(size, len(message.body), size):
        out += bytes([basic[0] | 0xC0]) + basic[1:] + extra + message.body[at : at + size]
    return out


bodies = st.lists(
    st.tuples(st.sampled_from([8, 9, 18]), st.binary(max_size=700), st.integers(0, 20_000_000), st.booleans()),
    max_size=8,
)


@given(bodies, st.integers(1, 300), st.sampled_from([4, 63, 64, 200]))
def test_messages_come_back_whole_however_they_were_cut(parts, size, channel):
    async def read_back() -> None:
        reader = asyncio.StreamReader()
        connection = rtmp.Connection(reader, None)
        reader.feed_data(b"\x02" + bytes(3) + (4).to_bytes(3) + b"\x01" + bytes(4) + struct.pack(">I", size))
        sent, last_ms = [], 0
        for kind, body, step_ms, absolute in parts:
            message = rtmp.Message(kind, 1, last_ms + step_ms, body)
            reader.feed_data(chunks_of(message, size, channel, absolute or not sent, last_ms))
            sent.append(message)
            last_ms = message.time_ms
        reader.feed_eof()
        assert [message async for message in connection.messages()] == sent

    asyncio.run(read_back())


@given(st.binary(max_size=3000))
def test_any_bytes_are_messages_or_an_error_but_never_a_crash(data):
    async def read() -> None:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        connection = rtmp.Connection(reader, _Nowhere())
        with contextlib.suppress(rtmp.RtmpError):
            async for message in connection.messages():
                with contextlib.suppress(amf.AmfError):
                    amf.decode(message.body)

    asyncio.run(read())


class _Nowhere:
    def write(self, data: bytes) -> None: ...

    async def drain(self) -> None: ...


async def test_a_message_that_announces_too_much_is_refused_before_it_is_read():
    reader = asyncio.StreamReader()
    reader.feed_data(b"\x04" + bytes(3) + (9_000_000).to_bytes(3) + b"\x09" + bytes(4))
    with pytest.raises(rtmp.RtmpError):
        await anext(rtmp.Connection(reader, _Nowhere()).messages())


values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.dictionaries(st.text(min_size=1, max_size=9), inner, max_size=4),
    max_leaves=6,
)


@given(st.lists(values, max_size=5))
def test_amf_values_survive_the_way_there_and_back(items):
    assert amf.decode(amf.encode(*items)) == items


@given(st.binary(max_size=400))
def test_amf_of_any_bytes_is_values_or_an_error(data):
    with contextlib.suppress(amf.AmfError):
        amf.decode(data)


async def test_a_pipe_holds_its_writer_back_when_nobody_reads():
    pipe = BytePipe(limit_bytes=1000)
    data = bytes(range(256)) * 40
    writing = asyncio.create_task(write_all(pipe, data))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not writing.done()
    got = await asyncio.to_thread(read_all, pipe)
    assert await writing
    assert got == data


async def write_all(pipe: BytePipe, data: bytes) -> bool:
    for at in range(0, len(data), 100):
        assert await pipe.write(data[at : at + 100])
    pipe.close()
    return True


def read_all(pipe: BytePipe) -> bytes:
    out = b""
    while part := pipe.read(77):
        assert len(part) <= 77
        out += part
    return out


async def test_closing_a_full_pipe_lets_its_writer_go():
    pipe = BytePipe(limit_bytes=10)
    assert await pipe.write(bytes(10))
    writing = asyncio.create_task(pipe.write(b"x"))
    await asyncio.sleep(0)
    pipe.close()
    assert await writing is False
