from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from omnilive_demo.serving.processes import WorkerProcess

HERE = str(Path(__file__).parent)


class Owner:
    """Holds a worker and what it told."""

    def __init__(self, function: str = "echo", args: tuple = ()) -> None:
        self.messages: asyncio.Queue = asyncio.Queue()
        self.failure = ""
        self.ready = asyncio.Event()
        self.died = asyncio.Event()
        self.worker = WorkerProcess(
            "worker", "worker_functions", function, args,
            on_message=self.messages.put_nowait, on_ready=self.ready.set, on_death=self.died.set,
            on_failure=lambda reason: setattr(self, "failure", reason), attempts=2,
        )  # fmt: skip

    async def ask(self, message: object) -> object:
        assert self.worker.send(message)
        return await asyncio.wait_for(self.messages.get(), 20)


@pytest.fixture(autouse=True)
def _findable(monkeypatch):
    monkeypatch.syspath_prepend(HERE)


async def test_messages_go_both_ways_and_prints_do_no_harm():
    owner = Owner(args=("hi",))
    await owner.worker.start()
    assert await owner.ask({"a": [1, 2.5, b"bytes"]}) == ("hi", {"a": [1, 2.5, b"bytes"]})
    big = os.urandom(3_000_000)
    assert await owner.ask(big) == ("hi", big)
    await owner.worker.stop()
    assert owner.worker.pid is None
    assert not owner.worker.send("too late")
    await owner.worker.stop()


async def test_child_imports_only_what_it_needs_and_survives_ctrl_c():
    owner = Owner()
    await owner.worker.start()
    loaded = await owner.ask("modules")
    assert not {"numpy", "torch", "gradio", "asyncio", "pytest"} & set(loaded)
    assert await owner.ask("interrupt") == "still here"
    await owner.worker.stop()


@pytest.mark.parametrize("how", ["die", "raise", "kill"])
async def test_dead_child_is_replaced(how):
    owner = Owner()
    await owner.worker.start()
    first = owner.worker.pid
    owner.ready.clear()
    if how == "kill":
        os.kill(first, signal.SIGKILL)
    else:
        owner.worker.send(how)
    await asyncio.wait_for(owner.died.wait(), 20)
    await asyncio.wait_for(owner.ready.wait(), 20)
    assert owner.worker.pid not in (None, first)
    assert await owner.ask("again") == ("hello", "again")
    assert owner.worker.restarts == 1
    await owner.worker.stop()


async def test_child_that_cannot_load_is_given_up_with_its_reason():
    owner = Owner("broken")
    with pytest.raises(RuntimeError, match="the model is missing"):
        await owner.worker.start()
    assert "the model is missing" in owner.failure
    assert owner.worker.restarts == 2
    await owner.worker.stop()


async def test_hanging_child_is_ended_by_force():
    owner = Owner()
    await owner.worker.start()
    process = psutil.Process(owner.worker.pid)
    owner.worker.send("hang")
    process.suspend()
    await owner.worker.stop(patience_s=0.2)
    assert not process.is_running()


def test_child_dies_with_its_parent():
    program = textwrap.dedent(
        """
        import asyncio, os, sys
        from omnilive_demo.serving.processes import WorkerProcess
        async def main():
            worker = WorkerProcess("w", "worker_functions", "echo", on_message=print)
            await worker.start()
            worker.send("hang")
            print(worker.pid, flush=True)
            await asyncio.sleep(60)
        asyncio.run(main())
        """
    )
    root = str(Path(__file__).resolve().parents[2])
    parent = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": os.pathsep.join([root, HERE])},
    )  # fmt: skip
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    try:
        child.wait(10)
    except psutil.NoSuchProcess:
        pass
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
