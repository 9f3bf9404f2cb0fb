"""A session's folder belongs to one process at a time: two that number their clips alike would spoil each other's."""

from __future__ import annotations

import contextlib
import importlib
import os
from pathlib import Path
from typing import Any

from omnilive_demo.memory.store import StoreError

LOCK_FILE = "memory.lock"


def _fcntl() -> Any:
    try:
        return importlib.import_module("fcntl")
    except ImportError:  # not on this system: then nobody checks
        return None


class FolderHold:
    """Held until it is released, or the process ends in whatever way.

    Raises:
        StoreError: another process, or another memory of this one, has the folder.
    """

    def __init__(self, folder: Path) -> None:
        self._file: int | None = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if (fcntl := _fcntl()) is not None:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.release()
            raise StoreError(
                "store_busy",
                "Another program is using this session's memory, so it cannot be opened here.",
                "Close the other copy of the app, or give this one another data folder (--data-dir).",
            ) from error

    def release(self) -> None:
        """Let go. Safe to call twice."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.close(self._file)
            self._file = None
