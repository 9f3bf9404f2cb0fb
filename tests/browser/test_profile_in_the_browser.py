"""The operator of a private server sees what runs, and changes it on the page."""

from __future__ import annotations

import json

import pytest
from speech.tiny_vits import build_tiny_vits
from visiting import App, Visitor


@pytest.fixture
def offline_app(tmp_path):
    voice = build_tiny_vits(tmp_path / "vits")
    roles = json.dumps({"synthesis": f"vits-ljs@{voice}"})
    running = App(tmp_path, HF_HUB_OFFLINE="1", HF_HOME=str(tmp_path / "hub"), OMNILIVE_ROLES=roles)
    try:
        running.wait_ready()
        yield running
    finally:
        running.end()


def test_another_voice_takes_over_and_a_profile_that_cannot_be_had_is_refused_in_words(offline_app, browser):
    visitor = Visitor(offline_app, browser.new_context(viewport={"width": 1280, "height": 800})).open()
    page = visitor.page
    page.click("[data-open=models]")
    visitor.wait_text("[data-el=models-pane]", "VITS")
    assert page.input_value("#ol-profile") == "nano"
    page.click(".licences summary")
    visitor.wait_text(".licences", "CC-BY-NC-4.0")
    visitor.wait_text(".licences", "may not be used commercially")
    page.select_option("#ol-profile", "lite")
    page.click("[data-el=models-pane] button")
    visitor.wait_text("[data-el=models-pane]", "lite was asked for")
    page.keyboard.press("Escape")
    turn = visitor.ask("What can you do?")
    assert visitor.text(f"[data-turn='{turn}'] p")
    assert visitor.errors == []
    visitor.context.close()
