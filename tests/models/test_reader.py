"""The reader and its words: packed training equals single questions, it reads S and nothing else, files round-trip."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from omnilive_demo.models.nano.reader import Reader, ReaderConfig, load_reader, save_reader
from omnilive_demo.models.nano.words import Vocabulary

WORDS = Vocabulary(
    {"umbrella": "umbrellas", "mug": "mugs", "orange": "oranges", "ice cream": "ice creams", "jeans": "jeans"}
)
SMALL = ReaderConfig(memory_width=16, hidden=32, layers=2, heads=4, kv_heads=2, intermediate=48)


@pytest.fixture
def reader() -> Reader:
    torch.manual_seed(1)
    return Reader(SMALL, WORDS).eval()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["two", "red", "mug", ",", "one", "umbrella", ";", "umbrella", "moves left"],
         "two red mugs and an umbrella; the umbrella moves left"),
        (["one", "orange", "orange", ",", "one", "blue", "jeans", ",", "three", "something"],
         "an orange orange, blue jeans and three unknown things"),
        (["one", "ice cream", ";", "ice cream", "is shown", ";", "something", "comes in"],
         "an ice cream; the ice cream is shown; something comes in"),
        (["one", "jeans", ";", "jeans", "is put down"], "jeans; the jeans are put down"),
        (["nothing"], "nothing"),
        (["two"], "two"),
    ],
)  # fmt: skip
def test_words_become_english(words: list[str], said: str) -> None:
    assert WORDS.spoken(words) == said
    assert all(WORDS.knows(word) for word in words)


def test_a_vocabulary_comes_back_from_its_text_and_refuses_its_own_words_as_names() -> None:
    assert Vocabulary.from_json(WORDS.json()).words == WORDS.words
    with pytest.raises(ValueError, match="nothing"):
        Vocabulary({"nothing": "nothings"})
    with pytest.raises(ValueError, match="asked without a name"):
        WORDS.prompt("held", "mug")
    with pytest.raises(ValueError, match="asked with a name"):
        WORDS.prompt("count")


def test_packed_questions_give_the_states_of_questions_asked_alone(reader: Reader) -> None:
    short_term = torch.randn(9, 16)
    questions = [WORDS.prompt("names"), [*WORDS.prompt("caption"), WORDS.id("one")], WORDS.prompt("count", "mug")]
    words = torch.tensor([[word for question in questions for word in question] + [0]])
    blocks = torch.tensor([[0, 1, 1, 2, 2, -1]])
    padded = torch.cat([short_term, torch.full((4, 16), 7.0)])[None]
    with torch.no_grad():
        packed = reader.answer_states(padded, torch.arange(13)[None] < 9, words, blocks)[0]
        mask = torch.ones(1, 9, dtype=torch.bool)
        alone = [
            reader.answer_states(short_term[None], mask, torch.tensor([one]), torch.zeros(1, len(one)))[0]
            for one in questions
        ]
    assert torch.allclose(packed[:5], torch.cat(alone), atol=1e-5)
    first = reader.names(short_term, at_least=0.0)
    expected = reader.presence_logits(packed[0]).sigmoid()
    places = {name: i for i, name in enumerate(WORDS.names)}
    assert all(p == pytest.approx(float(expected[places[name]]), abs=1e-5) for name, p in first)
    word, p = reader.ask(short_term, "count", "mug")
    chances = reader.word_logits(packed[4]).softmax(-1)
    assert (word, p) == (WORDS.words[int(chances.argmax())], pytest.approx(float(chances.max()), abs=1e-5))


def test_writing_goes_on_from_its_own_words_and_depends_on_the_memory(reader: Reader) -> None:
    one, other = torch.randn(8, 16), torch.randn(8, 16)
    words, log_p = reader.write(one, WORDS.prompt("caption"), 5)
    sequence = WORDS.prompt("caption") + WORDS.ids(words)
    with torch.no_grad():
        mask = torch.ones(1, 8, dtype=torch.bool)
        states = reader.answer_states(one[None], mask, torch.tensor([sequence]), torch.zeros(1, len(sequence)))[0]
        chosen = reader.word_logits(states).argmax(-1).tolist()
    assert chosen[: len(words)] == WORDS.ids(words)
    assert log_p < 0
    assert reader.names(one, 0.0) != reader.names(other, 0.0)
    with pytest.raises(ValueError, match=r"\[rows, 16\]"):
        reader.caption(torch.randn(8, 12))


def test_weights_are_written_and_read_and_what_is_wrong_with_a_file_is_said(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "reader.safetensors"
    save_reader(reader, path, {"figures": {"read": 0.5}})
    with safe_open(path, "pt") as file:
        assert '"read": 0.5' in file.metadata()["about"]
    back = load_reader(path)
    short_term = torch.randn(6, 16)
    assert [name for name, _ in back.names(short_term, 0.0)][:2] == [name for name, _ in reader.names(short_term, 0.0)][
        :2
    ]
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match="damaged"):
        load_reader(path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_reader(tmp_path / "nowhere.safetensors")
