"""A visitor with camera and microphone: talks, is heard and answered; and what happens when that cannot be."""

from __future__ import annotations

import pytest

AUDIBLE = 0.01  # −40 dBFS
QUESTION = "What happened at the beginning?"


def test_a_spoken_question_is_heard_answered_and_backed_by_evidence(visitors, launch, say):
    chromium = launch(f"--use-file-for-fake-audio-capture={say(QUESTION, before_s=14.0)}%noloop")
    visitor = visitors(chromium).open()
    visitor.use_camera()
    visitor.wait_figure("t.carrier === 'webrtc' && t.channel === 'WebRTC'", 15.0)
    visitor.page.wait_for_selector("[data-view=camera]:not([hidden])")
    visitor.page.wait_for_selector(".clip", timeout=20_000)
    visitor.page.wait_for_selector(".me", timeout=60_000)
    assert "beginning" in visitor.text(".me").lower() or "happened" in visitor.text(".me").lower()
    visitor.page.wait_for_selector(".ai[data-final=true]")
    visitor.page.wait_for_selector(".ai [data-evidence]")
    visitor.wait_figure(f"t.loudMs > 300 && t.peakOut > {AUDIBLE}")
    visitor.wait_text(".ai small", " s")


def test_words_that_want_no_answer_are_shown_quietly(visitors, launch, say):
    chromium = launch(f"--use-file-for-fake-audio-capture={say('okay, let me think about that', before_s=8.0)}%noloop")
    visitor = visitors(chromium).open()
    visitor.use_camera()
    visitor.page.wait_for_selector(".quiet", timeout=60_000)
    assert "heard, not answered" in visitor.text(".quiet")
    assert visitor.page.locator(".ai").count() == 0


def test_two_visitors_at_once_each_see_their_own(visitors):
    one, two = visitors().open(), visitors().open()
    one.play_sample()
    two.use_camera()
    one.wait_figure("t.clips >= 1", 40.0)
    two.page.wait_for_selector(".clip")
    one.ask("What is this?")
    assert one.page.locator(".me").count() >= 1
    two.ask("What is this?")
    assert "sample" in one.text(".tag")
    assert "live" in two.text(".tag")


def test_a_denied_camera_shows_the_way_out(visitors, launch):
    visitor = visitors(launch(allow=False), permissions=[]).open()
    visitor.page.click("[data-act=camera]")
    visitor.page.wait_for_selector("[data-el=trouble][data-code=denied]:not([hidden])")
    assert "not allowed" in visitor.text("[data-el=trouble]")
    visitor.page.click("[data-el=trouble] [data-way=sample]")
    visitor.page.click("[data-dialog=source][open] [data-sample]")
    visitor.page.wait_for_selector("#omnilive[data-phase=live]")


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("NotFoundError", "absent", "No camera and microphone was found"),
        ("NotReadableError", "busy", "used by another program"),
        ("OverconstrainedError", "constraint", "not there any more"),
    ],
)
def test_each_failure_of_a_device_has_its_own_words(visitors, name, code, words):
    visitor = visitors()
    visitor.page.add_init_script(
        f"navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', '{name}'))"
    )
    visitor.open().page.click("[data-act=camera]")
    visitor.page.wait_for_selector(f"[data-el=trouble][data-code={code}]:not([hidden])")
    assert words in visitor.text("[data-el=trouble]")


def test_an_address_that_is_not_secure_is_named_as_the_cause(visitors):
    visitor = visitors()
    visitor.page.add_init_script("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
    visitor.open().page.click("[data-act=camera]")
    visitor.page.wait_for_selector("[data-el=trouble][data-code=insecure]:not([hidden])")
    assert "https" in visitor.text("[data-el=trouble]")


def test_a_visitor_without_a_camera_goes_on_with_the_voice_alone(visitors):
    visitor = visitors()
    visitor.page.add_init_script("""
        const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = (wanted) =>
            wanted.video ? Promise.reject(new DOMException('none', 'NotFoundError')) : real(wanted);
    """)
    visitor.open().use_camera()
    assert "No camera was found" in visitor.text("[data-el=trouble]")
    visitor.wait_figure("t.carrier === 'webrtc'", 15.0)


@pytest.mark.parametrize(
    "block",
    [
        "RTCPeerConnection.prototype.setRemoteDescription = () => new Promise(() => {})",  # media never arrive
        "delete window.RTCPeerConnection",
    ],
)
def test_where_no_peer_connection_is_possible_the_websocket_takes_over(visitors, launch, say, block):
    chromium = launch(f"--use-file-for-fake-audio-capture={say(QUESTION, before_s=16.0)}%noloop")
    visitor = visitors(chromium)
    visitor.page.add_init_script(block)
    visitor.open().use_camera()
    visitor.page.wait_for_selector(".clip", timeout=25_000)
    assert visitor.figure("channel") == "WebSocket"
    assert "WebSocket" in visitor.text("[data-el=transport]")
    visitor.page.wait_for_selector(".me", timeout=60_000)
    visitor.wait_figure(f"t.loudMs > 300 && t.peakOut > {AUDIBLE}")


def test_a_second_tab_may_watch_or_take_over(visitors, app):
    first = visitors().open()
    first.play_sample()
    first.page.wait_for_selector(".clip")
    second = first.context.new_page()
    second.goto(app.url)
    second.wait_for_selector("[data-dialog=tabs][open]")
    second.click("[data-act=watch]")
    second.wait_for_selector(".clip")
    second.click("[data-way=takeover]")
    first.page.wait_for_selector("[data-el=trouble][data-code=taken_over]:not([hidden])")
    second.wait_for_selector("[data-el=trouble][hidden]", state="attached")


def test_the_microphone_can_be_muted_by_the_space_bar(visitors):
    visitor = visitors().open()
    visitor.use_camera()
    visitor.page.wait_for_selector("[data-el=mute][data-mic=on]")
    visitor.page.evaluate("document.activeElement.blur()")
    visitor.page.keyboard.press("Space")
    visitor.page.wait_for_selector("[data-el=mute][data-mic=muted]")
    visitor.page.focus("[data-el=question]")
    visitor.page.keyboard.press("Space")
    assert visitor.page.get_attribute("[data-el=mute]", "data-mic") == "muted"
    assert visitor.page.input_value("[data-el=question]") == " "


def test_a_reloaded_page_goes_on_with_the_same_memory(visitors):
    visitor = visitors().open()
    visitor.play_sample()
    visitor.wait_figure("t.clips >= 1", 40.0)
    seen = visitor.figure("clips")
    visitor.page.reload()
    visitor.wait_figure(f"t.clips >= {seen}")
    assert visitor.page.locator("[data-dialog=tabs][open]").count() == 0
