"""Fetching models: into the hub's cache, file by file, going on where an earlier attempt stopped; or from a folder.

Everything here blocks and belongs on a worker thread.
"""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from omnilive_demo.cancel import CancelToken
from omnilive_demo.models.download import Download, FetchCancelled
from omnilive_demo.models.hub import Hub, HubError, Listing, list_files
from omnilive_demo.models.hub_cache import RepositoryCache, cached, lacking
from omnilive_demo.models.spec import ModelSpec

Progress = Callable[[int, int], None]
FreeSpace = Callable[[Path], int]

SPARE = 200_000_000  # bytes that a disk must keep: memories are written to it too
TELLS_S = 0.25


class Tally:
    """Bytes done of all, told a few times a second at most, and once at the end."""

    def __init__(self, total: int, tell: Progress) -> None:
        self.total = total
        self.done = 0
        self._tell = tell
        self._told_s = 0.0
        tell(0, total)

    def add(self, size: int) -> None:
        """Count bytes; a negative number takes back what must be fetched again."""
        self.done += size
        now = time.monotonic()
        if self.done >= self.total or now - self._told_s >= TELLS_S:
            self._told_s = now
            self._tell(self.done, self.total)


def fetch(
    spec: ModelSpec,
    hub: Hub,
    *,
    progress: Progress = lambda done, total: None,
    cancel: CancelToken | None = None,
    folder: Path | None = None,
    free_space: FreeSpace | None = None,
) -> Path:
    """The folder that holds a model's files, laid out as in its repository; what is not there yet is downloaded.

    A model that is complete in the cache needs no network. `folder` is used as it is, in place of the hub. Of
    `progress(done, total)` both are bytes. A cancelled download is felt with the next piece that arrives, or when
    the hub stalls for `hub.stall_s`.

    Raises:
        HubError: it cannot be had; what has arrived is kept for the next attempt.
        FetchCancelled: `cancel` was cancelled.
    """
    if folder is not None:
        return _from_folder(spec, folder)
    found = cached(hub.cache, spec)
    if found is not None:
        progress(spec.size, spec.size)
        return found
    if hub.offline:
        raise HubError(
            "offline",
            f"{spec.name} is not in the cache {hub.cache}, and HF_HUB_OFFLINE forbids to fetch it.",
            f"Unset HF_HUB_OFFLINE once, or run: python -m omnilive_demo.models fetch {spec.name}",
        )
    token = cancel or CancelToken()
    with hub.client() as client:
        listing = list_files(hub, client, spec)
        if token.cancelled:
            raise FetchCancelled(spec.name)
        try:
            download = Download(hub, client, spec, listing.commit, token)
            return _into_cache(hub, spec, listing, download, progress, free_space or _free_space)
        except OSError as error:
            raise _unwritable(hub, spec, error) from error


def fetch_all(
    specs: Iterable[ModelSpec],
    hub: Hub,
    *,
    progress: Callable[[str, int, int], None] = lambda name, done, total: None,
    cancel: CancelToken | None = None,
    folders: Mapping[str, Path] | None = None,
    free_space: FreeSpace | None = None,
) -> dict[str, Path]:
    """The folders of several models by name, small ones first: `progress(model, done, total)`.

    Raises:
        HubError, FetchCancelled: as `fetch`, at the first model that cannot be had.
    """
    found = {}
    for spec in sorted(specs, key=lambda spec: spec.size):

        def tell(done: int, total: int, name: str = spec.name) -> None:
            progress(name, done, total)

        folder = (folders or {}).get(spec.name)
        found[spec.name] = fetch(spec, hub, progress=tell, cancel=cancel, folder=folder, free_space=free_space)
    return found


def _into_cache(
    hub: Hub, spec: ModelSpec, listing: Listing, download: Download, progress: Progress, free_space: FreeSpace
) -> Path:
    place = RepositoryCache(hub.cache, spec.repository)
    for file in listing.files:  # a content of another length than the hub's was cut off, whoever wrote it
        if place.blob(file).is_file() and place.blob(file).stat().st_size != file.size:
            place.blob(file).unlink()
    missing = [file for file in listing.files if not place.blob(file).is_file()]
    begun = sum(place.part(file).stat().st_size for file in missing if place.part(file).is_file())
    _check_space(spec, sum(file.size for file in missing) - begun, free_space(place.folder), place.folder)
    tally = Tally(sum(file.size for file in listing.files), progress)
    for file in sorted(listing.files, key=lambda file: file.size):
        if file in missing:
            download.run(file, place, tally.add)
        else:
            tally.add(file.size)
        place.link(listing.commit, file)
    place.name_commit(spec.revision, listing.commit)
    folder = place.folder / "snapshots" / listing.commit
    fault = lacking(folder, spec)
    if fault:
        raise HubError("incomplete", f"The repository {spec.repository} {fault}.", "Choose another model.")
    return folder


def _from_folder(spec: ModelSpec, folder: Path) -> Path:
    if not folder.is_dir():
        raise HubError(
            "not_found", f"The folder {folder} for {spec.name} does not exist.", "Give the path of a folder."
        )
    fault = lacking(folder, spec, own=True)
    if fault:
        hint = f"It must be laid out as https://huggingface.co/{spec.repository}; copy it again."
        raise HubError("incomplete", f"The folder {folder} for {spec.name} {fault}.", hint)
    return folder


def _check_space(spec: ModelSpec, needed: int, free: int, folder: Path) -> None:
    if needed + SPARE > free and needed > 0:
        raise HubError(
            "no_space",
            f"{spec.name} needs {needed / 1e9:.1f} GB of disk, and {free / 1e9:.1f} GB are free for {folder.parent}.",
            "Free some space, or set HF_HOME to a larger disk.",
        )


def _free_space(folder: Path) -> int:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _unwritable(hub: Hub, spec: ModelSpec, error: OSError) -> HubError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return HubError(
            "no_space",
            f"The disk is full: {spec.name} could not be written to {hub.cache}.",
            "Free some space, or set HF_HOME to a larger disk; what has arrived is kept.",
        )
    what = error.strerror or str(error)
    return HubError(
        "unwritable", f"{spec.name} cannot be written to {hub.cache} ({what}).", "Set HF_HOME to a writable folder."
    )
