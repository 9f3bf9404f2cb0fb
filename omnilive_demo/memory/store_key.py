"""The key of an encrypted store: from a passphrase to the raw key of one file.

Beside the database lies `memory.key`: the two salts and a check value, twice, so that a flipped bit costs nothing. The
passphrase is stretched by scrypt (about 300 ms, once for all stores that share a salt), and each file gets a key of its
own from that. The check value tells a wrong key from a damaged file. Nothing here reveals the key or the passphrase.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from omnilive_demo.memory.store import StoreError
from omnilive_demo.memory.store_connection import cipher

FILE_NAME = "memory.db"
KEY_FILE = "memory.key"
SHORTEST = 8  # characters of a passphrase

_MAGIC = b"omnilive-key-1\x00\x00"
_SALT = 16
_PROCESS_SALT = os.urandom(_SALT)  # new stores of one process share the slow step
# OWASP's equivalent of 128 MB for machines that have less to spare.
_SCRYPT = {"n": 2**15, "r": 8, "p": 3, "maxmem": 64 * 2**20, "dklen": 32}

NO_PACKAGE = StoreError(
    "no_cipher",
    "A memory key is set, but the package that encrypts the memory (sqlcipher3) is not installed.",
    "Install it with `pip install sqlcipher3==0.6.4`, or start without OMNILIVE_MEMORY_KEY.",
)
TOO_SHORT = StoreError(
    "key_too_short",
    f"The memory key is too short to keep anything secret: it needs at least {SHORTEST} characters.",
    "Choose a longer one.",
)
LOCKED = StoreError(
    "store_locked",
    "The stored memory is encrypted, and no key was given.",
    "Set OMNILIVE_MEMORY_KEY to the key that it was written with.",
)
WRONG_KEY = StoreError(
    "wrong_key",
    "The memory key does not fit the stored memory.",
    "Give the key that it was written with; without it nobody can read it.",
)
NOT_ENCRYPTED = StoreError(
    "store_plain",
    "A memory key is set, but the stored memory was written without one and is not encrypted.",
    "Start without OMNILIVE_MEMORY_KEY, export the memory and move its folder away; then import it with the key.",
)
KEY_FILE_DAMAGED = StoreError(
    "key_file_damaged",
    f"The stored memory is encrypted, and the file {KEY_FILE} beside it is damaged, so it cannot be read.",
    f"Put a copy of {KEY_FILE} back, or move the folder away to begin anew.",
)


@dataclass(frozen=True, slots=True)
class FileKey:
    """The raw key of one file, 32 bytes, and the salt at its beginning, 16 bytes."""

    key: bytes = field(repr=False)
    salt: bytes = field(repr=False)

    @property
    def literal(self) -> str:
        """As SQLCipher's `PRAGMA key` takes it."""
        return f"x'{self.key.hex()}{self.salt.hex()}'"


def check_passphrase(passphrase: str) -> None:
    """Raise `StoreError` where a passphrase cannot be used on this machine; an empty one means no encryption."""
    if passphrase and cipher is None:
        raise NO_PACKAGE
    if passphrase and len(passphrase) < SHORTEST:
        raise TOO_SHORT


def unlock(folder: Path, passphrase: str) -> FileKey | None:
    """The key of the store in a folder; None where it is not encrypted. A new store gets its key file here.

    Raises:
        StoreError: the passphrase does not fit, or is missing, or there is nothing to encrypt with.
    """
    check_passphrase(passphrase)
    key_file, database = folder / KEY_FILE, folder / FILE_NAME
    if not passphrase:
        if key_file.exists():
            raise LOCKED
        return None
    if not key_file.exists():
        if database.exists() and database.stat().st_size:
            raise NOT_ENCRYPTED
        _write_key_file(key_file, passphrase)
    for record in _records(key_file.read_bytes()):
        stretched, salt, check = record
        key, wanted = _derive(_stretch(passphrase, stretched), salt)
        if not hmac.compare_digest(check, wanted):
            raise WRONG_KEY
        return FileKey(key, salt)
    raise KEY_FILE_DAMAGED


def check_key(data_dir: Path, passphrase: str, lasts: Callable[[Path], bool] = lambda _: True) -> None:
    """Whether the stores of a data folder open with a passphrase: asked once, before anything is served.

    lasts: which folders' memories somebody will come back to; what a killed visit left behind is of no matter.

    Raises:
        StoreError: see `unlock`. Only the newest store is asked, for each may take a moment.
    """
    check_passphrase(passphrase)
    folders = (data_dir / "sessions").glob("*")
    stores = [folder for folder in folders if (folder / FILE_NAME).exists() and lasts(folder)]
    for folder in sorted(stores, key=lambda store: (store / FILE_NAME).stat().st_mtime)[-1:]:
        unlock(folder, passphrase)


def _write_key_file(path: Path, passphrase: str) -> None:
    salt = os.urandom(_SALT)
    _, check = _derive(_stretch(passphrase, _PROCESS_SALT), salt)
    record = _MAGIC + _PROCESS_SALT + salt + check
    record += hashlib.blake2b(record, digest_size=16).digest()
    half = path.with_suffix(".half")
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(record * 2)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)


def _records(data: bytes) -> list[tuple[bytes, bytes, bytes]]:
    """The readable copies of what the key file says: scrypt's salt, the file's salt, the check value."""
    size = len(_MAGIC) + 4 * 16
    found = []
    for record in (data[:size], data[size : 2 * size]):
        whole = len(record) == size and hashlib.blake2b(record[:-16], digest_size=16).digest() == record[-16:]
        if whole and record.startswith(_MAGIC):
            found.append((record[16:32], record[32:48], record[48:64]))
    return found


@functools.lru_cache(maxsize=8)
def _stretch(passphrase: str, salt: bytes) -> bytes:
    return hashlib.scrypt(passphrase.encode(), salt=salt, **_SCRYPT)


def _derive(master: bytes, salt: bytes) -> tuple[bytes, bytes]:
    """The key of a file, 32 bytes, and what shows that it is the right one, 16 bytes."""
    key = hashlib.blake2b(salt, key=master, digest_size=32, person=b"omnilive-file").digest()
    return key, hashlib.blake2b(salt, key=master, digest_size=16, person=b"omnilive-check").digest()
