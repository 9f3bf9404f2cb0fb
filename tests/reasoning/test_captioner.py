from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator

import numpy as np
import pytest
from PIL import Image
from vlm_checkpoints import write_qwen

from omnilive_demo.models.vlm_model import VlmModel, load_vlm
from omnilive_demo.reasoning.captioner import VlmCaptioner, first_sentence
from omnilive_demo.records import Clip, KeyFrame
from omnilive_demo.serving.lane import Priority
from omnilive_demo.serving.threads import ThreadLane


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> VlmModel:
    return load_vlm(write_qwen(tmp_path_factory.mktemp("vlm") / "tiny"), "cpu")


@pytest.fixture
async def lane() -> AsyncIterator[ThreadLane]:
    made = ThreadLane("thinking")
    yield made
    await made.close()


def clip(*shades: int) -> Clip:
    frames = []
    for number, shade in enumerate(shades):
        out = io.BytesIO()
        Image.fromarray(np.full((48, 64, 3), shade, np.uint8)).save(out, "JPEG")
        frames.append(KeyFrame(float(number), out.getvalue()))
    nothing = np.zeros((0, 4), np.float16)
    return Clip(1, 0.0, 4.0, (0.0,), tuple(frames), nothing, np.zeros(4, np.float16), (), "", 0, 0)


async def test_a_clip_gets_one_sentence_of_the_model(model: VlmModel, lane: ThreadLane) -> None:
    said = await VlmCaptioner(model, lane).caption(clip(40, 200, 90, 120), 30.0)
    assert said.endswith((".", "!", "?", "…"))
    assert "\n" not in said
    assert await VlmCaptioner(model, lane).caption(clip(40, 200, 90, 120), 30.0) == said
    assert model.shelf.sizes() == (), "no caption takes the place of a prompt that is kept"


async def test_without_pictures_or_time_there_is_none(model: VlmModel, lane: ThreadLane) -> None:
    assert await VlmCaptioner(model, lane).caption(clip(), 30.0) == ""
    damaged = Clip(1, 0.0, 4.0, (0.0,), (KeyFrame(0.0, b"no picture"),), *clip().__getstate__()[5:])
    assert await VlmCaptioner(model, lane).caption(damaged, 30.0) == ""
    begun, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def busy() -> None:
        loop.call_soon_threadsafe(begun.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result()

    calls = [asyncio.create_task(lane.run(busy, session="s", priority=Priority.TURN)) for _ in range(3)]
    await begun.wait()
    assert await VlmCaptioner(model, lane, busy=2).caption(clip(40), 30.0) == "", "answers go first"
    late = asyncio.create_task(VlmCaptioner(model, lane).caption(clip(40), 0.0))
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(*calls)
    assert await late == "", "it came too late"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("A dog sleeps. Then it wakes.", "A dog sleeps."),
        ("  **A dog**\nsleeps ", "A dog sleeps."),
        ("It costs 3.50 euros", "It costs 3.50 euros."),
        ("一只狗在睡觉。然后它醒了。", "一只狗在睡觉。"),
        ("<b>A dog</b>!", "‹b›A dog‹/b›!"),
        ("", ""),
    ],
)
def test_of_what_is_said_the_first_sentence_counts(text: str, sentence: str) -> None:
    assert first_sentence(text) == sentence
