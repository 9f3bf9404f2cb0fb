from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from perception import tiny_ast
from perception.tiny_ast import LABELS, MEANT, sound

from omnilive_demo.models.sound_words import _ALSO_SAID_AS, NAMED, UNNAMED
from omnilive_demo.perception.audioset_labels import _LABELS, LASTING_NAMES, Sureness, judge, name_of
from omnilive_demo.perception.audioset_tagger import AudioSetTagger, cut
from omnilive_demo.perception.sound_names import LASTING, SoundNames
from omnilive_demo.perception.sound_tagger import Tag, told
from omnilive_demo.records import Heard

ALL = tuple(label for labels in _LABELS.values() for label in labels.split("|"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tiny_ast.build(tmp_path_factory.mktemp("ast") / "ast-tiny-audioset")


@pytest.fixture(scope="module")
def tagger(folder: Path) -> AudioSetTagger:
    return AudioSetTagger(folder, "cpu")


def heard(**chances: float) -> Tag:
    """Judged by some labels' chances (`Smoke_alarm=0.4`), all others 0.01."""
    names = {label.split(",")[0].replace(" ", "_"): index for index, label in enumerate(ALL)}
    row = np.full(len(ALL), 0.01, np.float32)
    for label, chance in chances.items():
        row[names[label]] = chance
    return judge(row[None], ALL, Sureness())


# ---- from a model's chances to a name ------------------------------------------------------------------------------


def test_the_names_are_ours():
    assert set(NAMED) <= set(_LABELS)
    assert len(set(ALL)) == len(ALL)
    assert name_of("Smoke detector, smoke alarm") == name_of("Smoke_detector,_smoke_alarm") == "alarm"
    assert name_of("Telephone bell ringing") == "ringing phone"
    assert name_of("Inside, small room") == name_of("Animal") == ""
    assert LASTING_NAMES.issubset(set(_LABELS) - set(NAMED))
    assert LASTING_NAMES < LASTING
    assert set(_LABELS) == {*NAMED, *_ALSO_SAID_AS, "speech", "silence"}, "and each can be asked for"


def test_labels_of_one_name_count_as_one():
    assert heard(Dog=0.6, Bark=0.4).label == "barking"
    assert heard(Dog=0.6, Bark=0.4).score == heard(Dog=0.6).score
    assert heard(Alarm=0.3, Siren=0.5).label == "siren"


def test_a_modest_chance_is_enough_and_a_tiny_one_is_not():
    assert heard(Knock=0.3).label == "knocking"
    assert 0.55 < heard(Knock=0.3).score < 0.7
    assert heard(Knock=0.1).label == UNNAMED
    assert heard().label == UNNAMED
    assert heard(Rain=0.99).score > 0.99


def test_scores_rise_with_the_chance():
    scores = Sureness().scores(np.linspace(0, 1, 50, dtype=np.float32))
    assert (np.diff(scores) >= 0).all()
    assert 0 <= scores[0] < 0.01
    assert 0.99 < scores[-1] <= 1


def test_speech_goes_before_what_is_no_surer():
    assert heard(Speech=0.8, Music=0.5).label == "speech"
    assert heard(Speech=0.3, Music=0.8).label == "music"
    assert heard(Yell=0.8).label == heard(Conversation=0.5).label == "speech"
    assert heard(Silence=0.9).label == "silence"
    assert not told(heard(Speech=0.9))


def test_a_sound_is_what_is_heard_in_any_window_and_silent_where_all_are():
    labels = ("Silence", "Knock")
    rows = np.array([[0.9, 0.01], [0.01, 0.6], [0.9, 0.01]], np.float32)
    assert judge(rows, labels, Sureness()).label == "knocking"
    assert judge(rows[::2], labels, Sureness()).label == "silence"
    assert judge(np.array([[0.9, 0.01], [0.01, 0.02]], np.float32), labels, Sureness()).label == UNNAMED


def test_other_sounds_are_named_only_when_the_model_is_sure():
    assert heard(Meow=0.7).label == "meowing cat"
    assert heard(Meow=0.4).label == UNNAMED
    assert heard(Vacuum_cleaner=0.7, Engine=0.5).label == "vacuum cleaner"
    assert heard(Train=0.65, Engine=0.6).label == "engine"
    assert told(heard(Meow=0.7))


def test_labels_without_a_name_are_never_told():
    labels = ("Animal", "Inside, small room", "Sound effect")
    assert judge(np.full((1, 3), 0.99, np.float32), labels, Sureness()) == Tag(UNNAMED, 0.0)


def test_sounds_of_a_stream_may_have_names_of_their_own():
    class Cat:
        name = "cat"
        names = ()

        def tag(self, sound: np.ndarray) -> Tag:
            return Tag("meowing cat", 0.95)

    names = SoundNames("visitor", Cat())
    assert names.name(Heard(1.0, 2.0, UNNAMED, 0.5)) == Heard(1.0, 2.0, "meowing cat", 0.95)
    assert names.so_far(0.0, 1.0) == "meowing cat"


# ---- the model -----------------------------------------------------------------------------------------------------


def test_sounds_that_it_never_heard_get_their_names(tagger: AudioSetTagger) -> None:
    right = [tagger.tag(sound(name, seed)).label == name for name in MEANT for seed in range(100, 106)]
    assert sum(right) >= 0.9 * len(right)


def test_a_long_sound_is_heard_in_several_windows(tagger: AudioSetTagger) -> None:
    assert tagger.chances(sound("rain", 200, 3.0)).shape == (2, len(LABELS))
    late = np.concatenate([sound("silence", 200, 3.5), sound("rain", 200, 2.6)])
    assert tagger.chances(late).shape == (3, len(LABELS))
    assert tagger.tag(late).label == "rain"


def test_hardly_any_sound_is_no_fault(tagger: AudioSetTagger) -> None:
    for samples in (0, 1, 300):
        assert tagger.tag(np.zeros(samples, np.float32)).label == "silence"
    assert tagger.chances(0.1 * np.ones(10, np.float32)).shape == (1, len(LABELS))


def test_calls_from_several_threads_agree(tagger: AudioSetTagger) -> None:
    sounds = [sound(name, 300) for name in MEANT]
    alone = [tagger.tag(one) for one in sounds]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(tagger.tag, sounds * 3))
    assert [tag.label for tag in together] == [tag.label for tag in alone] * 3


def test_windows_cover_the_sound_from_its_begin_to_its_end() -> None:
    ramp = np.arange(100_000, dtype=np.float32)
    assert [len(window) for window in cut(ramp[:30_000], 40_000)] == [30_000]
    assert [len(window) for window in cut(ramp[:50_000], 40_000)] == [40_000] * 2
    long = cut(ramp, 40_000)
    assert len(long) == 3
    assert (long[0][0], long[-1][-1]) == (0, 99_999)
    short = cut(ramp[:100], 40_000)
    assert (len(short[0]), short[0][-1]) == (16_000, 99)


def test_a_shorter_window_uses_the_middle_of_the_positions(folder: Path) -> None:
    whole, short = AudioSetTagger(folder, "cpu"), AudioSetTagger(folder, "cpu", window_s=1.36)
    before = whole._model.audio_spectrogram_transformer.embeddings.position_embeddings[0]
    after = short._model.audio_spectrogram_transformer.embeddings.position_embeddings[0]
    bands, times, left = 12, 25, 13
    assert len(before) == 2 + bands * times
    assert len(after) == 2 + bands * left
    grid = before[2:].unflatten(0, (bands, times))[:, 6 : 6 + left]
    assert (after[2:].unflatten(0, (bands, left)) == grid).all()
    assert (after[:2] == before[:2]).all()
    assert short.chances(sound("rain", 1)).shape == (2, len(LABELS))
    same = AudioSetTagger(folder, "cpu", window_s=2.56)
    np.testing.assert_array_equal(same.chances(sound("rain", 1)), whole.chances(sound("rain", 1)))
    for window_s in (0.1, 10.24):
        with pytest.raises(ValueError, match=r"between 0\.16 and 2\.56 seconds"):
            AudioSetTagger(folder, "cpu", window_s=window_s)


def test_missing_broken_and_foreign_files_are_told_plainly(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"config\.json, preprocessor_config\.json, model\.safetensors"):
        AudioSetTagger(tmp_path)
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    config = json.loads((copy / "config.json").read_text("utf-8"))
    config["id2label"] = {index: f"digit {index}" for index in range(len(LABELS))}
    (copy / "config.json").write_text(json.dumps(config), "utf-8")
    with pytest.raises(ValueError, match="AudioSet"):
        AudioSetTagger(copy)
    weights = (folder / "model.safetensors").read_bytes()
    (copy / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(RuntimeError, match="cannot be read"):
        AudioSetTagger(copy)


def test_it_tells_which_names_it_may_give(tagger: AudioSetTagger) -> None:
    assert set(tagger.names) == {name_of(label) for label in tagger._labels} - {"", "speech", "silence", "other"}
