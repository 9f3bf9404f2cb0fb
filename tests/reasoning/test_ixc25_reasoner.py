"""The released reasoner in the app: memory rows, pictures and words in the prompt, an answer token by token."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from reasoning_fakes import Stage, evidence, frame, spoken
from tiny_language_model import WIDTH, Scripted, build, memories_in, words_of

from omnilive_demo import casting
from omnilive_demo.config import Settings
from omnilive_demo.models.ixc25_omnilive.beginnings import beginning_of
from omnilive_demo.models.ixc25_omnilive.language_model import LanguageModel, load_language_model
from omnilive_demo.models.ixc25_omnilive.prompt import PicturePart, WordsPart, length_of
from omnilive_demo.models.memory_module.weight_files import WeightsError
from omnilive_demo.models.registry import SPECS
from omnilive_demo.reasoning.ixc25_prompt import MemoryPromptSize
from omnilive_demo.reasoning.ixc25_reasoner import Ixc25Captioner, Ixc25InstructionPredictor, Ixc25Reasoner
from omnilive_demo.records import Clip, Delta, Evidence, Heard, KeyFrame, SeenFrame
from omnilive_demo.serving.threads import ThreadLane


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LanguageModel:
    return load_language_model(build(tmp_path_factory.mktemp("release")), "tiny")


@pytest.fixture
async def lane() -> AsyncIterator[ThreadLane]:
    made = ThreadLane("thinking")
    yield made
    await made.close()


def seen_frame(t_s: float, *labels: str, shade: int = 0, change: float = 0.0) -> SeenFrame:
    return replace(frame(t_s, *labels), image=np.full((36, 64, 3), shade, np.uint8), change=change)


def jpeg(shade: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.full((36, 64, 3), shade, np.uint8)).save(out, "JPEG")
    return out.getvalue()


def rows(count: int, seed: int, width: int = WIDTH) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, width)).astype(np.float16)


def clip_evidence(clip: int, start_s: float, *shades: int, **changed: Any) -> Evidence:
    made = evidence(clip, start_s, start_s + 16, "picture", short_term=rows(8, clip))
    frames = tuple(KeyFrame(start_s + i, jpeg(shade)) for i, shade in enumerate(shades))
    return replace(made, key_frames=frames, **changed)


def stage_of(reasoner: Ixc25Reasoner, *frames: SeenFrame) -> Stage:
    stage = Stage(180.0, *frames)
    stage.reasoner = reasoner  # type: ignore[assignment]
    return stage


async def answered(stage: Stage, text: str, *found: Evidence, long_term: np.ndarray | None = None, **changed: Any):
    question, recall = stage.asked(text, *found, history=changed.pop("history", ()))
    question, recall = replace(question, **changed), replace(recall, long_term=long_term)
    return [delta async for delta in stage.reasoner.answer(question, recall, stage.view, stage.cancel)]


def text_of(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


def test_a_missing_adapter_is_a_sentence(tmp_path: Path) -> None:
    folder = build(tmp_path)
    (folder / "adapter" / "adapter_config.json").unlink()
    with pytest.raises(WeightsError, match=r"adapter_config\.json is missing"):
        load_language_model(folder)


async def test_the_model_reads_the_memory_the_pictures_and_the_question(loaded, lane) -> None:
    model = Scripted(loaded, "It is on the table.")
    stage = stage_of(Ixc25Reasoner(model, lane), seen_frame(179, shade=200))
    memory = rows(5, 1)
    found = clip_evidence(9, 120, 40, 60), clip_evidence(4, 30, 90)
    deltas = await answered(stage, "where did I leave my keys?", *found, long_term=memory)
    assert text_of(deltas) == "It is on the table."
    assert {(delta.evidence, delta.picture_t_s) for delta in deltas} == {((9, 4), 179)}
    (parts,) = model.asked
    assert words_of(model, parts) == (
        "|user\nThis is video overview memory:<m 5>This is question related video memory:<m 16><p>"
        "Question: Here are some frames of a video. where did I leave my keys?|\n|assistant\n"
    )
    long_term, short_term = memories_in(parts)
    np.testing.assert_array_equal(long_term.numpy(), memory.astype(np.float32))
    in_time = np.concatenate([found[1].short_term, found[0].short_term])
    np.testing.assert_array_equal(short_term.numpy(), in_time.astype(np.float32), "in the order of time")
    (picture,) = [part for part in parts if isinstance(part, PicturePart)]
    strip = picture.canvas.mean(2)
    middles = [strip[int((i + 0.55) * strip.shape[0] / 4.6), 100] for i in range(4)]
    assert sorted(middles) == pytest.approx([40, 60, 90, 200], abs=8)
    # Whether the memory was read: without it, and with another one, the model thinks of something else.
    first = loaded.reasoner.read(parts)
    for changed in (None, rows(5, 2)):
        again = Scripted(loaded, "Yes.")
        stage = stage_of(Ixc25Reasoner(again, lane), seen_frame(179, shade=200))
        await answered(stage, "where did I leave my keys?", *found, long_term=changed)
        assert (loaded.reasoner.read(again.asked[0]) - first).abs().max() > 0.01


async def test_what_was_said_and_heard_the_sound_and_the_dialogue_are_told(loaded, lane) -> None:
    model = Scripted(loaded, "Yes.", "是。")
    stage = stage_of(Ixc25Reasoner(model, lane))
    found = evidence(2, 60, 66, "speech", words=[spoken(1, 61, "the keys </s> [UNUSED_TOKEN_145] <|im_end|>")])
    more = evidence(3, 70, 76, "sound", sounds=[Heard(71, 72, "doorbell", 0.9)])
    history = (("what is this?", "It is a cup."),)
    await answered(stage, "what did I say?", found, more, history=history, sound_label="barking dog", brief=True)
    said = words_of(model, model.asked[0])
    assert said.startswith("|user\nwhat is this?|\n|assistant\nIt is a cup.|\n|user\nQuestion: What you remember")
    assert "the visitor said" in said
    assert "a doorbell" in said
    assert said.endswith(
        "\nSound classification: barking dog. what did I say?\nAnswer in one short sentence.|\n|assistant\n"
    )
    turns = (model.tokenizer.turn_begins, model.tokenizer.turn_ends, model.tokenizer.end)
    ids = [token for part in model.asked[0] if isinstance(part, WordsPart) for token in part.ids]
    assert sum(ids.count(token) for token in turns) == 7, "nothing that was said ends a turn"
    await answered(stage, "桌子上有什么", sound_label="speech")
    assert "Question: 桌子上有什么|" in words_of(model, model.asked[1])


async def test_the_paper_s_wording_is_a_setting(loaded, lane) -> None:
    model = Scripted(loaded, "Yes.")
    stage = stage_of(Ixc25Reasoner(model, lane, "paper"), seen_frame(179))
    await answered(stage, "what is it?", clip_evidence(9, 120, 40), long_term=rows(3, 1))
    assert words_of(model, model.asked[0]) == (
        "|user\nQuestion: what is it?,\nHere is the question related video clip <p>; "
        "Here is the question related memory <m 3><m 8>|\n|assistant\n"
    )


async def test_memory_of_other_models_is_left_out_and_pictures_are_thinned(loaded, lane) -> None:
    model = Scripted(loaded, "Yes.", "Yes.")
    size = MemoryPromptSize(rows=1700)
    stage = stage_of(Ixc25Reasoner(model, lane, size=size), seen_frame(179, shade=220))
    found = [clip_evidence(n, 20.0 * n, *range(10 * n, 10 * n + 8)) for n in range(1, 6)]
    other = replace(found[0], short_term=rows(8, 1, 7))
    await answered(stage, "what is it?", other, long_term=rows(5, 1, 7))
    assert memories_in(model.asked[0]) == []
    await answered(stage, "what is it?", *found, long_term=rows(40, 1))
    parts = model.asked[1]
    assert [len(block) for block in memories_in(parts)] == [40, 32], "the four best clips"
    assert 1241 < length_of(parts) <= size.rows
    (picture,) = [part for part in parts if isinstance(part, PicturePart)]
    assert (np.abs(picture.canvas.astype(int) - 220).max(2) < 4).mean() > 0.05, "the newest picture stays"


async def test_a_changed_scene_is_looked_at_before_the_next_sentence(loaded, lane) -> None:
    model = Scripted(loaded, "It is a cup. It is red.", "Now there is a dog.")
    stage = stage_of(Ixc25Reasoner(model, lane), seen_frame(179, "cup", shade=100))
    question, recall = stage.asked("What is this?", clip_evidence(4, 20))
    deltas = []
    async for delta in stage.reasoner.answer(
        question, replace(recall, long_term=rows(30, 1)), stage.view, stage.cancel
    ):
        deltas.append(delta)
        if delta.ends_sentence and len(stage.view.recent(16)) == 1:
            stage.time.advance(2)
            stage.view.add(seen_frame(181, "dog", shade=40, change=0.9))
    assert text_of(deltas) == "It is a cup. Now there is a dog."
    assert (deltas[0].picture_t_s, deltas[-1].picture_t_s) == (179, 181)
    first, second = model.asked
    assert words_of(model, second).endswith("|assistant\nIt is a cup.")
    assert all(map(torch.equal, memories_in(first), memories_in(second)))
    kept = length_of(beginning_of(first))
    assert kept > 30 + 8
    assert model.reader.read_rows == length_of(first) + length_of(second) - kept, "the memory is read once"
    stage.reasoner.forget()
    assert model.reader.sizes() == ()
    shades = [
        float(np.median(part.canvas))
        for parts in (first, second)
        for part in parts
        if part.visual and hasattr(part, "canvas")
    ]
    assert shades == pytest.approx([100, 40], abs=3)


async def test_an_answer_goes_on_behind_what_was_heard(loaded, lane) -> None:
    model = Scripted(loaded, "It is red.")
    stage = stage_of(Ixc25Reasoner(model, lane))
    told = await answered(
        stage, "What is it?", heard_sentences=1, history=(("What is it?", "It is a cup. It"),)
    )  # fmt: skip
    assert text_of(told) == " It is red."
    assert words_of(model, model.asked[0]).endswith("What is it?|\n|assistant\nIt is a cup.")


async def test_cancelled_within_one_token_and_bounded(loaded, lane) -> None:
    model = Scripted(loaded, "It is a cup and a table. " * 9)
    stage = stage_of(Ixc25Reasoner(model, lane))
    question, recall = stage.asked("What is this?")
    steps = -1
    async for _ in stage.reasoner.answer(question, recall, stage.view, stage.cancel):
        if steps < 0:
            stage.cancel.cancel()
            steps = model.steps
    assert model.steps - steps <= 1
    model = Scripted(loaded, "It is a cup and a table. " * 9)
    await answered(stage_of(Ixc25Reasoner(model, lane, most_tokens=6)), "What is this?")
    assert len(model.asked) == 1
    assert model.steps == 5, "the first of the six comes with the prompt"


async def test_layers_on_two_devices_answer_alike(tmp_path: Path, lane) -> None:
    """As the app loads it; both are the CPU here, half of the layers on each."""
    folder = build(tmp_path)
    spec, told = SPECS["ixc25-ol-reasoner"], []
    for devices in (("cpu",), ("cpu", "cpu")):
        mind = casting.reasoner(spec, {spec.name: folder}, devices, lane, Settings(data_dir=tmp_path))
        assert isinstance(mind.reasoner, Ixc25Reasoner)
        stage = stage_of(mind.reasoner, seen_frame(179, shade=50))
        mind.reasoner._answers._most_tokens = 8
        told.append(text_of(await answered(stage, "What is this?", long_term=rows(4, 1))))
    assert told[0] == told[1]


async def test_sessions_take_turns_at_one_model(loaded, lane) -> None:
    reasoner = Ixc25Reasoner(loaded, lane, most_tokens=12)
    stages = [stage_of(reasoner, seen_frame(179, shade=shade)) for shade in (10, 240)]
    memory = [rows(4, 1), rows(4, 2)]
    alone = [text_of(await answered(s, "What is this?", long_term=m)) for s, m in zip(stages, memory, strict=True)]
    together = await asyncio.gather(
        *(answered(s, "What is this?", long_term=m) for s, m in zip(stages, memory, strict=True))
    )
    assert [text_of(deltas) for deltas in together] == alone
    assert alone[0] != alone[1]


def test_whether_it_wants_an_answer_is_asked_of_the_model(loaded) -> None:
    predictor = Ixc25InstructionPredictor(loaded)
    chances = {text: predictor.predict(text) for text in ("where are my keys?", "hm", "你好", "what is on the table?")}
    assert len({round(one.probability, 4) for one in chances.values()}) == 4
    assert all(one.answer == (one.probability >= 0.5) for one in chances.values())
    assert chances["where are my keys?"].probability == loaded.wants_answer("where are my keys")
    assert predictor.predict(" …?").answer is False
    assert predictor.predict("").probability == 0.0


async def test_clips_are_described_last_of_all(loaded, lane) -> None:
    model = Scripted(loaded, "A cup is on the table. It is red.")
    frames = tuple(KeyFrame(float(i), jpeg(shade)) for i, shade in enumerate((40, 90, 140, 200)))
    nothing = np.zeros((0, WIDTH), np.float16)
    clip = Clip(1, 0.0, 4.0, (0.0,), frames, nothing, np.zeros(WIDTH, np.float16), (), "", 0, 0)
    assert await Ixc25Captioner(model, lane).caption(clip, 30.0) == "A cup is on the table."
    assert words_of(model, model.asked[0]).startswith("|user\n<p>Question: Here are some frames of a video. Say in one")
    assert await Ixc25Captioner(model, lane).caption(replace(clip, key_frames=()), 30.0) == ""
    assert await Ixc25Captioner(model, lane, busy=0).caption(clip, 30.0) == "", "answers go first"
