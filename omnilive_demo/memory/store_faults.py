"""What went wrong with the store, in words fit for the page."""

from __future__ import annotations

import errno
import logging
import shutil
import sqlite3
from pathlib import Path

from omnilive_demo.memory.store import StoreError
from omnilive_demo.memory.store_connection import DATABASE_ERRORS

_log = logging.getLogger(__name__)

LEAST_ROOM = 64 * 1024  # bytes
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_BROKEN_SCHEMA = ("no such table", "no such column", "no such module", "malformed", "has no column", "already exists")


class Damage(Exception):
    """A look through the file found something broken."""


# What reading a file may raise that does not hold what was written, or cannot be read at all.
READING_ERRORS: tuple[type[Exception], ...] = (*DATABASE_ERRORS, Damage, ArithmeticError, ValueError, TypeError)
WRITING_ERRORS: tuple[type[Exception], ...] = (*DATABASE_ERRORS, OSError)


def is_damage(error: Exception) -> bool:
    """Whether the file itself is broken: SQLite says so, or what it holds makes no sense."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # not SQLite's, but for a wrong use of it: values of a kind that nobody wrote
        return not isinstance(error, OSError) and type(error).__name__ != "ProgrammingError"
    if code & 0xFF in _DAMAGE or type(error).__name__ == "IntegrityError":
        return True
    return code & 0xFF in (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_SCHEMA) and any(
        words in str(error) for words in _BROKEN_SCHEMA
    )


def no_room(error: Exception, folder: Path) -> bool:
    """Whether an I/O error comes of a full disk: SQLite does not say so where it cannot grow the log's index."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF not in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
        return False
    try:
        return shutil.disk_usage(folder).free < LEAST_ROOM
    except OSError:
        return False


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
