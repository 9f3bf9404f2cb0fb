"""A memory of three days on the page: from days to hours to clips and back, and forgetting the last five minutes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from visiting import App, Visitor

from omnilive_demo.models.text_encoder import MiniLM
from omnilive_demo.records import Heard, Spoken

sys.path.append(str(Path(__file__).parents[1] / "transport"))
from prepared_memory import clip, opened

DAY_S = 86_400.0
ANCIENT, BUSY = 560, 80  # clips of the first day: too many to be told; of an hour of the second: more than one request
LAST = 30  # clips of the third day, one each 20 s: the last ten minutes


def hour_of(day_s: float, hour: int) -> float:
    """Seconds since 1970 of an hour of the day that a moment lies in, here."""
    then = time.localtime(day_s)
    return day_s - (then.tm_hour - hour) * 3600.0 - then.tm_min * 60.0 - then.tm_sec


def prepare(folder: Path) -> None:
    """Four days ago an umbrella for hours; the day before yesterday a mug, a bell and words; yesterday a book."""
    words, now_s = MiniLM(), time.time()  # noqa: TID251
    sittings: tuple[tuple[float, int, int, float, str], ...] = (
        (4 * DAY_S, 8, ANCIENT, 16.0, "umbrella"), (2 * DAY_S, 14, BUSY, 16.0, "mug"), (DAY_S, 10, LAST, 20.0, "book")
    )  # fmt: skip
    for ago_s, hour, clips, every_s, thing in sittings:
        begins_s = hour_of(now_s - ago_s, hour)
        memory = opened(folder, begins_s, words, float(time.localtime(begins_s).tm_gmtoff))
        start_s = memory.start_s
        for i in range(clips):
            memory.adopt(clip(start_s + every_s * i, start_s + every_s * i + 14.0, thing), True)
        if thing == "mug":
            memory.add_spoken(Spoken(1, start_s + 20.0, start_s + 22.0, "the parcel is in the hall", "visitor", False))
            memory.add_heard(Heard(start_s + 40.0, start_s + 41.0, "bell", 0.9))
        memory.close()


@pytest.fixture(scope="module")
def app_with_days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("days")
    prepare(folder / "data" / "sessions" / "local")
    running = App(folder)
    try:
        running.wait_ready()
        yield running
    finally:
        running.end()


@pytest.fixture
def come(app_with_days: App, browser: Any) -> Iterator[Callable[..., Visitor]]:
    made: list[Visitor] = []

    def visit(**options: Any) -> Visitor:
        visitor = Visitor(app_with_days, browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options}))
        made.append(visitor)
        app_with_days.wait_empty()  # a visit that lingers still has the memory
        visitor.page.goto(app_with_days.url)
        visitor.wait_figure("t.clips === 500")
        return visitor

    yield visit
    errors = [error for visitor in made for error in visitor.errors]
    for visitor in made:
        visitor.context.close()
    assert errors == []


def cards(visitor: Visitor) -> Any:
    return visitor.page.locator(".cards button.card")


def focused(visitor: Visitor, name: str) -> Any:
    return visitor.page.evaluate(f"document.activeElement?.dataset.{name} ?? ''")


@pytest.mark.timeout(240)
def test_from_days_to_hours_to_clips_and_back(come: Callable[..., Visitor]) -> None:
    visitor = come()
    page = visitor.page
    assert visitor.figure("clips") == 500
    visitor.wait_text("[data-el=figures-tokens]", "tokens kept")
    page.click("[data-zoom=days]")
    cards(visitor).nth(2).wait_for()
    assert cards(visitor).count() == 3
    assert "Yesterday" in cards(visitor).nth(2).inner_text()
    assert page.locator(".cards .none").all_inner_texts() == [
        page.locator(".cards .none b").inner_text() + "\nNothing is remembered of this day."
    ]
    second = cards(visitor).nth(1)
    assert "mostly a mug; heard a bell once; 1 thing said or typed." in second.inner_text()
    assert second.locator("img").get_attribute("src").startswith("data:image/jpeg")

    second.focus()
    page.keyboard.press("Enter")
    page.locator(".cards [data-card$=' 14']").wait_for()
    assert page.locator("[data-zoom=hours]").get_attribute("aria-pressed") == "true"
    assert cards(visitor).count() == 1
    page.wait_for_function("document.activeElement?.dataset.card?.endsWith(' 14')")
    page.keyboard.press("Enter")
    page.wait_for_function(f"document.querySelectorAll('.strip .clip').length === {BUSY}")
    page.wait_for_function("document.activeElement?.matches('.strip .clip')")
    assert visitor.text("[data-el=path-title]") == "14:00 to 15:00"
    assert visitor.text(".strip .clip:nth-of-type(1) time") == "14:00:00"
    assert "the parcel is in the hall" in visitor.text(".strip .clip:nth-of-type(2) .say")
    assert visitor.text(".strip .clip:nth-of-type(3) .snd") == "bell"

    page.keyboard.press("Enter")
    page.wait_for_selector("[data-dialog=clip][open]")
    assert visitor.text("[data-el=clip-title]") == "From 14:00:00"
    page.keyboard.press("Escape")
    page.click("[data-zoom=minutes]")
    page.wait_for_function("document.querySelectorAll('.strip .clip').length === 22")

    page.click("[data-el=path-back]")
    page.wait_for_function("document.activeElement?.dataset.card?.endsWith(' 14')")
    page.click("[data-el=path-back]")
    cards(visitor).nth(2).wait_for()
    page.click("[data-zoom=clips]")
    page.locator(".strip .clip").first.wait_for()
    assert page.locator("[data-el=path]").is_hidden()
    assert page.locator(".strip .clip").count() == 500


@pytest.mark.timeout(240)
def test_what_was_never_told_is_fetched_when_it_is_found(come: Callable[..., Visitor]) -> None:
    """The first clips of the first day are not among those that a page is greeted with."""
    visitor = come()
    page = visitor.page
    assert page.evaluate("[...document.querySelectorAll('.strip .clip')].every(one => Number(one.dataset.clip) > 100)")
    page.click("[data-zoom=days]")
    cards(visitor).first.click()
    page.locator(".cards [data-card$=' 8']").click()
    page.locator(".strip .clip[data-clip='1']").wait_for()
    page.click("[data-el=path-now]")
    page.fill("[data-el=question]", "When did you see the umbrella?")
    page.press("[data-el=question]", "Enter")
    chip = page.locator(".ai[data-final=true] [data-evidence]").first
    chip.wait_for()
    number = chip.get_attribute("data-evidence")
    chip.click()
    clip_ = page.locator(f".strip .clip.hit[data-clip='{number}']")
    clip_.wait_for()
    clip_.click()
    visitor.wait_text("[data-el=clip-pane] .facts", "to the question")


@pytest.mark.timeout(240)
def test_on_a_phone_all_of_it_can_be_reached_without_scrolling_sideways(come: Callable[..., Visitor]) -> None:
    visitor = come(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page = visitor.page
    page.tap("[data-zoom=days]")
    cards(visitor).nth(2).wait_for()
    cards(visitor).nth(1).tap()
    page.locator(".cards [data-card$=' 14']").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    sizes = page.evaluate(
        "[...document.querySelectorAll('.path button, .seg button')].map(one => one.getBoundingClientRect().height)"
    )
    assert min(sizes) >= 42


@pytest.mark.timeout(240)
def test_forgetting_the_last_five_minutes_is_one_click_and_a_second_one_to_be_sure(
    come: Callable[..., Visitor],
) -> None:
    visitor = come()
    page = visitor.page
    page.click("[data-zoom=days]")
    yesterday = cards(visitor).nth(2)
    yesterday.wait_for()
    assert f"{LAST} clips" in yesterday.inner_text()
    page.click(".bar [data-open=forget]")
    page.click("text=Forget the last five minutes")
    page.click("text=Really the last five minutes? Press again")
    page.wait_for_function(
        f"parseInt(document.querySelectorAll('.cards button.card')[2]?.querySelector('.fig').textContent) < {LAST}"
    )
    left = int(yesterday.locator(".fig").inner_text().split()[0])
    assert 10 <= left <= 20, "five of ten minutes, and what this visit took"
    assert page.locator("[data-dialog=forget]").is_hidden()
    visitor.wait_text("[data-el=figures-much]", f"{ANCIENT + BUSY + left} clips")
