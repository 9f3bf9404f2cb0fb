from __future__ import annotations

import pytest

from omnilive_demo.perception.transcript import readable


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("<s> what did(2) i say [NOISE] about the meeting </s>", "What did I say about the meeting"),
        ("i'm sure i'll come", "I'm sure I'll come"),
        ("<sil> [SPEECH] ++NOISE++", ""),
        ("", ""),
        ("is it in italy", "Is it in italy"),
        ("a(2)", "A"),
    ],
)
def test_raw_words_become_readable(raw, text):
    assert readable(raw) == text
