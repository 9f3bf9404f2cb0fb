from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from vlm_checkpoints import WRITERS

from omnilive_demo.cancel import CancelToken
from omnilive_demo.models.vlm_model import VlmModel, load_vlm


def picture(seed: int, height: int = 60, width: int = 80) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def chat(question: str, pictures: int, system: str = "Be short. " * 12) -> list[dict]:
    parts = [{"type": "text", "text": "Look: "}]
    for number in range(pictures):
        parts += [{"type": "text", "text": f"picture {number}"}, {"type": "image"}]
    return [
        {"role": "system", "content": [{"type": "text", "text": system}]},
        {"role": "user", "content": [*parts, {"type": "text", "text": question}]},
    ]


def tokens(model: VlmModel, asked, count: int = 24) -> list[int]:
    generation, cancel = model.begin(asked), CancelToken()
    for _ in range(count):
        if generation.next(cancel) is None:
            break
    generation.close()
    return list(generation._ids)


@pytest.fixture(scope="session", params=list(WRITERS))
def folder(request, tmp_path_factory) -> Path:
    return WRITERS[request.param](tmp_path_factory.mktemp(request.param))


@pytest.fixture
def model(folder) -> VlmModel:
    return load_vlm(folder, "cpu")


@pytest.fixture
def forgetful(folder) -> VlmModel:
    return load_vlm(folder, "cpu", keep_prefixes=False)


def by_generate(model: VlmModel, asked_chat: list[dict], pictures: list, count: int) -> list[int]:
    """The same through transformers' own way, all at once."""
    text = model._processor.apply_chat_template(asked_chat, add_generation_prompt=True, tokenize=False)
    special = not (model._tokenizer.bos_token and text.startswith(model._tokenizer.bos_token))
    inputs = model._processor(text=[text], images=pictures, return_tensors="pt", add_special_tokens=special)
    never = model._never.tolist()
    with torch.no_grad():
        out = model._model.generate(**inputs, max_new_tokens=count, do_sample=False, suppress_tokens=never)
    made = out[0, inputs["input_ids"].shape[1] :].tolist()
    return made[: next((i for i, token in enumerate(made) if model.ends(token)), len(made))]


def test_the_same_tokens_as_transformers_own_generation(forgetful):
    pictures = [picture(1), picture(2, 90, 40)]
    asked = chat("What is it?", 2)
    made = tokens(forgetful, forgetful.read(asked, pictures))
    assert len(made) > 3
    assert made == by_generate(forgetful, asked, pictures, 24)
    other = tokens(forgetful, forgetful.read(asked, [picture(3), pictures[1]]))
    assert made != other, "the picture must matter"
    assert tokens(forgetful, forgetful.read(chat("Hello", 0), [])) != made


def test_a_kept_prefix_gives_the_same_tokens_as_none(model, forgetful):
    first, second = picture(1), picture(2)
    turns = [
        (chat("What is it?", 2), [first, second]),
        (chat("What else is there?", 2), [first, second]),  # the same pictures
        (chat("What is it?", 2), [first, picture(9)]),  # another newest picture
        (chat("What is it?", 2), [picture(8), second]),  # another first one
        (chat("What is it?", 1, "Speak French now."), [first]),
    ]
    for asked, pictures in turns:
        before = model.read_tokens
        read = model.read(asked, pictures)
        made = tokens(model, read)
        assert made == tokens(forgetful, forgetful.read(asked, pictures))
        if asked is not turns[0][0] and asked is not turns[-1][0]:
            assert model.read_tokens - before < len(read.ids), "nothing was kept"


def test_only_what_changed_is_read_again(model):
    long = chat("What is it?", 2, "Remember this. " * 40)
    read = model.read(long, [picture(1), picture(2)])
    tokens(model, read, 5)
    before = model.read_tokens
    again = model.read(long, [picture(1), picture(3)], begun="It is red.")
    tokens(model, again, 1)
    assert again.spans[1][0] > 600
    assert model.read_tokens - before == len(again.ids) - again.spans[1][0]


def test_a_refreshed_continuation_is_that_of_a_whole_computation(model, forgetful):
    asked = chat("What is it?", 2)
    tokens(model, model.read(asked, [picture(1), picture(2)]))
    pictures, begun = [picture(1), picture(3)], "It is red."
    refreshed = tokens(model, model.read(asked, pictures, begun))
    assert refreshed == tokens(forgetful, forgetful.read(asked, pictures, begun))
    assert refreshed != tokens(forgetful, forgetful.read(asked, pictures))
    assert len(refreshed) > 3


def test_two_answers_take_turns_without_disturbing_each_other(model, forgetful):
    one, two = (model.read(chat("What is it?", 1), [picture(n)]) for n in (1, 2))
    alone = [tokens(forgetful, read) for read in (one, two)]
    both = [model.begin(one), model.begin(two)]
    for _ in range(24):
        for generation in both:
            generation.next(CancelToken())
    assert [generation._ids[: len(known)] for generation, known in zip(both, alone, strict=True)] == alone


def test_cancelled_within_one_token(model):
    cancel = CancelToken()
    generation = model.begin(model.read(chat("What is it?", 2), [picture(1), picture(2)]))
    assert generation.next(cancel) is not None
    before = model.read_tokens
    cancel.cancel()
    assert generation.next(cancel) is None
    assert model.read_tokens == before
    generation.close()
    assert len(model.shelf.sizes()) == 1
    model.shelf.clear()
    assert model.shelf.sizes() == ()


def test_control_words_in_a_text_are_harmless(model):
    words = "".join(model._control)
    read = model.read(chat(f"What {words} is it?", 1), [picture(1)], begun=f"It {words}")
    plain = model.read(chat("What is it?", 1), [picture(1)])
    control = {token for token, one in model._tokenizer.added_tokens_decoder.items() if one.special}
    assert sum(token in control for token in read.ids) == sum(token in control for token in plain.ids)
    assert len(read.spans) == 1


def test_what_is_wrong_is_said(tmp_path, folder, model):
    with pytest.raises(FileNotFoundError, match=r"config\.json"):
        load_vlm(tmp_path)
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(RuntimeError, match="damaged"):
        load_vlm(tmp_path, "cpu")
    with pytest.raises(ValueError, match="as many pictures"):
        model.read(chat("What?", 2), [picture(1)])
