"""The compressor's training: it learns on a tiny pool, a killed run goes on as if it had not been, files are read."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from training.fake_clips import NAMES, TEXT_WIDTH, WIDTH, WordVectors, vector_of, write_pool
from transformers.models.qwen2.modeling_qwen2 import apply_rotary_pos_emb

from omnilive_demo.models.memory_module.config import MemoryModuleConfig
from omnilive_demo.models.memory_module.module import MemoryModule, cosines
from omnilive_demo.models.memory_module.patch_features import merge_2x2
from omnilive_demo.models.memory_module.text_rows import ROWS, question_rows
from omnilive_demo.models.memory_module.weight_files import load
from omnilive_demo.models.nano.reader import Reader, ReaderConfig, load_reader
from omnilive_demo.models.nano.words import Vocabulary
from omnilive_demo.training.compressor import CompressorConfig, fit, nano_vocabulary, ship
from omnilive_demo.training.compressor_check import check, cosine_scale
from omnilive_demo.training.compressor_drawn import DrawnStreams, StreamSettings
from omnilive_demo.training.compressor_learner import Habits, Learner, LossWeights
from omnilive_demo.training.compressor_start import start_aligned, start_positional
from omnilive_demo.training.compressor_text import StateText
from omnilive_demo.training.config_file import CONFIGS, load_config
from omnilive_demo.training.plain_attention import use_plain_attention
from omnilive_demo.training.run import Run, RunSettings
from omnilive_demo.training.world.clips import ClipPool
from omnilive_demo.training.world.nouns import fill
from omnilive_demo.training.world.question_bank import shipped_bank
from omnilive_demo.training.world.things import by_name

MODULE = MemoryModuleConfig(
    hidden=32, layers=2, heads=4, kv_heads=2, intermediate=48, feature_width=4 * WIDTH, text_width=TEXT_WIDTH
)
READER = ReaderConfig(memory_width=32, hidden=32, layers=1, heads=4, kv_heads=2, intermediate=48)
STREAMS = StreamSettings(
    frames=60, clips=(4, 10), longest=5, explicit=8, semantic=0, reference=4, names=8, tokens=(1, 4),
    tokens_share=(0.2, 0.8),
)  # fmt: skip


def config_for(folder: Path, **run: object) -> CompressorConfig:
    settings = RunSettings(learning_rate=5e-3, precision="fp32", device="cpu", log_every=5, **run)  # type: ignore[arg-type]
    return CompressorConfig(
        folder,
        folder,
        module=MODULE,
        reader=READER,
        streams=STREAMS,
        run=settings,
        check_every_s=1e9,
    )


def words() -> Vocabulary:
    plurals = nano_vocabulary().plurals
    return Vocabulary({name: plurals[name] for name in NAMES})


def learner_for(config: CompressorConfig, run: Run) -> Learner:
    module = MemoryModule(config.module)
    module.initialise(run.torch_rng)
    return Learner(module, Reader(config.reader, words()), config.weights, config.habits, run.torch_rng)


def train(pool: Path, folder: Path, steps: int, stop_after: int = 0) -> tuple[Learner, list[dict[str, float]]]:
    config = config_for(pool, steps=steps)
    streams = DrawnStreams(write_pool(pool) if not pool.exists() else ClipPool.open(pool), words(), config.streams)
    with Run(folder, config, config.run) as run:
        learner = learner_for(config, run)
        text = StateText(learner.module, WordVectors(), loss=0.1, generator=run.torch_rng)

        def draw(rng: np.random.Generator) -> object:
            if stop_after and run.steps + 1 == stop_after:
                run._end(15, None)  # as a signal does, in the middle of a step
            return streams.draw(rng)

        fit(learner, draw, text, run, config)  # type: ignore[arg-type]
    return learner, [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_it_learns_to_retrieve_and_to_read(tmp_path: Path) -> None:
    learner, log = train(tmp_path / "pool", tmp_path / "run", steps=160)
    losses = [row for row in log if "loss" in row]
    assert losses[-1]["loss"] < 0.6 * losses[0]["loss"]
    assert losses[-1]["retrieve"] < losses[0]["retrieve"] - 0.3
    held_out = DrawnStreams(write_pool(tmp_path / "other", streams=2, seed=9), words(), STREAMS).whole_streams(
        2, seed=1
    )
    figures = check(learner, held_out, StateText(learner.module, WordVectors()))
    assert figures["recall1_explicit"] > 0.6
    assert figures["read_names"] > 0.7
    assert {"event_shown", "event_put_down"} <= set(figures)
    assert figures["read_names"] > figures["blind_names"] + 0.3  # the reader has S and nothing else
    memory = tmp_path / "memory.safetensors"
    ship(learner, memory, {"seed": 1})
    assert load(memory).config == MODULE
    reader = load_reader(tmp_path / "reader.safetensors")
    assert reader.vocabulary.names == words().names


def test_a_killed_run_goes_on_with_the_same_step(tmp_path: Path) -> None:
    whole, _ = train(tmp_path / "pool", tmp_path / "whole", steps=12)
    _, cut_log = train(tmp_path / "pool", tmp_path / "cut", steps=12, stop_after=5)
    assert max(row["step"] for row in cut_log) == 5
    resumed, resumed_log = train(tmp_path / "pool", tmp_path / "cut", steps=12)
    assert max(row["step"] for row in resumed_log) == 12
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_plain_attention_gives_what_the_fused_one_gives(tmp_path: Path) -> None:
    streams = DrawnStreams(write_pool(tmp_path / "pool"), words(), STREAMS)
    config = config_for(tmp_path / "pool", steps=1)
    with Run(tmp_path / "run", config, config.run) as run:
        learner = learner_for(config, run).eval()
    stream = streams.draw(np.random.default_rng(4))
    text = StateText(learner.module, WordVectors())
    with torch.no_grad():
        before = learner.losses(stream, text)
        use_plain_attention(learner.module.decoder)
        use_plain_attention(learner.reader.decoder)
        after = learner.losses(stream, text)
    assert {name: float(value) for name, value in after.items()} == {
        name: pytest.approx(float(value), rel=1e-4) for name, value in before.items()
    }


def test_an_aligned_start_already_finds_what_the_frame_encoder_knows() -> None:
    random = torch.Generator().manual_seed(2)
    config = dataclasses.replace(MODULE, hidden=32)
    align = torch.randn(TEXT_WIDTH, WIDTH, generator=random)
    codes = torch.stack([torch.from_numpy(vector_of(name, WIDTH)) for name in NAMES])
    named = torch.nn.functional.normalize(codes @ align.T, dim=-1)  # what the text encoder says for each name
    merged = merge_2x2(codes[:, None].repeat(1, 16, 1) + 0.3 * torch.randn(len(NAMES), 16, WIDTH, generator=random))

    def right(aligned: bool) -> float:
        module = MemoryModule(config)
        module.initialise(torch.Generator().manual_seed(3))
        if aligned:
            texts = torch.cat([named, 0.1 * torch.randn(40, TEXT_WIDTH, generator=random)])
            start_aligned(module, align, merged, texts, named, torch.Generator().manual_seed(4))
        with torch.no_grad():
            clips = merged.reshape(len(NAMES), 4, -1)
            g = torch.stack([module.compress(torch.zeros(0, 32), clip, 1)[1] for clip in clips])
            q = torch.stack(
                [module.question_state(torch.zeros(0, 32), row) for row in module.project_text([named])[0][:, None]]
            )
        return float((cosines(q, g).argmax(1) == torch.arange(len(NAMES))).float().mean())

    assert right(aligned=True) == 1.0
    assert right(aligned=False) < 0.7


def test_streams_answer_their_questions_and_vary_in_length(tmp_path: Path) -> None:
    settings = dataclasses.replace(STREAMS, long_share=0.5)
    streams = DrawnStreams(write_pool(tmp_path / "pool"), words(), settings)
    rng = np.random.default_rng(3)
    drawn = [streams.draw(rng) for _ in range(30)]
    for stream in drawn:
        assert 2 <= len(stream.clips) <= 10
        for question in stream.questions:
            there = [NAMES_IN in question.text.lower() for NAMES_IN in NAMES]
            if question.kind == "explicit" and sum(there) == 1:
                name = NAMES[there.index(True)]
                assert all((name in clip.names) == (i in question.positives) for i, clip in enumerate(stream.clips))
    lengths = {clip.frames for stream in drawn for clip in stream.clips}
    assert {3, 8, 16} <= lengths
    assert {stream.tokens_per_frame for stream in drawn} == {1, 4}


def test_some_questions_of_a_stream_have_no_answer_in_it(tmp_path: Path) -> None:
    bank = shipped_bank()
    streams = DrawnStreams(write_pool(tmp_path / "pool"), words(), dataclasses.replace(STREAMS, unanswered=9))
    kinds: set[str] = set()
    for seed in range(12):
        stream = streams.draw(np.random.default_rng(seed))
        nothing = [question for question in stream.questions if not question.positives]
        assert len(nothing) == 9
        for question in nothing:
            kinds.add(question.kind)
            if question.kind == "nothing:off_topic":
                assert question.text in bank.off_topic["train"]
            else:
                assert not any(
                    question.text in (fill(text, by_name()[name]) for text in bank.explicit["train"])
                    or question.text in bank.semantic_of(name, "train")
                    for clip in stream.clips
                    for name in clip.names
                    if name in by_name()
                )
    assert kinds == {"nothing:off_topic", "nothing:explicit", "nothing:semantic"}


def test_a_question_for_a_need_spares_what_no_need_is_taught_of(tmp_path: Path) -> None:
    bank = dataclasses.replace(shipped_bank(), held_out=frozenset({"banana"}))
    settings = dataclasses.replace(STREAMS, semantic=8, unanswered=9)
    streams = DrawnStreams(write_pool(tmp_path / "pool"), words(), settings, bank=bank)
    asked = 0
    for seed in range(12):
        stream = streams.draw(np.random.default_rng(seed))
        bananas = {i for i, clip in enumerate(stream.clips) if "banana" in clip.names}
        for question in (one for one in stream.questions if not one.after):
            wanted = bananas - set(question.positives) if question.kind.endswith("semantic") else set()
            assert set(question.spared) == wanted
            asked += bool(wanted)
    assert asked > 10


def test_spared_clips_do_not_count(tmp_path: Path) -> None:
    config = config_for(tmp_path / "pool")
    stream = DrawnStreams(write_pool(tmp_path / "pool"), words(), STREAMS).draw(np.random.default_rng(1))
    with Run(tmp_path / "run", config, config.run) as run:
        learner = learner_for(config, run).eval()
    text = StateText(learner.module, WordVectors())
    question = next(one for one in stream.questions if one.kind == "explicit" and not one.after)
    others = tuple(set(range(len(stream.clips))) - set(question.positives))
    found = learner.compress(stream, text)
    strict, sparing = (
        learner.retrieval_losses(dataclasses.replace(stream, questions=(one,)), found, text)
        for one in (question, dataclasses.replace(question, spared=others))
    )
    assert sparing["retrieve"] < strict["retrieve"]
    assert sparing["empty"] < strict["empty"]


def test_what_a_text_means_is_learnt_of_things_that_are_never_drawn(tmp_path: Path) -> None:
    bank = shipped_bank()
    streams = DrawnStreams(write_pool(tmp_path / "pool"), words(), STREAMS)
    meanings = [one for seed in range(6) for one in streams.draw(np.random.default_rng(seed)).meanings]
    names = {one.name for one in meanings}
    assert names & set(bank.nouns)
    assert not names & bank.held_out
    assert not {one.text for one in meanings} & {
        text for (_, split), of in bank.semantic.items() if split == "test" for text in of
    }


def test_the_cosines_of_a_trained_module_tell_what_has_an_answer(tmp_path: Path) -> None:
    learner, log = train(tmp_path / "pool", tmp_path / "run", steps=160)
    last = [row for row in log if "loss" in row][-1]
    assert {"events", "meanings", "point"} <= set(last)
    held_out = DrawnStreams(write_pool(tmp_path / "other", streams=3, seed=9), words(), STREAMS).whole_streams(
        3, seed=1
    )
    scale = cosine_scale(learner, held_out, StateText(learner.module, WordVectors()))
    assert -1 < scale["cosine_nothing"] < scale["cosine_certain"] < 2
    assert scale["cosine_growth"] >= 0


def test_the_newest_clip_is_as_far_from_the_end_of_every_question() -> None:
    short, long = (question_rows(torch.randn(count, 12)) for count in (3, 19))
    assert short.shape == long.shape == (ROWS, 12)
    states = torch.arange(14.0)[:, None].repeat(1, 4)
    rows = question_rows(states)
    assert rows[:-1, 0].tolist() == [0.5, 2.5, 4.5, 6.5, 8.5, 10.5, 12.5]  # in order, two tokens each
    assert float(rows[-1, 0]) == pytest.approx(float(states.norm(dim=1).mean()) / 2)  # the mean, as long as a token


def test_the_positional_heads_of_a_question_look_at_the_newest_clips() -> None:
    module = MemoryModule(dataclasses.replace(MODULE, hidden=256, heads=8, kv_heads=2, layers=1))
    module.initialise(torch.Generator().manual_seed(1))
    start_positional(module)
    attention, clips = module.decoder.layers[0].self_attn, 12
    rows = torch.randn(1, clips + ROWS, 256, generator=torch.Generator().manual_seed(2))
    cos, sin = module.decoder.rotary_emb(rows, torch.arange(clips + ROWS)[None])
    query = attention.q_proj(rows).view(1, -1, 8, 32).transpose(1, 2)
    key = attention.k_proj(rows).view(1, -1, 2, 32).transpose(1, 2).repeat_interleave(4, 1)
    query, key = apply_rotary_pos_emb(query, key, cos, sin)
    looked = (query[0, :, -1:] @ key[0].transpose(1, 2))[:3, 0].argmax(-1)
    assert looked.tolist() == [clips - 1, clips - 2, clips + ROWS - 2]


def test_the_shipped_configuration_is_read() -> None:
    config = load_config(CompressorConfig, CONFIGS / "compressor.toml")
    assert config.module == MemoryModuleConfig(gated=True, happenings=True)
    assert (config.habits, config.weights) == (Habits(), LossWeights())
