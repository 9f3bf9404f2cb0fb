"""Logging: one line an event, with the session it belongs to; JSON for machines on request."""

from __future__ import annotations

import json
import logging
from contextvars import ContextVar

session_id: ContextVar[str] = ContextVar("session_id", default="-")
"""The session whose work runs now; tasks inherit it."""


class _WithSession(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.session = session_id.get()
        return True


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "t": self.formatTime(record, "%Y-%m-%dT%H:%M:%S"),
            "level": record.levelname,
            "logger": record.name,
            "session": getattr(record, "session", "-"),
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure(level: str, as_json: bool) -> None:
    """Set up the root logger. Only `app.py` calls this."""
    handler = logging.StreamHandler()
    handler.addFilter(_WithSession())
    plain = logging.Formatter("%(asctime)s %(levelname)-7s %(name)s [%(session)s] %(message)s", "%H:%M:%S")
    handler.setFormatter(_Json() if as_json else plain)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for noisy in ("aiortc", "aioice", "fastrtc", "libav", "httpx", "httpcore", "urllib3", "asyncio", "PIL"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLogger().level))
