"""What was read of a prompt is not read again, and what comes of it is the same as of reading all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_reasoner import MEMORY, write_adapter, write_base

from omnilive_demo.cancel import CancelToken
from omnilive_demo.models.ixc25_omnilive.beginnings import BeginningReader, beginning_of, shared_rows
from omnilive_demo.models.ixc25_omnilive.canvas import film_canvas
from omnilive_demo.models.ixc25_omnilive.decoder import Cancelled
from omnilive_demo.models.ixc25_omnilive.film_strip import film_strip
from omnilive_demo.models.ixc25_omnilive.generation import TokenStream
from omnilive_demo.models.ixc25_omnilive.loading import load_reasoner
from omnilive_demo.models.ixc25_omnilive.prompt import (
    MemoryPart,
    Part,
    PicturePart,
    Recalled,
    Turn,
    Wording,
    WordsPart,
    length_of,
    memory_prompt,
)
from omnilive_demo.models.ixc25_omnilive.reasoner import Reasoner
from omnilive_demo.models.ixc25_omnilive.tokenizer import Tokenizer, load_tokenizer


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Reasoner, Tokenizer]:
    root = tmp_path_factory.mktemp("released")
    base, adapter = write_base(root / "base"), write_adapter(root / "adapter")
    return load_reasoner(base, adapter, torch.float32), load_tokenizer(base)


def memory(rows: int, seed: int) -> torch.Tensor:
    return torch.randn(rows, MEMORY, generator=torch.Generator().manual_seed(seed))


def canvas(shade: int) -> np.ndarray:
    return film_canvas(film_strip([np.full((36, 36, 3), shade, np.uint8)]))


def asked(tokenizer: Tokenizer, shade: int | None, begun: str = "", wording: Wording = "released") -> tuple[Part, ...]:
    """A question with a short dialogue, 30 rows of H̄, 16 of S and a picture."""
    seen = Recalled(memory(30, 1), memory(16, 2), None if shade is None else canvas(shade))
    turns = (Turn("what is on the table", "Yes"),)
    return memory_prompt(tokenizer, "where did I leave my keys", seen, turns, wording=wording, begun=begun)


def apart(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one - other).abs().max())


def test_a_refresh_reads_the_picture_and_what_follows_only(made) -> None:
    reasoner, tokenizer = made
    reader = BeginningReader(reasoner)
    first, held = asked(tokenizer, 40), reader.held()
    assert apart(reader.read(first, held), reasoner.read(first)) < 1e-4
    assert reader.read_rows == length_of(first)
    before = length_of(beginning_of(first))
    assert before >= 30 + 16
    assert reader.sizes() == (before,)
    for shade, begun in ((90, "The answer is"), (91, "")):
        read = reader.read_rows
        again, held = asked(tokenizer, shade, begun), reader.held()
        logits = reader.read(again, held)
        assert reader.read_rows - read == length_of(again) - before == length_of(again[-2:])
        whole = reasoner.held()
        assert apart(logits, reasoner.read(again, whole)) < 1e-4
        assert held.length == whole.length == length_of(again)
        for token in (5, 300, 301):  # and the answer goes on alike
            assert apart(reader.step(token, held), reasoner.step(token, whole)) < 1e-4
        assert reader.sizes() == (before,), "the same beginning is kept once"
    assert apart(reasoner.read(first), reasoner.read(asked(tokenizer, 90))) > 0.01, "the picture matters"


def test_an_answer_is_the_same_as_one_that_is_read_whole(made) -> None:
    reasoner, tokenizer = made
    reader = BeginningReader(reasoner)
    for shade in (40, 90):
        ids = []
        for one in (reasoner, reader):
            stream = TokenStream(one, asked(tokenizer, shade), ends=tokenizer.ends, never=tokenizer.never)
            for _ in range(6):
                stream.next(CancelToken())
            ids.append(stream.ids)
        assert ids[0] == ids[1]
        assert len(ids[0]) == 6
    assert reader.read_rows < 2 * length_of(asked(tokenizer, 40))


@settings(max_examples=12, deadline=None)
@given(
    memory_=st.tuples(st.integers(0, 40), st.integers(0, 40)),
    other=st.tuples(st.integers(0, 40), st.integers(0, 40)),
    at=st.integers(0, 50),
    words=st.lists(st.sampled_from(["what is it", "what is on the table", "where"]), min_size=2, max_size=2),
    turns=st.lists(st.integers(0, 3), min_size=2, max_size=2),
)
def test_any_prompt_behind_any_other_is_read_right(made, memory_, other, at: int, words, turns) -> None:
    """Memory that grew, that changed within, that is another one; other words; a longer and a shorter dialogue."""
    reasoner, tokenizer = made
    reader = BeginningReader(reasoner)
    for (long, short), question, count in zip((memory_, other), words, turns, strict=True):
        long_term = memory(40, 1)[:long]
        if len(long_term) > at and long != memory_[0]:
            long_term[at] += 1.0  # a row within has changed
        dialogue = tuple(Turn(f"what is {n}", "Yes") for n in range(count))
        parts = memory_prompt(tokenizer, question, Recalled(long_term, memory(short, 3)), dialogue)
        assert apart(reader.read(parts, reader.held()), reasoner.read(parts)) < 1e-4


def test_what_two_prompts_share(made) -> None:
    _, tokenizer = made
    one = asked(tokenizer, 40)
    before = length_of(beginning_of(one))
    assert shared_rows(beginning_of(one), asked(tokenizer, 41)) == before
    assert isinstance(one[len(beginning_of(one))], PicturePart)
    ids = WordsPart((1, 2, 3))
    assert shared_rows((ids,), (WordsPart((1, 2, 4)),)) == 2
    assert shared_rows((ids,), (WordsPart((1, 2, 3, 4)), ids)) == 3
    assert shared_rows((ids, ids), (ids, WordsPart((1,)))) == 4
    assert shared_rows((ids,), (replace(ids, visual=True),)) == 0, "with Partial-LoRA it is another row"
    changed = memory(5, 1)
    changed[3, 2] += 1e-3
    assert shared_rows((MemoryPart(memory(5, 1)),), (MemoryPart(changed),)) == 3
    assert shared_rows((ids,), (MemoryPart(memory(3, 1)),)) == 0
    with_picture = (ids, PicturePart(canvas(1)))
    assert shared_rows(with_picture, with_picture) == 3, "of a picture nothing is kept"
    assert beginning_of((ids, MemoryPart(changed), ids))[-1].rows is changed, "without a picture: all but the question"
    assert beginning_of((PicturePart(canvas(1)), ids)) == ()


def test_the_paper_s_wording_keeps_the_question(made) -> None:
    """There the memory stands behind the picture, so it is read again; what comes of it is the same."""
    reasoner, tokenizer = made
    reader = BeginningReader(reasoner)
    for shade in (40, 90):
        parts = asked(tokenizer, shade, wording="paper")
        read = reader.read_rows
        assert apart(reader.read(parts, reader.held()), reasoner.read(parts)) < 1e-4
    assert reader.read_rows - read == length_of(parts) - length_of(beginning_of(parts))


def test_few_are_kept_short_ones_not_and_all_can_be_forgotten(made) -> None:
    reasoner, tokenizer = made
    reader = BeginningReader(reasoner, kept=2)
    many = [memory_prompt(tokenizer, "what is it", Recalled(memory(40, seed))) for seed in range(4)]
    for parts in many:
        reader.read(parts, reader.held())
    assert len(reader.sizes()) == 2
    read = reader.read_rows
    reader.read(many[3], reader.held())
    assert reader.read_rows - read < 40
    reader.read(many[0], reader.held())
    assert reader.read_rows - read > 40, "the oldest went"
    longer = memory_prompt(tokenizer, "what is it", Recalled(memory(40, 0), memory(8, 9)))
    reader.read(longer, reader.held())
    assert len(reader.sizes()) == 2
    assert max(reader.sizes()) == length_of(beginning_of(longer)), (
        "what goes on takes the place of what it goes on from"
    )
    reader.clear()
    assert reader.sizes() == ()
    reader.read(memory_prompt(tokenizer, "Say", Recalled(canvas=canvas(3))), reader.held())
    assert reader.sizes() == (), "a caption's beginning is no prompt worth keeping"


def test_a_reading_that_is_given_up_leaves_nothing_wrong(made) -> None:
    reasoner, tokenizer = made
    reader = BeginningReader(reasoner)
    parts = asked(tokenizer, 40)
    expected = reader.read(parts, reader.held())
    for after in range(4):  # before the picture, before the question, before each of two layers
        calls = iter(range(99))
        held = reader.held()
        with pytest.raises(Cancelled):
            reader.read(asked(tokenizer, 90), held, cancelled=lambda after=after, calls=calls: next(calls) >= after)
        assert held.length == 0
    assert apart(reader.read(parts, held), expected) < 1e-4, "the same memory may be used again"
    assert len(reader.sizes()) == 1


def test_beyond_the_positions_all_is_read_anew(made) -> None:
    """Hazard 12: a text that is read in one go has one base, which its length decides."""
    reasoner, tokenizer = made
    reader = BeginningReader(reasoner)
    short = memory_prompt(tokenizer, "what is it", Recalled(memory(1000, 1)))
    long = memory_prompt(tokenizer, "what is it", Recalled(memory(1000, 1), memory(1100, 2)))
    for parts in (short, long, short):
        assert apart(reader.read(parts, reader.held()), reasoner.read(parts)) < 1e-4
    assert reader.read_rows == length_of(short) + length_of(long) + length_of(short[-1:])
    assert reader.sizes() == (length_of(beginning_of(short)),), "keys of a text that is too long are no use to others"
