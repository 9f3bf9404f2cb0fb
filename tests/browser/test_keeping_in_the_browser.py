"""A visitor of a public server keeps the memory with a link, takes it along, and brings it into another browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from visiting import App, Visitor

NO_PICKER = "window.showSaveFilePicker = undefined;"  # no dialog of the system's in a test


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    running = App(tmp_path_factory.mktemp("public"), OMNILIVE_HOST="0.0.0.0", OMNILIVE_WEBRTC="false")
    try:
        running.wait_ready()
        yield running
    finally:
        running.end()


def enter(browser: Any, app: App, query: str = "") -> Visitor:
    context = browser.new_context()
    context.add_init_script(NO_PICKER)
    visitor = Visitor(app, context)
    visitor.page.goto(app.url + query)
    visitor.page.wait_for_selector("#omnilive[data-phase=welcome] [data-sample], #omnilive[data-phase=live]")
    return visitor


@pytest.mark.timeout(240)
def test_a_memory_is_kept_by_a_link_and_carried_as_a_file(browser: Any, public: App, tmp_path: Path) -> None:
    first = enter(browser, public)
    first.play_sample()
    first.wait_figure("t.clips >= 2", timeout_s=90)
    first.page.click("[data-act=memory]")
    first.page.click("text=Keep it with a private link")
    link = first.page.locator("[data-el=private-link]")
    link.wait_for()
    address = link.inner_text()
    assert address.startswith(f"{public.url}#memory=")
    assert "Kept until" in first.text("[data-dialog=memory]")
    with first.page.expect_download() as download:
        first.page.click("text=Export as a zip file")
    file = tmp_path / "memory.zip"
    download.value.save_as(file)
    assert file.read_bytes()[:2] == b"PK"
    first.wait_text("[data-dialog=memory]", "Exported:")
    clips = first.figure("clips")
    first.page.click("[data-dialog=memory] [data-close]")
    first.page.click("[data-act=end]")
    first.wait_text("[data-el=trouble-title]", "Ended")
    assert not first.errors
    first.context.close()

    second = enter(browser, public, address.removeprefix(public.url))
    second.wait_figure(f"t.clips >= {clips}")
    assert "memory=" not in second.page.url, "the link stays in the address"
    before = second.figure("clips")
    second.page.click("[data-act=memory]")
    second.wait_text("[data-dialog=memory]", "Kept until")
    second.page.set_input_files("#ol-memory-file", file)
    second.page.click("button:text-is('Bring it in')")
    second.wait_text("[data-dialog=memory]", "Brought in:", timeout_s=60)
    second.wait_figure(f"t.clips > {before}")
    second.page.set_input_files("#ol-memory-file", Path(__file__))
    second.page.click("button:text-is('Bring it in')")
    second.wait_text("[data-dialog=memory]", "not a zip file")
    second.page.screenshot(path=tmp_path / "dialog.png")
    second.page.click("text=Take the link back")
    second.wait_text("[data-dialog=memory]", "is deleted when the visit ends")
    assert not second.errors
    second.context.close()

    third = enter(browser, public, address.removeprefix(public.url))
    third.wait_text("[data-el=trouble-title]", "This link leads to no memory")
    assert third.figure("clips") == 0
    third.context.close()
