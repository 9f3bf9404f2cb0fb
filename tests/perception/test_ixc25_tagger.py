from __future__ import annotations

import numpy as np
import pytest
from models.ixc25 import tiny_audio
from models.ixc25.tiny_audio import HIGH_HZ, LOW_HZ, MIDDLE_HZ, tone

from omnilive_demo.models.ixc25_omnilive.audio_model import AudioModel, Told, load_audio_model
from omnilive_demo.models.sound_words import NAMED, UNTOLD
from omnilive_demo.perception import audioset_labels
from omnilive_demo.perception.ixc25_sounds import name_of
from omnilive_demo.perception.ixc25_tagger import Ixc25Tagger
from omnilive_demo.perception.sound_names import SoundNames
from omnilive_demo.perception.sound_tagger import Tag
from omnilive_demo.records import Heard


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> AudioModel:
    return load_audio_model(tiny_audio.built(tmp_path_factory))


@pytest.fixture(scope="module")
def tagger(model: AudioModel) -> Ixc25Tagger:
    return Ixc25Tagger(model, "the ear")


class Says:
    """A model with a fixed answer."""

    name, most_samples = "says", 30 * 16_000

    def __init__(self, told: Told) -> None:
        self.told = told
        self.heard: list[np.ndarray] = []

    def label(self, sounds: list[np.ndarray]) -> list[Told]:
        self.heard += sounds
        return [self.told]


def test_sound_in_label_out(tagger):
    assert tagger.name == "the ear"
    for hz, name in ((LOW_HZ, "speech"), (MIDDLE_HZ, "vacuum cleaner"), (HIGH_HZ, "ringing phone")):
        tag = tagger.tag(tone(hz, 1.5))
        assert tag.label == name
        assert 0.5 < tag.score <= 1.0


def test_silence_is_not_asked_about_and_a_long_sound_ends_where_it_ends(tagger):
    assert tagger.tag(np.zeros(16_000, np.float32)) == Tag("silence", 1.0)
    assert tagger.tag(np.concatenate([tone(LOW_HZ, 5.0), tone(HIGH_HZ, 4.0)])).label == "ringing phone"


def test_what_is_short_has_silence_before_it():
    model = Says(Told("Bark", "", -0.1, 0.8))
    tagger = Ixc25Tagger(model)  # type: ignore[arg-type]
    assert tagger.tag(tone(LOW_HZ, 0.3)) == Tag("barking", 0.8)
    heard = model.heard[-1]
    assert len(heard) == 16_000
    assert not heard[:11_200].any()
    assert heard[11_201:].any()


def test_what_it_is_not_sure_of_or_did_not_finish_has_no_name():
    for told, score in (
        (Told("Bark", "", -2.0, 0.1), 0.1),
        (Told("Barkbarkbark", "", -0.1, 0.8, whole=False), 0.0),
        (Told("Xylograph", "", -0.1, 0.8), 0.8),
        (Told("", "", -0.1, 0.8), 0.8),
    ):
        assert Ixc25Tagger(Says(told)).tag(tone(LOW_HZ, 1.0)) == Tag("sound", score)  # type: ignore[arg-type]


def test_the_sound_of_an_utterance_gets_its_name(tagger):
    """As the session uses it: the newest windows are kept, and what was found in them is named."""
    names = SoundNames("microphone", tagger)
    sound = tone(HIGH_HZ, 2.0)
    for at in range(0, len(sound) - 511, 512):
        names.hear(sound[at : at + 512], at / 16_000)
    named = names.name(Heard(0.2, 1.8, "sound", 0.5, "microphone"))
    assert named is not None
    assert named.label == "ringing phone"


# ---- labels --------------------------------------------------------------------------------------------------------


def test_labels_as_the_released_model_spells_them():
    for label, name in {
        "Speech": "speech", "speech": "speech", "silence": "silence", "Malespeechandmanspeaking": "speech",
        "Vacuumcleaner": "vacuum cleaner", "Walkandfootsteps": "footsteps", "Fill(withliquid)": "pouring",
        "Dishesandpotsandpans": "rattling dishes", "Beeandwaspandetc.": "buzzing insects", "Tick-tock": "ticking clock",
        "Fixed-wingaircraftandairplane": "airplane", "Vehiclehornandcarhornandhonking": "car horn",
        "Cat": "meowing cat",
        "Cellphonebuzzandvibratingalert": "ringing phone", "Walk_and_footsteps": "footsteps", "Humanvoice": "speech",
        "Fireengineandfiretruck(siren)": "siren", "Windinstrumentandwoodwindinstrument": "music", "Dog.": "barking",
        "Crowingandcock-a-doodle-doo": "crowing rooster", "Crack": "sound", "Whatever": "sound", "": "sound",
    }.items():  # fmt: skip
        assert name_of(label) == name, label


def test_every_label_of_audioset_that_has_a_name_has_it_run_together_too():
    spelled = audioset_labels.spelled()
    for label, name in spelled.items():
        run = label.replace(", and ", "and").replace(", ", "and").replace(" ", "")
        assert name_of(run) == name_of(label) == name
    names = {name_of(label) for label in spelled}
    assert {*NAMED, *UNTOLD} - {"other"} <= names
