"""The editable vocabulary: a text file of names of things, one per line, with their plurals."""

from __future__ import annotations

import re
from pathlib import Path

_NAME = re.compile(r"[a-z][a-z'-]*(?: [a-z][a-z'-]*){0,2}")
_ENDS_LIKE_S = re.compile(r"(?:s|x|z|ch|sh|[^aeiou]o)$")


def read_vocabulary(path: Path) -> dict[str, str]:
    """Names and their plurals, in the file's order.

    A line is "name" or "name | plural"; empty lines and those that begin with # are passed over.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a line is no name of one to three lower-case words, or a name comes twice; it names the line.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError as error:
        raise FileNotFoundError(f"The vocabulary {path} is missing. Fetch the project's assets again.") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"The vocabulary {path} is no text in UTF-8.") from error
    names: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, _, plural = (part.strip() for part in line.partition("|"))
        plural = plural or plural_of(name)
        for word in (name, plural):
            if _NAME.fullmatch(word) is None:
                raise ValueError(
                    f"Line {number} of {path}: {word!r} is no name. A name is one to three words in lower case."
                )
        if name in names:
            raise ValueError(f"Line {number} of {path}: {name!r} is there already.")
        names[name] = plural
    if not names:
        raise ValueError(f"The vocabulary {path} names nothing.")
    return names


def plural_of(name: str) -> str:
    """The regular plural: mug, mugs; box, boxes; potato, potatoes; cherry, cherries."""
    if re.search(r"[^aeiou]y$", name):
        return f"{name[:-1]}ies"
    return f"{name}es" if _ENDS_LIKE_S.search(name) else f"{name}s"
