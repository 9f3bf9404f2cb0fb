"""A visitor comes back to the memory of last time, on a server that was started anew."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from visiting import App, Visitor

from omnilive_demo.memory.pooling import PoolingCompressor
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.models.text_encoder import MiniLM
from omnilive_demo.records import Spoken

AWAY_S = 2 * 3600.0
WELCOME = "Welcome back. You were away for about two hours; what was before is remembered."


@pytest.fixture
def app_with_a_past(tmp_path: Path) -> Iterator[App]:
    words, then_s = MiniLM(), time.time() - AWAY_S  # noqa: TID251
    folder = tmp_path / "data" / "sessions" / "local"
    memory = SessionMemory(folder, PoolingCompressor(words, 4), words, epoch_s=then_s)
    memory.add_spoken(Spoken(1, 3.0, 4.0, "the parcel is in the hall", "visitor", False))
    memory.close()
    running = App(tmp_path)
    try:
        yield running
    finally:
        running.end()


@pytest.mark.timeout(150)
@pytest.mark.parametrize("early", [True, False])
def test_who_comes_back_is_welcomed_where_it_can_be_seen(app_with_a_past: App, browser: Any, early: bool) -> None:
    if early:  # the page is there before the models are
        app_with_a_past.wait_answers()
    else:
        app_with_a_past.wait_ready()
    visitor = Visitor(app_with_a_past, browser.new_context(viewport={"width": 1280, "height": 800}))
    visitor.page.goto(app_with_a_past.url)
    notice = visitor.page.locator("[data-notice=memory_returned]")
    notice.wait_for(state="visible", timeout=60_000)
    assert WELCOME in notice.inner_text()
    box = notice.bounding_box()
    assert box is not None
    assert 0 <= box["y"] < box["y"] + box["height"] <= 800, "one has to scroll to it"
    on_top = "([x, y]) => document.elementFromPoint(x, y)?.closest('[data-notice]')?.dataset.notice"
    middle = [box["x"] + box["width"] / 3, box["y"] + box["height"] / 2]
    assert visitor.page.evaluate(on_top, middle) == "memory_returned", "something covers it"
    assert visitor.errors == []
    visitor.context.close()
