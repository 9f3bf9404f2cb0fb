"""A lane: where calls wait for a worker, by priority, and are dropped when nobody wants them any more."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Protocol, TypeVar

from omnilive_demo.cancel import CancelToken

T = TypeVar("T")


class Priority(IntEnum):
    """Latency classes; smaller goes first."""

    EARS = 0
    TURN = 1
    EYES = 2
    MEMORY = 3
    BACKGROUND = 4


class LaneFull(RuntimeError):
    """The lane's queue is full; the caller decides what to drop."""


class WorkCancelled(RuntimeError):
    """The call was cancelled, or its deadline passed, before it ran."""


class Lane(Protocol):
    """Runs functions on workers of its own, never on the event loop."""

    name: str

    @property
    def depth(self) -> int:
        """How many calls wait."""
        ...

    async def run(
        self,
        function: Callable[..., T],
        *args: object,
        session: str,
        priority: Priority,
        deadline_s: float | None = None,
        cancel: CancelToken | None = None,
    ) -> T:
        """Run `function(*args)` on a worker. Calls of equal priority run in order.

        Args:
            session: whose call it is (for logs and for fairness).
            deadline_s: seconds from now after which it need not start any more.
            cancel: asked when its turn comes.

        Raises:
            LaneFull: too many calls wait already.
            WorkCancelled: cancelled or late before it began.
        """
        ...

    async def close(self) -> None:
        """Stop the workers after the call that each of them runs."""
        ...
