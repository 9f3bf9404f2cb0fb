"""What went wrong with the store, in words fit for the page."""

from __future__ import annotations

import errno
import logging
import sqlite3

from omnilive_demo.memory.store import StoreError

_log = logging.getLogger(__name__)

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file itself is broken."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
    ) or isinstance(error, sqlite3.IntegrityError)


def in_words(error: Exception) -> StoreError:
    """What a person can do about it."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL or getattr(error, "errno", None) in _DISK_FULL:
        return StoreError(
            "disk_full",
            "The disk is full, so what happens from now on is remembered only until the app stops.",
            "Free some space, or forget a part of the memory; saving then goes on by itself.",
        )
    if code == sqlite3.SQLITE_READONLY or isinstance(error, PermissionError):
        return StoreError(
            "store_read_only",
            "The memory's folder cannot be written to, so new memories last only until the app stops.",
            "Allow the app to write to its data folder, or choose another one.",
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreError(
            "store_busy",
            "Another program is using this session's memory, so new memories are not being saved yet.",
            "Close the other copy of the app.",
        )
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreError(
            "store_damaged",
            "A part of the stored memory is damaged and cannot be read.",
            "Restart the session: what can still be read is kept, and the rest is set aside.",
        )
    _log.warning("memory store failed: %s", error)
    return StoreError(
        "store_failed",
        "New memories cannot be saved just now, so they last only until the app stops.",
        "Check the disk on which the app's data folder lies.",
    )
