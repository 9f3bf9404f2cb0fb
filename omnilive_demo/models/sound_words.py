"""The sounds that have a name, and the words that people use for them.

`NAMED` are what the ears may report; answers say them as they stand ("I heard barking", "I heard an alarm"). The tagger
knows three more classes, which are never reported: silence, speech, and other (a sound of no class). A larger tagger
has more names, which answers say alike; people ask for those by the words of `_ALSO_SAID_AS`. What can be waited for
are the names of the taggers that run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import groupby

UNNAMED = "sound"
"""What a sound is called when nobody knows what it was."""

NAMED = (
    "music", "laughing", "clapping", "knocking", "whistling", "bell", "alarm", "barking", "rain", "footsteps", "engine",
    "coughing", "siren", "ringing phone", "typing",
)  # fmt: skip
UNTOLD = ("silence", "speech", "other")
CLASSES = (*UNTOLD, *NAMED)
"""The tagger's classes, in the order of its outputs."""

_SAID_AS: dict[str, str] = {
    "music": "music song songs tune melody singing sang sing band guitar piano drums radio",
    "laughing": "laugh laughs laughed laughing laughter giggle giggled giggling chuckle chuckled",
    "clapping": "clap claps clapped clapping applause applaud applauded",
    "knocking": "knock knocks knocked knocking tapped tapping",
    "whistling": "whistle whistles whistled whistling kettle",
    "bell": "bell bells doorbell doorbells chime chimes chimed gong",
    "alarm": "alarm alarms beep beeps beeped beeping buzzer smoke",
    "barking": "bark barks barked barking dog dogs puppy woof",
    "rain": "rain rains rained raining rainfall downpour",
    "footsteps": "footstep footsteps step steps walk walked walking stairs",
    "engine": "engine engines motor motors car cars truck motorbike motorcycle lawnmower tractor traffic",
    "coughing": "cough coughs coughed coughing",
    "siren": "siren sirens ambulance police",
    "ringing phone": "phone phones telephone telephones mobile cellphone ringtone",
    "typing": "typing typed type keyboard keys",
}
_ALSO_SAID_AS: dict[str, str] = {
    "crying baby": "baby babies infant cry cries cried crying wail wailed wailing",
    "crying": "cry cries cried crying sob sobs sobbed sobbing weep weeps weeping wept whimper wail wails wailed"
    " wailing",
    "sneezing": "sneeze sneezes sneezed sneezing",
    "snoring": "snore snores snored snoring",
    "hiccup": "hiccup hiccups hiccuped hiccuping",
    "cheering": "cheer cheers cheered cheering",
    "crowd": "crowd crowds hubbub",
    "finger snapping": "finger fingers snap snapped snapping",
    "howling": "howl howls howled howling wolf",
    "growling": "growl growls growled growling",
    "meowing cat": "cat cats kitten meow meows meowed meowing miaow purr purrs purred purring",
    "singing birds": "bird birds birdsong chirp chirps chirped chirping tweet tweeting",
    "cawing crow": "crow crows caw caws cawed cawing raven",
    "hooting owl": "owl owls hoot hoots hooted hooting",
    "quacking duck": "duck ducks quack quacks quacked quacking",
    "crowing rooster": "rooster cock crows crowed crowing",
    "clucking hen": "hen hens chicken chickens cluck clucked clucking",
    "horse": "horse horses hoof hooves neigh neighs neighed neighing gallop galloping",
    "mooing cow": "cow cows cattle moo moos mooed mooing",
    "bleating sheep": "sheep lamb lambs bleat bleats bleated bleating",
    "croaking frog": "frog frogs croak croaks croaked croaking",
    "chirping crickets": "cricket crickets chirp chirping",
    "buzzing insects": "bee bees wasp wasps fly flies mosquito mosquitoes insect insects buzz buzzes buzzed buzzing",
    "thunderstorm": "thunder thunders thundered thundering thunderstorm lightning storm",
    "waves": "wave waves sea ocean surf",
    "running water": "water tap faucet stream waterfall bath bathtub shower sink",
    "toilet flush": "toilet flush flushes flushed flushing",
    "boiling": "boil boils boiled boiling",
    "frying": "fry fried frying sizzle sizzles sizzled sizzling",
    "pouring": "pour pours poured pouring",
    "splash": "splash splashed splashing",
    "dripping": "drip drips dripped dripping",
    "rattling dishes": "dishes plates pots pans cutlery rattle rattles rattled rattling clatter clatters clattered"
    " clattering",
    "chopping": "chop chopped chopping",
    "microwave oven": "microwave oven",
    "blender": "blender mixer",
    "hair dryer": "hairdryer dryer",
    "vacuum cleaner": "vacuum vacuums hoover vacuumed vacuuming",
    "jangling keys": "keys jangle jangled jangling jingle jingles jingled jingling",
    "zipper": "zipper zip zipped",
    "slamming door": "door slam slams slammed slamming",
    "creaking": "creak creaks creaked creaking squeak squeaks squeaked squeaking",
    "breaking glass": "glass shatter shatters shattered shattering break breaks broke broken breaking",
    "ticking clock": "clock tick ticks ticked ticking",
    "printer": "printer print printed printing",
    "hammering": "hammer hammers hammered hammering jackhammer",
    "sawing": "saw sawed sawing chainsaw",
    "drilling": "drill drills drilled drilling",
    "explosion": "explosion explosions explode explodes exploded exploding blast",
    "gunshot": "gun guns gunshot gunshots gunfire shot shots shooting",
    "fireworks": "firework fireworks firecracker firecrackers",
    "helicopter": "helicopter helicopters chopper",
    "airplane": "airplane airplanes aeroplane plane planes aircraft jet",
    "train": "train trains railway subway",
    "car horn": "horn horns honk honks honked honking hoot hooted",
    "squealing tires": "tire tires tyre tyres skid skids skidded skidding squeal squeals squealed squealing",
    "bang": "bang bangs banged banging",
    "crash": "crash crashes crashed crashing smash smashed",
    "fan": "fan fans ventilator",
    "sewing machine": "sewing",
}
_LOOSELY: dict[str, tuple[str, ...]] = {
    "ring": ("bell", "ringing phone", "alarm"),
    "rings": ("bell", "ringing phone", "alarm"),
    "rang": ("bell", "ringing phone", "alarm"),
    "ringing": ("bell", "ringing phone", "alarm"),
    "fire": ("alarm", "siren"),
    "door": ("knocking", "bell"),
    "clock": ("alarm", "bell"),
}
KINDS: dict[str, tuple[str, ...]] = {
    "dog": ("barking", "howling", "growling"),
    "bird": ("singing birds", "cawing crow", "hooting owl"),
    "chicken": ("clucking hen", "crowing rooster"),
    "insect": ("buzzing insects", "chirping crickets"),
    "car": ("engine", "car horn", "squealing tires"),
    "crying": ("crying", "crying baby"),
    "explosion": ("explosion", "gunshot", "fireworks"),
}
"""What makes many kinds of sounds, and those of its sounds that have a name: what AudioSet's ontology has below it."""
_BROADLY: dict[str, tuple[str, ...]] = {
    "dog dogs puppy puppies": KINDS["dog"],
    "bird birds": KINDS["bird"],
    "chicken chickens": KINDS["chicken"],
    "insect insects": KINDS["insect"],
    "car cars": KINDS["car"],
    "cry cries cried crying sob sobs sobbing weep weeps weeping wail wails wailing": KINDS["crying"],
    "explosion explosions explode explodes exploded exploding": KINDS["explosion"],
    "door doors": ("knocking", "bell", "slamming door", "creaking"),
    "clock clocks": ("alarm", "bell", "ticking clock"),
    "water": ("running water",),
    "fly flies": ("buzzing insects",),
    "break breaks broke broken breaking": (),
    **{word: labels for word, labels in _LOOSELY.items() if word not in ("door", "clock")},
}
"""Words of which a narrower one beside them says what is meant ("the dog howls"); alone, any of these sounds will do.
Words with none mean a sound only beside another word."""
_RUN = frozenset(
    ("running water", "vacuum cleaner", "blender", "hair dryer", "microwave oven", "fan", "printer", "sewing machine",
     "drilling", "sawing", "helicopter")
)  # fmt: skip
ONLY_HEARD = (
    r"(?:(?:cr(?:y|ies|ied|ying)|(?:sob|sneez|snor|meow|purr|howl|growl|cheer|honk|squeak|creak|chirp|buzz|rumbl|hiccup)"
    r"(?:e|b?e?s|b?ed|b?ing)?)|thunder|explosions?|gunshots?|gunfire|sirens?)"
)
"""Words (a pattern) that ask for a sound, whatever else a question names: "was there a baby crying?"."""
_LABEL_OF = {word: label for label, words in _SAID_AS.items() for word in words.split()}
_WORDS_OF = {label: frozenset(words.split()) for label, words in (_SAID_AS | _ALSO_SAID_AS).items()}
_BROAD = {word: labels for words, labels in _BROADLY.items() for word in words.split()}


def labels_of(words: Iterable[str]) -> frozenset[str]:
    """The sounds that words ask for: {"dog"} -> {"barking"}; a word that fits several counts if no other one does."""
    words = tuple(words)
    surely = frozenset(_LABEL_OF[word] for word in words if word in _LABEL_OF)
    return surely or frozenset(label for word in words for label in _LOOSELY.get(word, ()))


def asked_for(words: Iterable[str]) -> frozenset[str]:
    """The sounds that a question in these words is about, those that only a larger tagger names included.

    Of the latter those that most of the words fit: {"baby", "crying"} -> {"crying baby"}, {"crying"} -> both kinds.
    """
    words = tuple(words)
    fitting = {name: sum(word in said.split() for word in words) for name, said in _ALSO_SAID_AS.items()}
    most = max(fitting.values())
    return labels_of(words) | {name for name, count in fitting.items() if count == most and most}


def waited_for(words: Iterable[str], names: Collection[str]) -> frozenset[str]:
    """The sounds, of those with a name that the taggers here give, any of which is what somebody waits for.

    "A dog or a siren" is both. Of each part those that most of its words fit, a word for many kinds of sounds least of
    all: {"dog", "howls"} -> {"howling"}, {"dog"} -> {"barking", "howling", "growling"}.
    """
    parts = groupby(words, lambda word: word in ("or", "and"))
    return frozenset(name for between, part in parts if not between for name in _meant(tuple(part), names))


def running(words: Iterable[str], names: Collection[str]) -> frozenset[str]:
    """The sounds of what these words say is running: {"vacuum", "cleaner"} -> {"vacuum cleaner"}."""
    return waited_for(words, names) & _RUN


def _meant(words: Sequence[str], names: Collection[str]) -> frozenset[str]:
    fitting: dict[str, int] = {}
    for name in names:
        said = _WORDS_OF.get(name, frozenset())
        count = sum(word in said or word in name.split() for word in words)
        if count > 1 or any(word in said and word not in _BROAD for word in words):
            fitting[name] = count
    most = max(fitting.values(), default=0)
    surely = frozenset(name for name, count in fitting.items() if count == most)
    return surely or frozenset(name for word in words for name in _BROAD.get(word, ()) if name in names)
