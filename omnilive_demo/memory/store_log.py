"""Whether SQLite's write-ahead log lost something: SQLite itself passes over a damaged end without a word.

The log is a header of 32 bytes and frames of 24 bytes and a page, each with a running checksum (sqlite.org/fileformat2,
section 4). Frames of an earlier round lie behind with other salts, and a last transaction without its commit is what a
kill leaves: neither is a loss. A frame of this round whose checksum does not fit, a broken header, or a log that is
shorter than its index says, is.
"""

from __future__ import annotations

import struct
from pathlib import Path

_HEADER, _FRAME = 32, 24
_MAGIC = (0x377F0682, 0x377F0683)
LOST = (
    "The newest part of the stored memory was damaged, so what was remembered shortly before the last stop may be lost."
)


def log_lost(database: Path) -> bool:
    """Whether the log beside a database that nobody has open is damaged."""
    wal = database.with_name(database.name + "-wal")
    try:
        data = wal.read_bytes()
        index = database.with_name(database.name + "-shm").read_bytes()[:136]
    except FileNotFoundError:
        if not wal.exists():
            return False
        data, index = wal.read_bytes(), b""
    if not data:
        return _indexed(index) > 0
    valid = _valid_frames(data)
    return valid is None or valid < _indexed(index)


def _valid_frames(data: bytes) -> int | None:
    """How many frames are whole; None where one behind them was damaged."""
    if len(data) < _HEADER:
        return None
    magic, _, page, _, *salts = struct.unpack(">6I", data[:24])
    if magic not in _MAGIC:
        return None
    order = ">" if magic & 1 else "<"
    sums = _checksum(data[:24], order, (0, 0))
    if sums != struct.unpack(">2I", data[24:32]) or page < 512:
        return None
    n, size = 0, _FRAME + page
    for at in range(_HEADER, len(data) - size + 1, size):
        frame = data[at : at + size]
        if list(struct.unpack(">2I", frame[8:16])) != salts:
            return None if _of_this_round(data[at + size :], size, salts) else n
        sums = _checksum(frame[_FRAME:], order, _checksum(frame[:8], order, sums))
        if sums != struct.unpack(">2I", frame[16:24]):
            return None
        n += 1
    return n


def _of_this_round(rest: bytes, size: int, salts: list[int]) -> bool:
    wanted = struct.pack(">2I", *salts)
    return any(rest[at + 8 : at + 16] == wanted for at in range(0, len(rest) - size + 1, size))


def _checksum(data: bytes, order: str, sums: tuple[int, int]) -> tuple[int, int]:
    a, b = sums
    numbers = struct.unpack(f"{order}{len(data) // 4}I", data)
    for first, second in zip(numbers[::2], numbers[1::2], strict=True):
        a = (a + first + b) & 0xFFFFFFFF
        b = (b + second + a) & 0xFFFFFFFF
    return a, b


def _indexed(index: bytes) -> int:
    """How many frames the index (shared memory) knows, where its two copies agree; 0 where nothing is known."""
    if len(index) < 96 or index[:48] != index[48:96] or index[12] != 1:
        return 0
    frames: int = struct.unpack("=I", index[16:20])[0]
    return frames
