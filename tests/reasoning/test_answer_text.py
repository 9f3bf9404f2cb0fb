from __future__ import annotations

import pytest

from omnilive_demo.reasoning.answer_text import AnswerText, sentences_of


def tell(answer: AnswerText, text: str, step: int = 3) -> list:
    pieces = [piece for at in range(0, len(text), step) for piece in answer.push(text[at : at + step])]
    return pieces + answer.finish()


def told(answer: AnswerText, text: str, step: int = 3) -> str:
    return "".join(piece.text for piece in tell(answer, text, step))


@pytest.mark.parametrize("step", [1, 2, 3, 7, 100])
def test_text_is_told_whole_and_ends_of_sentences_are_known(step):
    text = "Dr. Smith has 3.5 apples. He said “go on!” to me… Then? It is 5 p.m. now"
    pieces = tell(AnswerText(), text, step)
    assert "".join(piece.text for piece in pieces) == text
    assert sum(piece.ends_sentence for piece in pieces) == len(sentences_of(text))
    assert [one.strip() for one in sentences_of(text)][:3] == [
        "Dr. Smith has 3.5 apples.", "He said “go on!” to me…", "Then?",
    ]  # fmt: skip


@pytest.mark.parametrize("step", [1, 5])
def test_chinese(step):
    text = "桌上有一个红色的杯子。旁边是一本书！"
    pieces = tell(AnswerText(), text, step)
    assert "".join(piece.text for piece in pieces) == text
    assert sum(piece.ends_sentence for piece in pieces) == 2


def test_marks_and_thoughts_are_not_spoken():
    assert told(AnswerText(), "<think>The user <b> wants.\n</think>\n**A mug**, `red`. # Yes", 4) == "A mug, red.  Yes"
    assert told(AnswerText(), "1 < 2. <thin air>", 1) == "1 < 2. <thin air>"
    assert told(AnswerText(), "<think>never ends. Really.") == ""


def test_one_sentence_is_enough():
    answer = AnswerText(brief=True)
    assert told(answer, "It is red. It is on the table.") == "It is red."
    assert answer.over


def test_goes_on_behind_what_was_heard():
    answer = AnswerText(begun="It is red.")
    assert told(answer, "It is red. It is big.") == " It is big."  # the model said it again
    assert answer.text == "It is red. It is big."
    assert told(AnswerText(begun="On the table,"), "next to a lamp.") == " next to a lamp."
    assert told(AnswerText(begun="它是红的。"), "它很大。") == "它很大。"
    assert told(AnswerText(skip=2), "It is red. It is big. It is old.") == " It is old."


def test_a_model_that_goes_round_in_circles_is_stopped():
    answer = AnswerText()
    assert told(answer, "It is red. " * 20) == "It is red."
    assert answer.over
    answer = AnswerText()
    assert len(told(answer, "very " * 200)) < 60
    assert answer.over


def test_pause_drops_what_is_not_a_sentence_yet():
    answer = AnswerText()
    answer.push("It is red. And the")
    answer.pause()
    assert answer.text == "It is red."
