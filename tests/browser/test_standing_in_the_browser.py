"""What a visitor asked to be told: listed, told once, dropped by a click, and gone from the page when it is over."""

from __future__ import annotations

import re


def test_what_was_asked_for_is_listed_and_told_with_its_evidence(visitors):
    visitor = visitors().open()
    page = visitor.page
    assert page.locator("[data-el=standings]").is_hidden()
    page.locator(".welcome [data-sample=kitchen]").click()
    page.wait_for_selector("#omnilive[data-phase=live]")
    visitor.ask("Tell me when you see a watermelon.")
    assert "watermelon" in page.locator(".ai[data-final=true] p").last.inner_text()
    row = page.locator("[data-standing][data-status=waiting]")
    row.wait_for()
    assert re.search(r"Waiting for a watermelon since \d\d:\d\d", row.inner_text())
    answer = page.locator(".ai", has=page.locator(".told"))
    answer.locator("[data-evidence]").first.wait_for(timeout=40_000)
    assert "a watermelon just came into view" in answer.inner_text()
    assert re.search(r"as you asked at \d\d:\d\d", answer.inner_text())
    assert answer.count() == 1
    assert page.locator("[data-standing]").get_attribute("data-status") == "answered"
    assert page.locator("[data-standing] button").count() == 0


def test_it_is_dropped_with_the_keyboard_and_the_list_is_as_it_was_after_a_reload(visitors):
    visitor = visitors().open()
    page = visitor.page
    visitor.play_sample()
    visitor.ask("Tell me when you see a giraffe")
    visitor.ask("Remind me in ten minutes to call Anna")
    assert page.locator("[data-standing]").count() == 2
    assert re.search(r"Reminder: call Anna in (?:10|09):\d\d", page.locator("[data-standing]").last.inner_text())
    page.get_by_role("button", name="Cancel: a giraffe").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-standing][data-status=cancelled]")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Cancel: call")
    page.reload()
    page.wait_for_selector("[data-standing][data-status=waiting]")
    assert page.locator("[data-standing][data-status=waiting]").count() == 1
    visitor.ask("cancel the reminder")
    page.wait_for_function("document.querySelectorAll('[data-standing][data-status=waiting]').length === 0")


def test_the_switch_for_remarks_is_off_at_first(visitors):
    visitor = visitors().open()
    visitor.play_sample()
    visitor.page.click("[data-el=settings]")
    switch = visitor.page.get_by_label("Speak up when something new happens")
    assert not switch.is_checked()
    switch.check()
    visitor.page.keyboard.press("Escape")
    visitor.page.click("[data-el=settings]")
    assert visitor.page.get_by_label("Speak up when something new happens").is_checked()


def test_the_slider_follows_what_is_said_about_the_pace(visitors):
    visitor = visitors().open()
    page = visitor.page
    visitor.play_sample()
    page.click("[data-el=settings]")
    assert page.locator("#ol-speed").input_value() == "1"
    page.keyboard.press("Escape")
    visitor.ask("Speak more slowly")
    page.click("[data-el=settings]")
    assert "0.83 ×" in page.locator("label[for=ol-speed]").inner_text()
    assert page.locator("#ol-speed").input_value() == "0.85", "the nearest step"
    page.reload()
    page.wait_for_selector("#omnilive[data-phase=live]")
    page.click("[data-el=settings]")
    assert "0.83 ×" in page.locator("label[for=ol-speed]").inner_text()
    page.locator("#ol-speed").fill("1")
    assert "1.00 ×" in page.locator("label[for=ol-speed]").inner_text()
