"""One visitor: wires the rooms, owns the queues, starts and stops everything. Knows nothing of connections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from omnilive_demo.clock import SessionClock
from omnilive_demo.events import AudioBlock, PageEvent, VideoFrame
from omnilive_demo.memory.long_memory import LongMemory
from omnilive_demo.records import Origin, SeenFrame
from omnilive_demo.speech.playout import Playout


class InputError(ValueError):
    """Something a visitor gave cannot be used. `code` is for the wire; the message and `hint` are for the page."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint


class Session:
    """A visitor's stream, memory and conversation. All methods are called on the event loop and none blocks it."""

    id: str  # short, for logs; not the token
    clock: SessionClock
    memory: LongMemory
    playout: Playout

    async def start(self) -> None:
        """Begin to perceive."""
        raise NotImplementedError

    async def close(self, reason: str) -> None:
        """Say bye, close the open clip, free everything. Safe to call twice."""
        raise NotImplementedError

    def subscribe(self, listener: Callable[[PageEvent], None]) -> Callable[[], None]:
        """Call `listener` (on the loop) with every page event from now on; returns how to stop that."""
        raise NotImplementedError

    def announce(self, event: PageEvent) -> None:
        """Put an event of the transport's own (source, notice, fault) into the same ordered stream."""
        raise NotImplementedError

    def present(self, transport: str, resumed: bool) -> tuple[PageEvent, ...]:
        """What a connection without history must be told: hello, state, clips, words, sounds, figures."""
        raise NotImplementedError

    def hear(self, block: AudioBlock) -> None:
        """Take sound in; bounded, drops the oldest when perception cannot keep up (counted in `lost`)."""
        raise NotImplementedError

    def watch(self, frame: VideoFrame) -> None:
        """Take a picture in; only the newest in each second is looked at."""
        raise NotImplementedError

    async def settled(self, origin: Origin) -> None:
        """Wait until what was put in has been taken up, so that a file faster than life loses nothing."""
        raise NotImplementedError

    def ask(self, text: str) -> None:
        """A typed question. Raises InputError when it is empty or too long."""
        raise NotImplementedError

    def stop_answer(self, reason: Literal["stop", "closed"] = "stop") -> None:
        """Silence the answer under way."""
        raise NotImplementedError

    def set_muted(self, on: bool) -> None:
        """The visitor's microphone is muted: an utterance under way ends now."""
        raise NotImplementedError

    def change_settings(self, voice: str | None, rate: float | None, speak: bool | None) -> None:
        """Change the voice; raises InputError for an unknown one."""
        raise NotImplementedError

    def heard_until(self, turn: int, heard_ms: float) -> None:
        """The page's report of how much of an answer was heard."""
        raise NotImplementedError

    async def forget(self, from_s: float | None, to_s: float | None) -> None:
        """Forget a range, or everything."""
        raise NotImplementedError

    def cancel_standing(self, standing: int) -> None:
        """Cancel a standing query. Raises InputError when there is none of that number."""
        raise NotImplementedError

    def latest_frame(self) -> SeenFrame | None:
        """The newest perceived frame."""
        raise NotImplementedError

    def figures(self) -> dict[str, float]:
        """Queue depths and counts of what was lost, for health and measurement."""
        raise NotImplementedError
