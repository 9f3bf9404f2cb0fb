"""From the released files into the reasoner: adapter, shards, pickles, bits; and what is said of wrong ones."""

from __future__ import annotations

import json
import weakref
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tiny_reasoner import (
    LAYERS,
    LINEARS,
    LORA_RANK,
    adapter_tensors,
    base_tensors,
    write_adapter,
    write_base,
)  # fmt: skip
from torch import Tensor

from omnilive_demo.models.ixc25_omnilive import loading
from omnilive_demo.models.ixc25_omnilive.config import ReasonerConfig
from omnilive_demo.models.ixc25_omnilive.decoder import Layer
from omnilive_demo.models.ixc25_omnilive.loading import device_of, load_reasoner, released_name
from omnilive_demo.models.ixc25_omnilive.prompt import MemoryPart, Part, WordsPart
from omnilive_demo.models.ixc25_omnilive.quantised import Bits
from omnilive_demo.models.ixc25_omnilive.reasoner import Reasoner
from omnilive_demo.models.memory_module.weight_files import WeightsError

FLOAT = {"dtype": torch.float32}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("released")
    return write_base(root / "base"), write_adapter(root / "adapter")


def some_prompt() -> tuple[Part, ...]:
    rows = torch.randn(5, 24, generator=torch.Generator().manual_seed(1))
    return (WordsPart((1, 70, 71)), WordsPart((80, 81), visual=True), MemoryPart(rows), WordsPart(tuple(range(60, 90))))


def by_released_name(base: Path, adapter: Path | None) -> dict[str, Tensor]:
    state = load_reasoner(base, adapter, **FLOAT).state_dict()
    return {released_name(name): tensor for name, tensor in state.items()}


def test_every_tensor_arrives(folders: tuple[Path, Path]) -> None:
    loaded = by_released_name(folders[0], None)
    given = base_tensors()
    assert loaded.keys() == given.keys()
    for name, tensor in given.items():
        assert torch.equal(loaded[name], tensor.bfloat16().float()), name


def test_sizes_of_the_release() -> None:
    """Parameters as specification 0 counts them, and shapes of 2.8; nothing is computed."""
    with torch.device("meta"):
        state = Reasoner(ReasonerConfig()).state_dict()
    shapes = {released_name(name): tuple(tensor.shape) for name, tensor in state.items()}
    counted: Counter[str] = Counter()
    for name, shape in shapes.items():
        counted["Plora" if "Plora_" in name else name.split(".")[0]] += int(np.prod(shape))
    assert counted["model"] + counted["output"] == 7_737_708_544
    assert counted["Plora"] == 603_979_776
    assert counted["vit"] == 304_556_032
    assert (counted["vision_proj"], counted["video_mem_proj"]) == (33_562_624, 23_076_864)
    assert (shapes["plora_glb_GN"], shapes["plora_sub_GN"]) == ((1, 1, 4096), (1, 1, 1, 4096))
    assert shapes["model.layers.31.attention.wqkv.weight"] == (6144, 4096)
    assert shapes["model.layers.0.feed_forward.w2.Plora_A.weight"] == (256, 14336)
    assert shapes["vit.vision_tower.vision_model.embeddings.position_embedding.weight"] == (1601, 1024)
    assert shapes["video_mem_proj.0.weight"] == (4096, 1536)


def test_the_adapter_is_merged_and_its_projector_wins(folders: tuple[Path, Path]) -> None:
    loaded, plain = by_released_name(*folders), base_tensors()
    lora = {name: tensor.bfloat16().double().numpy() for name, tensor in adapter_tensors().items()}
    changed = {f"model.layers.{i}.{linear}" for i in range(LAYERS) for linear in LINEARS}
    for name, tensor in plain.items():
        before = tensor.bfloat16().float()
        if name.removesuffix(".weight") in changed:
            pair = "base_model.model." + name.removesuffix("weight")
            a, b = lora[pair + "lora_A.weight"], lora[pair + "lora_B.weight"]
            addition = sum(np.outer(b[:, r], a[r]) for r in range(LORA_RANK))
            once = torch.from_numpy(before.double().numpy() + addition).bfloat16().float()  # rounded like the file
            assert (loaded[name] - once).abs().max() <= 2**-7 * once.abs().max()
            assert (loaded[name] - before).abs().max() > 0.1
        elif name.startswith("video_mem_proj."):
            own = adapter_tensors()["base_model.model." + name].bfloat16().float()
            assert torch.equal(loaded[name], own)
            assert not torch.equal(own, before)
        else:  # the low-rank pairs for pictures among them (hazard 10)
            assert torch.equal(loaded[name], before), name


def test_alpha_scales_the_addition(tmp_path: Path) -> None:
    given = {name: tensor.bfloat16().float() for name, tensor in base_tensors().items()}
    save = write_base(tmp_path / "base", pickled=False)
    save_file(given, save / "model.safetensors")  # float32, so that nothing is rounded
    once = by_released_name(save, write_adapter(tmp_path / "one"))
    twice = by_released_name(save, write_adapter(tmp_path / "two", lora_alpha=2 * LORA_RANK))
    for linear in LINEARS:
        name = f"model.layers.1.{linear}.weight"
        assert torch.allclose(twice[name] - given[name], 2 * (once[name] - given[name]), atol=1e-5)


@pytest.mark.parametrize("pickled", [True, False])
def test_pickles_and_safetensors_are_one_model(tmp_path: Path, folders: tuple[Path, Path], pickled: bool) -> None:
    base = write_base(tmp_path / "base", pickled=pickled)
    adapter = write_adapter(tmp_path / "adapter", pickled=not pickled)
    one, other = load_reasoner(base, adapter, **FLOAT), load_reasoner(*folders, **FLOAT)
    assert torch.equal(one.read(some_prompt(), every=True), other.read(some_prompt(), every=True))


def test_the_tower_in_its_own_folder(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    tower = "vit.vision_tower."
    given = base_tensors()
    base = write_base(tmp_path / "base", {name: t for name, t in given.items() if not name.startswith(tower)})
    with pytest.raises(WeightsError, match=r"lacks vit\.vision_tower\.vision_model\.embeddings\.class_embedding"):
        load_reasoner(base, None)
    own = {name.removeprefix(tower): t.bfloat16() for name, t in given.items() if name.startswith(tower)}
    own["vision_model.embeddings.position_ids"] = torch.arange(1601)[None]  # as old files have it
    (base / "IXC2d5_clip_l_560").mkdir()
    torch.save(own, base / "IXC2d5_clip_l_560" / "pytorch_model.bin")
    apart, together = by_released_name(base, None), by_released_name(folders[0], None)
    assert all(torch.equal(apart[name], tensor) for name, tensor in together.items())


class Given(dict[str, Tensor]):
    """Tensors of the base; whenever one is taken, those taken before must be gone, but for the last."""

    taken: list[weakref.ref]

    def pop(self, name: str) -> Tensor:  # type: ignore[override]
        assert sum(one() is not None for one in self.taken) <= 1, f"tensors before {name} are still held"
        tensor = super().pop(name)
        if not name.startswith("video_mem_proj."):  # these are of the adapter, which is small and held as a whole
            self.taken.append(weakref.ref(tensor))
        return tensor


def test_never_two_copies(folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """When a tensor is taken, what was taken before is gone, but for the one that was just dealt with."""
    real, given = loading.read_folder, Given()
    given.taken = []

    def watched(folder: Path, wanted: Callable[[str], bool]) -> dict[str, Tensor]:
        given.update({name: tensor.clone() for name, tensor in real(folder, wanted).items()})
        return given

    monkeypatch.setattr(loading, "read_folder", watched)
    load_reasoner(*folders, **FLOAT)
    assert len(given.taken) == len(base_tensors()) - 4
    assert not given
    assert not [one for one in given.taken if one() is not None]


@pytest.mark.parametrize(("bits", "likeness"), [(8, 0.99), (4, 0.85)])
def test_fewer_bits(folders: tuple[Path, Path], bits: Bits, likeness: float) -> None:
    pytest.importorskip("bitsandbytes")
    whole, coarse = load_reasoner(*folders, **FLOAT), load_reasoner(*folders, **FLOAT, bits=bits)
    small = [m.plain.weight for m in coarse.modules() if hasattr(m, "plain")]
    assert len(small) == 5 * LAYERS
    assert all(weight.dtype == (torch.int8 if bits == 8 else torch.uint8) for weight in small)
    one, other = whole.read(some_prompt(), every=True), coarse.read(some_prompt(), every=True)
    assert torch.nn.functional.cosine_similarity(one, other).mean() > likeness
    assert not torch.equal(one, other)


def test_layers_are_shared_out() -> None:
    two = ["cuda:0", "cuda:1"]
    places = [device_of(f"decoder.layers.{i}.attention.wo.plain.weight", 32, two) for i in range(32)]
    assert places == ["cuda:0"] * 16 + ["cuda:1"] * 16
    assert [device_of(f"decoder.layers.{i}.ffn_norm.weight", 3, two) for i in range(3)] == [two[0], two[0], two[1]]
    first = ("decoder.tok_embeddings.weight", "pictures.row_end", "memory_projector.0.bias")
    assert {device_of(name, 32, two) for name in first} == {two[0]}
    assert {device_of(name, 32, two) for name in ("decoder.norm.weight", "decoder.output.weight")} == {two[1]}
    assert device_of("decoder.output.weight", 32, ["cpu"]) == "cpu"


def test_rows_go_on_where_the_next_layer_lies(folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a second device its place is taken by "meta", which has shapes, no numbers, and mixes with no other."""
    monkeypatch.setattr(loading, "assert_filled", lambda *parts: None)
    apart, whole = load_reasoner(*folders, **FLOAT, device=("cpu", "meta")), load_reasoner(*folders, **FLOAT)
    held, expected = apart.held(), whole.held()
    given: list[tuple[str, set[str]]] = []

    def look(layer: Layer, args: tuple[Tensor, tuple[Tensor, Tensor], Tensor | None, int, object]) -> None:
        rows, by, visual = args[:3]
        tensors = (rows, *by) if visual is None else (rows, *by, visual)
        given.append((layer.device.type, {tensor.device.type for tensor in tensors}))

    for layer in apart.decoder.layers:
        layer.register_forward_pre_hook(look)
    for parts in (some_prompt(), (WordsPart((5,)),)):  # a prompt with visual rows, and a token behind it
        logits, of_whole = apart.read(parts, held), whole.read(parts, expected)
        assert (logits.device.type, logits.shape) == ("meta", of_whole.shape)
    assert given == 2 * [("cpu", {"cpu"}), ("meta", {"meta"})], "rotation and numbers of visual rows go along"
    assert held.length == expected.length
    first, last = held._held
    assert torch.equal(first[:, :, : held.length], expected._held[0][:, :, : held.length])
    assert last.device.type == "meta"
    copied = apart.held()
    copied.begin_with(held, 3)
    assert [one.device.type for one in copied._held] == ["cpu", "meta"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="did not run: hands rows from one device to another")
def test_rows_wander_from_device_to_device(folders: tuple[Path, Path]) -> None:
    apart = load_reasoner(*folders, **FLOAT, device=("cpu", "cuda"))
    logits = apart.read(some_prompt(), every=True).cpu()
    assert (logits - load_reasoner(*folders, **FLOAT).read(some_prompt(), every=True)).abs().max() < 1e-2


def test_what_is_wrong_with_the_base_is_said(tmp_path: Path) -> None:
    base, given = tmp_path / "base", base_tensors()
    with pytest.raises(WeightsError, match=r"config\.json is missing"):
        load_reasoner(base, None)
    write_base(base, {name: t for name, t in given.items() if name != "model.layers.1.attention.wo.Plora_B.weight"})
    with pytest.raises(WeightsError, match=r"lacks model\.layers\.1\.attention\.wo\.Plora_B\.weight"):
        load_reasoner(base, None)
    write_base(base, given | {"model.layers.2.ffn_norm.weight": torch.zeros(3)})
    with pytest.raises(WeightsError, match=r"unknown model\.layers\.2\.ffn_norm\.weight"):
        load_reasoner(base, None)
    write_base(base, given | {"vision_proj.2.bias": torch.zeros(3)})
    with pytest.raises(WeightsError, match=r"another shape of vision_proj\.2\.bias \(.* is \[3\] instead of \[64\]\)"):
        load_reasoner(base, None)
    write_base(base)
    (base / "pytorch_model-00002-of-00002.bin").write_bytes(b"PK broken")
    with pytest.raises(WeightsError, match=r"00002-of-00002\.bin is damaged"):
        load_reasoner(base, None)
    first = base / "pytorch_model-00001-of-00002.bin"
    (base / "pytorch_model-00002-of-00002.bin").write_bytes(first.read_bytes())
    with pytest.raises(WeightsError, match="holds once more what another file holds"):
        load_reasoner(base, None)
    first.unlink()
    with pytest.raises(WeightsError, match=r"00001-of-00002\.bin is missing"):
        load_reasoner(base, None)
    (base / "pytorch_model.bin.index.json").unlink()
    with pytest.raises(WeightsError, match=r"model\.safetensors is missing, and so is pytorch_model\.bin"):
        load_reasoner(base, None)
    config = json.loads((base / "config.json").read_text())
    for wrong in (
        {"hidden_act": "gelu"},
        {"rope_scaling": {"type": "linear", "factor": 2}},
        {"num_attention_heads": 5},
    ):
        (base / "config.json").write_text(json.dumps(config | wrong))
        with pytest.raises(WeightsError, match=r"config\.json is not that of the reasoner"):
            load_reasoner(base, None)
    (base / "config.json").write_text(json.dumps({"hidden_size": 32}))
    with pytest.raises(WeightsError, match="num_hidden_layers"):
        load_reasoner(base, None)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (None, r"index\.json is damaged \(it names no weights\)"),
        ({"model.norm.weight": "../pytorch_model-00001-of-00002.bin"}, "names a file of another folder"),
    ],
)
def test_an_index_that_is_wrong_is_told(tmp_path: Path, names: object, said: str) -> None:
    """Of the base, and of its tower's own folder and of the adapter, which are read in the same way."""
    base, adapter = write_base(tmp_path / "base"), write_adapter(tmp_path / "adapter")
    wrong = json.dumps({"weight_map": names})
    (adapter / "adapter_model.bin.index.json").write_text(wrong)
    with pytest.raises(WeightsError, match=said):
        load_reasoner(base, adapter)
    (base / "pytorch_model.bin.index.json").write_text(wrong)
    with pytest.raises(WeightsError, match=said):
        load_reasoner(base, None)
    write_base(base, {name: t for name, t in base_tensors().items() if not name.startswith("vit.")})
    (base / "IXC2d5_clip_l_560").mkdir()
    (base / "IXC2d5_clip_l_560" / "pytorch_model.bin.index.json").write_text(wrong)
    with pytest.raises(WeightsError, match=rf"IXC2d5_clip_l_560.*{said}"):
        load_reasoner(base, None)


class Stranger:
    """Code that a pickle would run."""

    def __reduce__(self):
        return (print, ("a stranger's code ran",))


def test_a_pickle_runs_no_code(folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    base = write_base(tmp_path / "base")
    torch.save({"model.norm.weight": Stranger()}, base / "pytorch_model-00001-of-00002.bin")
    with pytest.raises(WeightsError, match=r"00001-of-00002\.bin holds more than tensors, which could run code"):
        load_reasoner(base, None)
    assert "stranger" not in capsys.readouterr().out
    torch.save([torch.zeros(1)], base / "pytorch_model-00001-of-00002.bin")
    with pytest.raises(WeightsError, match="does not hold tensors by name"):
        load_reasoner(base, None)


def test_what_is_wrong_with_the_adapter_is_said(folders: tuple[Path, Path], tmp_path: Path) -> None:
    base, adapter, given = folders[0], tmp_path / "adapter", adapter_tensors()
    name = "base_model.model.model.layers.0.feed_forward.w3.lora_B.weight"
    write_adapter(adapter, {key: t for key, t in given.items() if key != name})
    with pytest.raises(WeightsError, match=r"lacks .*layers\.0\.feed_forward\.w3\.lora_B"):
        load_reasoner(base, adapter)
    write_adapter(adapter, {key: t for key, t in given.items() if "video_mem_proj" not in key})
    with pytest.raises(WeightsError, match=r"lacks .*video_mem_proj\.0\.bias, .*2\.weight\.$"):
        load_reasoner(base, adapter)
    write_adapter(adapter, given | {"base_model.model.output.weight": torch.zeros(2)})
    with pytest.raises(WeightsError, match=r"unknown base_model\.model\.output\.weight"):
        load_reasoner(base, adapter)
    write_adapter(adapter, given | {name: torch.zeros(47, LORA_RANK)})
    with pytest.raises(
        WeightsError, match=r"has another shape of .*layers\.0\.feed_forward\.w3\.lora_B\.weight \(.* is \[47, 4\]"
    ):
        load_reasoner(base, adapter)
    for changed in ({"bias": "all"}, {"use_rslora": True}, {"target_modules": ["wqkv"]}, {"rank_pattern": {"w1": 2}}):
        write_adapter(adapter, **changed)
        with pytest.raises(WeightsError, match=next(iter(changed))):
            load_reasoner(base, adapter)
    write_adapter(adapter, r=LORA_RANK + 1)
    with pytest.raises(WeightsError, match=r"has another shape of .*lora_A\.weight is \[4, \d+\] instead of \[5,"):
        load_reasoner(base, adapter)
