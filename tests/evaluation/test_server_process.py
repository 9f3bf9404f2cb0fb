"""Starting, watching and ending the app, tried on an app of a few lines."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from omnilive_demo.evaluation import server as server_module
from omnilive_demo.evaluation.server import Server, ServerError
from omnilive_demo.evaluation.watcher import Watcher

APP = """
import http.server, json, os, signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
def end(*_):
    child.kill()
    os._exit(0)
signal.signal(signal.SIGTERM, end)
asked = 0
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global asked
        asked += self.path == "/healthz"
        body = json.dumps({"ready": asked > 2, "serial": os.environ.get("OMNILIVE_SERIAL"),
                           "loop_lag_ms": {"p50": 1, "p99": 2}}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(server_module, "REPOSITORY", tmp_path)
    monkeypatch.setattr("omnilive_demo.evaluation.watcher.SAMPLE_EVERY_S", 0.25)
    return tmp_path


async def test_an_app_is_started_watched_with_its_children_and_ended(repository: Path) -> None:
    (repository / "app.py").write_text(APP)
    server = Server(serial=True)
    await server.start(ready_within_s=20)
    assert server.page_up_s is not None
    assert server.ready_s is not None
    assert server.page_up_s <= server.ready_s
    assert (await server.health())["serial"] == "1"
    watcher = Watcher(server)
    watcher.start()
    await asyncio.sleep(1.0)
    await watcher.stop()
    used_s = watcher.samples[-1].cpu_s - watcher.samples[0].cpu_s
    assert used_s > 0.1  # the child's, which does nothing but burn
    assert watcher.samples[-1].processes == 2
    assert watcher.samples[-1].rss_mb > 5
    assert watcher.health
    assert watcher.own_lag_ms
    data_dir = server.data_dir
    assert await server.stop() == 0
    assert data_dir is not None
    assert not data_dir.exists()


async def test_a_killed_app_takes_its_children_along_and_keeps_its_folder(repository: Path) -> None:
    (repository / "app.py").write_text(APP)
    server = Server(data_dir=repository / "data")
    await server.start(ready_within_s=20)
    server.kill()
    assert server.sample() is None
    assert await server.stop() == -9
    assert (repository / "data").exists()


async def test_an_app_that_ends_at_once_is_told_with_its_last_words(repository: Path) -> None:
    (repository / "app.py").write_text("raise SystemExit('the model is missing')")
    server = Server()
    with pytest.raises(ServerError, match="the model is missing"):
        await server.start(ready_within_s=20)
    await server.stop()


async def test_an_app_whose_models_fail_to_load_is_told_at_once(repository: Path) -> None:
    (repository / "app.py").write_text(APP.replace('{"ready": asked > 2,', '{"ready": False, "failure": "no weights",'))
    server = Server()
    with pytest.raises(ServerError, match="no weights"):
        await server.start(ready_within_s=60)
    await server.stop()


async def test_an_app_that_never_gets_ready_is_not_waited_for_for_ever(repository: Path) -> None:
    (repository / "app.py").write_text(APP.replace("asked > 2", "False"))
    server = Server()
    with pytest.raises(ServerError, match="not ready after"):
        await server.start(ready_within_s=2.0)
    assert await server.stop() == 0
