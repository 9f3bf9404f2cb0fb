"""What the 527 labels of AudioSet are called here: the names of `sound_words.py`, more plain names, or nothing.

AudioSet is multi-label: a model gives each label a chance of its own, and a dog that barks is "Dog", "Bark", "Animal"
and "Domestic animals, pets" at once. Labels of one name count as one; labels that nobody would say ("Inside, small
room", "Sound effect") have no name. The spelling is the ontology's (research.google.com/audioset).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.models.sound_words import NAMED, UNNAMED, UNTOLD
from omnilive_demo.perception.sound_tagger import Tag

_LABELS: dict[str, str] = {
    "silence": "Silence",
    "speech": "Speech|Male speech, man speaking|Female speech, woman speaking|Child speech, kid speaking|Conversation"
    "|Narration, monologue|Babbling|Speech synthesizer|Shout|Bellow|Whoop|Yell|Battle cry|Children shouting|Screaming"
    "|Whispering|Chatter",
    "music": "Music|Musical instrument|Singing|Choir|Male singing|Female singing|Child singing|Synthetic singing"
    "|Rapping|Humming|Chant|Yodeling|Mantra|Song|Background music|Theme music|Jingle (music)|Soundtrack music|Lullaby"
    "|Pop music|Hip hop music|Rock music|Heavy metal|Rock and roll|Rhythm and blues|Reggae|Country|Folk music|Jazz"
    "|Disco|Classical music|Opera|Electronic music|Techno|Blues|Vocal music|Dance music|Christmas music|Guitar"
    "|Plucked string instrument|Electric guitar|Bass guitar|Acoustic guitar|Strum|Banjo|Ukulele|Keyboard (musical)"
    "|Piano|Electric piano|Organ|Synthesizer|Percussion|Drum kit|Drum machine|Drum|Snare drum|Bass drum|Cymbal|Hi-hat"
    "|Orchestra|Brass instrument|Trumpet|Trombone|French horn|Bowed string instrument|Violin, fiddle|Cello"
    "|Double bass|Wind instrument, woodwind instrument|Flute|Saxophone|Clarinet|Harp|Harmonica|Accordion|Bagpipes"
    "|Marimba, xylophone|Glockenspiel|Vibraphone|Mallet percussion|Happy music|Sad music|Tender music|Exciting music"
    "|Scary music|Video game music|Ambient music|Beatboxing",
    "laughing": "Laughter|Baby laughter|Giggle|Snicker|Belly laugh|Chuckle, chortle",
    "clapping": "Clapping|Applause",
    "knocking": "Knock|Tap",
    "whistling": "Whistling|Whistle|Steam whistle",
    "bell": "Bell|Church bell|Jingle bell|Bicycle bell|Chime|Wind chime|Change ringing (campanology)|Doorbell"
    "|Ding-dong|Ding|Gong|Tubular bells|Cowbell",
    "alarm": "Alarm|Alarm clock|Buzzer|Smoke detector, smoke alarm|Fire alarm|Car alarm|Beep, bleep|Reversing beeps",
    "barking": "Dog|Bark|Bow-wow|Yip",
    "rain": "Rain|Raindrop|Rain on surface",
    "footsteps": "Walk, footsteps|Run",
    "engine": "Engine|Light engine (high frequency)|Medium engine (mid frequency)|Heavy engine (low frequency)"
    "|Engine knocking|Engine starting|Idling|Accelerating, revving, vroom|Lawn mower|Motor vehicle (road)|Car"
    "|Car passing by|Race car, auto racing|Truck|Bus|Motorcycle|Traffic noise, roadway noise",
    "coughing": "Cough|Throat clearing",
    "siren": "Siren|Civil defense siren|Police car (siren)|Ambulance (siren)|Fire engine, fire truck (siren)"
    "|Emergency vehicle",
    "ringing phone": "Telephone|Telephone bell ringing|Ringtone",
    "typing": "Typing|Typewriter|Computer keyboard",
    # Names beyond `sound_words.NAMED`: as an answer says them, with the word that people ask for in them.
    "crying baby": "Baby cry, infant cry",
    "crying": "Crying, sobbing|Whimper|Wail, moan",
    "sneezing": "Sneeze",
    "snoring": "Snoring",
    "hiccup": "Hiccup",
    "cheering": "Cheering",
    "crowd": "Crowd|Hubbub, speech noise, speech babble",
    "finger snapping": "Finger snapping",
    "howling": "Howl",
    "growling": "Growling",
    "meowing cat": "Cat|Meow|Purr|Caterwaul",
    "singing birds": "Bird|Bird vocalization, bird call, bird song|Chirp, tweet",
    "cawing crow": "Crow|Caw",
    "hooting owl": "Owl|Hoot",
    "quacking duck": "Duck|Quack",
    "crowing rooster": "Crowing, cock-a-doodle-doo",
    "clucking hen": "Chicken, rooster|Cluck",
    "horse": "Horse|Clip-clop|Neigh, whinny",
    "mooing cow": "Cattle, bovinae|Moo",
    "bleating sheep": "Sheep|Bleat",
    "croaking frog": "Frog|Croak",
    "chirping crickets": "Cricket",
    "buzzing insects": "Bee, wasp, etc.|Mosquito|Fly, housefly",
    "thunderstorm": "Thunderstorm|Thunder",
    "waves": "Ocean|Waves, surf",
    "running water": "Stream|Waterfall|Water tap, faucet|Sink (filling or washing)|Bathtub (filling or washing)",
    "toilet flush": "Toilet flush",
    "boiling": "Boiling",
    "frying": "Frying (food)|Sizzle",
    "pouring": "Pour|Fill (with liquid)",
    "splash": "Splash, splatter",
    "dripping": "Drip",
    "rattling dishes": "Dishes, pots, and pans|Cutlery, silverware",
    "chopping": "Chopping (food)",
    "microwave oven": "Microwave oven",
    "blender": "Blender",
    "hair dryer": "Hair dryer",
    "vacuum cleaner": "Vacuum cleaner",
    "jangling keys": "Keys jangling",
    "zipper": "Zipper (clothing)",
    "slamming door": "Slam",
    "creaking": "Creak|Squeak",
    "breaking glass": "Shatter",
    "ticking clock": "Tick|Tick-tock",
    "printer": "Printer",
    "hammering": "Hammer|Jackhammer",
    "sawing": "Sawing|Chainsaw",
    "drilling": "Drill|Power tool",
    "explosion": "Explosion",
    "gunshot": "Gunshot, gunfire|Machine gun",
    "fireworks": "Fireworks|Firecracker",
    "helicopter": "Helicopter",
    "airplane": "Fixed-wing aircraft, airplane|Jet engine|Aircraft engine",
    "train": "Train|Train whistle|Train horn|Rail transport|Subway, metro, underground",
    "car horn": "Vehicle horn, car horn, honking|Air horn, truck horn",
    "squealing tires": "Skidding|Tire squeal",
    "bang": "Bang",
    "crash": "Smash, crash",
    "fan": "Mechanical fan|Air conditioning",
    "sewing machine": "Sewing machine",
}
LASTING_NAMES = frozenset(
    ("crying baby", "crying", "snoring", "cheering", "crowd", "howling", "growling", "meowing cat", "singing birds",
     "chirping crickets", "buzzing insects", "thunderstorm", "waves", "running water", "boiling", "frying", "pouring",
     "dripping", "rattling dishes", "chopping", "microwave oven", "blender", "hair dryer", "vacuum cleaner",
     "ticking clock", "printer", "hammering", "sawing", "drilling", "fireworks", "helicopter", "airplane", "train",
     "fan", "sewing machine")
)  # fmt: skip
"""Names beyond `sound_words.NAMED` of sounds that go on: to be told once."""


@dataclass(frozen=True, slots=True)
class Sureness:
    """From a model's chances to scores, and when a score is enough.

    Models of AudioSet are too modest, as its labels were given sparsely: a chance of 0.3 that something is heard is
    mostly right. score = sigmoid(slope * logit(chance) + offset). least: for a name of `sound_words.NAMED`. sure: for
    any other name. clearly: so much surer one of those must be to go before one of NAMED.
    """

    slope: float = 1.4
    offset: float = 1.6
    least: float = 0.5
    sure: float = 0.85
    clearly: float = 0.08

    def scores(self, chances: NDArray[np.float32]) -> NDArray[np.float32]:
        """Calibrated, in the chances' shape."""
        chances = np.clip(chances, 1e-6, 1.0 - 1e-6)
        return np.asarray(1.0 / (1.0 + np.exp(-(self.slope * np.log(chances / (1.0 - chances)) + self.offset))))


def judge(chances: NDArray[np.float32], labels: Sequence[str], sureness: Sureness) -> Tag:
    """What a sound is, by the chance (0..1) of each AudioSet label in each of its windows, `[windows, labels]`.

    What is heard in one window is heard in the sound; silent is only what is silent in all of them.
    """
    most, least = sureness.scores(chances.max(0)), sureness.scores(chances.min(0))
    found: dict[str, float] = {}
    for index, label in enumerate(labels):
        if name := name_of(label):
            scores = least if name == "silence" else most
            found[name] = max(found.get(name, 0.0), float(scores[index]))
    told = {name: score for name, score in found.items() if name in NAMED}
    best, score = _best(told)
    more, more_score = _best({name: s for name, s in found.items() if name not in NAMED and name not in UNTOLD})
    if more_score >= sureness.sure and more_score > score + sureness.clearly:
        best, score = more, more_score
    plain, plain_score = _best({name: found.get(name, 0.0) for name in ("speech", "silence")})
    if plain_score >= max(score, sureness.least):
        return Tag(plain, plain_score)
    return Tag(best if score >= sureness.least else UNNAMED, max(score, plain_score))


def name_of(label: str) -> str:
    """Our name for an AudioSet label; empty when it has none."""
    return _names().get(_key(label), "")


def told_names(labels: Iterable[str]) -> tuple[str, ...]:
    """Our names for these AudioSet labels, each once, of those that are told."""
    return tuple(dict.fromkeys(name for name in map(name_of, labels) if name and name not in UNTOLD))


def spelled() -> dict[str, str]:
    """AudioSet's labels, as the ontology spells them, with our name for each."""
    return {label: name for name, labels in _LABELS.items() for label in labels.split("|")}


@cache
def _names() -> dict[str, str]:
    return {_key(label): name for label, name in spelled().items()}


def _key(label: str) -> str:
    """Some lists write "Smoke_detector,_smoke_alarm"."""
    return " ".join(label.replace("_", " ").lower().split())


def _best(scores: dict[str, float]) -> tuple[str, float]:
    if not scores:
        return "", 0.0
    name = max(scores, key=lambda name: scores[name])
    return name, scores[name]
