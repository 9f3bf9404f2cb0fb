"""The wire: JSON of the live channel and binary media frames of the WebSocket, as `docs/protocol.md` documents them."""

from __future__ import annotations

import dataclasses
import json
import math
import struct
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from omnilive_demo.events import Json, PageEvent

VERSION = 1
MAX_MESSAGE_CHARS = 16_384  # a longer text message from a browser is refused, unread

MAX_SENT_BYTES = 60_000  # data channels carry messages up to 64 KiB everywhere

# ---- server -> browser ---------------------------------------------------------------------------------------------


def to_wire(event: PageEvent, seq: int, t_s: float) -> Json:
    """The message that tells a browser of an event: `{"v", "seq", "type", "t_s", …the event's fields}`."""
    fields = {field.name: plain(getattr(event, field.name)) for field in dataclasses.fields(event)}
    return {"v": VERSION, "seq": seq, "type": event.TYPE, "t_s": round(t_s, 3), **fields}


def plain(value: Any) -> Any:
    """What JSON can hold: records as objects, floats to a thousandth, nothing that is not a number as null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        told = [field.name for field in dataclasses.fields(value) if field.metadata.get("told", True)]
        return {name: plain(getattr(value, name)) for name in told}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return round(value, 3) if math.isfinite(value) else None
    return value


def encode(message: Json, limit_bytes: int = MAX_SENT_BYTES) -> str:
    """The message as JSON text of at most `limit_bytes`: pictures go first, then long lists and texts are halved."""
    text = _dump(message)
    if len(text.encode()) <= limit_bytes:
        return text
    slim: Any = {key: "" if key == "thumbnail" else value for key, value in message.items()}
    while len((text := _dump(slim)).encode()) > limit_bytes:
        slim = _halved(slim)
    return text


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _halved(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _halved(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_halved(item) for item in value[: max(4, len(value) // 2)]]
    return value[: len(value) // 2] + "…" if isinstance(value, str) and len(value) > 200 else value


# ---- browser -> server ---------------------------------------------------------------------------------------------


class _Message(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)
    v: int = VERSION


class Attach(_Message):
    """The first message of every live channel. `token` on the WebSocket only; `tab` tells two tabs apart.

    `last_seq` is the number of the newest event that the page has (0: none); `role` answers the notice `second_tab`.
    """

    type: Literal["attach"]
    token: str = Field("", max_length=64)
    tab: str = Field("", max_length=64)
    last_seq: int = Field(0, ge=0, le=2**53)
    role: Literal["ask", "take_over", "watch"] = "ask"
    media: bool = True  # whether this channel carries media too (the WebSocket fallback)


class Text(_Message):
    """A typed question."""

    type: Literal["text"]
    text: str = Field(max_length=12_000)


class Stop(_Message):
    """Stop the answer under way."""

    type: Literal["stop"]


class Mute(_Message):
    """The microphone is muted, or not."""

    type: Literal["mute"]
    on: bool


class SettingsChange(_Message):
    """What a visitor may set; absent fields stay as they are."""

    type: Literal["settings"]
    language: str | None = Field(None, max_length=10)
    voice: str | None = Field(None, max_length=40)
    rate: float | None = Field(None, ge=0.5, le=2.0)
    speak: bool | None = None  # False: answers in text only
    remarks: bool | None = None  # True: something new may be told unasked


class Heartbeat(_Message):
    """The page is alive; sent every 5 s."""

    type: Literal["heartbeat"]


class Source(_Message):
    """Choose where picture and sound come from. `name`: sample name or upload id; `url`: for kind url."""

    type: Literal["source"]
    kind: Literal["none", "camera", "sample", "file", "url", "push"]
    name: str = Field("", max_length=200)
    url: str = Field("", max_length=2000)
    rate: float = Field(1.0, ge=0.25, le=16.0)


class PlayoutReport(_Message):
    """How much of an answer the visitor has heard."""

    type: Literal["playout"]
    turn: int = Field(ge=0, le=2**31)
    heard_ms: float = Field(ge=0)


class Forget(_Message):
    """Forget a range of the stream, or everything."""

    type: Literal["forget"]
    from_s: float | None = Field(None, ge=0)
    to_s: float | None = Field(None, ge=0)


class CancelStanding(_Message):
    """Cancel a standing query."""

    type: Literal["cancel_standing"]
    id: int = Field(ge=0, le=2**31)


ClientMessage = Annotated[
    Attach | Text | Stop | Mute | SettingsChange | Heartbeat | Source | PlayoutReport | Forget | CancelStanding,
    Field(discriminator="type"),
]
_client_message: TypeAdapter[Any] = TypeAdapter(ClientMessage)


class WireError(ValueError):
    """A message that does not follow the protocol; the text says what was wrong with it."""


def from_wire(text: str) -> Any:
    """Parse a browser's message.

    Raises:
        WireError: too long, not JSON, an unknown type, or a field out of range.
    """
    if len(text) > MAX_MESSAGE_CHARS:
        raise WireError(f"The message is too long ({len(text)} characters; {MAX_MESSAGE_CHARS} at most).")
    try:
        return _client_message.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise WireError(f"The message was not understood ({place}: {first['msg']}).") from error


# ---- binary media over the WebSocket -------------------------------------------------------------------------------

_HEADER = struct.Struct("<B3xIdI")
PCM, JPEG = 1, 2


@dataclass(frozen=True, slots=True)
class MediaPacket:
    """One binary frame: 16-bit little-endian mono PCM at `rate_hz`, or a JPEG; `media_s` on the sender's clock.

    `turn` names the answer that the sound belongs to (server to browser); a browser sends 0.
    """

    kind: int
    rate_hz: int
    media_s: float
    turn: int
    payload: bytes

    def pack(self) -> bytes:
        """20 bytes of header (kind u8, 3 zeros, rate u32, media_s f64, turn u32; little-endian), then the payload."""
        return _HEADER.pack(self.kind, self.rate_hz, self.media_s, self.turn) + self.payload

    @staticmethod
    def unpack(data: bytes) -> MediaPacket:
        """Raises WireError when the header is short, the kind unknown, the time no number or PCM bytes odd."""
        if len(data) < _HEADER.size:
            raise WireError("A media packet is shorter than its header.")
        kind, rate_hz, media_s, turn = _HEADER.unpack_from(data)
        payload = data[_HEADER.size :]
        if kind not in (PCM, JPEG):
            raise WireError(f"Media of kind {kind} is unknown.")
        if not math.isfinite(media_s):
            raise WireError("A media packet's time is not a number.")
        if kind == PCM and (len(payload) % 2 or not 8_000 <= rate_hz <= 96_000):
            raise WireError("PCM comes as 16-bit samples at 8 to 96 kHz.")
        return MediaPacket(kind, rate_hz, media_s, turn, payload)
