"""Writing trained tensors as a shipped weight file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

LARGEST_BYTES = 10_000_000  # of a shipped weight file


def export(tensors: Mapping[str, torch.Tensor], path: Path, metadata: Mapping[str, Any]) -> int:
    """Writes the tensors as safetensors, floating ones in float16; what in the metadata is no text becomes JSON.

    Returns the size in bytes.

    Raises:
        ValueError: the file is larger than a shipped one may be, or a value is not finite in float16.
    """
    halved = {name: (t.half() if t.is_floating_point() else t).cpu().contiguous() for name, t in tensors.items()}
    for name, tensor in halved.items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise ValueError(f"{name} is not finite in float16")
    texts = _texts(metadata)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    save_file(halved, part, texts)
    size = part.stat().st_size
    if size > LARGEST_BYTES:
        part.unlink()
        raise ValueError(f"{path.name} would have {size} bytes; a shipped file has at most {LARGEST_BYTES}")
    os.replace(part, path)
    return size


def replace_metadata(path: Path, metadata: Mapping[str, Any]) -> None:
    """Sets these keys of a weight file's metadata, whose other keys and tensors stay byte for byte what they are.

    Raises:
        OSError: the file cannot be read or written.
        ValueError: it is no safetensors file.
    """
    whole = path.read_bytes()
    end = 8 + int.from_bytes(whole[:8], "little")  # the format: the header's length, the header in JSON, the tensors
    try:
        header = json.loads(whole[8:end])
        header["__metadata__"] = {**header.get("__metadata__", {}), **_texts(metadata)}
    except (ValueError, AttributeError, TypeError) as error:
        raise ValueError(f"{path} is no safetensors file: {error}") from error
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # tensors begin at a multiple of eight bytes
    part = path.with_suffix(".part")
    part.write_bytes(len(text).to_bytes(8, "little") + text + whole[end:])
    os.replace(part, path)


def _texts(metadata: Mapping[str, Any]) -> dict[str, str]:
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in metadata.items()}
