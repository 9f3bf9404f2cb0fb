"""Larger models on their way: how much has come, what could not be had, and a page that can be used meanwhile."""

from __future__ import annotations

import json
import threading

import pytest
from models import hub_stand_in
from speech.tiny_vits import build_tiny_vits
from visiting import App, Visitor

from omnilive_demo.models.registry import SPECS

VOICE = "[data-model=vits-ljs]"
SOUNDS = "[data-model=ast-audioset]"


@pytest.fixture
def slow_hub(tmp_path, monkeypatch):
    """A hub that gives one voice, the end of it when the test lets it, and nothing else."""
    spec = SPECS["vits-ljs"]
    monkeypatch.setattr(hub_stand_in, "COMMIT", spec.revision)
    with hub_stand_in.hub_stand_in() as hub:
        hub.add_folder(spec.repository, build_tiny_vits(tmp_path / "vits"))
        hub.last_piece = threading.Event()
        yield hub


@pytest.fixture
def fetching_app(tmp_path, slow_hub):
    roles = json.dumps({"synthesis": "vits-ljs", "sound_tags": "ast-audioset"})
    hub = {"HF_ENDPOINT": slow_hub.url, "HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "0"}
    running = App(tmp_path, OMNILIVE_ROLES=roles, **hub)
    try:
        running.wait_ready()
        yield running
    finally:
        running.end()


def test_models_come_while_the_page_is_used_and_what_cannot_be_had_is_told(fetching_app, slow_hub, browser):
    visitor = Visitor(fetching_app, browser.new_context(viewport={"width": 1280, "height": 800}))
    page = visitor.page
    page.goto(fetching_app.url)
    page.wait_for_selector(f"{VOICE}[data-is=coming]", state="attached")
    visitor.wait_text("[data-el=loading-fig]", " of ")
    assert "voice · " in visitor.text("[data-el=loading-fig]")
    page.click(".welcome [data-sample]")
    visitor.ask("What can you do?")
    assert page.get_attribute(VOICE, "data-is") == "coming", "it was answered while the voice was fetched"
    box, stop = page.locator("[data-el=loading]").bounding_box(), page.locator("[data-el=end]").bounding_box()
    assert box["y"] > stop["y"] + stop["height"], "the controls are not covered"

    page.click("[data-el=loading] > summary")
    assert "kB" in visitor.text(f"{VOICE} .fig")
    slow_hub.last_piece.set()
    page.wait_for_selector(f"{VOICE}[data-is=ready]", timeout=60_000)
    visitor.wait_text(SOUNDS, "does not exist, or is private.")
    assert visitor.text(f"{SOUNDS} .fig") == "not to be had"
    assert page.locator("[data-el=trouble]").is_hidden(), "nothing that runs is in trouble"
    visitor.wait_text("[data-el=loading-title]", "1 model could not be had")
    page.click("[data-el=loading-close]")
    assert page.locator("[data-el=loading]").is_hidden()
    assert visitor.errors == []
    visitor.context.close()
