"""Runs the source that a visitor chose: checks what can be checked at once, stops what ran before, plays the new one.

Whatever goes wrong later becomes a sentence on the page: `SourceChanged` with state `failed`, and a `Fault`. The
session itself is not touched by it: what was seen and heard so far stays remembered.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from omnilive_demo.config import ASSETS, Settings
from omnilive_demo.events import Fault, Notice, SourceChanged
from omnilive_demo.session import InputError, Session
from omnilive_demo.transport import wire
from omnilive_demo.transport.sources.failure import SourceFailed, explain
from omnilive_demo.transport.sources.inputs import FeedInput, FileInput, Input, UrlInput
from omnilive_demo.transport.sources.network import STALL_LIMIT_S, Network
from omnilive_demo.transport.sources.player import Ending, Listener, Player
from omnilive_demo.transport.sources.push import PushChannel, PushHub
from omnilive_demo.transport.sources.urls import parse_url, refuse_private_literal

log = logging.getLogger(__name__)

_UPLOADS = 8  # kept for each visitor; the oldest goes
_WATCHDOG_S = 2.0  # beyond the network's own limit, for streams that drip


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that the visitor gave."""

    path: Path
    name: str


class SourceRunner:
    """The one source of one visitor.

    Args:
        session: what it feeds and tells.
        settings: whether this server is public, and where pushed streams come in.
        folder: where uploads are kept.
        samples: the folder with `samples.json` and its files.
        stall_limit_s: longest silence of a network source.
    """

    def __init__(
        self,
        session: Session | Listener,
        settings: Settings,
        folder: Path,
        *,
        samples: Path = ASSETS / "samples",
        stall_limit_s: float = STALL_LIMIT_S,
    ) -> None:
        self._session = session
        self._settings = settings
        self._folder = folder
        self._samples = samples
        self._stall_limit_s = stall_limit_s
        self._uploads: dict[str, Upload] = {}
        self._task: asyncio.Task[None] | None = None
        self._player: Player | None = None
        self._changing = asyncio.Lock()
        self._current = SourceChanged("none", "", "stopped")

    @property
    def current(self) -> SourceChanged:
        """Where picture and sound come from now, and how far it has come."""
        if self._player is not None and self._current.state == "playing":
            return self._player.now
        return self._current

    def add_upload(self, path: Path, name: str) -> str:
        """Take a file over; returns the id for `wire.Source.name`. A file outside `folder` is moved into it.

        Raises:
            InputError: the file is empty or not there.
        """
        if not path.is_file() or not path.stat().st_size:
            path.unlink(missing_ok=True)
            raise InputError("source_empty", "The file is empty.", "Choose another file.")
        upload = secrets.token_hex(8)
        if self._folder.resolve() not in path.resolve().parents:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = Path(shutil.move(path, self._folder / (upload + path.suffix)))
        self._uploads[upload] = Upload(path, Path(name.replace("\\", "/")).name[:120] or "file")
        while len(self._uploads) > _UPLOADS:
            self._uploads.pop(next(iter(self._uploads))).path.unlink(missing_ok=True)
        return upload

    async def start(self, message: wire.Source) -> None:
        """Change to another source. What runs goes on if the new one cannot be used.

        Raises:
            InputError: unknown sample or upload, a forbidden address, pushed streams not available.
        """
        async with self._changing:
            if message.kind == "push":
                await self._start_push()
                return
            prepared = self._prepare(message)
            await self._stop()
            if prepared is None:
                self._tell(SourceChanged(message.kind, "", "stopped" if message.kind == "none" else "playing"))
            else:
                self._tell(replace(prepared.now, state="waiting", detail="Opening…"))
                self._task = asyncio.create_task(self._run(prepared), name="source")

    async def stop(self) -> None:
        """Stop what runs, within a second."""
        async with self._changing:
            await self._stop()

    async def close(self) -> None:
        """Stop, and delete the uploads."""
        await self.stop()
        while self._uploads:
            self._uploads.popitem()[1].path.unlink(missing_ok=True)

    # ---- choosing --------------------------------------------------------------------------------------------------

    def _prepare(self, message: wire.Source) -> Player | None:
        if message.kind == "sample":
            title, path = self._sample(message.name)
            return Player(self._session, FileInput(path), "sample", title, message.rate)
        if message.kind == "file":
            upload = self._uploads.get(message.name)
            if upload is None:
                raise InputError("source_missing", "That file is no longer here.", "Upload it again.")
            return Player(self._session, FileInput(upload.path), "file", upload.name, message.rate)
        if message.kind == "url":
            return self._url(message)
        return None

    def _sample(self, name: str) -> tuple[str, Path]:
        """The name is looked up in the list and never becomes part of a path otherwise."""
        try:
            listed = json.loads((self._samples / "samples.json").read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise InputError("source_missing", "The sample streams are not installed.", "Run `make demo`.") from error
        for entry in listed:
            path = self._samples / f"{entry['name']}.mp4"
            if entry["name"] == name and path.is_file():
                return str(entry["name"]), path
        raise InputError("source_missing", "There is no sample stream of that name.", "Choose one from the list.")

    def _url(self, message: wire.Source) -> Player:
        try:
            url = parse_url(message.url)
            if self._settings.public:
                refuse_private_literal(url)
        except SourceFailed as failure:
            raise InputError(failure.code, str(failure), failure.hint) from failure
        source = UrlInput(url, Network(self._settings.public, self._stall_limit_s))
        return Player(
            self._session, source, "url", url.shown, message.rate, silence_limit_s=self._stall_limit_s + _WATCHDOG_S
        )

    # ---- running ---------------------------------------------------------------------------------------------------

    async def _run(self, player: Player) -> None:
        self._player, self._current = player, player.now
        try:
            ending = await player.run()
            self._tell(_ended(player.now, ending))
            if ending.missing_s:
                self._session.announce(Notice("source_truncated", _early(ending), "What could be read is remembered."))
        except SourceFailed as failure:
            self._fail(player.now, failure)
        except Exception as error:  # the task's top: words on the page, a trace in the log
            log.exception("the source failed")
            self._fail(player.now, explain(error, self._stall_limit_s))

    async def _start_push(self) -> None:
        channel = await PushHub.join(self._settings)
        await self._stop()
        self._task = asyncio.create_task(self._take_pushes(channel), name="source-push")

    async def _take_pushes(self, channel: PushChannel) -> None:
        """Publishers one after the other: one that was cut off may come back with the same key."""
        try:
            detail = f"Server: {channel.server} · Stream key: {channel.key}"
            while True:
                self._player = None
                self._tell(SourceChanged("push", channel.server, "waiting", detail=detail))
                source: Input = FeedInput(await channel.publisher())
                player = Player(self._session, source, "push", channel.server)
                self._player, self._current = player, player.now
                try:
                    await player.run()
                    self._session.announce(Notice("push_ended", "The pushed stream ended.", "Start it again to go on."))
                except SourceFailed as failure:
                    self._session.announce(Notice(failure.code, str(failure), failure.hint))
        except Exception as error:  # the task's top
            log.exception("taking pushed streams failed")
            self._fail(self.current, explain(error, self._stall_limit_s))
        finally:
            await channel.leave()

    async def _stop(self) -> None:
        task, self._task = self._task, None
        if task is None:
            return
        was_running = not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if was_running:
            self._tell(replace(self.current, state="stopped", detail=""))
        self._player = None

    def _tell(self, event: SourceChanged) -> None:
        self._current = event
        self._session.announce(event)

    def _fail(self, at: SourceChanged, failure: SourceFailed) -> None:
        self._tell(replace(at, state="failed", detail=str(failure)))
        self._session.announce(Fault(failure.code, str(failure), failure.hint))


def _ended(at: SourceChanged, ending: Ending) -> SourceChanged:
    return replace(at, state="ended", position_s=ending.position_s, detail=_early(ending) if ending.missing_s else "")


def _early(ending: Ending) -> str:
    return f"It ended early: {ending.position_s:.0f} of {ending.duration_s or 0:.0f} seconds could be read."
