"""The measurement of the released sizes: all of it on small models, and the sizes themselves without weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from omnilive_demo.evaluation import released, released_random
from omnilive_demo.evaluation.__main__ import main
from omnilive_demo.evaluation.released_random import StandInWords, random_audio, random_memory, random_reasoner
from omnilive_demo.models.ixc25_omnilive.generation import Sampling, TokenStream
from omnilive_demo.models.ixc25_omnilive.prompt import Recalled, length_of, memory_prompt


def test_all_of_it_runs_on_small_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(released, "_CAMERA", (36, 64, 3))
    file = tmp_path / "released.json"
    assert main(["released", "--tiny", "--times", "1", "--tokens", "3", "--json", str(file)]) == 0
    told = json.loads(file.read_text())
    assert told["command"].startswith("python -m omnilive_demo.evaluation released --tiny")
    assert (told["tiny"], told["device"]) == (True, "cpu")
    assert set(released.PARTS) <= told.keys()
    memory, reasoner = told["memory"], told["reasoner"]
    assert memory["peak_gb"] is None, "of a GPU only"
    for key in (
        "compress_ms",
        "integrate_10_ms",
        "integrate_100_ms",
        "one_clip_more_behind_63_ms",
        "question_behind_100_ms",
    ):
        assert memory[key]["n"] == 1
        assert memory[key]["p50"] > 0
    assert told["audio"]["4_of_5_s_8_tokens_ms"]["p50"] > 0
    assert reasoner["first_token_ms"]["p50"] > 0
    assert reasoner["tokens_per_s"]["p50"] > 0
    assert 1000 < reasoner["refresh_rows"] < reasoner["rows"] - 700, "memory rows are not read again"
    assert len(reasoner["four_sessions"]["first_token_ms"]) == 4


def test_without_a_gpu_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert main(["released", "--json", str(tmp_path / "x.json")]) == 1
    assert "measured on a GPU" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_full_sizes_are_those_of_the_release() -> None:
    """Numbers of weights of specification 0, counted without any; the reasoner's with its memory projector."""
    one = released_random
    with torch.device("meta"):
        reasoner = one.Reasoner(one.ReasonerConfig())
        memory, tower = one.MemoryModule(one._MEMORY), one.CLIPVisionModel(one.CLIPVisionConfig(**one._TOWER))
        sound = {"model_type": "qwen2_audio_encoder"}
        values = {"model_type": "qwen2_audio", "audio_config": sound, "text_config": one._TEXT, "audio_token_index": 5}
        audio = one.AudioNetwork(one.audio_config(values))
    counted = [sum(weights.numel() for weights in model.parameters()) for model in (reasoner, memory, tower, audio)]
    separators = 2 * 4096
    assert counted[0] == 7_737_708_544 + 603_979_776 + 304_556_032 + 33_562_624 + 23_076_864 + separators
    assert counted[1] + counted[2] == 2_088_921_600 - 151_936 * 1536, "the head is in the file and not in memory"
    assert counted[3] == 2_188_942_336, "the head is the table, which counts once"


@pytest.mark.parametrize("bits", [None, 4, 8])
def test_random_models_work_and_are_not_constant(bits: int | None) -> None:
    if bits:
        pytest.importorskip("bitsandbytes")
    reasoner = random_reasoner("cpu", torch.float32, tiny=True, bits=bits)
    words = StandInWords(reasoner.decoder.tok_embeddings)
    parts = [memory_prompt(words, text, Recalled(torch.ones(3, 24))) for text in ("what is it?", "where are they?")]
    one, other = (reasoner.read(asked) for asked in parts)
    assert torch.isfinite(one).all()
    assert (one - other).abs().max() > 1e-6
    assert len(words.encode("a question")) == 3
    assert length_of(parts[0]) < 40
    small = [m.plain.weight.dtype for m in reasoner.modules() if hasattr(m, "plain")]
    assert set(small) == {torch.float32 if bits is None else torch.uint8 if bits == 4 else torch.int8}
    stream = TokenStream(reasoner, parts[0], Sampling(most_tokens=2))
    assert stream._held is not None


def test_the_other_two_work_as_well() -> None:
    memory, audio = random_memory("cpu", torch.float32, tiny=True), random_audio("cpu", torch.float32, tiny=True)
    short_term, global_ = memory.compress(torch.zeros(3, 20, 20, 3, dtype=torch.uint8), 0, 3)
    assert (short_term.shape, global_.shape) == ((12, 24), (24,))
    assert torch.isfinite(short_term).all()
    assert audio.hear(torch.ones(1, 128, 40), [40])[0].shape == (10, 16)
    assert audio.decoder.lm_head.weight is audio.decoder.model.embed_tokens.weight
