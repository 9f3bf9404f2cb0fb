from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import espeakng_loader
import numpy as np
import pytest

from omnilive_demo.cancel import CancelToken
from omnilive_demo.speech import espeak
from omnilive_demo.speech.espeak import VOICES, ESpeakSynthesizer
from omnilive_demo.speech.playout import RATE_HZ
from omnilive_demo.speech.synthesizer import SpokenSentence, Voice

TEN_WORDS = "You left your keys in the blue drawer this morning."


@pytest.fixture(scope="module")
def voice() -> ESpeakSynthesizer:
    return ESpeakSynthesizer()


def say(voice: ESpeakSynthesizer, text: str, how: Voice = Voice()) -> SpokenSentence:  # noqa: B008
    spoken = voice.synthesize(text, how, CancelToken())
    assert spoken is not None
    return spoken


def seconds(spoken: SpokenSentence) -> float:
    return spoken.samples.size / spoken.rate_hz


def test_a_sentence_becomes_sound_of_a_common_level_without_clipping(voice: ESpeakSynthesizer) -> None:
    for name in VOICES:
        spoken = say(voice, TEN_WORDS, Voice(name))
        assert spoken.rate_hz == RATE_HZ
        assert spoken.samples.dtype == np.float32
        rms_db = 20 * np.log10(np.sqrt(np.mean(np.square(spoken.samples))))
        assert -21.5 < rms_db < -19.5, name
        assert np.abs(spoken.samples).max() <= 0.91, name
        assert 1.5 < seconds(spoken) < 5, name


def test_speech_begins_and_ends_without_silence(voice: ESpeakSynthesizer) -> None:
    samples = np.abs(say(voice, TEN_WORDS).samples)
    assert samples[: RATE_HZ // 50].max() > 0.005
    assert samples[-RATE_HZ // 50 :].max() > 0.005


def test_every_word_has_its_place_in_text_and_sound(voice: ESpeakSynthesizer) -> None:
    spoken = say(voice, TEN_WORDS)
    offsets = [offset for offset, _ in spoken.word_starts_s]
    starts = [start_s for _, start_s in spoken.word_starts_s]
    words = [TEN_WORDS[offset:].split()[0] for offset in offsets]
    assert words == [word for word in TEN_WORDS.split() if word != "the"], "'in the' is said in one breath"
    assert starts == sorted(starts)
    assert starts[0] < 0.1
    assert starts[-1] < seconds(spoken)


def test_offsets_count_characters_and_not_bytes(voice: ESpeakSynthesizer) -> None:
    text = "Ünïcödé “quotes” é are — really — fine here."
    offsets = [offset for offset, _ in say(voice, text).word_starts_s]
    assert text.index("fine") in offsets
    assert text.index("here") in offsets


def test_markup_is_spoken_and_not_obeyed(voice: ESpeakSynthesizer) -> None:
    pause = say(voice, 'One <break time="5s"/> two.')
    assert seconds(pause) < 4.5
    assert 'One <break time="5s"/> two.'.index("time") in [offset for offset, _ in pause.word_starts_s]
    assert seconds(say(voice, "[[h@loU]] there.")) > 1.5 * seconds(say(voice, "Hello there."))
    assert seconds(say(voice, "I said <b>stop</b> to him.")) > seconds(say(voice, "I said stop to him."))


def test_control_characters_are_no_commands(voice: ESpeakSynthesizer) -> None:
    plain = say(voice, "This is the normal speed of it all.")
    slow = say(voice, "This is the \x01normal\x00 speed of it all.")
    assert slow.text == "This is the \x01normal\x00 speed of it all."
    assert len(slow.word_starts_s) == len(plain.word_starts_s)
    assert seconds(say(voice, "\x0180S This is the normal speed of it all.")) < 2.2 * seconds(plain)


def test_rate_changes_the_length(voice: ESpeakSynthesizer) -> None:
    normal = seconds(say(voice, TEN_WORDS))
    assert seconds(say(voice, TEN_WORDS, Voice(rate=2.0))) < 0.65 * normal
    assert seconds(say(voice, TEN_WORDS, Voice(rate=0.5))) > 1.6 * normal
    assert seconds(say(voice, TEN_WORDS)) == pytest.approx(normal, rel=0.02), "a rate does not stick"


def test_voices_differ_and_exist(voice: ESpeakSynthesizer) -> None:
    voices = voice.voices()
    assert voices[0].name == Voice().name
    assert len({(one.language, one.label) for one in voices}) == len(voices), "two cannot be told apart in a list"
    sounds = [say(voice, "Where is the red cup?", Voice(one.name)).samples for one in voices]
    data = Path(espeakng_loader.get_data_path())
    languages = {path.name.lower() for path in (data / "lang").glob("*/*")}
    variants = {path.name for path in (data / "voices" / "!v").iterdir()}
    for one in voices:
        language, _, variant = one.name.partition("+")
        assert language.startswith({"zh": "cmn"}.get(one.language, one.language))
        assert language in languages
        assert not variant or variant in variants
    for i, one in enumerate(sounds):
        for other in sounds[i + 1 :]:
            assert one.size != other.size or np.abs(one - other).max() > 0.05


def test_an_unknown_voice_is_a_clear_sentence(voice: ESpeakSynthesizer) -> None:
    with pytest.raises(RuntimeError, match=r"There is no voice 'robot'. Choose one of: en-us"):
        voice.synthesize("Hello.", Voice("robot"), CancelToken())


def test_text_without_words_is_no_sound(voice: ESpeakSynthesizer) -> None:
    assert say(voice, "…").samples.size == 0
    assert say(voice, "   ").samples.size == 0


def test_a_cancelled_sentence_gives_nothing(voice: ESpeakSynthesizer) -> None:
    token = CancelToken()
    token.cancel()
    assert voice.synthesize(TEN_WORDS, Voice(), token) is None


class CancelledAfter(CancelToken):
    """Cancels itself when it has been asked `asked` times."""

    __slots__ = ("left",)

    def __init__(self, asked: int) -> None:
        super().__init__()
        self.left = asked

    @property
    def cancelled(self) -> bool:
        self.left -= 1
        return self.left < 0


def test_a_cancel_ends_the_synthesis_within_one_buffer(voice: ESpeakSynthesizer) -> None:
    token = CancelledAfter(5)
    assert voice.synthesize("word " * 2000, Voice(), token) is None
    assert token.left > -4, "the library was told to stop and did not go on calling"
    assert seconds(say(voice, TEN_WORDS)) > 1.5, "the next sentence is whole"


def test_threads_take_turns(voice: ESpeakSynthesizer) -> None:
    alone = [say(voice, text).samples for text in ("The cup is red.", "A long blue drawer is there.")]
    results: dict[int, list[np.ndarray]] = {0: [], 1: []}

    def work(index: int, text: str) -> None:
        for _ in range(10):
            results[index].append(say(voice, text).samples)

    threads = [
        threading.Thread(target=work, args=(0, "The cup is red.")),
        threading.Thread(target=work, args=(1, "A long blue drawer is there.")),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index in (0, 1):
        assert all(abs(samples.size - alone[index].size) < 0.05 * alone[index].size for samples in results[index])


async def test_the_event_loop_stays_free_while_it_speaks(voice: ESpeakSynthesizer) -> None:
    """A thousand words take long enough to see: the loop must turn many times meanwhile."""
    turns = 0
    work = asyncio.create_task(asyncio.to_thread(say, voice, "the blue drawer " * 350))
    started_s = time.perf_counter()
    while not work.done():
        turns += 1
        await asyncio.sleep(0.001)
    assert turns > 0.1 * (time.perf_counter() - started_s) / 0.001


def test_a_missing_package_is_a_clear_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "espeakng_loader", None)
    monkeypatch.setattr(espeak, "_engine", None)
    with pytest.raises(RuntimeError, match="pip install espeakng-loader"):
        ESpeakSynthesizer()


def test_missing_data_is_a_clear_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(espeakng_loader, "get_data_path", lambda: str(tmp_path))
    with pytest.raises(RuntimeError, match="no eSpeak NG data"):
        espeak._data_path()


def test_a_library_that_does_not_load_is_a_clear_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "libespeak-ng.so"
    broken.write_bytes(b"not a library")
    monkeypatch.setattr(espeakng_loader, "get_library_path", lambda: str(broken))
    with pytest.raises(RuntimeError, match="does not load"):
        espeak._load_library()


def test_a_long_data_path_is_reached_through_a_short_link(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = espeakng_loader.get_data_path()
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    (deep / "espeak-ng-data").symlink_to(real, target_is_directory=True)
    monkeypatch.setattr(espeakng_loader, "get_data_path", lambda: str(deep / "espeak-ng-data"))
    path, link = espeak._data_path()
    assert len(path) <= 150
    assert (Path(path) / "phontab").is_file()
    assert link is not None
    link.cleanup()
