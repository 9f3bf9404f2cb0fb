"""Drawings and texts for tests of the drawn world, which need no font and no data files."""

from __future__ import annotations

from zlib import crc32

from PIL import Image, ImageDraw

from omnilive_demo.training.world.question_bank import QuestionBank
from omnilive_demo.training.world.things import Thing


class Discs:
    """Draws everything as a disc in a colour of its own."""

    def sprite(self, what: Thing | str) -> Image.Image:
        page = Image.new("RGBA", (136, 136), (0, 0, 0, 0))
        number = crc32((what if isinstance(what, str) else what.name).encode())
        colour = (number & 255, number >> 8 & 255, number >> 16 & 255, 255)
        ImageDraw.Draw(page).ellipse((0, 0, 135, 135), fill=colour)
        return page


POINTERS = ("now", "last_shown", "last_put_down", "before", "first_shown", "gone")


def bank() -> QuestionBank:
    """Texts that tell by themselves what they are."""
    return QuestionBank(
        explicit={"train": ["Where is {the}?", "Did you see {a}?"], "test": ["Any {plural} about?", "Find {the}."]},
        reference={
            pointer: {split: [f"{split} {pointer} {n}?" for n in range(4)] for split in ("train", "test")}
            for pointer in POINTERS
        },
        semantic={
            ("umbrella", "train"): ["train dry?"], ("umbrella", "test"): ["test dry?"],
            ("key", "train"): ["train open?"], ("key", "test"): ["test open?"],
            ("mug", "train"): ["train drink?"], ("mug", "test"): ["test drink?"],
            ("pan", "train"): ["train fry?"], ("pan", "test"): ["test fry?"],
        },
        held_out=frozenset({"pan"}),
        purposes=(frozenset({"mug", "wine glass"}),),
        off_topic={"train": ["train off topic?"], "test": ["test off topic?"]},
        nouns={"bucket": ["train mop?"]},
    )  # fmt: skip
