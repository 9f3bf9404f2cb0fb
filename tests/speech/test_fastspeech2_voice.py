from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from test_espeak import CancelledAfter
from tiny_fastspeech2 import FRAMES, SOUNDS, build_tiny_fastspeech2
from transformers import FastSpeech2ConformerWithHifiGan

from omnilive_demo.cancel import CancelToken
from omnilive_demo.models.fastspeech2_model import _LONGEST_FRAMES, FastSpeech2Network, load_fastspeech2
from omnilive_demo.speech.fastspeech2_voice import READER, FastSpeech2Synthesizer
from omnilive_demo.speech.phonemes import phonemes
from omnilive_demo.speech.playout import RATE_HZ
from omnilive_demo.speech.synthesizer import SpokenSentence, Voice

TEN_WORDS = "You left your keys in the blue drawer this morning."
LJ = Voice(READER)
FRAME_S = 256 / 22_050


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_fastspeech2(tmp_path_factory.mktemp("fastspeech2") / "ljs")


@pytest.fixture(scope="module")
def network(folder: Path) -> FastSpeech2Network:
    return load_fastspeech2(folder)


@pytest.fixture(scope="module")
def voice(network: FastSpeech2Network) -> FastSpeech2Synthesizer:
    return FastSpeech2Synthesizer(network)


def say(voice: FastSpeech2Synthesizer, text: str, how: Voice = LJ) -> SpokenSentence:
    spoken = voice.synthesize(text, how, CancelToken())
    assert spoken is not None
    return spoken


def seconds(spoken: SpokenSentence) -> float:
    return spoken.samples.size / spoken.rate_hz


def sounds_of(voice: FastSpeech2Synthesizer, text: str) -> list[str]:
    return voice._in_its_sounds(phonemes(text), True)[0]


def test_every_weight_of_the_file_is_used(folder: Path, network: FastSpeech2Network) -> None:
    stored = torch.load(folder / "pytorch_model.bin", weights_only=True)
    held = network._model.state_dict()
    assert set(stored) == set(held)
    assert all(torch.equal(stored[name], held[name]) for name in stored)
    _, told = FastSpeech2ConformerWithHifiGan.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    assert not any(told[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))


def test_a_sentence_becomes_sound(voice: FastSpeech2Synthesizer) -> None:
    spoken = say(voice, TEN_WORDS)
    assert spoken.rate_hz == RATE_HZ
    assert spoken.samples.dtype == np.float32
    assert spoken.text == TEN_WORDS
    sounds = len(sounds_of(voice, TEN_WORDS))
    assert 0.4 * sounds * FRAMES * FRAME_S < seconds(spoken) < (sounds + 1) * _LONGEST_FRAMES * FRAME_S
    assert np.isfinite(spoken.samples).all()
    assert np.abs(spoken.samples).max() <= 0.91
    assert 0.02 < np.sqrt(np.mean(np.square(spoken.samples))) <= 0.101
    assert np.array_equal(spoken.samples, say(voice, TEN_WORDS).samples), "nothing is drawn: always one voice"


def test_it_computes_what_the_library_computes(folder: Path, network: FastSpeech2Network) -> None:
    model = FastSpeech2ConformerWithHifiGan.from_pretrained(folder, local_files_only=True).eval()
    said = ["HH", "AH0", "L", "OW1", "."]
    with torch.inference_mode():
        plain = model(torch.tensor([[SOUNDS.index(sound) for sound in (*said, "<sos/eos>")]]), return_dict=True)
    spoken = network.speak(said, 1.0, lambda: False)
    assert spoken is not None
    assert np.allclose(plain.waveform[0].numpy(), spoken.samples, atol=1e-5)
    ends = plain.duration_outputs[0].cumsum(0).numpy() * 256
    assert spoken.starts.tolist() == [0, *ends[:4], spoken.samples.size]
    with pytest.raises(ValueError, match="too long"):
        network.speak(["L"] * 1001, 1.0, lambda: False)


def test_rate_changes_the_length(voice: FastSpeech2Synthesizer) -> None:
    normal = seconds(say(voice, TEN_WORDS))
    assert seconds(say(voice, TEN_WORDS, Voice(READER, 0.5))) == pytest.approx(2 * normal, rel=0.15)
    assert seconds(say(voice, TEN_WORDS, Voice(READER, 2.0))) == pytest.approx(0.5 * normal, rel=0.3)


def test_no_sound_lasts_for_ever_or_is_lost(folder: Path) -> None:
    endless = load_fastspeech2(folder)
    with torch.no_grad():
        endless._model.model.duration_predictor.linear.bias.fill_(9.0)  # 8,102 frames, a minute and a half, of each
    spoken = endless.speak(["HH", "AY1", "."], 1.0, lambda: False)
    assert spoken is not None
    assert spoken.samples.size == 4 * _LONGEST_FRAMES * 256
    with torch.no_grad():
        endless._model.model.duration_predictor.linear.bias.fill_(-9.0)
    spoken = endless.speak(["HH", "AY1", "."], 1.0, lambda: False)
    assert spoken is not None
    assert spoken.samples.size == 4 * 256


def test_only_the_words_are_said(voice: FastSpeech2Synthesizer) -> None:
    said = sounds_of(voice, "[S1] Hello (again), it's fine: “really”!")
    assert [sound for sound in said if not sound[0].isalpha()] == [",", ",", "!"]
    assert sounds_of(voice, "Hello (again)!") == sounds_of(voice, "Hello again!"), "no bracket is a command"
    assert sounds_of(voice, "Hello")[-1] == "."


def test_words_begin_where_the_network_says(voice: FastSpeech2Synthesizer, network: FastSpeech2Network) -> None:
    text = "Hello, my friend. How are you?"
    spoken = say(voice, text)
    assert [text[offset:].split()[0] for offset, _ in spoken.word_starts_s] == text.split()
    starts = [start_s for _, start_s in spoken.word_starts_s]
    assert starts == sorted(starts)
    assert starts[-1] < seconds(spoken)
    said = sounds_of(voice, text)
    timed = network.speak(said, 1.0, lambda: False)
    assert timed is not None
    friend_s = timed.starts[said.index("F")] / network.rate_hz
    assert starts[2] == pytest.approx(friend_s, abs=0.06), "but for the silence cut off at the front"


def test_a_long_sentence_is_said_in_breaths(voice: FastSpeech2Synthesizer) -> None:
    text = "The kettle is on the left and it boils quickly, " * 12
    spoken = say(voice, text)
    assert [text[offset:].split()[0] for offset, _ in spoken.word_starts_s] == text.split()
    starts = [start_s for _, start_s in spoken.word_starts_s]
    assert starts == sorted(starts)
    once = seconds(say(voice, "The kettle is on the left and it boils quickly, "))
    assert seconds(spoken) == pytest.approx(12 * once, rel=0.25)
    figures = say(voice, "9" * 400)
    assert 0 < seconds(figures) < 400 * 5 * _LONGEST_FRAMES * FRAME_S


def test_text_without_words_is_no_sound(voice: FastSpeech2Synthesizer) -> None:
    for text in ("…", "   ", "", "\ud800\n", "()"):
        assert say(voice, text).samples.size == 0


def test_a_cancel_ends_it_between_two_blocks(voice: FastSpeech2Synthesizer, network: FastSpeech2Network) -> None:
    runs: list[int] = []
    hooks = [block.register_forward_hook(lambda *_: runs.append(1)) for block in network._model.vocoder.resblocks]
    for asked in range(1, 8):
        assert voice.synthesize(TEN_WORDS, LJ, CancelledAfter(asked)) is None
    assert len(runs) < 7, "most were stopped before the sound was made"
    for hook in hooks:
        hook.remove()
    assert seconds(say(voice, TEN_WORDS)) > 0.4, "the next sentence is whole"


def test_an_unknown_voice_is_a_clear_sentence(voice: FastSpeech2Synthesizer) -> None:
    with pytest.raises(RuntimeError, match=r"There is no voice 'robot'. Choose one of: fastspeech2-lj"):
        voice.synthesize("Hello.", Voice("robot"), CancelToken())


@pytest.mark.parametrize("name", ["config.json", "pytorch_model.bin", "vocab.json"])
def test_a_missing_or_truncated_file_is_named(folder: Path, tmp_path: Path, name: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    whole = (copy / name).read_bytes()
    (copy / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RuntimeError, match="Fetch it again") as caught:
        load_fastspeech2(copy)
    assert "\n" not in str(caught.value)
    (copy / name).unlink()
    with pytest.raises(FileNotFoundError, match=name):
        load_fastspeech2(copy)


@pytest.mark.parametrize("name", ["model.decoder.conformer_layers.1.self_attn.pos_bias_u", "vocoder.mean"])
def test_weights_that_lack_a_part_are_no_voice(folder: Path, tmp_path: Path, name: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    weights = torch.load(copy / "pytorch_model.bin", weights_only=True)
    del weights[name]
    torch.save(weights, copy / "pytorch_model.bin")
    with pytest.raises(RuntimeError, match="it lacks " + name.replace(".", r"\.")):
        load_fastspeech2(copy)


def test_converted_weights_do_as_well(folder: Path, tmp_path: Path, voice: FastSpeech2Synthesizer) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    save_file(torch.load(copy / "pytorch_model.bin", weights_only=True), copy / "model.safetensors", {"format": "pt"})
    (copy / "pytorch_model.bin").unlink()
    spoken = say(FastSpeech2Synthesizer(load_fastspeech2(copy)), TEN_WORDS)
    assert np.allclose(spoken.samples, say(voice, TEN_WORDS).samples, atol=1e-5)


def test_another_list_of_sounds_or_many_readers_are_refused(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    for listed in ({"AH0": 0}, {"<sos/eos>": 78}):
        (copy / "vocab.json").write_text(json.dumps(listed), "utf-8")
        with pytest.raises(RuntimeError, match="does not fit"):
            load_fastspeech2(copy)
    with pytest.raises(RuntimeError, match="many readers"):
        load_fastspeech2(build_tiny_fastspeech2(tmp_path / "many", speakers=5))
