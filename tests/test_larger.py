"""Larger models take over while the embedded ones go on, one by one; `test_whole_pipeline` has them all."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from models.hub_stand_in import COMMIT, hub_stand_in
from tiny_roles import ROLES, build_tiny_roles, until

from omnilive_demo import casting
from omnilive_demo import larger as larger_models
from omnilive_demo.config import Settings
from omnilive_demo.engine import Engine
from omnilive_demo.events import Fault, LoadProgress, Notice, PageEvent
from omnilive_demo.larger import Larger
from omnilive_demo.models.hub import Hub
from omnilive_demo.models.machine import Gpu, Machine
from omnilive_demo.models.profiles import ProfileError
from omnilive_demo.models.registry import SPECS
from omnilive_demo.models.spec import ModelSpec


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build_tiny_roles(tmp_path_factory.mktemp("checkpoints"))


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


async def test_every_model_is_loaded_where_it_was_placed(
    engine: Callable[..., Engine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine of two cards that hold the release together: its reasoner is told both, the others one each."""
    cards = Gpu("NVIDIA A", 22_500_000_000, 1), Gpu("NVIDIA B", 22_400_000_000, 0)
    machine = Machine(gpus=cards, ram_free=64 * 10**9, cores=16, cached=frozenset(SPECS))
    monkeypatch.setattr(larger_models, "inspect", lambda hub: machine)
    monkeypatch.setattr(larger_models, "fetch", lambda spec, hub, **how: tmp_path)
    places: dict[str, object] = {}

    def loader(spec: ModelSpec, folders: object, where: object, *rest: object) -> None:
        places[spec.name] = where
        raise RuntimeError(f"{spec.name} is not here")

    for name in ("recognizer", "sound_namer", "sight", "reasoner", "voices"):
        monkeypatch.setattr(casting, name, loader)
    made = engine(profile="omnilive")
    await made.start()
    await Larger(made, Hub("http://127.0.0.1:9", tmp_path / "cache", offline=True)).run()
    assert places.pop("ixc25-ol-reasoner") == ("cuda:1", "cuda:0")
    assert places.keys() == {"ixc25-ol-audio", "ixc25-ol-memory", "f5-tts"}
    assert set(places.values()) <= {"cuda:0", "cuda:1"}
    assert made.why == (
        "It was chosen by the operator, and runs on the NVIDIA A and the NVIDIA B "
        "(half of the layers of ixc25-ol-reasoner on each)."
    )


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
