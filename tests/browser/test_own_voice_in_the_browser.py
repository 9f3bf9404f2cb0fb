"""A visitor lends a voice: reads the sentence, agrees, is spoken to in it, and deletes it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from speech.tiny_f5 import build_tiny_f5
from visiting import App, Visitor

from omnilive_demo.models.registry import SPECS
from omnilive_demo.speech.visitor_voice import CONSENT, SENTENCES_TO_READ

SENTENCE = SENTENCES_TO_READ["en"]
USE = "[data-dialog=voice] .primary:not([hidden])"
RECORD = "[data-dialog=voice] .rec"


def imitating(folder: Path) -> dict[str, str]:
    """The environment of an app that speaks with a tiny F5-TTS, partly from the hub's cache."""
    built, own, vocos = build_tiny_f5(folder / "built"), folder / "f5", SPECS["vocos-mel-24khz"]
    (own / "F5TTS_v1_Base").mkdir(parents=True)
    for name in ("model_1250000.safetensors", "vocab.txt"):
        (built / name).rename(own / "F5TTS_v1_Base" / name)
    cache = folder / "hub" / f"models--{vocos.repository.replace('/', '--')}" / "snapshots"
    cache.mkdir(parents=True)
    (built / "vocos").rename(cache / vocos.revision)
    return {
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_CACHE": str(folder / "hub"),
        "OMNILIVE_ROLES": json.dumps({"synthesis": f"f5-tts@{own}"}),
    }


@pytest.fixture(scope="module")
def imitating_app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("imitating")
    running = App(folder, **imitating(folder))
    try:
        running.wait_ready()
        yield running
    finally:
        running.end()


@pytest.fixture
def visit(imitating_app, launch, say):
    """A tab in a Chromium whose microphone hears the sentence, once or again and again; nothing may be thrown in it."""
    made: list[Visitor] = []

    def make(*, before_s: float, after_s: float, loop: bool = False) -> Visitor:
        sound = f"{say(SENTENCE, before_s=before_s, after_s=after_s)}{'' if loop else '%noloop'}"
        chromium = launch(f"--use-file-for-fake-audio-capture={sound}")
        made.append(Visitor(imitating_app, chromium.new_context(viewport={"width": 1280, "height": 800})))
        return made[-1]

    yield make
    assert [error for visitor in made for error in visitor.errors] == []


def open_dialog(visitor: Visitor) -> None:
    visitor.page.click("[data-el=settings]")
    visitor.page.click("#ol-own")
    visitor.page.wait_for_selector("[data-dialog=voice][open]")


def record(visitor: Visitor, seconds: float) -> None:
    visitor.page.click(RECORD)
    visitor.page.wait_for_function("s => document.querySelector('.take progress').value >= s", arg=seconds)
    visitor.page.click(RECORD)


def kept(visitor: Visitor) -> dict:
    return visitor.page.evaluate("""async () => {
        const headers = { Authorization: `Bearer ${localStorage.getItem('omnilive.token')}` };
        return (await fetch('api/session/voice', { headers })).json();
    }""")


def utterances(visitor: Visitor) -> int:
    return visitor.page.locator(".me, .quiet").count()


def test_a_voice_is_lent_with_consent_spoken_with_and_deleted(visit):
    visitor = visit(before_s=0.5, after_s=60.0).open()
    page = visitor.page
    open_dialog(visitor)
    assert page.evaluate("document.activeElement.textContent") == "Record"
    assert SENTENCE in visitor.text("[data-el=voice-pane]")
    assert CONSENT in visitor.text("[data-el=voice-pane]")
    record(visitor, 7.0)
    page.click(USE)
    visitor.wait_text("[data-dialog=voice] [role=alert]", "Your voice is only used when you agree")
    assert page.evaluate("document.activeElement.id") == "ol-voice-consent"
    assert not [url for url in visitor.requests if "rate_hz" in url], "without consent nothing leaves the browser"
    page.check("#ol-voice-consent")
    page.click(USE)
    visitor.wait_text("[data-el=voice-pane]", "Answers are spoken in your voice.")
    assert page.locator("[data-dialog=voice] [role=alert]").is_hidden()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "ol-own"
    assert (
        page.eval_on_selector("#ol-voice", "select => select.selectedOptions[0].textContent") == "Yours, for this visit"
    )
    page.keyboard.press("Escape")
    assert "your voice" in visitor.text("[data-el=own-voice]")
    assert kept(visitor)["in_use"]
    visitor.ask("What can you do?")
    visitor.wait_figure("t.loudMs > 100")
    assert page.locator("[data-el=trouble]").is_hidden()

    page.reload()
    page.click("[data-el=own-voice]")
    assert "own" not in json.loads(page.evaluate("localStorage.getItem('omnilive.settings') || '{}'")).values()
    page.click("#ol-voice-delete")
    visitor.wait_text("[data-dialog=voice] [role=status]", "Your voice is deleted.")
    page.keyboard.press("Escape")
    assert page.locator("[data-el=own-voice]").is_hidden()
    # its button is gone; "close" is told in a task of its own, after the key
    page.wait_for_function("document.activeElement.dataset.el === 'settings'")
    assert kept(visitor) == {"seconds": 0, "in_use": False}
    page.click("[data-el=settings]")
    assert "Yours" not in visitor.text("#ol-voice")
    assert page.locator("#ol-own-delete").is_hidden()


def test_what_is_read_is_not_said_to_the_assistant(visit):
    visitor = visit(before_s=2.0, after_s=6.0, loop=True).open()
    page = visitor.page
    visitor.use_camera()
    page.wait_for_selector(".me, .quiet", timeout=60_000)  # so it is when the assistant hears it
    open_dialog(visitor)
    before = utterances(visitor)
    page.click(RECORD)
    page.wait_for_function("() => document.querySelector('.take i:nth-child(4)').style.getPropertyValue('--v') > 0")
    visitor.wait_text(RECORD, "Record again")  # the longest time is over
    page.wait_for_function("() => window.omnilive.test.state !== 'listening'")
    assert utterances(visitor) == before
    assert page.get_attribute("[data-el=mute]", "data-mic") == "muted"
    page.click(RECORD)
    page.wait_for_selector(".rec.on")
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-el=mute][data-mic=on]")
    page.wait_for_function("n => document.querySelectorAll('.me, .quiet').length > n", arg=before, timeout=60_000)


def test_what_cannot_be_recorded_is_told_in_the_dialog_and_can_be_tried_again(visit):
    visitor = visit(before_s=30.0, after_s=1.0)
    visitor.page.add_init_script("""
        const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        window.refuse = 'NotFoundError';
        navigator.mediaDevices.getUserMedia = (wanted) =>
            window.refuse ? Promise.reject(new DOMException('no', window.refuse)) : real(wanted);
    """)
    visitor.open()
    open_dialog(visitor)
    visitor.page.click(RECORD)
    visitor.wait_text("[data-dialog=voice] [role=alert]", "No microphone was found. Plug one in, then record.")
    visitor.page.evaluate("window.refuse = ''")
    record(visitor, 0.5)
    visitor.wait_text("[data-dialog=voice] [role=alert]", "at least 3 s are needed")
    assert visitor.page.is_disabled(USE)
    record(visitor, 3.5)
    visitor.page.check("#ol-voice-consent")
    visitor.page.click(USE)
    visitor.wait_text("[data-dialog=voice] [role=alert]", "too quiet")  # the server's word
    assert visitor.page.evaluate("document.activeElement.textContent") == "Record"


def test_where_the_voices_cannot_imitate_any_more_the_entry_goes_and_the_page_says_so(visit):
    visitor = visit(before_s=1.0, after_s=1.0)
    page = visitor.page
    imitates = [True]

    def told(text: str | bytes) -> str | bytes:
        if isinstance(text, str) and '"own_voice"' in text and not imitates[0]:
            hello = json.loads(text)
            hello["limits"]["own_voice"] = None
            return json.dumps(hello)
        return text

    def between(socket) -> None:
        server = socket.connect_to_server()
        socket.on_message(server.send)
        server.on_message(lambda text: socket.send(told(text)))

    page.route_web_socket("**/ws/live", between)
    page.route("**/api/session/voice", lambda route: route.fulfill(json={"seconds": 5.4, "in_use": True}))
    visitor.open()
    page.wait_for_selector("[data-el=own-voice]:visible")
    open_dialog(visitor)
    imitates[0] = False
    page.evaluate("""async () => {
        const headers = { Authorization: `Bearer ${localStorage.getItem('omnilive.token')}` };
        await fetch('api/session/profile?name=nano', { method: 'POST', headers, body: '{}' });
    }""")
    visitor.wait_text("[data-el=notices]", "Your recording was deleted, and another voice speaks.")
    assert page.locator("[data-dialog=voice]").is_hidden()
    assert page.locator("#ol-own").is_hidden()
    assert page.locator("[data-el=own-voice]").is_hidden()
