"""The app in a process of its own, and a visitor's tab in it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
READY_S = 90.0


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

    def wait_answers(self) -> None:
        """Until the page can be had; the models may still be loading."""
        end = time.monotonic() + READY_S
        while not self.health():
            if self.process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"the app does not answer:\n{self.words()}")
            time.sleep(0.05)

    def wait_empty(self) -> None:
        """Until the visits of before are over, after they lingered."""
        end = time.monotonic() + READY_S
        while self.health().get("sessions") != 0:
            if time.monotonic() > end:
                pytest.fail(f"a visit did not end: {self.health()}\n{self.words()}")
            time.sleep(0.1)

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
        """Load the page, with an empty memory: on a private server a visitor finds that of the one before."""
        self.page.goto(self.app.url + query)
        self.page.wait_for_selector("#omnilive[data-phase=welcome] [data-sample], #omnilive[data-phase=live]")
        self.page.evaluate("""async () => {
            const headers = { Authorization: `Bearer ${localStorage.getItem('omnilive.token')}` };
            const answer = await fetch('api/session/forget', { method: 'POST', headers, body: '{}' });
            if (!answer.ok) throw new Error(`forget: ${answer.status}`);
        }""")
        self.wait_figure("t.clips === 0")
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
        expression = f"(() => {{ const t = window.omnilive?.test; return t && ({test}); }})()"
        expression = f"(() => {{ const t = window.omnilive?.test; return t && ({test}); }})()"
        self.page.wait_for_function(expression, timeout=timeout_s * 1000)

    def text(self, selector: str) -> str:
        return str(self.page.inner_text(selector))

    def wait_text(self, selector: str, text: str, timeout_s: float = 30.0) -> None:
        self.page.wait_for_function(
            "([selector, text]) => document.querySelector(selector)?.textContent.includes(text)",
            arg=[selector, text], timeout=timeout_s * 1000,
        )  # fmt: skip
