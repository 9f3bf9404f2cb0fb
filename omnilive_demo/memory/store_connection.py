"""Connections to the store's file: SQLite for a plain one, SQLCipher for an encrypted one. Both speak the same."""

from __future__ import annotations

import importlib
import sqlite3
from pathlib import Path
from typing import Any, Protocol, cast


def _sqlcipher() -> Any:
    try:
        return importlib.import_module("sqlcipher3.dbapi2")
    except ImportError:
        return None


cipher: Any = _sqlcipher()
_OTHERS: tuple[type[Exception], ...] = () if cipher is None else (cipher.Error,)
DATABASE_ERRORS: tuple[type[Exception], ...] = (sqlite3.Error, *_OTHERS)
Connection = sqlite3.Connection  # SQLCipher's is a class of its own with the same methods


class RawKey(Protocol):
    """What opens an encrypted file."""

    @property
    def literal(self) -> str:
        """As SQLCipher's `PRAGMA key` takes it."""
        ...


def connect(path: Path, key: RawKey | None, read_only: bool = False, still: bool = False) -> Connection:
    """Open a file, in autocommit. Errors are among `DATABASE_ERRORS`.

    still: nothing else writes, and nothing must be written at all, not even beside the file; its log is not read.
    """
    mode = "?immutable=1" if still else "?mode=ro" if read_only else ""
    library: Any = sqlite3 if key is None else cipher
    connection = cast(
        Connection,
        library.connect(
            path.absolute().as_uri() + mode, timeout=5.0, isolation_level=None, check_same_thread=False, uri=True
        ),
    )
    # Damaged text is to fail its checksum, and not the query.
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    if key is not None:
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f'PRAGMA key = "{key.literal}"')
    connection.execute("PRAGMA temp_store = MEMORY")  # nothing remembered lies in a temporary file
    return connection
