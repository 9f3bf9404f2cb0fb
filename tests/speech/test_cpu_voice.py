from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from test_espeak import CancelledAfter
from tiny_vits import build_tiny_vits

from omnilive_demo.cancel import CancelToken
from omnilive_demo.models.vits_model import load_vits
from omnilive_demo.speech.cpu_voice import VCTK, VitsSynthesizer
from omnilive_demo.speech.phonemes import phonemes
from omnilive_demo.speech.playout import RATE_HZ
from omnilive_demo.speech.synthesizer import SpokenSentence, Voice

TEN_WORDS = "You left your keys in the blue drawer this morning."
LJ = Voice("vits-lj")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_vits(tmp_path_factory.mktemp("vits") / "vits-ljs")


@pytest.fixture(scope="module")
def voice(folder: Path) -> VitsSynthesizer:
    return VitsSynthesizer(load_vits(folder))


def say(voice: VitsSynthesizer, text: str, how: Voice = LJ) -> SpokenSentence:
    torch.manual_seed(2)  # rhythm and sound are drawn
    spoken = voice.synthesize(text, how, CancelToken())
    assert spoken is not None
    return spoken


def seconds(spoken: SpokenSentence) -> float:
    return spoken.samples.size / spoken.rate_hz


def test_clauses_are_placed_in_the_text() -> None:
    text = "Hello, it's 3:30 and costs $3.14. Dr. Smith said: fine! Is it “really — so” (or not)? Ünïcödé 😀."
    clauses = phonemes(text)
    assert "".join(clause.text for clause in clauses) == text
    assert all(text[clause.offset :].startswith(clause.text) for clause in clauses)
    assert [clause.marks for clause in clauses] == [",", ".", ":", "!", "—", "?", "."]
    assert clauses[0].phonemes == "həlˈoʊ"
    assert clauses[2].phonemes == "dˈɑːktɚ smˈɪθ sˈɛd", "a title ends no clause"
    assert phonemes("…") == ()
    assert phonemes("") == ()
    assert phonemes("bonjour", "fr")[0].phonemes == "bɔ̃ʒˈuʁ"
    with pytest.raises(RuntimeError, match="klingonese"):
        phonemes("nuqneH", "klingonese")


def test_a_long_text_is_read_to_its_end() -> None:
    text = "The kettle is on the left and it boils quickly " * 40
    clauses = phonemes(text)
    assert "".join(clause.text for clause in clauses) == text
    assert sum(clause.phonemes.count("kˈɛɾəl") for clause in clauses) == 40


def test_a_sentence_becomes_sound(voice: VitsSynthesizer) -> None:
    spoken = say(voice, TEN_WORDS)
    assert spoken.rate_hz == RATE_HZ
    assert spoken.samples.dtype == np.float32
    assert spoken.text == TEN_WORDS
    sounds = len(phonemes(TEN_WORDS)[0].phonemes)
    assert 0.01 * sounds < seconds(spoken) < 0.2 * sounds
    assert np.abs(spoken.samples).max() <= 0.91
    assert 0.02 < np.sqrt(np.mean(np.square(spoken.samples))) <= 0.101


def test_rate_changes_the_length(voice: VitsSynthesizer) -> None:
    normal = seconds(say(voice, TEN_WORDS))
    assert seconds(say(voice, TEN_WORDS, Voice("vits-lj", 0.5))) > 1.4 * normal
    assert seconds(say(voice, TEN_WORDS, Voice("vits-lj", 2.0))) < 0.9 * normal


def test_words_begin_where_the_network_says(voice: VitsSynthesizer) -> None:
    text = "Hello, my friend. How are you?"
    spoken = say(voice, text)
    assert [text[offset:].split()[0] for offset, _ in spoken.word_starts_s] == text.split()
    starts = [start_s for _, start_s in spoken.word_starts_s]
    assert starts == sorted(starts)
    assert starts[-1] < seconds(spoken)
    network = voice._network
    said, _ = voice._in_its_symbols(phonemes(text))
    assert said.startswith("həlˈoʊ, maɪ fɹˈɛnd. h")
    assert said.endswith("?")
    torch.manual_seed(2)
    timed = network.speak(said, 0, 1.0, lambda: False)
    assert timed is not None
    assert timed.starts.size == len(said) + 1
    assert timed.starts[-1] == timed.samples.size
    assert (np.diff(timed.starts) > 0).all()
    friend_s = timed.starts[said.index("f")] / network.rate_hz
    assert starts[2] == pytest.approx(friend_s, abs=0.06), "but for the silence cut off at the front"


def test_words_said_in_one_breath_are_placed_by_letters(voice: VitsSynthesizer) -> None:
    spoken = say(voice, TEN_WORDS)
    assert [TEN_WORDS[offset:].split()[0] for offset, _ in spoken.word_starts_s] == TEN_WORDS.split()


def test_text_without_words_is_no_sound(voice: VitsSynthesizer) -> None:
    for text in ("…", "   ", ""):
        assert say(voice, text).samples.size == 0


def test_a_cancel_ends_it_between_two_blocks(voice: VitsSynthesizer) -> None:
    runs: list[int] = []
    blocks = voice._network._model.decoder.resblocks
    hooks = [block.register_forward_hook(lambda *_: runs.append(1)) for block in blocks]
    for asked in range(1, 8):
        assert voice.synthesize(TEN_WORDS, LJ, CancelledAfter(asked)) is None
    assert len(runs) < 7, "most were stopped before the sound was made"
    for hook in hooks:
        hook.remove()
    assert seconds(say(voice, TEN_WORDS)) > 0.4, "the next sentence is whole"


def test_many_voices_are_told_apart(tmp_path: Path) -> None:
    many = VitsSynthesizer(load_vits(build_tiny_vits(tmp_path / "vits-vctk", speakers=109)))
    assert [one.name for one in many.voices()] == list(VCTK)
    assert len({one.label for one in many.voices()}) == len(VCTK)
    sounds = [say(many, "Where is the red cup?", Voice(one.name)).samples for one in many.voices()]
    for index, one in enumerate(sounds):
        for other in sounds[index + 1 :]:
            assert one.size != other.size or np.abs(one - other).max() > 1e-3


def test_an_unknown_voice_is_a_clear_sentence(voice: VitsSynthesizer) -> None:
    with pytest.raises(RuntimeError, match=r"There is no voice 'robot'. Choose one of: vits-lj"):
        voice.synthesize("Hello.", Voice("robot"), CancelToken())


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "vocab.json"])
def test_a_missing_or_truncated_file_is_named(folder: Path, tmp_path: Path, name: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    whole = (copy / name).read_bytes()
    (copy / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RuntimeError, match="Fetch it again") as caught:
        load_vits(copy)
    assert "\n" not in str(caught.value)
    (copy / name).unlink()
    with pytest.raises(FileNotFoundError, match=name):
        load_vits(copy)


def test_weights_that_lack_a_part_are_no_voice(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    weights = load_file(copy / "model.safetensors")
    del weights["decoder.conv_pre.weight"]
    save_file(weights, copy / "model.safetensors", {"format": "pt"})
    with pytest.raises(RuntimeError, match=r"lacks decoder\.conv_pre\.weight"):
        load_vits(copy)


def test_a_network_that_reads_letters_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="reads letters"):
        load_vits(build_tiny_vits(tmp_path / "mms", phonemize=False))


def test_the_names_of_weights_that_were_used_in_2023_are_read(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    kinds = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}
    weights = load_file(copy / "model.safetensors")
    old = {}
    for name, value in weights.items():
        for new_kind, old_kind in kinds.items():
            name = name.replace(new_kind, old_kind)
        old[name] = value
    assert set(old) != set(weights)
    save_file(old, copy / "model.safetensors", {"format": "pt"})
    new, read = (say(VitsSynthesizer(load_vits(one)), TEN_WORDS) for one in (folder, copy))
    assert np.allclose(new.samples, read.samples, atol=1e-5)
