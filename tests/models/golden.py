"""Where the data lies that the original code made of tiny random weights: outside, where a variable points."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

VARIABLE = "OMNILIVE_GOLDEN"


def golden(part: str) -> Path:
    """The folder of one part ("memory", "reasoner", "audio"); where it is not there, the test that asks is skipped.

    Nothing in it is to be changed: what a test changes it copies first.
    """
    named = os.environ.get(VARIABLE, "")
    if not named:
        pytest.skip(f"Not compared with the original code: {VARIABLE} does not name the folder of its data.")
    folder = Path(named) / part
    if not folder.is_dir():
        pytest.skip(f"Not compared with the original code: {VARIABLE} names {named}, which has no folder {part}.")
    return folder
