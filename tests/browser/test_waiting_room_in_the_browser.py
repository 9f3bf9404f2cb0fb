"""More visitors than seats."""

from __future__ import annotations

import pytest
from visiting import App, Visitor


@pytest.fixture(scope="module")
def small_app(tmp_path_factory):
    running = App(tmp_path_factory.mktemp("small"), OMNILIVE_SEATS="1", OMNILIVE_SESSION_LINGER_S="1")
    try:
        running.wait_ready()
        yield running
    finally:
        running.end()


def test_the_next_visitor_waits_and_gets_the_seat_when_it_is_free(small_app, browser):
    first = Visitor(small_app, browser.new_context()).open()
    second = Visitor(small_app, browser.new_context())
    second.page.goto(small_app.url)
    second.page.wait_for_selector("[data-dialog=waiting][open]")
    assert "You are next" in second.text("[data-el=waiting-text]")
    first.context.close()
    second.page.wait_for_selector("#omnilive[data-phase=welcome] [data-sample]")
    second.page.wait_for_selector("[data-dialog=waiting]:not([open])", state="attached")
    second.context.close()
    assert first.errors == second.errors == []
