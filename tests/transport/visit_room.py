"""A visit between fakes, as its tests need it."""

from __future__ import annotations

import json
from typing import Any

from transport_fakes import FakeLink, FakeSession, FakeSources, until

from omnilive_demo.clock import ManualTime
from omnilive_demo.config import Settings
from omnilive_demo.transport.line import Line
from omnilive_demo.transport.visit import Visit


class Room:
    """A visit with a fake session, on a clock that is moved by hand."""

    def __init__(self, folder: Any) -> None:
        self.time = ManualTime(50.0)
        self.session: Any = FakeSession("s1")
        self.sources: Any = FakeSources(self.session, Settings(), folder)
        self.visit = Visit(self.session, self.sources, folder, self.time)
        folder.mkdir()

    def connect(self, transport: str = "websocket") -> tuple[Any, Line]:
        link: Any = FakeLink(transport)
        return link, self.visit.connect(link)

    def say(self, line: Line, type_: str, **fields: Any) -> None:
        self.visit.take_text(line, json.dumps({"v": 1, "type": type_, **fields}))

    async def attached(self, tab: str = "a", transport: str = "websocket", **fields: Any) -> tuple[Any, Line]:
        link, line = self.connect(transport)
        self.say(line, "attach", tab=tab, **fields)
        await until(lambda: link.sent)
        return link, line


def told(link: FakeLink, kind: str | None = None) -> list[dict[str, Any]]:
    messages = [json.loads(text) for text in link.sent]
    return [m for m in messages if kind is None or m["type"] == kind]
