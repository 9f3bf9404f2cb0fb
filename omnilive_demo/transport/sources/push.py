"""Pushed streams: OBS or a phone sends RTMP to the app (the part that a media server plays elsewhere).

One `PushHub` listens for all visitors, and only while one of them waits for a stream. A visitor's `PushChannel` has a
random stream key; a publisher without a known key is refused, as is a second one with the same key.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
from typing import Any

from omnilive_demo.config import Settings
from omnilive_demo.session import InputError
from omnilive_demo.transport.sources import amf
from omnilive_demo.transport.sources.pipe import BytePipe
from omnilive_demo.transport.sources.rtmp import (
    AUDIO,
    COMMAND,
    COMMAND_AMF3,
    DATA,
    DATA_AMF3,
    FLV_HEADER,
    MAX_MEDIA_BYTES,
    VIDEO,
    Connection,
    Message,
    RtmpError,
    flv_tag,
)  # fmt: skip

log = logging.getLogger(__name__)

APP = "live"
_PATIENCE_S = 10.0  # to present a key, and between two messages
_STRANGERS = 32  # connections at once that have not presented a key


class PushChannel:
    """One visitor's way in. `server` and `key` are what the visitor pastes into the publishing program."""

    def __init__(self, hub: PushHub, server: str) -> None:
        self.server = server
        self.key = secrets.token_hex(16)
        self.busy = False
        self.task: asyncio.Task[Any] | None = None
        self._hub = hub
        self._publishers: asyncio.Queue[BytePipe] = asyncio.Queue(1)

    async def publisher(self) -> BytePipe:
        """Wait for a publisher; its stream as FLV bytes, which end when it goes."""
        return await self._publishers.get()

    def connect(self) -> BytePipe | None:
        """A publisher presented the key: the pipe for its stream, or None while another one is at it."""
        if self.busy or self._publishers.full():
            return None
        self.busy, self.task = True, asyncio.current_task()
        pipe = BytePipe()
        self._publishers.put_nowait(pipe)
        return pipe

    async def leave(self) -> None:
        """Take no more publishers and send the present one away. The last one to leave closes the door."""
        if self.task is not None:
            self.task.cancel()
        await self._hub.leave(self)


class PushHub:
    """The RTMP listener that all visitors share."""

    _hubs: dict[tuple[str, int], PushHub] = {}  # noqa: RUF012

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._channels: dict[str, PushChannel] = {}
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._strangers = 0
        self._lock = asyncio.Lock()

    @classmethod
    async def join(cls, settings: Settings) -> PushChannel:
        """A channel for a visitor, on the listener of these settings.

        Raises:
            InputError: pushed streams are off here, or the port is taken.
        """
        if not settings.push_port or settings.on_space:
            raise InputError(
                "push_off", "Pushed streams are not taken here.", "Use the camera, a file or a stream address instead."
            )
        place = (settings.push_host or settings.host, settings.push_port)
        hub = cls._hubs.setdefault(place, cls(*place))
        return await hub._enter()

    async def leave(self, channel: PushChannel) -> None:
        """Forget a channel; without channels the listener closes."""
        async with self._lock:
            self._channels.pop(channel.key, None)
            if self._channels or self._server is None:
                return
            server, self._server = self._server, None
            self._hubs.pop((self._host, self._port), None)
            server.close()
            tasks = [task for task in self._tasks if not task.done()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await server.wait_closed()

    async def _enter(self) -> PushChannel:
        async with self._lock:
            if self._server is None:
                try:
                    self._server = await asyncio.start_server(self._serve, self._host, self._port, limit=65_536)
                except OSError as error:
                    raise InputError(
                        "push_port", f"Port {self._port} for pushed streams is in use.",
                        "Close the other program, or start the app with OMNILIVE_PUSH_PORT set to another port.",
                    ) from error  # fmt: skip
                self._hubs[self._host, self._port] = self
            channel = PushChannel(self, f"rtmp://{_reachable(self._host)}:{self._port}/{APP}")
            self._channels[channel.key] = channel
            return channel

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if self._strangers < _STRANGERS:
                await _Publisher(self, Connection(reader, writer)).run()
        except (RtmpError, amf.AmfError, TimeoutError, ConnectionError, asyncio.IncompleteReadError) as error:
            log.info("a publisher was sent away: %s", error or type(error).__name__)
        except asyncio.CancelledError:
            log.debug("a publisher was sent away: the visitor left")  # the connection ends here; nothing to pass on
        finally:
            self._tasks.discard(task)
            writer.close()

    def find(self, key: str) -> PushChannel | None:
        """The channel of a key. Keys have 128 random bits, so looking one up gives nothing away."""
        return self._channels.get(key)

    def count_stranger(self, step: int) -> None:
        """One more or one less without a key."""
        self._strangers += step


class _Publisher:
    """One connection, from the handshake to the end."""

    def __init__(self, hub: PushHub, connection: Connection) -> None:
        self._hub = hub
        self._connection = connection
        self._channel: PushChannel | None = None
        self._pipe: BytePipe | None = None

    async def run(self) -> None:
        """Serve until the publisher goes or breaks a rule."""
        messages = self._connection.messages()
        try:
            self._hub.count_stranger(1)
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    await self._connection.handshake()
                    async for message in messages:
                        await self._command(message)
                        if self._pipe is not None:
                            break
            finally:
                self._hub.count_stranger(-1)
            if self._pipe is not None:
                await self._receive(messages, self._pipe)
        finally:
            if self._pipe is not None:
                self._pipe.close()
            if self._channel is not None:
                self._channel.busy, self._channel.task = False, None

    async def _receive(self, messages: Any, pipe: BytePipe) -> None:
        await pipe.write(FLV_HEADER)
        while True:
            async with asyncio.timeout(_PATIENCE_S):
                message = await anext(messages, None)
            if message is None:
                return
            if message.kind in (AUDIO, VIDEO, DATA, DATA_AMF3):
                if not await pipe.write(flv_tag(message)):
                    return
            elif message.kind in (COMMAND, COMMAND_AMF3) and await self._command(message):
                return

    async def _command(self, message: Message) -> bool:
        """Answer a command. True when it ends the stream."""
        if message.kind not in (COMMAND, COMMAND_AMF3):
            return False
        values = amf.decode(message.body[1:] if message.kind == COMMAND_AMF3 else message.body)
        name, number = (values[0], values[1]) if len(values) > 1 else ("", 0)
        if name == "connect":
            self._connection.greet()
            self._connection.send_command(
                "_result", number, {"fmsVer": "FMS/3,0,1,123", "capabilities": 31},
                _status("status", "NetConnection.Connect.Success", "Connected.") | {"objectEncoding": 0},
            )  # fmt: skip
        elif name == "createStream":
            self._connection.send_command("_result", number, None, 1)
        elif name in ("releaseStream", "FCPublish"):
            self._connection.send_command("_result", number, None, None)
        elif name == "publish":
            await self._publish(str(values[3]) if len(values) > 3 else "", message.stream)
        elif name == "play":
            raise RtmpError("it wanted to play, not to publish")
        await self._connection.flush()
        return name in ("FCUnpublish", "deleteStream", "closeStream")

    async def _publish(self, path: str, stream: int) -> None:
        channel = self._hub.find(path.partition("?")[0].strip("/"))
        pipe = channel.connect() if channel is not None and self._pipe is None else None
        if pipe is None:
            why = "This stream key is in use." if channel else "This stream key is not known."
            refusal = _status("error", "NetStream.Publish.BadName", why)
            self._connection.send_command("onStatus", 0, None, refusal, stream=stream)
            await self._connection.flush()
            raise RtmpError(why)
        self._channel, self._pipe = channel, pipe
        self._connection.max_body_bytes = MAX_MEDIA_BYTES
        started = _status("status", "NetStream.Publish.Start", "Publishing.")
        self._connection.send_command("onStatus", 0, None, started, stream=stream)


def _status(level: str, code: str, description: str) -> dict[str, Any]:
    return {"level": level, "code": code, "description": description}


def _reachable(host: str) -> str:
    """The address to tell a publisher: for a bind to all interfaces, the one that this machine is reached at."""
    if host not in ("0.0.0.0", "::", ""):
        return f"[{host}]" if ":" in host else host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # chooses a route; nothing is sent
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
