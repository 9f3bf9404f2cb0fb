"""What a peer was told: every wire message with the moment of its arrival, to be waited for and searched."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message and when it came, in seconds of the machine's monotonic clock."""

    at_s: float
    message: Message

    def __getitem__(self, name: str) -> Any:
        return self.message[name]


class Inbox:
    """Messages of one session in the order of arrival, over all its connections."""

    def __init__(self) -> None:
        self.arrived: list[Arrived] = []
        self.last_seq = 0
        self.repeated = 0
        self.skipped = 0  # numbers that never came: on a slow link newer events replace older ones
        self._changed = asyncio.Event()

    def put(self, text: str | bytes, at_s: float) -> None:
        """Take a message in. What has no protocol version is not ours (fastrtc's own notes) and is left out."""
        message = json.loads(text)
        if not isinstance(message, dict) or "v" not in message:
            return
        self._count(int(message.get("seq", 0)))
        self.arrived.append(Arrived(at_s, message))
        self._changed.set()

    def mark(self) -> int:
        """A place in the sequence of arrivals, for `since`."""
        return len(self.arrived)

    def of(self, kind: str, since: int = 0, **fields: Any) -> list[Arrived]:
        """All messages of a type whose fields have these values."""
        return list(self._matching(kind, since, fields))

    async def wait_for(
        self,
        kind: str,
        timeout_s: float,
        since: int = 0,
        where: Callable[[Message], bool] | None = None,
        **fields: Any,
    ) -> Arrived:
        """The first message that fits, waiting for it.

        Raises:
            TimeoutError: none came in time; the text tells what came instead.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    for arrived in self._matching(kind, since, fields):
                        if where is None or where(arrived.message):
                            return arrived
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            came = [arrived.message for arrived in self.arrived[since:]][-12:]
            short = [{k: v for k, v in m.items() if k not in ("v", "thumbnail", "samples", "models")} for m in came]
            raise TimeoutError(f"no {kind!r} with {fields} within {timeout_s} s; last came {short}") from None

    def _matching(self, kind: str, since: int, fields: dict[str, Any]) -> Iterator[Arrived]:
        for arrived in self.arrived[since:]:
            message = arrived.message
            if message.get("type") == kind and all(message.get(k) == v for k, v in fields.items()):
                yield arrived

    def _count(self, seq: int) -> None:
        if seq <= 0:
            return  # not part of the replayable sequence
        if seq <= self.last_seq:
            self.repeated += 1
            return
        self.skipped += seq - self.last_seq - 1 if self.last_seq else 0
        self.last_seq = seq
