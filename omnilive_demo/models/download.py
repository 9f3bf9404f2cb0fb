"""One file from the hub to the disk: it goes on where it stopped, is checked by its hash, and can be cancelled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
from filelock import FileLock, Timeout

from omnilive_demo.cancel import CancelToken
from omnilive_demo.models.hub import Hub, HubError, RemoteFile, answering, refused
from omnilive_demo.models.hub_cache import RepositoryCache, new_digest, pieces
from omnilive_demo.models.spec import ModelSpec

WAITS_S = (0.5, 1.0, 2.0, 4.0)  # before the connection is tried again, when nothing arrived since the last time
_LOOK_S = 0.2  # how often a waiting download looks whether it is still wanted


class FetchCancelled(Exception):
    """Nobody wants the model any more; what has arrived is kept."""


class Download:
    """Fetches files of one model, one after the other, over one connection."""

    def __init__(
        self,
        hub: Hub,
        client: httpx.Client,
        spec: ModelSpec,
        commit: str,
        cancel: CancelToken,
        waits_s: Sequence[float] = WAITS_S,
    ) -> None:
        self._hub = hub
        self._client = client
        self._spec = spec
        self._commit = commit
        self._cancel = cancel
        self._waits_s = waits_s

    def run(self, file: RemoteFile, place: RepositoryCache, count: Callable[[int], None]) -> None:
        """Bring a file into the cache's blobs; `count` hears of bytes as they arrive, begun ones first.

        Raises:
            HubError: it does not come, or not as the hub describes it.
            FetchCancelled: it was cancelled.
            OSError: the disk does not take it.
        """
        blob, part = place.blob(file), place.part(file)
        blob.parent.mkdir(parents=True, exist_ok=True)
        with self._alone(place.lock(file)):
            if blob.is_file():  # another process has brought it while we waited
                count(file.size)
                return
            begun = part.is_file() and part.stat().st_size > 0
            self._grow(file, part, count)
            if not self._right(file, part) and begun:  # what was begun may have been wrong: once again, from nothing
                part.unlink()
                count(-file.size)
                begun = False
                self._grow(file, part, count)
            if not self._right(file, part):
                part.unlink()
                raise HubError(
                    "damaged",
                    f"{file.path} of {self._spec.name} arrived damaged: its hash is not the hub's.",
                    "It was deleted; fetch it again. If that repeats, a proxy may change what passes through it.",
                )
            part.replace(blob)

    def _grow(self, file: RemoteFile, part: Path, count: Callable[[int], None]) -> None:
        """Append until the size is reached, over as many connections as it takes while bytes keep coming."""
        if part.is_file() and part.stat().st_size > file.size:
            part.unlink()
        part.touch()
        count(part.stat().st_size)
        waits = iter(self._waits_s)
        while (before := part.stat().st_size) < file.size:
            fault: HubError | None = None
            try:
                with answering(self._hub, self._spec):
                    self._receive(file, part, before, count)
            except HubError as error:
                if error.kind not in ("unreachable", "stalled", "busy"):
                    raise
                fault = error
            size = part.stat().st_size
            if size >= file.size:
                return
            if size > before:
                waits = iter(self._waits_s)
            wait_s = next(waits, None)
            if wait_s is None:
                raise fault or self._cut_off(file, size)
            self._sleep(wait_s)

    def _receive(self, file: RemoteFile, part: Path, start: int, count: Callable[[int], None]) -> None:
        headers = {"accept-encoding": "identity"} | ({"range": f"bytes={start}-"} if start else {})
        timeout = httpx.Timeout(self._hub.stall_s, connect=self._hub.connect_s)
        with self._client.stream("GET", self._url(file), headers=headers, timeout=timeout) as reply:
            if reply.status_code == 416:  # its file ends before the size that it told: nothing more will come
                return
            if start and reply.status_code == 200:  # it gives no rests: from the beginning
                part.write_bytes(b"")
                count(-start)
                start = 0
            refused(self._hub, self._spec, reply)
            with part.open("ab") as out:
                for piece in reply.iter_bytes():
                    if self._cancel.cancelled:
                        raise FetchCancelled(self._spec.name)
                    start += len(piece)
                    if start > file.size:
                        raise self._too_long(file)
                    out.write(piece)
                    count(len(piece))

    def _url(self, file: RemoteFile) -> str:
        return f"{self._hub.endpoint}/{self._spec.repository}/resolve/{self._commit}/{quote(file.path)}"

    def _right(self, file: RemoteFile, part: Path) -> bool:
        digest = new_digest(file.etag, file.size)
        for piece in pieces(part):
            if self._cancel.cancelled:
                raise FetchCancelled(self._spec.name)
            digest.update(piece)
        return digest.hexdigest() == file.etag

    @contextmanager
    def _alone(self, path: Path) -> Iterator[None]:
        """Two processes never write the same file: the later one waits, and finds it done."""
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        while True:
            try:
                lock.acquire(timeout=_LOOK_S)
                break
            except Timeout:
                self._sleep(0)
        try:
            yield
        finally:
            lock.release()

    def _sleep(self, wait_s: float) -> None:
        until = time.monotonic() + wait_s
        while True:
            if self._cancel.cancelled:
                raise FetchCancelled(self._spec.name)
            rest_s = until - time.monotonic()
            if rest_s <= 0:
                return
            time.sleep(min(rest_s, _LOOK_S))

    def _cut_off(self, file: RemoteFile, size: int) -> HubError:
        return HubError(
            "stalled",
            f"The hub gave only {size:,} of the {file.size:,} bytes of {file.path}.",
            "What has arrived is kept: try again later to go on from there.",
        )

    def _too_long(self, file: RemoteFile) -> HubError:
        return HubError(
            "damaged",
            f"The hub gave more than the {file.size:,} bytes of {file.path}.",
            "A proxy may change what passes through it; try another network.",
        )
