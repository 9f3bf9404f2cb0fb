from __future__ import annotations

import shutil
import weakref
from pathlib import Path

import numpy as np
import pytest
from test_espeak import CancelledAfter
from tiny_f5 import build_tiny_f5

from omnilive_demo.cancel import CancelToken
from omnilive_demo.config import ASSETS
from omnilive_demo.models.f5_model import _letters, _sizes, load_f5
from omnilive_demo.speech.f5_voice import READER, F5Synthesizer
from omnilive_demo.speech.heard_words import spoken_by
from omnilive_demo.speech.pieces import pieces
from omnilive_demo.speech.playout import RATE_HZ
from omnilive_demo.speech.synthesizer import SpokenSentence, Voice
from omnilive_demo.speech.visitor_voice import OWN, OwnVoice, VisitorVoice

TEN_WORDS = "You left your keys in the blue drawer this morning."
LONG = "The kettle is on the left, and it boils quickly; " * 8 + "that is all."
STEPS = 4


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_f5(tmp_path_factory.mktemp("f5") / "F5TTS_v1_Base")


@pytest.fixture(scope="module")
def voice(folder: Path) -> F5Synthesizer:
    return F5Synthesizer(load_f5(folder, device="cpu"), STEPS)


def say(voice: F5Synthesizer, text: str, how: Voice = Voice(READER)) -> SpokenSentence:  # noqa: B008
    spoken = voice.synthesize(text, how, CancelToken())
    assert spoken is not None
    return spoken


def seconds(spoken: SpokenSentence) -> float:
    return spoken.samples.size / spoken.rate_hz


def lent(seconds_: float = 4.0) -> VisitorVoice:
    noise = np.random.default_rng(3).normal(0, 0.05, round(seconds_ * RATE_HZ)).astype(np.float32)
    return VisitorVoice(noise, "I lend my voice for this visit only.", "en")


def test_a_sentence_becomes_sound_at_the_pace_of_the_example(voice: F5Synthesizer) -> None:
    spoken = say(voice, TEN_WORDS)
    assert spoken.rate_hz == RATE_HZ
    assert spoken.samples.dtype == np.float32
    assert spoken.text == TEN_WORDS
    pace = 117 / 7.15  # bytes and seconds of the bundled example
    assert seconds(spoken) == pytest.approx(len(TEN_WORDS) / pace, abs=0.4)
    assert np.abs(spoken.samples).max() <= 0.91
    assert np.sqrt(np.mean(np.square(spoken.samples))) <= 0.101


def test_rate_changes_the_length(voice: F5Synthesizer) -> None:
    normal = seconds(say(voice, TEN_WORDS))
    assert seconds(say(voice, TEN_WORDS, Voice(READER, 2.0))) == pytest.approx(normal / 2, rel=0.15)
    assert seconds(say(voice, TEN_WORDS, Voice(READER, 0.5))) == pytest.approx(normal * 2, rel=0.15)


def test_words_are_placed_by_their_letters(voice: F5Synthesizer) -> None:
    spoken = say(voice, TEN_WORDS)
    assert [TEN_WORDS[offset:].split()[0] for offset, _ in spoken.word_starts_s] == TEN_WORDS.split()
    starts = [start_s for _, start_s in spoken.word_starts_s]
    assert starts[0] == 0
    assert starts == sorted(starts)
    assert starts[-1] < seconds(spoken)


def test_chinese_is_heard_by_the_character(voice: F5Synthesizer) -> None:
    text = "你好，世界。今天早上你好。"
    spoken = say(voice, text)
    assert seconds(spoken) > 1
    assert spoken_by(spoken, seconds(spoken) / 2) == text[: len(spoken_by(spoken, seconds(spoken) / 2))]
    assert 4 <= len(spoken_by(spoken, seconds(spoken) / 2)) <= 8


def test_a_long_sentence_is_spoken_in_pieces_and_loses_nothing(voice: F5Synthesizer) -> None:
    spoken = say(voice, LONG)
    assert seconds(spoken) == pytest.approx(len(LONG) / (117 / 7.15), rel=0.1)
    assert len(spoken.word_starts_s) == len(LONG.split())
    starts = [start_s for _, start_s in spoken.word_starts_s]
    assert starts == sorted(starts)


@pytest.mark.parametrize("text", [LONG, "x" * 300, "今天早上，你好。" * 30, "a " * 200, ""])
def test_pieces_fit_and_add_up(text: str) -> None:
    found = pieces(text, 60)
    assert "".join(piece for _, piece in found) == text
    assert all(len(piece.encode()) <= 60 for _, piece in found)
    assert all(text[offset:].startswith(piece) for offset, piece in found)


def test_pieces_end_with_a_clause() -> None:
    assert [piece for _, piece in pieces("one two, three four; five", 18)] == ["one two, ", "three four; five"]
    assert [piece for _, piece in pieces("今天早上，我看见小船。", 24)] == ["今天早上，", "我看见小船。"]
    assert [piece for _, piece in pieces("no, it is not in the left drawer", 26)] == [
        "no, it is not in the left ",
        "drawer",
    ]


def test_text_without_words_is_no_sound(voice: F5Synthesizer) -> None:
    for text in ("…", "   ", ""):
        assert say(voice, text).samples.size == 0


def test_what_is_said_depends_on_the_text_only_of_this_sentence(voice: F5Synthesizer) -> None:
    """The network caches the text of a sentence; a cancelled one must not leave it behind."""
    import torch

    def seeded(text: str) -> np.ndarray:
        torch.manual_seed(1)
        return say(voice, text).samples

    first, other = seeded("Here is the cup."), seeded("Here is the hat.")
    assert first.shape != other.shape or np.abs(first - other).max() > 1e-4
    assert voice.synthesize("Quite another text.", Voice(READER), CancelledAfter(3)) is None
    again = seeded("Here is the cup.")
    assert again.shape == first.shape
    assert np.abs(again - first).max() < 1e-5


def test_a_cancel_ends_it_within_one_step(voice: F5Synthesizer) -> None:
    runs = []
    transformer = voice._model._flow.transformer
    hook = transformer.register_forward_hook(lambda *_: runs.append(1))
    token = CancelledAfter(3)  # the call itself, and two steps
    assert voice.synthesize(TEN_WORDS, Voice(READER), token) is None
    assert len(runs) == 2
    hook.remove()
    cancelled = CancelToken()
    cancelled.cancel()
    assert voice.synthesize(TEN_WORDS, Voice(READER), cancelled) is None
    assert seconds(say(voice, TEN_WORDS)) > 1, "the next sentence is whole"


def test_steps_are_honoured(folder: Path) -> None:
    for steps in (1, 7):
        voice = F5Synthesizer(load_f5(folder, device="cpu"), steps)
        runs: list[int] = []
        voice._model._flow.transformer.register_forward_hook(lambda *_, runs=runs: runs.append(1))
        say(voice, TEN_WORDS)
        assert len(runs) == steps


def test_a_visitor_speaks_and_is_forgotten(voice: F5Synthesizer) -> None:
    visitor = lent()
    spoken = say(voice, TEN_WORDS, OwnVoice(OWN, 1.0, visitor))
    pace = len("I lend my voice for this visit only. ") / 4.05
    assert seconds(spoken) == pytest.approx(len(TEN_WORDS) / pace, abs=0.4), "at the visitor's pace"
    assert OWN not in [one.name for one in voice.voices()], "nobody else is offered it"
    assert len(voice._lent) == 1
    gone = weakref.ref(visitor)
    del visitor
    assert gone() is None
    assert not voice._lent


def test_an_unknown_voice_is_a_clear_sentence(voice: F5Synthesizer) -> None:
    for unknown in (Voice("robot"), OwnVoice(OWN)):
        with pytest.raises(RuntimeError, match="There is no voice"):
            voice.synthesize("Hello.", unknown, CancelToken())


def test_half_precision_speaks_too(folder: Path) -> None:
    model = load_f5(folder, device="cpu", dtype="bfloat16")
    assert seconds(say(F5Synthesizer(model, STEPS), TEN_WORDS)) > 1


def test_what_goes_wrong_inside_is_one_sentence(voice: F5Synthesizer, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("CUDA error: something\nand a long tail")

    monkeypatch.setattr(voice._model, "speak", broken)
    with pytest.raises(RuntimeError, match=r"F5-TTS could not speak this sentence \(CUDA error: something\)\."):
        say(voice, TEN_WORDS)
    monkeypatch.setattr(voice._model, "speak", lambda *_: np.full(9000, np.nan, np.float32))
    with pytest.raises(RuntimeError, match="no sound that can be played"):
        say(voice, TEN_WORDS)


@pytest.mark.parametrize(
    "name", ["model_1250000.safetensors", "vocab.txt", "vocos/config.yaml", "vocos/pytorch_model.bin"]
)
def test_a_missing_or_truncated_file_is_named(folder: Path, tmp_path: Path, name: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    whole = (copy / name).read_bytes()
    (copy / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RuntimeError, match=Path(name).name) as caught:
        load_f5(copy, device="cpu")
    assert "\n" not in str(caught.value)
    (copy / name).unlink()
    with pytest.raises(FileNotFoundError, match=Path(name).name):
        load_f5(copy, device="cpu")


def test_the_released_sizes_are_read_off_the_weights() -> None:
    """The released transformer as its package describes it, without memory for its weights."""
    import f5_tts
    import torch
    import yaml
    from f5_tts.model import DiT

    package = Path(f5_tts.__path__[0])
    released = yaml.safe_load((package / "configs" / "F5TTS_v1_Base.yaml").read_text())["model"]["arch"]
    with torch.device("meta"):
        transformer = DiT(**released, text_num_embeds=2545, mel_dim=100)
    sizes = _sizes(transformer.state_dict())
    told = ("dim", "depth", "heads", "ff_mult", "text_dim", "conv_layers")
    assert sizes == {name: released[name] for name in told} | {"mel_dim": 100}
    assert len(_letters(package / "infer" / "examples" / "vocab.txt")) == 2545


def test_a_configuration_cannot_name_foreign_classes(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    config = copy / "vocos" / "config.yaml"
    config.write_text(config.read_text().replace("vocos.heads.ISTFTHead", "subprocess.Popen"))
    with pytest.raises(RuntimeError, match=r"subprocess\.Popen"):
        load_f5(copy, device="cpu")


def test_the_bundled_reader_is_there_and_a_broken_one_is_told(folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "reader.wav"
    broken.write_bytes((ASSETS / "voices" / "reader.wav").read_bytes()[:5000])
    model = load_f5(folder, device="cpu")
    for path in (broken, tmp_path / "none.wav"):
        with pytest.raises(RuntimeError, match="Fetch the project's assets again"):
            F5Synthesizer(model, STEPS, (path, "Hello."))
