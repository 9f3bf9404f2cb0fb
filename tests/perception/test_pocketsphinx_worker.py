from __future__ import annotations

import pytest

from omnilive_demo.perception.pocketsphinx_worker import (
    HEAD_S,
    PROMPT_FIRST_HEAD_S,
    PROMPT_HEAD_S,
    RATE_HZ,
    Utterance,
    make_decoder,
)


@pytest.fixture(scope="module")
def decoder():
    return make_decoder()


def heard_before_it_decodes_s(utterance: Utterance, step_s: float = 0.05) -> float:
    fed_s = 0.0
    while not utterance.decoding:
        utterance.feed(bytes(2 * round(step_s * RATE_HZ)))
        fed_s += step_s
    utterance.cancel()
    return fed_s


@pytest.mark.parametrize(
    ("known", "promptly", "head_s"),
    [
        (False, False, HEAD_S),
        (True, False, HEAD_S),
        (False, True, PROMPT_FIRST_HEAD_S),
        (True, True, PROMPT_HEAD_S),
    ],
)
def test_decoding_begins_sooner_where_the_first_words_are_waited_for(decoder, known, promptly, head_s):
    means = (40.0, *[0.0] * 12) if known else None
    assert heard_before_it_decodes_s(Utterance(decoder, means, promptly)) == pytest.approx(head_s, abs=0.051)
