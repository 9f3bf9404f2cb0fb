"""The memory module against the original code, by what that made of tiny random weights (`golden.py`)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from models.golden import golden as golden_folder
from safetensors.torch import load_file, save_file
from torch import Tensor

from omnilive_demo.memory.learned_compressor import LearnedCompressor
from omnilive_demo.models.memory_module.module import ClipRows, MemoryModule, clip_probabilities, cosines
from omnilive_demo.models.memory_module.patch_features import ClipPatches, merge_2x2
from omnilive_demo.models.memory_module.prefix import RowPrefix
from omnilive_demo.models.memory_module.released import load_released
from omnilive_demo.models.memory_module.weight_files import WeightsError
from omnilive_demo.records import FrameFeatures

STATES, SCORES = 1e-4, 2e-5


@pytest.fixture(scope="module")
def folder() -> Path:
    return golden_folder("memory")


@pytest.fixture(scope="module")
def golden(folder: Path) -> dict[str, Tensor]:
    return load_file(folder / "golden.safetensors")


@pytest.fixture(scope="module")
def released(folder: Path) -> tuple[MemoryModule, ClipPatches]:
    return load_released(folder)


@pytest.fixture(scope="module")
def clips(golden: dict[str, Tensor], released: tuple[MemoryModule, ClipPatches]) -> list[ClipRows]:
    module, tower = released
    with torch.inference_mode():
        return [
            ClipRows(module.embed_tokens(golden[f"clip{k}.text_ids"]), tower.merged(pictures(golden, k)), frames)
            for k, frames in enumerate((16, 16, 7, 3))
        ]


@pytest.fixture(scope="module")
def remembered(golden: dict[str, Tensor]) -> tuple[list[Tensor], list[Tensor]]:
    """S and g of the four clips, as the original made them."""
    return (
        [golden[f"clip{k}.short_term_memory"] for k in range(4)],
        [golden[f"clip{k}.global_memory"] for k in range(4)],
    )


def pictures(golden: dict[str, Tensor], clip: int) -> list[np.ndarray]:
    return list(golden[f"clip{clip}.frames_112"].repeat_interleave(2, 1).repeat_interleave(2, 2).numpy())


def apart(one: Tensor, other: Tensor) -> float:
    assert one.shape == other.shape
    return float((one - other).abs().max())


def test_pixels_are_those_of_the_stock_processor(golden, released) -> None:
    pixels = released[1].pixels(pictures(golden, 3))
    assert pixels.shape == (3, 3, 224, 224)
    assert torch.equal(pixels[:, :, ::2, ::2], golden["clip3.pixel_values_even"])


def test_merged_features_and_projected_rows(golden, released, clips) -> None:
    assert apart(clips[3].merged, golden["clip3.merged_features"]) < STATES
    with torch.inference_mode():
        patches, slots, globals_ = released[0].project_clips([clips[3].merged], [3])
    assert apart(torch.cat([patches[0], slots[0], globals_]), golden["clip3.projected_rows"]) < STATES


@torch.inference_mode()
def test_compress_alone_and_in_a_batch_of_different_lengths(golden, released, clips) -> None:
    module = released[0]
    short_term, globals_ = module.compress_batch(clips)
    for k, clip in enumerate(clips):
        assert apart(short_term[k], golden[f"clip{k}.short_term_memory"]) < STATES
        assert apart(globals_[k], golden[f"clip{k}.global_memory"]) < STATES
        alone = module.compress(clip.text, clip.merged, clip.frames)
        assert apart(alone[0], golden[f"clip{k}.short_term_memory"]) < STATES
        assert apart(alone[1], golden[f"clip{k}.global_memory"]) < STATES


@torch.inference_mode()
def test_integrate_plain_batched_and_with_the_prefix_cached(golden, released, remembered) -> None:
    module, (short_term, globals_) = released[0], remembered
    assert apart(module.integrate(short_term, globals_), golden["long_term_memory"]) < STATES
    first = module.integrate(short_term[:2], globals_[:2])
    assert apart(first, golden["first_two_clips.long_term_memory"]) < STATES
    both = module.integrate_batch([short_term, short_term[:2]], [torch.stack(globals_), torch.stack(globals_[:2])])
    assert apart(both[0], golden["long_term_memory"]) < STATES
    assert apart(both[1], golden["first_two_clips.long_term_memory"]) < STATES

    prefix = RowPrefix(module)
    for k, slots in enumerate(short_term):  # clip by clip, read after each
        prefix = prefix.extended(slots)
        plain = module.integrate(short_term[: k + 1], globals_[: k + 1])
        assert apart(prefix.behind(torch.stack(globals_[: k + 1])), plain) < 1e-5
    assert apart(prefix.behind(torch.stack(globals_)), golden["long_term_memory"]) < STATES
    cut = prefix.extended(short_term[1], keep=len(short_term[0]))
    assert cut.rows == len(short_term[0]) + len(short_term[1])
    assert apart(cut.behind(torch.stack(globals_[:2])), golden["first_two_clips.long_term_memory"]) < STATES
    assert apart(prefix.behind(torch.stack(globals_)), golden["long_term_memory"]) < STATES  # it has not changed


@torch.inference_mode()
def test_questions_alone_and_together(golden, released, remembered) -> None:
    module = released[0]
    every, first = golden["long_term_memory"], golden["first_two_clips.long_term_memory"]
    questions = [module.embed_tokens(golden[f"question{i}.ids"]) for i in range(2)]
    together = module.question_states(every, questions)
    mixed = module.question_states_batch([first, every], [questions, questions[1:]])
    globals_ = torch.stack(remembered[1])
    for i, question in enumerate(questions):
        for q in (module.question_state(every, question), together[i]):
            assert apart(q, golden[f"question{i}.state"]) < STATES
            scores = cosines(q, globals_)
            assert apart(scores, golden[f"question{i}.cosine"]) < SCORES
            assert apart(clip_probabilities(scores), golden[f"question{i}.softmax"]) < SCORES
    assert apart(mixed[1][0], golden["question1.state"]) < STATES
    scores = cosines(mixed[0], globals_[:2])
    assert apart(scores, golden["first_two_clips.cosine"]) < SCORES
    assert apart(clip_probabilities(scores), golden["first_two_clips.softmax"]) < SCORES


class GoldenWords:
    """The ids that stood for a sentence, in place of a tokenizer. key: of those that are asked for next."""

    def __init__(self, module: MemoryModule, golden: dict[str, Tensor]) -> None:
        self._module, self._golden, self.key = module, golden, ""

    def rows(self, texts: Sequence[str]) -> list[Tensor]:
        return [self._module.embed_tokens(self._golden[self.key]) for _ in texts]


def test_the_apps_compressor_is_the_original_too(golden, released, remembered) -> None:
    """The way that runs: patches of a frame encoder, arrays, and prefixes that were read beforehand."""
    module, tower = released
    compressor = LearnedCompressor(module, words := GoldenWords(module, golden))
    for k in range(4):
        words.key = f"clip{k}.text_ids"
        patches = tower.patches(pictures(golden, k)).numpy()
        made = compressor.compress([FrameFeatures(np.zeros(1, np.float32), frame) for frame in patches], 0.0, 1.0)
        assert apart(torch.from_numpy(made[0]), golden[f"clip{k}.short_term_memory"]) < STATES
        assert apart(torch.from_numpy(made[1]), golden[f"clip{k}.global_memory"]) < STATES
    slots, globals_ = ([row.numpy() for row in rows] for rows in remembered)
    long_term = {}
    for k in range(1, 5):
        compressor.expect(slots[:k])
        long_term[k] = compressor.integrate(slots[:k], globals_[:k])
    assert apart(torch.from_numpy(long_term[2]), golden["first_two_clips.long_term_memory"]) < STATES
    assert apart(torch.from_numpy(long_term[4]), golden["long_term_memory"]) < STATES
    two = golden["first_two_clips.cosine"]
    for i, k, expected in ((0, 4, golden["question0.cosine"]), (1, 4, golden["question1.cosine"]), (0, 2, two[0])):
        words.key = f"question{i}.ids"
        asked = compressor.encode_question("what?", long_term[k])
        assert apart(cosines(torch.from_numpy(asked), torch.stack(remembered[1][:k])), expected) < SCORES


@torch.inference_mode()
def test_a_wrong_order_would_show(golden, released, clips, remembered) -> None:
    """The numbers above can tell: each likely mistake is far outside their tolerance."""
    module, (short_term, globals_) = released[0], remembered
    clip = clips[3]
    blocks = clip.merged.reshape(-1, 4, clip.merged.shape[-1] // 4)
    columns = ClipRows(clip.text, blocks[:, [0, 2, 1, 3]].flatten(1), 3)
    assert apart(module.compress_batch([columns])[0][0], golden["clip3.short_term_memory"]) > 0.1
    states = module.read(torch.cat([torch.stack(globals_), *short_term])[None])[0]
    assert apart(states[:4], golden["long_term_memory"]) > 0.1
    rows = [row for slots, g in zip(short_term, globals_, strict=True) for row in (slots, g[None])]
    ends = torch.tensor([len(slots) + 1 for slots in short_term]).cumsum(0) - 1
    assert apart(module.read(torch.cat(rows)[None])[0][ends], golden["long_term_memory"]) > 0.1
    question, every = module.embed_tokens(golden["question0.ids"]), golden["long_term_memory"]
    before = module.read(torch.cat([question, every])[None])[0][len(question) - 1]
    assert apart(cosines(before, torch.stack(globals_)), golden["question0.cosine"]) > 0.1
    against = cosines(module.question_state(every, question), every)
    assert apart(against, golden["question0.cosine"]) > 0.1


def test_the_language_head_has_no_influence_and_is_not_there(released) -> None:
    assert not [name for name in released[0].state_dict() if "lm_head" in name]


def test_merge_2x2_order() -> None:
    patches = torch.arange(16.0).reshape(1, 16, 1)
    assert merge_2x2(patches).tolist() == [[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]]
    with pytest.raises(ValueError, match="even side"):
        merge_2x2(torch.zeros(1, 9, 1))


@torch.inference_mode()
def test_shards_are_one_model(tmp_path: Path, folder: Path, golden, clips) -> None:
    tensors = load_file(folder / "model.safetensors")
    shutil.copyfile(folder / "config.json", tmp_path / "config.json")
    names = sorted(tensors)
    files = {name: f"model-0000{1 + (i % 2)}-of-00002.safetensors" for i, name in enumerate(names)}
    for file in set(files.values()):
        save_file({name: tensors[name] for name in names if files[name] == file}, tmp_path / file)
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": files}))
    module, _ = load_released(tmp_path)
    short_term, _ = module.compress(clips[2].text, clips[2].merged, 7)
    assert apart(short_term, golden["clip2.short_term_memory"]) < STATES
    (tmp_path / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"model-00002-of-00002.safetensors is missing"):
        load_released(tmp_path)


def test_what_is_wrong_with_a_folder_is_said(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(WeightsError, match=r"config\.json is missing"):
        load_released(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    write = lambda **changed: (tmp_path / "config.json").write_text(json.dumps(config | changed))  # noqa: E731
    write()
    with pytest.raises(WeightsError, match=r"model\.safetensors is missing"):
        load_released(tmp_path)
    whole = (folder / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsError, match="damaged or incomplete"):
        load_released(tmp_path)
    tensors = load_file(folder / "model.safetensors")
    save_file({n: t for n, t in tensors.items() if n != "model.norm.weight"}, tmp_path / "model.safetensors")
    with pytest.raises(WeightsError, match=r"lacks model\.norm\.weight"):
        load_released(tmp_path)
    save_file(tensors | {"model.extra": torch.zeros(1)}, tmp_path / "model.safetensors")
    with pytest.raises(WeightsError, match=r"unknown model\.extra"):
        load_released(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(whole)
    write(intermediate_size=100)
    with pytest.raises(WeightsError, match="another shape"):
        load_released(tmp_path)
    write(mm_projector_type="linear")
    with pytest.raises(WeightsError, match="mm_projector_type"):
        load_released(tmp_path)
    write(mm_vision_select_layer=-1)
    with pytest.raises(WeightsError, match="another vision tower"):
        load_released(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(WeightsError, match="damaged"):
        load_released(tmp_path)
