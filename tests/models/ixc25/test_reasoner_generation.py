"""A tiny reasoner from end to end: picture, memory rows and a question in, words out, cancelled within one token."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from tiny_reasoner import write_adapter, write_base

from omnilive_demo.cancel import CancelToken
from omnilive_demo.models.ixc25_omnilive.canvas import film_canvas
from omnilive_demo.models.ixc25_omnilive.film_strip import film_strip
from omnilive_demo.models.ixc25_omnilive.generation import (
    CHAT,
    GREEDY,
    Generation,
    Sampling,
    TokenStream,
    chosen,
    instruction_probability,
)  # fmt: skip
from omnilive_demo.models.ixc25_omnilive.loading import load_reasoner
from omnilive_demo.models.ixc25_omnilive.prompt import Part, Recalled, instruction_prompt, memory_prompt
from omnilive_demo.models.ixc25_omnilive.reasoner import Reasoner
from omnilive_demo.models.ixc25_omnilive.tokenizer import Tokenizer, load_tokenizer

TOKENS = 12


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Reasoner, Tokenizer]:
    root = tmp_path_factory.mktemp("released")
    base, adapter = write_base(root / "base"), write_adapter(root / "adapter")
    return load_reasoner(base, adapter, torch.float32), load_tokenizer(base)


def question(tokenizer: Tokenizer, words: str = "where did I leave my keys?", **changed: Any) -> tuple[Part, ...]:
    random = torch.Generator().manual_seed(2)
    picture = np.random.default_rng(2).integers(0, 256, (20, 30, 3)).astype(np.uint8).repeat(20, 0).repeat(20, 1)
    seen: dict[str, Any] = {
        "long_term": torch.randn(3, 24, generator=random), "short_term": torch.randn(8, 24, generator=random),
        "canvas": film_canvas(film_strip([picture])),
    }  # fmt: skip
    return memory_prompt(tokenizer, words, Recalled(**(seen | changed)))


def words_of(generation: Generation) -> list[str]:
    pieces = []
    while (piece := generation.next(CancelToken())) is not None:
        pieces.append(piece)
    return pieces


def test_an_answer_streams_and_depends_on_all_it_is_given(made) -> None:
    reasoner, tokenizer = made
    sampling = Sampling(most_tokens=TOKENS)
    pieces = words_of(Generation(reasoner, tokenizer, question(tokenizer), sampling))
    assert 1 < len(pieces) <= TOKENS
    stream = TokenStream(reasoner, question(tokenizer), sampling, tokenizer.ends, tokenizer.never)
    while stream.next(CancelToken()) is not None:
        pass
    whole = tokenizer.decode(stream.ids).lstrip(" ")
    assert whole.replace("\ufffd", "") == "".join(pieces)
    logits = reasoner.read(question(tokenizer))
    for changed in ({"long_term": None}, {"short_term": None}, {"canvas": None}):
        assert (reasoner.read(question(tokenizer, **changed)) - logits).abs().max() > 0.01
    assert (reasoner.read(question(tokenizer, "what is on the table?")) - logits).abs().max() > 0.01


def test_which_rows_get_the_partial_lora(made) -> None:
    """Hazard 10: labels, memory and picture, separators included; no word of the turn and none of the question."""
    reasoner, tokenizer = made
    _, visual = reasoner.embed(question(tokenizer))
    opening = 1 + 1 + len(tokenizer.encode("user\n"))
    labels = "This is video overview memory:", "This is question related video memory:"
    seen = sum(len(tokenizer.encode(label)) for label in labels) + 3 + 8 + 1241
    asked = "Question: Here are some frames of a video. where did I leave my keys?"
    ending = len(tokenizer.encode(asked)) + 1 + len(tokenizer.encode("\n")) + 1 + len(tokenizer.encode("assistant\n"))
    assert visual.tolist() == [False] * opening + [True] * seen + [False] * ending


def test_an_answer_ends_within_one_token(made, monkeypatch: pytest.MonkeyPatch) -> None:
    reasoner, tokenizer = made
    steps = 0
    real = reasoner.step

    def counted(*arguments: Any) -> torch.Tensor:
        nonlocal steps
        steps += 1
        return real(*arguments)

    monkeypatch.setattr(reasoner, "step", counted)
    cancel = CancelToken()
    stream = TokenStream(reasoner, question(tokenizer), GREEDY)
    for _ in range(3):
        assert stream.next(cancel) is not None
    cancel.cancel()
    assert stream.next(cancel) is None
    assert (steps, len(stream.ids)) == (2, 3)
    generation = Generation(reasoner, tokenizer, question(tokenizer))
    assert generation.next(cancel) is None
    assert steps == 2
    generation.close()
    assert generation.next(CancelToken()) is None


@pytest.mark.parametrize("after", [0, 1, 3, 6, 8])
def test_a_prompt_that_is_being_read_ends_too(made, after: int) -> None:
    """Between its parts, and between layers: eight times it is asked before the first token is known."""
    reasoner, tokenizer = made

    class Late(CancelToken):
        asked = 0

        @property
        def cancelled(self) -> bool:
            self.asked += 1
            return self.asked > after + 1  # the stream itself asks once before it begins

    cancel = Late()
    parts = question(tokenizer)
    stream = TokenStream(reasoner, parts, GREEDY)
    assert stream.next(cancel) is None
    assert cancel.asked == after + 2
    assert not stream.ids
    assert len(parts) + reasoner.config.layers == 9
    assert stream.next(CancelToken()) is not None  # nothing was left half read


def test_the_end_of_an_answer(made) -> None:
    reasoner, tokenizer = made
    first = TokenStream(reasoner, question(tokenizer), GREEDY)
    ids = [first.next(CancelToken()) for _ in range(4)]
    stream = TokenStream(reasoner, question(tokenizer), GREEDY, ends=[ids[2]])
    until = ids.index(ids[2])
    assert [stream.next(CancelToken()) for _ in range(5)] == [*ids[:until], *[None] * (5 - until)]
    other = TokenStream(reasoner, question(tokenizer), GREEDY, never=[ids[0]])
    assert other.next(CancelToken()) != ids[0]


def test_half_a_character_waits(made, monkeypatch: pytest.MonkeyPatch) -> None:
    reasoner, tokenizer = made
    ids = iter([*tokenizer.encode(" a"), *tokenizer.encode("🤖"), *tokenizer.encode("!")])
    generation = Generation(reasoner, tokenizer, question(tokenizer))

    def given(cancel: CancelToken) -> int | None:
        token = next(ids, None)
        if token is not None:
            generation._tokens.ids.append(token)
        return token

    monkeypatch.setattr(generation._tokens, "next", given)
    assert [piece for piece in words_of(generation) if piece] == ["a", "🤖", "!"]


def test_instruction_probability_is_that_of_the_first_token(made) -> None:
    reasoner, tokenizer = made
    heard = "where did I leave my keys?"
    logits = reasoner.read(instruction_prompt(tokenizer, heard))[0].double().softmax(0)
    yes, no = logits[tokenizer.encode("Yes")[0]], logits[tokenizer.encode("No")[0]]
    assert instruction_probability(reasoner, tokenizer, heard) == pytest.approx(float(yes / (yes + no)), abs=1e-5)
    assert instruction_probability(reasoner, tokenizer, "enn") != instruction_probability(reasoner, tokenizer, heard)


def test_choosing() -> None:
    random = torch.Generator().manual_seed(0)
    logits = torch.tensor([2.0, 1.9, -1.0, 0.0])
    assert chosen(logits, [], GREEDY, [], random) == 0
    assert chosen(logits, [], GREEDY, [0], random) == 1
    assert chosen(logits, [0], Sampling(repetition_penalty=1.2), [], random) == 1
    assert chosen(torch.tensor([-1.0, -1.1]), [0], Sampling(repetition_penalty=1.2), [], random) == 1
    assert logits.tolist() == torch.tensor([2.0, 1.9, -1.0, 0.0]).tolist()
    for narrow in (Sampling(temperature=1.0, top_k=2), Sampling(temperature=1.0, top_p=0.8)):
        drawn = [chosen(logits, [], narrow, [], random) for _ in range(200)]
        assert set(drawn) == {0, 1}
    drawn = [chosen(logits, [], Sampling(temperature=1.0), [], random) for _ in range(4000)]
    shares = torch.bincount(torch.tensor(drawn), minlength=4) / 4000
    assert (shares - logits.softmax(0)).abs().max() < 0.03
    assert chosen(logits, [], Sampling(temperature=1.0, top_p=0.0001), [], random) in (0, 1)


def test_the_same_seed_gives_the_same_answer(made) -> None:
    reasoner, tokenizer = made

    def tokens(seed: int) -> list[int]:
        chat = Sampling(TOKENS, CHAT.temperature, CHAT.top_k, CHAT.top_p, CHAT.repetition_penalty, seed)
        stream = TokenStream(reasoner, question(tokenizer), chat)
        while stream.next(CancelToken()) is not None:
            pass
        return stream.ids

    assert tokens(1) == tokens(1)
    assert len({tuple(tokens(seed)) for seed in (1, 2, 3)}) > 1
