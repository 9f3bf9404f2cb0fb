"""The voice under Apache-2.0 in the whole app: chosen by the setting, fetched, heard, and what may be wrong."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from models.hub_stand_in import COMMIT, hub_stand_in
from speech.tiny_fastspeech2 import build_tiny_fastspeech2

from omnilive_demo.cancel import CancelToken
from omnilive_demo.config import Settings
from omnilive_demo.engine import Engine
from omnilive_demo.events import Fault, LoadProgress, PageEvent
from omnilive_demo.larger import Larger
from omnilive_demo.models.choice import choose
from omnilive_demo.models.hub import Hub
from omnilive_demo.models.machine import Gpu, Machine
from omnilive_demo.models.registry import SPECS, names_for
from omnilive_demo.speech.fastspeech2_voice import READER
from omnilive_demo.speech.synthesizer import Voice

NAME = "fastspeech2-ljs"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_fastspeech2(tmp_path_factory.mktemp("fastspeech2") / "ljs")


@pytest.fixture
async def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[[str], Engine]]:
    made: list[Engine] = []

    def make(synthesis: str) -> Engine:
        monkeypatch.setenv("OMNILIVE_ROLES", json.dumps({"synthesis": synthesis}))
        made.append(Engine(Settings(data_dir=tmp_path, profile="nano")))
        return made[-1]

    yield make
    for one in made:
        await one.close()


def no_hub(tmp_path: Path) -> Hub:
    return Hub("http://127.0.0.1:9", tmp_path / "cache", offline=True)


def test_it_is_free_and_offered_beside_the_others() -> None:
    spec = SPECS[NAME]
    assert spec.licence.name == "Apache-2.0"
    assert not spec.licence.restriction
    assert NAME in names_for("synthesis")
    machine = Machine(ram_free=64 * 10**9, cores=16, hub=True, gpus=(Gpu("NVIDIA H100", 78 * 10**9),))
    choice = choose("standard", {"synthesis": NAME}, machine)
    assert choice.models["synthesis"] == NAME
    assert choice.licences == (), "nothing is forbidden to who chooses it"


async def test_it_comes_from_the_hub_and_speaks(
    engine: Callable[[str], Engine], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SPECS, NAME, replace(SPECS[NAME], revision=COMMIT))  # type: ignore[arg-type]
    nano = engine(NAME)
    await nano.start()
    told: list[PageEvent] = []
    nano.listen(told.append)
    with hub_stand_in() as stand_in:
        stand_in.add_folder(SPECS[NAME].repository, folder)
        larger = Larger(nano, Hub(stand_in.url, tmp_path / "cache"))
        await larger.run()
    assert larger.failed == []
    assert [event for event in told if isinstance(event, LoadProgress) and event.model == NAME][-1].ready
    assert nano.synthesizer.name == "FastSpeech 2, eSpeak NG"
    assert nano.synthesizer.voices()[0].name == READER, "it speaks where nothing is chosen"
    spoken = nano.synthesizer.synthesize("Your keys are in the drawer.", Voice(READER), CancelToken())
    assert spoken is not None
    assert np.abs(spoken.samples).max() > 0.05
    cancelled = CancelToken()
    cancelled.cancel()
    assert nano.synthesizer.synthesize("Your keys are in the drawer.", Voice(READER), cancelled) is None


@pytest.mark.parametrize("missing", ["pytorch_model.bin", "vocab.json"])
async def test_a_missing_file_is_a_sentence_and_nano_speaks(
    engine: Callable[[str], Engine], tmp_path: Path, missing: str
) -> None:
    broken = build_tiny_fastspeech2(tmp_path / "broken")
    (broken / missing).unlink()
    nano = engine(f"{NAME}@{broken}")
    await nano.start()
    told: list[PageEvent] = []
    nano.listen(told.append)
    larger = Larger(nano, no_hub(tmp_path))
    await larger.run()
    (fault,) = [event for event in told if isinstance(event, Fault)]
    assert fault.code == "hub_incomplete"
    assert missing in fault.message
    assert larger.failed == [NAME]
    assert nano.synthesizer.name == "eSpeak NG"
