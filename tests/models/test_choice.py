from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from omnilive_demo.models.choice import choose
from omnilive_demo.models.hub import Hub
from omnilive_demo.models.machine import Gpu, Machine, inspect
from omnilive_demo.models.profiles import ProfileError
from omnilive_demo.models.registry import (
    BUILT_IN,
    FEWER_BITS,
    NANO,
    PROFILES,
    ROLES,
    SMALLER,
    SPECS,
    names_for,
    with_parts,
)

GB = 10**9
EVERYTHING = frozenset(SPECS)


def machine(**given: Any) -> Machine:
    return Machine(**({"ram_free": 64 * GB, "cores": 16, "hub": True} | given))


def gpu(free_gb: float, **given: Any) -> Machine:
    return machine(gpus=(Gpu("NVIDIA H100", int(free_gb * GB)),), **given)


def test_auto_takes_the_best_that_the_machine_can_bear() -> None:
    large = choose("auto", {}, gpu(78))
    assert (large.profile, large.device) == ("standard", "cuda")
    assert "NVIDIA H100 with 78.0 GB free" in large.why
    assert large.models == PROFILES["standard"]
    without = choose("auto", {}, machine())
    assert (without.profile, without.device) == ("lite", "cpu")
    assert "16 cores" in without.why
    weak = choose("auto", {}, machine(cores=2))
    assert (weak.profile, weak.models) == ("nano", NANO)
    assert "4 cores" in weak.why
    assert "2" in weak.why


def test_sounds_are_named_by_the_larger_tagger_without_a_gpu_as_well() -> None:
    assert choose("lite", {}, gpu(78)).models["sound_tags"] == "ast-audioset"
    assert choose("lite", {}, machine()).models["sound_tags"] == "ast-audioset"
    assert choose("lite", {"sound_tags": "nano"}, machine()).models["sound_tags"] == NANO["sound_tags"]


def test_less_memory_gets_smaller_models_before_a_smaller_profile() -> None:
    card = choose("auto", {}, gpu(16))
    assert card.profile == "standard"
    assert card.models["reasoner"] == card.models["captioner"] == "qwen3-vl-2b"
    assert "qwen3-vl-2b in place of qwen2.5-vl-7b" in card.why
    small = choose("auto", {}, machine(ram_free=7 * GB))
    assert (small.profile, small.models["reasoner"]) == ("lite", "smolvlm2-500m")
    tiny = choose("auto", {}, machine(ram_free=2 * GB))
    assert tiny.profile == "nano"
    assert "2.0 GB are free" in tiny.why


def test_without_the_hub_only_what_is_cached_is_chosen() -> None:
    assert choose("auto", {}, gpu(78, hub=False)).profile == "nano"
    assert "the hub, which does not answer" in choose("auto", {}, machine(hub=False)).why
    release = {name for name in SPECS if name.startswith("ixc25")}
    here = choose("auto", {}, gpu(78, hub=False, cached=EVERYTHING - release))
    assert here.profile == "standard"
    assert here.missing == ()
    lite = frozenset(spec.name for spec in with_parts(PROFILES["lite"].values()))
    assert choose("auto", {}, gpu(78, hub=False, cached=lite)).profile == "lite"


def test_the_release_is_chosen_by_whoever_has_it_and_the_memory_for_it() -> None:
    here = choose("auto", {}, gpu(48, hub=False, cached=EVERYTHING))
    assert (here.profile, here.device, here.missing) == ("omnilive", "cuda", ())
    assert here.models["reasoner"] == here.models["captioner"] == "ixc25-ol-reasoner"
    assert any("ixc25-ol-memory: Commercial use" in sentence for sentence in here.licences)
    assert choose("auto", {}, gpu(78)).profile == "standard", "28 GB are fetched for nobody who did not ask"
    assert choose("auto", {}, gpu(30, cached=EVERYTHING)).profile == "standard", "it is not made smaller unasked"
    assert choose("auto", {}, machine(cached=EVERYTHING)).profile == "lite"


def test_who_asks_for_the_release_gets_it_in_fewer_bits_or_a_sentence() -> None:
    asked = choose("omnilive", {}, gpu(78))
    assert asked.models == PROFILES["omnilive"]
    assert {"ixc25-ol-reasoner", "ixc25-ol-memory", "ixc25-ol-audio", "f5-tts", "vocos-mel-24khz"} <= {*asked.missing}
    assert "29.3 GB are fetched first" in asked.why
    small = choose("omnilive", {}, gpu(25))
    assert small.models["reasoner"] == small.models["captioner"] == "ixc25-ol-reasoner-4bit"
    assert "ixc25-ol-reasoner-4bit in place of ixc25-ol-reasoner" in small.why
    assert choose("omnilive", {}, gpu(30)).models["reasoner"] == "ixc25-ol-reasoner-8bit"
    few = choose("omnilive", {}, gpu(16))
    assert (few.profile, few.models) == ("nano", NANO)
    assert "omnilive was asked for, but needs 38.3 GB of GPU memory, and the NVIDIA H100 has 16.0 GB" in few.problem
    without = choose("omnilive", {}, machine())
    assert "needs a GPU for ixc25-ol-audio" in without.problem
    wished = choose("omnilive", {"reasoner": "ixc25-ol-reasoner-8bit"}, gpu(78))
    assert wished.models["captioner"] == "ixc25-ol-reasoner-8bit"


def test_the_released_memory_brings_its_own_eyes(tmp_path: Path) -> None:
    brought = choose("lite", {"frame_encoder": f"ixc25-ol-memory@{tmp_path}"}, machine())
    assert [brought.models[role] for role in ("text_embedding", "compressor")] == ["minilm", "ixc25-ol-memory"]
    with pytest.raises(ProfileError, match="do not fit together"):
        choose("lite", {"frame_encoder": "clip-vit-b-32", "compressor": "ixc25-ol-memory"}, machine())


def test_what_must_be_fetched_is_named_parts_included() -> None:
    choice = choose("standard", {}, gpu(78, cached=frozenset({"whisper-large-v3-turbo"})))
    assert "vocos-mel-24khz" in choice.missing
    assert "whisper-large-v3-turbo" not in choice.missing
    assert "GB are fetched first" in choice.why
    assert [spec.size for spec in choice.specs] == sorted(spec.size for spec in choice.specs)


def test_an_operators_choice_that_cannot_run_is_said_and_nano_goes_on() -> None:
    choice = choose("standard", {}, machine())
    assert choice.profile == "nano"
    assert "standard was asked for, but needs a GPU for" in choice.problem
    few = choose("standard", {}, gpu(8))
    assert "needs 27" in few.problem
    assert "NVIDIA H100 has 8.0 GB free" in few.problem
    away = choose("lite", {}, machine(hub=False))
    assert "hub does not answer" in away.problem
    slow = choose("lite", {}, machine(cores=2))  # an operator may wait
    assert (slow.profile, slow.problem) == ("lite", "")
    assert choose("nano", {}, Machine()).models == NANO


def test_a_role_can_be_overridden_alone(tmp_path: Path) -> None:
    choice = choose("lite", {"reasoner": "smolvlm2-500m", "synthesis": "nano"}, machine())
    assert choice.models["captioner"] == "smolvlm2-500m"  # one vision-language model, not two
    assert choice.models["synthesis"] == "espeak"
    assert choice.models["recognition"] == "whisper-small"
    own = choose("nano", {"recognition": f"whisper-small@{tmp_path}"}, Machine(ram_free=1 * GB))
    assert own.models["recognition"] == "whisper-small"
    assert own.folders == {"whisper-small": tmp_path}
    assert own.missing == ()
    free = choose("standard", {"synthesis": "vits-ljs"}, gpu(78))
    assert free.licences == ()
    assert any("commercial" in sentence for sentence in choose("standard", {}, gpu(78)).licences)
    remote = choose("auto", {"reasoner": "remote"}, machine(cores=2))  # no large model runs here then
    assert (remote.profile, remote.models["captioner"]) == ("lite", "none")
    both = choose("lite", {"captioner": "smolvlm2-500m"}, machine())
    assert (both.models["captioner"], both.models["reasoner"]) == ("smolvlm2-500m", "qwen3-vl-2b")


def test_the_roles_of_one_space_go_together() -> None:
    brought = choose("lite", {"frame_encoder": "clip-vit-l-14"}, machine())
    assert brought.models["text_embedding"] == "clip-vit-l-14"
    assert brought.models["compressor"] == "clip-space"
    back = choose("lite", {"compressor": "nano"}, machine())
    assert [back.models[role] for role in ("frame_encoder", "text_embedding")] == ["nano-frames", "minilm"]
    with pytest.raises(ProfileError, match="do not fit together"):
        choose("lite", {"frame_encoder": "clip-vit-l-14", "text_embedding": "clip-vit-b-32"}, machine())
    with pytest.raises(ProfileError, match="do not fit together"):
        choose("lite", {"frame_encoder": "nano", "compressor": "clip-space"}, machine())


@pytest.mark.parametrize(
    ("profile", "roles", "said"),
    [
        ("huge", {}, "auto, nano, lite, standard, omnilive"),
        ("auto", {"ears": "whisper-small"}, "recognition"),
        ("auto", {"recognition": "whisper-huge"}, "pocketsphinx, whisper-small, whisper-large-v3-turbo"),
        ("auto", {"recognition": "f5-tts"}, "no model 'f5-tts' for recognition"),
        ("auto", {"recognition": "whisper-small@/nowhere/at/all"}, "does not exist"),
        ("auto", {"recognition": "pocketsphinx@/tmp"}, "takes no folder"),
    ],
)
def test_what_is_not_known_is_said_with_the_choices(profile: str, roles: dict[str, str], said: str) -> None:
    with pytest.raises(ProfileError, match=said):
        choose(profile, roles, machine())


def test_the_registry_is_whole() -> None:
    for name, table in PROFILES.items():
        assert tuple(sorted(table)) == tuple(sorted(ROLES)), name
        for role, model in table.items():
            assert model in names_for(role), (name, role)
    assert set(BUILT_IN) == set(ROLES)
    for spec in SPECS.values():
        assert spec.pinned == spec.verified, spec.name
        assert spec.verified or spec.revision == "main", spec.name
        assert spec.repository.count("/") == 1
        assert set(spec.parts) <= set(SPECS)
        assert spec.size >= sum(file.size or 0 for file in spec.files) - 10**6
        assert spec.memory.gpu == 0 or spec.bits or spec.memory.gpu >= spec.size * 0.7, spec.name
        module, _, symbol = spec.loader.partition(":")
        assert module.startswith("omnilive_demo."), spec.name
        assert symbol.isidentifier()
    for old, new in (*SMALLER.items(), *FEWER_BITS.items()):
        assert SPECS[new].memory.gpu < SPECS[old].memory.gpu
        assert set(SPECS[new].roles) == set(SPECS[old].roles)


def test_this_machine_is_looked_at(tmp_path: Path) -> None:
    found = inspect(Hub("http://127.0.0.1:9", tmp_path, offline=True))
    assert found.cores >= 1
    assert found.ram_free > 0
    assert not found.hub
    assert found.cached == frozenset()
    assert all(gpu.name and gpu.free > 0 for gpu in found.gpus)
