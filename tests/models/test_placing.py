"""One GPU, or two: where models lie, what the page says of it, and what does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from omnilive_demo.models.choice import Choice, choose
from omnilive_demo.models.machine import Gpu, Machine, _gpus
from omnilive_demo.models.placing import MOST_GPUS, UNEVEN, placed
from omnilive_demo.models.registry import PROFILES, SPECS, with_parts

GB = 10**9
L4 = "NVIDIA L4"
RELEASE = ("ixc25-ol-reasoner", "ixc25-ol-memory", "ixc25-ol-audio", "f5-tts", "vocos-mel-24khz")


def gpus(*free_gb: float) -> tuple[Gpu, ...]:
    """The freest first, as a machine tells them; the last one has the number 0."""
    many = sorted(free_gb, reverse=True)
    return tuple(Gpu(L4, int(free * GB), len(many) - 1 - i) for i, free in enumerate(many))


def chosen(profile: str, *free_gb: float, **roles: str) -> Choice:
    machine = Machine(gpus=gpus(*free_gb), ram_free=64 * GB, cores=16, cached=frozenset(SPECS))
    return choose(profile, roles, machine)


def test_all_lie_on_the_freest_one_where_it_holds_them() -> None:
    choice = chosen("omnilive", 79, 40, 20)
    assert {choice.devices(name) for name in RELEASE} == {("cuda:2",)}, "the freest, whatever its number"
    assert choice.why == "It was chosen by the operator, and runs on the NVIDIA L4."
    assert chosen("standard", 79, 40).devices("qwen2.5-vl-7b") == ("cuda:1",)
    assert chosen("nano", 79).devices("nano-frames") == ("cpu",)
    assert chosen("lite").devices("whisper-small") == ("cpu",)


def test_two_cards_hold_together_what_one_cannot() -> None:
    choice = chosen("omnilive", 31, 20)
    assert choice.profile == "omnilive"
    assert choice.models["reasoner"] == "ixc25-ol-reasoner", "in full"
    assert choice.devices("ixc25-ol-reasoner") == ("cuda:1",), "one card holds it alone"
    assert choice.devices("ixc25-ol-memory") == ("cuda:0",)
    assert choice.devices("f5-tts") == choice.devices("vocos-mel-24khz"), "a part lies beside what works with it"
    assert choice.why == "It was chosen by the operator, and runs on two NVIDIA L4."
    automatic = chosen("auto", 31, 20)
    assert automatic.profile == "omnilive"
    assert automatic.why == "It is the best that fits two NVIDIA L4 with 31.0 GB and 20.0 GB free."


def test_a_reasoner_that_no_card_holds_lies_on_two() -> None:
    choice = chosen("omnilive", 22.5, 22.4)
    assert choice.models["reasoner"] == "ixc25-ol-reasoner"
    assert choice.devices("ixc25-ol-reasoner") == ("cuda:1", "cuda:0")
    assert "runs on two NVIDIA L4 (half of the layers of ixc25-ol-reasoner on each)." in choice.why
    assert all(len(choice.devices(name)) == 1 for name in RELEASE[1:])
    small = chosen("omnilive", 14, 13)
    assert small.models["reasoner"] == "ixc25-ol-reasoner-4bit", "fewer bits where two do not hold it either"
    assert small.devices("ixc25-ol-reasoner-4bit") == ("cuda:1",)
    none = chosen("omnilive", 9, 8)
    assert none.profile == "nano"
    assert "needs 38.3 GB of GPU memory, and the NVIDIA L4 has 9.0 GB free and the NVIDIA L4 has 8.0 GB" in none.problem
    pieces = chosen("standard", 14, 14, reasoner="qwen2.5-vl-7b")
    assert "in parts that fit, and the" in pieces.problem, "only the release's reasoner is shared out"


def test_a_folder_of_ones_own_counts_like_its_kind_and_is_never_refused(tmp_path: Path) -> None:
    own = {"reasoner": f"ixc25-ol-reasoner@{tmp_path}"}
    assert chosen("omnilive", 22.5, 22.4, **own).devices("ixc25-ol-reasoner") == ("cuda:1", "cuda:0")
    tight = chosen("omnilive", 15, **own)
    assert tight.profile == "omnilive"
    assert tight.devices("ixc25-ol-reasoner") == ("cuda:0",)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=4), st.sampled_from(["standard", "omnilive"]))
def test_no_card_gets_more_than_it_has(free_gb: list[float], profile: str) -> None:
    cards = gpus(*free_gb)
    specs = with_parts(PROFILES[profile].values())
    places = placed(specs, cards)
    need = sum(spec.memory.gpu for spec in specs)
    if places is None:
        assert need > cards[0].free
        return
    assert places.keys() == {spec.name for spec in specs}
    left = {card.device: card.free for card in cards}
    for spec in specs:
        where = places[spec.name]
        assert len(where) == 1 or (spec.splits and len(set(where)) == 2)
        for device in where:
            left[device] -= spec.memory.gpu if len(where) == 1 else spec.memory.gpu // 2 + UNEVEN
    assert min(left.values()) >= 0
    assert len({device for where in places.values() for device in where}) <= MOST_GPUS


def test_the_gpus_of_a_machine_are_told_the_freest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    free = [10 * GB, 30 * GB, 20 * GB]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(free))
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda index: (free[index], 40 * GB))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: f"card {index}")
    assert [gpu.device for gpu in _gpus()] == ["cuda:1", "cuda:2", "cuda:0"]
    assert _gpus()[0] == Gpu("card 1", 30 * GB, 1)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda index: 1 / 0 if index else (_ for _ in ()).throw(OSError()))
    assert _gpus() == (), "a card that cannot be asked is no card"
