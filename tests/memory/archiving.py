"""A memory goes out to a file, and a file comes in."""

from __future__ import annotations

from pathlib import Path

from omnilive_demo.clock import SessionClock
from omnilive_demo.memory.archive import write_archive
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.taking_in import TakenIn, TakingIn


def export(memory: SessionMemory, path: Path) -> Path:
    with path.open("wb") as file:
        for piece in write_archive(memory):
            file.write(piece)
    return path


def take_in(memory: SessionMemory, path: Path, clock: SessionClock) -> TakenIn:
    taking = TakingIn(path)
    try:
        taking.open()
        taking.place(clock, memory.sittings)
        taking.begin(memory)
        while taking.slice(memory):
            pass
        taking.finish(memory)
        return taking.result()
    finally:
        taking.close()
