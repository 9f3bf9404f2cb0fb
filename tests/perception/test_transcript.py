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
        ("did anybody not", "Did anybody knock"),
        ("has somebody know that", "Has somebody knocked"),
        ("did anyone not kept the door", "Did anyone knock at the door"),
        ("did anyone know of at the door", "Did anyone knock at the door"),
        ("did anybody off", "Did anybody cough"),
        ("did anybody know the answer", "Did anybody know the answer"),
        ("did anybody not see it", "Did anybody not see it"),
        ("does anybody know", "Does anybody know"),
    ],
)
def test_raw_words_become_readable(raw, text):
    assert readable(raw) == text
