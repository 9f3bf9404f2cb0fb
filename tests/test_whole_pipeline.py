"""One visitor, every role played by a model of the hub's kind at once: heard, seen, remembered and answered aloud."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny_clip
from models.hub_stand_in import COMMIT, hub_stand_in
from perception import tiny_ast
from tiny_roles import ROLES, build_tiny_roles, until
from whole_visit import Visitor

from omnilive_demo.config import Settings
from omnilive_demo.engine import Engine
from omnilive_demo.evaluation.speech import RATE_HZ, synthesize
from omnilive_demo.events import (
    Caption,
    ClipRemembered,
    Fault,
    Hello,
    MemoryFigures,
    SoundNoticed,
)
from omnilive_demo.larger import Larger
from omnilive_demo.models.hub import Hub
from omnilive_demo.models.registry import SPECS
from omnilive_demo.perception.pocketsphinx_recognizer import PocketSphinxRecognizer
from omnilive_demo.speech.voice_choice import VoiceChoice

THING = next(iter(tiny_clip.THINGS))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build_tiny_roles(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture
async def engine(tmp_path: Path, folders: dict[str, Path]) -> AsyncIterator[Engine]:
    models = {**ROLES, "synthesis": "f5-tts"}
    wishes = {role: f"{name}@{folders[name]}" for role, name in models.items()}
    made = Engine(Settings(data_dir=tmp_path, profile="lite", roles=wishes))
    await made.start()
    yield made
    await made.close()


async def _alarm_until_named(visitor: Visitor) -> None:
    """An alarm that goes off again and again: on a busy machine a look that would come too late is left out."""
    for seed in range(3, 12):
        await visitor.let_hear(tiny_ast.sound("alarm", seed, 1.8), 16_000)
        with contextlib.suppress(TimeoutError):
            return await until(lambda: any(event.label == "alarm" for event in visitor.of(SoundNoticed)), within_s=15.0)
    raise AssertionError("the alarm was never named")


async def test_a_visitor_is_seen_heard_and_answered_with_every_role_changed(
    engine: Engine, folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = Visitor(engine, tmp_path / "early")
    await early.come()
    embedded_recognizer = engine.recognizer
    assert isinstance(embedded_recognizer, PocketSphinxRecognizer)
    monkeypatch.setitem(SPECS, "vocos-mel-24khz", replace(SPECS["vocos-mel-24khz"], revision=COMMIT))  # type: ignore[arg-type]
    with hub_stand_in() as stand_in:  # the vocoder is a part of a model, and comes from the hub
        stand_in.add_folder(SPECS["vocos-mel-24khz"].repository, folders["vocos-mel-24khz"])
        larger = Larger(engine, Hub(stand_in.url, tmp_path / "cache"))
        await larger.run()
    assert larger.failed == []
    assert engine.profile == "lite"
    names = dict(engine.models())
    assert names["speech recognition"] == "whisper-small"
    assert names["end of turn"] == "smart-turn"
    assert names["sound events"] == "ast-audioset"
    assert names["voice"].startswith("F5-TTS")
    assert early.of(Hello)[-1].models == engine.models()
    await early.leave()

    late = Visitor(engine, tmp_path / "late")
    await late.come()
    said = synthesize("Where are my keys?", "slt")
    await late.let_hear(said.samples, RATE_HZ)
    await until(lambda: any(event.final for event in late.of(Caption)))
    await _alarm_until_named(late)
    await late.show([tiny_clip.picture(THING, number) for number in range(16)])
    await late.show([tiny_clip.picture(None, number) for number in range(4)])
    answer = await late.ask("What is this?")
    assert answer.text
    assert answer.picture_t_s is not None
    await until(lambda: len(late.played) > 10 and np.abs(np.concatenate(late.played)).max() > 300)
    assert isinstance(engine.synthesizer, VoiceChoice)

    clips = [event for event in late.of(ClipRemembered) if not event.open]
    assert clips
    assert 0 < clips[0].tokens_kept < clips[0].tokens_seen, "what looked as before was dropped"
    assert late.of(MemoryFigures)[-1].tokens_kept >= clips[0].tokens_kept
    assert THING in [label for label, _ in clips[0].labels]
    assert "alarm" in [heard.label for heard in late.session.memory.heard()]
    assert engine.captioner is not None
    assert not late.of(Fault)
    await late.leave()
    assert embedded_recognizer.pids, "it is kept, to take its role up again"
    await larger.close()
    assert not embedded_recognizer.pids, "and ends with the app"
