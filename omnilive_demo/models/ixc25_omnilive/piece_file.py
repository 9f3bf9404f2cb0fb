"""What a sentencepiece model file says: a protocol buffer of pieces and a few rules.

Numbers of the fields are those of sentencepiece_model.proto: the model's pieces (1), trainer (2) and normaliser (3); a
piece's text (1), score (2) and kind (3).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from omnilive_demo.models.memory_module.weight_files import WeightsError

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6
_BYTE_PAIRS = 2  # of the trainer's model types


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece; its place in the file is its token."""

    text: str
    score: float
    kind: int


@dataclass(frozen=True, slots=True)
class Rules:
    """What happens to a text before it is cut."""

    adds_space: bool
    shortens_spaces: bool


def read_pieces(path: Path) -> tuple[list[Piece], Rules]:
    """All pieces, and the rules.

    Raises:
        WeightsError: the file is missing or damaged, or holds another kind of model.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise WeightsError(f"The model file {path} is missing.") from None
    pieces: list[Piece] = []
    trainer: dict[int, int | bytes] = {}
    normaliser: dict[int, int | bytes] = {}
    try:
        for number, value in _fields(content):
            if number == 1:
                pieces.append(_piece(_message(value)))
            elif number == 2:
                trainer = dict(_fields(_message(value)))
            elif number == 3:
                normaliser = dict(_fields(_message(value)))
    except (ValueError, IndexError, KeyError, TypeError, struct.error) as error:
        raise WeightsError(f"The model file {path} is damaged ({error}). Fetch it again.") from error
    if not pieces:
        raise WeightsError(f"The model file {path} holds no pieces. Fetch it again.")
    if trainer.get(3, 1) != _BYTE_PAIRS:
        raise WeightsError(f"{path} is not a byte-pair model, the only kind that is read here.")
    if normaliser.get(2) or not normaliser.get(5, 1):
        raise WeightsError(f"{path} rewrites characters, which is not done here.")
    return pieces, Rules(bool(normaliser.get(3, 1)), bool(normaliser.get(4, 1)))


def _piece(content: bytes) -> Piece:
    values = dict(_fields(content))
    score = struct.unpack("<f", _message(values[2]))[0] if 2 in values else 0.0
    kind = values.get(3, NORMAL)
    if not isinstance(kind, int):
        raise ValueError("a piece without a kind")
    return Piece(_message(values[1]).decode("utf-8"), score, kind)


def _message(value: int | bytes) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("a number where a message was expected")
    return value


def _fields(content: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(number, value) of each field; a fixed-size number as its bytes."""
    at = 0
    while at < len(content):
        key, at = _varint(content, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(content, at)
            yield number, value
            continue
        if wire == 2:
            size, at = _varint(content, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError(f"unknown kind of field {wire}")
        if at + size > len(content):
            raise ValueError("it ends too early")
        yield number, content[at : at + size]
        at += size


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
