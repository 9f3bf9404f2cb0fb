from __future__ import annotations

from pathlib import Path

import pytest

from omnilive_demo.config import ASSETS
from omnilive_demo.models.thing_names import ThingNames
from omnilive_demo.models.vocabulary import plural_of, read_vocabulary


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "vocabulary.txt"
    path.write_text(text, "utf-8")
    return path


def test_names_with_and_without_plurals(tmp_path: Path) -> None:
    path = _file(tmp_path, "# things\nmug\n\nshelf | shelves\n  scissors|scissors \n")
    assert read_vocabulary(path) == {"mug": "mugs", "shelf": "shelves", "scissors": "scissors"}


@pytest.mark.parametrize(
    ("name", "plural"),
    [("mug", "mugs"), ("box", "boxes"), ("potato", "potatoes"), ("radio", "radios"), ("cherry", "cherries"),
     ("toy", "toys"), ("wine glass", "wine glasses"), ("paintbrush", "paintbrushes")],
)  # fmt: skip
def test_regular_plurals(name: str, plural: str) -> None:
    assert plural_of(name) == plural


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mug\nMug\n", "Line 2 .*'Mug' is no name"),
        ("mug\n\nmug | mugs\n", "Line 3 .*there already"),
        ("a very long name here", "Line 1 .*one to three words"),
        ("mug |\n| mugs", "Line 2"),
        ("# nothing\n", "names nothing"),
    ],
)
def test_what_is_wrong_with_a_line_is_told(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_vocabulary(_file(tmp_path, text))


def test_missing_and_binary_files(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"):
        read_vocabulary(tmp_path / "none.txt")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00mug")
    with pytest.raises(ValueError, match="UTF-8"):
        read_vocabulary(tmp_path / "binary")


def test_the_shipped_vocabulary_names_hundreds_of_things_and_takes_no_word_from_a_question() -> None:
    plurals = read_vocabulary(ASSETS / "vocabulary.txt")
    assert len(plurals) > 400
    names = ThingNames(plurals)
    assert names.mentioned("when did you see the umbrella and my keys") == ("umbrella", "key")
    assert names.one("umbrella") == "an umbrella"
    assert names.one("rice") == "rice"
    for question in (
        "what is this", "what do you see right now", "what was that", "what is in my hand", "when did he leave",
        "can you tell me what happened a minute ago", "did anybody say anything about me", "who is that",
    ):  # fmt: skip
        assert names.mentioned(question) == (), question
