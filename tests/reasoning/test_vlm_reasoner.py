from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from reasoning_fakes import Stage, evidence, frame
from vlm_checkpoints import WRITERS

from omnilive_demo.models.vlm_model import Generation, VlmModel, load_vlm
from omnilive_demo.reasoning.prompt import Prompter, PromptSize
from omnilive_demo.reasoning.vlm_reasoner import VlmReasoner
from omnilive_demo.records import Delta, SeenFrame
from omnilive_demo.serving.threads import ThreadLane

SMALL = PromptSize(side=64)


class Scripted(VlmModel):
    """The real model reads everything; the words that it says are given, because a random one makes no sentences."""

    def __init__(self, model: VlmModel, *answers: str) -> None:
        super().__init__(model.name, model._model, model._processor)
        self.answers = list(answers)
        self.asked: list = []
        self.threads: set[str] = set()
        self._words: list[int] = []

    def begin(self, asked) -> Generation:
        self.asked.append(asked)
        self._words = self._tokenizer(self.answers.pop(0), add_special_tokens=False)["input_ids"]
        self._words.append(self._tokenizer.eos_token_id)
        return super().begin(asked)

    def feed(self, asked, read, cancel):
        fed = super().feed(asked, read, cancel)
        return fed and (fed[0], self._words.pop(0))

    def step(self, asked, read, token) -> int:
        self.threads.add(threading.current_thread().name)
        super().step(asked, read, token)
        return self._words.pop(0)


@pytest.fixture(scope="session", params=list(WRITERS))
def folder(request, tmp_path_factory) -> Path:
    return WRITERS[request.param](tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="session")
def loaded(folder) -> VlmModel:
    return load_vlm(folder, "cpu")


@pytest.fixture
async def lane() -> AsyncIterator[ThreadLane]:
    lane = ThreadLane("reasoner")
    yield lane
    await lane.close()


def seen_frame(t_s: float, *labels: str, colour: int = 0, change: float = 0.0) -> SeenFrame:
    return replace(frame(t_s, *labels), image=np.full((48, 64, 3), colour, np.uint8), change=change)


def stage_of(reasoner: VlmReasoner, *frames: SeenFrame) -> Stage:
    stage = Stage(180.0, *(frames or (seen_frame(179, "cup", colour=200),)))
    stage.reasoner = reasoner  # type: ignore[assignment]
    return stage


def reasoner_of(model: VlmModel, lane: ThreadLane, **more) -> VlmReasoner:
    return VlmReasoner(model, lane, Prompter(SMALL), **more)


def text_of(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


async def test_a_picture_and_a_question_go_in_and_text_comes_out(loaded, lane):
    model = VlmModel(loaded.name, loaded._model, loaded._processor)
    stage = stage_of(reasoner_of(model, lane, most_tokens=20))
    deltas = await stage.deltas("What is this?", evidence(4, 20, 30, "picture", "a dog"))
    assert deltas
    assert all(delta.evidence == (4,) and delta.picture_t_s == 179 for delta in deltas)
    assert "\ufffd" not in text_of(deltas)
    assert model.read_tokens > 300
    before = model.read_tokens
    assert await stage.deltas("What is this?", evidence(4, 20, 30, "picture", "a dog")) == deltas
    assert model.read_tokens - before < 30, "the same prompt is not read twice"


async def test_sentences_and_characters_come_whole_and_off_the_loop(loaded, lane):
    model = Scripted(loaded, "It is a café ☕. 这是一个杯子。 Yes")
    deltas = await stage_of(reasoner_of(model, lane)).deltas("What is this?")
    assert text_of(deltas) == "It is a café ☕. 这是一个杯子。 Yes"
    assert sum(delta.ends_sentence for delta in deltas) == 3
    assert len(deltas) > 10
    assert model.threads == {"reasoner-0"}


async def test_a_changed_scene_is_looked_at_before_the_next_sentence(loaded, lane):
    model = Scripted(loaded, "It is a cup. It is red.", "Now there is a dog.")
    stage = stage_of(reasoner_of(model, lane), seen_frame(176, "cup", colour=100), seen_frame(179, "cup", colour=200))
    question, recall = stage.asked("What is this?", evidence(4, 20, 30, "picture", "a cup"))
    deltas = []
    async for delta in stage.reasoner.answer(question, recall, stage.view, stage.cancel):
        deltas.append(delta)
        if delta.ends_sentence and len(stage.view.recent(16)) == 2:
            stage.time.advance(2)
            stage.view.add(seen_frame(181, "dog", colour=40, change=0.9))
            read = model.read_tokens
    assert text_of(deltas) == "It is a cup. Now there is a dog."
    assert (deltas[0].picture_t_s, deltas[-1].picture_t_s) == (179, 181)
    first, second = model.asked
    assert [int(p.mean()) for p in first.pictures] == [100, 200]
    assert [int(p.mean()) for p in second.pictures] == [100, 40]
    assert model.text_of(second.ids).endswith("It is a cup.")
    # What stands before the newest picture was not read again, but for the words that lead to it.
    changed = next(i for i, (a, b) in enumerate(zip(first.ids, second.ids, strict=False)) if a != b)
    assert changed > first.spans[0][1]
    answer = len("Now there is a dog.")
    assert model.read_tokens - read == len(second.ids) - changed + answer


async def test_an_unchanged_scene_is_not_read_again(loaded, lane):
    model = Scripted(loaded, "It is a cup. It is red.")
    stage = stage_of(reasoner_of(model, lane))
    question, recall = stage.asked("What is this?")
    async for _ in stage.reasoner.answer(question, recall, stage.view, stage.cancel):
        stage.time.advance(0.1)
        stage.view.add(seen_frame(stage.view.now_s(), "cup", colour=201, change=0.05))
    assert len(model.asked) == 1


async def test_cancelled_within_one_token(loaded, lane):
    model = Scripted(loaded, "It is a cup and a cup and a cup. " * 5)
    stage = stage_of(reasoner_of(model, lane))
    question, recall = stage.asked("What is this?")
    read = 0
    async for _ in stage.reasoner.answer(question, recall, stage.view, stage.cancel):
        if not read:
            stage.cancel.cancel()
            read = model.read_tokens
    assert model.read_tokens - read <= 1
    assert len(model.shelf.sizes()) == 1  # what was read is kept


async def test_a_long_reading_is_cancelled_between_pictures(loaded, lane):
    model = Scripted(loaded, "It is a cup.")
    stage = stage_of(reasoner_of(model, lane))
    real = model._forward

    def forward(*args):
        stage.cancel.cancel()
        return real(*args)

    model._forward = forward
    assert await stage.deltas("What is this?") == []
    assert model.read_tokens <= model.asked[0].spans[0][0]


async def test_brief_heard_and_bounded(loaded, lane):
    said = "It is a cup. It is red. It is full."
    for change, expected in (
        ({"brief": True}, "It is a cup."),
        ({"heard_sentences": 2}, " It is full."),
        ({"heard_sentences": 1, "history": (("What is it?", "It is a cup. It"),)}, " It is red. It is full."),
    ):
        model = Scripted(loaded, said)
        stage = stage_of(reasoner_of(model, lane))
        question, recall = stage.asked("What is it?")
        question = replace(question, **change)
        told = [delta async for delta in stage.reasoner.answer(question, recall, stage.view, stage.cancel)]
        assert text_of(told) == expected
    model = Scripted(loaded, "It is " + "".join(chr(97 + n % 26) + chr(97 + n % 7) + " " for n in range(300)))
    assert len(text_of(await stage_of(reasoner_of(model, lane, most_tokens=40)).deltas("What is it?"))) <= 40


async def test_sessions_take_turns(loaded, lane):
    model = VlmModel(loaded.name, loaded._model, loaded._processor)
    reasoner = reasoner_of(model, lane, most_tokens=15)
    stages = [stage_of(reasoner, seen_frame(179, "cup", colour=colour)) for colour in (10, 240)]
    alone = [text_of(await stage.deltas("What is this?")) for stage in stages]
    model.shelf.clear()
    together = await asyncio.gather(*(stage.deltas("What is this?") for stage in stages))
    assert [text_of(deltas) for deltas in together] == alone
