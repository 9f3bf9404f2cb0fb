"""Memories that visitors of a public server keep with a private link, and their expiry.

Whoever has the link has the memory, so nobody can guess it: 256 random bits, of which only a hash lies on the disk,
compared in constant time. The link is taken back, or runs out after `keep_days` without a visit; the memory is deleted
then, at the end of the visit at the latest. Methods read and write small files: call them off the event loop.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import logging
import os
import secrets
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from omnilive_demo.config import Settings
from omnilive_demo.session import InputError

log = logging.getLogger(__name__)

KEPT_FILE = "kept.json"
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Kept:
    """A memory that is kept: until when, in seconds since 1970. `token` is known only when the link is made."""

    until_s: float
    token: str = ""

    @property
    def link(self) -> str:
        """Relative to the page. Behind the #, so that it is in no request's address and in no log."""
        return f"#memory={self.token}" if self.token else ""


class KeptMemories:
    """The kept memories of a data folder; other processes may serve from it too.

    Args:
        now_s: seconds since 1970.
    """

    def __init__(self, settings: Settings, now_s: Callable[[], float]) -> None:
        self._sessions = settings.data_dir / "sessions"
        self._days = settings.keep_days
        self._most = settings.keep_most
        self._now_s = now_s

    def keep(self, folder: Path) -> Kept:
        """Keep the memory in a folder, under a new link; one that it had before is void.

        Raises:
            InputError: as many are kept as the server has room for, or the folder cannot be written to.
        """
        if not is_kept(folder) and len(self._folders()) >= self._most:
            raise InputError(
                "too_many_kept", "This server keeps as many memories as it has room for.", "Export yours as a file."
            )
        token = secrets.token_urlsafe(32)
        kept = Kept(self._now_s() + self._days * DAY_S, token)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(folder, _digest(token), kept.until_s)
        except OSError as error:
            raise InputError("not_kept", "The memory cannot be kept just now.", "Export it as a file.") from error
        return kept

    def prolong(self, folder: Path) -> None:
        """A visit to a kept memory begins or ended: from now on its days count anew."""
        with contextlib.suppress(OSError):
            told = _read(folder)
            if told is not None:
                _write(folder, told[0], self._now_s() + self._days * DAY_S)

    def release(self, folder: Path) -> None:
        """Take the link back; the memory goes with the end of its visit."""
        (folder / KEPT_FILE).unlink(missing_ok=True)

    def of(self, folder: Path) -> Kept | None:
        """Whether the memory in a folder is kept.

        Raises:
            OSError: its note cannot be read just now.
        """
        try:
            told = _read(folder)
        except FileNotFoundError:
            return None
        return None if told is None else Kept(told[1])

    def find(self, token: str) -> Path | None:
        """The folder that a link leads to. Looks at all of them, each in constant time."""
        digest, found = _digest(token), None
        for folder in self._folders():
            try:
                told = _read(folder)
            except OSError as error:
                log.warning("the note of a kept memory could not be read: %s", error)
                continue
            if told is None:
                continue
            same = hmac.compare_digest(told[0].encode("utf-8", "replace"), digest.encode())
            if same and told[1] > self._now_s():
                found = folder
        return found

    def sweep(self, in_use: Collection[Path]) -> None:
        """Delete what has expired and nobody visits now. What cannot be read just now may not have expired."""
        for folder in self._folders():
            try:
                told = _read(folder)
            except OSError as error:
                log.warning("the note of a kept memory could not be read: %s", error)
                continue
            if (told is None or told[1] <= self._now_s()) and folder not in in_use:
                log.info("a kept memory has expired")
                shutil.rmtree(folder, ignore_errors=True)

    def _folders(self) -> list[Path]:
        return [file.parent for file in self._sessions.glob(f"*/{KEPT_FILE}")]


def is_kept(folder: Path) -> bool:
    """Whether the memory in a folder outlives its visit."""
    return (folder / KEPT_FILE).exists()


def _digest(token: str) -> str:
    # A slow hash would add nothing: the token has 256 bits of its own.
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _write(folder: Path, digest: str, until_s: float) -> None:
    half = folder / f"{KEPT_FILE}.half"
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump({"version": 1, "digest": digest, "until_s": until_s}, file)
        file.flush()
        os.fsync(file.fileno())
    half.replace(folder / KEPT_FILE)


def _read(folder: Path) -> tuple[str, float] | None:
    """Digest and end, None where the note makes no sense. Raises OSError: there is none, or it cannot be read now."""
    text = (folder / KEPT_FILE).read_bytes()
    try:
        told = json.loads(text)
        return str(told["digest"]), float(told["until_s"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
