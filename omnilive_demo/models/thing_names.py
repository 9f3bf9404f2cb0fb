"""The names of things that the models were taught, and how people say them: plurals, articles, near synonyms."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.models.text_encoder import TextEncoder

SYNONYM_COSINE = 0.72  # bike: bicycle 0.92, couch: sofa 0.86, puppy: dog 0.80; dentist: toothbrush 0.59
_LONGEST = 3  # words of a name


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_OTHER_USES = _set("can saw watch ring orange scale plug hook duck tie bolt")
"""Names that are also other words: they count after an article or the like only."""
_BEHIND_A_CAN = _set("of on in and or")
_POINTERS = _set(
    "a an the my your our his her their this that these those which any some no one two three four five six many"
)
_UNCOUNTED = _set(
    "bread cheese corn broccoli milk honey salt sushi spaghetti salad chocolate soap lotion yarn thread fire"
)


class ThingNames:
    """Finds names in questions and says them. Stateless after its first use; safe from any thread.

    Args:
        plurals: each name and its plural, lower case.
        text_encoder: finds a name for a word that means the same; without it only the names themselves are found.
    """

    def __init__(self, plurals: Mapping[str, str], text_encoder: TextEncoder | None = None) -> None:
        self._plurals = dict(plurals)
        self._forms = {_words(plural): name for name, plural in plurals.items()}
        self._forms |= {_words(name): name for name in plurals}
        self._text_encoder = text_encoder
        self._names = tuple(plurals)
        self._vectors: NDArray[np.float32] | None = None
        self._asked: NDArray[np.float32] | None = None

    def __contains__(self, name: object) -> bool:
        return name in self._plurals

    def __len__(self) -> int:
        return len(self._plurals)

    def mentioned(self, text: str) -> tuple[str, ...]:
        """The names in a text, in order, each once: "did you see two red mugs or my alarm clock"."""
        return tuple(dict.fromkeys(name for _, name in self._parts(text) if name))

    def masked(self, text: str) -> str:
        """The text in lower case with "object" for each name: what is asked, whatever it is about."""
        return " ".join("object" if name else word for word, name in self._parts(text))

    def _parts(self, text: str) -> list[tuple[str, str]]:
        """The words of a text; those that make up a name together, with it."""
        words = _words(text)
        bare = [word.removesuffix("'s") for word in words]
        parts: list[tuple[str, str]] = []
        i = 0
        while i < len(words):
            size = next((n for n in range(_LONGEST, 0, -1) if self._name_at(bare, i, n)), 0)
            form = tuple(bare[i : i + size])
            parts.append((" ".join(words[i : i + max(size, 1)]), self._forms[form] if size else ""))
            i += max(size, 1)
        return parts

    def _name_at(self, words: Sequence[str], i: int, size: int) -> bool:
        form = tuple(words[i : i + size])
        if len(form) < size or form not in self._forms:
            return False
        if form[0] not in _OTHER_USES or size > 1:
            return True
        if form == ("orange",) and any(tuple(words[i + 1 : i + 1 + n]) in self._forms for n in (1, 2, 3)):
            return False  # the orange mug
        if (
            form == ("can",)
            and i
            and words[i - 1] == "one"
            and i + 1 < len(words)
            and words[i + 1] not in _BEHIND_A_CAN
        ):
            return False  # where one can see it
        return i > 0 and words[i - 1] in _POINTERS

    def synonym(self, words: Sequence[str]) -> str | None:
        """The name that one of some words means ("bike": bicycle), or None when none clearly does."""
        if self._text_encoder is None or not words or not self._names:
            return None
        if self._vectors is None:
            self._vectors = self._text_encoder.encode(self._names)
        cosines = np.concatenate([self._text_encoder.encode([word]) for word in words]) @ self._vectors.T
        best = int(cosines.max(0).argmax())
        return self._names[best] if cosines[:, best].max() >= SYNONYM_COSINE else None

    def meant(self, text: str) -> dict[str, float]:
        """How near each name is in meaning to a question that names nothing: cosine with "Where is the …?"."""
        if self._text_encoder is None:
            return {}
        if self._asked is None:
            self._asked = self._text_encoder.encode([f"Where is the {name}?" for name in self._names])
        cosines = self._asked @ self._text_encoder.encode([text])[0]
        return dict(zip(self._names, cosines.tolist(), strict=True))

    def is_plural(self, name: str) -> bool:
        """Whether a name is spoken of as "they": scissors, socks."""
        return self._plurals.get(name) == name and name.endswith("s")

    def plural(self, name: str) -> str:
        """The plural of a name; of one that is not known, a guess."""
        return self._plurals.get(name, f"{name}s")

    def one(self, name: str, colour: str = "") -> str:
        """A name with its article: "an umbrella", "a red mug", "some bread", "sunglasses"."""
        phrase = f"{colour} {name}".strip()
        if name in _UNCOUNTED:
            return f"some {phrase}"
        if self._plurals.get(name) == name:
            return phrase
        vowel = phrase[:1] in "aeiou" and not phrase.startswith(("uni", "use", "one", "ukulele", "euro"))
        return f"{'an' if vowel else 'a'} {phrase}"

    def none(self, name: str) -> str:
        """A name as it is missed: "an umbrella", "any bread", "any sunglasses"."""
        return f"any {name}" if name in _UNCOUNTED or self._plurals.get(name) == name else self.one(name)


def _words(text: str) -> tuple[str, ...]:
    """ "My yo-yo's" -> my, yo, yo's."""
    return tuple(re.findall(r"[\w']+", text.lower().replace("’", "'")))
