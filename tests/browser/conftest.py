"""The real app in a process of its own, and Debian's Chromium with fake devices to look at it."""

from __future__ import annotations

import os
import shutil
import subprocess
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr
from visiting import App, Visitor

CHROMIUM = "/usr/bin/chromium"
MIC_RATE_HZ = 48_000
FLAGS = [
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]
ALLOW = "--use-fake-ui-for-media-stream"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session", autouse=True)
def _chromium() -> None:
    if os.environ.get("BROWSER") == "0":
        pytest.skip("BROWSER=0: the browser tests are left out", allow_module_level=True)
    if not Path(CHROMIUM).exists():
        pytest.fail(f"The browser tests need {CHROMIUM} (apt-get install chromium); BROWSER=0 leaves them out.")


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory, _chromium: None) -> Iterator[App]:
    running = App(tmp_path_factory.mktemp("app"))
    try:
        running.wait_ready()
        yield running
    finally:
        running.end()


@pytest.fixture(scope="session")
def playwright(_chromium: None) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Any) -> Iterator[Any]:
    """Chromium whose fake camera and microphone are allowed."""
    running = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, ALLOW])
    yield running
    running.close()


@pytest.fixture
def launch(playwright: Any) -> Iterator[Callable[..., Any]]:
    """Start another Chromium, with its own devices."""
    running: list[Any] = []

    def start(*flags: str, allow: bool = True) -> Any:
        args = [*FLAGS, *([ALLOW] if allow else []), *flags]
        running.append(playwright.chromium.launch(executable_path=CHROMIUM, args=args))
        return running[-1]

    yield start
    for one in running:
        one.close()


@pytest.fixture
def visitors(app: App, browser: Any) -> Iterator[Callable[..., Visitor]]:
    """Make visitors, each in a context (cookies, storage) of its own; no page may have thrown."""
    made: list[Visitor] = []

    def make(inside: Any = None, **options: Any) -> Visitor:
        context = (inside or browser).new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        made.append(Visitor(app, context))
        return made[-1]

    yield make
    errors = [error for visitor in made for error in visitor.errors]
    for visitor in made:
        visitor.context.close()
    assert errors == []


@pytest.fixture(scope="session")
def say(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A WAV of a sentence for the fake microphone, with room noise before and after it."""
    if shutil.which("flite") is None:
        pytest.fail("The speech tests need flite (apt-get install flite).")
    folder = tmp_path_factory.mktemp("speech")

    def speak(text: str, before_s: float = 6.0, after_s: float = 60.0, voice: str = "slt") -> Path:
        raw, out = folder / "flite.wav", folder / f"{abs(hash((text, voice)))}.wav"
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(raw)], check=True)
        with wave.open(str(raw)) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
            rate_hz = file.getframerate()
        speech = soxr.resample(samples, rate_hz, MIC_RATE_HZ)
        quiet = np.random.default_rng(1).normal(0, 2e-4, round((before_s + after_s) * MIC_RATE_HZ) + speech.size)
        start = round(before_s * MIC_RATE_HZ)
        quiet[start : start + speech.size] += 0.7 * speech / np.abs(speech).max()
        with wave.open(str(out), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(MIC_RATE_HZ)
            file.writeframes((np.clip(quiet, -1, 1) * 32767).astype("<i2").tobytes())
        return out

    return speak
