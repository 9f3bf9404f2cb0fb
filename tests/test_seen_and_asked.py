"""The shipped eyes, memory and answers on drawn pictures of held-out seeds: what was seen is found, read and named."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from drawn_stream import Shown, Watcher

from omnilive_demo.config import Settings
from omnilive_demo.engine import Engine
from omnilive_demo.records import Evidence

SEED = 2_000_001
SCENES = {
    "umbrella": Shown((("umbrella", 0.5, 0.5, 0.7),), "wall", held=True),
    "mug": Shown((("mug", 0.25, 0.6, 0.4), ("mug", 0.72, 0.6, 0.4)), "kitchen"),
    "dog": Shown((("dog", 0.5, 0.55, 0.6),), "grass"),
    "banana": Shown((("banana", 0.25, 0.6, 0.45),), "table"),
    "bicycle": Shown((("bicycle", 0.5, 0.55, 0.65),), "street"),
    "guitar": Shown((("guitar", 0.5, 0.5, 0.7),), "room"),
    "key": Shown((("key", 0.5, 0.5, 0.6),), "carpet", held=True),
}
Seen = tuple[Watcher, dict[str, tuple[float, float]]]


@pytest.fixture
async def seen(tmp_path: Path) -> AsyncIterator[Seen]:
    engine = Engine(Settings())
    await engine.start()
    assert engine.failure == ""
    watcher = Watcher(engine, tmp_path / "a")
    yield watcher, {name: watcher.watch(shown, SEED + i) for i, (name, shown) in enumerate(SCENES.items())}
    watcher.memory.close()
    await engine.close()


def overlaps(evidence: Evidence, span: tuple[float, float]) -> bool:
    return evidence.start_s <= span[1] and evidence.end_s >= span[0]


async def test_what_was_seen_is_found_and_named(seen: Seen) -> None:
    watcher, times = seen
    recall, answer, deltas = await watcher.ask("How about the weather today, what should I take?")
    first = recall.evidence[0]
    assert first.kind == "picture"
    assert overlaps(first, times["umbrella"])
    assert "umbrella" in answer
    assert first.clip_id in deltas[0].evidence

    for name in ("mug", "dog", "banana", "bicycle", "guitar"):
        recall, answer, _ = await watcher.ask(f"Where is the {name}?")
        assert overlaps(recall.evidence[0], times[name]), name
        assert answer.startswith(("I saw", "I think I saw"))
        assert name in answer

    _, answer, _ = await watcher.ask("What is this?")
    assert "key" in answer

    _, answer, _ = await watcher.ask("What was the first thing that I showed you?")
    assert "umbrella" in answer

    recall, answer, _ = await watcher.ask("Where is the elephant?")
    assert answer.startswith("I haven't noticed an elephant")
    for off_topic in ("What is the capital of France?", "What is seven times eight?"):
        recall, answer, _ = await watcher.ask(off_topic)
        assert recall.evidence == ()
        assert not any(name in answer for name in SCENES), off_topic

    captions = " ".join(clip.caption for clip in watcher.memory.clips())
    assert sum(name in captions for name in SCENES) >= 5
