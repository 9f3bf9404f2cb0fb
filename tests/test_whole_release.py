"""One visitor of the profile omnilive, every released part tiny: a spoken question, answered from memory.

The audio model knows three tones and what each says; the ears take any loud sound for speech. The other weights are
random: what is asserted is what reaches the model, and that something comes of it.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from models.ixc25 import tiny_audio
from models.ixc25.tiny_audio import HIGH_HZ, LOW_HZ, tone
from models.ixc25.tiny_memory import write_tiny_memory
from numpy.typing import NDArray
from reasoning.tiny_language_model import WIDTH, build, memories_in, words_of
from tiny_roles import until
from whole_visit import Visitor

from omnilive_demo.config import Settings
from omnilive_demo.engine import Engine
from omnilive_demo.events import AnswerGrew, Caption, ClipRemembered, Fault, Hello, Interrupted
from omnilive_demo.larger import Larger
from omnilive_demo.memory.picture_scores import PictureScale
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.models.hub import Hub
from omnilive_demo.models.ixc25_omnilive.beginnings import BeginningReader
from omnilive_demo.models.ixc25_omnilive.generation import Generation
from omnilive_demo.models.ixc25_omnilive.language_model import LanguageModel
from omnilive_demo.models.ixc25_omnilive.prompt import Part, PicturePart
from omnilive_demo.perception.ixc25_recognizer import Ixc25Recognizer
from omnilive_demo.reasoning.ixc25_reasoner import Ixc25Captioner
from omnilive_demo.records import Recall

SEED = 26  # to which "Where are my keys?" wants an answer and "hm, okay" does not


class LoudIsSpeech:
    """Voice activity that takes any loud sound for speech: the tiny audio model understands tones."""

    def probability(self, window: NDArray[np.float32]) -> float:
        return 1.0 if float(np.abs(window).max()) > 0.05 else 0.0

    def reset(self) -> None:
        pass


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = build(tmp_path_factory.mktemp("release"), SEED)
    write_tiny_memory(folder / "memory")
    shutil.copytree(tiny_audio.built(tmp_path_factory), folder / "audio")
    return folder


@pytest.fixture
async def engine(tmp_path: Path, release: Path) -> AsyncIterator[Engine]:
    """The profile, with its own parts from a folder; the turn model and the voice are the embedded ones."""
    own = {"recognition": "audio", "sound_tags": "audio", "frame_encoder": "memory", "reasoner": "reasoner"}
    wishes = {role: f"ixc25-ol-{part}@{release}" for role, part in own.items()}
    wishes |= {"end_of_turn": "nano", "synthesis": "nano"}
    made = Engine(Settings(data_dir=tmp_path, profile="omnilive", roles=wishes))
    await made.start()
    made.new_voice_activity = LoudIsSpeech
    yield made
    await made.close()


def camera(seed: int, shade: int) -> NDArray[np.uint8]:
    coarse = np.random.default_rng(seed).integers(0, 60, (6, 8, 3), np.uint8) + np.uint8(shade)
    return coarse.repeat(8, 0).repeat(8, 1)


async def test_a_spoken_question_is_answered_by_a_model_that_reads_the_memory(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = Visitor(engine, tmp_path / "early")  # remembers with the embedded models
    await early.come()
    larger = Larger(engine, Hub("http://127.0.0.1:9", tmp_path / "cache", offline=True))
    await larger.run()
    assert larger.failed == []
    assert engine.profile == "omnilive"
    names = dict(engine.models())
    assert names["speech recognition"] == names["sound events"] == "ixc25-ol-audio"
    assert names["reasoner"] == "ixc25-ol-reasoner"
    assert isinstance(engine.recognizer, Ixc25Recognizer)
    assert engine.recognizer._model is engine.sound_namer._model, "one audio model"  # type: ignore[union-attr]
    assert isinstance(engine.captioner, Ixc25Captioner)
    assert engine.together is not None, "frames of all sessions go through the tower in one go"
    assert engine.instructions.predict("Where are my keys?").answer
    assert not engine.instructions.predict("hm, okay").answer

    asked: list[tuple[Part, ...]] = []
    read: list[tuple[Part, ...]] = []
    begin, really_read = LanguageModel.begin, BeginningReader.read

    def begun(model: LanguageModel, parts: tuple[Part, ...], *more: Any) -> Generation:
        asked.append(parts)
        return begin(model, parts, *more)

    def spied(reader: BeginningReader, parts: tuple[Part, ...], *more: Any, **how: Any) -> Any:
        read.append(parts)
        return really_read(reader, parts, *more, **how)

    recalled: list[Recall] = []
    recall = SessionMemory.recall

    def remembered(memory: SessionMemory, *question: Any) -> Recall:
        recalled.append(recall(memory, *question))
        return recalled[-1]

    monkeypatch.setattr(SessionMemory, "recall", remembered)
    monkeypatch.setattr(LanguageModel, "begin", begun)
    monkeypatch.setattr(BeginningReader, "read", spied)
    engine.reasoner._answers._most_tokens = 40  # type: ignore[attr-defined]  # a random model finds no end
    language: LanguageModel = engine.reasoner._model  # type: ignore[attr-defined]

    # The cosines of random weights say nothing: whatever they are, the best clips are taken.
    engine.picture_scale = PictureScale(nothing=-1.0, certain=0.2, learned=True)
    late = Visitor(engine, tmp_path / "late")
    await late.come()
    assert late.of(Hello)[-1].models == engine.models()
    await late.show([camera(i, 0) for i in range(16)])
    await late.show([camera(100 + i, 180) for i in range(18)])
    await until(lambda: len([event for event in late.of(ClipRemembered) if not event.open]) >= 2)

    await late.let_hear(tone(LOW_HZ, 1.3), 16_000)
    await until(lambda: any(event.final for event in late.of(Caption)))
    caption = next(event for event in late.of(Caption) if event.final)
    assert caption.text == "Where are my keys?"
    assert caption.turn, "and it is answered"
    answer = await late.answer(caption.turn)
    assert answer.text
    assert answer.evidence
    assert answer.picture_t_s is not None
    pieces = [event for event in late.of(AnswerGrew) if event.turn == caption.turn and event.delta]
    assert len(pieces) > 3, "it is streamed"
    await until(lambda: len(late.played) > 10 and np.abs(np.concatenate(late.played)).max() > 300)

    parts = next(parts for parts in reversed(asked) if "Where are my keys?" in words_of(language, parts))
    assert any(one is parts for one in read), "what was asked was read"
    long_term, short_term = memories_in(parts)
    clips = late.session.memory.clips()
    assert long_term.shape == (len(clips) + (late.session.memory.open_clip() is not None), WIDTH)
    assert any(one.long_term is not None and np.array_equal(one.long_term, long_term.numpy()) for one in recalled)
    slots = [clip.short_term for clip in clips]
    assert [block for block in slots if _holds(short_term.numpy(), block)], "the memory of a recalled clip"
    assert any(isinstance(part, PicturePart) for part in parts)
    without = tuple(part for part in parts if not hasattr(part, "rows"))
    assert (language.reasoner.read(parts) - language.reasoner.read(without)).abs().max() > 0.01, "and it counts"

    late.session.ask("What is this?")
    turn = next(event.turn for event in reversed(late.told) if isinstance(event, Caption) and event.typed)
    await until(lambda: any(event.turn == turn and event.delta for event in late.of(AnswerGrew)))
    late.session.stop_answer()
    await until(lambda: bool(late.of(Interrupted)))
    assert late.of(Interrupted)[-1].turn == turn
    assert not late.of(Fault)

    # Who remembers with other models is answered too, without their memory.
    asked.clear()
    early.session.ask("What is this?")
    await until(lambda: bool(early.of(AnswerGrew)))
    early.session.stop_answer()
    assert memories_in(asked[-1]) == []
    assert not early.of(Fault)
    await early.leave()
    await late.leave()
    await larger.close()


def _holds(rows: NDArray[np.float32], block: NDArray[np.float16]) -> bool:
    return any(np.array_equal(rows[at : at + len(block)], block) for at in range(0, len(rows), 4))


async def test_words_in_another_language_and_sounds_are_told_by_the_same_model(engine: Engine, tmp_path: Path) -> None:
    larger = Larger(engine, Hub("http://127.0.0.1:9", tmp_path / "cache", offline=True))
    await larger.run()
    visitor = Visitor(engine, tmp_path / "visitor")
    await visitor.come()
    await visitor.let_hear(tone(HIGH_HZ, 1.3), 16_000)
    await until(lambda: any(event.final for event in visitor.of(Caption)))
    assert next(event for event in visitor.of(Caption) if event.final).text == "你好"
    assert engine.sound_namer is not None
    assert engine.sound_namer.tag(tone(HIGH_HZ, 1.3)).label == "ringing phone"
    assert not visitor.of(Fault)
    await visitor.leave()
    await larger.close()
