"""Larger models take over while the embedded ones go on: every role on a tiny checkpoint in the hub's layout."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny_clip
from models.hub_stand_in import COMMIT, hub_stand_in
from perception import tiny_ast, tiny_turn, tiny_whisper
from speech.tiny_vits import build_tiny_vits
from vlm_checkpoints import write_qwen

from omnilive_demo.config import Settings
from omnilive_demo.ear_events import AudioBlock, VideoFrame
from omnilive_demo.engine import Engine
from omnilive_demo.evaluation.speech import RATE_HZ, synthesize
from omnilive_demo.events import AnswerGrew, Caption, ClipRemembered, Fault, Hello, LoadProgress, Notice, PageEvent
from omnilive_demo.larger import Larger
from omnilive_demo.models.hub import Hub
from omnilive_demo.models.profiles import ProfileError
from omnilive_demo.models.registry import SPECS
from omnilive_demo.perception.pocketsphinx_recognizer import PocketSphinxRecognizer
from omnilive_demo.perception.semantic_turn import SmartTurn
from omnilive_demo.session import Session

ROLES = {
    "recognition": "whisper-small", "end_of_turn": "smart-turn", "sound_tags": "ast-audioset",
    "frame_encoder": "clip-vit-b-32", "reasoner": "qwen3-vl-2b", "synthesis": "vits-ljs",
}  # fmt: skip

THING = next(iter(tiny_clip.THINGS))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A checkpoint for every role, laid out as in its repository."""
    root = tmp_path_factory.mktemp("checkpoints")
    turn = root / "smart-turn"
    turn.mkdir()
    untrained = SmartTurn(tiny_turn.build(root / "untrained.onnx", None))
    tiny_turn.build(turn / SPECS["smart-turn"].files[0].name, untrained.features)
    return {
        "whisper-small": tiny_whisper.build(root),
        "smart-turn": turn,
        "ast-audioset": tiny_ast.build(root / "ast", max_length=512),
        "clip-vit-b-32": tiny_clip.taught_checkpoint(),
        "qwen3-vl-2b": write_qwen(root / "qwen"),
        "vits-ljs": build_tiny_vits(root / "vits"),
    }


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Callable[..., Engine]]:
    made: list[Engine] = []

    def make(**changes: object) -> Engine:
        made.append(Engine(Settings(data_dir=tmp_path, **changes)))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        await one.close()


def test_every_model_of_the_registry_has_its_class() -> None:
    for spec in SPECS.values():
        assert isinstance(spec.load_class(), type), spec.name


async def until(done: Callable[[], bool], within_s: float = 60.0) -> None:
    async with asyncio.timeout(within_s):
        while not done():
            await asyncio.sleep(0.02)


async def test_a_visitor_is_seen_heard_and_answered_with_every_role_changed(
    engine: Callable[..., Engine], folders: dict[str, Path], tmp_path: Path
) -> None:
    wishes = {role: f"{name}@{folders[name]}" for role, name in ROLES.items()}
    larger_engine = engine(profile="lite", roles=wishes)
    await larger_engine.start()
    early = Session("early", larger_engine, larger_engine.settings, tmp_path / "early", 0.0)
    greeted: list[PageEvent] = []
    early.subscribe(greeted.append)
    await early.start()
    await early.wait_ready()
    embedded_recognizer = larger_engine.recognizer
    assert isinstance(embedded_recognizer, PocketSphinxRecognizer)
    larger = Larger(larger_engine, Hub("http://127.0.0.1:9", tmp_path / "cache", offline=True))
    await larger.run()
    assert larger.failed == []
    assert larger_engine.profile == "lite"
    names = dict(larger_engine.models())
    assert names["speech recognition"] == "whisper-small"
    assert names["end of turn"] == "smart-turn"
    assert [event for event in greeted if isinstance(event, Hello)][-1].models == larger_engine.models()
    await early.close("over")

    session = Session("late", larger_engine, larger_engine.settings, tmp_path / "late", 0.0)
    told: list[PageEvent] = []
    session.subscribe(told.append)
    await session.start()
    await session.wait_ready()
    heard = await _talk(session)
    await until(lambda: any(isinstance(event, Caption) and event.final for event in told))
    for number in range(18):
        picture = tiny_clip.picture(THING if number < 9 else None, number)
        session.watch(VideoFrame(picture, session.clock.now_s() + number))
        await session.settled("visitor")
    session.ask("What is this?")
    turn = next(event.turn for event in told if isinstance(event, Caption) and event.typed)
    await until(lambda: any(isinstance(event, AnswerGrew) and event.final and event.turn == turn for event in told))
    answer = [event for event in told if isinstance(event, AnswerGrew) and event.turn == turn][-1]
    assert answer.text
    assert answer.picture_t_s is not None
    await until(lambda: len(heard) > 10)
    assert np.abs(np.concatenate(heard)).max() > 300, "the answer is heard"
    assert [event for event in told if isinstance(event, ClipRemembered)]
    assert not [event for event in told if isinstance(event, Fault)]
    await session.close("over")
    assert embedded_recognizer.pids, "it is kept, to take its role up again"
    await larger.close()
    assert not embedded_recognizer.pids, "and ends with the app"


async def _talk(session: Session) -> list[np.ndarray]:
    """Speak a sentence into the session's ears; what the playout hands out from now on."""
    heard: list[np.ndarray] = []

    async def pull() -> None:
        while True:
            heard.append((await session.playout.next_frame()).samples)

    session.puller = asyncio.create_task(pull())  # type: ignore[attr-defined] - lives as long as the session
    said = synthesize("Where are my keys?", "slt")
    sound = np.concatenate([np.zeros(RATE_HZ // 2), said.samples, np.zeros(2 * RATE_HZ)])
    samples = (sound * 32767).astype(np.int16)
    at_s = session.clock.now_s()
    for begin in range(0, len(samples), RATE_HZ // 50):
        block = samples[begin : begin + RATE_HZ // 50]
        session.hear(AudioBlock(block, RATE_HZ, at_s + begin / RATE_HZ, "visitor"))
    await session.settled("visitor")
    return heard


async def test_a_model_comes_from_the_hub_and_takes_over(
    engine: Callable[..., Engine], folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = SPECS["vits-ljs"]
    monkeypatch.setitem(SPECS, "vits-ljs", replace(spec, revision=COMMIT))  # type: ignore[arg-type]
    nano = engine(profile="nano", roles={"synthesis": "vits-ljs"})
    await nano.start()
    told: list[PageEvent] = []
    nano.listen(told.append)
    with hub_stand_in() as stand_in:
        stand_in.add_folder(spec.repository, folders["vits-ljs"])
        larger = Larger(nano, Hub(stand_in.url, tmp_path / "cache"))
        await larger.run()
    assert larger.failed == []
    assert "eSpeak NG" in nano.synthesizer.name, "which speaks where the natural voice fails"
    assert nano.synthesizer.name != "eSpeak NG"
    progress = [event for event in told if isinstance(event, LoadProgress) and event.model == "vits-ljs"]
    assert progress[-1].ready
    assert any(event.total > 1 for event in progress), "bytes are counted"


async def test_the_operator_goes_to_larger_models_and_back(
    engine: Callable[..., Engine], folders: dict[str, Path], tmp_path: Path
) -> None:
    wishes = {role: f"{ROLES[role]}@{folders[ROLES[role]]}" for role in ("recognition", "synthesis", "end_of_turn")}
    made = engine(profile="nano", roles=wishes)
    await made.start()
    before = dict(made.models())
    larger = Larger(made, Hub("http://127.0.0.1:9", tmp_path / "cache", offline=True))
    with pytest.raises(ProfileError, match="auto, nano"):
        larger.check("huge")
    larger.change("nano")
    await until(lambda: dict(made.models())["voice"] != before["voice"])
    made.settings = Settings(profile="nano", data_dir=tmp_path)
    larger.change("lite")  # given up before it has begun
    larger.change("nano")
    await until(lambda: dict(made.models()) == before)
    assert made.turn_model is None
    stream = made.recognizer.open("s", 1)
    assert (await stream.finish()).text == "", "the embedded recogniser still works"
    await larger.close()


async def test_a_remote_model_reasons_where_the_operator_names_one(
    engine: Callable[..., Engine], tmp_path: Path
) -> None:
    hub = Hub("http://127.0.0.1:9", tmp_path / "cache", offline=True)
    named = {"remote_url": "http://127.0.0.1:9/v1", "remote_model": "some-vlm", "remote_key": "secret"}
    made = engine(profile="nano", roles={"reasoner": "remote"}, **named)
    await made.start()
    larger = Larger(made, hub)
    await larger.run()
    assert "some-vlm" in made.reasoner.name
    assert "zh" in made.reasoner.languages
    assert made.instructions.predict("这是什么？").answer, "Chinese is understood where it is answered"
    assert "secret" not in repr(made.settings)
    await larger.close()

    unnamed = engine(profile="nano", roles={"reasoner": "remote"})
    await unnamed.start()
    told: list[PageEvent] = []
    unnamed.listen(told.append)
    await Larger(unnamed, hub).run()
    (fault,) = [event for event in told if isinstance(event, Fault)]
    assert "OMNILIVE_REMOTE_URL" in fault.message
    assert unnamed.reasoner.name == "evidence answers"


async def test_what_cannot_be_had_is_a_sentence_and_nano_goes_on(
    engine: Callable[..., Engine], folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(folders["vits-ljs"], broken)
    (broken / "model.safetensors").write_bytes(b"no weights")
    nano = engine(profile="nano", roles={"synthesis": f"vits-ljs@{broken}"})
    await nano.start()
    told: list[PageEvent] = []
    nano.listen(told.append)
    larger = Larger(nano, Hub("http://127.0.0.1:9", tmp_path / "cache", offline=True))
    await larger.run()
    (fault,) = [event for event in told if isinstance(event, Fault)]
    assert fault.code == "hub_incomplete"
    assert "model.safetensors" in fault.message
    public = engine(profile="nano", host="0.0.0.0", roles={"synthesis": f"vits-ljs@{broken}"})
    await public.start()
    public.listen(told.append)
    await Larger(public, Hub("http://127.0.0.1:9", tmp_path / "cache", offline=True)).run()
    fault = [event for event in told if isinstance(event, Fault)][-1]
    assert fault.code == "hub_incomplete"
    assert str(tmp_path) not in fault.message + fault.hint, "strangers learn no folder"
    assert larger.failed == ["vits-ljs"]
    assert nano.synthesizer.name == "eSpeak NG"
    assert all(event.ready for event in nano.progress()), "nobody waits for it any more"

    refused = engine(profile="lite")
    await refused.start()
    said: list[PageEvent] = []
    refused.listen(said.append)
    await Larger(refused, Hub("http://127.0.0.1:9", tmp_path / "cache", offline=True)).run()
    assert [event.code for event in said if isinstance(event, Notice)] == ["profile"]
    assert refused.profile == "nano"
