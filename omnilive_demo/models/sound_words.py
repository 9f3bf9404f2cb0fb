"""The sounds that have a name, and the words that people use for them.

`NAMED` are what the ears may report; answers say them as they stand ("I heard barking", "I heard an alarm"). The tagger
knows three more classes, which are never reported: silence, speech, and other (a sound of no class). A larger tagger
has more names, which answers say alike; people ask for those by the words of `_ALSO_SAID_AS`.
"""

from __future__ import annotations

from collections.abc import Iterable

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
    "bell": "bell bells doorbell chime chimes chimed gong",
    "alarm": "alarm alarms beep beeps beeped beeping buzzer smoke",
    "barking": "bark barks barked barking dog dogs puppy woof",
    "rain": "rain rains rained raining rainfall downpour",
    "footsteps": "footstep footsteps step steps walk walked walking stairs",
    "engine": "engine engines motor motors car cars truck motorbike motorcycle lawnmower tractor traffic",
    "coughing": "cough coughs coughed coughing",
    "siren": "siren sirens ambulance police",
    "ringing phone": "phone telephone mobile cellphone ringtone",
    "typing": "typing typed type keyboard keys",
}
_ALSO_SAID_AS: dict[str, str] = {
    "crying baby": "baby infant cry cries cried crying wail wailed wailing",
    "crying": "cry cries cried crying sob sobs sobbed sobbing weep weeping wept whimper wail wailed wailing",
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
    "cawing crow": "crow crows caw cawed cawing raven",
    "hooting owl": "owl owls hoot hooted hooting",
    "quacking duck": "duck ducks quack quacked quacking",
    "crowing rooster": "rooster cock crowed crowing",
    "clucking hen": "hen hens chicken chickens cluck clucked clucking",
    "horse": "horse horses hoof hooves neigh neighed neighing gallop galloping",
    "mooing cow": "cow cows cattle moo mooed mooing",
    "bleating sheep": "sheep lamb lambs bleat bleated bleating",
    "croaking frog": "frog frogs croak croaked croaking",
    "chirping crickets": "cricket crickets chirp chirping",
    "buzzing insects": "bee bees wasp wasps fly flies mosquito mosquitoes insect insects buzz buzzed buzzing",
    "thunderstorm": "thunder thundered thundering thunderstorm lightning storm",
    "waves": "wave waves sea ocean surf",
    "running water": "water tap faucet stream waterfall bath bathtub shower sink",
    "toilet flush": "toilet flush flushed flushing",
    "boiling": "boil boils boiled boiling",
    "frying": "fry fried frying sizzle sizzled sizzling",
    "pouring": "pour pours poured pouring",
    "splash": "splash splashed splashing",
    "dripping": "drip drips dripped dripping",
    "rattling dishes": "dishes plates pots pans cutlery rattle rattled rattling clatter clattered clattering",
    "chopping": "chop chopped chopping",
    "microwave oven": "microwave oven",
    "blender": "blender mixer",
    "hair dryer": "hairdryer dryer",
    "vacuum cleaner": "vacuum hoover vacuumed vacuuming",
    "jangling keys": "keys jangle jangled jangling jingle jingled jingling",
    "zipper": "zipper zip zipped",
    "slamming door": "door slam slams slammed slamming",
    "creaking": "creak creaks creaked creaking squeak squeaks squeaked squeaking",
    "breaking glass": "glass shatter shattered shattering break broke broken breaking",
    "ticking clock": "clock tick ticks ticked ticking",
    "printer": "printer print printed printing",
    "hammering": "hammer hammered hammering jackhammer",
    "sawing": "saw sawed sawing chainsaw",
    "drilling": "drill drills drilled drilling",
    "explosion": "explosion explosions explode exploded blast",
    "gunshot": "gun guns gunshot gunshots gunfire shot shots shooting",
    "fireworks": "firework fireworks firecracker firecrackers",
    "helicopter": "helicopter helicopters chopper",
    "airplane": "airplane airplanes aeroplane plane planes aircraft jet",
    "train": "train trains railway subway",
    "car horn": "horn horns honk honks honked honking hoot hooted",
    "squealing tires": "tire tires tyre tyres skid skidded skidding squeal squealed squealing",
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
ONLY_HEARD = (
    r"(?:(?:cr(?:y|ies|ied|ying)|(?:sob|sneez|snor|meow|purr|howl|growl|cheer|honk|squeak|creak|chirp|buzz|rumbl|hiccup)"
    r"(?:e|b?e?s|b?ed|b?ing)?)|thunder|explosions?|gunshots?|gunfire|sirens?)"
)
"""Words (a pattern) that ask for a sound, whatever else a question names: "was there a baby crying?"."""
_LABEL_OF = {word: label for label, words in _SAID_AS.items() for word in words.split()}


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
