"""The real app in a process of its own, and Debian's Chromium with fake devices to look at it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import wave
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr

CHROMIUM = "/usr/bin/chromium"
REPOSITORY = Path(__file__).resolve().parents[2]
READY_S = 90.0
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


class App:
    """`python app.py` on a free port."""

    def __init__(self, folder: Path, **environment: str) -> None:
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://localhost:{self.port}/"
        self.log = folder / "app.log"
        settings = {
            "OMNILIVE_DATA_DIR": str(folder / "data"),
            "OMNILIVE_PUSH_PORT": "0",
            "OMNILIVE_PROFILE": "nano",
            "OMNILIVE_SEATS": "6",
            "OMNILIVE_SESSION_LINGER_S": "2",
            **environment,
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "app.py", "--port", str(self.port)],
                cwd=REPOSITORY, env={**os.environ, **settings}, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def wait_ready(self) -> None:
        end = time.monotonic() + READY_S
        while time.monotonic() < end:
            if self.process.poll() is not None:
                pytest.fail(f"the app ended:\n{self.words()}")
            health = self.health()
            if health.get("ready"):
                return
            if health.get("failure"):
                pytest.fail(f"the app cannot load: {health['failure']}\n{self.words()}")
            time.sleep(0.2)
        pytest.fail(f"the app was not ready in {READY_S:.0f} s: {self.health()}\n{self.words()}")

    def health(self) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(f"{self.url}healthz", timeout=5) as answer:
                return json.load(answer)
        except OSError:
            return {}

    def words(self) -> str:
        return self.log.read_text("utf-8", "replace")[-4000:]

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


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


class Visitor:
    """One visitor's tab, with everything that went wrong in it."""

    def __init__(self, app: App, context: Any) -> None:
        self.app = app
        self.context = context
        self.page = context.new_page()
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", lambda socket: self.requests.append(socket.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.set_default_timeout(30_000)

    def open(self, query: str = "") -> Visitor:
        self.page.goto(self.app.url + query)
        self.page.wait_for_selector("#omnilive[data-phase=welcome] [data-sample], #omnilive[data-phase=live]")
        return self

    def play_sample(self) -> str:
        card = self.page.locator(".welcome [data-sample]").first
        name = card.get_attribute("data-sample")
        card.click()
        self.page.wait_for_selector("#omnilive[data-phase=live]")
        return str(name)

    def use_camera(self) -> None:
        self.page.click("[data-act=camera]")
        self.page.wait_for_selector("#omnilive[data-phase=live]")

    def ask(self, text: str) -> int:
        """Type a question; returns its turn once the answer is complete."""
        before = self.page.locator(".ai[data-final=true]").count()
        self.page.fill("[data-el=question]", text)
        self.page.press("[data-el=question]", "Enter")
        self.page.wait_for_function("n => document.querySelectorAll('.ai[data-final=true]').length > n", arg=before)
        return int(self.page.locator(".ai[data-final=true]").last.get_attribute("data-turn"))

    def figure(self, name: str) -> Any:
        return self.page.evaluate("name => window.omnilive.test[name]", name)

    def wait_figure(self, test: str, timeout_s: float = 30.0) -> None:
        """Wait until an expression of `t`, the page's figures, holds."""
        self.page.wait_for_function(
            f"(() => {{ const t = window.omnilive.test; return {test}; }})()", timeout=timeout_s * 1000
        )

    def text(self, selector: str) -> str:
        return str(self.page.inner_text(selector))

    def wait_text(self, selector: str, text: str, timeout_s: float = 30.0) -> None:
        self.page.wait_for_function(
            "([selector, text]) => document.querySelector(selector)?.textContent.includes(text)",
            arg=[selector, text], timeout=timeout_s * 1000,
        )  # fmt: skip


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

    def speak(text: str, before_s: float = 6.0, after_s: float = 60.0) -> Path:
        raw, out = folder / "flite.wav", folder / f"{abs(hash(text))}.wav"
        subprocess.run(["flite", "-voice", "slt", "-t", text, "-o", str(raw)], check=True)
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
