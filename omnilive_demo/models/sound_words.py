"""The sounds that have a name, and the words that people use for them.

`NAMED` are what the ears may report; answers say them as they stand ("I heard barking", "I heard an alarm"). The tagger
knows three more classes, which are never reported: silence, speech, and other (a sound of no class).
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
_LOOSELY: dict[str, tuple[str, ...]] = {
    "ring": ("bell", "ringing phone", "alarm"),
    "rings": ("bell", "ringing phone", "alarm"),
    "rang": ("bell", "ringing phone", "alarm"),
    "ringing": ("bell", "ringing phone", "alarm"),
    "fire": ("alarm", "siren"),
    "door": ("knocking", "bell"),
    "clock": ("alarm", "bell"),
}
_LABEL_OF = {word: label for label, words in _SAID_AS.items() for word in words.split()}


def labels_of(words: Iterable[str]) -> frozenset[str]:
    """The sounds that words ask for: {"dog"} -> {"barking"}; a word that fits several counts if no other one does."""
    words = tuple(words)
    surely = frozenset(_LABEL_OF[word] for word in words if word in _LABEL_OF)
    return surely or frozenset(label for word in words for label in _LOOSELY.get(word, ()))
