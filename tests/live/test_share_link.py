"""`--share`: a public link through a tunnel, here a loopback relay that brings a public Host and Origin; or none."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import websockets

ROOT = Path(__file__).resolve().parents[2]
PUBLIC_HOST = "0123456789abcdef.gradio.live"
PUBLIC = {"Host": PUBLIC_HOST, "Origin": f"https://{PUBLIC_HOST}", "X-Forwarded-Proto": "https"}

# The tunnel set-up is patched before the app is entered; everything after it is the app's own.
ENTRY = """
import sys
from gradio import networking
{patch}
import app
sys.exit(app.main(["--share"]))
"""
WORKING = f"networking.setup_tunnel = lambda **_: 'https://{PUBLIC_HOST}'"
BROKEN = "def fail(**_): raise RuntimeError('Could not get share link')\nnetworking.setup_tunnel = fail"

pytestmark = pytest.mark.live


class SharedApp:
    """The app, started with `--share`."""

    def __init__(self, patch: str, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = folder / "app.log"
        environment = {
            **os.environ, "PORT": str(self.port), "OMNILIVE_DATA_DIR": str(folder / "data"), "OMNILIVE_PUSH_PORT": "0",
        }  # fmt: skip
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", ENTRY.format(patch=patch)], cwd=ROOT, env=environment, stdout=log, stderr=log
            )

    async def until(self, words: str) -> str:
        """Wait until the app has said something."""
        async with asyncio.timeout(60):
            while words not in (text := self.log.read_text("utf-8", "replace")):
                assert self.process.poll() is None, text
                await asyncio.sleep(0.1)
        return text

    def end(self) -> None:
        """End it as an operator would."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedApp]:
    app = SharedApp(WORKING, tmp_path_factory.mktemp("shared"))
    yield app
    app.end()


class Relay:
    """What the tunnel's other end does: passes bytes on, unchanged, to the app's port."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._port)
        await asyncio.gather(_pump(reader, up_writer), _pump(up_reader, writer), return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def test_a_visitor_of_the_public_link_gets_the_page_a_session_and_the_live_channel(shared: SharedApp) -> None:
    said = await shared.until("the public link is")
    assert f"https://{PUBLIC_HOST}" in said
    async with Relay(shared.port) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        page = await http.get("/", headers=PUBLIC)
        assert page.status_code == 200
        assert "omnilive.js" in page.text
        assert (await http.get("/healthz", headers=PUBLIC)).json()["public"] is True
        answer = await http.post("/session", headers=PUBLIC)
        assert answer.status_code == 200, answer.text
        token = answer.json()["token"]
        socket_headers = {"Origin": PUBLIC["Origin"]}
        async with websockets.connect(
            f"ws://{PUBLIC_HOST}/ws/live", host="127.0.0.1", port=port, additional_headers=socket_headers
        ) as channel:
            await channel.send(json.dumps({"v": 1, "type": "attach", "token": token, "tab": "one"}))
            async with asyncio.timeout(30):
                while True:
                    message = await channel.recv()
                    if isinstance(message, str) and json.loads(message)["type"] == "hello":
                        break


async def test_a_foreign_page_is_refused_on_the_public_link(shared: SharedApp) -> None:
    await shared.until("the public link is")
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{shared.port}") as http:
        answer = await http.post("/session", headers={**PUBLIC, "Origin": "https://elsewhere.example"})
    assert answer.status_code == 403


async def test_a_tunnel_that_fails_is_a_sentence_and_the_page_goes_on_locally(tmp_path: Path) -> None:
    app = SharedApp(BROKEN, tmp_path)
    try:
        await app.until("The page goes on locally")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{app.port}") as http:
            assert (await http.get("/")).status_code == 200
    finally:
        app.end()
    assert app.process.returncode == 0
