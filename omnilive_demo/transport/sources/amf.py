"""AMF0, the values inside RTMP commands: as much of it as a publisher and a server say to each other."""

from __future__ import annotations

import struct
from typing import Any

_MAX_DEPTH = 8


class AmfError(ValueError):
    """The bytes are not AMF0."""


def decode(data: bytes) -> list[Any]:
    """All values in `data`: float, bool, str, dict, list or None."""
    values, at = [], 0
    try:
        while at < len(data):
            value, at = _value(data, at, 0)
            values.append(value)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise AmfError("AMF0 data is cut off") from error
    return values


def encode(*values: Any) -> bytes:
    """The values one after the other."""
    return b"".join(_encoded(value) for value in values)


def _value(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    kind, at = data[at], at + 1
    if depth > _MAX_DEPTH:
        raise AmfError("AMF0 data is nested too deeply")
    if kind == 0:
        return struct.unpack_from(">d", data, at)[0], at + 8
    if kind == 1:
        return data[at] != 0, at + 1
    if kind in (2, 12):
        return _text(data, at, ">H" if kind == 2 else ">I")
    if kind in (5, 6):
        return None, at
    if kind in (3, 8):  # an object; an array with names has its (unreliable) count in front
        return _object(data, at + (4 if kind == 8 else 0), depth)
    if kind == 10:
        (n,), at, items = struct.unpack_from(">I", data, at), at + 4, []
        for _ in range(n):
            item, at = _value(data, at, depth + 1)
            items.append(item)
        return items, at
    if kind == 11:
        return struct.unpack_from(">d", data, at)[0], at + 10
    raise AmfError(f"AMF0 type {kind} is unknown")


def _text(data: bytes, at: int, length: str) -> tuple[str, int]:
    (n,) = struct.unpack_from(length, data, at)
    at += struct.calcsize(length)
    if at + n > len(data):
        raise AmfError("AMF0 text is cut off")
    return data[at : at + n].decode("utf-8", "replace"), at + n


def _object(data: bytes, at: int, depth: int) -> tuple[dict[str, Any], int]:
    fields: dict[str, Any] = {}
    while True:
        name, at = _text(data, at, ">H")
        if not name and data[at] == 9:
            return fields, at + 1
        fields[name], at = _value(data, at, depth + 1)


def _encoded(value: Any) -> bytes:
    if value is None:
        return b"\x05"
    if isinstance(value, bool):
        return b"\x01" + bytes([value])
    if isinstance(value, int | float):
        return b"\x00" + struct.pack(">d", value)
    if isinstance(value, str):
        return b"\x02" + _name(value)
    if isinstance(value, dict):
        fields = (_name(name) + _encoded(item) for name, item in value.items())
        return b"\x03" + b"".join(fields) + b"\x00\x00\x09"
    raise TypeError(f"{type(value).__name__} has no place in a command")


def _name(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">H", len(data)) + data
