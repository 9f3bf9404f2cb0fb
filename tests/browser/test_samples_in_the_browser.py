"""A visitor without camera and microphone: plays a sample, asks, looks at the memory."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
IMAGES = REPOSITORY / "docs" / "images"
SAMPLES = REPOSITORY / "assets" / "samples"
AUDIBLE = 0.01  # −40 dBFS


def test_a_sample_is_perceived_and_a_question_is_answered_aloud_with_evidence_that_leads_to_its_clip(visitors):
    visitor = visitors().open()
    visitor.play_sample()
    visitor.page.wait_for_selector(".clip[data-growing=true]")
    visitor.wait_figure("t.clips >= 1")
    turn = visitor.ask("What happened at the beginning?")
    answer = visitor.page.locator(f'.ai[data-turn="{turn}"]')
    assert len(answer.locator("p").inner_text().split()) >= 3
    answer.locator("[data-evidence]").first.wait_for()
    visitor.wait_figure(f"t.loudMs > 300 && t.peakOut > {AUDIBLE}")
    visitor.wait_text(f'.ai[data-turn="{turn}"] small', " s")
    visitor.page.wait_for_selector("[data-el=fall]:not([hidden])")
    chip = visitor.page.locator(f'.ai[data-turn="{turn}"] [data-evidence]:not([data-evidence=now])').first
    clip = chip.get_attribute("data-evidence")
    chip.click()
    here = visitor.page.evaluate("""() => ({
        clip: document.activeElement.dataset.clip, open: document.activeElement.dataset.growing,
        hit: document.activeElement.matches('.clip.hit'),
        rank: document.activeElement.querySelector('.rank')?.textContent,
    })""")
    assert here["clip"] == clip or here["open"] == "true"  # the clip that still grows has no number yet
    assert here["hit"]
    assert here["rank"].isdigit()


def test_markup_in_a_question_stays_text(visitors):
    visitor = visitors().open()
    visitor.play_sample()
    markup = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script> what is this?'
    visitor.ask(markup)
    assert markup in visitor.page.locator(".me p").last.inner_text()
    assert visitor.page.locator(".turns img[src=x], .turns script").count() == 0
    assert visitor.page.evaluate("window.hacked") is None


def test_a_question_that_is_too_long_is_refused_in_words_and_not_lost(visitors):
    visitor = visitors().open()
    visitor.play_sample()
    long = "why " * 2500
    visitor.page.fill("[data-el=question]", long)
    visitor.page.press("[data-el=question]", "Enter")
    visitor.page.wait_for_selector("[data-el=trouble]:not([hidden])")
    assert "1,000" in visitor.text("[data-el=trouble]")
    assert visitor.page.input_value("[data-el=question]").strip() == long.strip()


def test_no_request_leaves_the_origin(visitors, app):
    visitor = visitors().open()
    visitor.play_sample()
    visitor.wait_figure("t.clips >= 1")
    hosts = {urlsplit(url).netloc for url in visitor.requests if not url.startswith(("data:", "blob:"))}
    assert hosts == {urlsplit(app.url).netloc}


def test_the_page_works_below_a_proxys_path(visitors):
    visitor = visitors().open()
    addresses = visitor.page.evaluate("""
        () => [...document.querySelectorAll('link[href*=omnilive], script[src*=omnilive]')]
            .map((node) => node.getAttribute('href') ?? node.getAttribute('src'))
    """)
    assert addresses
    assert not [address for address in addresses if address.startswith("/")]


def test_a_phone_of_360_px_needs_no_sideways_scrolling(visitors):
    visitor = visitors(viewport={"width": 360, "height": 740}, color_scheme="light", has_touch=True).open()
    widths = [visitor.page.evaluate("document.documentElement.scrollWidth")]
    visitor.play_sample()
    visitor.page.wait_for_selector(".clip[data-growing=true]")
    visitor.ask("What is this?")
    for scheme in ("light", "dark"):
        visitor.page.emulate_media(color_scheme=scheme)
        widths.append(visitor.page.evaluate("document.documentElement.scrollWidth"))
    assert max(widths) <= 360
    small = visitor.page.evaluate("""
        () => [...document.querySelectorAll('#omnilive button, #omnilive input')].filter((node) => {
            const box = node.getBoundingClientRect();
            return box.width > 0 && node.checkVisibility() && (box.height < 42 || box.width < 32)
                && !node.matches('.chip');
        }).map((node) => node.outerHTML.slice(0, 80))
    """)
    assert small == []


def test_no_gradio_chrome_shows_through(visitors):
    visitor = visitors().open()
    assert visitor.page.locator("footer:visible").count() == 0
    left = visitor.page.evaluate("document.querySelector('#omnilive').getBoundingClientRect().left")
    assert left == 0


@pytest.mark.parametrize(
    ("query", "paper"), [("?__theme=dark", "rgb(20, 20, 19)"), ("?__theme=light", "rgb(247, 246, 243)")]
)
def test_the_theme_of_the_address_wins_over_the_systems(visitors, query, paper):
    for scheme in ("light", "dark"):
        visitor = visitors(color_scheme=scheme).open(query)
        assert visitor.page.evaluate("getComputedStyle(document.querySelector('#omnilive')).backgroundColor") == paper


def test_everything_can_be_reached_by_keyboard(visitors):
    visitor = visitors().open()
    visitor.play_sample()
    visitor.wait_figure("t.clips >= 1")
    page = visitor.page
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.dataset.el") == "search"
    page.keyboard.type("light or dark")
    page.keyboard.press("Enter")
    page.wait_for_selector(".clip.hit, [data-el=trouble]:not([hidden])")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement === document.body")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("document.activeElement.matches('.clip')")
    first = page.evaluate("document.activeElement.dataset.key")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.dataset.key") != first
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-dialog=clip][open] .frames img")
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-dialog=clip]:not([open])", state="attached")


def test_escape_stops_an_answer_and_strikes_what_was_not_heard(visitors):
    visitor = visitors().open()
    visitor.play_sample()
    visitor.wait_figure("t.clips >= 1")
    turn = visitor.ask("Tell me everything that happened so far.")
    visitor.wait_figure(f"t.outRms > {AUDIBLE}")
    visitor.page.evaluate("document.activeElement.blur()")
    visitor.page.keyboard.press("Escape")
    visitor.wait_figure("t.outRms < 0.001", 2.0)
    visitor.page.wait_for_selector(f'.ai[data-turn="{turn}"][data-interrupted=stop]')
    assert visitor.page.locator(f'.ai[data-turn="{turn}"] s').inner_text().strip()


def test_an_uploaded_video_is_watched_like_a_sample(visitors):
    visitor = visitors().open()
    page = visitor.page
    page.click(".welcome [data-tab=file]")
    page.set_input_files("#ol-file", SAMPLES / "street.mp4")
    page.select_option("#ol-rate", "4")
    page.click("text=Upload and watch")
    page.wait_for_selector("[data-view=video]:not([hidden])")
    visitor.wait_figure("t.clips >= 2", 60.0)


def test_a_voice_is_chosen_and_kept_and_one_that_is_gone_hurts_nothing(visitors):
    visitor = visitors().open()
    page = visitor.page
    visitor.play_sample()
    page.click("[data-el=settings]")
    assert page.locator("#ol-language option").all_inner_texts() == ["English"]
    page.select_option("#ol-voice", label="British")
    page.reload()
    page.wait_for_selector("#omnilive[data-phase=welcome] [data-sample], #omnilive[data-phase=live]")
    visitor.wait_figure("t.channel !== ''")
    page.click("[data-el=settings]")
    assert page.locator("#ol-voice option:checked").inner_text() == "British"
    page.evaluate('localStorage.setItem(\'omnilive.settings\', \'{"voice": "gone", "rate": "quick"}\')')
    page.reload()
    visitor.wait_figure("t.channel !== ''")
    page.click("[data-el=settings]")
    assert page.locator("#ol-voice option:checked").inner_text() == "American"
    assert page.locator("[data-el=trouble]").is_hidden()


def test_a_file_that_is_no_video_is_refused_in_words(visitors, tmp_path):
    broken = tmp_path / "notes.mp4"
    broken.write_text("These are notes, and no video.\n" * 50)
    visitor = visitors().open()
    visitor.page.click(".welcome [data-tab=file]")
    visitor.page.set_input_files("#ol-file", broken)
    visitor.page.click("text=Upload and watch")
    visitor.page.wait_for_selector("[data-el=trouble]:not([hidden]) [data-way=source]")
    assert "not a video" in visitor.text("[data-el=trouble]")


def test_what_is_forgotten_leaves_the_timeline(visitors):
    visitor = visitors().open()
    visitor.play_sample()
    visitor.wait_figure("t.clips >= 1")
    page = visitor.page
    page.click("[data-el=source]")
    page.click("[data-dialog=source] [data-close]")
    page.click("[data-open=forget]")
    page.click("text=Forget everything")
    page.click("text=Press again")
    visitor.wait_figure("t.clips === 0", 10.0)


def test_the_end_frees_the_seat_and_one_press_begins_again(visitors):
    visitor = visitors().open()
    visitor.play_sample()
    visitor.page.click("[data-act=end]")
    visitor.page.wait_for_selector("[data-el=trouble][data-code=bye]:not([hidden])")
    visitor.page.click("[data-way=restart]")
    visitor.page.wait_for_selector("#omnilive[data-phase=welcome]")


def test_a_cut_connection_comes_back_without_losing_anything(visitors):
    visitor = visitors()
    visitor.page.add_init_script("""
        const Real = window.WebSocket;
        window.sockets = [];
        window.WebSocket = class extends Real { constructor(...args) { super(...args); window.sockets.push(this); } };
    """)
    visitor.open().play_sample()
    visitor.wait_figure("t.clips >= 1")
    before = visitor.figure("lastSeq")
    visitor.page.evaluate("window.sockets.at(-1).close()")
    visitor.page.wait_for_function("window.sockets.length > 1")
    visitor.wait_figure(f"t.channel === 'WebSocket' && t.lastSeq > {before} && t.clips >= 1")


@pytest.mark.parametrize(
    ("text", "heard", "expected"),
    [
        ("One two three.", "One two", ["One two", " three."]),
        ("One two three.", "", ["", "One two three."]),
        ("One two three.", "One two three.", ["One two three.", ""]),
        ("It is 3:30 now.", "it is", ["It is", " 3:30 now."]),
    ],
)
def test_the_unheard_tail_begins_at_a_word(visitors, text, heard, expected):
    visitor = visitors().open()
    found = visitor.page.evaluate(
        "async ([text, heard]) => (await import('./page/text.js')).unheardTail(text, heard)", [text, heard]
    )
    assert [found["heard"], found["tail"]] == expected


@pytest.mark.skipif(os.environ.get("OMNILIVE_SCREENSHOTS") != "1", reason="pictures only with OMNILIVE_SCREENSHOTS=1")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("name", "size"), [("desktop", (1280, 800)), ("phone", (360, 740))])
def test_pictures_for_the_readme(visitors, name, size, scheme):
    name = f"{name}-dark" if scheme == "dark" else name
    IMAGES.mkdir(parents=True, exist_ok=True)
    visitor = visitors(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme).open()
    phone = size[0] < 500
    visitor.page.screenshot(path=str(IMAGES / f"{name}-welcome.png"), full_page=phone)
    visitor.play_sample()
    visitor.wait_figure("t.clips >= 3", 80.0)
    visitor.ask("How about the weather today, what should I take?")
    visitor.wait_figure("t.loudMs > 300")
    visitor.page.wait_for_timeout(700)  # the strip's smooth scrolling
    visitor.page.screenshot(path=str(IMAGES / f"{name}.png"), full_page=phone)
