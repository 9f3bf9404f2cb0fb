"""The thing that a request names, found among those that the eyes know, and said back when they do not know it."""

from __future__ import annotations

import re

from omnilive_demo.models.thing_names import ThingNames
from omnilive_demo.reasoning.phrases import with_article
from omnilive_demo.reasoning.words import word_set

SOMEBODY = r"(?:somebody|someone|anybody|anyone|some body|any body|some one|any one|people)"
"""A pattern of those who are not named."""

_SAID_FOR = {
    "bicycle": "bike bikes", "sofa": "couch", "dog": "puppy puppies hound doggy", "cat": "kitten kittens kitty",
    "airplane": "plane planes jet", "locomotive": "train trains", "mug": "cup cups", "motorcycle": "motorbike",
    "truck": "lorry lorries", "television": "tv", "laptop": "notebook computer", "phone": "smartphone cellphone mobile",
    "handbag": "bag bags", "coat": "jacket", "parcel": "package packages", "flashlight": "torch", "horse": "pony",
    "rooster": "chicken chickens hen hens", "rabbit": "bunny", "ladybird": "ladybug", "turtle": "tortoise",
    "hamburger": "burger burgers", "french fries": "chips fries", "doughnut": "donut donuts", "teapot": "kettle",
    "glasses": "spectacles", "sneaker": "shoe shoes", "socks": "sock", "gift": "present presents",
}  # fmt: skip
_ALSO_CALLED = {word: name for name, words in _SAID_FOR.items() for word in words.split()}
"""Everyday words for things that have another name here. By hand: a request is read where nothing slow may run."""
_PEOPLE = word_set(
    """
    somebody someone anybody anyone people person persons man men woman women child children kid kids boy girl face
    human guest guests visitor visitors me him her us them stranger wife husband mother father mom dad son daughter
    friend friends boss neighbour neighbor brother sister postman mailman doctor teacher baby he she they i we everybody
    everyone
    """
)
_BEFORE = re.compile(
    r"^(?:(?:the|my|your|our|his|her|their|any|some|that|this|those|these|other|new|next|more|a|an|\d+) )+"
)
_AFTER = re.compile(
    r" (?:(?:in|into|on|at|near|by|from|to|outside|out|there|here|again|somewhere|anywhere|please|any ?more|for me"
    r"|coming"
    r"|walking|with|that|which|who|is|are|and|around|come|comes|appear|go|going|run|running|standing|lying"
    r"|sitting)\b.*)$"
)
_OR = re.compile(r" or (?:else )?")
_TURNED = {
    "my": "your", "our": "your", "me": "you", "i": "you", "i'm": "you're", "we": "you", "us": "you", "mine": "yours",
    "am": "are", "i've": "you've", "i'll": "you'll", "myself": "yourself", "your": "my", "you": "I",
}  # fmt: skip


def named(said: str, names: ThingNames | None) -> tuple[str, ...]:
    """The known things that a noun phrase names, more than one only when any will do: "my keys", "a dog or a cat"."""
    if names is None:
        return ()
    found: list[str] = []
    for part in _OR.split(said):
        bare = _bare(part)
        mentioned = names.mentioned(f"the {bare}")
        other = next((_ALSO_CALLED[word] for word in bare.split() if word in _ALSO_CALLED), "")
        somebody = "person" if people(part) and "person" in names else ""
        name = mentioned[-1] if mentioned else other if other in names else somebody
        if name:
            found.append(name)
    return tuple(dict.fromkeys(found))


def people(said: str) -> bool:
    """Whether a noun phrase means somebody."""
    return any(word in _PEOPLE for word in _bare(said).split()[:2])


def thing_said(said: str) -> str:
    """A noun phrase as it is said back: "my owl" -> "your owl", "any unicorn" -> "a unicorn", "tom" -> "tom"."""
    said = _AFTER.sub("", said)
    first = said.split()[0] if said else ""
    bare = _BEFORE.sub("", said)
    kept = {"the": "the", "my": "your", "your": "my", "our": "your"}.get(first, "")
    return f"{kept} {bare}" if kept else a_or_an(bare) if bare != said else bare


def a_or_an(noun: str) -> str:
    """With the article that is heard: "a unicorn", "an owl", "music"."""
    return f"a {noun}" if noun.startswith(("uni", "use", "one", "euro")) else with_article(noun)


def turned(words: str) -> str:
    """What a visitor says of themselves, as it is said to them: "call my mother" -> "call your mother"."""
    return " ".join(_TURNED.get(word.lower(), word) for word in words.split())


def _bare(said: str) -> str:
    return _BEFORE.sub("", _AFTER.sub("", said))
